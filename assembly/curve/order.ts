// Arithmetic modulo the selected curve's order n, on little-endian bytes. Constant-time in the numbers.
import { enterMontgomery, negativeInverse, readLimbs, subtractOnce, writeLimbs } from "../rsa/modular";
import { montgomeryMultiply, wipeMontgomery } from "../rsa/montgomery";
import { COORDINATE_MAX, coordinateLength, curveOrder } from "./field";
import { invert } from "./inverse";
import { isBelow } from "./ec";

/** Limbs of 384 bits; 256 bits take twelve. */
// @ts-ignore: decorator
@inline
const ROW = 16 * 4;

const order = memory.data(ROW, 16);
/** R^2 mod n. */
const toMontgomery = memory.data(ROW, 16);
const left = memory.data(ROW, 16);
const right = memory.data(ROW, 16);
const product = memory.data(ROW, 16);

/** out = a b mod n for a, b below 2^256 (2^384); `out` may be an operand. */
export function multiplyModOrder(out: usize, a: usize, b: usize): void {
  const length = coordinateLength();
  const count = length == 32 ? 12 : 16;
  readLimbs(order, count, curveOrder(), 1, length);
  const inverse = negativeInverse(order);
  memory.fill(toMontgomery, 0, ROW);
  store<u32>(toMontgomery, 1);
  enterMontgomery(toMontgomery, order, length << 3, count);
  enterMontgomery(toMontgomery, order, length << 3, count);
  readLimbs(left, count, a, 1, length);
  readLimbs(right, count, b, 1, length);
  montgomeryMultiply(product, left, right, order, inverse, count);
  montgomeryMultiply(left, product, toMontgomery, order, inverse, count);
  subtractOnce(left, order, count);
  writeLimbs(out, 1, length, left, count);
  memory.fill(left, 0, ROW);
  memory.fill(right, 0, ROW);
  memory.fill(product, 0, ROW);
  wipeMontgomery();
}

/** out = 1 / a mod n for a in [1, n-1]; `out` may be `a`. */
export function invertModOrder(out: usize, a: usize): void {
  invert(out, a, curveOrder(), coordinateLength());
}

/** out = a + b mod n for a, b below n; `out` may be an operand. */
export function addModOrder(out: usize, a: usize, b: usize): void {
  const length = coordinateLength();
  let carry = 0;
  for (let i = 0; i < length; i++) {
    carry += (load<u8>(a + i) as i32) + (load<u8>(b + i) as i32);
    store<u8>(out + i, carry);
    carry >>= 8;
  }
  reduceModOrder(out, carry);
}

/** Subtracts n once where `carry` · 2^256 (2^384) + a >= n. */
export function reduceModOrder(a: usize, carry: i32): void {
  const length = coordinateLength();
  const n = curveOrder();
  const take = -(carry | (isBelow(a, n, length) ^ 1));
  let borrow = 0;
  for (let i = 0; i < length; i++) {
    borrow += (load<u8>(a + i) as i32) - ((load<u8>(n + i) as i32) & take);
    store<u8>(a + i, borrow);
    borrow >>= 8;
  }
}

/**
 * The number that ECDSA signs (FIPS 186-4 §6.4): the digest's leftmost bits, as many as n has, modulo n. Both curves'
 * orders fill whole bytes.
 */
export function digestModOrder(out: usize, digest: usize, digestLength: i32): void {
  const length = coordinateLength();
  const taken = min(length, digestLength);
  memory.fill(out, 0, COORDINATE_MAX);
  for (let i = 0; i < taken; i++) store<u8>(out + i, load<u8>(digest + taken - 1 - i));
  reduceModOrder(out, 0);
}
