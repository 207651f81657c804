// The hashes again, in AssemblyScript and written as their standards write them: no speed, nothing reordered.
//
// A rotation of a word is a shift of that word written twice: of a u64 for 32-bit words, of as-bignum's u128 for 64-bit
// words. The constants come in from the test, which computes them from their definitions.
import { u128 } from "as-bignum/assembly";

export function allocate(length: i32): usize {
  return heap.alloc(length);
}

export function release(pointer: usize, length: i32): void {
  heap.free(pointer);
}

function rotr32(x: u32, n: i32): u32 {
  return <u32>(((<u64>x << 32) | x) >> n);
}

function rotl32(x: u32, n: i32): u32 {
  return rotr32(x, 32 - n);
}

function rotr64(x: u64, n: i32): u64 {
  return (new u128(x, x) >> n).lo;
}

// FIPS 180-4 §5.1, RFC 1321 §3.1 and §3.2: a one, zeros, and the length in bits.
function pad(data: usize, length: i32, block: i32, lengthBytes: i32, bigEndian: bool): StaticArray<u8> {
  const zeros = block - 1 - ((length + lengthBytes) % block);
  const padded = new StaticArray<u8>(length + 1 + zeros + lengthBytes);
  for (let i = 0; i < length; i++) padded[i] = load<u8>(data + i);
  padded[length] = 0x80;
  const bits = u128.fromI32(length) * u128.fromI32(8);
  for (let i = 0; i < lengthBytes; i++) {
    const byte = bigEndian ? lengthBytes - 1 - i : i;
    padded[length + 1 + zeros + i] = <u8>(bits >> (8 * byte)).lo;
  }
  return padded;
}

// FIPS 180-4 §6.4.2; `initial` eight words, `k` eighty. Writes the eight words of the hash.
export function sha512(initial: usize, k: usize, data: usize, length: i32, out: usize): void {
  const message = pad(data, length, 128, 16, true);
  const H = new StaticArray<u64>(8);
  for (let i = 0; i < 8; i++) H[i] = load<u64>(initial + 8 * i);
  for (let block = 0; block < message.length; block += 128) {
    const W = new StaticArray<u64>(80);
    for (let t = 0; t < 16; t++) {
      for (let i = 0; i < 8; i++) W[t] = (W[t] << 8) | message[block + 8 * t + i];
    }
    for (let t = 16; t < 80; t++) {
      const s1 = rotr64(W[t - 2], 19) ^ rotr64(W[t - 2], 61) ^ (W[t - 2] >> 6);
      const s0 = rotr64(W[t - 15], 1) ^ rotr64(W[t - 15], 8) ^ (W[t - 15] >> 7);
      W[t] = s1 + W[t - 7] + s0 + W[t - 16];
    }
    let a = H[0], b = H[1], c = H[2], d = H[3], e = H[4], f = H[5], g = H[6], h = H[7];
    for (let t = 0; t < 80; t++) {
      const sum1 = rotr64(e, 14) ^ rotr64(e, 18) ^ rotr64(e, 41);
      const sum0 = rotr64(a, 28) ^ rotr64(a, 34) ^ rotr64(a, 39);
      const t1 = h + sum1 + ((e & f) ^ (~e & g)) + load<u64>(k + 8 * t) + W[t];
      const t2 = sum0 + ((a & b) ^ (a & c) ^ (b & c));
      h = g; g = f; f = e; e = d + t1;
      d = c; c = b; b = a; a = t1 + t2;
    }
    H[0] += a; H[1] += b; H[2] += c; H[3] += d; H[4] += e; H[5] += f; H[6] += g; H[7] += h;
  }
  for (let i = 0; i < 64; i++) store<u8>(out + i, <u8>(H[i / 8] >> (56 - 8 * (i % 8))));
}

