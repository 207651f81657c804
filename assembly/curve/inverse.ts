// Modular inversion by division steps (Bernstein and Yang, "Fast constant-time gcd computation and modular
// inversion", 2019), in the half-delta variant, thirty steps to a batch.
//
// Constant-time in the number and in the modulus; only the length is public. Each step takes its decisions by masks.
import { bytesFromLimbs, limbsFromBytes } from "./limbs";

// @ts-ignore: decorator
@inline
const BITS = 30;
// @ts-ignore: decorator
@inline
const MASK: i64 = 0x3fffffff;
// @ts-ignore: decorator
@inline
const ROW = 14 * 8;

/** d, e, f, g and the modulus. */
const scratch = memory.data(5 * ROW, 16);
/** The transition matrix of a batch: u, v, q, r. */
const matrix = memory.data(32, 16);

/**
 * Writes number^-1 mod modulus; 0 where number is 0. All three are little-endian, `length` bytes long (32 or 48);
 * the modulus is odd, number < modulus, and they are coprime or number is 0. `out` may be `number`.
 */
export function invert(out: usize, number: usize, modulus: usize, length: i32): void {
  const count = length == 32 ? 9 : 13;
  // Steps that are enough for 256 and 384 bits (45907 b + 26313) / 19929, rounded up to whole batches.
  const batches = length == 32 ? 20 : 30;
  const d = scratch;
  const e = scratch + ROW;
  const f = scratch + 2 * ROW;
  const g = scratch + 3 * ROW;
  const m = scratch + 4 * ROW;
  memory.fill(scratch, 0, 5 * ROW);
  store<i64>(e, 1);
  limbsFromBytes(f, BITS, count, modulus, 1, length);
  memory.copy(m, f, ROW);
  limbsFromBytes(g, BITS, count, number, 1, length);
  const low = load<u32>(m);
  // Newton's iteration doubles the correct bits: 3, 6, 12, 24, 48.
  let inverse = low;
  for (let i = 0; i < 4; i++) inverse *= 2 - low * inverse;
  let zeta: i64 = -1;
  for (let i = 0; i < batches; i++) {
    zeta = divisionSteps(zeta, load<i64>(f), load<i64>(g));
    updateInverses(d, e, m, inverse, count);
    updateNumbers(f, g, count);
  }
  normalize(d, m, load<i64>(f + ((count - 1) << 3)) >> 63, count);
  bytesFromLimbs(out, 1, length, d, BITS, count);
  memory.fill(scratch, 0, 5 * ROW);
  memory.fill(matrix, 0, 32);
}

/**
 * Thirty division steps on the low bits of f and g; leaves their matrix, returns the new zeta. Two of its numbers share
 * an i64, u + v 2^32 and q + r 2^32: sums, negations and doublings of such a pair are those of its parts.
 */
function divisionSteps(zeta: i64, f: i64, g: i64): i64 {
  let uv: i64 = 1;
  let qr: i64 = 1 << 32;
  for (let i = 0; i < 30; i++) {
    let swap = zeta >> 63;
    const odd = -(g & 1);
    g += ((f ^ swap) - swap) & odd;
    qr += ((uv ^ swap) - swap) & odd;
    swap &= odd;
    zeta = (zeta ^ swap) - 1;
    f += g & swap;
    g >>= 1;
    uv = (uv + (qr & swap)) << 1;
  }
  const u = (uv as i32) as i64;
  const q = (qr as i32) as i64;
  store<i64>(matrix, u);
  store<i64>(matrix, (uv - u) >> 32, 8);
  store<i64>(matrix, q, 16);
  store<i64>(matrix, (qr - q) >> 32, 24);
  return zeta;
}

/** (f, g) = matrix (f, g) / 2^30; the division is exact. */
function updateNumbers(f: usize, g: usize, count: i32): void {
  const u = load<i64>(matrix);
  const v = load<i64>(matrix, 8);
  const q = load<i64>(matrix, 16);
  const r = load<i64>(matrix, 24);
  const end = f + ((count - 1) << 3);
  let x = load<i64>(f);
  let y = load<i64>(g);
  let nextF = (u * x + v * y) >> BITS;
  let nextG = (q * x + r * y) >> BITS;
  while (f < end) {
    x = load<i64>(f, 8);
    y = load<i64>(g, 8);
    nextF = u * x + v * y + nextF;
    nextG = q * x + r * y + nextG;
    store<i64>(f, nextF & MASK);
    store<i64>(g, nextG & MASK);
    nextF >>= BITS;
    nextG >>= BITS;
    f += 8;
    g += 8;
  }
  store<i64>(f, nextF);
  store<i64>(g, nextG);
}

/** (d, e) = matrix (d, e) / 2^30 mod m, both within (-2m, m) before and after. */
function updateInverses(d: usize, e: usize, m: usize, inverse: u32, count: i32): void {
  const u = load<i64>(matrix);
  const v = load<i64>(matrix, 8);
  const q = load<i64>(matrix, 16);
  const r = load<i64>(matrix, 24);
  const end = d + ((count - 1) << 3);
  const signD = load<i64>(end) >> 63;
  const signE = load<i64>(e + ((count - 1) << 3)) >> 63;
  let x = load<i64>(d);
  let y = load<i64>(e);
  let timesD = (u & signD) + (v & signE);
  let timesE = (q & signD) + (r & signE);
  let nextD = u * x + v * y;
  let nextE = q * x + r * y;
  // The multiples of m that make the low thirty bits zero.
  timesD -= (((inverse * (nextD as u32)) as i64) + timesD) & MASK;
  timesE -= (((inverse * (nextE as u32)) as i64) + timesE) & MASK;
  let z = load<i64>(m);
  nextD = (nextD + z * timesD) >> BITS;
  nextE = (nextE + z * timesE) >> BITS;
  while (d < end) {
    x = load<i64>(d, 8);
    y = load<i64>(e, 8);
    z = load<i64>(m, 8);
    nextD = u * x + v * y + z * timesD + nextD;
    nextE = q * x + r * y + z * timesE + nextE;
    store<i64>(d, nextD & MASK);
    store<i64>(e, nextE & MASK);
    nextD >>= BITS;
    nextE >>= BITS;
    d += 8;
    e += 8;
    m += 8;
  }
  store<i64>(d, nextD);
  store<i64>(e, nextE);
}

/** Brings d from (-2m, m) to [0, m), negated where `sign` is -1 (the gcd came out as -1). */
function normalize(d: usize, m: usize, sign: i64, count: i32): void {
  addMasked(d, m, 0, count);
  // Two's complement over all limbs: (x ^ sign) - sign, with carries.
  const top = (count - 1) << 3;
  let carry: i64 = 0;
  for (let i = 0; i < count; i++) {
    const limb = d + (i << 3);
    carry += (load<i64>(limb) ^ sign) - sign;
    store<i64>(limb, (i << 3) == top ? carry : carry & MASK);
    carry >>= BITS;
  }
  addMasked(d, m, 0, count);
}

/** Adds m where d is negative. */
function addMasked(d: usize, m: usize, carry: i64, count: i32): void {
  const top = (count - 1) << 3;
  const negative = load<i64>(d + top) >> 63;
  for (let i = 0; i < count; i++) {
    const limb = d + (i << 3);
    carry += load<i64>(limb) + (load<i64>(m + (i << 3)) & negative);
    store<i64>(limb, (i << 3) == top ? carry : carry & MASK);
    carry >>= BITS;
  }
}
