// QuickJS's sources, its compiler for this machine, and bytecode.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Part } from './debian_source.js';
import { partSources } from './debian_source.js';
import { patched, type Replacements } from './patch.js';

const build = fileURLToPath(new URL('../../build/parts', import.meta.url));

export const quickjsPin: Part = {
  title: 'QuickJS',
  version: '2025-04-26',
  package: 'quickjs',
  suite: 'trixie',
  sha256: 'ec81da5b3249ed648dbc7df4a1654988910e66a118d9b71cb63534216efcfbbe',
  variable: 'QUICKJS_DIR',
  witness: 'quickjs.c',
};

const units = ['quickjs.c', 'cutils.c', 'dtoa.c', 'libregexp.c', 'libunicode.c'];
const headers = [
  ...[
    'cutils.h',
    'dtoa.h',
    'libregexp.h',
    'libregexp-opcode.h',
    'libunicode.h',
    'libunicode-table.h',
    'list.h',
  ],
  ...['quickjs.h', 'quickjs-atom.h', 'quickjs-opcode.h'],
];

// A board has no threads, so nothing to wait for in Atomics either.
const replacements: Readonly<Record<string, Replacements>> = {
  'quickjs.c': [['#define CONFIG_ATOMICS\n', '\n', 1]],
};

/** `{ files, include, flags }`: the engine as boards compile it. */
export function quickjs(): { files: string[]; headers: string[]; include: string; flags: string[] } {
  const source = partSources(quickjsPin);
  const target = join(build, `quickjs-${quickjsPin.version}-boards`);
  mkdirSync(target, { recursive: true });
  for (const name of [...units, ...headers]) {
    const text = patched(readFileSync(join(source, name), 'utf8'), replacements[name] ?? [], name);
    const file = join(target, name);
    // Another build may be reading them: what is there already stays untouched.
    if (!existsSync(file) || readFileSync(file, 'utf8') !== text) writeFileSync(file, text);
  }
  return {
    files: units.map((name) => join(target, name)),
    headers: headers.map((name) => join(target, name)),
    include: target,
    // newlib shows the offset of local time under a name that the port must choose.
    flags: [`-DCONFIG_VERSION="${quickjsPin.version}"`, '-D_GNU_SOURCE', '-D__TM_GMTOFF=tm_gmtoff', '-w'],
  };
}

/** The compiler of QuickJS for this machine, built once. Throws where there is no C compiler. */
function qjsc() {
  const source = partSources(quickjsPin);
  const names = [...units, 'quickjs-libc.c', 'qjsc.c'];
  const hash = createHash('sha256');
  for (const name of names) hash.update(readFileSync(join(source, name)));
  const output = join(build, `qjsc-${hash.digest('hex').slice(0, 12)}`);
  if (existsSync(output)) return output;
  const unfinished = `${output}.${process.pid}`;
  run(process.env.CC ?? 'gcc', [
    ...['-O1', '-w', '-D_GNU_SOURCE', `-DCONFIG_VERSION="${quickjsPin.version}"`],
    ...names.map((name) => join(source, name)),
    ...['-lm', '-ldl', '-lpthread', '-o', unfinished],
  ]);
  renameSync(unfinished, output);
  return output;
}

/**
 * Compiles a script to bytecode: the C file `output` then defines `<name>` and `<name>_size`. The bytecode is the same
 * for 32 and 64 bits, little-endian, and belongs to this version of QuickJS alone.
 */
export function compileScript(script: string, output: string, name: string): void {
  const unfinished = `${output}.${process.pid}`;
  run(qjsc(), ['-c', '-s', '-N', name, '-o', unfinished, script]);
  renameSync(unfinished, output);
}

function run(command: string, args: readonly string[]) {
  const result = spawnSync(command, args, { encoding: 'utf8' });
  if (result.error) throw new Error(`${command}: ${result.error.message}`);
  if (result.status !== 0) throw new Error(`${command} failed:\n${result.stderr}`);
}
