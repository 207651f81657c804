// SHA-256 (FIPS 180-4 §6.2).
//
// Its time depends on the number of blocks alone, never on the bytes in them.

import { SHA512_K as K } from "./sha512";

/** Bytes of a digest. */
export const SHA256_SIZE: i32 = 32;
/** Bytes of a block. */
export const SHA256_BLOCK: i32 = 64;

// FIPS 180-4 §5.3.3
const INITIAL = memory.data<u32>([
  0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
]);

// FIPS 180-4 §4.2.2, from the seventeenth on: the first sixteen stand as literals in their rounds. They are the cube roots of
// which SHA-512 takes more bits: upper halves of its constants.
const K_START: usize = 16 * 8;
const K_END: usize = 64 * 8;

/** Writes the initial hash value, eight words, to `state`. */
export function sha256Init(state: usize): void {
  memory.copy(state, INITIAL, 32);
}

// Rotations nest, so that one register carries the whole chain: rotr 6, 11 and 25 at once.
// @ts-ignore: decorator
@inline
function sum1(x: u32): u32 {
  return rotr<u32>(rotr<u32>(rotr<u32>(x, 14) ^ x, 5) ^ x, 6);
}

// @ts-ignore: decorator
@inline
function sum0(x: u32): u32 {
  return rotr<u32>(rotr<u32>(rotr<u32>(x, 9) ^ x, 11) ^ x, 2);
}

// @ts-ignore: decorator
@inline
function sigma0(x: u32): u32 {
  return rotr<u32>(rotr<u32>(x, 11) ^ x, 7) ^ (x >>> 3);
}

// @ts-ignore: decorator
@inline
function sigma1(x: u32): u32 {
  return rotr<u32>(rotr<u32>(x, 2) ^ x, 17) ^ (x >>> 10);
}

// For `swap`; read from memory into a local, as a constant would take five bytes of wasm at each use.
const MASK = memory.data<u32>([0x00ff00ff]);

// Big-endian word: two rotations of the word, and of each the bytes that it moved to the right place.
// @ts-ignore: decorator
@inline
function swap(x: u32, bytes: u32): u32 {
  const y = rotr<u32>(x, 8);
  return ((rotl<u32>(y, 16) ^ y) & bytes) ^ y;
}

/**
 * Compresses `blocks` blocks of 64 bytes at `data` into `state` (eight u32 in the machine's order).
 * The first sixteen rounds stand alone, except where the program is to be small; the others make three turns of a loop of
 * sixteen, which first moves the message schedule on in place. All 64 written out would be some 4 % faster, in twice the code.
 * maj(a, b, c) = ((a ^ b) & (b ^ c)) ^ b, where b ^ c is the a ^ b of the round before.
 */
