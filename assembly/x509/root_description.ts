// A root in few bytes: what an Anchor keeps of its certificate, with the certificate left out. A file of roots is made of such
// descriptions (host/client/tls/root_list.ts), and who made it vouches for it, as for certificates.
//
//   0  flags: 1 an authority, 2 a critical extension that is not known
//   1  most authorities below it, 255 for no limit
//   2  purposes (PURPOSE_ bits), 255 for no limit
//   3  bytes of the key identifier; 255: it is the SHA-1 of the key (RFC 5280 §4.2.1.2 (1))
//   4  not before, not after: two 64-bit numbers, seconds since 1970
//  20  DIGEST_SIZE bytes of the certificate's SHA-256
//  36  three lengths of 16 bits: of Name, SubjectPublicKeyInfo and NameConstraints (0 for none), which follow as DER
//      and the key identifier
import { ErrorCode } from "../alert";
import { HashId, hashDigest } from "../hash/hash";
import { SHA1_SIZE } from "../hash/sha1";
import { load16be, store16be } from "../memory";
import { Anchor, DIGEST_SIZE } from "./anchor";
import { Certificate, clearExtensions } from "./certificate";
import { after, body, bodyLength, checkDerElement, TAG_SEQUENCE } from "./der";
import { isName } from "./distinguished_name";
import { isNameConstraints } from "./name_constraints";

const HEAD: i32 = 26 + DIGEST_SIZE;
const LENGTHS: i32 = 20 + DIGEST_SIZE;
const AUTHORITY: i32 = 1;
const UNKNOWN_CRITICAL: i32 = 2;
const NONE: i32 = 255;

const keyId: usize = memory.data(SHA1_SIZE, 8);

/**
 * Reads the description in `length` bytes at `at`, strictly, as if its certificate had been read: `certificate` then points into
 * those bytes, and `digest` holds what the certificate is known by. The key is not looked at but for its outer form.
 */
export function readDescription(at: usize, length: i32, certificate: Certificate, digest: usize): bool {
  if (length < HEAD) return false;
  const name = at + HEAD;
  const key = name + load16be(at + LENGTHS);
  const constraints = key + load16be(at + LENGTHS + 2);
  const id = constraints + load16be(at + LENGTHS + 4);
  const end = at + length;
  if (id > end) return false;
  const flags = load<u8>(at) as i32;
  if ((flags & ~(AUTHORITY | UNKNOWN_CRITICAL)) != 0) return false;
  if (!checkDerElement(name, key, TAG_SEQUENCE) || !isName(name, key)) return false;
  if (!checkDerElement(key, constraints, TAG_SEQUENCE)) return false;

  clearExtensions(certificate);
  certificate.version = 3;
  certificate.isAuthority = flags & AUTHORITY;
  certificate.unknownCritical = (flags & UNKNOWN_CRITICAL) != 0 ? 1 : 0;
  certificate.pathLength = orNone(load<u8>(at, 1));
  certificate.purposes = orNone(load<u8>(at, 2));
  certificate.notBefore = bswap<i64>(load<i64>(at, 4));
  certificate.notAfter = bswap<i64>(load<i64>(at, 12));
  memory.copy(digest, at + 20, DIGEST_SIZE);
  certificate.subject = name;
  certificate.publicKeyInfo = key;
  if (constraints != id) {
    // RFC 5280 §4.2.1.10: only in an authority's certificate.
    if (!certificate.isAuthority || !checkDerElement(constraints, id, TAG_SEQUENCE)) return false;
    if (!isNameConstraints(constraints)) return false;
    certificate.nameConstraints = constraints;
  }
  const idLength = load<u8>(at, 3) as i32;
  if (idLength != NONE) {
    certificate.subjectKeyId = id;
    certificate.subjectKeyIdLength = idLength;
    return id + idLength == end;
  }
  if (id != end || !hashKey(key)) return false;
  certificate.subjectKeyId = keyId;
  certificate.subjectKeyIdLength = SHA1_SIZE;
  return true;
}

function orNone(value: i32): i32 {
  return value == NONE ? -1 : value;
}

/** The SHA-1 of the key's bits into `keyId`; false where there are none. */
function hashKey(info: usize): bool {
  const algorithm = body(info);
  if (algorithm >= after(info)) return false;
  const bits = after(algorithm);
  if (bits >= after(info) || bodyLength(bits) < 1) return false;
  hashDigest(HashId.Sha1, body(bits) + 1, bodyLength(bits) - 1, keyId);
  return true;
}

/** Writes what `readDescription` reads, in at most `room` bytes at `out`. Returns its length, or TooLong. */
export function writeDescription(anchor: Anchor, out: usize, room: i32): i32 {
  const nameLength = (after(anchor.subject) - anchor.subject) as i32;
  const keyLength = (after(anchor.publicKeyInfo) - anchor.publicKeyInfo) as i32;
  const constraints = anchor.nameConstraints;
  const constraintsLength = constraints != 0 ? ((after(constraints) - constraints) as i32) : 0;
  const isHash =
    anchor.keyIdLength == SHA1_SIZE &&
    hashKey(anchor.publicKeyInfo) &&
    memory.compare(keyId, anchor.keyId, SHA1_SIZE) == 0;
  const idLength = isHash ? 0 : anchor.keyIdLength;
  const length = HEAD + nameLength + keyLength + constraintsLength + idLength;
  if (length > room || idLength >= NONE) return ErrorCode.TooLong;
  store<u8>(out, anchor.isAuthority | (anchor.unknownCritical ? UNKNOWN_CRITICAL : 0));
  store<u8>(out, anchor.pathLength < 0 ? NONE : anchor.pathLength, 1);
  store<u8>(out, anchor.purposes < 0 ? NONE : anchor.purposes, 2);
  store<u8>(out, isHash ? NONE : idLength, 3);
  store<i64>(out, bswap<i64>(anchor.notBefore), 4);
  store<i64>(out, bswap<i64>(anchor.notAfter), 12);
  memory.copy(out + 20, anchor.digest, DIGEST_SIZE);
  store16be(out + LENGTHS, nameLength);
  store16be(out + LENGTHS + 2, keyLength);
  store16be(out + LENGTHS + 4, constraintsLength);
  let at = out + HEAD;
  memory.copy(at, anchor.subject, nameLength);
  memory.copy((at += nameLength), anchor.publicKeyInfo, keyLength);
  memory.copy((at += keyLength), constraints, constraintsLength);
  memory.copy(at + constraintsLength, anchor.keyId, idLength);
  return length;
}
