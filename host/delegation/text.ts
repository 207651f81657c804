// UTF-8 and hexadecimal without TextEncoder or Buffer: the JavaScript engine of a board has neither.
import { ProtocolError } from './error.js';

/** UTF-8 bytes of `text`; a lone surrogate becomes U+FFFD, as TextEncoder does it. */
export function encodeUtf8(text: string): Uint8Array {
  const out = new Uint8Array(text.length * 3);
  let length = 0;
  for (const character of text) {
    let point = character.codePointAt(0)!;
    if (point >= 0xd800 && point <= 0xdfff) point = 0xfffd;
    if (point < 0x80) {
      out[length++] = point;
    } else if (point < 0x800) {
      out[length++] = 0xc0 | (point >> 6);
      out[length++] = 0x80 | (point & 63);
    } else if (point < 0x10000) {
      out[length++] = 0xe0 | (point >> 12);
      out[length++] = 0x80 | ((point >> 6) & 63);
      out[length++] = 0x80 | (point & 63);
    } else {
      out[length++] = 0xf0 | (point >> 18);
      out[length++] = 0x80 | ((point >> 12) & 63);
      out[length++] = 0x80 | ((point >> 6) & 63);
      out[length++] = 0x80 | (point & 63);
    }
  }
  return out.slice(0, length);
}

/** Smallest code point that may take 2, 3 or 4 bytes (RFC 3629 §3: no longer form than needed). */
const SMALLEST = [0, 0, 0x80, 0x800, 0x10000];

/** Strict UTF-8 (RFC 3629): throws ProtocolError FRAME_BAD_TEXT on malformed bytes. */
export function decodeUtf8(bytes: Uint8Array): string {
  let text = '';
  let at = 0;
  while (at < bytes.length) {
    const first = bytes[at]!;
    const size = first < 0x80 ? 1 : first >= 0xc2 && first < 0xe0 ? 2 : first >= 0xe0 && first < 0xf0 ? 3 : 4;
    if (size === 4 && (first < 0xf0 || first > 0xf4)) throw badText();
    let point = size === 1 ? first : first & (0x7f >> size);
    for (let i = 1; i < size; i++) {
      const next = bytes[at + i];
      if (next === undefined || (next & 0xc0) !== 0x80) throw badText();
      point = (point << 6) | (next & 63);
    }
    if (point < SMALLEST[size]! || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff)) throw badText();
    text += String.fromCodePoint(point);
    at += size;
  }
  return text;
}

const badText = () => new ProtocolError('FRAME_BAD_TEXT', 'a text field is not valid UTF-8');

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/;

/** Whether `text` holds a character that could drive a terminal, split a header or break a log line. */
export const hasControls = (text: string): boolean => CONTROL.test(text);

/** `text` with controls made spaces, cut to at most `limit` UTF-8 bytes: fit to be sent as a reason. */
export function plainText(text: string, limit: number): string {
  let out = '';
  let bytes = 0;
  for (const character of text) {
    const point = character.codePointAt(0)!;
    const lone = point >= 0xd800 && point <= 0xdfff;
    const plain = lone ? '\ufffd' : hasControls(character) ? ' ' : character;
    bytes += encodeUtf8(plain).length;
    if (bytes > limit) return out;
    out += plain;
  }
  return out;
}

const DIGITS = '0123456789abcdef';

/** Lower-case hexadecimal. Not for secrets: the text can't be wiped. */
export function toHex(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += DIGITS[byte >> 4]! + DIGITS[byte & 15]!;
  return text;
}

/** The bytes of an even number of hexadecimal digits of either case; throws FRAME_BAD_ARGUMENT otherwise. */
export function fromHex(text: string): Uint8Array {
  if (text.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(text)) {
    throw new ProtocolError('FRAME_BAD_ARGUMENT', 'expected an even number of hexadecimal digits');
  }
  const bytes = new Uint8Array(text.length / 2);
  for (let i = 0; i < bytes.length; i++) bytes[i] = (digitAt(text, 2 * i) << 4) | digitAt(text, 2 * i + 1);
  return bytes;
}

/** Of '0' to '9' the low four bits are the value; letters of either case have bit 6 set, and begin at 1. */
function digitAt(text: string, at: number): number {
  const code = text.charCodeAt(at);
  return (code & 15) + 9 * (code >> 6);
}