// FIPS 180-4 §6.2.2; `initial` eight words, `k` sixty-four.
export function sha256(initial: usize, k: usize, data: usize, length: i32, out: usize): void {
  const message = pad(data, length, 64, 8, true);
  const H = new StaticArray<u32>(8);
  for (let i = 0; i < 8; i++) H[i] = load<u32>(initial + 4 * i);
  for (let block = 0; block < message.length; block += 64) {
    const W = new StaticArray<u32>(64);
    for (let t = 0; t < 16; t++) {
      for (let i = 0; i < 4; i++) W[t] = (W[t] << 8) | message[block + 4 * t + i];
    }
    for (let t = 16; t < 64; t++) {
      const s1 = rotr32(W[t - 2], 17) ^ rotr32(W[t - 2], 19) ^ (W[t - 2] >> 10);
      const s0 = rotr32(W[t - 15], 7) ^ rotr32(W[t - 15], 18) ^ (W[t - 15] >> 3);
      W[t] = s1 + W[t - 7] + s0 + W[t - 16];
    }
    let a = H[0], b = H[1], c = H[2], d = H[3], e = H[4], f = H[5], g = H[6], h = H[7];
    for (let t = 0; t < 64; t++) {
      const sum1 = rotr32(e, 6) ^ rotr32(e, 11) ^ rotr32(e, 25);
      const sum0 = rotr32(a, 2) ^ rotr32(a, 13) ^ rotr32(a, 22);
      const t1 = h + sum1 + ((e & f) ^ (~e & g)) + load<u32>(k + 4 * t) + W[t];
      const t2 = sum0 + ((a & b) ^ (a & c) ^ (b & c));
      h = g; g = f; f = e; e = d + t1;
      d = c; c = b; b = a; a = t1 + t2;
    }
    H[0] += a; H[1] += b; H[2] += c; H[3] += d; H[4] += e; H[5] += f; H[6] += g; H[7] += h;
  }
  for (let i = 0; i < 32; i++) store<u8>(out + i, <u8>(H[i / 4] >> (24 - 8 * (i % 4))));
}

// FIPS 180-4 §6.1.2; `initial` five words, `k` four.
export function sha1(initial: usize, k: usize, data: usize, length: i32, out: usize): void {
  const message = pad(data, length, 64, 8, true);
  const H = new StaticArray<u32>(5);
  for (let i = 0; i < 5; i++) H[i] = load<u32>(initial + 4 * i);
  for (let block = 0; block < message.length; block += 64) {
    const W = new StaticArray<u32>(80);
    for (let t = 0; t < 16; t++) {
      for (let i = 0; i < 4; i++) W[t] = (W[t] << 8) | message[block + 4 * t + i];
    }
    for (let t = 16; t < 80; t++) W[t] = rotl32(W[t - 3] ^ W[t - 8] ^ W[t - 14] ^ W[t - 16], 1);
    let a = H[0], b = H[1], c = H[2], d = H[3], e = H[4];
    for (let t = 0; t < 80; t++) {
      let f: u32;
      if (t < 20) f = (b & c) ^ (~b & d);
      else if (t >= 40 && t < 60) f = (b & c) ^ (b & d) ^ (c & d);
      else f = b ^ c ^ d;
      const T = rotl32(a, 5) + f + e + load<u32>(k + 4 * (t / 20)) + W[t];
      e = d; d = c; c = rotl32(b, 30); b = a; a = T;
    }
    H[0] += a; H[1] += b; H[2] += c; H[3] += d; H[4] += e;
  }
  for (let i = 0; i < 20; i++) store<u8>(out + i, <u8>(H[i / 4] >> (24 - 8 * (i % 4))));
}

// RFC 1321 §3.4; `initial` four words, `k` sixty-four.
export function md5(initial: usize, k: usize, data: usize, length: i32, out: usize): void {
  const message = pad(data, length, 64, 8, false);
  const S: StaticArray<i32> = [7, 12, 17, 22, 5, 9, 14, 20, 4, 11, 16, 23, 6, 10, 15, 21];
  const H = new StaticArray<u32>(4);
  for (let i = 0; i < 4; i++) H[i] = load<u32>(initial + 4 * i);
  for (let block = 0; block < message.length; block += 64) {
    const X = new StaticArray<u32>(16);
    for (let t = 0; t < 16; t++) {
      for (let i = 3; i >= 0; i--) X[t] = (X[t] << 8) | message[block + 4 * t + i];
    }
    let a = H[0], b = H[1], c = H[2], d = H[3];
    for (let t = 0; t < 64; t++) {
      let f: u32, x: i32;
      if (t < 16) { f = (b & c) | (~b & d); x = t; }
      else if (t < 32) { f = (b & d) | (c & ~d); x = (5 * t + 1) % 16; }
      else if (t < 48) { f = b ^ c ^ d; x = (3 * t + 5) % 16; }
      else { f = c ^ (b | ~d); x = (7 * t) % 16; }
      const next = b + rotl32(a + f + X[x] + load<u32>(k + 4 * t), S[4 * (t / 16) + (t % 4)]);
      a = d; d = c; c = b; b = next;
    }
    H[0] += a; H[1] += b; H[2] += c; H[3] += d;
  }
  for (let i = 0; i < 16; i++) store<u8>(out + i, <u8>(H[i / 4] >> (8 * (i % 4))));
}
