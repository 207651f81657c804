// Compiles firmware for a board: the board's own start-up, what all boards share, wasm3, and the program on top.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { patchedSources, wasm3Pin, wasm3Sources, wasm3Units } from './wasm3.mjs';

const boards = fileURLToPath(new URL('..', import.meta.url));
const build = fileURLToPath(new URL('../../build/firmware', import.meta.url));

// wasm3's own presets for small devices want an Arduino; these are what matters of them, with room for large functions.
const wasm3Settings = [
  '-Dd_m3CodePageAlignSize=1024',
  '-Dd_m3MaxConstantTableSize=120',
  '-Dd_m3MaxFunctionStackHeight=512',
  '-Dd_m3VerboseErrorMessages=0',
];

const flags = [
  '-O3',
  '-std=gnu11',
  '-DNDEBUG',
  '-fno-strict-aliasing',
  '-ffunction-sections',
  '-fdata-sections',
];

/** Loads a board's description from boards/<name>/board.mjs. Throws where there is no such board. */
export async function findBoard(name) {
  const file = join(boards, name, 'board.mjs');
  const known = readdirSync(boards).filter((folder) => existsSync(join(boards, folder, 'board.mjs')));
  if (!known.includes(name)) throw new Error(`no board '${name}'; there is ${known.join(', ')}`);
  return import(file);
}

/** Why this machine can't build for the board or run it; undefined where it can. */
export function missingTools(board) {
  const absent = [board.compiler, board.emulator].filter(
    (tool) => spawnSync(tool, ['--version'], { stdio: 'ignore' }).status !== 0,
  );
  return absent.length > 0 ? `${absent.join(' and ')} not found` : undefined;
}

/**
 * Builds `program` (C files below boards/) for the board. `patched` gives wasm3 with r0 in registers. Returns the ELF
 * file's path; nothing is compiled where that file was built from the same bytes.
 */
export function buildFirmware(board, name, program, { patched = true } = {}) {
  const folder = join(build, board.name);
  const sources = patched ? patchedSources(join(build, `wasm3-${wasm3Pin.version}-r0`)) : wasm3Sources();
  const own = [
    ...board.sources.map((file) => join(boards, board.name, file)),
    ...['module.c', 'program.c', 'semihosting.c'].map((file) => join(boards, 'common', file)),
    ...program.map((file) => join(boards, file)),
  ];
  const script = join(boards, board.name, board.linkerScript);
  const output = join(folder, `${name}${patched ? '-r0' : ''}.elf`);
  const command = [
    ...board.cpu,
    ...flags,
    ...wasm3Settings,
    `-I${sources}`,
    `-I${join(boards, 'common')}`,
    ...own,
    ...wasm3Units.map((unit) => join(sources, unit)),
    ...['-nostartfiles', '-Wl,--gc-sections', `-Wl,-T,${script}`, '-lm'],
  ];
  const hash = createHash('sha256').update(JSON.stringify(command));
  const headers = readdirSync(join(boards, 'common')).map((file) => join(boards, 'common', file));
  const parts = readdirSync(sources).map((file) => join(sources, file));
  for (const file of [...own, ...headers, ...parts, script]) hash.update(readFileSync(file));
  const print = hash.digest('hex');
  const stamp = `${output}.stamp`;
  if (existsSync(output) && existsSync(stamp) && readFileSync(stamp, 'utf8') === print) return output;

  mkdirSync(folder, { recursive: true });
  rmSync(stamp, { force: true });
  const run = spawnSync(board.compiler, [...command, '-o', output], { encoding: 'utf8' });
  if (run.status !== 0) throw new Error(`${board.compiler} failed:\n${run.stderr ?? run.error?.message}`);
  writeFileSync(stamp, print);
  return output;
}
