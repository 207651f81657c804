// SHA-512 and SHA-384 (FIPS 180-4 §6.4, §6.5): one compression, two initial values, and a cut.
//
// Their time depends on the number of blocks alone, never on the bytes in them.

/** Bytes of a digest. */
export const SHA512_SIZE: i32 = 64;
export const SHA384_SIZE: i32 = 48;
/** Bytes of a block of either. */
export const SHA512_BLOCK: i32 = 128;

// FIPS 180-4 §5.3.5
const INITIAL_512 = memory.data<u64>([
  0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b, 0xa54ff53a5f1d36f1,
  0x510e527fade682d1, 0x9b05688c2b3e6c1f, 0x1f83d9abfb41bd6b, 0x5be0cd19137e2179,
]);

// FIPS 180-4 §5.3.4
const INITIAL_384 = memory.data<u64>([
  0xcbbb9d5dc1059ed8, 0x629a292a367cd507, 0x9159015a3070dd17, 0x152fecd8f70e5939,
  0x67332667ffc00b31, 0x8eb44a8768581511, 0xdb0c2e0d64f98fa7, 0x47b5481dbefa4fa4,
]);

/** FIPS 180-4 §4.2.3. */
export const SHA512_K = memory.data<u64>([
  0x428a2f98d728ae22, 0x7137449123ef65cd, 0xb5c0fbcfec4d3b2f, 0xe9b5dba58189dbbc,
  0x3956c25bf348b538, 0x59f111f1b605d019, 0x923f82a4af194f9b, 0xab1c5ed5da6d8118,
  0xd807aa98a3030242, 0x12835b0145706fbe, 0x243185be4ee4b28c, 0x550c7dc3d5ffb4e2,
  0x72be5d74f27b896f, 0x80deb1fe3b1696b1, 0x9bdc06a725c71235, 0xc19bf174cf692694,
  0xe49b69c19ef14ad2, 0xefbe4786384f25e3, 0x0fc19dc68b8cd5b5, 0x240ca1cc77ac9c65,
  0x2de92c6f592b0275, 0x4a7484aa6ea6e483, 0x5cb0a9dcbd41fbd4, 0x76f988da831153b5,
  0x983e5152ee66dfab, 0xa831c66d2db43210, 0xb00327c898fb213f, 0xbf597fc7beef0ee4,
  0xc6e00bf33da88fc2, 0xd5a79147930aa725, 0x06ca6351e003826f, 0x142929670a0e6e70,
  0x27b70a8546d22ffc, 0x2e1b21385c26c926, 0x4d2c6dfc5ac42aed, 0x53380d139d95b3df,
  0x650a73548baf63de, 0x766a0abb3c77b2a8, 0x81c2c92e47edaee6, 0x92722c851482353b,
  0xa2bfe8a14cf10364, 0xa81a664bbc423001, 0xc24b8b70d0f89791, 0xc76c51a30654be30,
  0xd192e819d6ef5218, 0xd69906245565a910, 0xf40e35855771202a, 0x106aa07032bbd1b8,
  0x19a4c116b8d2d0c8, 0x1e376c085141ab53, 0x2748774cdf8eeb99, 0x34b0bcb5e19b48a8,
  0x391c0cb3c5c95a63, 0x4ed8aa4ae3418acb, 0x5b9cca4f7763e373, 0x682e6ff3d6b2b8a3,
  0x748f82ee5defb2fc, 0x78a5636f43172f60, 0x84c87814a1f0ab72, 0x8cc702081a6439ec,
  0x90befffa23631e28, 0xa4506cebde82bde9, 0xbef9a3f7b2c67915, 0xc67178f2e372532b,
  0xca273eceea26619c, 0xd186b8c721c0c207, 0xeada7dd6cde0eb1e, 0xf57d4f7fee6ed178,
  0x06f067aa72176fba, 0x0a637dc5a2c898a6, 0x113f9804bef90dae, 0x1b710b35131c471b,
  0x28db77f523047d84, 0x32caab7b40c72493, 0x3c9ebe0a15c9bebc, 0x431d67c49c100d4c,
  0x4cc5d4becb3e42b6, 0x597f299cfc657e2a, 0x5fcb6fab3ad6faec, 0x6c44198c4a475817,
]);
const K_LAST: usize = 64 * 8;

