// The fonts that a screen writes in: bitmap fonts of the X Window System, from Debian's packages, in one table.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';

const build = fileURLToPath(new URL('../../build/parts', import.meta.url));

interface Source {
  package: string;
  file: string;
  sha256: string;
  /** Whether the table takes the glyph of this code point. */
  has(code: number): boolean;
}

const helvetica = (file: string, sha256: string): Source => ({
  package: 'xfonts-100dpi',
  file: `100dpi/${file}.pcf.gz`,
  sha256,
  // What western pages are written with; the fixed font has the rest.
  has: (code: number) =>
    code < 0x180 || (code >= 0x2010 && code < 0x2045) || code === 0x20ac || code === 0x2122,
});
const fixed = (file: string, sha256: string): Source => ({
  package: 'xfonts-base',
  file: `misc/${file}.pcf.gz`,
  sha256,
  has: (code: number) => code < 0x2800,
});
const wide = (file: string, sha256: string): Source => ({
  package: 'xfonts-base',
  file: `misc/${file}.pcf.gz`,
  sha256,
  // Kana, kanji and their punctuation, for which the others have no glyphs.
  has: (code: number) =>
    (code >= 0x3000 && code < 0x3100) ||
    (code >= 0x4e00 && code < 0xa000) ||
    (code >= 0xff00 && code < 0xfff0),
});

/** By the names of boards/common/screen/font.ts, in its order. */
export const fontSources: Readonly<Record<string, Source>> = {
  text: helvetica('helvR10', '322f0bf37bcca3234063d6b21361193e60502ec4d10009d631365fb0a4498ae6'),
  bold: helvetica('helvB10', '70bbe2d52dacec59e7bcacf3a8d79c07a1a18933daf932f1571e7957d80727e0'),
  italic: helvetica('helvO10', 'df2452cadee44ba74051672006526cd0e6dfebc22e2882b1d9982097f226c362'),
  boldItalic: helvetica('helvBO10', '05a383867c4eb96726700f54d130f02838d0d3de2283558f648ea4ea1e768ae6'),
  small: helvetica('helvR08', 'bafbedd69afc7671457219ee87e6a1d07d53bc7f10b690d6bc465a5e78cc20a8'),
  heading: helvetica('helvB14', '130f1e0bcd818fa1ecf504ff60dc0d27c49b6f08c51a21dcad44ae414102dc19'),
  subheading: helvetica('helvB12', '6f061102d5c7559200850581f4ad2ab7510b12d9ed431e0f1cd26181417b21e3'),
  fixed: fixed('7x14', 'f84f823c30a8cbb459a0570b4083936a0ceebf1277280eb360245c22a61ff201'),
  fixedBold: fixed('7x14B', 'ebff96359990018ac7e0729dde393e8c66d6f700ca0125004b88641aa6c88dec'),
  wide: wide('12x13ja', '8dd18597904d6335dc768dc9904e337aca16c98f68a3929eebe6a2573c4f3168'),
};

/**
 * Path of the table, made once. Little-endian: a count of fonts (u32); each font's ascent and descent (u16), where its
 * glyphs begin and how many they are (u32); each glyph's code, left bearing, ascent, width, height and advance (u16, i8,
 * i8, u8, u8, u8, one byte unused), and where its bits begin (u32): rows from the top, each filled up to a byte, the
 * highest bit leftmost. Glyphs are in the order of their codes. Throws where the fonts can't be had.
 */
export function fontsTable(): string {
  const sources = Object.values(fontSources);
  const print = createHash('sha256').update(JSON.stringify(sources.map(({ sha256 }) => sha256)));
  const file = join(build, `fonts-${print.digest('hex').slice(0, 12)}.bin`);
  if (existsSync(file)) return file;
  const unfinished = `${file}.${process.pid}`;
  writeFileSync(unfinished, table(fetched(sources)));
  renameSync(unfinished, file);
  return file;
}

const folder = 'usr/share/fonts/X11';

