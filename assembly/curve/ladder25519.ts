// The Montgomery ladder of Curve25519 (RFC 7748 §5), all in locals.
//
// Field elements mod p = 2^255 - 19 are nine limbs of 29 bits in i64, the top one of 23. A column of products stays
// below 2^63, so that carries are taken once, when a product is complete: columns 9 to 16 weigh 2^261 = 64 * 19 = 1216.
// A product's limbs lie in [0, 2^29), limb 1 may stray by 2^16 to either side; sums of two of them reach 2^30 and
// differences are signed. Only column 7 of a squared sum could pass 2^63: BIAS moves it down, and column 8 makes good.
//
// Constant-time in scalar and point: no branch and no address depends on them.

// @ts-ignore: decorator
@inline
const MASK: i64 = 0x1fffffff;
// @ts-ignore: decorator
@inline
const TOP: i64 = 0x7fffff;
// @ts-ignore: decorator
@inline
const BIAS: i64 = 1 << 62;

/**
 * Runs the 255 steps. `scalar` is 32 clamped bytes; `point` holds the nine limbs of u. Writes the projective result,
 * nine limbs of X then nine of Z, to `out`.
 */
export function ladder25519(out: usize, scalar: usize, point: usize): void {
  let u0: i64 = load<i64>(point, 0); let u1: i64 = load<i64>(point, 8); let u2: i64 = load<i64>(point, 16);
  let u3: i64 = load<i64>(point, 24); let u4: i64 = load<i64>(point, 32); let u5: i64 = load<i64>(point, 40);
  let u6: i64 = load<i64>(point, 48); let u7: i64 = load<i64>(point, 56); let u8: i64 = load<i64>(point, 64);
  // (a : b) is the double of the last step, (c : d) its sum; at first infinity and the point itself.
  let a0: i64 = 1; let a1: i64 = 0; let a2: i64 = 0;
  let a3: i64 = 0; let a4: i64 = 0; let a5: i64 = 0;
  let a6: i64 = 0; let a7: i64 = 0; let a8: i64 = 0;
  let b0: i64 = 0; let b1: i64 = 0; let b2: i64 = 0;
  let b3: i64 = 0; let b4: i64 = 0; let b5: i64 = 0;
  let b6: i64 = 0; let b7: i64 = 0; let b8: i64 = 0;
  let c0: i64 = u0; let c1: i64 = u1; let c2: i64 = u2;
  let c3: i64 = u3; let c4: i64 = u4; let c5: i64 = u5;
  let c6: i64 = u6; let c7: i64 = u7; let c8: i64 = u8;
  let d0: i64 = 1; let d1: i64 = 0; let d2: i64 = 0;
  let d3: i64 = 0; let d4: i64 = 0; let d5: i64 = 0;
  let d6: i64 = 0; let d7: i64 = 0; let d8: i64 = 0;
  let e0: i64 = 0; let e1: i64 = 0; let e2: i64 = 0;
  let e3: i64 = 0; let e4: i64 = 0; let e5: i64 = 0;
  let e6: i64 = 0; let e7: i64 = 0; let e8: i64 = 0;
  let f0: i64 = 0; let f1: i64 = 0; let f2: i64 = 0;
  let f3: i64 = 0; let f4: i64 = 0; let f5: i64 = 0;
  let f6: i64 = 0; let f7: i64 = 0; let f8: i64 = 0;
  let g0: i64 = 0; let g1: i64 = 0; let g2: i64 = 0;
  let g3: i64 = 0; let g4: i64 = 0; let g5: i64 = 0;
  let g6: i64 = 0; let g7: i64 = 0; let g8: i64 = 0;
  let h0: i64 = 0; let h1: i64 = 0; let h2: i64 = 0;
  let h3: i64 = 0; let h4: i64 = 0; let h5: i64 = 0;
  let h6: i64 = 0; let h7: i64 = 0; let h8: i64 = 0;
  let s: i64 = 0;
  let t: i64 = 0;
  let last: i64 = 0;
  for (let i = 254; i >= 0; i--) {
    const bit = ((load<u8>(scalar + (i >> 3)) >> (i & 7)) & 1) as i64;
    const mask = -(bit ^ last);
    last = bit;
    // e = x2 + z2, f = x2 - z2, g = x3 + z3, h = x3 - z3
    e0 = a0 + b0; e1 = a1 + b1; e2 = a2 + b2;
    e3 = a3 + b3; e4 = a4 + b4; e5 = a5 + b5;
    e6 = a6 + b6; e7 = a7 + b7; e8 = a8 + b8;
    f0 = a0 - b0; f1 = a1 - b1; f2 = a2 - b2;
    f3 = a3 - b3; f4 = a4 - b4; f5 = a5 - b5;
    f6 = a6 - b6; f7 = a7 - b7; f8 = a8 - b8;
    g0 = c0 + d0; g1 = c1 + d1; g2 = c2 + d2;
    g3 = c3 + d3; g4 = c4 + d4; g5 = c5 + d5;
    g6 = c6 + d6; g7 = c7 + d7; g8 = c8 + d8;
    h0 = c0 - d0; h1 = c1 - d1; h2 = c2 - d2;
    h3 = c3 - d3; h4 = c4 - d4; h5 = c5 - d5;
    h6 = c6 - d6; h7 = c7 - d7; h8 = c8 - d8;
    // c = h * e
    t = h1 * e8 + h2 * e7 + h3 * e6 + h4 * e5 + h5 * e4 + h6 * e3 + h7 * e2 + h8 * e1;
    s = h0 * e0 + (t & MASK) * 1216;
    c0 = s & MASK;
    t = (t >> 29) + h2 * e8 + h3 * e7 + h4 * e6 + h5 * e5 + h6 * e4 + h7 * e3 + h8 * e2;
    s = (s >> 29) + h0 * e1 + h1 * e0 + (t & MASK) * 1216;
    c1 = s & MASK;
    t = (t >> 29) + h3 * e8 + h4 * e7 + h5 * e6 + h6 * e5 + h7 * e4 + h8 * e3;
    s = (s >> 29) + h0 * e2 + h1 * e1 + h2 * e0 + (t & MASK) * 1216;
    c2 = s & MASK;
    t = (t >> 29) + h4 * e8 + h5 * e7 + h6 * e6 + h7 * e5 + h8 * e4;
    s = (s >> 29) + h0 * e3 + h1 * e2 + h2 * e1 + h3 * e0 + (t & MASK) * 1216;
    c3 = s & MASK;
    t = (t >> 29) + h5 * e8 + h6 * e7 + h7 * e6 + h8 * e5;
    s = (s >> 29) + h0 * e4 + h1 * e3 + h2 * e2 + h3 * e1 + h4 * e0 + (t & MASK) * 1216;
    c4 = s & MASK;
    t = (t >> 29) + h6 * e8 + h7 * e7 + h8 * e6;
    s = (s >> 29) + h0 * e5 + h1 * e4 + h2 * e3 + h3 * e2 + h4 * e1 + h5 * e0 + (t & MASK) * 1216;
    c5 = s & MASK;
    t = (t >> 29) + h7 * e8 + h8 * e7;
    s = (s >> 29) + h0 * e6 + h1 * e5 + h2 * e4 + h3 * e3 + h4 * e2 + h5 * e1 + h6 * e0 + (t & MASK) * 1216;
    c6 = s & MASK;
    t = (t >> 29) + h8 * e8;
    s = (s >> 29) + h0 * e7 + h1 * e6 + h2 * e5 + h3 * e4 + h4 * e3 + h5 * e2 + h6 * e1 + h7 * e0 + (t & MASK) * 1216;
    c7 = s & MASK;
    s = (s >> 29) + h0 * e8 + h1 * e7 + h2 * e6 + h3 * e5 + h4 * e4 + h5 * e3 + h6 * e2 + h7 * e1 + h8 * e0 +
      (t >> 29) * 1216;
    c8 = s & TOP;
    s = c0 + (s >> 23) * 19;
    c0 = s & MASK;
    c1 += s >> 29;
    // d = g * f
    t = g1 * f8 + g2 * f7 + g3 * f6 + g4 * f5 + g5 * f4 + g6 * f3 + g7 * f2 + g8 * f1;
    s = g0 * f0 + (t & MASK) * 1216;
    d0 = s & MASK;
    t = (t >> 29) + g2 * f8 + g3 * f7 + g4 * f6 + g5 * f5 + g6 * f4 + g7 * f3 + g8 * f2;
    s = (s >> 29) + g0 * f1 + g1 * f0 + (t & MASK) * 1216;
    d1 = s & MASK;
    t = (t >> 29) + g3 * f8 + g4 * f7 + g5 * f6 + g6 * f5 + g7 * f4 + g8 * f3;
    s = (s >> 29) + g0 * f2 + g1 * f1 + g2 * f0 + (t & MASK) * 1216;
    d2 = s & MASK;
    t = (t >> 29) + g4 * f8 + g5 * f7 + g6 * f6 + g7 * f5 + g8 * f4;
    s = (s >> 29) + g0 * f3 + g1 * f2 + g2 * f1 + g3 * f0 + (t & MASK) * 1216;
    d3 = s & MASK;
    t = (t >> 29) + g5 * f8 + g6 * f7 + g7 * f6 + g8 * f5;
    s = (s >> 29) + g0 * f4 + g1 * f3 + g2 * f2 + g3 * f1 + g4 * f0 + (t & MASK) * 1216;
    d4 = s & MASK;
    t = (t >> 29) + g6 * f8 + g7 * f7 + g8 * f6;
    s = (s >> 29) + g0 * f5 + g1 * f4 + g2 * f3 + g3 * f2 + g4 * f1 + g5 * f0 + (t & MASK) * 1216;
    d5 = s & MASK;
    t = (t >> 29) + g7 * f8 + g8 * f7;
    s = (s >> 29) + g0 * f6 + g1 * f5 + g2 * f4 + g3 * f3 + g4 * f2 + g5 * f1 + g6 * f0 + (t & MASK) * 1216;
    d6 = s & MASK;
    t = (t >> 29) + g8 * f8;
    s = (s >> 29) + g0 * f7 + g1 * f6 + g2 * f5 + g3 * f4 + g4 * f3 + g5 * f2 + g6 * f1 + g7 * f0 + (t & MASK) * 1216;
    d7 = s & MASK;
    s = (s >> 29) + g0 * f8 + g1 * f7 + g2 * f6 + g3 * f5 + g4 * f4 + g5 * f3 + g6 * f2 + g7 * f1 + g8 * f0 +
      (t >> 29) * 1216;
    d8 = s & TOP;
    s = d0 + (s >> 23) * 19;
    d0 = s & MASK;
    d1 += s >> 29;
    // the pair to double is the second one where this bit differs from the last
    e0 ^= (e0 ^ g0) & mask; e1 ^= (e1 ^ g1) & mask; e2 ^= (e2 ^ g2) & mask;
    e3 ^= (e3 ^ g3) & mask; e4 ^= (e4 ^ g4) & mask; e5 ^= (e5 ^ g5) & mask;
    e6 ^= (e6 ^ g6) & mask; e7 ^= (e7 ^ g7) & mask; e8 ^= (e8 ^ g8) & mask;
    f0 ^= (f0 ^ h0) & mask; f1 ^= (f1 ^ h1) & mask; f2 ^= (f2 ^ h2) & mask;
    f3 ^= (f3 ^ h3) & mask; f4 ^= (f4 ^ h4) & mask; f5 ^= (f5 ^ h5) & mask;
    f6 ^= (f6 ^ h6) & mask; f7 ^= (f7 ^ h7) & mask; f8 ^= (f8 ^ h8) & mask;
    // g = e^2
    t = ((e1 * e8 + e2 * e7 + e3 * e6 + e4 * e5) << 1);
    s = e0 * e0 + (t & MASK) * 1216;
    g0 = s & MASK;
    t = (t >> 29) + ((e2 * e8 + e3 * e7 + e4 * e6) << 1) + e5 * e5;
    s = (s >> 29) + ((e0 * e1) << 1) + (t & MASK) * 1216;
    g1 = s & MASK;
    t = (t >> 29) + ((e3 * e8 + e4 * e7 + e5 * e6) << 1);
    s = (s >> 29) + ((e0 * e2) << 1) + e1 * e1 + (t & MASK) * 1216;
    g2 = s & MASK;
    t = (t >> 29) + ((e4 * e8 + e5 * e7) << 1) + e6 * e6;
    s = (s >> 29) + ((e0 * e3 + e1 * e2) << 1) + (t & MASK) * 1216;
    g3 = s & MASK;
    t = (t >> 29) + ((e5 * e8 + e6 * e7) << 1);
    s = (s >> 29) + ((e0 * e4 + e1 * e3) << 1) + e2 * e2 + (t & MASK) * 1216;
    g4 = s & MASK;
    t = (t >> 29) + ((e6 * e8) << 1) + e7 * e7;
    s = (s >> 29) + ((e0 * e5 + e1 * e4 + e2 * e3) << 1) + (t & MASK) * 1216;
    g5 = s & MASK;
    t = (t >> 29) + ((e7 * e8) << 1);
    s = (s >> 29) + ((e0 * e6 + e1 * e5 + e2 * e4) << 1) + e3 * e3 + (t & MASK) * 1216;
    g6 = s & MASK;
    t = (t >> 29) + e8 * e8;
    s = (s >> 29) + ((e0 * e7 + e1 * e6 + e2 * e5 + e3 * e4) << 1) + (t & MASK) * 1216 - BIAS;
    g7 = s & MASK;
    s = (s >> 29) + ((e0 * e8 + e1 * e7 + e2 * e6 + e3 * e5) << 1) + e4 * e4 + (t >> 29) * 1216 + (BIAS >> 29);
    g8 = s & TOP;
    s = g0 + (s >> 23) * 19;
    g0 = s & MASK;
    g1 += s >> 29;
    // h = f^2
    t = ((f1 * f8 + f2 * f7 + f3 * f6 + f4 * f5) << 1);
    s = f0 * f0 + (t & MASK) * 1216;
    h0 = s & MASK;
    t = (t >> 29) + ((f2 * f8 + f3 * f7 + f4 * f6) << 1) + f5 * f5;
    s = (s >> 29) + ((f0 * f1) << 1) + (t & MASK) * 1216;
    h1 = s & MASK;
    t = (t >> 29) + ((f3 * f8 + f4 * f7 + f5 * f6) << 1);
    s = (s >> 29) + ((f0 * f2) << 1) + f1 * f1 + (t & MASK) * 1216;
    h2 = s & MASK;
    t = (t >> 29) + ((f4 * f8 + f5 * f7) << 1) + f6 * f6;
    s = (s >> 29) + ((f0 * f3 + f1 * f2) << 1) + (t & MASK) * 1216;
    h3 = s & MASK;
    t = (t >> 29) + ((f5 * f8 + f6 * f7) << 1);
    s = (s >> 29) + ((f0 * f4 + f1 * f3) << 1) + f2 * f2 + (t & MASK) * 1216;
    h4 = s & MASK;
    t = (t >> 29) + ((f6 * f8) << 1) + f7 * f7;
    s = (s >> 29) + ((f0 * f5 + f1 * f4 + f2 * f3) << 1) + (t & MASK) * 1216;
    h5 = s & MASK;
    t = (t >> 29) + ((f7 * f8) << 1);
    s = (s >> 29) + ((f0 * f6 + f1 * f5 + f2 * f4) << 1) + f3 * f3 + (t & MASK) * 1216;
    h6 = s & MASK;
    t = (t >> 29) + f8 * f8;
    s = (s >> 29) + ((f0 * f7 + f1 * f6 + f2 * f5 + f3 * f4) << 1) + (t & MASK) * 1216;
    h7 = s & MASK;
    s = (s >> 29) + ((f0 * f8 + f1 * f7 + f2 * f6 + f3 * f5) << 1) + f4 * f4 + (t >> 29) * 1216;
    h8 = s & TOP;
    s = h0 + (s >> 23) * 19;
    h0 = s & MASK;
    h1 += s >> 29;
    // x2 = g * h
    t = g1 * h8 + g2 * h7 + g3 * h6 + g4 * h5 + g5 * h4 + g6 * h3 + g7 * h2 + g8 * h1;
    s = g0 * h0 + (t & MASK) * 1216;
    a0 = s & MASK;
    t = (t >> 29) + g2 * h8 + g3 * h7 + g4 * h6 + g5 * h5 + g6 * h4 + g7 * h3 + g8 * h2;
    s = (s >> 29) + g0 * h1 + g1 * h0 + (t & MASK) * 1216;
    a1 = s & MASK;
    t = (t >> 29) + g3 * h8 + g4 * h7 + g5 * h6 + g6 * h5 + g7 * h4 + g8 * h3;
    s = (s >> 29) + g0 * h2 + g1 * h1 + g2 * h0 + (t & MASK) * 1216;
    a2 = s & MASK;
    t = (t >> 29) + g4 * h8 + g5 * h7 + g6 * h6 + g7 * h5 + g8 * h4;
    s = (s >> 29) + g0 * h3 + g1 * h2 + g2 * h1 + g3 * h0 + (t & MASK) * 1216;
    a3 = s & MASK;
    t = (t >> 29) + g5 * h8 + g6 * h7 + g7 * h6 + g8 * h5;
    s = (s >> 29) + g0 * h4 + g1 * h3 + g2 * h2 + g3 * h1 + g4 * h0 + (t & MASK) * 1216;
    a4 = s & MASK;
    t = (t >> 29) + g6 * h8 + g7 * h7 + g8 * h6;
    s = (s >> 29) + g0 * h5 + g1 * h4 + g2 * h3 + g3 * h2 + g4 * h1 + g5 * h0 + (t & MASK) * 1216;
    a5 = s & MASK;
    t = (t >> 29) + g7 * h8 + g8 * h7;
    s = (s >> 29) + g0 * h6 + g1 * h5 + g2 * h4 + g3 * h3 + g4 * h2 + g5 * h1 + g6 * h0 + (t & MASK) * 1216;
    a6 = s & MASK;
    t = (t >> 29) + g8 * h8;
    s = (s >> 29) + g0 * h7 + g1 * h6 + g2 * h5 + g3 * h4 + g4 * h3 + g5 * h2 + g6 * h1 + g7 * h0 + (t & MASK) * 1216;
    a7 = s & MASK;
    s = (s >> 29) + g0 * h8 + g1 * h7 + g2 * h6 + g3 * h5 + g4 * h4 + g5 * h3 + g6 * h2 + g7 * h1 + g8 * h0 +
      (t >> 29) * 1216;
    a8 = s & TOP;
    s = a0 + (s >> 23) * 19;
    a0 = s & MASK;
    a1 += s >> 29;
    // e = g - h, f = g + 121665 e
    e0 = g0 - h0; e1 = g1 - h1; e2 = g2 - h2;
    e3 = g3 - h3; e4 = g4 - h4; e5 = g5 - h5;
    e6 = g6 - h6; e7 = g7 - h7; e8 = g8 - h8;
    s = e0 * 121665 + g0;
    f0 = s & MASK;
    s = (s >> 29) + e1 * 121665 + g1;
    f1 = s & MASK;
    s = (s >> 29) + e2 * 121665 + g2;
    f2 = s & MASK;
    s = (s >> 29) + e3 * 121665 + g3;
    f3 = s & MASK;
    s = (s >> 29) + e4 * 121665 + g4;
    f4 = s & MASK;
    s = (s >> 29) + e5 * 121665 + g5;
    f5 = s & MASK;
    s = (s >> 29) + e6 * 121665 + g6;
    f6 = s & MASK;
    s = (s >> 29) + e7 * 121665 + g7;
    f7 = s & MASK;
    s = (s >> 29) + e8 * 121665 + g8;
    f8 = s & TOP;
    f0 += (s >> 23) * 19;
    // z2 = e * f
    t = e1 * f8 + e2 * f7 + e3 * f6 + e4 * f5 + e5 * f4 + e6 * f3 + e7 * f2 + e8 * f1;
    s = e0 * f0 + (t & MASK) * 1216;
    b0 = s & MASK;
    t = (t >> 29) + e2 * f8 + e3 * f7 + e4 * f6 + e5 * f5 + e6 * f4 + e7 * f3 + e8 * f2;
    s = (s >> 29) + e0 * f1 + e1 * f0 + (t & MASK) * 1216;
    b1 = s & MASK;
    t = (t >> 29) + e3 * f8 + e4 * f7 + e5 * f6 + e6 * f5 + e7 * f4 + e8 * f3;
    s = (s >> 29) + e0 * f2 + e1 * f1 + e2 * f0 + (t & MASK) * 1216;
    b2 = s & MASK;
    t = (t >> 29) + e4 * f8 + e5 * f7 + e6 * f6 + e7 * f5 + e8 * f4;
    s = (s >> 29) + e0 * f3 + e1 * f2 + e2 * f1 + e3 * f0 + (t & MASK) * 1216;
    b3 = s & MASK;
    t = (t >> 29) + e5 * f8 + e6 * f7 + e7 * f6 + e8 * f5;
    s = (s >> 29) + e0 * f4 + e1 * f3 + e2 * f2 + e3 * f1 + e4 * f0 + (t & MASK) * 1216;
    b4 = s & MASK;
    t = (t >> 29) + e6 * f8 + e7 * f7 + e8 * f6;
    s = (s >> 29) + e0 * f5 + e1 * f4 + e2 * f3 + e3 * f2 + e4 * f1 + e5 * f0 + (t & MASK) * 1216;
    b5 = s & MASK;
    t = (t >> 29) + e7 * f8 + e8 * f7;
    s = (s >> 29) + e0 * f6 + e1 * f5 + e2 * f4 + e3 * f3 + e4 * f2 + e5 * f1 + e6 * f0 + (t & MASK) * 1216;
    b6 = s & MASK;
    t = (t >> 29) + e8 * f8;
    s = (s >> 29) + e0 * f7 + e1 * f6 + e2 * f5 + e3 * f4 + e4 * f3 + e5 * f2 + e6 * f1 + e7 * f0 + (t & MASK) * 1216;
    b7 = s & MASK;
    s = (s >> 29) + e0 * f8 + e1 * f7 + e2 * f6 + e3 * f5 + e4 * f4 + e5 * f3 + e6 * f2 + e7 * f1 + e8 * f0 +
      (t >> 29) * 1216;
    b8 = s & TOP;
    s = b0 + (s >> 23) * 19;
    b0 = s & MASK;
    b1 += s >> 29;
    // e = c + d, f = c - d
    e0 = c0 + d0; e1 = c1 + d1; e2 = c2 + d2;
    e3 = c3 + d3; e4 = c4 + d4; e5 = c5 + d5;
    e6 = c6 + d6; e7 = c7 + d7; e8 = c8 + d8;
    f0 = c0 - d0; f1 = c1 - d1; f2 = c2 - d2;
    f3 = c3 - d3; f4 = c4 - d4; f5 = c5 - d5;
    f6 = c6 - d6; f7 = c7 - d7; f8 = c8 - d8;
    // x3 = e^2
    t = ((e1 * e8 + e2 * e7 + e3 * e6 + e4 * e5) << 1);
    s = e0 * e0 + (t & MASK) * 1216;
    c0 = s & MASK;
    t = (t >> 29) + ((e2 * e8 + e3 * e7 + e4 * e6) << 1) + e5 * e5;
    s = (s >> 29) + ((e0 * e1) << 1) + (t & MASK) * 1216;
    c1 = s & MASK;
    t = (t >> 29) + ((e3 * e8 + e4 * e7 + e5 * e6) << 1);
    s = (s >> 29) + ((e0 * e2) << 1) + e1 * e1 + (t & MASK) * 1216;
    c2 = s & MASK;
    t = (t >> 29) + ((e4 * e8 + e5 * e7) << 1) + e6 * e6;
    s = (s >> 29) + ((e0 * e3 + e1 * e2) << 1) + (t & MASK) * 1216;
    c3 = s & MASK;
    t = (t >> 29) + ((e5 * e8 + e6 * e7) << 1);
    s = (s >> 29) + ((e0 * e4 + e1 * e3) << 1) + e2 * e2 + (t & MASK) * 1216;
    c4 = s & MASK;
    t = (t >> 29) + ((e6 * e8) << 1) + e7 * e7;
    s = (s >> 29) + ((e0 * e5 + e1 * e4 + e2 * e3) << 1) + (t & MASK) * 1216;
    c5 = s & MASK;
    t = (t >> 29) + ((e7 * e8) << 1);
    s = (s >> 29) + ((e0 * e6 + e1 * e5 + e2 * e4) << 1) + e3 * e3 + (t & MASK) * 1216;
    c6 = s & MASK;
    t = (t >> 29) + e8 * e8;
    s = (s >> 29) + ((e0 * e7 + e1 * e6 + e2 * e5 + e3 * e4) << 1) + (t & MASK) * 1216 - BIAS;
    c7 = s & MASK;
    s = (s >> 29) + ((e0 * e8 + e1 * e7 + e2 * e6 + e3 * e5) << 1) + e4 * e4 + (t >> 29) * 1216 + (BIAS >> 29);
    c8 = s & TOP;
    s = c0 + (s >> 23) * 19;
    c0 = s & MASK;
    c1 += s >> 29;
    // g = f^2
    t = ((f1 * f8 + f2 * f7 + f3 * f6 + f4 * f5) << 1);
    s = f0 * f0 + (t & MASK) * 1216;
    g0 = s & MASK;
    t = (t >> 29) + ((f2 * f8 + f3 * f7 + f4 * f6) << 1) + f5 * f5;
    s = (s >> 29) + ((f0 * f1) << 1) + (t & MASK) * 1216;
    g1 = s & MASK;
    t = (t >> 29) + ((f3 * f8 + f4 * f7 + f5 * f6) << 1);
    s = (s >> 29) + ((f0 * f2) << 1) + f1 * f1 + (t & MASK) * 1216;
    g2 = s & MASK;
    t = (t >> 29) + ((f4 * f8 + f5 * f7) << 1) + f6 * f6;
    s = (s >> 29) + ((f0 * f3 + f1 * f2) << 1) + (t & MASK) * 1216;
    g3 = s & MASK;
    t = (t >> 29) + ((f5 * f8 + f6 * f7) << 1);
    s = (s >> 29) + ((f0 * f4 + f1 * f3) << 1) + f2 * f2 + (t & MASK) * 1216;
    g4 = s & MASK;
    t = (t >> 29) + ((f6 * f8) << 1) + f7 * f7;
    s = (s >> 29) + ((f0 * f5 + f1 * f4 + f2 * f3) << 1) + (t & MASK) * 1216;
    g5 = s & MASK;
    t = (t >> 29) + ((f7 * f8) << 1);
    s = (s >> 29) + ((f0 * f6 + f1 * f5 + f2 * f4) << 1) + f3 * f3 + (t & MASK) * 1216;
    g6 = s & MASK;
    t = (t >> 29) + f8 * f8;
    s = (s >> 29) + ((f0 * f7 + f1 * f6 + f2 * f5 + f3 * f4) << 1) + (t & MASK) * 1216;
    g7 = s & MASK;
    s = (s >> 29) + ((f0 * f8 + f1 * f7 + f2 * f6 + f3 * f5) << 1) + f4 * f4 + (t >> 29) * 1216;
    g8 = s & TOP;
    s = g0 + (s >> 23) * 19;
    g0 = s & MASK;
    g1 += s >> 29;
    // z3 = u * g
    t = u1 * g8 + u2 * g7 + u3 * g6 + u4 * g5 + u5 * g4 + u6 * g3 + u7 * g2 + u8 * g1;
    s = u0 * g0 + (t & MASK) * 1216;
    d0 = s & MASK;
    t = (t >> 29) + u2 * g8 + u3 * g7 + u4 * g6 + u5 * g5 + u6 * g4 + u7 * g3 + u8 * g2;
    s = (s >> 29) + u0 * g1 + u1 * g0 + (t & MASK) * 1216;
    d1 = s & MASK;
    t = (t >> 29) + u3 * g8 + u4 * g7 + u5 * g6 + u6 * g5 + u7 * g4 + u8 * g3;
    s = (s >> 29) + u0 * g2 + u1 * g1 + u2 * g0 + (t & MASK) * 1216;
    d2 = s & MASK;
    t = (t >> 29) + u4 * g8 + u5 * g7 + u6 * g6 + u7 * g5 + u8 * g4;
    s = (s >> 29) + u0 * g3 + u1 * g2 + u2 * g1 + u3 * g0 + (t & MASK) * 1216;
    d3 = s & MASK;
    t = (t >> 29) + u5 * g8 + u6 * g7 + u7 * g6 + u8 * g5;
    s = (s >> 29) + u0 * g4 + u1 * g3 + u2 * g2 + u3 * g1 + u4 * g0 + (t & MASK) * 1216;
    d4 = s & MASK;
    t = (t >> 29) + u6 * g8 + u7 * g7 + u8 * g6;
    s = (s >> 29) + u0 * g5 + u1 * g4 + u2 * g3 + u3 * g2 + u4 * g1 + u5 * g0 + (t & MASK) * 1216;
    d5 = s & MASK;
    t = (t >> 29) + u7 * g8 + u8 * g7;
    s = (s >> 29) + u0 * g6 + u1 * g5 + u2 * g4 + u3 * g3 + u4 * g2 + u5 * g1 + u6 * g0 + (t & MASK) * 1216;
    d6 = s & MASK;
    t = (t >> 29) + u8 * g8;
    s = (s >> 29) + u0 * g7 + u1 * g6 + u2 * g5 + u3 * g4 + u4 * g3 + u5 * g2 + u6 * g1 + u7 * g0 + (t & MASK) * 1216;
    d7 = s & MASK;
    s = (s >> 29) + u0 * g8 + u1 * g7 + u2 * g6 + u3 * g5 + u4 * g4 + u5 * g3 + u6 * g2 + u7 * g1 + u8 * g0 +
      (t >> 29) * 1216;
    d8 = s & TOP;
    s = d0 + (s >> 23) * 19;
    d0 = s & MASK;
    d1 += s >> 29;
  }
  // The last bit of a clamped scalar is 0: the double is the result.
  store<i64>(out, a0, 0);
  store<i64>(out, a1, 8);
  store<i64>(out, a2, 16);
  store<i64>(out, a3, 24);
  store<i64>(out, a4, 32);
  store<i64>(out, a5, 40);
  store<i64>(out, a6, 48);
  store<i64>(out, a7, 56);
  store<i64>(out, a8, 64);
  store<i64>(out, b0, 72);
  store<i64>(out, b1, 80);
  store<i64>(out, b2, 88);
  store<i64>(out, b3, 96);
  store<i64>(out, b4, 104);
  store<i64>(out, b5, 112);
  store<i64>(out, b6, 120);
  store<i64>(out, b7, 128);
  store<i64>(out, b8, 136);
}
