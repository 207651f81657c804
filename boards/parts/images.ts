// The image of a board in the formats that probes and loaders take: .elf, .bin, .hex.
import { spawnSync } from 'node:child_process';
import { copyFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Board } from './boards.js';
import { buildClient, buildFirmware, programFile } from './firmware.js';

/**
 * Builds what a board is to hold, the client where it has room for it, and gives the paths `{ elf, bin, hex }`. A program
 * that lies beside the firmware (`programAddress`) is in .bin and .hex; .bin begins at the lowest address.
 */
export async function boardImages(board: Board): Promise<{ elf: string; bin: string; hex: string }> {
  const built = board.clientSources
    ? await buildClient(board)
    : buildFirmware(board, 'bench', ['bench/bench.c']);
  const base = join(dirname(built), 'deputy');
  const files = { elf: `${base}.elf`, bin: `${base}.bin`, hex: `${base}.hex` };
  copyFileSync(built, files.elf);
  const beside = board.programAddress === undefined ? [] : programSection(board);
  // What lies between the two stays as flash is when it is erased.
  const gap = beside.length > 0 ? ['--gap-fill', '0xff'] : [];
  const objcopy = board.compiler.replace(/gcc$/, 'objcopy');
  for (const [format, file] of [
    [['-O', 'binary', ...gap], files.bin],
    [['-O', 'ihex'], files.hex],
  ] as const) {
    const { status, stderr, error } = spawnSync(objcopy, [...format, ...beside, files.elf, file], {
      encoding: 'utf8',
    });
    if (status !== 0) throw new Error(`${objcopy} failed: ${error?.message ?? stderr}`);
  }
  return files;
}

function programSection(board: Board) {
  return [
    ...['--add-section', `.program=${programFile(board)}`],
    ...['--set-section-flags', '.program=alloc,load,readonly,contents'],
    ...['--change-section-address', `.program=${board.programAddress}`],
  ];
}
