// The field of P-384: p = 2^384 - 2^128 - 2^96 + 2^32 - 1 (FIPS 186-4 D.1.2.4), in Montgomery form with R = 2^392.
//
// Fourteen limbs of 28 bits in i64, the top one signed and so the number; p = -1 mod 2^28, so that the Montgomery factor
// of a column is the column itself. Columns stay below 2^63 where the operands' limbs obey |a| |b| <= 8 * 2^56.
//
// Constant-time: straight-line code.

// @ts-ignore: decorator
@inline
const MASK: i64 = 0xfffffff;

/** out = a b / R. The pointers may coincide. */
export function multiply384(out: usize, a: usize, b: usize): void {
  let a0 = load<i64>(a); let a1 = load<i64>(a, 8); let a2 = load<i64>(a, 16);
  let a3 = load<i64>(a, 24); let a4 = load<i64>(a, 32); let a5 = load<i64>(a, 40);
  let a6 = load<i64>(a, 48); let a7 = load<i64>(a, 56); let a8 = load<i64>(a, 64);
  let a9 = load<i64>(a, 72); let a10 = load<i64>(a, 80); let a11 = load<i64>(a, 88);
  let a12 = load<i64>(a, 96); let a13 = load<i64>(a, 104);
  let b0 = load<i64>(b); let b1 = load<i64>(b, 8); let b2 = load<i64>(b, 16);
  let b3 = load<i64>(b, 24); let b4 = load<i64>(b, 32); let b5 = load<i64>(b, 40);
  let b6 = load<i64>(b, 48); let b7 = load<i64>(b, 56); let b8 = load<i64>(b, 64);
  let b9 = load<i64>(b, 72); let b10 = load<i64>(b, 80); let b11 = load<i64>(b, 88);
  let b12 = load<i64>(b, 96); let b13 = load<i64>(b, 104);
  let m0: i64, m1: i64, m2: i64, m3: i64, m4: i64, m5: i64, m6: i64, m7: i64, m8: i64, m9: i64, m10: i64, m11: i64, m12: i64, m13: i64;
  let s: i64;
  s = a0 * b0;
  m0 = s & MASK;
  s = (s >> 28) + (m0 << 4) + a0 * b1 + a1 * b0;
  m1 = s & MASK;
  s = (s >> 28) + (m1 << 4) + a0 * b2 + a1 * b1 + a2 * b0;
  m2 = s & MASK;
  s = (s >> 28) + ((m2 - (m0 << 8)) << 4) + a0 * b3 + a1 * b2 + a2 * b1 + a3 * b0;
  m3 = s & MASK;
  s = (s >> 28) + ((m3 - (((m0 << 4) + m1) << 8)) << 4) + a0 * b4 + a1 * b3 + a2 * b2 + a3 * b1 + a4 * b0;
  m4 = s & MASK;
  s = (s >> 28) + ((m4 - (((m1 << 4) + m2) << 8)) << 4) + a0 * b5 + a1 * b4 + a2 * b3 + a3 * b2 + a4 * b1 + a5 * b0;
  m5 = s & MASK;
  s = (s >> 28) + ((m5 - (((m2 << 4) + m3) << 8)) << 4) + a0 * b6 + a1 * b5 + a2 * b4 + a3 * b3 + a4 * b2 + a5 * b1 +
    a6 * b0;
  m6 = s & MASK;
  s = (s >> 28) + ((m6 - (((m3 << 4) + m4) << 8)) << 4) + a0 * b7 + a1 * b6 + a2 * b5 + a3 * b4 + a4 * b3 + a5 * b2 +
    a6 * b1 + a7 * b0;
  m7 = s & MASK;
  s = (s >> 28) + ((m7 - (((m4 << 4) + m5) << 8)) << 4) + a0 * b8 + a1 * b7 + a2 * b6 + a3 * b5 + a4 * b4 + a5 * b3 +
    a6 * b2 + a7 * b1 + a8 * b0;
  m8 = s & MASK;
  s = (s >> 28) + ((m8 - (((m5 << 4) + m6) << 8)) << 4) + a0 * b9 + a1 * b8 + a2 * b7 + a3 * b6 + a4 * b5 + a5 * b4 +
    a6 * b3 + a7 * b2 + a8 * b1 + a9 * b0;
  m9 = s & MASK;
  s = (s >> 28) + ((m9 - (((m6 << 4) + m7) << 8)) << 4) + a0 * b10 + a1 * b9 + a2 * b8 + a3 * b7 + a4 * b6 + a5 * b5 +
    a6 * b4 + a7 * b3 + a8 * b2 + a9 * b1 + a10 * b0;
  m10 = s & MASK;
  s = (s >> 28) + ((m10 - (((m7 << 4) + m8) << 8)) << 4) + a0 * b11 + a1 * b10 + a2 * b9 + a3 * b8 + a4 * b7 + a5 * b6 +
    a6 * b5 + a7 * b4 + a8 * b3 + a9 * b2 + a10 * b1 + a11 * b0;
  m11 = s & MASK;
  s = (s >> 28) + ((m11 - (((m8 << 4) + m9) << 8)) << 4) + a0 * b12 + a1 * b11 + a2 * b10 + a3 * b9 + a4 * b8 +
    a5 * b7 + a6 * b6 + a7 * b5 + a8 * b4 + a9 * b3 + a10 * b2 + a11 * b1 + a12 * b0;
  m12 = s & MASK;
  s = (s >> 28) + (((((((m0 << 4) - m9) << 4) - m10) << 8) + m12) << 4) + a0 * b13 + a1 * b12 + a2 * b11 + a3 * b10 +
    a4 * b9 + a5 * b8 + a6 * b7 + a7 * b6 + a8 * b5 + a9 * b4 + a10 * b3 + a11 * b2 + a12 * b1 + a13 * b0;
  m13 = s & MASK;
  s = (s >> 28) + (((((((m1 << 4) - m10) << 4) - m11) << 8) + m13) << 4) + a1 * b13 + a2 * b12 + a3 * b11 + a4 * b10 +
    a5 * b9 + a6 * b8 + a7 * b7 + a8 * b6 + a9 * b5 + a10 * b4 + a11 * b3 + a12 * b2 + a13 * b1;
  store<i64>(out, s & MASK);
  s = (s >> 28) + (((((m2 << 4) - m11) << 4) - m12) << 12) + a2 * b13 + a3 * b12 + a4 * b11 + a5 * b10 + a6 * b9 +
    a7 * b8 + a8 * b7 + a9 * b6 + a10 * b5 + a11 * b4 + a12 * b3 + a13 * b2;
  store<i64>(out, s & MASK, 8);
  s = (s >> 28) + (((((m3 << 4) - m12) << 4) - m13) << 12) + a3 * b13 + a4 * b12 + a5 * b11 + a6 * b10 + a7 * b9 +
    a8 * b8 + a9 * b7 + a10 * b6 + a11 * b5 + a12 * b4 + a13 * b3;
  store<i64>(out, s & MASK, 16);
  s = (s >> 28) + (((m4 << 4) - m13) << 16) + a4 * b13 + a5 * b12 + a6 * b11 + a7 * b10 + a8 * b9 + a9 * b8 + a10 * b7 +
    a11 * b6 + a12 * b5 + a13 * b4;
  store<i64>(out, s & MASK, 24);
  s = (s >> 28) + (m5 << 20) + a5 * b13 + a6 * b12 + a7 * b11 + a8 * b10 + a9 * b9 + a10 * b8 + a11 * b7 + a12 * b6 +
    a13 * b5;
  store<i64>(out, s & MASK, 32);
  s = (s >> 28) + (m6 << 20) + a6 * b13 + a7 * b12 + a8 * b11 + a9 * b10 + a10 * b9 + a11 * b8 + a12 * b7 + a13 * b6;
  store<i64>(out, s & MASK, 40);
  s = (s >> 28) + (m7 << 20) + a7 * b13 + a8 * b12 + a9 * b11 + a10 * b10 + a11 * b9 + a12 * b8 + a13 * b7;
  store<i64>(out, s & MASK, 48);
  s = (s >> 28) + (m8 << 20) + a8 * b13 + a9 * b12 + a10 * b11 + a11 * b10 + a12 * b9 + a13 * b8;
  store<i64>(out, s & MASK, 56);
  s = (s >> 28) + (m9 << 20) + a9 * b13 + a10 * b12 + a11 * b11 + a12 * b10 + a13 * b9;
  store<i64>(out, s & MASK, 64);
  s = (s >> 28) + (m10 << 20) + a10 * b13 + a11 * b12 + a12 * b11 + a13 * b10;
  store<i64>(out, s & MASK, 72);
  s = (s >> 28) + (m11 << 20) + a11 * b13 + a12 * b12 + a13 * b11;
  store<i64>(out, s & MASK, 80);
  s = (s >> 28) + (m12 << 20) + a12 * b13 + a13 * b12;
  store<i64>(out, s & MASK, 88);
  s = (s >> 28) + (m13 << 20) + a13 * b13;
  store<i64>(out, s & MASK, 96);
  store<i64>(out, s >> 28, 104);
}

