// What a library is built for: one of the boards here, or the toolchain file of somebody's own firmware.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { type Board, boardNames, findBoard } from '../parts/boards.js';

/** The board of that name, or a board made of what a CMake toolchain file sets. Throws where it is neither. */
export async function targetOf(name: string): Promise<Board> {
  if (boardNames().includes(name)) return findBoard(name);
  if (!existsSync(name)) {
    throw new Error(`'${name}' is no board (${boardNames().join(', ')}) and no toolchain file of CMake`);
  }
  const { compiler, flags } = readToolchain(resolve(name));
  const print = createHash('sha256').update(readFileSync(name)).digest('hex').slice(0, 12);
  return {
    name: `toolchain-${print}`,
    title: basename(name),
    compiler,
    cpu: flags,
    packages: ['gcc'],
    sources: [],
    common: [],
    clientSources: [],
  };
}

// CMake itself reads it: a toolchain file is a program.
function readToolchain(file: string): { compiler: string; flags: string[] } {
  const folder = mkdtempSync(join(tmpdir(), 'deputy-toolchain-'));
  try {
    const script = join(folder, 'read.cmake');
    const quoted = file.replace(/[\\"$]/g, '\\$&');
    writeFileSync(
      script,
      `include("${quoted}")\nmessage(STATUS "compiler=\${CMAKE_C_COMPILER}")\n` +
        `message(STATUS "flags=\${CMAKE_C_FLAGS_INIT} \${CMAKE_C_FLAGS}")\n`,
    );
    const { status, stdout, stderr, error } = spawnSync('cmake', ['-P', script], { encoding: 'utf8' });
    if (error) throw new Error(`cmake reads toolchain files, and does not run: ${error.message}`);
    if (status !== 0) throw new Error(`cmake can not read ${file}:\n${stderr}`);
    const value = (name: string) => new RegExp(`^-- ${name}=(.*)$`, 'm').exec(stdout)?.[1]?.trim() ?? '';
    const compiler = value('compiler');
    if (compiler === '') throw new Error(`${file} sets no CMAKE_C_COMPILER`);
    return {
      compiler,
      flags: value('flags')
        .split(/\s+/)
        .filter((flag) => flag !== ''),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
