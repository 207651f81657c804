// Loads a wasm target on every engine that is present, and moves bytes in and out of it.
import { readFile } from 'node:fs/promises';
import { test } from 'vitest';
import { loadV8 } from '../../host/engine/v8.js';
import { loadWasm3 } from '../../host/engine/wasm3.js';
import { findAddon } from '../../host/platform/node/programs.js';
import { Bench } from './bench.js';

export { Bench, hex, unhex } from './bench.js';

const path = (target: string) =>
  process.env[`DEPUTY_${target.toUpperCase()}`] ?? new URL(`../../build/${target}.wasm`, import.meta.url);

/**
 * The target under each engine, named for `describe.each`. DEPUTY_PRIMITIVES=FILE tests another build. Without wasm3's
 * addon only V8 is given, and the run counts one skipped test for the file, which says why.
 */
export async function programs(target: 'record' | 'client' | 'primitives'): Promise<[string, Bench][]> {
  const wasm = await readFile(path(target));
  const engines: [string, Bench][] = [['V8', new Bench(await loadV8(wasm))]];
  const wasm3 = findAddon();
  if ('addon' in wasm3) engines.push(['wasm3', new Bench(loadWasm3(wasm3.addon, wasm))]);
  else countSkip(wasm3.reason);
  return engines;
}

let counted = false;

function countSkip(reason: string): void {
  // Only the first call of a file comes while vitest still collects its tests.
  if (counted) return;
  counted = true;
  test.skip(`all of this on wasm3 (${reason})`, () => {});
}
