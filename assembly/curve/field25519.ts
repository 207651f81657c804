// The field of Curve25519, p = 2^255 - 19, on elements in memory: nine limbs of 29 bits (see ladder25519.ts).
//
// Factors' limbs obey |a| |b| < 4 * 2^58: one of them may be a sum of two or three products, or both differences.
// Constant-time throughout.

/** Bytes of an element. */
export const ELEMENT25519: i32 = 72;
// @ts-ignore: decorator
@inline
const BITS = 29;
// @ts-ignore: decorator
@inline
const COUNT = 9;
// @ts-ignore: decorator
@inline
const MASK: i64 = 0x1fffffff;
// @ts-ignore: decorator
@inline
const TOP: i64 = 0x7fffff;

/** out = a b. The pointers may coincide. */
export function multiply25519(out: usize, a: usize, b: usize): void {
  const a0 = load<i64>(a); const a1 = load<i64>(a, 8); const a2 = load<i64>(a, 16);
  const a3 = load<i64>(a, 24); const a4 = load<i64>(a, 32); const a5 = load<i64>(a, 40);
  const a6 = load<i64>(a, 48); const a7 = load<i64>(a, 56); const a8 = load<i64>(a, 64);
  const b0 = load<i64>(b); const b1 = load<i64>(b, 8); const b2 = load<i64>(b, 16);
  const b3 = load<i64>(b, 24); const b4 = load<i64>(b, 32); const b5 = load<i64>(b, 40);
  const b6 = load<i64>(b, 48); const b7 = load<i64>(b, 56); const b8 = load<i64>(b, 64);
  let s: i64 = 0, t: i64 = 0;
  t = a1 * b8 + a2 * b7 + a3 * b6 + a4 * b5 + a5 * b4 + a6 * b3 + a7 * b2 + a8 * b1;
  s = a0 * b0 + (t & MASK) * 1216;
  const r0 = s & MASK;
  t = (t >> 29) + a2 * b8 + a3 * b7 + a4 * b6 + a5 * b5 + a6 * b4 + a7 * b3 + a8 * b2;
  s = (s >> 29) + a0 * b1 + a1 * b0 + (t & MASK) * 1216;
  const r1 = s & MASK;
  t = (t >> 29) + a3 * b8 + a4 * b7 + a5 * b6 + a6 * b5 + a7 * b4 + a8 * b3;
  s = (s >> 29) + a0 * b2 + a1 * b1 + a2 * b0 + (t & MASK) * 1216;
  store<i64>(out, s & MASK, 16);
  t = (t >> 29) + a4 * b8 + a5 * b7 + a6 * b6 + a7 * b5 + a8 * b4;
  s = (s >> 29) + a0 * b3 + a1 * b2 + a2 * b1 + a3 * b0 + (t & MASK) * 1216;
  store<i64>(out, s & MASK, 24);
  t = (t >> 29) + a5 * b8 + a6 * b7 + a7 * b6 + a8 * b5;
  s = (s >> 29) + a0 * b4 + a1 * b3 + a2 * b2 + a3 * b1 + a4 * b0 + (t & MASK) * 1216;
  store<i64>(out, s & MASK, 32);
  t = (t >> 29) + a6 * b8 + a7 * b7 + a8 * b6;
  s = (s >> 29) + a0 * b5 + a1 * b4 + a2 * b3 + a3 * b2 + a4 * b1 + a5 * b0 + (t & MASK) * 1216;
  store<i64>(out, s & MASK, 40);
  t = (t >> 29) + a7 * b8 + a8 * b7;
  s = (s >> 29) + a0 * b6 + a1 * b5 + a2 * b4 + a3 * b3 + a4 * b2 + a5 * b1 + a6 * b0 + (t & MASK) * 1216;
  store<i64>(out, s & MASK, 48);
  t = (t >> 29) + a8 * b8;
  s = (s >> 29) + a0 * b7 + a1 * b6 + a2 * b5 + a3 * b4 + a4 * b3 + a5 * b2 + a6 * b1 + a7 * b0 + (t & MASK) * 1216;
  store<i64>(out, s & MASK, 56);
  s = (s >> 29) + a0 * b8 + a1 * b7 + a2 * b6 + a3 * b5 + a4 * b4 + a5 * b3 + a6 * b2 + a7 * b1 + a8 * b0 +
    (t >> 29) * 1216;
  store<i64>(out, s & TOP, 64);
  s = r0 + (s >> 23) * 19;
  store<i64>(out, s & MASK);
  store<i64>(out, r1 + (s >> 29), 8);
}

