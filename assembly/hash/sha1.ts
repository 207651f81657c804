// SHA-1 (FIPS 180-4 §6.1). Broken for signatures; still sound inside HMAC and the PRFs of TLS 1.0 to 1.2.
//
// Its time depends on the number of blocks alone, never on the bytes in them.

/** Bytes of a digest. */
export const SHA1_SIZE: i32 = 20;
/** Bytes of a block. */
export const SHA1_BLOCK: i32 = 64;

// FIPS 180-4 §5.3.1
const INITIAL = memory.data<u32>([0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0]);

// FIPS 180-4 §4.2.1
const K0: u32 = 0x5a827999;
const K1: u32 = 0x6ed9eba1;
const K2: u32 = 0x8f1bbcdc;
const K3: u32 = 0xca62c1d6;

/** Writes the initial hash value, five words, to `state`. */
export function sha1Init(state: usize): void {
  memory.copy(state, INITIAL, 20);
}

// @ts-ignore: decorator
@inline
function choose(x: u32, y: u32, z: u32): u32 {
  return ((y ^ z) & x) ^ z;
}

// @ts-ignore: decorator
@inline
function majority(x: u32, y: u32, z: u32): u32 {
  return ((x ^ z) & (y ^ z)) ^ z;
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
 * Compresses `blocks` blocks of 64 bytes at `data` into `state` (five u32 in the machine's order).
 * Rounds 20 to 39 and 60 to 79 differ in their constant alone and share their code. Forty rounds further on, the message
 * schedule stands eight words further on in its sixteen: the halves change places between the two turns.
 */
export function sha1Blocks(state: usize, data: usize, blocks: i32): void {
  const bytes = load<u32>(MASK);
  let s0 = load<u32>(state); let a = s0;
  let s1 = load<u32>(state, 4); let b = s1;
  let s2 = load<u32>(state, 8); let c = s2;
  let s3 = load<u32>(state, 12); let d = s3;
  let s4 = load<u32>(state, 16); let e = s4;
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
    let t: u32;

    e += choose(b, c, d) + w0 + K0; e += rotl<u32>(a, 5); b = rotl<u32>(b, 30);
    d += choose(a, b, c) + w1 + K0; d += rotl<u32>(e, 5); a = rotl<u32>(a, 30);
    c += choose(e, a, b) + w2 + K0; c += rotl<u32>(d, 5); e = rotl<u32>(e, 30);
    b += choose(d, e, a) + w3 + K0; b += rotl<u32>(c, 5); d = rotl<u32>(d, 30);
    a += choose(c, d, e) + w4 + K0; a += rotl<u32>(b, 5); c = rotl<u32>(c, 30);
    e += choose(b, c, d) + w5 + K0; e += rotl<u32>(a, 5); b = rotl<u32>(b, 30);
    d += choose(a, b, c) + w6 + K0; d += rotl<u32>(e, 5); a = rotl<u32>(a, 30);
    c += choose(e, a, b) + w7 + K0; c += rotl<u32>(d, 5); e = rotl<u32>(e, 30);
    b += choose(d, e, a) + w8 + K0; b += rotl<u32>(c, 5); d = rotl<u32>(d, 30);
    a += choose(c, d, e) + w9 + K0; a += rotl<u32>(b, 5); c = rotl<u32>(c, 30);
    e += choose(b, c, d) + w10 + K0; e += rotl<u32>(a, 5); b = rotl<u32>(b, 30);
    d += choose(a, b, c) + w11 + K0; d += rotl<u32>(e, 5); a = rotl<u32>(a, 30);
    c += choose(e, a, b) + w12 + K0; c += rotl<u32>(d, 5); e = rotl<u32>(e, 30);
    b += choose(d, e, a) + w13 + K0; b += rotl<u32>(c, 5); d = rotl<u32>(d, 30);
    a += choose(c, d, e) + w14 + K0; a += rotl<u32>(b, 5); c = rotl<u32>(c, 30);
    e += choose(b, c, d) + w15 + K0; e += rotl<u32>(a, 5); b = rotl<u32>(b, 30);
    w0 = rotl<u32>(w13 ^ w8 ^ w2 ^ w0, 1); d += choose(a, b, c) + w0 + K0; d += rotl<u32>(e, 5); a = rotl<u32>(a, 30);
    w1 = rotl<u32>(w14 ^ w9 ^ w3 ^ w1, 1); c += choose(e, a, b) + w1 + K0; c += rotl<u32>(d, 5); e = rotl<u32>(e, 30);
    w2 = rotl<u32>(w15 ^ w10 ^ w4 ^ w2, 1); b += choose(d, e, a) + w2 + K0; b += rotl<u32>(c, 5); d = rotl<u32>(d, 30);
    w3 = rotl<u32>(w0 ^ w11 ^ w5 ^ w3, 1); a += choose(c, d, e) + w3 + K0; a += rotl<u32>(b, 5); c = rotl<u32>(c, 30);

    for (let k = K1;; k = K3) {
      w4 = rotl<u32>(w1 ^ w12 ^ w6 ^ w4, 1); e += (b ^ c ^ d) + w4 + k; e += rotl<u32>(a, 5); b = rotl<u32>(b, 30);
      w5 = rotl<u32>(w2 ^ w13 ^ w7 ^ w5, 1); d += (a ^ b ^ c) + w5 + k; d += rotl<u32>(e, 5); a = rotl<u32>(a, 30);
      w6 = rotl<u32>(w3 ^ w14 ^ w8 ^ w6, 1); c += (e ^ a ^ b) + w6 + k; c += rotl<u32>(d, 5); e = rotl<u32>(e, 30);
      w7 = rotl<u32>(w4 ^ w15 ^ w9 ^ w7, 1); b += (d ^ e ^ a) + w7 + k; b += rotl<u32>(c, 5); d = rotl<u32>(d, 30);
      w8 = rotl<u32>(w5 ^ w0 ^ w10 ^ w8, 1); a += (c ^ d ^ e) + w8 + k; a += rotl<u32>(b, 5); c = rotl<u32>(c, 30);
      w9 = rotl<u32>(w6 ^ w1 ^ w11 ^ w9, 1); e += (b ^ c ^ d) + w9 + k; e += rotl<u32>(a, 5); b = rotl<u32>(b, 30);
      w10 = rotl<u32>(w7 ^ w2 ^ w12 ^ w10, 1); d += (a ^ b ^ c) + w10 + k; d += rotl<u32>(e, 5); a = rotl<u32>(a, 30);
      w11 = rotl<u32>(w8 ^ w3 ^ w13 ^ w11, 1); c += (e ^ a ^ b) + w11 + k; c += rotl<u32>(d, 5); e = rotl<u32>(e, 30);
      w12 = rotl<u32>(w9 ^ w4 ^ w14 ^ w12, 1); b += (d ^ e ^ a) + w12 + k; b += rotl<u32>(c, 5); d = rotl<u32>(d, 30);
      w13 = rotl<u32>(w10 ^ w5 ^ w15 ^ w13, 1); a += (c ^ d ^ e) + w13 + k; a += rotl<u32>(b, 5); c = rotl<u32>(c, 30);
      w14 = rotl<u32>(w11 ^ w6 ^ w0 ^ w14, 1); e += (b ^ c ^ d) + w14 + k; e += rotl<u32>(a, 5); b = rotl<u32>(b, 30);
      w15 = rotl<u32>(w12 ^ w7 ^ w1 ^ w15, 1); d += (a ^ b ^ c) + w15 + k; d += rotl<u32>(e, 5); a = rotl<u32>(a, 30);
      w0 = rotl<u32>(w13 ^ w8 ^ w2 ^ w0, 1); c += (e ^ a ^ b) + w0 + k; c += rotl<u32>(d, 5); e = rotl<u32>(e, 30);
      w1 = rotl<u32>(w14 ^ w9 ^ w3 ^ w1, 1); b += (d ^ e ^ a) + w1 + k; b += rotl<u32>(c, 5); d = rotl<u32>(d, 30);
      w2 = rotl<u32>(w15 ^ w10 ^ w4 ^ w2, 1); a += (c ^ d ^ e) + w2 + k; a += rotl<u32>(b, 5); c = rotl<u32>(c, 30);
      w3 = rotl<u32>(w0 ^ w11 ^ w5 ^ w3, 1); e += (b ^ c ^ d) + w3 + k; e += rotl<u32>(a, 5); b = rotl<u32>(b, 30);
      w4 = rotl<u32>(w1 ^ w12 ^ w6 ^ w4, 1); d += (a ^ b ^ c) + w4 + k; d += rotl<u32>(e, 5); a = rotl<u32>(a, 30);
      w5 = rotl<u32>(w2 ^ w13 ^ w7 ^ w5, 1); c += (e ^ a ^ b) + w5 + k; c += rotl<u32>(d, 5); e = rotl<u32>(e, 30);
      w6 = rotl<u32>(w3 ^ w14 ^ w8 ^ w6, 1); b += (d ^ e ^ a) + w6 + k; b += rotl<u32>(c, 5); d = rotl<u32>(d, 30);
      w7 = rotl<u32>(w4 ^ w15 ^ w9 ^ w7, 1); a += (c ^ d ^ e) + w7 + k; a += rotl<u32>(b, 5); c = rotl<u32>(c, 30);
      if (k == K3) break;

      w8 = rotl<u32>(w5 ^ w0 ^ w10 ^ w8, 1); e += majority(b, c, d) + w8 + K2; e += rotl<u32>(a, 5); b = rotl<u32>(b, 30);
      w9 = rotl<u32>(w6 ^ w1 ^ w11 ^ w9, 1); d += majority(a, b, c) + w9 + K2; d += rotl<u32>(e, 5); a = rotl<u32>(a, 30);
      w10 = rotl<u32>(w7 ^ w2 ^ w12 ^ w10, 1); c += majority(e, a, b) + w10 + K2; c += rotl<u32>(d, 5); e = rotl<u32>(e, 30);
      w11 = rotl<u32>(w8 ^ w3 ^ w13 ^ w11, 1); b += majority(d, e, a) + w11 + K2; b += rotl<u32>(c, 5); d = rotl<u32>(d, 30);
      w12 = rotl<u32>(w9 ^ w4 ^ w14 ^ w12, 1); a += majority(c, d, e) + w12 + K2; a += rotl<u32>(b, 5); c = rotl<u32>(c, 30);
      w13 = rotl<u32>(w10 ^ w5 ^ w15 ^ w13, 1); e += majority(b, c, d) + w13 + K2; e += rotl<u32>(a, 5); b = rotl<u32>(b, 30);
      w14 = rotl<u32>(w11 ^ w6 ^ w0 ^ w14, 1); d += majority(a, b, c) + w14 + K2; d += rotl<u32>(e, 5); a = rotl<u32>(a, 30);
      w15 = rotl<u32>(w12 ^ w7 ^ w1 ^ w15, 1); c += majority(e, a, b) + w15 + K2; c += rotl<u32>(d, 5); e = rotl<u32>(e, 30);
      w0 = rotl<u32>(w13 ^ w8 ^ w2 ^ w0, 1); b += majority(d, e, a) + w0 + K2; b += rotl<u32>(c, 5); d = rotl<u32>(d, 30);
      w1 = rotl<u32>(w14 ^ w9 ^ w3 ^ w1, 1); a += majority(c, d, e) + w1 + K2; a += rotl<u32>(b, 5); c = rotl<u32>(c, 30);
      w2 = rotl<u32>(w15 ^ w10 ^ w4 ^ w2, 1); e += majority(b, c, d) + w2 + K2; e += rotl<u32>(a, 5); b = rotl<u32>(b, 30);
      w3 = rotl<u32>(w0 ^ w11 ^ w5 ^ w3, 1); d += majority(a, b, c) + w3 + K2; d += rotl<u32>(e, 5); a = rotl<u32>(a, 30);
      w4 = rotl<u32>(w1 ^ w12 ^ w6 ^ w4, 1); c += majority(e, a, b) + w4 + K2; c += rotl<u32>(d, 5); e = rotl<u32>(e, 30);
      w5 = rotl<u32>(w2 ^ w13 ^ w7 ^ w5, 1); b += majority(d, e, a) + w5 + K2; b += rotl<u32>(c, 5); d = rotl<u32>(d, 30);
      w6 = rotl<u32>(w3 ^ w14 ^ w8 ^ w6, 1); a += majority(c, d, e) + w6 + K2; a += rotl<u32>(b, 5); c = rotl<u32>(c, 30);
      w7 = rotl<u32>(w4 ^ w15 ^ w9 ^ w7, 1); e += majority(b, c, d) + w7 + K2; e += rotl<u32>(a, 5); b = rotl<u32>(b, 30);
      w8 = rotl<u32>(w5 ^ w0 ^ w10 ^ w8, 1); d += majority(a, b, c) + w8 + K2; d += rotl<u32>(e, 5); a = rotl<u32>(a, 30);
      w9 = rotl<u32>(w6 ^ w1 ^ w11 ^ w9, 1); c += majority(e, a, b) + w9 + K2; c += rotl<u32>(d, 5); e = rotl<u32>(e, 30);
      w10 = rotl<u32>(w7 ^ w2 ^ w12 ^ w10, 1); b += majority(d, e, a) + w10 + K2; b += rotl<u32>(c, 5); d = rotl<u32>(d, 30);
      w11 = rotl<u32>(w8 ^ w3 ^ w13 ^ w11, 1); a += majority(c, d, e) + w11 + K2; a += rotl<u32>(b, 5); c = rotl<u32>(c, 30);

      t = w0; w0 = w8; w8 = t;
      t = w1; w1 = w9; w9 = t;
      t = w2; w2 = w10; w10 = t;
      t = w3; w3 = w11; w11 = t;
      t = w4; w4 = w12; w12 = t;
      t = w5; w5 = w13; w13 = t;
      t = w6; w6 = w14; w14 = t;
      t = w7; w7 = w15; w15 = t;
    }

    s0 += a; a = s0;
    s1 += b; b = s1;
    s2 += c; c = s2;
    s3 += d; d = s3;
    s4 += e; e = s4;
    data += 64;
  } while (data != end);
  store<u32>(state, s0);
  store<u32>(state, s1, 4);
  store<u32>(state, s2, 8);
  store<u32>(state, s3, 12);
  store<u32>(state, s4, 16);
}
