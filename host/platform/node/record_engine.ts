// The record program for a proxy: ciphers that Node's OpenSSL lacks.
import { randomBytes } from 'node:crypto';
import { RecordEngine } from '../../engine/record.js';
import { loadProgram } from './programs.js';

/** A seeded instance on V8, which a proxy has in any case. */
export async function loadRecordEngine(): Promise<RecordEngine> {
  const engine = new RecordEngine(await loadProgram({ target: 'record', engine: 'v8' }));
  engine.seed(randomBytes(48));
  return engine;
}
