// The two NIST curves: their numbers, and one face over their two fields.
//
// A field element is ELEMENT bytes of limbs in Montgomery form (p256.ts, p384.ts); `select` says which field is meant.
// Constant-time in the elements throughout; the curve is public.
import { invert } from "./inverse";
import { bytesFromLimbs, limbsFromBytes } from "./limbs";
import { combine256, multiply256, square256 } from "./p256";
import { combine384, multiply384, square384 } from "./p384";

/** NamedGroup numbers (RFC 9846 §4.3.7). */
export enum Curve { P256 = 23, P384 = 24, X25519 = 29 }

/** Bytes between elements: fourteen limbs, the wider of the two fields. */
export const ELEMENT: i32 = 112;
/** Longest coordinate or scalar in bytes. */
export const COORDINATE_MAX: i32 = 48;

// p, n, b, G's x and y, R^2 mod p (FIPS 186-4 D.1.2.3 and D.1.2.4), each little-endian.
const numbers256 = memory.data<u64>([
  0xffffffffffffffff, 0xffffffff, 0x0, 0xffffffff00000001, // p
  0xf3b9cac2fc632551, 0xbce6faada7179e84, 0xffffffffffffffff, 0xffffffff00000000, // n
  0x3bce3c3e27d2604b, 0x651d06b0cc53b0f6, 0xb3ebbd55769886bc, 0x5ac635d8aa3a93e7, // b
  0xf4a13945d898c296, 0x77037d812deb33a0, 0xf8bce6e563a440f2, 0x6b17d1f2e12c4247, // G, x
  0xcbb6406837bf51f5, 0x2bce33576b315ece, 0x8ee7eb4a7c0f9e16, 0x4fe342e2fe1a7f9b, // G, y
  0xc00, 0xffffeffffffffc00, 0xfffffffffffffbff, 0x13fffffff7ff, // R^2 mod p
]);
const numbers384 = memory.data<u64>([
  0xffffffff, 0xffffffff00000000, 0xfffffffffffffffe, 0xffffffffffffffff, 0xffffffffffffffff, 0xffffffffffffffff, // p
  0xecec196accc52973, 0x581a0db248b0a77a, 0xc7634d81f4372ddf, 0xffffffffffffffff, 0xffffffffffffffff, 0xffffffffffffffff, // n
  0x2a85c8edd3ec2aef, 0xc656398d8a2ed19d, 0x314088f5013875a, 0x181d9c6efe814112, 0x988e056be3f82d19, 0xb3312fa7e23ee7e4, // b
  0x3a545e3872760ab7, 0x5502f25dbf55296c, 0x59f741e082542a38, 0x6e1d3b628ba79b98, 0x8eb1c71ef320ad74, 0xaa87ca22be8b0537, // G, x
  0x7a431d7c90ea0e5f, 0xa60b1ce1d7e819d, 0xe9da3113b5f0b8c0, 0xf8f41dbd289a147c, 0x5d9e98bf9292dc29, 0x3617de4a96262c6f, // G, y
  0xfffe000000010000, 0x200000000ffff, 0xfffe000000000000, 0x200000000ffff, 0x10000, 0x0, // R^2 mod p
]);