/** Writes SHA-512's initial hash value, eight 64-bit words, to `state`. */
export function sha512Init(state: usize): void {
  memory.copy(state, INITIAL_512, 64);
}

/** Writes SHA-384's initial hash value, eight 64-bit words, to `state`. */
export function sha384Init(state: usize): void {
  memory.copy(state, INITIAL_384, 64);
}

// Rotations nest, so that one register carries the whole chain: rotr 14, 18 and 41 at once.
// @ts-ignore: decorator
@inline
function sum1(x: u64): u64 {
  return rotr<u64>(rotr<u64>(rotr<u64>(x, 23) ^ x, 4) ^ x, 14);
}

// @ts-ignore: decorator
@inline
function sum0(x: u64): u64 {
  return rotr<u64>(rotr<u64>(rotr<u64>(x, 5) ^ x, 6) ^ x, 28);
}

// @ts-ignore: decorator
@inline
function sigma0(x: u64): u64 {
  return rotr<u64>(rotr<u64>(x, 7) ^ x, 1) ^ (x >>> 7);
}

// @ts-ignore: decorator
@inline
function sigma1(x: u64): u64 {
  return rotr<u64>(rotr<u64>(x, 42) ^ x, 19) ^ (x >>> 6);
}

// For `swap`; read from memory into locals, as a constant would take ten bytes of wasm at each use.
const MASKS = memory.data<u64>([0xff00ff00ff00ff00, 0x0000ffff0000ffff], 8);

// Big-endian word: the bytes change places in each half-word, then the half-words in the word.
// @ts-ignore: decorator
@inline
function swap(x: u64, bytes: u64, halves: u64): u64 {
  const y = rotr<u64>(x, 8);
  const z = rotr<u64>(((rotl<u64>(y, 16) ^ y) & bytes) ^ y, 16);
  return ((rotl<u64>(z, 32) ^ z) & halves) ^ z;
}

/**
 * Compresses `blocks` blocks of 128 bytes at `data` into `state` (eight u64 in the machine's order).
 * Sixteen rounds make one turn of the inner loop; the message schedule moves on in place between the turns.
 * maj(a, b, c) = ((a ^ b) & (b ^ c)) ^ b, where b ^ c is the a ^ b of the round before.
 */
