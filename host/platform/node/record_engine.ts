// The record program for a proxy: ciphers that Node's OpenSSL lacks.
import { randomBytes } from 'node:crypto';
import { RecordEngine } from '../../engine/record.js';
import { loadProgram } from './programs.js';

/** A seeded instance on V8, which a proxy has in any case. `wasm`: the bytes of record.wasm, for bundles. */
export async function loadRecordEngine({ wasm }: { wasm?: Uint8Array } = {}): Promise<RecordEngine> {
  const program = await loadProgram({ target: 'record', engine: 'v8', ...(wasm && { wasm }) });
  const engine = new RecordEngine(program);
  engine.seed(randomBytes(48));
  return engine;
}
