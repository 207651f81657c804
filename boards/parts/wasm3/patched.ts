// wasm3's sources as the boards with 32-bit ARM compile them.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { patched } from '../patch.js';
import { wasm3Headers, wasm3Sources, wasm3Units } from '../wasm3.mjs';
import * as names from './names.js';
import * as operations from './operations.js';
import * as r0 from './r0.js';

/** What `patchedSources` adds to wasm3's own files. */
export const patchUnits: readonly string[] = operations.units;
export const patchHeaders: readonly string[] = operations.headers;

/**
 * Writes a copy of the sources for 32-bit ARM, with r0 moved into registers, shorter operations and fewer names (see the
 * files beside this one), and returns its folder. Each line must occur exactly as often as the patch says, so a
 * checkout that differs there is refused and not half patched.
 */
export function patchedSources(target: string, source: string = wasm3Sources()): string {
  mkdirSync(target, { recursive: true });
  for (const name of [...wasm3Units, ...wasm3Headers]) {
    const changes = [r0, operations, names].flatMap(({ replacements }) => replacements[name] ?? []);
    write(join(target, name), patched(readFileSync(join(source, name), 'utf8'), changes, name));
  }
  for (const name of [...patchUnits, ...patchHeaders])
    write(join(target, name), readFileSync(join(patches, name), 'utf8'));
  return resolve(target);
}

const patches = fileURLToPath(new URL('.', import.meta.url));

// Another build may be reading the file: where it is right already it stays untouched.
function write(file: string, text: string): void {
  if (!existsSync(file) || readFileSync(file, 'utf8') !== text) writeFileSync(file, text);
}
