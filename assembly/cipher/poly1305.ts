// Poly1305 (RFC 8439 §2.5): numbers modulo 2^130 - 5 in five limbs of 26 bits, products in 64. Two blocks are taken at once,
// (h + m) r^2 + m' r, so that carries run once for both.
//
// Constant-time in key and data.

import { wipe } from "../memory";

const MASK: u64 = 0x3ffffff;

// The one hash under way: h, r and r^2 in five words each, then the 16 bytes that are added at the end.
const state = memory.data(136, 8);
const H = state, R = state + 40, R2 = state + 80, PAD = state + 120;
const tail = memory.data(16, 8);

/** Starts a hash under a one-time key of 32 bytes. */
export function poly1305Init(key: usize): void {
  memory.fill(state, 0, 40);
  // r is clamped (§2.5) while it is cut into limbs.
  store<u64>(R, load<u32>(key) & 0x3ffffff);
  store<u64>(R, load<u32>(key, 3) >> 2 & 0x3ffff03, 8);
  store<u64>(R, load<u32>(key, 6) >> 4 & 0x3ffc0ff, 16);
  store<u64>(R, load<u32>(key, 9) >> 6 & 0x3f03fff, 24);
  store<u64>(R, load<u32>(key, 12) >> 8 & 0x00fffff, 32);
  memory.copy(PAD, key + 16, 16);
  // r^2 is the hash of a block of zeros from r on, less the bit above it.
  memory.copy(H, R, 40);
  memory.fill(tail, 0, 16);
  blocks(tail, 16, 0);
  memory.copy(R2, H, 40);
  memory.fill(H, 0, 40);
}

/** Takes `length` bytes, padded with zeros to whole blocks, as the AEAD wants them (§2.8). */
export function poly1305Padded(data: usize, length: i32): void {
  const whole = length & ~15;
  blocks(data, whole, 1 << 24);
  if (whole == length) return;
  memory.fill(tail, 0, 16);
  memory.copy(tail, data + whole, length - whole);
  blocks(tail, 16, 1 << 24);
  wipe(tail, 16);
}

/** Takes the last `length` bytes of a message as they are (§2.5.1). */
export function poly1305Last(data: usize, length: i32): void {
  const whole = length & ~15;
  blocks(data, whole, 1 << 24);
  if (whole == length) return;
  memory.fill(tail, 0, 16);
  memory.copy(tail, data + whole, length - whole);
  store<u8>(tail + (length - whole), 1);
  blocks(tail, 16, 0);
  wipe(tail, 16);
}

/** Writes the tag of 16 bytes and forgets the key. */
export function poly1305Final(tag: usize): void {
  let h0 = load<u64>(H), h1 = load<u64>(H, 8), h2 = load<u64>(H, 16), h3 = load<u64>(H, 24), h4 = load<u64>(H, 32);
  h2 += h1 >> 26, h1 &= MASK, h3 += h2 >> 26, h2 &= MASK, h4 += h3 >> 26, h3 &= MASK;
  h0 += (h4 >> 26) * 5, h4 &= MASK, h1 += h0 >> 26, h0 &= MASK;
  // g = h + 5 - 2^130; taken where it isn't negative.
  let g0 = h0 + 5, g1 = h1 + (g0 >> 26), g2 = h2 + (g1 >> 26), g3 = h3 + (g2 >> 26);
  const g4 = h4 + (g3 >> 26) - (1 << 26);
  const keep = u64(i64(g4) >> 63);
  g0 = g0 & MASK & ~keep | h0 & keep, g1 = g1 & MASK & ~keep | h1 & keep, g2 = g2 & MASK & ~keep | h2 & keep;
  g3 = g3 & MASK & ~keep | h3 & keep, h4 = g4 & ~keep | h4 & keep;
  // The tag is h + pad modulo 2^128.
  let sum = (g0 | g1 << 26 & 0xffffffff) + u64(load<u32>(PAD));
  store<u32>(tag, sum as u32);
  sum = (g1 >> 6 | g2 << 20 & 0xffffffff) + u64(load<u32>(PAD, 4)) + (sum >> 32);
  store<u32>(tag, sum as u32, 4);
  sum = (g2 >> 12 | g3 << 14 & 0xffffffff) + u64(load<u32>(PAD, 8)) + (sum >> 32);
  store<u32>(tag, sum as u32, 8);
  sum = (g3 >> 18 | h4 << 8 & 0xffffffff) + u64(load<u32>(PAD, 12)) + (sum >> 32);
  store<u32>(tag, sum as u32, 12);
  wipe(state, 136);
}

