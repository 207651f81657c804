// Poly1305 (RFC 8439 §2.5): numbers modulo 2^130 - 5 in limbs of 32 bits at the places of the message's words, products in 64.
//
// The uppermost limb also has the two bits above 2^128, and the lowest may go a little beyond its 32. Clamping (§2.5) leaves 28 bits
// to each limb of r, so the four products of a sum fit into 64 bits: see `blocks`. It also makes three of the limbs multiples of four:
// from 2^128 on, r_j s 2^128 is 5 (r_j / 4) s.
//
// Constant-time in key and data.

import { wipe } from "../memory";

const LIMB: u64 = 0xffffffff;
const UPPERMOST: u64 = 0x3ffffffff;
/** 2^128, which stands above each block, in the uppermost limb. */
const ABOVE: u64 = 0x100000000;

// The one hash under way: h in four words of 64 bits, r in four of 32, then the 16 bytes that are added at the end.
const state = memory.data(64, 8);
const H = state, R = state + 32, PAD = state + 48;
const tail = memory.data(16, 8);

/** Starts a hash under a one-time key of 32 bytes. */
export function poly1305Init(key: usize): void {
  memory.fill(H, 0, 32);
  memory.copy(R, key, 32);
  store<u64>(R, load<u64>(R) & 0x0ffffffc0fffffff);
  store<u64>(R, load<u64>(R, 8) & 0x0ffffffc0ffffffc, 8);
}

/** Takes `length` bytes, padded with zeros to whole blocks, as the AEAD wants them (§2.8). */
export function poly1305Padded(data: usize, length: i32): void {
  const whole = length & ~15;
  blocks(data, whole, ABOVE);
  if (whole == length) return;
  memory.fill(tail, 0, 16);
  memory.copy(tail, data + whole, length - whole);
  blocks(tail, 16, ABOVE);
  wipe(tail, 16);
}

/** Takes the last `length` bytes of a message as they are (§2.5.1). */
export function poly1305Last(data: usize, length: i32): void {
  const whole = length & ~15;
  blocks(data, whole, ABOVE);
  if (whole == length) return;
  memory.fill(tail, 0, 16);
  memory.copy(tail, data + whole, length - whole);
  store<u8>(tail + (length - whole), 1);
  blocks(tail, 16, 0);
  wipe(tail, 16);
}

/** Writes the tag of 16 bytes and forgets the key. */
export function poly1305Final(tag: usize): void {
  const h0 = load<u64>(H), h1 = load<u64>(H, 8), h2 = load<u64>(H, 16), h3 = load<u64>(H, 24);
  // h is less than twice the modulus: once too large where h + 5 reaches 2^130.
  const over = h3 + (h2 + (h1 + (h0 + 5 >> 32) >> 32) >> 32) >> 34;
  // The tag is h + pad modulo 2^128; what is subtracted above that is gone.
  let sum = h0 + over * 5 + u64(load<u32>(PAD));
  store<u32>(tag, sum as u32);
  sum = h1 + u64(load<u32>(PAD, 4)) + (sum >> 32);
  store<u32>(tag, sum as u32, 4);
  sum = h2 + u64(load<u32>(PAD, 8)) + (sum >> 32);
  store<u32>(tag, sum as u32, 8);
  sum = h3 + u64(load<u32>(PAD, 12)) + (sum >> 32);
  store<u32>(tag, sum as u32, 12);
  wipe(state, 64);
}

/**
 * Hashes `length` bytes, a multiple of 16, each block with `above` on top.
 *
 * In units of 2^32, h comes in below 2.02, 1, 1, 4 and a block adds 1, 1, 1, 2. With r below 2^28 and t below 1.25 times that, no sum
 * reaches 2^64: the largest, x0, stays below (3.02 + 2 * 1.25 + 2 * 1.25 + 6 * 1.25) 2^60. Then x3 is below 13.1 * 2^60, and what of it
 * comes down to h0, five times its bits from 34 on, below 1.02 again.
 */
function blocks(data: usize, length: i32, above: u64): void {
  let h0 = load<u64>(H), h1 = load<u64>(H, 8), h2 = load<u64>(H, 16), h3 = load<u64>(H, 24);
  const r0 = u64(load<u32>(R)), r1 = u64(load<u32>(R, 4)), r2 = u64(load<u32>(R, 8)), r3 = u64(load<u32>(R, 12));
  const t1 = (r1 >> 2) + r1, t2 = (r2 >> 2) + r2, t3 = (r3 >> 2) + r3;
  if (length == 0) return;
  const end = data + length;
  do {
    h0 += u64(load<u32>(data)), h1 += u64(load<u32>(data, 4)), h2 += u64(load<u32>(data, 8));
    h3 += u64(load<u32>(data, 12)) + above;
    const x0 = h0 * r0 + h1 * t3 + h2 * t2 + h3 * t1;
    const x1 = h0 * r1 + h1 * r0 + h2 * t3 + h3 * t2 + (x0 >> 32);
    const x2 = h0 * r2 + h1 * r1 + h2 * r0 + h3 * t3 + (x1 >> 32);
    const x3 = h0 * r3 + h1 * r2 + h2 * r1 + h3 * r0 + (x2 >> 32);
    h0 = (x3 >> 34) * 5 + (x0 & LIMB), h1 = x1 & LIMB, h2 = x2 & LIMB, h3 = x3 & UPPERMOST;
    data += 16;
  } while (data != end);
  store<u64>(H, h0), store<u64>(H, h1, 8), store<u64>(H, h2, 16), store<u64>(H, h3, 24);
}
