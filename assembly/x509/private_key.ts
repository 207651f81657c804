// Private keys as files hold them: PKCS #8 (RFC 5958), and inside it or alone PKCS #1 (RFC 8017 §A.1.2) for RSA and
// SEC 1's ECPrivateKey (RFC 5915) for P-256 and P-384. Read in place: the key lives as long as its bytes, whose owner
// wipes them. Time depends on the key's format and lengths, leading zero bytes of RSA's numbers included; not on more.
import { ErrorCode } from "../alert";
import { RSA_PRIVATE_KEY, RsaPrivateKey } from "../rsa/private_key";
import { OID_RSA, OID_RSA_PSS, parsePssParameters } from "./algorithm";
import {
  after,
  body,
  bodyLength,
  checkDerElement,
  isNullOrAbsent,
  isOid,
  TAG_INTEGER,
  TAG_OCTET_STRING,
  TAG_OID,
  TAG_SEQUENCE,
  tagOf,
} from "./der";
import { curveSize, KeyKind, namedCurve, OID_EC, unsignedStart } from "./public_key";

@unmanaged
export class PrivateKey {
  /** A KeyKind. */
  kind: i32;
  /** Named group of an EC key. */
  curve: i32;
  /** The one hash that an RSASSA-PSS key is bound to, 0 where it is free. */
  hash: i32;
  /** Big-endian scalar of an EC key, as long as the curve's order. */
  scalar: usize;
  /** The RsaPrivateKey of an RSA key; it lies behind these fields. */
  rsa: usize;
}

const FIELDS: i32 = offsetof<PrivateKey>() as i32;
/** Bytes of a PrivateKey with the RsaPrivateKey behind it. */
export const PRIVATE_KEY: i32 = FIELDS + RSA_PRIVATE_KEY;

const MIN_RSA_BYTES: i32 = 256;
const MAX_RSA_BYTES: i32 = 512;

/**
 * Reads `length` bytes of DER into `out`, PRIVATE_KEY bytes. Returns 0, BadPrivateKey where it is no key in one of the
 * three formats, or UnsupportedKey for another algorithm, curve or size (RSA: 2048 to 4096 bits).
 */
export function parsePrivateKey(der: usize, length: i32, out: usize): i32 {
  const end = der + length;
  const key = changetype<PrivateKey>(out);
  memory.fill(out, 0, PRIVATE_KEY);
  key.rsa = out + FIELDS;
  if (!checkDerElement(der, end, TAG_SEQUENCE)) return ErrorCode.BadPrivateKey;
  const version = body(der);
  if (tagOf(version, end) != TAG_INTEGER || bodyLength(version) != 1) return ErrorCode.BadPrivateKey;
  const second = after(version);
  switch (tagOf(second, end)) {
    case TAG_SEQUENCE:
      return parsePkcs8(key, second, end);
    case TAG_INTEGER:
      key.kind = KeyKind.Rsa;
      return parsePkcs1(key, der, end);
    case TAG_OCTET_STRING:
      key.kind = KeyKind.Ec;
      return parseSec1(key, der, end);
    default:
      return ErrorCode.BadPrivateKey;
  }
}

/** OneAsymmetricKey from its AlgorithmIdentifier on; attributes and public key behind the private one are read over. */
function parsePkcs8(key: PrivateKey, algorithm: usize, end: usize): i32 {
  const algorithmEnd = after(algorithm);
  const oid = body(algorithm);
  if (tagOf(oid, algorithmEnd) != TAG_OID) return ErrorCode.BadPrivateKey;
  if (tagOf(algorithmEnd, end) != TAG_OCTET_STRING) return ErrorCode.BadPrivateKey;
  const parameters = after(oid);
  const inner = body(algorithmEnd);
  const innerEnd = after(algorithmEnd);
  if (isOid(oid, OID_EC, 7)) {
    key.kind = KeyKind.Ec;
    key.curve = namedCurve(parameters, algorithmEnd);
    return key.curve == 0 ? ErrorCode.UnsupportedKey : parseSec1(key, inner, innerEnd);
  }
  if (isOid(oid, OID_RSA, 9)) {
    key.kind = KeyKind.Rsa;
    return isNullOrAbsent(parameters, algorithmEnd) ? parsePkcs1(key, inner, innerEnd) : ErrorCode.BadPrivateKey;
  }
  if (!isOid(oid, OID_RSA_PSS, 9)) return ErrorCode.UnsupportedKey;
  key.kind = KeyKind.RsaPss;
  if (parameters != algorithmEnd) {
    key.hash = parsePssParameters(parameters, algorithmEnd, true);
    if (key.hash < 0) return ErrorCode.UnsupportedKey;
  }
  return parsePkcs1(key, inner, innerEnd);
}

/** ECPrivateKey: version 1, scalar, [0] curve where PKCS #8 didn't name it, [1] public key (read over). */
function parseSec1(key: PrivateKey, at: usize, end: usize): i32 {
  if (!checkDerElement(at, end, TAG_SEQUENCE)) return ErrorCode.BadPrivateKey;
  const version = body(at);
  if (tagOf(version, end) != TAG_INTEGER || bodyLength(version) != 1 || load<u8>(body(version)) != 1) {
    return ErrorCode.BadPrivateKey;
  }
  const scalar = after(version);
  if (tagOf(scalar, end) != TAG_OCTET_STRING) return ErrorCode.BadPrivateKey;
  const parameters = after(scalar);
  if (tagOf(parameters, end) == 0xa0) {
    const curve = namedCurve(body(parameters), after(parameters));
    if (curve == 0) return ErrorCode.UnsupportedKey;
    if (key.curve != 0 && key.curve != curve) return ErrorCode.BadPrivateKey;
    key.curve = curve;
  }
  if (key.curve == 0) return ErrorCode.UnsupportedKey;
  // RFC 5915 §3: the octet string is as long as the order, leading zeros kept.
  if (bodyLength(scalar) != curveSize(key.curve)) return ErrorCode.BadPrivateKey;
  key.scalar = body(scalar);
  return ErrorCode.None;
}

/** RSAPrivateKey of two primes: version 0, then n, e, d, p, q, dP, dQ, qInv. */
function parsePkcs1(key: PrivateKey, at: usize, end: usize): i32 {
  if (!checkDerElement(at, end, TAG_SEQUENCE)) return ErrorCode.BadPrivateKey;
  const version = body(at);
  if (tagOf(version, end) != TAG_INTEGER || bodyLength(version) != 1) return ErrorCode.BadPrivateKey;
  if (load<u8>(body(version)) != 0) return ErrorCode.UnsupportedKey; // more than two primes
  let number = after(version);
  for (let i = 0; i < 8; i++) {
    // Negative and zero numbers are no key.
    if (tagOf(number, end) != TAG_INTEGER || load<u8>(body(number)) >= 0x80) return ErrorCode.BadPrivateKey;
    const start = unsignedStart(number);
    const next = after(number);
    // RsaPrivateKey holds the eight as pairs of address and length, in this order.
    store<usize>(key.rsa + 8 * i, start);
    store<i32>(key.rsa + 8 * i, (next - start) as i32, 4);
    number = next;
  }
  if (number != end) return ErrorCode.BadPrivateKey;
  const rsa = changetype<RsaPrivateKey>(key.rsa);
  return rsa.nLength < MIN_RSA_BYTES || rsa.nLength > MAX_RSA_BYTES ? ErrorCode.UnsupportedKey : ErrorCode.None;
}
