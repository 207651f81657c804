// AES in counter mode (NIST SP 800-38A §6.5), as GCM and CCM use it: the first block of key stream masks the tag, the others
// encrypt. Counters go through four blocks at once and start at a multiple of four, which makes their planes cheap to write:
// only the bytes of the counter change, and its two lowest bits tell the blocks of a group apart.
//
// Constant-time in keys, nonces and data; the counter itself is public.

import { wipe } from "../memory";
import { aesEncryptPlanes } from "./aes";
import { slice, unsliceXor } from "./slice";

const GROUPS: i32 = 8;
const planes = memory.data(512, 8);
const base = memory.data(64, 8);
const edge = memory.data(64, 8);

/**
 * Encrypts or decrypts `length` bytes in place.
 * @param key     an expanded key
 * @param block   the 16 bytes of the counter block whose last four are zero where the counter goes (CCM: the last three)
 * @param counter number of the block that goes to `mask`; data start with the next
 * @param mask    takes 16 bytes of key stream
 */
export function aesCtr(key: usize, block: usize, counter: i32, mask: usize, data: usize, length: i32): void {
  for (let i = 0; i < 64; i += 16) memory.copy(edge + i, block, 16);
  slice(base, edge, 1, 0);
  // Blocks 1 and 3 have bit 0 of the counter, 2 and 3 have bit 1: byte 15 is the highest nibble of a plane.
  store<u64>(base, load<u64>(base) ^ 0xa000000000000000);
  store<u64>(base, load<u64>(base, 8) ^ 0xc000000000000000, 8);

  // The first group holds the mask and the first data; it goes by the edge buffer.
  const skip = (counter & 3) << 4;
  let n = 48 - skip;
  if (n > length) n = length;
  memory.fill(edge, 0, 64);
  memory.copy(edge + skip + 16, data, n);
  counter &= ~3;
  counterPlanes(counter, 1);
  aesEncryptPlanes(key, planes, 1);
  unsliceXor(edge, planes, 1, 1);
  memory.copy(mask, edge + skip, 16);
  memory.copy(data, edge + skip + 16, n);
  data += n;
  length -= n;
  counter += 4;

  while (length >= 64) {
    let groups = length >>> 6;
    if (groups > GROUPS) groups = GROUPS;
    counterPlanes(counter, groups);
    aesEncryptPlanes(key, planes, groups);
    unsliceXor(data, planes, groups, 1);
    counter += groups << 2;
    data += groups << 6;
    length -= groups << 6;
  }
  if (length > 0) {
    memory.copy(edge, data, length);
    counterPlanes(counter, 1);
    aesEncryptPlanes(key, planes, 1);
    unsliceXor(edge, planes, 1, 1);
    memory.copy(data, edge, length);
  }
  wipe(planes, 512);
  wipe(base, 64);
  wipe(edge, 64);
}

/** Writes the planes of `groups` groups of counter blocks from `counter` on, a multiple of four. */
function counterPlanes(counter: i32, groups: i32): void {
  const b0 = load<u64>(base), b1 = load<u64>(base, 8), b2 = load<u64>(base, 16), b3 = load<u64>(base, 24);
  const b4 = load<u64>(base, 32), b5 = load<u64>(base, 40), b6 = load<u64>(base, 48), b7 = load<u64>(base, 56);
  const end = planes + (groups << 6);
  for (let p = planes; p < end; p += 64, counter += 4) {
    // Byte 15 - i of the block, which is row 3 - i of the last column, into lane 3 - i.
    const c = counter as u64;
    const spread = c << 48 | (c & 0xff00) << 24 | (c & 0xff0000) | c >> 24 & 0xff;
    store<u64>(p, (spread & 0x0001000100010001) * 0xf000 ^ b0);
    store<u64>(p, (spread >> 1 & 0x0001000100010001) * 0xf000 ^ b1, 8);
    store<u64>(p, (spread >> 2 & 0x0001000100010001) * 0xf000 ^ b2, 16);
    store<u64>(p, (spread >> 3 & 0x0001000100010001) * 0xf000 ^ b3, 24);
    store<u64>(p, (spread >> 4 & 0x0001000100010001) * 0xf000 ^ b4, 32);
    store<u64>(p, (spread >> 5 & 0x0001000100010001) * 0xf000 ^ b5, 40);
    store<u64>(p, (spread >> 6 & 0x0001000100010001) * 0xf000 ^ b6, 48);
    store<u64>(p, (spread >> 7 & 0x0001000100010001) * 0xf000 ^ b7, 56);
  }
}