export function sha256Blocks(state: usize, data: usize, blocks: i32): void {
  const bytes = load<u32>(MASK);
  let s0 = load<u32>(state); let a = s0;
  let s1 = load<u32>(state, 4); let b = s1;
  let s2 = load<u32>(state, 8); let c = s2;
  let s3 = load<u32>(state, 12); let d = s3;
  let s4 = load<u32>(state, 16); let e = s4;
  let s5 = load<u32>(state, 20); let f = s5;
  let s6 = load<u32>(state, 24); let g = s6;
  let s7 = load<u32>(state, 28); let h = s7;
  if (blocks <= 0) return;
  const end = data + (blocks << 6);
  do {
    let w0 = swap(load<u32>(data), bytes);
    let w1 = swap(load<u32>(data, 4), bytes);
    let w2 = swap(load<u32>(data, 8), bytes);
    let w3 = swap(load<u32>(data, 12), bytes);
    let w4 = swap(load<u32>(data, 16), bytes);
    let w5 = swap(load<u32>(data, 20), bytes);
    let w6 = swap(load<u32>(data, 24), bytes);
    let w7 = swap(load<u32>(data, 28), bytes);
    let w8 = swap(load<u32>(data, 32), bytes);
    let w9 = swap(load<u32>(data, 36), bytes);
    let w10 = swap(load<u32>(data, 40), bytes);
    let w11 = swap(load<u32>(data, 44), bytes);
    let w12 = swap(load<u32>(data, 48), bytes);
    let w13 = swap(load<u32>(data, 52), bytes);
    let w14 = swap(load<u32>(data, 56), bytes);
    let w15 = swap(load<u32>(data, 60), bytes);

    let x: u32, y = b ^ c;
    if (ASC_SHRINK_LEVEL < 2) {
      h += 0x428a2f98 + w0; h += sum1(e); h += ((f ^ g) & e) ^ g; d += h; x = a ^ b; h += (x & y) ^ b; h += sum0(a);
      g += 0x71374491 + w1; g += sum1(d); g += ((e ^ f) & d) ^ f; c += g; y = h ^ a; g += (y & x) ^ a; g += sum0(h);
      f += 0xb5c0fbcf + w2; f += sum1(c); f += ((d ^ e) & c) ^ e; b += f; x = g ^ h; f += (x & y) ^ h; f += sum0(g);
      e += 0xe9b5dba5 + w3; e += sum1(b); e += ((c ^ d) & b) ^ d; a += e; y = f ^ g; e += (y & x) ^ g; e += sum0(f);
      d += 0x3956c25b + w4; d += sum1(a); d += ((b ^ c) & a) ^ c; h += d; x = e ^ f; d += (x & y) ^ f; d += sum0(e);
      c += 0x59f111f1 + w5; c += sum1(h); c += ((a ^ b) & h) ^ b; g += c; y = d ^ e; c += (y & x) ^ e; c += sum0(d);
      b += 0x923f82a4 + w6; b += sum1(g); b += ((h ^ a) & g) ^ a; f += b; x = c ^ d; b += (x & y) ^ d; b += sum0(c);
      a += 0xab1c5ed5 + w7; a += sum1(f); a += ((g ^ h) & f) ^ h; e += a; y = b ^ c; a += (y & x) ^ c; a += sum0(b);
      h += 0xd807aa98 + w8; h += sum1(e); h += ((f ^ g) & e) ^ g; d += h; x = a ^ b; h += (x & y) ^ b; h += sum0(a);
      g += 0x12835b01 + w9; g += sum1(d); g += ((e ^ f) & d) ^ f; c += g; y = h ^ a; g += (y & x) ^ a; g += sum0(h);
      f += 0x243185be + w10; f += sum1(c); f += ((d ^ e) & c) ^ e; b += f; x = g ^ h; f += (x & y) ^ h; f += sum0(g);
      e += 0x550c7dc3 + w11; e += sum1(b); e += ((c ^ d) & b) ^ d; a += e; y = f ^ g; e += (y & x) ^ g; e += sum0(f);
      d += 0x72be5d74 + w12; d += sum1(a); d += ((b ^ c) & a) ^ c; h += d; x = e ^ f; d += (x & y) ^ f; d += sum0(e);
      c += 0x80deb1fe + w13; c += sum1(h); c += ((a ^ b) & h) ^ b; g += c; y = d ^ e; c += (y & x) ^ e; c += sum0(d);
      b += 0x9bdc06a7 + w14; b += sum1(g); b += ((h ^ a) & g) ^ a; f += b; x = c ^ d; b += (x & y) ^ d; b += sum0(c);
      a += 0xc19bf174 + w15; a += sum1(f); a += ((g ^ h) & f) ^ h; e += a; y = b ^ c; a += (y & x) ^ c; a += sum0(b);
    }

    let k = ASC_SHRINK_LEVEL > 1 ? K : K + K_START;
    do {
      if (ASC_SHRINK_LEVEL < 2 || k != K) {
        w0 += sigma0(w1) + w9; w0 += sigma1(w14);
        w1 += sigma0(w2) + w10; w1 += sigma1(w15);
        w2 += sigma0(w3) + w11; w2 += sigma1(w0);
        w3 += sigma0(w4) + w12; w3 += sigma1(w1);
        w4 += sigma0(w5) + w13; w4 += sigma1(w2);
        w5 += sigma0(w6) + w14; w5 += sigma1(w3);
        w6 += sigma0(w7) + w15; w6 += sigma1(w4);
        w7 += sigma0(w8) + w0; w7 += sigma1(w5);
        w8 += sigma0(w9) + w1; w8 += sigma1(w6);
        w9 += sigma0(w10) + w2; w9 += sigma1(w7);
        w10 += sigma0(w11) + w3; w10 += sigma1(w8);
        w11 += sigma0(w12) + w4; w11 += sigma1(w9);
        w12 += sigma0(w13) + w5; w12 += sigma1(w10);
        w13 += sigma0(w14) + w6; w13 += sigma1(w11);
        w14 += sigma0(w15) + w7; w14 += sigma1(w12);
        w15 += sigma0(w0) + w8; w15 += sigma1(w13);
      }

      h += load<u32>(k, 4) + w0; h += sum1(e); h += ((f ^ g) & e) ^ g; d += h; x = a ^ b; h += (x & y) ^ b; h += sum0(a);
      g += load<u32>(k, 12) + w1; g += sum1(d); g += ((e ^ f) & d) ^ f; c += g; y = h ^ a; g += (y & x) ^ a; g += sum0(h);
      f += load<u32>(k, 20) + w2; f += sum1(c); f += ((d ^ e) & c) ^ e; b += f; x = g ^ h; f += (x & y) ^ h; f += sum0(g);
      e += load<u32>(k, 28) + w3; e += sum1(b); e += ((c ^ d) & b) ^ d; a += e; y = f ^ g; e += (y & x) ^ g; e += sum0(f);
      d += load<u32>(k, 36) + w4; d += sum1(a); d += ((b ^ c) & a) ^ c; h += d; x = e ^ f; d += (x & y) ^ f; d += sum0(e);
      c += load<u32>(k, 44) + w5; c += sum1(h); c += ((a ^ b) & h) ^ b; g += c; y = d ^ e; c += (y & x) ^ e; c += sum0(d);
      b += load<u32>(k, 52) + w6; b += sum1(g); b += ((h ^ a) & g) ^ a; f += b; x = c ^ d; b += (x & y) ^ d; b += sum0(c);
      a += load<u32>(k, 60) + w7; a += sum1(f); a += ((g ^ h) & f) ^ h; e += a; y = b ^ c; a += (y & x) ^ c; a += sum0(b);
      h += load<u32>(k, 68) + w8; h += sum1(e); h += ((f ^ g) & e) ^ g; d += h; x = a ^ b; h += (x & y) ^ b; h += sum0(a);
      g += load<u32>(k, 76) + w9; g += sum1(d); g += ((e ^ f) & d) ^ f; c += g; y = h ^ a; g += (y & x) ^ a; g += sum0(h);
      f += load<u32>(k, 84) + w10; f += sum1(c); f += ((d ^ e) & c) ^ e; b += f; x = g ^ h; f += (x & y) ^ h; f += sum0(g);
      e += load<u32>(k, 92) + w11; e += sum1(b); e += ((c ^ d) & b) ^ d; a += e; y = f ^ g; e += (y & x) ^ g; e += sum0(f);
      d += load<u32>(k, 100) + w12; d += sum1(a); d += ((b ^ c) & a) ^ c; h += d; x = e ^ f; d += (x & y) ^ f; d += sum0(e);
      c += load<u32>(k, 108) + w13; c += sum1(h); c += ((a ^ b) & h) ^ b; g += c; y = d ^ e; c += (y & x) ^ e; c += sum0(d);
      b += load<u32>(k, 116) + w14; b += sum1(g); b += ((h ^ a) & g) ^ a; f += b; x = c ^ d; b += (x & y) ^ d; b += sum0(c);
      a += load<u32>(k, 124) + w15; a += sum1(f); a += ((g ^ h) & f) ^ h; e += a; y = b ^ c; a += (y & x) ^ c; a += sum0(b);
      k += 128;
    } while (k != K + K_END);

    s0 += a; a = s0;
    s1 += b; b = s1;
    s2 += c; c = s2;
    s3 += d; d = s3;
    s4 += e; e = s4;
    s5 += f; f = s5;
    s6 += g; g = s6;
    s7 += h; h = s7;
    data += 64;
  } while (data != end);
  store<u32>(state, s0);
  store<u32>(state, s1, 4);
  store<u32>(state, s2, 8);
  store<u32>(state, s3, 12);
  store<u32>(state, s4, 16);
  store<u32>(state, s5, 20);
  store<u32>(state, s6, 24);
  store<u32>(state, s7, 28);
}