export function sha512Blocks(state: usize, data: usize, blocks: i32): void {
  const bytes = load<u64>(MASKS), halves = load<u64>(MASKS, 8);
  let s0 = load<u64>(state); let a = s0;
  let s1 = load<u64>(state, 8); let b = s1;
  let s2 = load<u64>(state, 16); let c = s2;
  let s3 = load<u64>(state, 24); let d = s3;
  let s4 = load<u64>(state, 32); let e = s4;
  let s5 = load<u64>(state, 40); let f = s5;
  let s6 = load<u64>(state, 48); let g = s6;
  let s7 = load<u64>(state, 56); let h = s7;
  if (blocks <= 0) return;
  const end = data + (blocks << 7);
  do {
    let w0 = swap(load<u64>(data), bytes, halves);
    let w1 = swap(load<u64>(data, 8), bytes, halves);
    let w2 = swap(load<u64>(data, 16), bytes, halves);
    let w3 = swap(load<u64>(data, 24), bytes, halves);
    let w4 = swap(load<u64>(data, 32), bytes, halves);
    let w5 = swap(load<u64>(data, 40), bytes, halves);
    let w6 = swap(load<u64>(data, 48), bytes, halves);
    let w7 = swap(load<u64>(data, 56), bytes, halves);
    let w8 = swap(load<u64>(data, 64), bytes, halves);
    let w9 = swap(load<u64>(data, 72), bytes, halves);
    let w10 = swap(load<u64>(data, 80), bytes, halves);
    let w11 = swap(load<u64>(data, 88), bytes, halves);
    let w12 = swap(load<u64>(data, 96), bytes, halves);
    let w13 = swap(load<u64>(data, 104), bytes, halves);
    let w14 = swap(load<u64>(data, 112), bytes, halves);
    let w15 = swap(load<u64>(data, 120), bytes, halves);
    let k = SHA512_K;
    let x: u64, y = b ^ c;
    for (;;) {
      h += load<u64>(k) + w0; h += sum1(e); h += ((f ^ g) & e) ^ g; d += h; x = a ^ b; h += (x & y) ^ b; h += sum0(a);
      g += load<u64>(k, 8) + w1; g += sum1(d); g += ((e ^ f) & d) ^ f; c += g; y = h ^ a; g += (y & x) ^ a; g += sum0(h);
      f += load<u64>(k, 16) + w2; f += sum1(c); f += ((d ^ e) & c) ^ e; b += f; x = g ^ h; f += (x & y) ^ h; f += sum0(g);
      e += load<u64>(k, 24) + w3; e += sum1(b); e += ((c ^ d) & b) ^ d; a += e; y = f ^ g; e += (y & x) ^ g; e += sum0(f);
      d += load<u64>(k, 32) + w4; d += sum1(a); d += ((b ^ c) & a) ^ c; h += d; x = e ^ f; d += (x & y) ^ f; d += sum0(e);
      c += load<u64>(k, 40) + w5; c += sum1(h); c += ((a ^ b) & h) ^ b; g += c; y = d ^ e; c += (y & x) ^ e; c += sum0(d);
      b += load<u64>(k, 48) + w6; b += sum1(g); b += ((h ^ a) & g) ^ a; f += b; x = c ^ d; b += (x & y) ^ d; b += sum0(c);
      a += load<u64>(k, 56) + w7; a += sum1(f); a += ((g ^ h) & f) ^ h; e += a; y = b ^ c; a += (y & x) ^ c; a += sum0(b);
      h += load<u64>(k, 64) + w8; h += sum1(e); h += ((f ^ g) & e) ^ g; d += h; x = a ^ b; h += (x & y) ^ b; h += sum0(a);
      g += load<u64>(k, 72) + w9; g += sum1(d); g += ((e ^ f) & d) ^ f; c += g; y = h ^ a; g += (y & x) ^ a; g += sum0(h);
      f += load<u64>(k, 80) + w10; f += sum1(c); f += ((d ^ e) & c) ^ e; b += f; x = g ^ h; f += (x & y) ^ h; f += sum0(g);
      e += load<u64>(k, 88) + w11; e += sum1(b); e += ((c ^ d) & b) ^ d; a += e; y = f ^ g; e += (y & x) ^ g; e += sum0(f);
      d += load<u64>(k, 96) + w12; d += sum1(a); d += ((b ^ c) & a) ^ c; h += d; x = e ^ f; d += (x & y) ^ f; d += sum0(e);
      c += load<u64>(k, 104) + w13; c += sum1(h); c += ((a ^ b) & h) ^ b; g += c; y = d ^ e; c += (y & x) ^ e; c += sum0(d);
      b += load<u64>(k, 112) + w14; b += sum1(g); b += ((h ^ a) & g) ^ a; f += b; x = c ^ d; b += (x & y) ^ d; b += sum0(c);
      a += load<u64>(k, 120) + w15; a += sum1(f); a += ((g ^ h) & f) ^ h; e += a; y = b ^ c; a += (y & x) ^ c; a += sum0(b);
      if (k == SHA512_K + K_LAST) break;
      k += 128;
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
    s0 += a; a = s0;
    s1 += b; b = s1;
    s2 += c; c = s2;
    s3 += d; d = s3;
    s4 += e; e = s4;
    s5 += f; f = s5;
    s6 += g; g = s6;
    s7 += h; h = s7;
    data += 128;
  } while (data != end);
  store<u64>(state, s0);
  store<u64>(state, s1, 8);
  store<u64>(state, s2, 16);
  store<u64>(state, s3, 24);
  store<u64>(state, s4, 32);
  store<u64>(state, s5, 40);
  store<u64>(state, s6, 48);
  store<u64>(state, s7, 56);
}
