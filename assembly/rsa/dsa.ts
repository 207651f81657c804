// DSA verification (FIPS 186-4 §4.7), for origins of old. Public numbers only: not constant-time.
import { ErrorCode } from "../alert";
import { readSignature } from "../curve/ecdsa_der";
import { invert } from "../curve/inverse";
import {
  bitLength, enterMontgomery, limbsBelow, limbsFor, negativeInverse, readLimbs, subtractOnce, writeLimbs,
} from "./modular";
import { LIMBS_4096, montgomeryMultiply, montgomerySquare } from "./montgomery";

// @ts-ignore: decorator
@inline
const ROW = LIMBS_4096 * 4;
/** q has 160, 224 or 256 bits: twelve limbs are enough for all. */
// @ts-ignore: decorator
@inline
const SMALL = 12;
// @ts-ignore: decorator
@inline
const ORDER_BYTES = 32;
// @ts-ignore: decorator
@inline
const MIN_BITS = 1024;
// @ts-ignore: decorator
@inline
const MAX_BITS = 4096;

const r = memory.data(ORDER_BYTES, 16);
const s = memory.data(ORDER_BYTES, 16);
const order = memory.data(ORDER_BYTES, 16);
const u1 = memory.data(ORDER_BYTES, 16);
const u2 = memory.data(ORDER_BYTES, 16);
const qLimbs = memory.data(SMALL * 4, 16);
const toMontgomery = memory.data(SMALL * 4, 16);
const left = memory.data(SMALL * 4, 16);
const right = memory.data(SMALL * 4, 16);
const pLimbs = memory.data(ROW, 16);
const powers = memory.data(3 * ROW, 16);
const accumulator = memory.data(ROW, 16);
const other = memory.data(ROW, 16);

/** The numbers of a DSA public key, big-endian with or without leading zeros (RFC 3279 §2.3.2). */
@unmanaged
export class DsaPublicKey {
  p: usize;
  pLength: i32;
  q: usize;
  qLength: i32;
  g: usize;
  gLength: i32;
  y: usize;
  yLength: i32;
}

/**
 * 0 where the DER signature holds for the digest; `key` is a DsaPublicKey. BadSignature where it does not, or is
 * malformed; CertificateKey where p is not an odd number of 1024 to 4096 bits, q not one of 160 to 256, or g or y is
 * not in [2, p-1].
 */
export function dsaVerify(digest: usize, digestLength: i32, key: usize, signature: usize, signatureLength: i32): i32 {
  const k = changetype<DsaPublicKey>(key);
  const pBits = bitLength(k.p, k.pLength);
  const qBits = bitLength(k.q, k.qLength);
  if (pBits < MIN_BITS || pBits > MAX_BITS || qBits < 160 || qBits > 256) return ErrorCode.CertificateKey;
  if (!(load<u8>(k.p + k.pLength - 1) & load<u8>(k.q + k.qLength - 1) & 1)) return ErrorCode.CertificateKey;
  const count = limbsFor(pBits);
  readLimbs(pLimbs, count, k.p + k.pLength - 1, -1, k.pLength);
  if (!loadElement(powers, k.g, k.gLength, count) || !loadElement(powers + ROW, k.y, k.yLength, count)) {
    return ErrorCode.CertificateKey;
  }
  readLimbs(qLimbs, SMALL, k.q + k.qLength - 1, -1, k.qLength);
  writeLimbs(order, 1, ORDER_BYTES, qLimbs, SMALL);

  if (!readSignature(r, s, ORDER_BYTES, signature, signatureLength)) return ErrorCode.BadSignature;
  if (!inOrder(r) || !inOrder(s)) return ErrorCode.BadSignature;
  // w = 1 / s, u1 = H w, u2 = r w modulo q; H is as much of the digest as q has bits, whole bytes of it.
  invert(s, s, order, ORDER_BYTES);
  memory.fill(u1, 0, ORDER_BYTES);
  const taken = min(digestLength, (qBits + 7) >> 3);
  for (let i = 0; i < taken; i++) store<u8>(u1 + i, load<u8>(digest + taken - 1 - i));
  multiplyModOrder(u1, u1, s, qBits);
  multiplyModOrder(u2, r, s, qBits);

  const v = doublePower(count, pBits, qBits);
  return reducesTo(v, count, qBits) ? 0 : ErrorCode.BadSignature;
}

