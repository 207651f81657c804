// SubjectPublicKeyInfo (RFC 5280 §4.1.2.7; RFC 3279 §2.3, RFC 4055 §1.2, RFC 5480 §2).
import { ErrorCode } from "../alert";
import { Curve } from "../curve/field";
import { OID_ED25519, OID_RSA, OID_RSA_PSS, parsePssParameters } from "./algorithm";
import {
  after,
  body,
  bodyLength,
  checkDerElement,
  isNullOrAbsent,
  isOid,
  TAG_BIT_STRING,
  TAG_INTEGER,
  TAG_OID,
  TAG_SEQUENCE,
  tagOf,
} from "./der";

export enum KeyKind {
  Rsa = 1,
  Ec = 2,
  /** An RSA key whose owner allows RSASSA-PSS alone (RFC 4055 §1.2). */
  RsaPss = 3,
  /** For the old alone: a chain has it only where its rules allow. */
  Dsa = 4,
  Ed25519 = 5,
}

/** Where a public key lies: pointers into the certificate, valid as long as its bytes are. */
@unmanaged
export class PublicKey {
  kind: i32;
  /** Named group of an EC key. */
  curve: i32;
  /** RSA modulus without leading zeros, or the uncompressed EC point, or that of Ed25519, or y of DSA. */
  a: usize;
  aLength: i32;
  /** RSA public exponent without leading zeros; of DSA the Dss-Parms element. */
  b: usize;
  bLength: i32;
  /** The one hash that an RSASSA-PSS key is bound to, 0 where it is free. */
  hash: i32;
}

/** Bytes of a PublicKey. */
export const PUBLIC_KEY: i32 = offsetof<PublicKey>() as i32;

const MIN_RSA_BITS: i32 = 2048;
/** What consoles of old have, and nobody has to break alone any more. */
const MIN_RSA_BITS_LEGACY: i32 = 1024;
const MAX_RSA_BITS: i32 = 4096;

/** id-ecPublicKey, 1.2.840.10045.2.1. */
export const OID_EC: usize = memory.data<u8>([0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01]);
/** id-dsa, 1.2.840.10040.4.1. */
const OID_DSA: usize = memory.data<u8>([0x2a, 0x86, 0x48, 0xce, 0x38, 0x04, 0x01]);
const OID_P256: usize = memory.data<u8>([0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07]);
const OID_P384: usize = memory.data<u8>([0x2b, 0x81, 0x04, 0x00, 0x22]);

/**
 * Finds the key in the SubjectPublicKeyInfo element at `info`. `legacy` 1 takes RSA from 1024 bits, of any length.
 * Returns 0, CertificateDer, CertificateKey (a kind of key that is not supported) or CertificateWeakKey.
 */
export function parsePublicKey(info: usize, key: PublicKey, legacy: i32): i32 {
  const end = after(info);
  const algorithm = body(info);
  if (tagOf(algorithm, end) != TAG_SEQUENCE) return ErrorCode.CertificateDer;
  const bits = after(algorithm);
  if (tagOf(bits, end) != TAG_BIT_STRING || after(bits) != end) return ErrorCode.CertificateDer;
  const content = body(bits);
  if (load<u8>(content) != 0) return ErrorCode.CertificateDer;

  const oid = body(algorithm);
  const algorithmEnd = after(algorithm);
  if (tagOf(oid, algorithmEnd) != TAG_OID) return ErrorCode.CertificateDer;
  const parameters = after(oid);
  key.curve = 0;
  key.hash = 0;
  if (isOid(oid, OID_EC, 7)) {
    return parseEcPoint(key, parameters, algorithmEnd, content + 1, bodyLength(bits) - 1);
  }
  if (isOid(oid, OID_ED25519, 3)) return parseEd25519Point(key, parameters == algorithmEnd, content + 1, bodyLength(bits) - 1);
  if (isOid(oid, OID_DSA, 7)) return parseDsaKey(key, parameters, algorithmEnd, content + 1, end);
  if (isOid(oid, OID_RSA, 9)) {
    if (!isNullOrAbsent(parameters, algorithmEnd)) return ErrorCode.CertificateDer;
    key.kind = KeyKind.Rsa;
  } else if (isOid(oid, OID_RSA_PSS, 9)) {
    key.kind = KeyKind.RsaPss;
    if (parameters != algorithmEnd) {
      const hash = parsePssParameters(parameters, algorithmEnd, true);
      if (hash < 0) return hash;
      key.hash = hash;
    }
  } else {
    return ErrorCode.CertificateKey;
  }
  return parseRsaPublicKey(key, content + 1, end, legacy);
}

/** The named curve of ECParameters at `parameters`, or 0 (RFC 5480 §2.1.1: namedCurve only). */
export function namedCurve(parameters: usize, end: usize): i32 {
  if (tagOf(parameters, end) != TAG_OID) return 0;
  if (isOid(parameters, OID_P256, 8)) return Curve.P256;
  return isOid(parameters, OID_P384, 5) ? Curve.P384 : 0;
}

