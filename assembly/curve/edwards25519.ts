// Points of edwards25519, -x^2 + y^2 = 1 + d x^2 y^2 (RFC 7748 §4.1), in extended coordinates: X, Y, Z, T with x = X / Z,
// y = Y / Z, T = X Y / Z.
//
// Constant-time in the points.

import { wipe } from "../memory";
import {
  add25519, addSubtract25519, carry25519, ELEMENT25519 as ELEMENT, multiply25519, square25519, subtract25519,
} from "./field25519";

/** Bytes of a point. */
export const POINT25519: i32 = 4 * ELEMENT;

/** Scratch of the one operation under way. */
const scratch = memory.data(5 * ELEMENT, 16);
export const d = scratch, e = scratch + ELEMENT, f = scratch + 2 * ELEMENT, g = scratch + 3 * ELEMENT, h = scratch + 4 * ELEMENT;

/** For those whose points are secret. */
export function wipeScratch25519(): void {
  wipe(scratch, 5 * ELEMENT);
}

export function setNeutral(p: usize): void {
  memory.fill(p, 0, POINT25519);
  store<i64>(p + ELEMENT, 1);
  store<i64>(p + 2 * ELEMENT, 1);
}

export function negateElement(a: usize): void {
  for (let i = 0; i < ELEMENT; i += 8) store<i64>(a + i, -load<i64>(a + i));
}

/** p = 2 p (dbl-2008-hwcd for a = -1); T, which another doubling does not read, only on demand. */
export function double(p: usize, withT: bool): void {
  // e = 2 X Y, g = Y^2 - X^2, f = g - 2 Z^2, h = -(X^2 + Y^2)
  add25519(e, p, p);
  multiply25519(e, e, p + ELEMENT);
  square25519(f, p);
  square25519(g, p + ELEMENT);
  square25519(d, p + 2 * ELEMENT);
  add25519(h, f, g);
  negateElement(h);
  subtract25519(g, g, f);
  subtract25519(f, g, d);
  subtract25519(f, f, d);
  finish(p, withT);
}

/** p = p ± q for q of a table (add-2008-hwcd-3). */
export function addCached(p: usize, q: usize, minus: bool): void {
  subtract25519(e, p + ELEMENT, p);
  multiply25519(e, e, minus ? q + ELEMENT : q);
  add25519(h, p + ELEMENT, p);
  multiply25519(h, h, minus ? q : q + ELEMENT);
  multiply25519(f, p + 3 * ELEMENT, q + 3 * ELEMENT);
  if (minus) negateElement(f);
  multiply25519(d, p + 2 * ELEMENT, q + 2 * ELEMENT);
  finishSum(p, d, true);
}

/** p = p + q for an affine q: (y - x) / 2, (y + x) / 2, d x y; T, which a doubling does not read, only on demand. */
export function addAffine25519(p: usize, q: usize, withT: bool): void {
  addSubtract25519(h, e, p + ELEMENT, p);
  multiply25519(e, e, q);
  multiply25519(h, h, q + ELEMENT);
  multiply25519(f, p + 3 * ELEMENT, q + 2 * ELEMENT);
  finishSum(p, p + 2 * ELEMENT, withT);
}

/** With A in e, B in h, C in f, D at `z`: e = B - A, h = B + A, g = D + C, f = D - C. */
function finishSum(p: usize, z: usize, withT: bool): void {
  addSubtract25519(h, e, h, e);
  addSubtract25519(g, f, z, f);
  // g h is a product of two sums: one of them has to be carried first.
  carry25519(g);
  finish(p, withT);
}

/** X = e f, Y = g h, T = e h, Z = f g. */
export function finish(p: usize, withT: bool): void {
  multiply25519(p, e, f);
  multiply25519(p + ELEMENT, g, h);
  if (withT) multiply25519(p + 3 * ELEMENT, e, h);
  multiply25519(p + 2 * ELEMENT, f, g);
}
