// Wireless bitmap, type 0 (WAP-190, Wireless Application Environment Specification, appendix A): one bit a pixel, not
// compressed, 1 is white.
import { packRows } from './dither.js';

/** `levels` holds 0 or 1 for each pixel, rows from the top. */
export function encodeWbmp(levels: Uint8Array, width: number, height: number): Uint8Array {
  // Type 0 and a fixed header of 0, then the two sizes.
  const head = [0, 0, ...multiByte(width), ...multiByte(height)];
  const rows = packRows(levels, width, height, 1);
  const file = new Uint8Array(head.length + rows.length);
  file.set(head);
  file.set(rows, head.length);
  return file;
}

/** Seven bits a byte, the highest first; all but the last have their top bit set (WAP-192 §5.1, mb_u_int32). */
function multiByte(value: number): number[] {
  const bytes = [value & 0x7f];
  for (let rest = value >>> 7; rest > 0; rest >>>= 7) bytes.unshift((rest & 0x7f) | 0x80);
  return bytes;
}
