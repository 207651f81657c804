// Scalar multiplication on the selected curve: constant-time for secrets, faster for signatures' public numbers.
import {
  coordinateLength, copyElement, curveOrder, ELEMENT, invertElement, isP256, loadGenerator, loadOne, multiply, square,
} from "./field";
import { generatorMultiple256, multiplyGenerator256 } from "./generator256";
import {
  addAffine, addPoints, doublePoint, mayBeSameX, negatePoint, POINT, sameX, sameY, wipePoints, Y, Z,
} from "./point";

/** P, 3 P, … 31 P; for public numbers eight multiples of the key, then eight of the generator. Affine at last. */
const oddMultiples = memory.data(16 * POINT, 16);
/** Products of the first, two, three … Z. */
const prefixes = memory.data(16 * ELEMENT, 16);
const twice = memory.data(POINT, 16);
const chosen = memory.data(POINT, 16);
const doubled = memory.data(POINT, 16);
/** The scalar made odd, with two zero bytes above. */
const odd = memory.data(50, 16);

/** Non-adjacent forms of the two public scalars, a digit a byte, and their tables of odd multiples. */
const digits1 = memory.data(400, 16);
const digits2 = memory.data(400, 16);
const generator = memory.data(POINT, 16);

/**
 * out = scalar · p, for a little-endian scalar in [1, n-1] and a point that is not infinity.
 *
 * Signed windows of five bits with odd digits only, so that nothing is ever skipped and infinity never occurs.
 * Constant-time in the scalar and the point: each digit reads the whole table, and signs are taken by masks.
 */
export function multiplySecret(out: usize, scalar: usize, p: usize): void {
  const length = coordinateLength();
  // n is odd: where the scalar is even, n - scalar is odd and gives the negative of the result.
  const even = ((load<u8>(scalar) as i32) & 1) - 1;
  const order = curveOrder();
  let borrow = 0;
  for (let i = 0; i < length; i++) {
    const digit = load<u8>(scalar + i) as i32;
    borrow += (load<u8>(order + i) as i32) - digit;
    store<u8>(odd + i, digit ^ ((digit ^ borrow) & even));
    borrow >>= 8;
  }
  store<u16>(odd + length, 0);
  fillOddMultiples(oddMultiples, p, 16);
  makeAffine(16);

  // scalar = sum of 32^i d_i, d_i = 2 bits(5 i + 1 … 5 i + 5) + 1 - 32 but for the top digit, which is not lowered.
  const top = (length * 8 - 1) / 5;
  choose(bitsAt(5 * top + 1) + 16);
  memory.copy(out, chosen, POINT);
  loadOne(out + Z);
  for (let i = top - 1; i >= 0; i--) {
    for (let j = 0; j < 5; j++) doublePoint(out, out);
    choose(bitsAt(5 * i + 1));
    // 32 m ± d reaches a multiple of n only in the last addition, for one scalar: n - 2 |d|, a doubling in truth.
    if (i == 0) doublePoint(doubled, out);
    addAffine(out, out, chosen);
  }
  move(out, doubled, sameX());
  negatePoint(doubled, out);
  move(out, doubled, even as i64);
  memory.fill(oddMultiples, 0, 16 * POINT);
  memory.fill(prefixes, 0, 16 * ELEMENT);
  memory.fill(twice, 0, POINT);
  memory.fill(chosen, 0, POINT);
  memory.fill(doubled, 0, POINT);
  memory.fill(odd, 0, 50);
  wipePoints();
}

/** Five bits of the odd scalar from `position` on. */
function bitsAt(position: i32): i32 {
  return ((load<u16>(odd + (position >> 3)) as i32) >> (position & 7)) & 31;
}

/** chosen = (2 window - 31) P, for a window of 0 to 31; reads all sixteen multiples. */
function choose(window: i32): void {
  const sign = ((window >> 4) - 1) as i64;
  const index = (window ^ (sign as i32)) & 15;
  const m0 = (((index ^ 0) - 1) >> 31) as i64;
  const m1 = (((index ^ 1) - 1) >> 31) as i64;
  const m2 = (((index ^ 2) - 1) >> 31) as i64;
  const m3 = (((index ^ 3) - 1) >> 31) as i64;
  const m4 = (((index ^ 4) - 1) >> 31) as i64;
  const m5 = (((index ^ 5) - 1) >> 31) as i64;
  const m6 = (((index ^ 6) - 1) >> 31) as i64;
  const m7 = (((index ^ 7) - 1) >> 31) as i64;
  const m8 = (((index ^ 8) - 1) >> 31) as i64;
  const m9 = (((index ^ 9) - 1) >> 31) as i64;
  const ma = (((index ^ 10) - 1) >> 31) as i64;
  const mb = (((index ^ 11) - 1) >> 31) as i64;
  const mc = (((index ^ 12) - 1) >> 31) as i64;
  const md = (((index ^ 13) - 1) >> 31) as i64;
  const me = (((index ^ 14) - 1) >> 31) as i64;
  const mf = (((index ^ 15) - 1) >> 31) as i64;
  for (let k = 0; k < Z; k += 8) {
    // Beyond P-256's nine limbs an element's room is empty.
    if (k % Y >= 72 && isP256()) continue;
    const row = oddMultiples + k;
    // POINT is 336.
    store<i64>(
      chosen + k,
      (load<i64>(row) & m0) | (load<i64>(row, 336) & m1) | (load<i64>(row, 672) & m2) |
        (load<i64>(row, 1008) & m3) | (load<i64>(row, 1344) & m4) | (load<i64>(row, 1680) & m5) |
        (load<i64>(row, 2016) & m6) | (load<i64>(row, 2352) & m7) | (load<i64>(row, 2688) & m8) |
        (load<i64>(row, 3024) & m9) | (load<i64>(row, 3360) & ma) | (load<i64>(row, 3696) & mb) |
        (load<i64>(row, 4032) & mc) | (load<i64>(row, 4368) & md) | (load<i64>(row, 4704) & me) |
        (load<i64>(row, 5040) & mf),
    );
  }
  for (let k = Y; k < Z; k += 8) store<i64>(chosen + k, (load<i64>(chosen + k) ^ sign) - sign);
}