/** Hashes `length` bytes, a multiple of 16, each block with the bit `high` above it. */
function blocks(data: usize, length: i32, high: u64): void {
  let h0 = load<u64>(H), h1 = load<u64>(H, 8), h2 = load<u64>(H, 16), h3 = load<u64>(H, 24), h4 = load<u64>(H, 32);
  const r0 = load<u64>(R), r1 = load<u64>(R, 8), r2 = load<u64>(R, 16), r3 = load<u64>(R, 24), r4 = load<u64>(R, 32);
  const s1 = r1 * 5, s2 = r2 * 5, s3 = r3 * 5, s4 = r4 * 5;
  if (length >= 32) {
    const u0 = load<u64>(R2), u1 = load<u64>(R2, 8), u2 = load<u64>(R2, 16), u3 = load<u64>(R2, 24), u4 = load<u64>(R2, 32);
    const v1 = u1 * 5, v2 = u2 * 5, v3 = u3 * 5, v4 = u4 * 5;
    for (; length >= 32; length -= 32) {
      h0 += u64(load<u32>(data)) & MASK, h1 += u64(load<u32>(data, 3)) >> 2 & MASK;
      h2 += u64(load<u32>(data, 6)) >> 4 & MASK, h3 += u64(load<u32>(data, 9)) >> 6;
      h4 += u64(load<u32>(data, 12)) >> 8 | high;
      const m0 = u64(load<u32>(data, 16)) & MASK, m1 = u64(load<u32>(data, 19)) >> 2 & MASK;
      const m2 = u64(load<u32>(data, 22)) >> 4 & MASK, m3 = u64(load<u32>(data, 25)) >> 6;
      const m4 = u64(load<u32>(data, 28)) >> 8 | high;
      data += 32;
      let d0 = h0 * u0 + h1 * v4 + h2 * v3 + h3 * v2 + h4 * v1 + m0 * r0 + m1 * s4 + m2 * s3 + m3 * s2 + m4 * s1;
      let d1 = h0 * u1 + h1 * u0 + h2 * v4 + h3 * v3 + h4 * v2 + m0 * r1 + m1 * r0 + m2 * s4 + m3 * s3 + m4 * s2;
      let d2 = h0 * u2 + h1 * u1 + h2 * u0 + h3 * v4 + h4 * v3 + m0 * r2 + m1 * r1 + m2 * r0 + m3 * s4 + m4 * s3;
      let d3 = h0 * u3 + h1 * u2 + h2 * u1 + h3 * u0 + h4 * v4 + m0 * r3 + m1 * r2 + m2 * r1 + m3 * r0 + m4 * s4;
      let d4 = h0 * u4 + h1 * u3 + h2 * u2 + h3 * u1 + h4 * u0 + m0 * r4 + m1 * r3 + m2 * r2 + m3 * r1 + m4 * r0;
      d1 += d0 >> 26, h0 = d0 & MASK, d2 += d1 >> 26, h1 = d1 & MASK, d3 += d2 >> 26, h2 = d2 & MASK;
      d4 += d3 >> 26, h3 = d3 & MASK, h0 += (d4 >> 26) * 5, h4 = d4 & MASK, h1 += h0 >> 26, h0 &= MASK;
    }
  }
  for (; length > 0; length -= 16) {
    h0 += u64(load<u32>(data)) & MASK, h1 += u64(load<u32>(data, 3)) >> 2 & MASK;
    h2 += u64(load<u32>(data, 6)) >> 4 & MASK, h3 += u64(load<u32>(data, 9)) >> 6;
    h4 += u64(load<u32>(data, 12)) >> 8 | high;
    data += 16;
    let d0 = h0 * r0 + h1 * s4 + h2 * s3 + h3 * s2 + h4 * s1;
    let d1 = h0 * r1 + h1 * r0 + h2 * s4 + h3 * s3 + h4 * s2;
    let d2 = h0 * r2 + h1 * r1 + h2 * r0 + h3 * s4 + h4 * s3;
    let d3 = h0 * r3 + h1 * r2 + h2 * r1 + h3 * r0 + h4 * s4;
    let d4 = h0 * r4 + h1 * r3 + h2 * r2 + h3 * r1 + h4 * r0;
    d1 += d0 >> 26, h0 = d0 & MASK, d2 += d1 >> 26, h1 = d1 & MASK, d3 += d2 >> 26, h2 = d2 & MASK;
    d4 += d3 >> 26, h3 = d3 & MASK, h0 += (d4 >> 26) * 5, h4 = d4 & MASK, h1 += h0 >> 26, h0 &= MASK;
  }
  store<u64>(H, h0), store<u64>(H, h1, 8), store<u64>(H, h2, 16), store<u64>(H, h3, 24), store<u64>(H, h4, 32);
}
