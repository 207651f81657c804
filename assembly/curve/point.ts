// Points of the selected curve in Jacobian coordinates: x = X / Z^2, y = Y / Z^3. A point is three elements.
//
// Straight-line formulas, constant-time in the coordinates. `addPoints` is incomplete: its callers see to it that the
// two points differ, are not each other's negative, and are not infinity; `sameX` and `sameY` tell afterwards.
import { double256 } from "./double256";
import { add, combine, copyElement, ELEMENT, isP256, isZero, mayBeZero, multiply, square, subtract } from "./field";

/** Bytes of a point. */
export const POINT: i32 = 3 * ELEMENT;
export const Y: i32 = ELEMENT;
export const Z: i32 = 2 * ELEMENT;

const s0 = memory.data(ELEMENT, 16);
const s1 = memory.data(ELEMENT, 16);
const s2 = memory.data(ELEMENT, 16);
const s3 = memory.data(ELEMENT, 16);
const s4 = memory.data(ELEMENT, 16);
const s5 = memory.data(ELEMENT, 16);
const s6 = memory.data(ELEMENT, 16);
const s7 = memory.data(ELEMENT, 16);

/** out = 2 p. `out` may be `p`. */
export function doublePoint(out: usize, p: usize): void {
  if (isP256()) {
    double256(out, p);
    return;
  }
  const delta = s0;
  const gamma = s1;
  const beta = s2;
  const alpha = s3;
  square(delta, p + Z);
  square(gamma, p + Y);
  multiply(beta, p, gamma);
  // alpha = 3 (X - delta) (X + delta), for a = -3
  subtract(s4, p, delta);
  add(s5, p, delta);
  multiply(alpha, s4, s5);
  combine(alpha, alpha, 3, alpha, 0);
  // Z' = 2 Y Z
  add(s4, p + Y, p + Y);
  multiply(out + Z, s4, p + Z);
  // X' = alpha^2 - 8 beta
  square(s4, alpha);
  combine(out, s4, 1, beta, -8);
  // Y' = alpha (4 beta - X') - 8 gamma^2
  combine(s4, beta, 4, out, -1);
  multiply(s4, alpha, s4);
  square(gamma, gamma);
  combine(out + Y, s4, 1, gamma, -8);
}

/** out = p + q. `out` may be `p`. Keeps the two differences for `sameX` and `sameY`. */
export function addPoints(out: usize, p: usize, q: usize): void {
  const h = s6;
  const r = s7;
  square(s0, p + Z);
  square(s1, q + Z);
  multiply(s2, p, s1);
  multiply(h, q, s0);
  subtract(h, h, s2);
  multiply(s1, s1, q + Z);
  multiply(s1, s1, p + Y);
  multiply(s0, s0, p + Z);
  multiply(s0, s0, q + Y);
  subtract(r, s0, s1);
  // Z' = Z1 Z2 H
  multiply(out + Z, p + Z, q + Z);
  multiply(out + Z, out + Z, h);
  finishSum(out);
}

/** out = p + (x, y) for an affine point: two elements. `out` may be `p`. */
export function addAffine(out: usize, p: usize, q: usize): void {
  const h = s6;
  const r = s7;
  square(s0, p + Z);
  multiply(h, q, s0);
  subtract(h, h, p);
  multiply(s0, s0, p + Z);
  multiply(s0, s0, q + Y);
  subtract(r, s0, p + Y);
  copyElement(s2, p);
  copyElement(s1, p + Y);
  multiply(out + Z, p + Z, h);
  finishSum(out);
}

/** X' and Y' from U1 (s2), S1 (s1), H (s6) and r (s7). */
function finishSum(out: usize): void {
  square(s3, s6);
  multiply(s4, s3, s6);
  multiply(s2, s2, s3);
  // X' = r^2 - H^3 - 2 U1 H^2
  square(s3, s7);
  subtract(s3, s3, s4);
  combine(out, s3, 1, s2, -2);
  // Y' = r (U1 H^2 - X') - S1 H^3
  subtract(s2, s2, out);
  multiply(s2, s7, s2);
  multiply(s1, s1, s4);
  combine(out + Y, s2, 1, s1, -1);
}

/** After an addition: whether `sameX` is worth asking. Public points only. */
export function mayBeSameX(): bool {
  return mayBeZero(s6);
}

/** After an addition: -1 where the two x were equal, so that the sum is no sum, else 0. */
export function sameX(): i64 {
  return isZero(s6);
}

/** After an addition with `sameX`: -1 where the points were equal, 0 where they were opposite. */
export function sameY(): i64 {
  return isZero(s7);
}

/** out = -p. */
export function negatePoint(out: usize, p: usize): void {
  copyElement(out, p);
  combine(out + Y, p + Y, -1, p, 0);
  copyElement(out + Z, p + Z);
}

/** Overwrites all intermediate results. */
export function wipePoints(): void {
  memory.fill(s0, 0, ELEMENT);
  memory.fill(s1, 0, ELEMENT);
  memory.fill(s2, 0, ELEMENT);
  memory.fill(s3, 0, ELEMENT);
  memory.fill(s4, 0, ELEMENT);
  memory.fill(s5, 0, ELEMENT);
  memory.fill(s6, 0, ELEMENT);
  memory.fill(s7, 0, ELEMENT);
}