/** Reads g or y; 1 where it is in [2, p-1]. */
function loadElement(out: usize, bytes: usize, length: i32, count: i32): i32 {
  if (bitLength(bytes, length) < 2) return 0;
  if (bitLength(bytes, length) > 28 * count) return 0;
  readLimbs(out, count, bytes + length - 1, -1, length);
  return limbsBelow(out, pLimbs, count);
}

/** 1 where 0 < number < q. */
function inOrder(number: usize): i32 {
  readLimbs(left, SMALL, number, 1, ORDER_BYTES);
  let bits: u32 = 0;
  for (let i = 0; i < SMALL * 4; i += 4) bits |= load<u32>(left + i);
  return bits == 0 ? 0 : limbsBelow(left, qLimbs, SMALL);
}

/** out = a b mod q. */
function multiplyModOrder(out: usize, a: usize, b: usize, qBits: i32): void {
  const inverse = negativeInverse(qLimbs);
  memory.fill(toMontgomery, 0, SMALL * 4);
  store<u32>(toMontgomery, 1);
  enterMontgomery(toMontgomery, qLimbs, qBits, SMALL);
  enterMontgomery(toMontgomery, qLimbs, qBits, SMALL);
  readLimbs(left, SMALL, a, 1, ORDER_BYTES);
  readLimbs(right, SMALL, b, 1, ORDER_BYTES);
  montgomeryMultiply(accumulator, left, right, qLimbs, inverse, SMALL);
  montgomeryMultiply(left, accumulator, toMontgomery, qLimbs, inverse, SMALL);
  subtractOnce(left, qLimbs, SMALL);
  writeLimbs(out, 1, ORDER_BYTES, left, SMALL);
}

/** g^u1 y^u2 mod p, both exponents at once; returns where it lies. */
function doublePower(count: i32, pBits: i32, qBits: i32): usize {
  const inverse = negativeInverse(pLimbs);
  enterMontgomery(powers, pLimbs, pBits, count);
  enterMontgomery(powers + ROW, pLimbs, pBits, count);
  montgomeryMultiply(powers + 2 * ROW, powers, powers + ROW, pLimbs, inverse, count);
  memory.fill(other, 0, ROW);
  store<u32>(other, 1);
  let from = accumulator;
  let to = other;
  memory.copy(accumulator, other, ROW);
  enterMontgomery(accumulator, pLimbs, pBits, count);
  for (let i = qBits - 1; i >= 0; i--) {
    montgomerySquare(to, from, pLimbs, inverse, count);
    let swap = from;
    from = to;
    to = swap;
    const which = bitOf(u1, i) + 2 * bitOf(u2, i);
    if (which == 0) continue;
    montgomeryMultiply(to, from, powers + (which - 1) * ROW, pLimbs, inverse, count);
    swap = from;
    from = to;
    to = swap;
  }
  memory.fill(powers, 0, ROW);
  store<u32>(powers, 1);
  montgomeryMultiply(to, from, powers, pLimbs, inverse, count);
  subtractOnce(to, pLimbs, count);
  return to;
}

function bitOf(number: usize, i: i32): i32 {
  return (load<u8>(number + (i >> 3)) >> (i & 7)) & 1;
}

/** 1 where v mod q = r. Horner's rule over the limbs of v, from the top, each step times 2^28 modulo q. */
function reducesTo(v: usize, count: i32, qBits: i32): i32 {
  const inverse = negativeInverse(qLimbs);
  // 2^28 R: the product with it multiplies by 2^28.
  memory.fill(toMontgomery, 0, SMALL * 4);
  store<u32>(toMontgomery, 1, 4);
  enterMontgomery(toMontgomery, qLimbs, qBits, SMALL);
  memory.fill(left, 0, SMALL * 4);
  for (let i = count - 1; i >= 0; i--) {
    montgomeryMultiply(right, left, toMontgomery, qLimbs, inverse, SMALL);
    let carry = load<u32>(v + (i << 2));
    for (let j = 0; j < SMALL * 4; j += 4) {
      carry += load<u32>(right + j);
      store<u32>(left + j, carry & 0xfffffff);
      carry >>= 28;
    }
    subtractOnce(left, qLimbs, SMALL);
  }
  subtractOnce(left, qLimbs, SMALL);
  subtractOnce(left, qLimbs, SMALL);
  readLimbs(right, SMALL, r, 1, ORDER_BYTES);
  return memory.compare(left, right, SMALL * 4) == 0 ? 1 : 0;
}