/** One in plain form. */
const unit = memory.data<u64>([1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
/** p as limbs, of the curve at hand. */
const primeLimbs = memory.data(ELEMENT, 16);
const scratch = memory.data(ELEMENT, 16);
const inverseBytes = memory.data(COORDINATE_MAX, 16);

let wide: bool = false;

/** 1 where `curve` is one of the two; makes it the one that all functions here and in point.ts mean. */
export function selectCurve(curve: i32): i32 {
  if (curve != Curve.P256 && curve != Curve.P384) return 0;
  wide = curve == Curve.P384;
  limbsFromBytes(primeLimbs, limbBits(), limbCount(), number(0), 1, coordinateLength());
  return 1;
}

// @ts-ignore: decorator
@inline
function limbBits(): i32 {
  return wide ? 28 : 29;
}

// @ts-ignore: decorator
@inline
function limbCount(): i32 {
  return wide ? 14 : 9;
}

// @ts-ignore: decorator
@inline
export function isP256(): bool {
  return !wide;
}

/** Bytes of a coordinate and of a scalar. */
export function coordinateLength(): i32 {
  return wide ? 48 : 32;
}

function number(index: i32): usize {
  return wide ? numbers384 + index * 48 : numbers256 + index * 32;
}

/** The field's prime, little-endian. */
export function curvePrime(): usize {
  return number(0);
}

/** The group's order n, little-endian. */
export function curveOrder(): usize {
  return number(1);
}

/** Writes the curve's b as an element. */
export function loadB(out: usize): void {
  elementFromBytes(out, number(2), 1);
}

/** Writes the generator's x and y as two elements. */
export function loadGenerator(x: usize, y: usize): void {
  elementFromBytes(x, number(3), 1);
  elementFromBytes(y, number(4), 1);
}

/** Writes 1 as an element. */
export function loadOne(out: usize): void {
  elementFromBytes(out, unit, 1);
}

// @ts-ignore: decorator
@inline
export function multiply(out: usize, a: usize, b: usize): void {
  if (wide) multiply384(out, a, b);
  else multiply256(out, a, b);
}

// @ts-ignore: decorator
@inline
export function square(out: usize, a: usize): void {
  if (wide) square384(out, a);
  else square256(out, a);
}

// out = i a + j b, carries taken.
// @ts-ignore: decorator
@inline
export function combine(out: usize, a: usize, i: i64, b: usize, j: i64): void {
  if (wide) combine384(out, a, i, b, j);
  else combine256(out, a, i, b, j);
}

/** out = a - b without carries: for operands of products only. */
export function subtract(out: usize, a: usize, b: usize): void {
  store<i64>(out, load<i64>(a, 0) - load<i64>(b, 0), 0);
  store<i64>(out, load<i64>(a, 8) - load<i64>(b, 8), 8);
  store<i64>(out, load<i64>(a, 16) - load<i64>(b, 16), 16);
  store<i64>(out, load<i64>(a, 24) - load<i64>(b, 24), 24);
  store<i64>(out, load<i64>(a, 32) - load<i64>(b, 32), 32);
  store<i64>(out, load<i64>(a, 40) - load<i64>(b, 40), 40);
  store<i64>(out, load<i64>(a, 48) - load<i64>(b, 48), 48);
  store<i64>(out, load<i64>(a, 56) - load<i64>(b, 56), 56);
  store<i64>(out, load<i64>(a, 64) - load<i64>(b, 64), 64);
  if (wide) {
    store<i64>(out, load<i64>(a, 72) - load<i64>(b, 72), 72);
    store<i64>(out, load<i64>(a, 80) - load<i64>(b, 80), 80);
    store<i64>(out, load<i64>(a, 88) - load<i64>(b, 88), 88);
    store<i64>(out, load<i64>(a, 96) - load<i64>(b, 96), 96);
    store<i64>(out, load<i64>(a, 104) - load<i64>(b, 104), 104);
  }
}

/** out = a + b without carries: for one operand of a product only. */
export function add(out: usize, a: usize, b: usize): void {
  store<i64>(out, load<i64>(a, 0) + load<i64>(b, 0), 0);
  store<i64>(out, load<i64>(a, 8) + load<i64>(b, 8), 8);
  store<i64>(out, load<i64>(a, 16) + load<i64>(b, 16), 16);
  store<i64>(out, load<i64>(a, 24) + load<i64>(b, 24), 24);
  store<i64>(out, load<i64>(a, 32) + load<i64>(b, 32), 32);
  store<i64>(out, load<i64>(a, 40) + load<i64>(b, 40), 40);
  store<i64>(out, load<i64>(a, 48) + load<i64>(b, 48), 48);
  store<i64>(out, load<i64>(a, 56) + load<i64>(b, 56), 56);
  store<i64>(out, load<i64>(a, 64) + load<i64>(b, 64), 64);
  if (wide) {
    store<i64>(out, load<i64>(a, 72) + load<i64>(b, 72), 72);
    store<i64>(out, load<i64>(a, 80) + load<i64>(b, 80), 80);
    store<i64>(out, load<i64>(a, 88) + load<i64>(b, 88), 88);
    store<i64>(out, load<i64>(a, 96) + load<i64>(b, 96), 96);
    store<i64>(out, load<i64>(a, 104) + load<i64>(b, 104), 104);
  }
}

export function copyElement(out: usize, a: usize): void {
  memory.copy(out, a, ELEMENT);
}

/** The Montgomery form of a number below p; `last` is its least significant byte, `step` leads to the next. */
export function elementFromBytes(out: usize, last: usize, step: i32): void {
  limbsFromBytes(scratch, limbBits(), limbCount(), number(5), 1, coordinateLength());
  limbsFromBytes(out, limbBits(), limbCount(), last, step, coordinateLength());
  multiply(out, out, scratch);
}

/** Writes the canonical number of an element as bytes. */
export function bytesFromElement(last: usize, step: i32, a: usize): void {
  canonical(scratch, a);
  bytesFromLimbs(last, step, coordinateLength(), scratch, limbBits(), limbCount());
  memory.fill(scratch, 0, ELEMENT);
}

/** out = 1 / a, or 0 for 0. */
export function invertElement(out: usize, a: usize): void {
  bytesFromElement(inverseBytes, 1, a);
  invert(inverseBytes, inverseBytes, number(0), coordinateLength());
  elementFromBytes(out, inverseBytes, 1);
  memory.fill(inverseBytes, 0, COORDINATE_MAX);
}

/**
 * False where the element is certainly not zero modulo p, told by its lowest limb alone: p is -1 modulo its range, so
 * that k p is -k there, and |k| <= 4. Not constant-time.
 */
export function mayBeZero(a: usize): bool {
  return ((load<i64>(a) + 4) & 0xfffffff) <= 8;
}

/** -1 where the element is zero modulo p, else 0. */
export function isZero(a: usize): i64 {
  canonical(scratch, a);
  let bits: i64 = 0;
  const end = limbCount() << 3;
  for (let i = 0; i < end; i += 8) bits |= load<i64>(scratch + i);
  memory.fill(scratch, 0, ELEMENT);
  return ((bits | -bits) >> 63) ^ -1;
}

/** Leaves Montgomery form: tight limbs of the number in [0, p). */
function canonical(out: usize, a: usize): void {
  // The product by 1 lies in [0, p], p only for a multiple of p.
  multiply(out, a, unit);
  const count = limbCount();
  const bits = limbBits() as i64;
  const mask = ((1 as i64) << bits) - 1;
  const top = (count - 1) << 3;
  let borrow: i64 = 0;
  for (let i = 0; i <= top; i += 8) borrow = (borrow + load<i64>(out + i) - load<i64>(primeLimbs + i)) >> bits;
  const keep = borrow >> 63;
  let carry: i64 = 0;
  for (let i = 0; i <= top; i += 8) {
    carry += load<i64>(out + i) - (load<i64>(primeLimbs + i) & ~keep);
    store<i64>(out + i, carry & mask);
    carry >>= bits;
  }
}
