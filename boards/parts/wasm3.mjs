// Obtains wasm3's C sources: the npm package that bundles them, pinned by version and hash, or WASM3_DIR.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { patched } from './patch.mjs';
import * as names from './wasm3/names.mjs';
import * as operations from './wasm3/operations.mjs';
import * as r0 from './wasm3/r0.mjs';

/** wasm3 as the npm package bundles it; package-lock.json pins the tarball, this pins what is compiled. */
export const wasm3Pin = {
  version: '0.5.0',
  package: 'react-native-webassembly@0.3.3',
  sha256: '463db5e848ee326ee9bc88cabd969b09c1043f948ccf37333223263b50fba355',
};

/** The interpreter core. The WASI, libc and tracer bindings are not part of it. */
export const wasm3Units = [
  'm3_bind.c',
  'm3_code.c',
  'm3_compile.c',
  'm3_core.c',
  'm3_env.c',
  'm3_exec.c',
  'm3_function.c',
  'm3_info.c',
  'm3_module.c',
  'm3_parse.c',
];

export const wasm3Headers = [
  'm3_bind.h',
  'm3_code.h',
  'm3_compile.h',
  'm3_config.h',
  'm3_config_platforms.h',
  'm3_core.h',
  'm3_env.h',
  'm3_exception.h',
  'm3_exec.h',
  'm3_exec_defs.h',
  'm3_function.h',
  'm3_info.h',
  'm3_math_utils.h',
  'wasm3.h',
  'wasm3_defs.h',
];

/** SHA-256 over each file's name, length and content, in name order. */
export function hashSources(directory) {
  const hash = createHash('sha256');
  for (const name of [...wasm3Units, ...wasm3Headers].sort()) {
    const content = readFileSync(join(directory, name));
    hash.update(`${name} ${content.length}\n`).update(content);
  }
  return hash.digest('hex');
}

/**
 * The folder of wasm3's sources: a checkout named by WASM3_DIR (its root or its `source` folder, taken as it is), else
 * the pinned package. Throws where the package is absent or its files are not the pinned ones.
 */
export function wasm3Sources(checkout = process.env.WASM3_DIR) {
  if (checkout) {
    const found = [join(checkout, 'source'), checkout].find((folder) => existsSync(join(folder, 'm3_env.c')));
    if (!found) throw new Error(`WASM3_DIR=${checkout} holds no m3_env.c, nor does its source folder`);
    return resolve(found);
  }
  const require = createRequire(import.meta.url);
  const directory = join(dirname(require.resolve('wasm3-source/package.json')), 'cpp');
  const sha256 = hashSources(directory);
  if (sha256 !== wasm3Pin.sha256) {
    throw new Error(
      `wasm3's sources are not those of ${wasm3Pin.package}: SHA-256 ${sha256}, expected ${wasm3Pin.sha256}`,
    );
  }
  return directory;
}

/** What `patchedSources` adds to wasm3's own files. */
export const patchUnits = operations.units;
export const patchHeaders = operations.headers;

/**
 * Writes a copy of the sources for 32-bit ARM, with r0 moved into registers, shorter operations and fewer names (see wasm3/), and returns
 * its folder. Each line must occur exactly as often as the patch says, so a checkout that differs there is refused and not half
 * patched.
 */
export function patchedSources(target, source = wasm3Sources()) {
  mkdirSync(target, { recursive: true });
  for (const name of [...wasm3Units, ...wasm3Headers]) {
    const changes = [r0, operations, names].flatMap(({ replacements }) => replacements[name] ?? []);
    write(join(target, name), patched(readFileSync(join(source, name), 'utf8'), changes, name));
  }
  for (const name of [...patchUnits, ...patchHeaders])
    write(join(target, name), readFileSync(join(patches, name), 'utf8'));
  return resolve(target);
}

const patches = fileURLToPath(new URL('./wasm3', import.meta.url));

// Another build may be reading the file: where it is right already it stays untouched.
function write(file, text) {
  if (!existsSync(file) || readFileSync(file, 'utf8') !== text) writeFileSync(file, text);
}
