// C files to objects, with a board's compiler.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { basename, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Board } from './boards.js';

export const boards = fileURLToPath(new URL('..', import.meta.url));
export const build = fileURLToPath(new URL('../../build/firmware', import.meta.url));

// wasm3's own presets for small devices want an Arduino; these are what matters of them, with room for large functions.
const wasm3Settings = ({ functionStackHeight = 512 }: Board) => [
  '-Dd_m3CodePageAlignSize=1024',
  '-Dd_m3MaxConstantTableSize=120',
  `-Dd_m3MaxFunctionStackHeight=${functionStackHeight}`,
  '-Dd_m3MaxDuplicateFunctionImpl=1',
  '-Dd_m3VerboseErrorMessages=0',
];

/** Files that are compiled with the same flags, and what else they depend on: headers, and folders of such. */
export interface Group {
  files: readonly string[];
  flags: readonly string[];
  headers?: readonly string[];
  near?: readonly string[];
}

const flags = ['-std=gnu11', '-DNDEBUG', '-fno-strict-aliasing', '-ffunction-sections', '-fdata-sections'];
export const warnings = ['-Wall', '-Wextra', '-Werror=implicit-function-declaration'];
export const sanitizers = ['-g', '-fno-omit-frame-pointer', '-fsanitize=address'];
/** For code that puns no types. */
export const strictSanitizers = [...sanitizers, '-fsanitize=undefined', '-fno-sanitize-recover=undefined'];

/**
 * Compiles a group of files with the same flags, where that was not done before with the same bytes: theirs, those of
 * `headers`, and of all headers in the folders `near`. Gives the objects.
 */
export function compile(board: Board, { files, headers = [], near = [], flags: own }: Group): string[] {
  const command = [
    ...board.cpu,
    ...flags,
    ...wasm3Settings(board),
    ...own,
    `-I${join(boards, 'common')}`,
    '-c',
  ];
  const hash = createHash('sha256').update(
    JSON.stringify([board.compiler, version(board.compiler), command]),
  );
  for (const file of [...files, ...headers, ...near.flatMap(headersIn)])
    hash.update(file).update(readFileSync(file));
  const folder = join(build, board.name, `objects-${hash.digest('hex').slice(0, 16)}`);
  const objects = files.map((file) => join(folder, `${basename(file, extname(file))}.o`));
  if (existsSync(folder)) return objects;
  // Of this process alone: tests and a benchmark may build at the same time.
  const unfinished = `${folder}.${process.pid}`;
  mkdirSync(unfinished, { recursive: true });
  try {
    run(board, [...command, ...files], unfinished);
    if (!existsSync(folder)) renameSync(unfinished, folder);
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
  return objects;
}

export function headersIn(folder: string): string[] {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.h'),
  );
  return names.sort().map((name) => join(folder, name));
}

function version(compiler: string): string {
  return spawnSync(compiler, ['--version'], { encoding: 'utf8' }).stdout ?? '';
}

export function run(board: Board, command: readonly string[], cwd?: string): void {
  const result = spawnSync(board.compiler, command, { ...(cwd && { cwd }), encoding: 'utf8' });
  if (result.status !== 0)
    throw new Error(`${board.compiler} failed:\n${result.stderr ?? result.error?.message}`);
}
