// PNG of 1, 2 or 4 bits of grey (RFC 2083): smaller than a palette, and exactly the levels that the screen shows.
import zlib from 'node:zlib';
import { packRows } from './dither.js';

const SIGNATURE = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);

/** `levels` holds 0 to 2^bits − 1 for each pixel, rows from the top. */
export function encodeGreyPng(
  levels: Uint8Array,
  width: number,
  height: number,
  bits: 1 | 2 | 4,
): Uint8Array {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header[8] = bits;
  // Colour type 0 is grey; compression, filter method and interlacing have one value each.
  const rows = packRows(levels, width, height, bits);
  const rowBytes = rows.length / height;
  const filtered = Buffer.alloc(rows.length + height);
  // Filter 0 for every row: the others guess bytes from their neighbours, which dithered pixels defeat.
  for (let y = 0; y < height; y++)
    filtered.set(rows.subarray(y * rowBytes, (y + 1) * rowBytes), y * (rowBytes + 1) + 1);
  const data = zlib.deflateSync(filtered, { level: 9, memLevel: 9 });
  return Buffer.concat([
    SIGNATURE,
    chunk('IHDR', header),
    chunk('IDAT', data),
    chunk('IEND', new Uint8Array(0)),
  ]);
}

function chunk(type: string, data: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const framed = Buffer.alloc(body.length + 8);
  framed.writeUInt32BE(data.length, 0);
  framed.set(body, 4);
  framed.writeUInt32BE(crc32(body), body.length + 4);
  return framed;
}

/** RFC 2083 §3.4 and appendix 15. */
function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = TABLE[(crc ^ byte) & 0xff]! ^ (crc >>> 8);
  return ~crc >>> 0;
}

const TABLE = Uint32Array.from({ length: 256 }, (_, n) => {
  let c = n;
  for (let k = 0; k < 8; k++) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1;
  return c;
});
