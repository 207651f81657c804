// Polynomials of ML-KEM (FIPS 203 §2.3, §4.3): 256 coefficients modulo q = 3329, two bytes each, and their number-theoretic
// transform.
//
// Products by constants are reduced in Shoup's way: with z' = floor(z 2^16 / q), a z - (a z' >> 16) q lies in [0, 2q) for every
// a below 2^16. Nothing else is reduced on the way: seven layers leave less than 15 q, which still fits 16 bits.
// Constant-time in the coefficients: no branch, no division and no address depends on them.

export const Q: u32 = 3329;
export const COUNT: i32 = 256;
/** Bytes of a polynomial of 16-bit coefficients, and of one of 32-bit sums. */
export const POLYNOMIAL: i32 = 512;
export const SUMS: i32 = 1024;

/** 17^bitreverse7(i) mod q in the lower half (FIPS 203 appendix A), its z' in the upper. */
const ZETAS = memory.data(128 * 4, 4);
let ready: i32 = 0;

/** Fills the table of powers, once. */
export function preparePowers(): void {
  if (ready) return;
  ready = 1;
  for (let i = 0; i < 128; i++) {
    let exponent = 0;
    for (let bit = 0; bit < 7; bit++) exponent |= ((i >> bit) & 1) << (6 - bit);
    let power: u32 = 1;
    for (; exponent > 0; exponent--) power = power * 17 % Q;
    store<u32>(ZETAS + 4 * i, power | (((power << 16) / Q) << 16));
  }
}

/** a z mod q in [0, 2q), for a below 2^16. */
// @ts-ignore: decorator
@inline
function multiplyBy(a: u32, z: u32, shoup: u32): u32 {
  return a * z - ((a * shoup) >>> 16) * Q;
}

/** x mod q, for x below 2^32. */
// @ts-ignore: decorator
@inline
export function reduce(x: u32): u32 {
  const rest = x - ((((x as u64) * 1290167) >>> 32) as u32) * Q;
  return once(rest);
}

/** x mod q, for x below 2 q. */
// @ts-ignore: decorator
@inline
export function once(x: u32): u32 {
  const rest = x - Q;
  return rest + ((((rest as i32) >> 31) as u32) & Q);
}

/** NTT in place (algorithm 9). Coefficients below q become values below 15 q. */
export function transform(f: usize): void {
  let zeta: usize = ZETAS;
  const end = f + POLYNOMIAL;
  for (let length: usize = 256; length >= 4; length >>= 1) {
    for (let start = f; start < end; start += 2 * length) {
      zeta += 4;
      const z = load<u16>(zeta) as u32;
      const shoup = load<u16>(zeta, 2) as u32;
      for (let at = start; at < start + length; at += 2) {
        const t = multiplyBy(load<u16>(at + length), z, shoup);
        const a = load<u16>(at) as u32;
        store<u16>(at, a + t);
        store<u16>(at + length, a + 2 * Q - t);
      }
    }
  }
}

/** The inverse, in place (algorithm 10). Coefficients below 2 q become coefficients below q. */
export function transformBack(f: usize): void {
  let zeta: usize = ZETAS + 128 * 4;
  const end = f + POLYNOMIAL;
  for (let length: usize = 4; length <= 256; length <<= 1) {
    for (let start = f; start < end; start += 2 * length) {
      zeta -= 4;
      const z = load<u16>(zeta) as u32;
      const shoup = load<u16>(zeta, 2) as u32;
      for (let at = start; at < start + length; at += 2) {
        const a = load<u16>(at) as u32;
        const b = load<u16>(at + length) as u32;
        const sum = a + b - 2 * Q;
        store<u16>(at, sum + ((((sum as i32) >> 31) as u32) & (2 * Q)));
        store<u16>(at + length, multiplyBy(b + 2 * Q - a, z, shoup));
      }
    }
  }
  // 128^-1 = 3303.
  for (let at = f; at < end; at += 2) store<u16>(at, once(multiplyBy(load<u16>(at), 3303, (3303 << 16) / Q)));
}

/**
 * sums += f g, both transformed (algorithms 11 and 12). f below 15 q, g below q; four products fit the 32 bits of a sum.
 */
export function multiplyAdd(sums: usize, f: usize, g: usize): void {
  let zeta: usize = ZETAS + 64 * 4;
  for (let i = 0; i < COUNT / 4; i++) {
    const z = load<u16>(zeta) as u32;
    const shoup = load<u16>(zeta, 2) as u32;
    zeta += 4;
    // γ of a pair is ζ of FIPS 203's next odd power: z for the first, -z for the second.
    multiplyPair(sums, f, g, z, shoup);
    multiplyPair(sums + 8, f + 4, g + 4, Q - z, 0xffff - shoup);
    sums += 16;
    f += 8;
    g += 8;
  }
}

// @ts-ignore: decorator
@inline
function multiplyPair(sums: usize, f: usize, g: usize, z: u32, shoup: u32): void {
  const f0 = load<u16>(f) as u32;
  const f1 = load<u16>(f, 2) as u32;
  const g0 = load<u16>(g) as u32;
  const g1 = load<u16>(g, 2) as u32;
  store<u32>(sums, load<u32>(sums) + f0 * g0 + multiplyBy(f1, z, shoup) * g1);
  store<u32>(sums, load<u32>(sums, 4) + f0 * g1 + f1 * g0, 4);
}

/** f = sums mod q. */
export function reduceSums(f: usize, sums: usize): void {
  for (let i = 0; i < COUNT; i++) store<u16>(f + 2 * i, reduce(load<u32>(sums + 4 * i)));
}

/** f = f mod q, for what `transform` leaves. */
export function reduceAll(f: usize): void {
  for (let at = f; at < f + POLYNOMIAL; at += 2) store<u16>(at, reduce(load<u16>(at)));
}

/** f = f + g mod q, both below q. */
export function add(f: usize, g: usize): void {
  for (let i = 0; i < POLYNOMIAL; i += 2) store<u16>(f + i, once((load<u16>(f + i) as u32) + (load<u16>(g + i) as u32)));
}

/** f = g - f mod q, both below q. */
export function subtractFrom(f: usize, g: usize): void {
  for (let i = 0; i < POLYNOMIAL; i += 2) store<u16>(f + i, once((load<u16>(g + i) as u32) + Q - (load<u16>(f + i) as u32)));
}