/** out = p where the mask is -1. */
function move(out: usize, p: usize, mask: i64): void {
  for (let k = 0; k < POINT; k += 8) {
    const old = load<i64>(out + k);
    store<i64>(out + k, old ^ ((old ^ load<i64>(p + k)) & mask));
  }
}

/** table = p, 3 p, 5 p, … */
function fillOddMultiples(table: usize, p: usize, count: i32): void {
  memory.copy(table, p, POINT);
  doublePoint(twice, p);
  for (let i = 1; i < count; i++) addPoints(table + i * POINT, table + (i - 1) * POINT, twice);
}

/** Divides all of the first `count` odd multiples by their Z, with one inversion (Montgomery's trick). */
function makeAffine(count: i32): void {
  copyElement(prefixes, oddMultiples + Z);
  for (let i = 1; i < count; i++) {
    multiply(prefixes + i * ELEMENT, prefixes + (i - 1) * ELEMENT, oddMultiples + i * POINT + Z);
  }
  // In twice: 1 / (Z0 … Zi), then 1 / Zi, then its powers.
  const all = twice;
  const one = twice + Y;
  const powers = twice + Z;
  invertElement(all, prefixes + (count - 1) * ELEMENT);
  for (let i = count - 1; i >= 0; i--) {
    const p = oddMultiples + i * POINT;
    if (i > 0) multiply(one, all, prefixes + (i - 1) * ELEMENT);
    else copyElement(one, all);
    multiply(all, all, p + Z);
    square(powers, one);
    multiply(p, p, powers);
    multiply(powers, powers, one);
    multiply(p + Y, p + Y, powers);
  }
}

/**
 * out = u1 · G + u2 · q for little-endian scalars in [0, n-1]; returns 0 where that is infinity, else 1.
 * For public values only: time and addresses depend on all of them.
 */
export function multiplyPublic(out: usize, u1: usize, u2: usize, q: usize): i32 {
  const length = coordinateLength();
  const bits = length * 8 + 1;
  const narrow = isP256();
  nonAdjacentForm(digits1, u1, length, narrow ? 6 : 5);
  nonAdjacentForm(digits2, u2, length, 5);
  if (!narrow) {
    loadGenerator(generator, generator + Y);
    loadOne(generator + Z);
    fillOddMultiples(oddMultiples + 8 * POINT, generator, 8);
  }
  fillOddMultiples(oddMultiples, q, 8);
  makeAffine(narrow ? 8 : 16);
  let finite = 0;
  for (let i = bits - 1; i >= 0; i--) {
    if (finite) doublePoint(out, out);
    const d1 = load<i8>(digits1 + i) as i32;
    if (d1 != 0) {
      if (narrow) generatorMultiple256(chosen, d1);
      else loadMultiple(8, d1);
      finite = addChosen(out, finite);
    }
    const d2 = load<i8>(digits2 + i) as i32;
    if (d2 != 0) {
      loadMultiple(0, d2);
      finite = addChosen(out, finite);
    }
  }
  return finite;
}

/** chosen = digit times the point whose odd multiples begin at `row`. Public digits only. */
function loadMultiple(row: i32, digit: i32): void {
  const p = oddMultiples + (row + (abs(digit) >> 1)) * POINT;
  if (digit < 0) negatePoint(chosen, p);
  else memory.copy(chosen, p, POINT);
}

/** Adds the chosen affine point to out, which may be infinity; returns whether the sum is finite. Public values only. */
function addChosen(out: usize, finite: i32): i32 {
  if (!finite) {
    loadOne(chosen + Z);
    memory.copy(out, chosen, POINT);
    return 1;
  }
  memory.copy(doubled, out, POINT);
  addAffine(out, out, chosen);
  return finishPublic(out);
}

/** Mends a sum of equal points, whose first is in `doubled`; returns 0 for a sum of opposite ones. */
function finishPublic(out: usize): i32 {
  if (!mayBeSameX() || !sameX()) return 1;
  if (!sameY()) return 0;
  doublePoint(out, doubled);
  return 1;
}

/**
 * Non-adjacent form of a width up to 6: odd digits below 2^(width - 1) in amount, at most one in `width` places.
 * Public values only.
 */
export function nonAdjacentForm(digits: usize, scalar: usize, length: i32, width: i32): void {
  const bits = length * 8 + 1;
  memory.copy(odd, scalar, length);
  store<u16>(odd + length, 0);
  memory.fill(digits, 0, bits);
  let carry = 0;
  for (let i = 0; i < bits; ) {
    const window = ((load<u16>(odd + (i >> 3)) as i32) >> (i & 7)) & ((1 << width) - 1);
    if ((window & 1) == carry) {
      i++;
      continue;
    }
    const digit = window + carry;
    carry = digit >> (width - 1);
    store<i8>(digits + i, digit - (carry << width));
    i += width;
  }
}

/** out = scalar · G, as `multiplySecret`. */
export function multiplyGenerator(out: usize, scalar: usize): void {
  if (isP256()) {
    multiplyGenerator256(out, scalar);
    return;
  }
  loadGenerator(generator, generator + Y);
  loadOne(generator + Z);
  multiplySecret(out, scalar, generator);
}