/** out = a a / R. */
export function square384(out: usize, a: usize): void {
  let a0 = load<i64>(a); let a1 = load<i64>(a, 8); let a2 = load<i64>(a, 16);
  let a3 = load<i64>(a, 24); let a4 = load<i64>(a, 32); let a5 = load<i64>(a, 40);
  let a6 = load<i64>(a, 48); let a7 = load<i64>(a, 56); let a8 = load<i64>(a, 64);
  let a9 = load<i64>(a, 72); let a10 = load<i64>(a, 80); let a11 = load<i64>(a, 88);
  let a12 = load<i64>(a, 96); let a13 = load<i64>(a, 104);
  let m0: i64, m1: i64, m2: i64, m3: i64, m4: i64, m5: i64, m6: i64, m7: i64, m8: i64, m9: i64, m10: i64, m11: i64, m12: i64, m13: i64;
  let s: i64;
  s = a0 * a0;
  m0 = s & MASK;
  s = (s >> 28) + (m0 << 4) + ((a0 * a1) << 1);
  m1 = s & MASK;
  s = (s >> 28) + (m1 << 4) + ((a0 * a2) << 1) + a1 * a1;
  m2 = s & MASK;
  s = (s >> 28) + ((m2 - (m0 << 8)) << 4) + ((a0 * a3 + a1 * a2) << 1);
  m3 = s & MASK;
  s = (s >> 28) + ((m3 - (((m0 << 4) + m1) << 8)) << 4) + ((a0 * a4 + a1 * a3) << 1) + a2 * a2;
  m4 = s & MASK;
  s = (s >> 28) + ((m4 - (((m1 << 4) + m2) << 8)) << 4) + ((a0 * a5 + a1 * a4 + a2 * a3) << 1);
  m5 = s & MASK;
  s = (s >> 28) + ((m5 - (((m2 << 4) + m3) << 8)) << 4) + ((a0 * a6 + a1 * a5 + a2 * a4) << 1) + a3 * a3;
  m6 = s & MASK;
  s = (s >> 28) + ((m6 - (((m3 << 4) + m4) << 8)) << 4) + ((a0 * a7 + a1 * a6 + a2 * a5 + a3 * a4) << 1);
  m7 = s & MASK;
  s = (s >> 28) + ((m7 - (((m4 << 4) + m5) << 8)) << 4) + ((a0 * a8 + a1 * a7 + a2 * a6 + a3 * a5) << 1) + a4 * a4;
  m8 = s & MASK;
  s = (s >> 28) + ((m8 - (((m5 << 4) + m6) << 8)) << 4) + ((a0 * a9 + a1 * a8 + a2 * a7 + a3 * a6 + a4 * a5) << 1);
  m9 = s & MASK;
  s = (s >> 28) + ((m9 - (((m6 << 4) + m7) << 8)) << 4) + ((a0 * a10 + a1 * a9 + a2 * a8 + a3 * a7 + a4 * a6) << 1) +
    a5 * a5;
  m10 = s & MASK;
  s = (s >> 28) + ((m10 - (((m7 << 4) + m8) << 8)) << 4) + ((a0 * a11 + a1 * a10 + a2 * a9 + a3 * a8 + a4 * a7 +
    a5 * a6) << 1);
  m11 = s & MASK;
  s = (s >> 28) + ((m11 - (((m8 << 4) + m9) << 8)) << 4) + ((a0 * a12 + a1 * a11 + a2 * a10 + a3 * a9 + a4 * a8 +
    a5 * a7) << 1) + a6 * a6;
  m12 = s & MASK;
  s = (s >> 28) + (((((((m0 << 4) - m9) << 4) - m10) << 8) + m12) << 4) + ((a0 * a13 + a1 * a12 + a2 * a11 + a3 * a10 +
    a4 * a9 + a5 * a8 + a6 * a7) << 1);
  m13 = s & MASK;
  s = (s >> 28) + (((((((m1 << 4) - m10) << 4) - m11) << 8) + m13) << 4) + ((a1 * a13 + a2 * a12 + a3 * a11 + a4 * a10 +
    a5 * a9 + a6 * a8) << 1) + a7 * a7;
  store<i64>(out, s & MASK);
  s = (s >> 28) + (((((m2 << 4) - m11) << 4) - m12) << 12) + ((a2 * a13 + a3 * a12 + a4 * a11 + a5 * a10 + a6 * a9 +
    a7 * a8) << 1);
  store<i64>(out, s & MASK, 8);
  s = (s >> 28) + (((((m3 << 4) - m12) << 4) - m13) << 12) + ((a3 * a13 + a4 * a12 + a5 * a11 + a6 * a10 +
    a7 * a9) << 1) + a8 * a8;
  store<i64>(out, s & MASK, 16);
  s = (s >> 28) + (((m4 << 4) - m13) << 16) + ((a4 * a13 + a5 * a12 + a6 * a11 + a7 * a10 + a8 * a9) << 1);
  store<i64>(out, s & MASK, 24);
  s = (s >> 28) + (m5 << 20) + ((a5 * a13 + a6 * a12 + a7 * a11 + a8 * a10) << 1) + a9 * a9;
  store<i64>(out, s & MASK, 32);
  s = (s >> 28) + (m6 << 20) + ((a6 * a13 + a7 * a12 + a8 * a11 + a9 * a10) << 1);
  store<i64>(out, s & MASK, 40);
  s = (s >> 28) + (m7 << 20) + ((a7 * a13 + a8 * a12 + a9 * a11) << 1) + a10 * a10;
  store<i64>(out, s & MASK, 48);
  s = (s >> 28) + (m8 << 20) + ((a8 * a13 + a9 * a12 + a10 * a11) << 1);
  store<i64>(out, s & MASK, 56);
  s = (s >> 28) + (m9 << 20) + ((a9 * a13 + a10 * a12) << 1) + a11 * a11;
  store<i64>(out, s & MASK, 64);
  s = (s >> 28) + (m10 << 20) + ((a10 * a13 + a11 * a12) << 1);
  store<i64>(out, s & MASK, 72);
  s = (s >> 28) + (m11 << 20) + ((a11 * a13) << 1) + a12 * a12;
  store<i64>(out, s & MASK, 80);
  s = (s >> 28) + (m12 << 20) + ((a12 * a13) << 1);
  store<i64>(out, s & MASK, 88);
  s = (s >> 28) + (m13 << 20) + a13 * a13;
  store<i64>(out, s & MASK, 96);
  store<i64>(out, s >> 28, 104);
}

