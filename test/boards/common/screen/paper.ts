// A screen on Node, drawn by other code than a board's: what a board shows is compared with it.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import sharp from 'sharp';
import type { NativeScreen, Pixels } from '../../../../boards/common/screen/screen.js';
import { fontsTable } from '../../../../boards/parts/fonts.js';

interface Glyph {
  left: number;
  ascent: number;
  width: number;
  height: number;
  advance: number;
  bits: number;
}

const table = readFileSync(fontsTable());

interface Font {
  ascent: number;
  descent: number;
  glyphs: Map<number, Glyph>;
}

export const fonts: Font[] = Array.from({ length: table.readUInt32LE(0) }, (_, i) => {
  const at = 4 + 12 * i;
  const [first, count] = [table.readUInt32LE(at + 4), table.readUInt32LE(at + 8)];
  const glyphs = Array.from({ length: count }, (__, j): [number, Glyph] => {
    const glyph = first + 12 * j;
    return [
      table.readUInt16LE(glyph),
      {
        left: table.readInt8(glyph + 2),
        ascent: table.readInt8(glyph + 3),
        width: table.readUInt8(glyph + 4),
        height: table.readUInt8(glyph + 5),
        advance: table.readUInt8(glyph + 6),
        bits: table.readUInt32LE(glyph + 8),
      },
    ];
  });
  return { ascent: table.readUInt16LE(at), descent: table.readUInt16LE(at + 2), glyphs: new Map(glyphs) };
});

const [FIXED, WIDE] = [7, 9];

/** What a font lacks stands in the fixed one, kana and kanji in the wide one, and what none has is a question mark. */
function glyphOf(font: number, character: string): Glyph {
  const code = character.codePointAt(0)!;
  const own = fonts[font]!.glyphs;
  const others = [FIXED, WIDE].map((other) => fonts[other]!.glyphs.get(code));
  return own.get(code) ?? others[0] ?? others[1] ?? own.get(0x3f)!;
}

const nameOf = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

/** The pixels of an encoded picture in a screen's 16 bits, on white. */
export async function pixelsOf(bytes: Uint8Array): Promise<Pixels> {
  const { data, info } = await sharp(bytes)
    .toColourspace('srgb')
    .ensureAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  const pixels = new Uint16Array(info.width * info.height);
  for (let i = 0; i < pixels.length; i++) {
    const alpha = data[4 * i + 3]!;
    const [r, g, b] = [0, 1, 2].map((c) =>
      Math.trunc((data[4 * i + c]! * alpha + 255 * (255 - alpha) + 127) / 255),
    );
    pixels[i] = ((r! & 0xf8) << 8) | ((g! & 0xfc) << 3) | (b! >> 3);
  }
  return { width: info.width, height: info.height, data: pixels.buffer };
}

export class Paper implements NativeScreen {
  readonly pixels: Uint16Array;
  readonly keys: number[] = [];
  readonly #pictures = new Map<string, Pixels>();

  constructor(
    readonly width = 320,
    readonly height = 320,
  ) {
    this.pixels = new Uint16Array(width * height).fill(0xffff);
  }

  /** Decodes the pictures that `html` holds, so that `decode` finds them; what is none it does not find. */
  async prepare(html: string): Promise<this> {
    for (const [, base64] of html.matchAll(/data:image\/\w+;base64,([^"]*)/g)) {
      const bytes = Buffer.from(base64!, 'base64');
      const pixels = await pixelsOf(bytes).catch(() => undefined);
      if (pixels !== undefined) this.#pictures.set(nameOf(bytes), pixels);
    }
    return this;
  }

  ascent = (font: number) => fonts[font]!.ascent;
  descent = (font: number) => fonts[font]!.descent;
  measure = (font: number, text: string) =>
    [...text].reduce((sum, character) => sum + glyphOf(font, character).advance, 0);
  text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  base64 = (text: string) => Buffer.from(text, 'base64');
  key = () => this.keys.shift() ?? 0;

  decode(bytes: Uint8Array, maxWidth: number, maxHeight: number): Pixels {
    const found = this.#pictures.get(nameOf(bytes));
    if (found === undefined) throw new Error('it is no picture');
    if (found.width > maxWidth || found.height > maxHeight) throw new Error('it is too large');
    return found;
  }

  fill(x: number, y: number, width: number, height: number, colour: number): void {
    for (let row = y; row < y + height; row++)
      for (let column = x; column < x + width; column++) this.#set(column, row, colour, 0, this.height);
  }

  write(
    font: number,
    x: number,
    baseline: number,
    text: string,
    colour: number,
    top: number,
    bottom: number,
  ): void {
    let pen = x;
    for (const character of text) {
      const { left, ascent, width, height, advance, bits } = glyphOf(font, character);
      const stride = Math.ceil(width / 8);
      for (let row = 0; row < height; row++)
        for (let column = 0; column < width; column++)
          if (table[bits + row * stride + (column >> 3)]! & (0x80 >> (column & 7)))
            this.#set(pen + left + column, baseline - ascent + row, colour, top, bottom);
      pen += advance;
    }
  }

  show(
    { width, height, data }: Pixels,
    x: number,
    y: number,
    top: number,
    bottom: number,
    right: number,
  ): void {
    const pixels = new Uint16Array(data);
    for (let row = 0; row < height; row++)
      for (let column = 0; column < Math.min(width, right - x); column++)
        this.#set(x + column, y + row, pixels[row * width + column]!, top, bottom);
  }

  #set(x: number, y: number, colour: number, top: number, bottom: number): void {
    if (x < 0 || x >= this.width || y < Math.max(0, top) || y >= Math.min(this.height, bottom)) return;
    this.pixels[y * this.width + x] = colour;
  }
}

/** 8 bits a colour, as QEMU shows 16 bits a pixel. */
export const rgbOf = (pixels: Uint16Array): Buffer =>
  Buffer.from(
    [...pixels].flatMap((pixel) => [(pixel >> 8) & 0xf8, (pixel >> 3) & 0xfc, (pixel << 3) & 0xf8]),
  );
