// ECDSA on P-256 and P-384 (FIPS 186-4 §6.4), with the deterministic nonces of RFC 6979.
import { ErrorCode } from "../alert";
import { hashSize } from "../hash/hash";
import { HMAC_CONTEXT, hmacFinal, hmacInit, hmacUpdate } from "../hash/hmac";
import { affineX, isBelow, loadPoint, reverseBytes, scalarInRange, wipeKeys } from "./ec";
import { readSignature, writeSignature } from "./ecdsa_der";
import {
  COORDINATE_MAX, coordinateLength, curveOrder, curvePrime, elementFromBytes, ELEMENT, isZero,
  multiply, selectCurve, square, subtract,
} from "./field";
import { addModOrder, digestModOrder, invertModOrder, multiplyModOrder, reduceModOrder } from "./order";
import { POINT, Z } from "./point";
import { multiplyGenerator, multiplyPublic } from "./scalar_multiply";

const r = memory.data(COORDINATE_MAX, 16);
const s = memory.data(COORDINATE_MAX, 16);
const u1 = memory.data(COORDINATE_MAX, 16);
const u2 = memory.data(COORDINATE_MAX, 16);
const nonce = memory.data(COORDINATE_MAX, 16);
const point = memory.data(POINT, 16);
const sum = memory.data(POINT, 16);
const left = memory.data(ELEMENT, 16);
const right = memory.data(ELEMENT, 16);

/**
 * 0 where the DER signature holds for the digest (of any length) and the uncompressed public point; BadSignature where
 * it does not, where it is malformed, or where the point is not on the curve. Both s and n - s are accepted.
 * Public input: not constant-time.
 */
export function ecdsaVerify(
  curve: i32, digest: usize, digestLength: i32, publicPoint: usize, pointLength: i32,
  signature: usize, signatureLength: i32,
): i32 {
  if (!selectCurve(curve)) return ErrorCode.BadArgument;
  const length = coordinateLength();
  if (!loadPoint(point, publicPoint, pointLength)) return ErrorCode.BadSignature;
  if (!readSignature(r, s, length, signature, signatureLength)) return ErrorCode.BadSignature;
  if (!scalarInRange(r) || !scalarInRange(s)) return ErrorCode.BadSignature;
  digestModOrder(u1, digest, digestLength);
  invertModOrder(s, s);
  multiplyModOrder(u1, u1, s);
  multiplyModOrder(u2, r, s);
  if (!multiplyPublic(sum, u1, u2, point)) return ErrorCode.BadSignature;
  // x = X / Z^2 mod p equals r mod n: as p < 2 n, x is r or r + n.
  square(left, sum + Z);
  if (isAbscissa(r)) return 0;
  let carry = 0;
  const n = curveOrder();
  for (let i = 0; i < length; i++) {
    carry += (load<u8>(r + i) as i32) + (load<u8>(n + i) as i32);
    store<u8>(r + i, carry);
    carry >>= 8;
  }
  return carry == 0 && isBelow(r, curvePrime(), length) && isAbscissa(r) ? 0 : ErrorCode.BadSignature;
}

/** Whether x · Z^2 = X, Z^2 in `left`. */
function isAbscissa(x: usize): bool {
  elementFromBytes(right, x, 1);
  multiply(right, right, left);
  subtract(right, right, sum);
  return isZero(right) != 0;
}

/**
 * Signs a digest made with `hashId` and writes the DER signature (at most 2 length + 8 bytes), whose length is returned.
 * `scalar` is big-endian; BadPrivateKey where it is not in [1, n-1].
 *
 * Constant-time in the scalar and the nonce. The encoding of r and s, which are public, is not.
 */
export function ecdsaSign(curve: i32, hashId: i32, digest: usize, digestLength: i32, scalar: usize, out: usize): i32 {
  if (!selectCurve(curve)) return ErrorCode.BadArgument;
  const length = coordinateLength();
  reverseBytes(u2, scalar, length);
  if (!scalarInRange(u2)) {
    memory.fill(u2, 0, COORDINATE_MAX);
    return ErrorCode.BadPrivateKey;
  }
  digestModOrder(u1, digest, digestLength);
  startNonces(hashId, scalar, length);
  let signatureLength = 0;
  do {
    nextNonce(hashId, length);
    multiplyGenerator(sum, nonce);
    affineX(left, sum);
    reverseBytes(r, left, length);
    reduceModOrder(r, 0);
    // s = (e + r d) / k
    multiplyModOrder(s, r, u2);
    addModOrder(s, s, u1);
    invertModOrder(nonce, nonce);
    multiplyModOrder(s, s, nonce);
    // RFC 6979 §3.4: another nonce where r or s is zero, which nobody will ever see.
    if (scalarInRange(r) && scalarInRange(s)) signatureLength = writeSignature(out, r, s, length);
  } while (signatureLength == 0);
  wipeKeys();
  memory.fill(u2, 0, COORDINATE_MAX);
  memory.fill(nonce, 0, COORDINATE_MAX);
  memory.fill(sum, 0, POINT);
  memory.fill(left, 0, ELEMENT);
  memory.fill(key, 0, 64);
  memory.fill(value, 0, 64);
  memory.fill(hmac, 0, HMAC_CONTEXT);
  return signatureLength;
}

// RFC 6979 §3.2: HMAC_DRBG seeded with the private key and the digest.
const key = memory.data(64, 16);
const value = memory.data(64, 16);
const hmac = memory.data(HMAC_CONTEXT, 16);
const octets = memory.data(2 * COORDINATE_MAX, 16);
const separator = memory.data(16, 16);
let drawn = false;

/** Steps b to g. `u1` holds the digest modulo n. */
function startNonces(hashId: i32, scalar: usize, length: i32): void {
  const size = hashSize(hashId);
  memory.fill(value, 1, size);
  memory.fill(key, 0, size);
  memory.copy(octets, scalar, length);
  reverseBytes(octets + length, u1, length);
  rekey(hashId, 0, octets, 2 * length);
  rekey(hashId, 1, octets, 2 * length);
  memory.fill(octets, 0, 2 * COORDINATE_MAX);
  drawn = false;
}

/** K = HMAC_K(V ‖ separator ‖ data), V = HMAC_K(V). */
function rekey(hashId: i32, mark: i32, data: usize, length: i32): void {
  const size = hashSize(hashId);
  store<u8>(separator, mark);
  hmacInit(hmac, hashId, key, size);
  hmacUpdate(hmac, value, size);
  hmacUpdate(hmac, separator, 1);
  hmacUpdate(hmac, data, length);
  hmacFinal(hmac, key);
  nextValue(hashId);
}

function nextValue(hashId: i32): void {
  const size = hashSize(hashId);
  hmacInit(hmac, hashId, key, size);
  hmacUpdate(hmac, value, size);
  hmacFinal(hmac, value);
}

/** Step h: the next candidate in [1, n-1], little-endian, to `nonce`. How often one is refused is public. */
function nextNonce(hashId: i32, length: i32): void {
  const size = hashSize(hashId);
  do {
    if (drawn) rekey(hashId, 0, octets, 0);
    drawn = true;
    for (let have = 0; have < length; have += size) {
      nextValue(hashId);
      memory.copy(octets + have, value, size);
    }
    reverseBytes(nonce, octets, length);
    memory.fill(octets, 0, 2 * COORDINATE_MAX);
  } while (!scalarInRange(nonce));
}
