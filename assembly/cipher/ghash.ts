// GHASH (NIST SP 800-38D §6.4) without tables: carry-less products by integer multiplication of words in which only every
// fourth bit is taken, so that carries fall into the gaps (the idea of BearSSL's ctmul64). Sums of products are cleaned of
// the carries at their end, and reduced once for eight blocks.
//
// A block is x = F + S x^64. Of each 64-bit half two forms are kept: P, where bit i is the coefficient of x^i, and Q, its
// mirror. The low half of a product of P forms has the product's lower coefficients, that of Q forms the upper ones.
//
// Constant-time in key and data.

import { wipe } from "../memory";
import { MASKS as TURNS } from "./slice";

/** Bytes of an expanded hash key: the powers H to H^8, and how many of them are there already. */
export const GHASH_KEY: i32 = 264;
const POWERS: usize = 256;

// Every fourth bit, from each of the first four. Read from memory, as a constant would take ten bytes of wasm at each use.
const MASKS = memory.data<u64>([0x1111111111111111, 0x2222222222222222, 0x4444444444444444, 0x8888888888888888], 8);

/** Turns the order of the bytes. */
// @ts-ignore: decorator
@inline
function turnBytes(x: u64, bytes: u64, halves: u64): u64 {
  x = (x & bytes) << 8 | x >> 8 & bytes;
  x = (x & halves) << 16 | x >> 16 & halves;
  return rotl<u64>(x, 32);
}

/** Turns the order of the nibbles in each byte. */
// @ts-ignore: decorator
@inline
function turnNibbles(x: u64, nibbles: u64): u64 {
  return (x & nibbles) << 4 | x >> 4 & nibbles;
}

/** Turns the order of the bits in each byte: from a loaded word to the P form and back. */
// @ts-ignore: decorator
@inline
function turnBits(x: u64, nibbles: u64, pairs: u64, bits: u64): u64 {
  x = turnNibbles(x, nibbles);
  x = (x & pairs) << 2 | x >> 2 & pairs;
  return (x & bits) << 1 | x >> 1 & bits;
}

/** Takes the hash key, a block of 16 bytes, into `key`, GHASH_KEY bytes aligned to 8. */
export function ghashInit(key: usize, block: usize): void {
  storePower(key, block);
  store<i32>(key, 1, POWERS);
}

/** Makes `key` one without a hash key. */
export function ghashForget(key: usize): void {
  store<i32>(key, 0, POWERS);
}

/** Whether `ghashInit` gave `key` a hash key. */
export function ghashKnows(key: usize): bool {
  return load<i32>(key, POWERS) != 0;
}

/** Makes powers up to H^`wanted`: messages of a few blocks don't wait for all. */
function extendPowers(key: usize, wanted: i32): void {
  const halves = load<u64>(TURNS, 32), bytes = load<u64>(TURNS, 40);
  for (let n = load<i32>(key, POWERS); n < wanted; n++) {
    const last = key + ((n - 1) << 5);
    store<u64>(factor, turnBytes(load<u64>(last, 16), bytes, halves));
    store<u64>(factor, turnBytes(load<u64>(last, 24), bytes, halves), 8);
    memory.fill(power, 0, 16);
    // Each power is the one before times H: a hash of one block.
    ghash(power, key, factor, 16);
    storePower(key + (n << 5), power);
  }
  store<i32>(key, wanted, POWERS);
  wipe(power, 16);
  wipe(factor, 16);
}

const power = memory.data(16, 8);
const factor = memory.data(16, 8);
const tail = memory.data(128, 8);

function storePower(at: usize, block: usize): void {
  const bits = load<u64>(TURNS), pairs = load<u64>(TURNS, 8), nibbles = load<u64>(TURNS, 16);
  const halves = load<u64>(TURNS, 32), bytes = load<u64>(TURNS, 40);
  const f = load<u64>(block), s = load<u64>(block, 8);
  store<u64>(at, turnBits(f, nibbles, pairs, bits));
  store<u64>(at, turnBits(s, nibbles, pairs, bits), 8);
  store<u64>(at, turnBytes(f, bytes, halves), 16);
  store<u64>(at, turnBytes(s, bytes, halves), 24);
}

