// The image of a board in the formats that probes and loaders take: .elf, .bin, .hex.
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildClient, buildFirmware } from './firmware.mjs';

/**
 * Builds what a board is to hold, the client where it has room for it, and gives the paths `{ elf, bin, hex }`. A program
 * that lies beside the firmware (`programAddress`) is in .bin and .hex; .bin begins at the lowest address.
 */
export async function boardImages(board) {
  const built = board.clientSources
    ? await buildClient(board)
    : buildFirmware(board, 'bench', ['bench/bench.c']);
  const base = join(dirname(built), 'deputy');
  const files = { elf: `${base}.elf`, bin: `${base}.bin`, hex: `${base}.hex` };
  copyFileSync(built, files.elf);
  const beside = board.programAddress === undefined ? [] : programSection(board);
  const objcopy = board.compiler.replace(/gcc$/, 'objcopy');
  for (const [format, file] of [
    // What no section fills stays as flash is when it is erased.
    [['-O', 'binary', '--gap-fill', '0xff'], files.bin],
    [['-O', 'ihex'], files.hex],
  ]) {
    const { status, stderr, error } = spawnSync(objcopy, [...format, ...beside, files.elf, file], {
      encoding: 'utf8',
    });
    if (status !== 0) throw new Error(`${objcopy} failed: ${error?.message ?? stderr}`);
  }
  return files;
}

function programSection({ program, programAddress }) {
  const file = fileURLToPath(new URL(`../../build/${program}.wasm`, import.meta.url));
  if (!existsSync(file)) throw new Error(`${file} does not exist; run npm run build:wasm`);
  return [
    ...['--add-section', `.program=${file}`],
    ...['--set-section-flags', '.program=alloc,load,readonly,contents'],
    ...['--change-section-address', `.program=${programAddress}`],
  ];
}
