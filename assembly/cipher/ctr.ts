// AES in counter mode (NIST SP 800-38A §6.5), as GCM and CCM use it: the first block of key stream masks the tag, the others
// encrypt. Counters go through four blocks at once and start at a multiple of four, which makes their planes cheap to write:
// only the bytes of the counter change, and its two lowest bits tell the blocks of a group apart.
//
// Of 256 blocks in a row only the last byte differs. Longer messages take it through the first round by itself, for 64 blocks at
// once, and all other bytes but once (the caching of Bernstein and Schwabe, https://eprint.iacr.org/2008/381).
//
// Constant-time in keys, nonces and data; the counter itself is public.

import { wipe } from "../memory";
import { COLUMNS, ROUND_KEYS, SCRATCH, aesEncryptPlanes, aesSubPlanes, below, oppositeAcross, scratch } from "./aes";
import { slice, unsliceXor } from "./slice";

const GROUPS: i32 = 8;
// Messages shorter than this don't earn back what the first round costs by itself.
const LONG: i32 = 320;
const planes = scratch;
const base = memory.data(64, 8);
const edge = memory.data(64, 8);
// What the first round makes of all bytes but the last, of the last, and of the last doubled in GF(2^8).
const others = memory.data(64, 8);
const last = memory.data(64, 8);
const doubled = memory.data(64, 8);

/**
 * Encrypts or decrypts `length` bytes in place.
 * @param key     an expanded key
 * @param block   the 16 bytes of the counter block, zero where the counter goes (the last four; CCM: three)
 * @param counter number of the block that goes to `mask`; data start with the next
 * @param mask    takes 16 bytes of key stream
 * @param zero    where `counter` is 1: takes a block of zeros, encrypted in a place that is free; 0 where none is wanted
 */
export function aesCtr(
  key: usize, block: usize, counter: i32, mask: usize, data: usize, length: i32, zero: usize,
): void {
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
  if (zero) {
    for (let i = 0; i < 64; i += 8) store<u64>(planes + i, load<u64>(planes + i) & 0xeeeeeeeeeeeeeeee);
  }
  aesEncryptPlanes(key, planes, 1, 1);
  unsliceXor(edge, planes, 1, 1);
  if (zero) memory.copy(zero, edge, 16);
  memory.copy(mask, edge + skip, 16);
  memory.copy(data, edge + skip + 16, n);
  data += n;
  length -= n;
  counter += 4;

  if (length >= LONG) {
    let upper = -1, window = -1;
    while (length >= 64) {
      if (counter >>> 8 != upper) {
        upper = counter >>> 8;
        firstRoundOfOthers(key, counter);
      }
      if (counter >>> 6 != window) {
        window = counter >>> 6;
        firstRoundOfLast(key, counter);
      }
      let groups = 16 - (counter >>> 2 & 15);
      if (groups > GROUPS) groups = GROUPS;
      if (groups > length >>> 6) groups = length >>> 6;
      joinFirstRound(counter, groups);
      aesEncryptPlanes(key, planes, groups, 2);
      unsliceXor(data, planes, groups, 1);
      counter += groups << 2;
      data += groups << 6;
      length -= groups << 6;
    }
    wipe(others, 64);
    wipe(last, 64);
    wipe(doubled, 64);
  }
  while (length > 0) {
    let groups = length >>> 6;
    if (groups > GROUPS) groups = GROUPS;
    let at = data;
    let n = groups << 6;
    if (groups == 0) {
      memory.copy(edge, data, length);
      at = edge;
      groups = 1;
      n = length;
    }
    counterPlanes(counter, groups);
    aesEncryptPlanes(key, planes, groups, 1);
    unsliceXor(at, planes, groups, 1);
    if (at == edge) memory.copy(data, edge, length);
    counter += groups << 2;
    data += n;
    length -= n;
  }
  wipe(planes, SCRATCH);
  wipe(base, 64);
  wipe(edge, 64);
}

/** Writes the planes of `groups` groups of counter blocks from `counter` on, a multiple of four. */
function counterPlanes(counter: i32, groups: i32): void {
  const end = planes + (groups << 6);
  for (let p = planes; p < end; p += 64, counter += 4) {
    // Byte 15 - i of the block, which is row 3 - i of the last column, into lane 3 - i.
    const c = counter as u64;
    const spread = c << 48 | (c & 0xff00) << 24 | c & 0xff0000 | c >> 24 & 0xff;
    for (let bit = 0; bit < 8; bit++) {
      const i: usize = bit << 3;
      store<u64>(p + i, (spread >> bit & 0x0001000100010001) * 0xf000 ^ load<u64>(base + i));
    }
  }
}