/** Bytes of one coordinate, and of a scalar. */
export function curveSize(curve: i32): i32 {
  return curve == Curve.P384 ? 48 : 32;
}

function parseEcPoint(key: PublicKey, parameters: usize, end: usize, point: usize, length: i32): i32 {
  const curve = namedCurve(parameters, end);
  if (curve == 0) return ErrorCode.CertificateKey;
  if (after(parameters) != end) return ErrorCode.CertificateDer;
  // Compressed points are optional to read (RFC 5480 §2.2) and forbidden by RFC 8422 §5.1.1 for TLS.
  if (length != 2 * curveSize(curve) + 1 || load<u8>(point) != 4) return ErrorCode.CertificateKey;
  key.kind = KeyKind.Ec;
  key.curve = curve;
  key.a = point;
  key.aLength = length;
  key.b = 0;
  key.bLength = 0;
  return ErrorCode.None;
}

/** RFC 8410 §3, §4: no parameters, 32 bytes. Whether they are a point shows where they verify. */
function parseEd25519Point(key: PublicKey, plain: bool, point: usize, length: i32): i32 {
  if (!plain || length != 32) return ErrorCode.CertificateDer;
  key.kind = KeyKind.Ed25519;
  key.a = point;
  key.aLength = length;
  key.b = 0;
  key.bLength = 0;
  return ErrorCode.None;
}

/** Dss-Parms and DSAPublicKey (RFC 3279 §2.3.2); the numbers' sizes are looked at where they verify. */
function parseDsaKey(key: PublicKey, parameters: usize, parametersEnd: usize, y: usize, end: usize): i32 {
  // Parameters may be inherited from the issuer: nobody does.
  if (parameters == parametersEnd) return ErrorCode.CertificateKey;
  if (!checkDerElement(parameters, parametersEnd, TAG_SEQUENCE)) return ErrorCode.CertificateDer;
  let number = body(parameters);
  for (let i = 0; i < 3; i++) {
    if (tagOf(number, parametersEnd) != TAG_INTEGER || load<u8>(body(number)) >= 0x80) return ErrorCode.CertificateDer;
    number = after(number);
  }
  if (number != parametersEnd) return ErrorCode.CertificateDer;
  if (!checkDerElement(y, end, TAG_INTEGER) || load<u8>(body(y)) >= 0x80) return ErrorCode.CertificateDer;
  key.kind = KeyKind.Dsa;
  key.a = unsignedStart(y);
  key.aLength = (end - key.a) as i32;
  key.b = parameters;
  key.bLength = (parametersEnd - parameters) as i32;
  return ErrorCode.None;
}

/** RSAPublicKey (RFC 8017 §A.1.1). */
function parseRsaPublicKey(key: PublicKey, at: usize, end: usize, legacy: i32): i32 {
  if (!checkDerElement(at, end, TAG_SEQUENCE)) return ErrorCode.CertificateDer;
  const modulus = body(at);
  if (tagOf(modulus, end) != TAG_INTEGER) return ErrorCode.CertificateDer;
  const exponent = after(modulus);
  if (tagOf(exponent, end) != TAG_INTEGER || after(exponent) != end) return ErrorCode.CertificateDer;
  // Both are positive: DER allows one zero byte in front, and a negative number is no key.
  if (load<u8>(body(modulus)) >= 0x80 || load<u8>(body(exponent)) >= 0x80) return ErrorCode.CertificateDer;
  key.a = unsignedStart(modulus);
  key.aLength = (exponent - key.a) as i32;
  key.b = unsignedStart(exponent);
  key.bLength = (end - key.b) as i32;
  const bits = key.aLength * 8 - (clz<u32>(load<u8>(key.a) as u32) - 24);
  const least = legacy ? MIN_RSA_BITS_LEGACY : MIN_RSA_BITS;
  if (bits < least) return ErrorCode.CertificateWeakKey;
  if (bits > MAX_RSA_BITS) return ErrorCode.CertificateKey;
  // Public authorities certify whole bytes alone (CA/Browser Forum's Baseline Requirements §6.1.6).
  if ((bits & 7) != 0 && !legacy) return ErrorCode.CertificateKey;
  // An even modulus or exponent is no RSA; an exponent of 1 makes every signature its own message.
  if ((load<u8>(exponent - 1) & 1) == 0 || (load<u8>(end - 1) & 1) == 0) return ErrorCode.CertificateWeakKey;
  if (key.bLength > 4) return ErrorCode.CertificateKey;
  if (key.bLength == 1 && load<u8>(key.b) == 1) return ErrorCode.CertificateWeakKey;
  return ErrorCode.None;
}

/** Address of the first significant byte of a non-negative INTEGER. */
export function unsignedStart(integer: usize): usize {
  const content = body(integer);
  return load<u8>(content) == 0 && bodyLength(integer) > 1 ? content + 1 : content;
}
