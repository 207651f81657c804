// What a board with a screen gives to the browser beside what every board gives: the object `board.screen` of
// native_screen.c.

/** Pixels of a decoded picture, rows from the top, in the screen's own form. */
export interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly data: ArrayBuffer;
}

/** A screen of 16 bits a pixel. A font is a number: its place in `FONTS`. Colours are those of `colour`. */
export interface Screen {
  readonly width: number;
  readonly height: number;
  /** Pixels that letters of a font may reach above the baseline, and below it. */
  ascent(font: number): number;
  descent(font: number): number;
  /** Pixels by which `text` moves the pen. */
  measure(font: number, text: string): number;
  fill(x: number, y: number, width: number, height: number, colour: number): void;
  /** Writes from `x` on, and touches no row above `top` or from `bottom` on. */
  write(
    font: number,
    x: number,
    baseline: number,
    text: string,
    colour: number,
    top: number,
    bottom: number,
  ): void;
  /** Draws a picture, and touches no row above `top` or from `bottom` on, nor a column from `right` on. */
  show(pixels: Pixels, x: number, y: number, top: number, bottom: number, right: number): void;
}

/** What else the browser needs of native code. */
export interface NativeScreen extends Screen {
  /** The text of whole characters in UTF-8. */
  text(bytes: Uint8Array): string;
  /** Undefined where `text` is no base64 (RFC 4648 §4). */
  base64(text: string): Uint8Array | undefined;
  /** A PNG or JPEG of at most so many pixels a side. Throws an Error that says why it can't be shown. */
  decode(bytes: Uint8Array, maxWidth: number, maxHeight: number): Pixels;
  /** The next key that was pressed: its place in `KEYS`; 0 for none. */
  key(): number;
}

export const KEYS = ['none', 'up', 'down', 'left', 'right', 'select', 'back', 'reload', 'quit'] as const;
export type Key = (typeof KEYS)[number];

/** 5 bits of red, 6 of green, 5 of blue. */
export const colour = (rgb: number): number =>
  ((rgb >> 8) & 0xf800) | ((rgb >> 5) & 0x07e0) | ((rgb >> 3) & 0x001f);

export const [PAPER, INK, LINK] = [colour(0xffffff), colour(0x101018), colour(0x0b3fc1)] as const;
/** Rules, and what stands for something missing. */
export const [FAINT, GREY] = [colour(0xb8bcc8), colour(0x5c6170)] as const;
