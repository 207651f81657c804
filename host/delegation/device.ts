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
