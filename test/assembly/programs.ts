// Loads a wasm target on every engine that is present, and moves bytes in and out of it.
import { readFile } from 'node:fs/promises';
import { test } from 'vitest';
import type { Program } from '../../host/engine/program.js';
import { loadV8 } from '../../host/engine/v8.js';
import { loadWasm3 } from '../../host/engine/wasm3.js';
import { findAddon } from '../../host/platform/node/programs.js';

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

/** A program with a bump of borrowed memory, so that a test reads like a call with byte strings. */
export class Bench {
  constructor(readonly program: Program) {}

  get exports() {
    return this.program.exports;
  }

  /** Copies `bytes` into the program; `free` gives it back. Empty input still has a valid address. */
  put(bytes: Uint8Array): number {
    const pointer = this.room(bytes.length);
    this.program.memory().set(bytes, pointer);
    return pointer;
  }

  room(length: number): number {
    const pointer = this.exports.allocate!(length + 16);
    if (pointer === 0) throw new Error(`the program has no room for ${length} bytes`);
    this.#borrowed.push([pointer, length + 16]);
    return pointer;
  }

  get(pointer: number, length: number): Uint8Array {
    return this.program.memory().slice(pointer, pointer + length);
  }

  /** Gives back all that `put` and `room` borrowed. */
  free(): void {
    for (const [pointer, length] of this.#borrowed.splice(0)) this.exports.release!(pointer, length);
  }

  #borrowed: [number, number][] = [];
}

export const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
export const unhex = (text: string) => new Uint8Array(Buffer.from(text.replace(/\s/g, ''), 'hex'));
