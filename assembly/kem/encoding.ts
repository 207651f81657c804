// Polynomials as bytes (FIPS 203 §4.2.1), and drawn from a hash (§4.2.2).
//
// Encoding, rounding and the binomial sampling are constant-time in the coefficients. `sampleUniform` is not: the matrix is
// public.
import { SHAKE128_RATE, keccakAbsorb, keccakFinish, keccakSqueeze, shake128Init, shake256Init } from "../hash/keccak";
import { COUNT, Q } from "./polynomial";

/** Bytes of a polynomial with all 12 bits a coefficient, with 10, and with 4. */
export const BYTES_12: i32 = 384;
export const BYTES_10: i32 = 320;
export const BYTES_4: i32 = 128;
export const SEED: i32 = 32;

const block = memory.data(SHAKE128_RATE, 8);
const index = memory.data(2, 2);

/** ByteEncode12 (algorithm 5) of coefficients below q. */
export function encode12(out: usize, f: usize): void {
  for (let i = 0; i < COUNT; i += 2) {
    const pair = (load<u16>(f) as u32) | ((load<u16>(f, 2) as u32) << 12);
    store<u16>(out, pair);
    store<u8>(out, pair >>> 16, 2);
    f += 4;
    out += 3;
  }
}

/** ByteDecode12 (algorithm 6). Returns 0 where a coefficient is not below q, else 1. */
export function decode12(f: usize, bytes: usize): i32 {
  let fits: u32 = 0xffffffff;
  for (let i = 0; i < COUNT; i += 2) {
    const pair = (load<u16>(bytes) as u32) | ((load<u8>(bytes, 2) as u32) << 16);
    const low = pair & 0xfff;
    const high = pair >>> 12;
    store<u16>(f, low);
    store<u16>(f, high, 2);
    fits &= (low - Q) & (high - Q);
    f += 4;
    bytes += 3;
  }
  return (fits >>> 31) as i32;
}

/** round(2^10 x / q) mod 2^10, without the division that would tell of x. */
// @ts-ignore: decorator
@inline
function compress10(x: u32): u32 {
  return ((((((x << 10) + Q / 2 + 1) as u64) * 1290167) >>> 32) as u32) & 0x3ff;
}

// @ts-ignore: decorator
@inline
function compress4(x: u32): u32 {
  return ((((x << 4) + Q / 2 + 1) * 80635) >>> 28) & 15;
}

/** Compress10 and ByteEncode10 (algorithm 5, equation 4.7): four coefficients in five bytes. */
export function compressTo10(out: usize, f: usize): void {
  for (let i = 0; i < COUNT; i += 4) {
    const a = compress10(load<u16>(f));
    const b = compress10(load<u16>(f, 2));
    const c = compress10(load<u16>(f, 4));
    const d = compress10(load<u16>(f, 6));
    store<u32>(out, a | (b << 10) | (c << 20) | (d << 30));
    store<u8>(out, d >>> 2, 4);
    f += 8;
    out += 5;
  }
}

export function decompress10(f: usize, bytes: usize): void {
  for (let i = 0; i < COUNT; i += 4) {
    const four = (load<u32>(bytes) as u64) | ((load<u8>(bytes, 4) as u64) << 32);
    for (let j = 0; j < 4; j++) {
      store<u16>(f, ((((four >>> (10 * j)) as u32) & 0x3ff) * Q + 512) >>> 10);
      f += 2;
    }
    bytes += 5;
  }
}

export function compressTo4(out: usize, f: usize): void {
  for (let i = 0; i < COUNT; i += 2) {
    store<u8>(out++, compress4(load<u16>(f)) | (compress4(load<u16>(f, 2)) << 4));
    f += 4;
  }
}

export function decompress4(f: usize, bytes: usize): void {
  for (let i = 0; i < COUNT; i += 2) {
    const pair = load<u8>(bytes++) as u32;
    store<u16>(f, ((pair & 15) * Q + 8) >>> 4);
    store<u16>(f, ((pair >>> 4) * Q + 8) >>> 4, 2);
    f += 4;
  }
}

/** Compress1 and ByteEncode1: 32 bytes. */
export function compressToMessage(out: usize, f: usize): void {
  for (let i = 0; i < COUNT / 8; i++) {
    let byte: u32 = 0;
    for (let bit = 0; bit < 8; bit++) {
      const x = load<u16>(f) as u32;
      byte |= (((((x << 1) + Q / 2 + 1) * 80635) >>> 28) & 1) << bit;
      f += 2;
    }
    store<u8>(out++, byte);
  }
}

/** Decompress1: (q + 1) / 2 for each bit that is set. */
export function decompressMessage(f: usize, bytes: usize): void {
  for (let i = 0; i < COUNT / 8; i++) {
    const byte = load<u8>(bytes++) as u32;
    for (let bit = 0; bit < 8; bit++) {
      store<u16>(f, (0 - ((byte >>> bit) & 1)) & ((Q + 1) / 2));
      f += 2;
    }
  }
}

/** SampleNTT (algorithm 7) of the matrix' entry in `row` and `column`, from the public seed. */
export function sampleUniform(f: usize, seed: usize, row: i32, column: i32): void {
  shake128Init();
  keccakAbsorb(seed, SEED);
  store<u8>(index, column);
  store<u8>(index, row, 1);
  keccakAbsorb(index, 2);
  keccakFinish();
  const end = f + 2 * COUNT;
  while (f < end) {
    keccakSqueeze(block, SHAKE128_RATE);
    for (let at = block; at < block + SHAKE128_RATE && f < end; at += 3) {
      const pair = (load<u16>(at) as u32) | ((load<u8>(at, 2) as u32) << 16);
      const low = pair & 0xfff;
      if (low < Q) {
        store<u16>(f, low);
        f += 2;
      }
      const high = pair >>> 12;
      if (high < Q && f < end) {
        store<u16>(f, high);
        f += 2;
      }
    }
  }
}

/** SamplePolyCBD2 (algorithm 8) from the secret seed and a number: coefficients of -2 to 2, below q. */
export function sampleBinomial(f: usize, seed: usize, number: i32): void {
  shake256Init();
  keccakAbsorb(seed, SEED);
  store<u8>(index, number);
  keccakAbsorb(index, 1);
  keccakFinish();
  keccakSqueeze(block, BYTES_4);
  for (let at = block; at < block + BYTES_4; at += 4) {
    const bits = load<u32>(at);
    // Pairs of bits added: eight coefficients, each the difference of two such sums.
    const sums = (bits & 0x55555555) + ((bits >>> 1) & 0x55555555);
    for (let shift: u32 = 0; shift < 32; shift += 4) {
      const difference = ((sums >>> shift) & 3) - ((sums >>> shift >>> 2) & 3);
      store<u16>(f, difference + ((((difference as i32) >> 31) as u32) & Q));
      f += 2;
    }
  }
  memory.fill(block, 0, BYTES_4);
}