// From the folder that X11_FONTS_DIR names, or this machine's where they are installed, else from the packages, unpacked
// into a folder of their own.
function fetched(sources: readonly Source[]): Font[] {
  const installed = process.env.X11_FONTS_DIR ?? join('/', folder);
  mkdirSync(build, { recursive: true });
  const work = mkdtempSync(join(build, 'fetch-'));
  try {
    for (const name of new Set(sources.map((source) => source.package))) {
      if (sources.every((s) => s.package !== name || existsSync(join(installed, s.file)))) continue;
      run('apt-get', ['download', '-qq', name], work, name);
      const archive = readdirSync(work).find((file) => file.startsWith(`${name}_`));
      if (archive !== undefined) run('dpkg-deb', ['-x', archive, 'unpacked'], work, name);
    }
    return sources.map(({ file, sha256, has }) => {
      const unpacked = join(work, 'unpacked', folder, file);
      const pcf = gunzipSync(readFileSync(existsSync(unpacked) ? unpacked : join(installed, file)));
      const found = createHash('sha256').update(pcf).digest('hex');
      if (found !== sha256) throw new Error(`the font ${file} has SHA-256 ${found}, expected ${sha256}`);
      return readPcf(pcf, has);
    });
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function run(command: string, args: readonly string[], cwd: string, name: string): void {
  const { status } = spawnSync(command, args, { cwd, stdio: 'ignore' });
  if (status !== 0)
    throw new Error(
      `no fonts; on Debian: apt-get install ${name}; or let X11_FONTS_DIR name a checkout of the X Window System's`,
    );
}

const [ACCELERATORS, METRICS, BITMAPS, ENCODINGS, BDF_ACCELERATORS] = [2, 4, 8, 32, 256] as const;
const [MSB_FIRST_BYTES, MSB_FIRST_BITS, COMPRESSED] = [4, 8, 0x100] as const;

// Portable Compiled Format, as libXfont's pcfread.c reads it: tables, each of which says its byte order itself.
function readPcf(pcf: Buffer, has: Source['has']): Font {
  const tables = new Map<number, number>();
  const tableOf = (...kinds: number[]): Reader => {
    const start = kinds.map((kind) => tables.get(kind)).find((each) => each !== undefined);
    if (start === undefined) throw new Error(`the font has no table ${kinds.join(' or ')}`);
    return reader(pcf, start);
  };
  for (let i = 0; i < pcf.readUInt32LE(4); i++) {
    const at = 8 + 16 * i;
    tables.set(pcf.readUInt32LE(at), pcf.readUInt32LE(at + 12));
  }
  const metrics = readMetrics(tableOf(METRICS));
  const bitmaps = readBitmaps(tableOf(BITMAPS));
  const accelerators = tableOf(BDF_ACCELERATORS, ACCELERATORS);
  accelerators.skip(8);
  const [ascent, descent] = [accelerators.i32(), accelerators.i32()];
  const glyphs: Glyph[] = [];
  for (const [code, index] of readEncodings(tableOf(ENCODINGS))) {
    const isControl = code < 0x20 || (code >= 0x7f && code < 0xa0);
    const shape = metrics[index];
    if (!isControl && has(code) && shape) glyphs.push({ code, ...shape, bits: bitmaps(index, shape) });
  }
  return { ascent, descent, glyphs: glyphs.sort((a, b) => a.code - b.code) };
}

/** Pixels, from the origin of the glyph on its base line. */
interface Metrics {
  left: number;
  width: number;
  advance: number;
  ascent: number;
  height: number;
}

interface Glyph extends Metrics {
  code: number;
  bits: Buffer;
}

interface Font {
  ascent: number;
  descent: number;
  glyphs: Glyph[];
}

type Reader = ReturnType<typeof reader>;

function reader(bytes: Buffer, start: number) {
  let at = start + 4;
  const format = bytes.readUInt32LE(start);
  const big = (format & MSB_FIRST_BYTES) !== 0;
  const take = (length: number) => {
    at += length;
    return at - length;
  };
  return {
    format,
    skip: (length: number) => void take(length),
    u8: () => bytes.readUInt8(take(1)),
    i16: () => (big ? bytes.readInt16BE(take(2)) : bytes.readInt16LE(take(2))),
    u16: () => (big ? bytes.readUInt16BE(take(2)) : bytes.readUInt16LE(take(2))),
    i32: () => (big ? bytes.readInt32BE(take(4)) : bytes.readInt32LE(take(4))),
    rest: () => bytes.subarray(at),
  };
}

function readMetrics(from: Reader): Metrics[] {
  const compressed = (from.format & COMPRESSED) !== 0;
  const count = compressed ? from.i16() : from.i32();
  const value = () => (compressed ? from.u8() - 0x80 : from.i16());
  return Array.from({ length: count }, () => {
    const [left, right, advance, ascent, descent] = [value(), value(), value(), value(), value()] as const;
    if (!compressed) from.skip(2);
    return { left, width: right - left, advance, ascent, height: ascent + descent };
  });
}

// Gives the rows of a glyph, each filled up to a byte.
function readBitmaps(from: Reader): (index: number, glyph: Metrics) => Buffer {
  if ((from.format & MSB_FIRST_BITS) === 0)
    throw new Error('the font has its bits in an order not read here');
  const pad = 1 << (from.format & 3);
  const offsets = Array.from({ length: from.i32() }, () => from.i32());
  from.skip(16);
  const bits = from.rest();
  return (index, { width, height }) => {
    const offset = offsets[index] ?? 0;
    const bytes = Math.ceil(width / 8);
    const stride = Math.ceil(bytes / pad) * pad;
    const row = (y: number) => bits.subarray(offset + y * stride, offset + y * stride + bytes);
    return Buffer.concat(Array.from({ length: height }, (_, y) => row(y)));
  };
}

function* readEncodings(from: Reader): Generator<[code: number, index: number]> {
  const [firstLow, lastLow, firstHigh, lastHigh] = [from.i16(), from.i16(), from.i16(), from.i16()] as const;
  from.skip(2);
  for (let high = firstHigh; high <= lastHigh; high++) {
    for (let low = firstLow; low <= lastLow; low++) {
      const index = from.u16();
      if (index !== 0xffff) yield [(high << 8) | low, index];
    }
  }
}

function table(fonts: readonly Font[]): Buffer {
  const [FONT, GLYPH] = [12, 12] as const;
  const count = fonts.reduce((sum, { glyphs }) => sum + glyphs.length, 0);
  const head = Buffer.alloc(4 + FONT * fonts.length + GLYPH * count);
  const bits: Buffer[] = [];
  head.writeUInt32LE(fonts.length, 0);
  let glyphAt = 4 + FONT * fonts.length;
  let bitsAt = head.length;
  for (const [i, { ascent, descent, glyphs }] of fonts.entries()) {
    const at = 4 + FONT * i;
    head.writeUInt16LE(ascent, at);
    head.writeUInt16LE(descent, at + 2);
    head.writeUInt32LE(glyphAt, at + 4);
    head.writeUInt32LE(glyphs.length, at + 8);
    for (const glyph of glyphs) {
      head.writeUInt16LE(glyph.code, glyphAt);
      head.writeInt8(glyph.left, glyphAt + 2);
      head.writeInt8(glyph.ascent, glyphAt + 3);
      head.writeUInt8(glyph.width, glyphAt + 4);
      head.writeUInt8(glyph.height, glyphAt + 5);
      head.writeUInt8(glyph.advance, glyphAt + 6);
      head.writeUInt32LE(bitsAt, glyphAt + 8);
      bits.push(glyph.bits);
      bitsAt += glyph.bits.length;
      glyphAt += GLYPH;
    }
  }
  return Buffer.concat([head, ...bits]);
}
