// Name constraints (RFC 5280 §4.2.1.10, §6.1.3 (b) and (c)) on DNS names, IP addresses and directory names. A constraint
// on another kind of name refuses every certificate that bears such a name, critical or not.
import { ErrorCode } from "../alert";
import { Certificate } from "./certificate";
import { after, body, bodyLength, isOid, TAG_SEQUENCE, tagOf } from "./der";
import { isName, nameWithin } from "./distinguished_name";
import { DNS_NAME, IP_ADDRESS, sameText } from "./host_name";

const EMAIL_ADDRESS: i32 = 0x81;
const DIRECTORY_NAME: i32 = 0xa4;
const PERMITTED: i32 = 0xa0;
const EXCLUDED: i32 = 0xa1;

/** PKCS #9 emailAddress, 1.2.840.113549.1.9.1. */
const OID_EMAIL: usize = memory.data<u8>([0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x01]);

/** Names times subtrees that one verification compares: far above honest chains, below a stalled device. */
const MAX_COMPARISONS: i32 = 65536;
let comparisons: i32 = 0;

/** Before the first `checkNameConstraints` of a verification. */
export function startNameConstraints(): void {
  comparisons = MAX_COMPARISONS;
}

/** Returns 0 where the NameConstraints element allows all names of `certificate`, or CertificateNameConstraints. */
export function checkNameConstraints(constraints: usize, certificate: Certificate): i32 {
  if (!isWellFormed(constraints)) return ErrorCode.CertificateNameConstraints;
  const subject = certificate.subject;
  if (bodyLength(subject) > 0 && !isAllowed(constraints, DIRECTORY_NAME, subject, 0)) {
    return ErrorCode.CertificateNameConstraints;
  }
  // RFC 5280 §4.2.1.10: without a name of its own kind, an address in the subject is an rfc822Name.
  if (hasEmailAddress(subject) && !isAllowed(constraints, EMAIL_ADDRESS, 0, 0)) {
    return ErrorCode.CertificateNameConstraints;
  }
  const names = certificate.alternativeNames;
  if (names == 0) return ErrorCode.None;
  const end = after(names);
  for (let at = body(names); at < end; at = after(at)) {
    if (!isAllowed(constraints, load<u8>(at), body(at), bodyLength(at))) return ErrorCode.CertificateNameConstraints;
  }
  return ErrorCode.None;
}

/** SEQUENCE { permittedSubtrees [0] OPTIONAL, excludedSubtrees [1] OPTIONAL }, each subtree a base alone. */
function isWellFormed(constraints: usize): i32 {
  const end = after(constraints);
  let at = body(constraints);
  if (tagOf(at, end) == PERMITTED) {
    if (!isSubtreeList(at)) return 0;
    at = after(at);
  }
  if (tagOf(at, end) == EXCLUDED) {
    if (!isSubtreeList(at)) return 0;
    at = after(at);
  }
  return (at == end) as i32;
}

function isSubtreeList(at: usize): i32 {
  const end = after(at);
  at = body(at);
  if (at == end) return 0;
  for (; at < end; at = after(at)) {
    const next = after(at);
    // minimum is 0, its default, and maximum is absent (RFC 5280 §4.2.1.10): nothing follows the base.
    if (tagOf(at, end) != TAG_SEQUENCE || bodyLength(at) == 0 || after(body(at)) != next) return 0;
    const base = body(at);
    const tag = tagOf(base, next);
    if (tag == IP_ADDRESS && !isAddressRange(body(base), bodyLength(base))) return 0;
    if (tag == DIRECTORY_NAME && !isName(body(base), next)) return 0;
  }
  return 1;
}

/** An address and a mask of ones followed by zeros (RFC 4632). */
function isAddressRange(at: usize, length: i32): i32 {
  if (length != 8 && length != 32) return 0;
  let previous = 0xff;
  for (let i = length / 2; i < length; i++) {
    const octet = load<u8>(at + i) as i32;
    const inverse = octet ^ 0xff;
    if ((inverse & (inverse + 1)) != 0 || (octet != 0 && previous != 0xff)) return 0;
    previous = octet;
  }
  return 1;
}

/**
 * One name against all subtrees of its kind: outside every excluded one, inside a permitted one where there are any.
 * `name` is the content of a GeneralName; for a directory name that is its Name element.
 */
function isAllowed(constraints: usize, kind: i32, name: usize, length: i32): i32 {
  const end = after(constraints);
  for (let list = body(constraints); list < end; list = after(list)) {
    const excludes = load<u8>(list) == EXCLUDED;
    const listEnd = after(list);
    let permitted = 1;
    for (let at = body(list); at < listEnd; at = after(at)) {
      const base = body(at);
      if (load<u8>(base) != kind) continue;
      if (--comparisons < 0) return 0;
      const content = body(base);
      let matches: i32;
      switch (kind) {
        case DNS_NAME:
          matches = excludes
            ? dnsNameMeets(name, length, content, bodyLength(base))
            : dnsNameWithin(name, length, content, bodyLength(base));
          break;
        case IP_ADDRESS:
          matches = addressWithin(name, length, content, bodyLength(base));
          break;
        case DIRECTORY_NAME:
          matches = nameWithin(name, content);
          break;
        default:
          return 0;
      }
      if (excludes) {
        if (matches) return 0;
      } else if (matches) {
        permitted = 1;
        break;
      } else {
        permitted = 0;
      }
    }
    if (!permitted) return 0;
  }
  return 1;
}

/** `example.org` holds itself and all below it; with a leading dot, only what is below; empty, everything. */
function dnsNameWithin(name: usize, length: i32, base: usize, baseLength: i32): i32 {
  if (baseLength == 0) return 1;
  if (length < baseLength) return 0;
  const tail = name + (length - baseLength);
  if (!sameText(tail, baseLength, base, baseLength)) return 0;
  if (load<u8>(base) == 0x2e) return (length > baseLength) as i32;
  return (length == baseLength || load<u8>(tail - 1) == 0x2e) as i32;
}

/** As above, and 1 too where the name is a wildcard that could stand for something inside. */
function dnsNameMeets(name: usize, length: i32, base: usize, baseLength: i32): i32 {
  if (dnsNameWithin(name, length, base, baseLength)) return 1;
  if (length < 3 || load<u8>(name) != 0x2a || load<u8>(name, 1) != 0x2e) return 0;
  let label = 0;
  while (label < baseLength && load<u8>(base + label) != 0x2e) label++;
  return (label > 0 && sameText(name + 1, length - 1, base + label, baseLength - label)) as i32;
}

function addressWithin(name: usize, length: i32, range: usize, rangeLength: i32): i32 {
  if (rangeLength != 2 * length) return 0;
  for (let i = 0; i < length; i++) {
    const difference = load<u8>(name + i) ^ load<u8>(range + i);
    if ((difference & load<u8>(range + length + i)) != 0) return 0;
  }
  return 1;
}

function hasEmailAddress(subject: usize): i32 {
  const end = after(subject);
  for (let rdn = body(subject); rdn < end; rdn = after(rdn)) {
    const rdnEnd = after(rdn);
    for (let attribute = body(rdn); attribute < rdnEnd; attribute = after(attribute)) {
      if (isOid(body(attribute), OID_EMAIL, 9)) return 1;
    }
  }
  return 0;
}
