// Finds the built wasm programs and the engine that runs them: wasm3 where its addon was built, else V8.
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import type { Program } from '../../engine/program.js';
import { loadV8 } from '../../engine/v8.js';
import { loadWasm3, type Wasm3Addon } from '../../engine/wasm3.js';

export type Engine = Program['engine'];

export interface LoadOptions {
  /** 'wasm3' by default. Where the addon is absent V8 takes over, and `notice` is told. */
  engine?: Engine;
  /** 'client' (everything, default) or 'record' (primitives and record protection). */
  target?: 'client' | 'record';
  /** Gets the one line about a fallback. Standard error by default. */
  notice?: (line: string) => void;
}

/** The folder of built files, as seen from the sources and from dist/. */
function buildFolder(): URL {
  const folders = ['../../../build/', '../../../../build/'].map((path) => new URL(path, import.meta.url));
  return folders.find((folder) => existsSync(new URL('client.wasm', folder))) ?? folders[0]!;
}

/** The native addon, or why there is none. DEPUTY_WASM3 names another file. */
export function findAddon(): { addon: Wasm3Addon } | { reason: string } {
  const folders = ['../../../build/', '../../../../build/'].map((path) => new URL(path, import.meta.url));
  const candidates = folders.map((folder) => fileURLToPath(new URL('wasm3.node', folder)));
  const file = process.env.DEPUTY_WASM3 ?? candidates.find((candidate) => existsSync(candidate));
  if (file === undefined) return { reason: 'its addon was not built' };
  try {
    return { addon: createRequire(import.meta.url)(file) as Wasm3Addon };
  } catch (error) {
    return { reason: (error as Error).message.split('\n')[0]! };
  }
}

/**
 * Loads a fresh instance of the device program. Its `engine` says what runs it: wasm3 unless V8 was asked for or the
 * addon can't be loaded.
 */
export async function loadProgram(options: LoadOptions = {}): Promise<Program> {
  const { engine = 'wasm3', target = 'client' } = options;
  const wasm = await readFile(new URL(`${target}.wasm`, buildFolder()));
  if (engine === 'v8') return loadV8(wasm);
  const found = findAddon();
  if ('addon' in found) return loadWasm3(found.addon, wasm);
  const notice = options.notice ?? ((line: string) => process.stderr.write(`${line}\n`));
  notice(
    `wasm3 is not available (${found.reason}), running on V8: install a C compiler, then npm run build:wasm3`,
  );
  return loadV8(wasm);
}
