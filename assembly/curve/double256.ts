// Doubling on P-256 in Jacobian coordinates, all in locals: most of every scalar multiplication.
//
// Field and limbs as in p256.ts; X, Y and Z lie 112 bytes apart (ELEMENT of field.ts). With alpha = 3 z, z being
// (X - delta) (X + delta), the factors 3 and 9 join the linear terms and cost no carries of their own.
// X' and Y' are folded at 2^256, which keeps every element in (-p, 2 p).
//
// Constant-time: straight-line code.

// @ts-ignore: decorator
@inline
const MASK: i64 = 0x1fffffff;
// @ts-ignore: decorator
@inline
const TOP: i64 = 0xffffff;

/** out = 2 p. `out` may be `p`. */
export function double256(out: usize, p: usize): void {
  let y0 = load<i64>(p, 112); let y1 = load<i64>(p, 120); let y2 = load<i64>(p, 128);
  let y3 = load<i64>(p, 136); let y4 = load<i64>(p, 144); let y5 = load<i64>(p, 152);
  let y6 = load<i64>(p, 160); let y7 = load<i64>(p, 168); let y8 = load<i64>(p, 176);
  let z0 = load<i64>(p, 224); let z1 = load<i64>(p, 232); let z2 = load<i64>(p, 240);
  let z3 = load<i64>(p, 248); let z4 = load<i64>(p, 256); let z5 = load<i64>(p, 264);
  let z6 = load<i64>(p, 272); let z7 = load<i64>(p, 280); let z8 = load<i64>(p, 288);
  let x0 = load<i64>(p); let x1 = load<i64>(p, 8); let x2 = load<i64>(p, 16);
  let x3 = load<i64>(p, 24); let x4 = load<i64>(p, 32); let x5 = load<i64>(p, 40);
  let x6 = load<i64>(p, 48); let x7 = load<i64>(p, 56); let x8 = load<i64>(p, 64);
  let a0: i64 = 0, a1: i64 = 0, a2: i64 = 0, a3: i64 = 0, a4: i64 = 0, a5: i64 = 0, a6: i64 = 0, a7: i64 = 0, a8: i64 = 0;
  let b0: i64 = 0, b1: i64 = 0, b2: i64 = 0, b3: i64 = 0, b4: i64 = 0, b5: i64 = 0, b6: i64 = 0, b7: i64 = 0, b8: i64 = 0;
  let c0: i64 = 0, c1: i64 = 0, c2: i64 = 0, c3: i64 = 0, c4: i64 = 0, c5: i64 = 0, c6: i64 = 0, c7: i64 = 0, c8: i64 = 0;
  let d0: i64 = 0, d1: i64 = 0, d2: i64 = 0, d3: i64 = 0, d4: i64 = 0, d5: i64 = 0, d6: i64 = 0, d7: i64 = 0, d8: i64 = 0;
  let m0: i64, m1: i64, m2: i64, m3: i64, m4: i64, m5: i64, m6: i64, m7: i64, m8: i64;
  let s: i64;
  // a = delta = Z^2
  s = z0 * z0;
  m0 = s & MASK;
  s = (s >> 29) + ((z0 * z1) << 1);
  m1 = s & MASK;
  s = (s >> 29) + ((z0 * z2) << 1) + z1 * z1;
  m2 = s & MASK;
  s = (s >> 29) + (m0 << 9) + ((z0 * z3 + z1 * z2) << 1);
  m3 = s & MASK;
  s = (s >> 29) + (m1 << 9) + ((z0 * z4 + z1 * z3) << 1) + z2 * z2;
  m4 = s & MASK;
  s = (s >> 29) + (m2 << 9) + ((z0 * z5 + z1 * z4 + z2 * z3) << 1);
  m5 = s & MASK;
  s = (s >> 29) + (((m0 << 9) + m3) << 9) + ((z0 * z6 + z1 * z5 + z2 * z4) << 1) + z3 * z3;
  m6 = s & MASK;
  s = (s >> 29) + ((((m1 - (m0 << 3)) << 9) + m4) << 9) + ((z0 * z7 + z1 * z6 + z2 * z5 + z3 * z4) << 1);
  m7 = s & MASK;
  s = (s >> 29) + (((((((m0 << 3) - m1) << 3) + m2) << 9) + m5) << 9) + ((z0 * z8 + z1 * z7 + z2 * z6 + z3 * z5) << 1) +
    z4 * z4;
  m8 = s & MASK;
  s = (s >> 29) + (((((((m1 << 3) - m2) << 3) + m3) << 9) + m6) << 9) + ((z1 * z8 + z2 * z7 + z3 * z6 +
    z4 * z5) << 1);
  a0 = s & MASK;
  s = (s >> 29) + (((((((m2 << 3) - m3) << 3) + m4) << 9) + m7) << 9) + ((z2 * z8 + z3 * z7 + z4 * z6) << 1) +
    z5 * z5;
  a1 = s & MASK;
  s = (s >> 29) + (((((((m3 << 3) - m4) << 3) + m5) << 9) + m8) << 9) + ((z3 * z8 + z4 * z7 + z5 * z6) << 1);
  a2 = s & MASK;
  s = (s >> 29) + (((((m4 << 3) - m5) << 3) + m6) << 18) + ((z4 * z8 + z5 * z7) << 1) + z6 * z6;
  a3 = s & MASK;
  s = (s >> 29) + (((((m5 << 3) - m6) << 3) + m7) << 18) + ((z5 * z8 + z6 * z7) << 1);
  a4 = s & MASK;
  s = (s >> 29) + (((((m6 << 3) - m7) << 3) + m8) << 18) + ((z6 * z8) << 1) + z7 * z7;
  a5 = s & MASK;
  s = (s >> 29) + (((m7 << 3) - m8) << 21) + ((z7 * z8) << 1);
  a6 = s & MASK;
  s = (s >> 29) + (m8 << 24) + z8 * z8;
  a7 = s & MASK;
  a8 = s >> 29;
  // Z' = 2 Y Z
  b0 = y0 << 1; b1 = y1 << 1; b2 = y2 << 1;
  b3 = y3 << 1; b4 = y4 << 1; b5 = y5 << 1;
  b6 = y6 << 1; b7 = y7 << 1; b8 = y8 << 1;
  s = b0 * z0;
  m0 = s & MASK;
  s = (s >> 29) + b0 * z1 + b1 * z0;
  m1 = s & MASK;
  s = (s >> 29) + b0 * z2 + b1 * z1 + b2 * z0;
  m2 = s & MASK;
  s = (s >> 29) + (m0 << 9) + b0 * z3 + b1 * z2 + b2 * z1 + b3 * z0;
  m3 = s & MASK;
  s = (s >> 29) + (m1 << 9) + b0 * z4 + b1 * z3 + b2 * z2 + b3 * z1 + b4 * z0;
  m4 = s & MASK;
  s = (s >> 29) + (m2 << 9) + b0 * z5 + b1 * z4 + b2 * z3 + b3 * z2 + b4 * z1 + b5 * z0;
  m5 = s & MASK;
  s = (s >> 29) + (((m0 << 9) + m3) << 9) + b0 * z6 + b1 * z5 + b2 * z4 + b3 * z3 + b4 * z2 + b5 * z1 + b6 * z0;
  m6 = s & MASK;
  s = (s >> 29) + ((((m1 - (m0 << 3)) << 9) + m4) << 9) + b0 * z7 + b1 * z6 + b2 * z5 + b3 * z4 + b4 * z3 + b5 * z2 +
    b6 * z1 + b7 * z0;
  m7 = s & MASK;
  s = (s >> 29) + (((((((m0 << 3) - m1) << 3) + m2) << 9) + m5) << 9) + b0 * z8 + b1 * z7 + b2 * z6 + b3 * z5 +
    b4 * z4 + b5 * z3 + b6 * z2 + b7 * z1 + b8 * z0;
  m8 = s & MASK;
  s = (s >> 29) + (((((((m1 << 3) - m2) << 3) + m3) << 9) + m6) << 9) + b1 * z8 + b2 * z7 + b3 * z6 + b4 * z5 +
    b5 * z4 + b6 * z3 + b7 * z2 + b8 * z1;
  c0 = s & MASK;
  s = (s >> 29) + (((((((m2 << 3) - m3) << 3) + m4) << 9) + m7) << 9) + b2 * z8 + b3 * z7 + b4 * z6 + b5 * z5 +
    b6 * z4 + b7 * z3 + b8 * z2;
  c1 = s & MASK;
  s = (s >> 29) + (((((((m3 << 3) - m4) << 3) + m5) << 9) + m8) << 9) + b3 * z8 + b4 * z7 + b5 * z6 + b6 * z5 +
    b7 * z4 + b8 * z3;
  c2 = s & MASK;
  s = (s >> 29) + (((((m4 << 3) - m5) << 3) + m6) << 18) + b4 * z8 + b5 * z7 + b6 * z6 + b7 * z5 + b8 * z4;
  c3 = s & MASK;
  s = (s >> 29) + (((((m5 << 3) - m6) << 3) + m7) << 18) + b5 * z8 + b6 * z7 + b7 * z6 + b8 * z5;
  c4 = s & MASK;
  s = (s >> 29) + (((((m6 << 3) - m7) << 3) + m8) << 18) + b6 * z8 + b7 * z7 + b8 * z6;
  c5 = s & MASK;
  s = (s >> 29) + (((m7 << 3) - m8) << 21) + b7 * z8 + b8 * z7;
  c6 = s & MASK;
  s = (s >> 29) + (m8 << 24) + b8 * z8;
  c7 = s & MASK;
  c8 = s >> 29;
  store<i64>(out, c0, 224);
  store<i64>(out, c1, 232);
  store<i64>(out, c2, 240);
  store<i64>(out, c3, 248);
  store<i64>(out, c4, 256);
  store<i64>(out, c5, 264);
  store<i64>(out, c6, 272);
  store<i64>(out, c7, 280);
  store<i64>(out, c8, 288);
  // z = (X - delta) (X + delta), a third of alpha
  b0 = x0 - a0; b1 = x1 - a1; b2 = x2 - a2;
  b3 = x3 - a3; b4 = x4 - a4; b5 = x5 - a5;
  b6 = x6 - a6; b7 = x7 - a7; b8 = x8 - a8;
  c0 = x0 + a0; c1 = x1 + a1; c2 = x2 + a2;
  c3 = x3 + a3; c4 = x4 + a4; c5 = x5 + a5;
  c6 = x6 + a6; c7 = x7 + a7; c8 = x8 + a8;
  s = b0 * c0;
  m0 = s & MASK;
  s = (s >> 29) + b0 * c1 + b1 * c0;
  m1 = s & MASK;
  s = (s >> 29) + b0 * c2 + b1 * c1 + b2 * c0;
  m2 = s & MASK;
  s = (s >> 29) + (m0 << 9) + b0 * c3 + b1 * c2 + b2 * c1 + b3 * c0;
  m3 = s & MASK;
  s = (s >> 29) + (m1 << 9) + b0 * c4 + b1 * c3 + b2 * c2 + b3 * c1 + b4 * c0;
  m4 = s & MASK;
  s = (s >> 29) + (m2 << 9) + b0 * c5 + b1 * c4 + b2 * c3 + b3 * c2 + b4 * c1 + b5 * c0;
  m5 = s & MASK;
  s = (s >> 29) + (((m0 << 9) + m3) << 9) + b0 * c6 + b1 * c5 + b2 * c4 + b3 * c3 + b4 * c2 + b5 * c1 + b6 * c0;
  m6 = s & MASK;
  s = (s >> 29) + ((((m1 - (m0 << 3)) << 9) + m4) << 9) + b0 * c7 + b1 * c6 + b2 * c5 + b3 * c4 + b4 * c3 + b5 * c2 +
    b6 * c1 + b7 * c0;
  m7 = s & MASK;
  s = (s >> 29) + (((((((m0 << 3) - m1) << 3) + m2) << 9) + m5) << 9) + b0 * c8 + b1 * c7 + b2 * c6 + b3 * c5 +
    b4 * c4 + b5 * c3 + b6 * c2 + b7 * c1 + b8 * c0;
  m8 = s & MASK;
  s = (s >> 29) + (((((((m1 << 3) - m2) << 3) + m3) << 9) + m6) << 9) + b1 * c8 + b2 * c7 + b3 * c6 + b4 * c5 +
    b5 * c4 + b6 * c3 + b7 * c2 + b8 * c1;
  z0 = s & MASK;
  s = (s >> 29) + (((((((m2 << 3) - m3) << 3) + m4) << 9) + m7) << 9) + b2 * c8 + b3 * c7 + b4 * c6 + b5 * c5 +
    b6 * c4 + b7 * c3 + b8 * c2;
  z1 = s & MASK;
  s = (s >> 29) + (((((((m3 << 3) - m4) << 3) + m5) << 9) + m8) << 9) + b3 * c8 + b4 * c7 + b5 * c6 + b6 * c5 +
    b7 * c4 + b8 * c3;
  z2 = s & MASK;
  s = (s >> 29) + (((((m4 << 3) - m5) << 3) + m6) << 18) + b4 * c8 + b5 * c7 + b6 * c6 + b7 * c5 + b8 * c4;
  z3 = s & MASK;
  s = (s >> 29) + (((((m5 << 3) - m6) << 3) + m7) << 18) + b5 * c8 + b6 * c7 + b7 * c6 + b8 * c5;
  z4 = s & MASK;
  s = (s >> 29) + (((((m6 << 3) - m7) << 3) + m8) << 18) + b6 * c8 + b7 * c7 + b8 * c6;
  z5 = s & MASK;
  s = (s >> 29) + (((m7 << 3) - m8) << 21) + b7 * c8 + b8 * c7;
  z6 = s & MASK;
  s = (s >> 29) + (m8 << 24) + b8 * c8;
  z7 = s & MASK;
  z8 = s >> 29;
  // a = gamma = Y^2, b = beta = X gamma
  s = y0 * y0;
  m0 = s & MASK;
  s = (s >> 29) + ((y0 * y1) << 1);
  m1 = s & MASK;
  s = (s >> 29) + ((y0 * y2) << 1) + y1 * y1;
  m2 = s & MASK;
  s = (s >> 29) + (m0 << 9) + ((y0 * y3 + y1 * y2) << 1);
  m3 = s & MASK;
  s = (s >> 29) + (m1 << 9) + ((y0 * y4 + y1 * y3) << 1) + y2 * y2;
  m4 = s & MASK;
  s = (s >> 29) + (m2 << 9) + ((y0 * y5 + y1 * y4 + y2 * y3) << 1);
  m5 = s & MASK;
  s = (s >> 29) + (((m0 << 9) + m3) << 9) + ((y0 * y6 + y1 * y5 + y2 * y4) << 1) + y3 * y3;
  m6 = s & MASK;
  s = (s >> 29) + ((((m1 - (m0 << 3)) << 9) + m4) << 9) + ((y0 * y7 + y1 * y6 + y2 * y5 + y3 * y4) << 1);
  m7 = s & MASK;
  s = (s >> 29) + (((((((m0 << 3) - m1) << 3) + m2) << 9) + m5) << 9) + ((y0 * y8 + y1 * y7 + y2 * y6 + y3 * y5) << 1) +
    y4 * y4;
  m8 = s & MASK;
  s = (s >> 29) + (((((((m1 << 3) - m2) << 3) + m3) << 9) + m6) << 9) + ((y1 * y8 + y2 * y7 + y3 * y6 +
    y4 * y5) << 1);
  a0 = s & MASK;
  s = (s >> 29) + (((((((m2 << 3) - m3) << 3) + m4) << 9) + m7) << 9) + ((y2 * y8 + y3 * y7 + y4 * y6) << 1) +
    y5 * y5;
  a1 = s & MASK;
  s = (s >> 29) + (((((((m3 << 3) - m4) << 3) + m5) << 9) + m8) << 9) + ((y3 * y8 + y4 * y7 + y5 * y6) << 1);
  a2 = s & MASK;
  s = (s >> 29) + (((((m4 << 3) - m5) << 3) + m6) << 18) + ((y4 * y8 + y5 * y7) << 1) + y6 * y6;
  a3 = s & MASK;
  s = (s >> 29) + (((((m5 << 3) - m6) << 3) + m7) << 18) + ((y5 * y8 + y6 * y7) << 1);
  a4 = s & MASK;
  s = (s >> 29) + (((((m6 << 3) - m7) << 3) + m8) << 18) + ((y6 * y8) << 1) + y7 * y7;
  a5 = s & MASK;
  s = (s >> 29) + (((m7 << 3) - m8) << 21) + ((y7 * y8) << 1);
  a6 = s & MASK;
  s = (s >> 29) + (m8 << 24) + y8 * y8;
  a7 = s & MASK;
  a8 = s >> 29;
  s = x0 * a0;
  m0 = s & MASK;
  s = (s >> 29) + x0 * a1 + x1 * a0;
  m1 = s & MASK;
  s = (s >> 29) + x0 * a2 + x1 * a1 + x2 * a0;
  m2 = s & MASK;
  s = (s >> 29) + (m0 << 9) + x0 * a3 + x1 * a2 + x2 * a1 + x3 * a0;
  m3 = s & MASK;
  s = (s >> 29) + (m1 << 9) + x0 * a4 + x1 * a3 + x2 * a2 + x3 * a1 + x4 * a0;
  m4 = s & MASK;
  s = (s >> 29) + (m2 << 9) + x0 * a5 + x1 * a4 + x2 * a3 + x3 * a2 + x4 * a1 + x5 * a0;
  m5 = s & MASK;
  s = (s >> 29) + (((m0 << 9) + m3) << 9) + x0 * a6 + x1 * a5 + x2 * a4 + x3 * a3 + x4 * a2 + x5 * a1 + x6 * a0;
  m6 = s & MASK;
  s = (s >> 29) + ((((m1 - (m0 << 3)) << 9) + m4) << 9) + x0 * a7 + x1 * a6 + x2 * a5 + x3 * a4 + x4 * a3 + x5 * a2 +
    x6 * a1 + x7 * a0;
  m7 = s & MASK;
  s = (s >> 29) + (((((((m0 << 3) - m1) << 3) + m2) << 9) + m5) << 9) + x0 * a8 + x1 * a7 + x2 * a6 + x3 * a5 +
    x4 * a4 + x5 * a3 + x6 * a2 + x7 * a1 + x8 * a0;
  m8 = s & MASK;
  s = (s >> 29) + (((((((m1 << 3) - m2) << 3) + m3) << 9) + m6) << 9) + x1 * a8 + x2 * a7 + x3 * a6 + x4 * a5 +
    x5 * a4 + x6 * a3 + x7 * a2 + x8 * a1;
  b0 = s & MASK;
  s = (s >> 29) + (((((((m2 << 3) - m3) << 3) + m4) << 9) + m7) << 9) + x2 * a8 + x3 * a7 + x4 * a6 + x5 * a5 +
    x6 * a4 + x7 * a3 + x8 * a2;
  b1 = s & MASK;
  s = (s >> 29) + (((((((m3 << 3) - m4) << 3) + m5) << 9) + m8) << 9) + x3 * a8 + x4 * a7 + x5 * a6 + x6 * a5 +
    x7 * a4 + x8 * a3;
  b2 = s & MASK;
  s = (s >> 29) + (((((m4 << 3) - m5) << 3) + m6) << 18) + x4 * a8 + x5 * a7 + x6 * a6 + x7 * a5 + x8 * a4;
  b3 = s & MASK;
  s = (s >> 29) + (((((m5 << 3) - m6) << 3) + m7) << 18) + x5 * a8 + x6 * a7 + x7 * a6 + x8 * a5;
  b4 = s & MASK;
  s = (s >> 29) + (((((m6 << 3) - m7) << 3) + m8) << 18) + x6 * a8 + x7 * a7 + x8 * a6;
  b5 = s & MASK;
  s = (s >> 29) + (((m7 << 3) - m8) << 21) + x7 * a8 + x8 * a7;
  b6 = s & MASK;
  s = (s >> 29) + (m8 << 24) + x8 * a8;
  b7 = s & MASK;
  b8 = s >> 29;
  // X' = 9 z^2 - 8 beta
  s = z0 * z0;
  m0 = s & MASK;
  s = (s >> 29) + ((z0 * z1) << 1);
  m1 = s & MASK;
  s = (s >> 29) + ((z0 * z2) << 1) + z1 * z1;
  m2 = s & MASK;
  s = (s >> 29) + (m0 << 9) + ((z0 * z3 + z1 * z2) << 1);
  m3 = s & MASK;
  s = (s >> 29) + (m1 << 9) + ((z0 * z4 + z1 * z3) << 1) + z2 * z2;
  m4 = s & MASK;
  s = (s >> 29) + (m2 << 9) + ((z0 * z5 + z1 * z4 + z2 * z3) << 1);
  m5 = s & MASK;
  s = (s >> 29) + (((m0 << 9) + m3) << 9) + ((z0 * z6 + z1 * z5 + z2 * z4) << 1) + z3 * z3;
  m6 = s & MASK;
  s = (s >> 29) + ((((m1 - (m0 << 3)) << 9) + m4) << 9) + ((z0 * z7 + z1 * z6 + z2 * z5 + z3 * z4) << 1);
  m7 = s & MASK;
  s = (s >> 29) + (((((((m0 << 3) - m1) << 3) + m2) << 9) + m5) << 9) + ((z0 * z8 + z1 * z7 + z2 * z6 + z3 * z5) << 1) +
    z4 * z4;
  m8 = s & MASK;
  s = (s >> 29) + (((((((m1 << 3) - m2) << 3) + m3) << 9) + m6) << 9) + ((z1 * z8 + z2 * z7 + z3 * z6 +
    z4 * z5) << 1);
  c0 = s & MASK;
  s = (s >> 29) + (((((((m2 << 3) - m3) << 3) + m4) << 9) + m7) << 9) + ((z2 * z8 + z3 * z7 + z4 * z6) << 1) +
    z5 * z5;
  c1 = s & MASK;
  s = (s >> 29) + (((((((m3 << 3) - m4) << 3) + m5) << 9) + m8) << 9) + ((z3 * z8 + z4 * z7 + z5 * z6) << 1);
  c2 = s & MASK;
  s = (s >> 29) + (((((m4 << 3) - m5) << 3) + m6) << 18) + ((z4 * z8 + z5 * z7) << 1) + z6 * z6;
  c3 = s & MASK;
  s = (s >> 29) + (((((m5 << 3) - m6) << 3) + m7) << 18) + ((z5 * z8 + z6 * z7) << 1);
  c4 = s & MASK;
  s = (s >> 29) + (((((m6 << 3) - m7) << 3) + m8) << 18) + ((z6 * z8) << 1) + z7 * z7;
  c5 = s & MASK;
  s = (s >> 29) + (((m7 << 3) - m8) << 21) + ((z7 * z8) << 1);
  c6 = s & MASK;
  s = (s >> 29) + (m8 << 24) + z8 * z8;
  c7 = s & MASK;
  c8 = s >> 29;
  s = c0 * 9 - (b0 << 3);
  x0 = s & MASK;
  s = (s >> 29) + c1 * 9 - (b1 << 3);
  x1 = s & MASK;
  s = (s >> 29) + c2 * 9 - (b2 << 3);
  x2 = s & MASK;
  s = (s >> 29) + c3 * 9 - (b3 << 3);
  x3 = s & MASK;
  s = (s >> 29) + c4 * 9 - (b4 << 3);
  x4 = s & MASK;
  s = (s >> 29) + c5 * 9 - (b5 << 3);
  x5 = s & MASK;
  s = (s >> 29) + c6 * 9 - (b6 << 3);
  x6 = s & MASK;
  s = (s >> 29) + c7 * 9 - (b7 << 3);
  x7 = s & MASK;
  s = (s >> 29) + c8 * 9 - (b8 << 3);
  x8 = s & TOP;
  s >>= 24;
  x0 += s;
  x3 -= s << 9;
  x6 -= s << 18;
  x7 += s << 21;
  store<i64>(out, x0);
  store<i64>(out, x1, 8);
  store<i64>(out, x2, 16);
  store<i64>(out, x3, 24);
  store<i64>(out, x4, 32);
  store<i64>(out, x5, 40);
  store<i64>(out, x6, 48);
  store<i64>(out, x7, 56);
  store<i64>(out, x8, 64);
  // y = 12 beta - 3 X', c = gamma^2
  s = b0 * 12 - x0 * 3;
  y0 = s & MASK;
  s = (s >> 29) + b1 * 12 - x1 * 3;
  y1 = s & MASK;
  s = (s >> 29) + b2 * 12 - x2 * 3;
  y2 = s & MASK;
  s = (s >> 29) + b3 * 12 - x3 * 3;
  y3 = s & MASK;
  s = (s >> 29) + b4 * 12 - x4 * 3;
  y4 = s & MASK;
  s = (s >> 29) + b5 * 12 - x5 * 3;
  y5 = s & MASK;
  s = (s >> 29) + b6 * 12 - x6 * 3;
  y6 = s & MASK;
  s = (s >> 29) + b7 * 12 - x7 * 3;
  y7 = s & MASK;
  s = (s >> 29) + b8 * 12 - x8 * 3;
  y8 = s;
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
  c0 = s & MASK;
  s = (s >> 29) + (((((((m2 << 3) - m3) << 3) + m4) << 9) + m7) << 9) + ((a2 * a8 + a3 * a7 + a4 * a6) << 1) +
    a5 * a5;
  c1 = s & MASK;
  s = (s >> 29) + (((((((m3 << 3) - m4) << 3) + m5) << 9) + m8) << 9) + ((a3 * a8 + a4 * a7 + a5 * a6) << 1);
  c2 = s & MASK;
  s = (s >> 29) + (((((m4 << 3) - m5) << 3) + m6) << 18) + ((a4 * a8 + a5 * a7) << 1) + a6 * a6;
  c3 = s & MASK;
  s = (s >> 29) + (((((m5 << 3) - m6) << 3) + m7) << 18) + ((a5 * a8 + a6 * a7) << 1);
  c4 = s & MASK;
  s = (s >> 29) + (((((m6 << 3) - m7) << 3) + m8) << 18) + ((a6 * a8) << 1) + a7 * a7;
  c5 = s & MASK;
  s = (s >> 29) + (((m7 << 3) - m8) << 21) + ((a7 * a8) << 1);
  c6 = s & MASK;
  s = (s >> 29) + (m8 << 24) + a8 * a8;
  c7 = s & MASK;
  c8 = s >> 29;
  // Y' = z y - 8 gamma^2
  s = z0 * y0;
  m0 = s & MASK;
  s = (s >> 29) + z0 * y1 + z1 * y0;
  m1 = s & MASK;
  s = (s >> 29) + z0 * y2 + z1 * y1 + z2 * y0;
  m2 = s & MASK;
  s = (s >> 29) + (m0 << 9) + z0 * y3 + z1 * y2 + z2 * y1 + z3 * y0;
  m3 = s & MASK;
  s = (s >> 29) + (m1 << 9) + z0 * y4 + z1 * y3 + z2 * y2 + z3 * y1 + z4 * y0;
  m4 = s & MASK;
  s = (s >> 29) + (m2 << 9) + z0 * y5 + z1 * y4 + z2 * y3 + z3 * y2 + z4 * y1 + z5 * y0;
  m5 = s & MASK;
  s = (s >> 29) + (((m0 << 9) + m3) << 9) + z0 * y6 + z1 * y5 + z2 * y4 + z3 * y3 + z4 * y2 + z5 * y1 + z6 * y0;
  m6 = s & MASK;
  s = (s >> 29) + ((((m1 - (m0 << 3)) << 9) + m4) << 9) + z0 * y7 + z1 * y6 + z2 * y5 + z3 * y4 + z4 * y3 + z5 * y2 +
    z6 * y1 + z7 * y0;
  m7 = s & MASK;
  s = (s >> 29) + (((((((m0 << 3) - m1) << 3) + m2) << 9) + m5) << 9) + z0 * y8 + z1 * y7 + z2 * y6 + z3 * y5 +
    z4 * y4 + z5 * y3 + z6 * y2 + z7 * y1 + z8 * y0;
  m8 = s & MASK;
  s = (s >> 29) + (((((((m1 << 3) - m2) << 3) + m3) << 9) + m6) << 9) + z1 * y8 + z2 * y7 + z3 * y6 + z4 * y5 +
    z5 * y4 + z6 * y3 + z7 * y2 + z8 * y1 - (c0 << 3);
  d0 = s & MASK;
  s = (s >> 29) + (((((((m2 << 3) - m3) << 3) + m4) << 9) + m7) << 9) + z2 * y8 + z3 * y7 + z4 * y6 + z5 * y5 +
    z6 * y4 + z7 * y3 + z8 * y2 - (c1 << 3);
  d1 = s & MASK;
  s = (s >> 29) + (((((((m3 << 3) - m4) << 3) + m5) << 9) + m8) << 9) + z3 * y8 + z4 * y7 + z5 * y6 + z6 * y5 +
    z7 * y4 + z8 * y3 - (c2 << 3);
  d2 = s & MASK;
  s = (s >> 29) + (((((m4 << 3) - m5) << 3) + m6) << 18) + z4 * y8 + z5 * y7 + z6 * y6 + z7 * y5 + z8 * y4 - (c3 << 3);
  d3 = s & MASK;
  s = (s >> 29) + (((((m5 << 3) - m6) << 3) + m7) << 18) + z5 * y8 + z6 * y7 + z7 * y6 + z8 * y5 - (c4 << 3);
  d4 = s & MASK;
  s = (s >> 29) + (((((m6 << 3) - m7) << 3) + m8) << 18) + z6 * y8 + z7 * y7 + z8 * y6 - (c5 << 3);
  d5 = s & MASK;
  s = (s >> 29) + (((m7 << 3) - m8) << 21) + z7 * y8 + z8 * y7 - (c6 << 3);
  d6 = s & MASK;
  s = (s >> 29) + (m8 << 24) + z8 * y8 - (c7 << 3);
  d7 = s & MASK;
  s = (s >> 29) - (c8 << 3);
  d8 = s & TOP;
  s >>= 24;
  d0 += s;
  d3 -= s << 9;
  d6 -= s << 18;
  d7 += s << 21;
  store<i64>(out, d0, 112);
  store<i64>(out, d1, 120);
  store<i64>(out, d2, 128);
  store<i64>(out, d3, 136);
  store<i64>(out, d4, 144);
  store<i64>(out, d5, 152);
  store<i64>(out, d6, 160);
  store<i64>(out, d7, 168);
  store<i64>(out, d8, 176);
}
