// Compiles firmware for a board: the board's own start-up, what all boards share, wasm3, and the program on top.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, extname, join } from 'node:path';
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

// What is compiled with the interpreter's own use of registers, and its way in: see common/program_call.S.
const interpreterFlags = ['r4', 'r5', 'r6', 'r8', 'r9', 'r10'].map((register) => `-fcall-used-${register}`);
const entries = ['programLoad', 'programFind', 'programCall', 'programMemory', 'programFree'];

/**
 * Builds `program` (C files below boards/) for the board. Returns the ELF file's path; nothing is compiled where that
 * file was built from the same bytes. `tuned: false` gives wasm3 as it was released: r0 on the stack, registers saved.
 */
export function buildFirmware(board, name, program, { tuned = true } = {}) {
  const output = join(build, board.name, `${name}${tuned ? '' : '-released'}.elf`);
  // Of this process alone: tests and a benchmark may build at the same time.
  const objects = `${output}.${process.pid}`;
  const sources = tuned ? patchedSources(join(build, `wasm3-${wasm3Pin.version}-r0`)) : wasm3Sources();
  const own = [
    ...board.sources.map((file) => join(boards, board.name, file)),
    ...['module.c', 'semihosting.c', ...(tuned ? ['program_call.S'] : [])].map((file) =>
      join(boards, 'common', file),
    ),
    ...program.map((file) => join(boards, file)),
  ];
  const interpreter = [join(boards, 'common/program.c'), ...wasm3Units.map((unit) => join(sources, unit))];
  const script = join(boards, board.name, board.linkerScript);
  const compile = [
    ...board.cpu,
    ...flags,
    ...wasm3Settings,
    `-I${sources}`,
    `-I${join(boards, 'common')}`,
    '-c',
  ];
  const commands = [
    [...compile, ...own],
    [...compile, ...(tuned ? interpreterFlags : []), ...interpreter],
    [
      ...board.cpu,
      ...[...own, ...interpreter].map((file) => `${basename(file, extname(file))}.o`),
      ...['-nostartfiles', '-Wl,--gc-sections', `-Wl,-T,${script}`],
      ...(tuned ? entries.map((entry) => `-Wl,--wrap=${entry}`) : []),
      ...['-lm', '-o', 'firmware.elf'],
    ],
  ];
  const hash = createHash('sha256').update(JSON.stringify(commands));
  const headers = readdirSync(join(boards, 'common')).map((file) => join(boards, 'common', file));
  const parts = readdirSync(sources).map((file) => join(sources, file));
  for (const file of [...own, ...interpreter, ...headers, ...parts, script]) hash.update(readFileSync(file));
  const print = hash.digest('hex');
  const stamp = `${output}.stamp`;
  if (existsSync(output) && existsSync(stamp) && readFileSync(stamp, 'utf8') === print) return output;

  mkdirSync(objects, { recursive: true });
  rmSync(stamp, { force: true });
  try {
    for (const command of commands) {
      const run = spawnSync(board.compiler, command, { cwd: objects, encoding: 'utf8' });
      if (run.status !== 0) throw new Error(`${board.compiler} failed:\n${run.stderr ?? run.error?.message}`);
    }
    renameSync(join(objects, 'firmware.elf'), output);
  } finally {
    rmSync(objects, { recursive: true });
  }
  writeFileSync(stamp, print);
  return output;
}