/** out = i a + j b for small factors (|i| + |j| <= 32), with carries taken: out lies in (-p/8, p + p/8). */
export function combine384(out: usize, a: usize, i: i64, b: usize, j: i64): void {
  let s = load<i64>(a) * i + load<i64>(b) * j;
  const r0 = s & MASK;
  s = (s >> 28) + load<i64>(a, 8) * i + load<i64>(b, 8) * j;
  const r1 = s & MASK;
  s = (s >> 28) + load<i64>(a, 16) * i + load<i64>(b, 16) * j;
  store<i64>(out, s & MASK, 16);
  s = (s >> 28) + load<i64>(a, 24) * i + load<i64>(b, 24) * j;
  const r3 = s & MASK;
  s = (s >> 28) + load<i64>(a, 32) * i + load<i64>(b, 32) * j;
  const r4 = s & MASK;
  s = (s >> 28) + load<i64>(a, 40) * i + load<i64>(b, 40) * j;
  store<i64>(out, s & MASK, 40);
  s = (s >> 28) + load<i64>(a, 48) * i + load<i64>(b, 48) * j;
  store<i64>(out, s & MASK, 48);
  s = (s >> 28) + load<i64>(a, 56) * i + load<i64>(b, 56) * j;
  store<i64>(out, s & MASK, 56);
  s = (s >> 28) + load<i64>(a, 64) * i + load<i64>(b, 64) * j;
  store<i64>(out, s & MASK, 64);
  s = (s >> 28) + load<i64>(a, 72) * i + load<i64>(b, 72) * j;
  store<i64>(out, s & MASK, 72);
  s = (s >> 28) + load<i64>(a, 80) * i + load<i64>(b, 80) * j;
  store<i64>(out, s & MASK, 80);
  s = (s >> 28) + load<i64>(a, 88) * i + load<i64>(b, 88) * j;
  store<i64>(out, s & MASK, 88);
  s = (s >> 28) + load<i64>(a, 96) * i + load<i64>(b, 96) * j;
  store<i64>(out, s & MASK, 96);
  s = (s >> 28) + load<i64>(a, 104) * i + load<i64>(b, 104) * j;
  store<i64>(out, s & 0xfffff, 104);
  s >>= 20;
  store<i64>(out, r0 + s);
  store<i64>(out, r4 + (s << 16), 32);
  store<i64>(out, r3 + (s << 12), 24);
  store<i64>(out, r1 - (s << 4), 8);
}