/** out = a^2. */
export function square25519(out: usize, a: usize): void {
  const a0 = load<i64>(a); const a1 = load<i64>(a, 8); const a2 = load<i64>(a, 16);
  const a3 = load<i64>(a, 24); const a4 = load<i64>(a, 32); const a5 = load<i64>(a, 40);
  const a6 = load<i64>(a, 48); const a7 = load<i64>(a, 56); const a8 = load<i64>(a, 64);
  let s: i64 = 0, t: i64 = 0;
  t = ((a1 * a8 + a2 * a7 + a3 * a6 + a4 * a5) << 1);
  s = a0 * a0 + (t & MASK) * 1216;
  const r0 = s & MASK;
  t = (t >> 29) + ((a2 * a8 + a3 * a7 + a4 * a6) << 1) + a5 * a5;
  s = (s >> 29) + ((a0 * a1) << 1) + (t & MASK) * 1216;
  const r1 = s & MASK;
  t = (t >> 29) + ((a3 * a8 + a4 * a7 + a5 * a6) << 1);
  s = (s >> 29) + ((a0 * a2) << 1) + a1 * a1 + (t & MASK) * 1216;
  store<i64>(out, s & MASK, 16);
  t = (t >> 29) + ((a4 * a8 + a5 * a7) << 1) + a6 * a6;
  s = (s >> 29) + ((a0 * a3 + a1 * a2) << 1) + (t & MASK) * 1216;
  store<i64>(out, s & MASK, 24);
  t = (t >> 29) + ((a5 * a8 + a6 * a7) << 1);
  s = (s >> 29) + ((a0 * a4 + a1 * a3) << 1) + a2 * a2 + (t & MASK) * 1216;
  store<i64>(out, s & MASK, 32);
  t = (t >> 29) + ((a6 * a8) << 1) + a7 * a7;
  s = (s >> 29) + ((a0 * a5 + a1 * a4 + a2 * a3) << 1) + (t & MASK) * 1216;
  store<i64>(out, s & MASK, 40);
  t = (t >> 29) + ((a7 * a8) << 1);
  s = (s >> 29) + ((a0 * a6 + a1 * a5 + a2 * a4) << 1) + a3 * a3 + (t & MASK) * 1216;
  store<i64>(out, s & MASK, 48);
  t = (t >> 29) + a8 * a8;
  s = (s >> 29) + ((a0 * a7 + a1 * a6 + a2 * a5 + a3 * a4) << 1) + (t & MASK) * 1216;
  store<i64>(out, s & MASK, 56);
  s = (s >> 29) + ((a0 * a8 + a1 * a7 + a2 * a6 + a3 * a5) << 1) + a4 * a4 + (t >> 29) * 1216;
  store<i64>(out, s & TOP, 64);
  s = r0 + (s >> 23) * 19;
  store<i64>(out, s & MASK);
  store<i64>(out, r1 + (s >> 29), 8);
}

/** out = a + b, limb by limb. */
export function add25519(out: usize, a: usize, b: usize): void {
  store<i64>(out, load<i64>(a, 0) + load<i64>(b, 0), 0);
  store<i64>(out, load<i64>(a, 8) + load<i64>(b, 8), 8);
  store<i64>(out, load<i64>(a, 16) + load<i64>(b, 16), 16);
  store<i64>(out, load<i64>(a, 24) + load<i64>(b, 24), 24);
  store<i64>(out, load<i64>(a, 32) + load<i64>(b, 32), 32);
  store<i64>(out, load<i64>(a, 40) + load<i64>(b, 40), 40);
  store<i64>(out, load<i64>(a, 48) + load<i64>(b, 48), 48);
  store<i64>(out, load<i64>(a, 56) + load<i64>(b, 56), 56);
  store<i64>(out, load<i64>(a, 64) + load<i64>(b, 64), 64);
}

