// What a device can show and hold: the part of HELLO that the services fit content to.
import type { FieldReader, FieldWriter } from './bytes.js';
import { ProtocolError } from './error.js';

export interface DeviceProfile {
  /** Name of the model, for people and logs. */
  name: string;
  /** Pixels. */
  screenWidth: number;
  screenHeight: number;
  /** Bits a pixel: 1, 2, 4, 8, 16, 24 or 32. */
  colourDepth: number;
  /** False for a screen of greys. */
  colour: boolean;
  /** Whether the device applies style sheets. */
  styles: boolean;
  /** Media types of the markup it reads, best first: `text/html`, `text/vnd.wap.wml`, `text/plain` … */
  markup: readonly string[];
  /** Media types of the pictures it shows, best first. */
  pictures: readonly string[];
  /** The character set it shows: an IANA name. */
  charset: string;
  /** Kibibytes for one page with its pictures. */
  memory: number;
}

/** A handheld of the kind that Deputy is for: a small colour screen, simple HTML, no styles. */
export const HANDHELD: DeviceProfile = {
  name: 'handheld',
  screenWidth: 320,
  screenHeight: 320,
  colourDepth: 8,
  colour: true,
  styles: false,
  markup: ['text/html', 'text/plain'],
  pictures: ['image/png', 'image/jpeg'],
  charset: 'utf-8',
  memory: 512,
};

/** A Palm of the late nineties: 16 greys, a browser of HTML 3.2 without style sheets. */
export const PALM: DeviceProfile = {
  name: 'palm',
  screenWidth: 160,
  screenHeight: 160,
  colourDepth: 4,
  colour: false,
  styles: false,
  markup: ['text/html', 'text/plain'],
  pictures: ['image/png', 'image/gif'],
  charset: 'iso-8859-1',
  memory: 64,
};

/** A WAP phone: five lines of text, and decks that must fit its 1.4 KB once its gateway has compiled them. */
export const WAP_PHONE: DeviceProfile = {
  name: 'wap',
  screenWidth: 96,
  screenHeight: 65,
  colourDepth: 1,
  colour: false,
  styles: false,
  markup: ['text/vnd.wap.wml'],
  pictures: ['image/vnd.wap.wbmp'],
  charset: 'utf-8',
  memory: 2,
};

/** A text pager: four lines, no pictures. */
export const PAGER: DeviceProfile = {
  name: 'pager',
  screenWidth: 120,
  screenHeight: 48,
  colourDepth: 1,
  colour: false,
  styles: false,
  markup: ['text/plain'],
  pictures: [],
  charset: 'us-ascii',
  memory: 4,
};

/** A phone with keys and a small browser of today's HTML. */
export const FEATURE_PHONE: DeviceProfile = {
  name: 'feature-phone',
  screenWidth: 240,
  screenHeight: 320,
  colourDepth: 16,
  colour: true,
  styles: true,
  markup: ['text/html', 'text/plain'],
  pictures: ['image/webp', 'image/jpeg', 'image/png'],
  charset: 'utf-8',
  memory: 1024,
};

/** A browser phone of compact HTML, as they were in Japan. */
export const COMPACT_PHONE: DeviceProfile = {
  name: 'chtml',
  screenWidth: 120,
  screenHeight: 130,
  colourDepth: 8,
  colour: true,
  styles: false,
  markup: ['text/x-chtml'],
  pictures: ['image/gif'],
  charset: 'shift_jis',
  memory: 10,
};

/** A phone with the browser that came before WAP's. */
export const HDML_PHONE: DeviceProfile = {
  name: 'hdml',
  screenWidth: 96,
  screenHeight: 48,
  colourDepth: 1,
  colour: false,
  styles: false,
  markup: ['text/x-hdml'],
  pictures: [],
  charset: 'iso-8859-1',
  memory: 2,
};

/** Devices that can be named instead of described. */
export const PRESETS: ReadonlyMap<string, DeviceProfile> = new Map(
  [HANDHELD, PALM, WAP_PHONE, PAGER, FEATURE_PHONE, COMPACT_PHONE, HDML_PHONE].map((preset) => [
    preset.name,
    preset,
  ]),
);

export function writeDeviceProfile(out: FieldWriter, profile: DeviceProfile): void {
  out
    .text(8, profile.name, 64)
    .u16(profile.screenWidth)
    .u16(profile.screenHeight)
    .u8(profile.colourDepth)
    .u8((profile.colour ? 1 : 0) | (profile.styles ? 2 : 0))
    .texts(profile.markup)
    .texts(profile.pictures)
    .text(8, profile.charset, 40)
    .u32(profile.memory);
}

export function readDeviceProfile(from: FieldReader): DeviceProfile {
  const name = from.text(8, 64);
  const screenWidth = from.u16();
  const screenHeight = from.u16();
  const colourDepth = from.u8();
  const flags = from.u8();
  if (colourDepth < 1 || colourDepth > 32) {
    throw new ProtocolError('FRAME_BAD_FIELD', `no screen has ${colourDepth} bits a pixel`);
  }
  const markup = from.texts();
  const pictures = from.texts();
  const charset = from.text(8, 40);
  const memory = from.u32();
  const colour = (flags & 1) !== 0;
  const styles = (flags & 2) !== 0;
  return { name, screenWidth, screenHeight, colourDepth, colour, styles, markup, pictures, charset, memory };
}