/** Takes `length` bytes, padded with zeros to whole blocks, into the hash at `state` (16 bytes). */
export function ghash(state: usize, key: usize, data: usize, length: i32): void {
  const blocks = length > 127 ? 8 : (length + 15) >>> 4;
  if (blocks > load<i32>(key, POWERS)) extendPowers(key, blocks);
  const mask0 = load<u64>(MASKS), mask1 = load<u64>(MASKS, 8), mask2 = load<u64>(MASKS, 16), mask3 = load<u64>(MASKS, 24);
  const bits = load<u64>(TURNS), pairs = load<u64>(TURNS, 8), nibbles = load<u64>(TURNS, 16);
  const halves = load<u64>(TURNS, 32), bytes = load<u64>(TURNS, 40);
  let yf = load<u64>(state), ys = load<u64>(state, 8);
  while (length > 0) {
    if (length < 128 && (length & 15) != 0) {
      memory.fill(tail, 0, 128);
      memory.copy(tail, data, length);
      data = tail;
    }
    let h = key + (((length > 127 ? 8 : (length + 15) >>> 4) - 1) << 5);
    length -= 128;
    let p0: u64 = 0, p1: u64 = 0, p2: u64 = 0, p3: u64 = 0, q0: u64 = 0, q1: u64 = 0, q2: u64 = 0, q3: u64 = 0;
    let r0: u64 = 0, r1: u64 = 0, r2: u64 = 0, r3: u64 = 0, u0: u64 = 0, u1: u64 = 0, u2: u64 = 0, u3: u64 = 0;
    let v0: u64 = 0, v1: u64 = 0, v2: u64 = 0, v3: u64 = 0, w0: u64 = 0, w1: u64 = 0, w2: u64 = 0, w3: u64 = 0;
    do {
      const f = load<u64>(data) ^ yf, s = load<u64>(data, 8) ^ ys;
      data += 16, yf = 0, ys = 0;
      let g = load<u64>(h), k = load<u64>(h, 8);
      let g0 = g & mask0, g1 = g & mask1, g2 = g & mask2, g3 = g & mask3;
      let k0 = k & mask0, k1 = k & mask1, k2 = k & mask2, k3 = k & mask3;
      // P form of the data: of its bits turned in the byte, only the nibbles need turning before every fourth is taken.
      g = turnNibbles(f, nibbles), k = turnNibbles(s, nibbles);
      let f0 = g >> 3 & mask0, f1 = g >> 1 & mask1, f2 = g << 1 & mask2, f3 = g << 3 & mask3;
      let s0 = k >> 3 & mask0, s1 = k >> 1 & mask1, s2 = k << 1 & mask2, s3 = k << 3 & mask3;
      p0 ^= f0 * g0 ^ f1 * g3 ^ f2 * g2 ^ f3 * g1;
      p1 ^= f0 * g1 ^ f1 * g0 ^ f2 * g3 ^ f3 * g2;
      p2 ^= f0 * g2 ^ f1 * g1 ^ f2 * g0 ^ f3 * g3;
      p3 ^= f0 * g3 ^ f1 * g2 ^ f2 * g1 ^ f3 * g0;
      q0 ^= s0 * k0 ^ s1 * k3 ^ s2 * k2 ^ s3 * k1;
      q1 ^= s0 * k1 ^ s1 * k0 ^ s2 * k3 ^ s3 * k2;
      q2 ^= s0 * k2 ^ s1 * k1 ^ s2 * k0 ^ s3 * k3;
      q3 ^= s0 * k3 ^ s1 * k2 ^ s2 * k1 ^ s3 * k0;
      g0 ^= k0, g1 ^= k1, g2 ^= k2, g3 ^= k3, f0 ^= s0, f1 ^= s1, f2 ^= s2, f3 ^= s3;
      r0 ^= f0 * g0 ^ f1 * g3 ^ f2 * g2 ^ f3 * g1;
      r1 ^= f0 * g1 ^ f1 * g0 ^ f2 * g3 ^ f3 * g2;
      r2 ^= f0 * g2 ^ f1 * g1 ^ f2 * g0 ^ f3 * g3;
      r3 ^= f0 * g3 ^ f1 * g2 ^ f2 * g1 ^ f3 * g0;

      g = load<u64>(h, 16), k = load<u64>(h, 24);
      g0 = g & mask0, g1 = g & mask1, g2 = g & mask2, g3 = g & mask3;
      k0 = k & mask0, k1 = k & mask1, k2 = k & mask2, k3 = k & mask3;
      g = turnBytes(f, bytes, halves), k = turnBytes(s, bytes, halves);
      f0 = g & mask0, f1 = g & mask1, f2 = g & mask2, f3 = g & mask3;
      s0 = k & mask0, s1 = k & mask1, s2 = k & mask2, s3 = k & mask3;
      u0 ^= f0 * g0 ^ f1 * g3 ^ f2 * g2 ^ f3 * g1;
      u1 ^= f0 * g1 ^ f1 * g0 ^ f2 * g3 ^ f3 * g2;
      u2 ^= f0 * g2 ^ f1 * g1 ^ f2 * g0 ^ f3 * g3;
      u3 ^= f0 * g3 ^ f1 * g2 ^ f2 * g1 ^ f3 * g0;
      v0 ^= s0 * k0 ^ s1 * k3 ^ s2 * k2 ^ s3 * k1;
      v1 ^= s0 * k1 ^ s1 * k0 ^ s2 * k3 ^ s3 * k2;
      v2 ^= s0 * k2 ^ s1 * k1 ^ s2 * k0 ^ s3 * k3;
      v3 ^= s0 * k3 ^ s1 * k2 ^ s2 * k1 ^ s3 * k0;
      g0 ^= k0, g1 ^= k1, g2 ^= k2, g3 ^= k3, f0 ^= s0, f1 ^= s1, f2 ^= s2, f3 ^= s3;
      w0 ^= f0 * g0 ^ f1 * g3 ^ f2 * g2 ^ f3 * g1;
      w1 ^= f0 * g1 ^ f1 * g0 ^ f2 * g3 ^ f3 * g2;
      w2 ^= f0 * g2 ^ f1 * g1 ^ f2 * g0 ^ f3 * g3;
      w3 ^= f0 * g3 ^ f1 * g2 ^ f2 * g1 ^ f3 * g0;
    } while ((h -= 32) >= key);

    // Karatsuba: the middle product is that of the sums less both others. Upper coefficients stand one bit too low.
    const ff = p0 & mask0 | p1 & mask1 | p2 & mask2 | p3 & mask3, ss = q0 & mask0 | q1 & mask1 | q2 & mask2 | q3 & mask3;
    const low = ff ^ ss ^ (r0 & mask0 | r1 & mask1 | r2 & mask2 | r3 & mask3);
    const fh = (u0 & mask0 | u1 & mask1 | u2 & mask2 | u3 & mask3) << 1, sh = (v0 & mask0 | v1 & mask1 | v2 & mask2 | v3 & mask3) << 1;
    const high = fh ^ sh ^ (w0 & mask0 | w1 & mask1 | w2 & mask2 | w3 & mask3) << 1;

    // Modulo x^128 + x^7 + x^2 + x + 1. P forms have the words ff, low, ss; Q forms, one word up, fh, high, sh.
    const h2 = high ^ sh << 63 ^ sh << 62 ^ sh << 57;
    yf = turnBits(ff ^ ss ^ ss << 1 ^ ss << 2 ^ ss << 7, nibbles, pairs, bits) ^ turnBytes(h2 ^ h2 >> 1 ^ h2 >> 2 ^ h2 >> 7, bytes, halves);
    ys = turnBits(low ^ ss >> 63 ^ ss >> 62 ^ ss >> 57, nibbles, pairs, bits)
      ^ turnBytes(fh ^ sh ^ sh >> 1 ^ sh >> 2 ^ sh >> 7 ^ h2 << 63 ^ h2 << 62 ^ h2 << 57, bytes, halves);
  }
  store<u64>(state, yf);
  store<u64>(state, ys, 8);
}
