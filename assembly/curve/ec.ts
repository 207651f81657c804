// Key pairs and Diffie-Hellman on the NamedGroups (RFC 9846 §4.3.8, RFC 8422 §5.4): X25519, P-256, P-384.
import { ErrorCode } from "../alert";
import { drbgGenerate } from "../prf/hmac_drbg";
import {
  bytesFromElement, combine, COORDINATE_MAX, coordinateLength, Curve, curveOrder, curvePrime, elementFromBytes,
  ELEMENT, invertElement, isZero, loadB, loadOne, multiply, selectCurve, square, subtract,
} from "./field";
import { POINT, Y, Z } from "./point";
import { multiplyGenerator, multiplySecret } from "./scalar_multiply";
import { x25519, x25519Base } from "./x25519";

export { Curve };

const scalarBytes = memory.data(COORDINATE_MAX, 16);
const base = memory.data(POINT, 16);
const result = memory.data(POINT, 16);
const inverse = memory.data(ELEMENT, 16);
const product = memory.data(ELEMENT, 16);

/**
 * Writes the public key of a big-endian private scalar: 0x04 ‖ x ‖ y (65 or 97 bytes), or 32 bytes for X25519.
 * Returns its length; BadPrivateKey for a scalar outside [1, n-1]. Constant-time in the scalar.
 */
export function ecPublicKey(curve: i32, out: usize, scalar: usize): i32 {
  if (curve == Curve.X25519) {
    x25519Base(out, scalar);
    return 32;
  }
  if (!selectCurve(curve)) return ErrorCode.BadArgument;
  if (!loadScalar(scalar)) {
    wipeKeys();
    return ErrorCode.BadPrivateKey;
  }
  multiplyGenerator(result, scalarBytes);
  const length = coordinateLength();
  store<u8>(out, 4);
  affineX(out + 1, result);
  affineY(out + 1 + length, result);
  wipeKeys();
  return 1 + 2 * length;
}

/**
 * Writes the shared secret, the x-coordinate (32 or 48 bytes), and returns its length. The peer's point must be
 * uncompressed and on the curve, else BadKeyShare (RFC 9846 §4.3.8.2). Constant-time in the scalar and the point.
 */
export function ecdh(curve: i32, out: usize, scalar: usize, point: usize, pointLength: i32): i32 {
  if (curve == Curve.X25519) {
    if (pointLength != 32) return ErrorCode.BadKeyShare;
    const error = x25519(out, scalar, point);
    return error < 0 ? error : 32;
  }
  if (!selectCurve(curve)) return ErrorCode.BadArgument;
  if (!loadPoint(base, point, pointLength)) return ErrorCode.BadKeyShare;
  if (!loadScalar(scalar)) {
    wipeKeys();
    return ErrorCode.BadPrivateKey;
  }
  multiplySecret(result, scalarBytes, base);
  affineX(out, result);
  wipeKeys();
  return coordinateLength();
}

/** Writes a uniform scalar: in [1, n-1] (FIPS 186-4 B.4.2), or any 32 bytes for X25519. NoEntropy when unseeded. */
export function ecGenerateScalar(curve: i32, out: usize): i32 {
  if (curve == Curve.X25519) return drbgGenerate(out, 32) < 0 ? ErrorCode.NoEntropy : 32;
  if (!selectCurve(curve)) return ErrorCode.BadArgument;
  const length = coordinateLength();
  // How often a candidate is refused says nothing about the one that is taken.
  do {
    const error = drbgGenerate(out, length);
    if (error < 0) return error;
  } while (!loadScalar(out));
  wipeKeys();
  return length;
}

/** Takes a big-endian scalar; 1 where it is in [1, n-1]. Constant-time but for that answer. */
function loadScalar(scalar: usize): i32 {
  const length = coordinateLength();
  reverseBytes(scalarBytes, scalar, length);
  return scalarInRange(scalarBytes);
}

/** 1 where a little-endian scalar is in [1, n-1]. Constant-time in the scalar. */
export function scalarInRange(scalar: usize): i32 {
  const length = coordinateLength();
  let bits = 0;
  for (let i = 0; i < length; i++) bits |= load<u8>(scalar + i) as i32;
  return isBelow(scalar, curveOrder(), length) & ((bits + 255) >> 8);
}

/** 1 where a < b, both little-endian. Constant-time in both. */
export function isBelow(a: usize, b: usize, length: i32): i32 {
  let borrow = 0;
  for (let i = 0; i < length; i++) {
    borrow = (borrow + (load<u8>(a + i) as i32) - (load<u8>(b + i) as i32)) >> 8;
  }
  return borrow & 1;
}

/** Copies bytes in the opposite order. */
export function reverseBytes(out: usize, bytes: usize, length: i32): void {
  for (let i = 0; i < length; i++) store<u8>(out + length - 1 - i, load<u8>(bytes + i));
}

/** Takes an uncompressed point; 1 where both coordinates are below p and it lies on the curve. */
export function loadPoint(out: usize, point: usize, pointLength: i32): i32 {
  const length = coordinateLength();
  if (pointLength != 1 + 2 * length || load<u8>(point) != 4) return 0;
  if (!loadCoordinate(out, point + 1) || !loadCoordinate(out + Y, point + 1 + length)) return 0;
  loadOne(out + Z);
  // x^3 - 3 x + b - y^2 = 0
  const x = out;
  const sum = inverse;
  const square1 = result;
  square(square1, x);
  multiply(square1, square1, x);
  combine(square1, square1, 1, x, -3);
  loadB(sum);
  combine(sum, sum, 1, square1, 1);
  square(square1, out + Y);
  subtract(sum, sum, square1);
  return isZero(sum) as i32 & 1;
}

function loadCoordinate(out: usize, coordinate: usize): i32 {
  const length = coordinateLength();
  reverseBytes(scalarBytes, coordinate, length);
  if (!isBelow(scalarBytes, curvePrime(), length)) return 0;
  elementFromBytes(out, scalarBytes, 1);
  return 1;
}

/** Writes x = X / Z^2 big-endian; leaves 1 / Z in `inverse`. Constant-time. */
export function affineX(out: usize, p: usize): void {
  invertElement(inverse, p + Z);
  square(product, inverse);
  multiply(product, product, p);
  bytesFromElement(out + coordinateLength() - 1, -1, product);
}

/** Writes y = Y / Z^3 big-endian, after `affineX` of the same point. Constant-time. */
function affineY(out: usize, p: usize): void {
  square(product, inverse);
  multiply(product, product, inverse);
  multiply(product, product, p + Y);
  bytesFromElement(out + coordinateLength() - 1, -1, product);
}

/** Overwrites all intermediate results of this file. */
export function wipeKeys(): void {
  memory.fill(scalarBytes, 0, COORDINATE_MAX);
  memory.fill(base, 0, POINT);
  memory.fill(result, 0, POINT);
  memory.fill(inverse, 0, ELEMENT);
  memory.fill(product, 0, ELEMENT);
}
