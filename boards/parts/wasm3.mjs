// @ts-check
// Finds wasm3's C sources, pinned by version and hash: in a checkout they come with a development dependency, in the
// published package they lie in build/wasm3. WASM3_DIR names others.
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** wasm3 as an npm package holds it; package-lock.json pins the tarball, this pins what is compiled. */
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

/**
 * SHA-256 over each file's name, length and content, in name order.
 * @param {string} directory
 */
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
 * the pinned ones. Throws where they are absent or are not the pinned ones.
 * @param {string | undefined} checkout
 */
export function wasm3Sources(checkout = process.env.WASM3_DIR) {
  if (checkout) {
    const found = [join(checkout, 'source'), checkout].find((folder) => existsSync(join(folder, 'm3_env.c')));
    if (!found) throw new Error(`WASM3_DIR=${checkout} holds no m3_env.c, nor does its source folder`);
    return resolve(found);
  }
  const directory = [join(developmentPackage() ?? packed, 'cpp'), packed].find((folder) =>
    existsSync(folder),
  );
  if (!directory) throw new Error(`wasm3's sources are absent: ${wasm3Pin.package} is not installed`);
  const sha256 = hashSources(directory);
  if (sha256 !== wasm3Pin.sha256) {
    throw new Error(
      `wasm3's sources are not those of ${wasm3Pin.package}: SHA-256 ${sha256}, expected ${wasm3Pin.sha256}`,
    );
  }
  return directory;
}

/** Copies the sources, with their licence, to where the published package has them. */
export function packSources() {
  const source = wasm3Sources('');
  mkdirSync(packed, { recursive: true });
  for (const name of [...wasm3Units, ...wasm3Headers]) cpSync(join(source, name), join(packed, name));
  const licence = join(source, '../LICENSE');
  if (existsSync(licence)) cpSync(licence, join(packed, 'LICENSE'));
}

const packed = fileURLToPath(new URL('../../build/wasm3', import.meta.url));

function developmentPackage() {
  try {
    return dirname(createRequire(import.meta.url).resolve('wasm3-source/package.json'));
  } catch {
    return undefined;
  }
}
