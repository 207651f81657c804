// What an image takes of a board, read from its ELF file (System V ABI, chapter 4).
import { readFileSync } from 'node:fs';

const NOBITS = 8;
const WRITE = 1;
const ALLOCATED = 2;

/** Bytes that the image of `file` takes: `flash` holds code, constants and initial values; `ram` data and zeroed data. */
export function imageSize(file: string): { flash: number; ram: number } {
  const elf = readFileSync(file);
  if (elf.toString('latin1', 0, 4) !== '\x7fELF') throw new Error(`${file} is no ELF file`);
  const wide = elf[4] === 2;
  const word = (at: number) => (wide ? Number(elf.readBigUInt64LE(at)) : elf.readUInt32LE(at));
  const table = word(wide ? 0x28 : 0x20);
  const [entry, count] = wide ? ([0x3a, 0x3c] as const) : ([0x2e, 0x30] as const);
  const size = { flash: 0, ram: 0 };
  for (let i = 0; i < elf.readUInt16LE(count); i++) {
    const at = table + i * elf.readUInt16LE(entry);
    const flags = word(at + 8);
    const bytes = word(at + (wide ? 32 : 20));
    if (!(flags & ALLOCATED)) continue;
    if (elf.readUInt32LE(at + 4) !== NOBITS) size.flash += bytes;
    if (flags & WRITE) size.ram += bytes;
  }
  return size;
}