/** The first round, up to its round key, for the blocks that share `counter`'s upper 24 bits, as if their last byte gave 0. */
function firstRoundOfOthers(key: usize, counter: i32): void {
  const in1 = load<u64>(COLUMNS), out1 = load<u64>(COLUMNS, 8), in2 = load<u64>(COLUMNS, 16), out2 = load<u64>(COLUMNS, 24);
  counterPlanes(counter & ~255, 1);
  for (let i = 0; i < 64; i += 8) store<u64>(planes + i, load<u64>(planes + i) ^ load<u64>(key + ROUND_KEYS + i));
  aesSubPlanes(planes);
  let lower = load<u64>(planes, 56) & 0x0fffffffffffffff;
  const top = lower ^ below(lower, 20, in1, 4, out1);
  let c: u64 = 0;
  for (let bit = 0; bit < 8; bit++) {
    const a = load<u64>(planes + (bit << 3)) & 0x0fffffffffffffff;
    lower = below(a, 20, in1, 4, out1);
    // As in aesEncryptPlanes: the sum below the bit, doubled; modulo x^8 + x^4 + x^3 + x + 1.
    const carry = c ^ (top & (0 - u64(0x1b >> bit & 1)));
    c = a ^ lower;
    store<u64>(others + (bit << 3), oppositeAcross(c, in2, out2) ^ lower ^ carry);
  }
}

/** SubBytes of the last byte for the 64 blocks from `counter & ~63` on: bit n of a plane belongs to block n. */
function firstRoundOfLast(key: usize, counter: i32): void {
  store<u64>(last, 0xaaaaaaaaaaaaaaaa), store<u64>(last, 0xcccccccccccccccc, 8), store<u64>(last, 0xf0f0f0f0f0f0f0f0, 16);
  store<u64>(last, 0xff00ff00ff00ff00, 24), store<u64>(last, 0xffff0000ffff0000, 32), store<u64>(last, 0xffffffff00000000, 40);
  store<u64>(last, 0 - u64(counter >> 6 & 1), 48), store<u64>(last, 0 - u64(counter >> 7 & 1), 56);
  for (let i = 0; i < 64; i += 8) {
    store<u64>(last + i, load<u64>(last + i) ^ (0 - (load<u64>(key + ROUND_KEYS + i) >> 63)));
  }
  aesSubPlanes(last);
  const top = load<u64>(last, 56);
  let lower: u64 = 0;
  for (let bit = 0; bit < 8; bit++) {
    store<u64>(doubled + (bit << 3), lower ^ (top & (0 - u64(0x1b >> bit & 1))));
    lower = load<u64>(last + (bit << 3));
  }
}

/** A plane's state after the first round: MixColumns takes the last byte to rows 0 and 1 once, to row 2 thrice, to row 3 twice. */
// @ts-ignore: decorator
@inline
function joined(once: u64, twice: u64, rest: u64): u64 {
  return (once & 15) * 0x0000010000100001 ^ (twice & 15) * 0x1000010000000000 ^ rest;
}

/** State after the first round of `groups` groups, plane by plane. */
function joinFirstRound(counter: i32, groups: i32): void {
  const shift = u64(counter >>> 2 & 15) << 2;
  for (let at: usize = 0; at < 64; at += 8) {
    let once = load<u64>(last + at) >> shift, twice = load<u64>(doubled + at) >> shift;
    const rest = load<u64>(others + at);
    let p = planes + at, n = groups;
    if (ASC_SHRINK_LEVEL < 2) {
      for (; n >= 4; n -= 4, p += 256) {
        store<u64>(p, joined(once, twice, rest));
        store<u64>(p, joined(once >> 4, twice >> 4, rest), 64);
        store<u64>(p, joined(once >> 8, twice >> 8, rest), 128);
        store<u64>(p, joined(once >> 12, twice >> 12, rest), 192);
        once >>= 16, twice >>= 16;
      }
    }
    for (; n; n--, p += 64) {
      store<u64>(p, joined(once, twice, rest));
      once >>= 4, twice >>= 4;
    }
  }
}
