// The field of P-256: p = 2^256 - 2^224 + 2^192 + 2^96 - 1 (FIPS 186-4 D.1.2.3), in Montgomery form with R = 2^261.
//
// Nine limbs of 29 bits in i64, the top one signed and so the number. p = -1 mod 2^29: the Montgomery factor of a
// column is the column itself, and adding factor times p is four shifts, 2^96 = limb 3 << 9 and so on.
// Columns stay below 2^63 where the operands' limbs obey |a| |b| <= 3 * 2^58: a plain difference of two products fits
// either side, a plain sum one side. |a b| <= 4 p^2 leaves a result in (-p/8, p + p/8).
//
// Constant-time: straight-line code.

// @ts-ignore: decorator
@inline
const MASK: i64 = 0x1fffffff;

/** out = a b / R. The pointers may coincide. */
export function multiply256(out: usize, a: usize, b: usize): void {
  let a0 = load<i64>(a); let a1 = load<i64>(a, 8); let a2 = load<i64>(a, 16);
  let a3 = load<i64>(a, 24); let a4 = load<i64>(a, 32); let a5 = load<i64>(a, 40);
  let a6 = load<i64>(a, 48); let a7 = load<i64>(a, 56); let a8 = load<i64>(a, 64);
  let b0 = load<i64>(b); let b1 = load<i64>(b, 8); let b2 = load<i64>(b, 16);
  let b3 = load<i64>(b, 24); let b4 = load<i64>(b, 32); let b5 = load<i64>(b, 40);
  let b6 = load<i64>(b, 48); let b7 = load<i64>(b, 56); let b8 = load<i64>(b, 64);
  let m0: i64, m1: i64, m2: i64, m3: i64, m4: i64, m5: i64, m6: i64, m7: i64, m8: i64;
  let s: i64;
  s = a0 * b0;
  m0 = s & MASK;
  s = (s >> 29) + a0 * b1 + a1 * b0;
  m1 = s & MASK;
  s = (s >> 29) + a0 * b2 + a1 * b1 + a2 * b0;
  m2 = s & MASK;
  s = (s >> 29) + (m0 << 9) + a0 * b3 + a1 * b2 + a2 * b1 + a3 * b0;
  m3 = s & MASK;
  s = (s >> 29) + (m1 << 9) + a0 * b4 + a1 * b3 + a2 * b2 + a3 * b1 + a4 * b0;
  m4 = s & MASK;
  s = (s >> 29) + (m2 << 9) + a0 * b5 + a1 * b4 + a2 * b3 + a3 * b2 + a4 * b1 + a5 * b0;
  m5 = s & MASK;
  s = (s >> 29) + (((m0 << 9) + m3) << 9) + a0 * b6 + a1 * b5 + a2 * b4 + a3 * b3 + a4 * b2 + a5 * b1 + a6 * b0;
  m6 = s & MASK;
  s = (s >> 29) + ((((m1 - (m0 << 3)) << 9) + m4) << 9) + a0 * b7 + a1 * b6 + a2 * b5 + a3 * b4 + a4 * b3 + a5 * b2 +
    a6 * b1 + a7 * b0;
  m7 = s & MASK;
  s = (s >> 29) + (((((((m0 << 3) - m1) << 3) + m2) << 9) + m5) << 9) + a0 * b8 + a1 * b7 + a2 * b6 + a3 * b5 +
    a4 * b4 + a5 * b3 + a6 * b2 + a7 * b1 + a8 * b0;
  m8 = s & MASK;
  s = (s >> 29) + (((((((m1 << 3) - m2) << 3) + m3) << 9) + m6) << 9) + a1 * b8 + a2 * b7 + a3 * b6 + a4 * b5 +
    a5 * b4 + a6 * b3 + a7 * b2 + a8 * b1;
  store<i64>(out, s & MASK);
  s = (s >> 29) + (((((((m2 << 3) - m3) << 3) + m4) << 9) + m7) << 9) + a2 * b8 + a3 * b7 + a4 * b6 + a5 * b5 +
    a6 * b4 + a7 * b3 + a8 * b2;
  store<i64>(out, s & MASK, 8);
  s = (s >> 29) + (((((((m3 << 3) - m4) << 3) + m5) << 9) + m8) << 9) + a3 * b8 + a4 * b7 + a5 * b6 + a6 * b5 +
    a7 * b4 + a8 * b3;
  store<i64>(out, s & MASK, 16);
  s = (s >> 29) + (((((m4 << 3) - m5) << 3) + m6) << 18) + a4 * b8 + a5 * b7 + a6 * b6 + a7 * b5 + a8 * b4;
  store<i64>(out, s & MASK, 24);
  s = (s >> 29) + (((((m5 << 3) - m6) << 3) + m7) << 18) + a5 * b8 + a6 * b7 + a7 * b6 + a8 * b5;
  store<i64>(out, s & MASK, 32);
  s = (s >> 29) + (((((m6 << 3) - m7) << 3) + m8) << 18) + a6 * b8 + a7 * b7 + a8 * b6;
  store<i64>(out, s & MASK, 40);
  s = (s >> 29) + (((m7 << 3) - m8) << 21) + a7 * b8 + a8 * b7;
  store<i64>(out, s & MASK, 48);
  s = (s >> 29) + (m8 << 24) + a8 * b8;
  store<i64>(out, s & MASK, 56);
  store<i64>(out, s >> 29, 64);
}

