// Compiles the benchmark's C programs: BearSSL and mbedTLS to wasm, and BearSSL for the board itself.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bearssl } from '../parts/bearssl.js';
import type { Board } from '../parts/boards.js';
import { mbedtls } from '../parts/mbedtls.js';
import { wasm3Sources } from '../parts/wasm3.mjs';

const boards = fileURLToPath(new URL('..', import.meta.url));
const peers = fileURLToPath(new URL('./peers', import.meta.url));
/** Where all of it is kept. */
export const build = fileURLToPath(new URL('../../build/bench', import.meta.url));

// Compiler and linker by their names in Debian's packages, with or without a version.
const clangs = ['clang', 'clang-14'];
const linkers = ['wasm-ld', 'wasm-ld-14'];

const found = (names: readonly string[]): string | undefined =>
  names.find((name) => spawnSync(name, ['--version'], { stdio: 'ignore' }).status === 0);

/** Why peers in C can't be compiled to wasm here; undefined where they can. */
export function missingClang(): string | undefined {
  if (!found(clangs)) return 'clang not found';
  if (!found(linkers)) return 'wasm-ld (Debian: lld) not found';
  return existsSync(wasi.headers) ? undefined : 'wasi-libc not found';
}

const wasi = { headers: '/usr/include/wasm32-wasi', libraries: '/usr/lib/wasm32-wasi' };

/** The wasm file of BearSSL behind peers/bearssl.c. */
export const bearsslProgram = (): string => wasmProgram('bearssl', bearssl(), ['-DBR_LE_UNALIGNED=1']);

/** The wasm file of mbedTLS behind peers/mbedtls.c. */
export const mbedtlsProgram = (): string =>
  wasmProgram('mbedtls', mbedtls(), [`-I${peers}`, '-DMBEDTLS_CONFIG_FILE="mbedtls_config.h"']);

// Linked by wasm-ld itself: clang would hand the result to whatever wasm-opt it finds.
function wasmProgram(
  name: string,
  { files, include }: { files: readonly string[]; include: readonly string[] },
  flags: readonly string[],
): string {
  const all = [join(peers, `${name}.c`), ...files];
  const target = ['--target=wasm32-wasi', '-O3', '-mbulk-memory', '-msign-ext', '-w'];
  const sections = ['-ffunction-sections', '-fdata-sections'];
  const compile = [...target, ...sections, ...include.map((folder) => `-I${folder}`), ...flags, '-c', ...all];
  const link = [
    ...['--no-entry', '--gc-sections', '--strip-all', '-z', 'stack-size=32768'],
    ...[...objects(all), `-L${wasi.libraries}`, '-lc', '-o', 'output'],
  ];
  return built(join(build, `${name}.wasm`), [
    [found(clangs)!, compile, all],
    [found(linkers)!, link, []],
  ]);
}

/** The board's ELF file that runs plans on BearSSL compiled by the board's own compiler: the floor under wasm. */
export function nativeProgram(board: Board): string {
  const { files, include } = bearssl();
  const all = [
    ...board.sources.map((file) => join(boards, board.name, file)),
    ...(board.common ?? []).map((file) => join(boards, 'common', file)),
    ...['bench.c', 'native.c', 'peers/bearssl.c'].map((file) => join(boards, 'bench', file)),
    ...files,
  ];
  const folders = [...include, wasm3Sources(), join(boards, 'common'), join(boards, 'bench')];
  const script = join(boards, board.name, board.linkerScript!);
  const flags = [
    ...board.cpu,
    '-O2',
    '-std=gnu11',
    '-w',
    '-DNDEBUG',
    '-ffunction-sections',
    '-fdata-sections',
  ];
  const compile = [...flags, ...folders.map((folder) => `-I${folder}`), '-c', ...all];
  const link = [
    ...[...board.cpu, ...objects(all), '-nostartfiles', '-Wl,--gc-sections', `-Wl,-T,${script}`],
    ...['-lm', '-o', 'output'],
  ];
  return built(join(build, board.name, 'native.elf'), [
    [board.compiler, compile, [...all, script]],
    [board.compiler, link, []],
  ]);
}

/** What a compiler makes of files in its working folder. */
export const objects = (files: readonly string[]): string[] =>
  files.map((file) => `${basename(file, extname(file))}.o`);

type Command = readonly [tool: string, args: readonly string[], inputs: readonly string[]];

/**
 * Runs commands `[tool, arguments, inputs]` that leave a file called `output`, and returns where it is kept. Nothing is run
 * where the same commands made it of the same inputs.
 */
export function built(output: string, commands: readonly Command[]): string {
  const hash = createHash('sha256').update(JSON.stringify(commands));
  for (const [, , inputs] of commands) for (const file of inputs) hash.update(readFileSync(file));
  const print = hash.digest('hex');
  const stamp = `${output}.stamp`;
  if (existsSync(output) && existsSync(stamp) && readFileSync(stamp, 'utf8') === print) return output;
  // Of this process alone: tests and a benchmark may build at the same time.
  const work = `${output}.${process.pid}`;
  mkdirSync(work, { recursive: true });
  rmSync(stamp, { force: true });
  try {
    for (const [tool, args] of commands) {
      const run = spawnSync(tool, args, { cwd: work, encoding: 'utf8' });
      if (run.status !== 0) throw new Error(`${tool} failed:\n${run.stderr ?? run.error?.message}`);
    }
    mkdirSync(dirname(output), { recursive: true });
    renameSync(join(work, 'output'), output);
  } finally {
    rmSync(work, { recursive: true });
  }
  writeFileSync(stamp, print);
  return output;
}