/** out = a - b, limb by limb. */
export function subtract25519(out: usize, a: usize, b: usize): void {
  store<i64>(out, load<i64>(a, 0) - load<i64>(b, 0), 0);
  store<i64>(out, load<i64>(a, 8) - load<i64>(b, 8), 8);
  store<i64>(out, load<i64>(a, 16) - load<i64>(b, 16), 16);
  store<i64>(out, load<i64>(a, 24) - load<i64>(b, 24), 24);
  store<i64>(out, load<i64>(a, 32) - load<i64>(b, 32), 32);
  store<i64>(out, load<i64>(a, 40) - load<i64>(b, 40), 40);
  store<i64>(out, load<i64>(a, 48) - load<i64>(b, 48), 48);
  store<i64>(out, load<i64>(a, 56) - load<i64>(b, 56), 56);
  store<i64>(out, load<i64>(a, 64) - load<i64>(b, 64), 64);
}

/** sum = a + b and difference = a - b, limb by limb; both may be a or b. */
export function addSubtract25519(sum: usize, difference: usize, a: usize, b: usize): void {
  const a0 = load<i64>(a, 0), b0 = load<i64>(b, 0);
  store<i64>(sum, a0 + b0, 0), store<i64>(difference, a0 - b0, 0);
  const a1 = load<i64>(a, 8), b1 = load<i64>(b, 8);
  store<i64>(sum, a1 + b1, 8), store<i64>(difference, a1 - b1, 8);
  const a2 = load<i64>(a, 16), b2 = load<i64>(b, 16);
  store<i64>(sum, a2 + b2, 16), store<i64>(difference, a2 - b2, 16);
  const a3 = load<i64>(a, 24), b3 = load<i64>(b, 24);
  store<i64>(sum, a3 + b3, 24), store<i64>(difference, a3 - b3, 24);
  const a4 = load<i64>(a, 32), b4 = load<i64>(b, 32);
  store<i64>(sum, a4 + b4, 32), store<i64>(difference, a4 - b4, 32);
  const a5 = load<i64>(a, 40), b5 = load<i64>(b, 40);
  store<i64>(sum, a5 + b5, 40), store<i64>(difference, a5 - b5, 40);
  const a6 = load<i64>(a, 48), b6 = load<i64>(b, 48);
  store<i64>(sum, a6 + b6, 48), store<i64>(difference, a6 - b6, 48);
  const a7 = load<i64>(a, 56), b7 = load<i64>(b, 56);
  store<i64>(sum, a7 + b7, 56), store<i64>(difference, a7 - b7, 56);
  const a8 = load<i64>(a, 64), b8 = load<i64>(b, 64);
  store<i64>(sum, a8 + b8, 64), store<i64>(difference, a8 - b8, 64);
}

/** The canonical representative in [0, p), each limb within its bits. */
export function freeze25519(a: usize): void {
  // Three rounds bring any product, sum or difference, negative ones too, to [0, 2^255).
  for (let round = 0; round < 3; round++) carry25519(a);
  // a >= p exactly if a + 19 reaches 2^255; then the sum without that bit is a - p.
  store<i64>(a, load<i64>(a) + 19);
  let carry: i64 = 0;
  for (let i = 0; i < COUNT; i++) {
    carry += load<i64>(a + (i << 3));
    store<i64>(a + (i << 3), i < COUNT - 1 ? carry & MASK : carry);
    carry >>= BITS;
  }
  const top = load<i64>(a, 64);
  store<i64>(a, top & TOP, 64);
  // Without the bit, the 19 has to go again.
  carry = -(((top >> 23) - 1) & 19);
  for (let i = 0; i < COUNT; i++) {
    carry += load<i64>(a + (i << 3));
    store<i64>(a + (i << 3), carry & MASK);
    carry >>= BITS;
  }
}

/** Carries through all limbs; what passes 2^255 comes back as its 19-fold. */
export function carry25519(a: usize): void {
  let carry: i64 = 0;
  for (let i = 0; i < COUNT; i++) {
    carry += load<i64>(a + (i << 3));
    store<i64>(a + (i << 3), i < COUNT - 1 ? carry & MASK : carry & TOP);
    carry >>= i < COUNT - 1 ? BITS : 23;
  }
  store<i64>(a, load<i64>(a) + carry * 19);
}