/** out = a a / R. */
export function square256(out: usize, a: usize): void {
  let a0 = load<i64>(a); let a1 = load<i64>(a, 8); let a2 = load<i64>(a, 16);
  let a3 = load<i64>(a, 24); let a4 = load<i64>(a, 32); let a5 = load<i64>(a, 40);
  let a6 = load<i64>(a, 48); let a7 = load<i64>(a, 56); let a8 = load<i64>(a, 64);
  let m0: i64, m1: i64, m2: i64, m3: i64, m4: i64, m5: i64, m6: i64, m7: i64, m8: i64;
  let s: i64;
  s = a0 * a0;
  m0 = s & MASK;
  s = (s >> 29) + ((a0 * a1) << 1);
  m1 = s & MASK;
  s = (s >> 29) + ((a0 * a2) << 1) + a1 * a1;
  m2 = s & MASK;
  s = (s >> 29) + (m0 << 9) + ((a0 * a3 + a1 * a2) << 1);
  m3 = s & MASK;
  s = (s >> 29) + (m1 << 9) + ((a0 * a4 + a1 * a3) << 1) + a2 * a2;
  m4 = s & MASK;
  s = (s >> 29) + (m2 << 9) + ((a0 * a5 + a1 * a4 + a2 * a3) << 1);
  m5 = s & MASK;
  s = (s >> 29) + (((m0 << 9) + m3) << 9) + ((a0 * a6 + a1 * a5 + a2 * a4) << 1) + a3 * a3;
  m6 = s & MASK;
  s = (s >> 29) + ((((m1 - (m0 << 3)) << 9) + m4) << 9) + ((a0 * a7 + a1 * a6 + a2 * a5 + a3 * a4) << 1);
  m7 = s & MASK;
  s = (s >> 29) + (((((((m0 << 3) - m1) << 3) + m2) << 9) + m5) << 9) + ((a0 * a8 + a1 * a7 + a2 * a6 + a3 * a5) << 1) +
    a4 * a4;
  m8 = s & MASK;
  s = (s >> 29) + (((((((m1 << 3) - m2) << 3) + m3) << 9) + m6) << 9) + ((a1 * a8 + a2 * a7 + a3 * a6 +
    a4 * a5) << 1);
  store<i64>(out, s & MASK);
  s = (s >> 29) + (((((((m2 << 3) - m3) << 3) + m4) << 9) + m7) << 9) + ((a2 * a8 + a3 * a7 + a4 * a6) << 1) +
    a5 * a5;
  store<i64>(out, s & MASK, 8);
  s = (s >> 29) + (((((((m3 << 3) - m4) << 3) + m5) << 9) + m8) << 9) + ((a3 * a8 + a4 * a7 + a5 * a6) << 1);
  store<i64>(out, s & MASK, 16);
  s = (s >> 29) + (((((m4 << 3) - m5) << 3) + m6) << 18) + ((a4 * a8 + a5 * a7) << 1) + a6 * a6;
  store<i64>(out, s & MASK, 24);
  s = (s >> 29) + (((((m5 << 3) - m6) << 3) + m7) << 18) + ((a5 * a8 + a6 * a7) << 1);
  store<i64>(out, s & MASK, 32);
  s = (s >> 29) + (((((m6 << 3) - m7) << 3) + m8) << 18) + ((a6 * a8) << 1) + a7 * a7;
  store<i64>(out, s & MASK, 40);
  s = (s >> 29) + (((m7 << 3) - m8) << 21) + ((a7 * a8) << 1);
  store<i64>(out, s & MASK, 48);
  s = (s >> 29) + (m8 << 24) + a8 * a8;
  store<i64>(out, s & MASK, 56);
  store<i64>(out, s >> 29, 64);
}

/** out = i a + j b for small factors (|i| + |j| <= 32), with carries taken: out lies in (-p/8, p + p/8). */
export function combine256(out: usize, a: usize, i: i64, b: usize, j: i64): void {
  let s = load<i64>(a) * i + load<i64>(b) * j;
  const r0 = s & MASK;
  s = (s >> 29) + load<i64>(a, 8) * i + load<i64>(b, 8) * j;
  store<i64>(out, s & MASK, 8);
  s = (s >> 29) + load<i64>(a, 16) * i + load<i64>(b, 16) * j;
  store<i64>(out, s & MASK, 16);
  s = (s >> 29) + load<i64>(a, 24) * i + load<i64>(b, 24) * j;
  const r3 = s & MASK;
  s = (s >> 29) + load<i64>(a, 32) * i + load<i64>(b, 32) * j;
  store<i64>(out, s & MASK, 32);
  s = (s >> 29) + load<i64>(a, 40) * i + load<i64>(b, 40) * j;
  store<i64>(out, s & MASK, 40);
  s = (s >> 29) + load<i64>(a, 48) * i + load<i64>(b, 48) * j;
  const r6 = s & MASK;
  s = (s >> 29) + load<i64>(a, 56) * i + load<i64>(b, 56) * j;
  const r7 = s & MASK;
  s = (s >> 29) + load<i64>(a, 64) * i + load<i64>(b, 64) * j;
  store<i64>(out, s & 0xffffff, 64);
  s >>= 24;
  store<i64>(out, r0 + s);
  store<i64>(out, r7 + (s << 21), 56);
  store<i64>(out, r6 - (s << 18), 48);
  store<i64>(out, r3 - (s << 9), 24);
}
