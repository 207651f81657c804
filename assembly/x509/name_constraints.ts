// Name constraints (RFC 5280 §4.2.1.10, §6.1.3 (b) and (c)) on DNS names, IP addresses, directory names, mail addresses and
// URIs. A constraint on another kind of name refuses every certificate that has such a name, critical or not.
import { ErrorCode } from "../alert";
import { Certificate } from "./certificate";
import { after, body, bodyLength, isOid, TAG_SEQUENCE, tagOf } from "./der";
import { nameWithin } from "./distinguished_name";
import { DIRECTORY_NAME, DNS_NAME, EMAIL_ADDRESS, IP_ADDRESS, isGeneralName, URI } from "./general_name";
import { addressWithin, dnsNameMeets, dnsNameWithin, isAddressRange, isHostBase, isMailBase, mailWithin, uriWithin } from "./name_subtree";

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

/**
 * 1 where the NameConstraints element at `constraints` is well-formed: SEQUENCE { permittedSubtrees [0] OPTIONAL,
 * excludedSubtrees [1] OPTIONAL }, one of them at least, each subtree a base alone. Before anything else here.
 */
export function isNameConstraints(constraints: usize): i32 {
  const end = after(constraints);
  let at = body(constraints);
  if (at == end) return 0;
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
    if (!isBase(body(at), next)) return 0;
  }
  return 1;
}

/** What can't be understood can't be kept to: a base of no known kind or form is malformed, not read over. */
function isBase(base: usize, end: usize): i32 {
  if (!isGeneralName(base, end)) return 0;
  const content = body(base);
  const length = bodyLength(base);
  switch (load<u8>(base) as i32) {
    case DNS_NAME:
      // A leading dot is a URI's and a mail address's way to say "below" (§4.2.1.10), not a DNS name's.
      return length == 0 || isHostBase(content, length, 0);
    case IP_ADDRESS:
      return isAddressRange(content, length);
    case EMAIL_ADDRESS:
      return isMailBase(content, length);
    case URI:
      return isHostBase(content, length, 1);
    default:
      return 1;
  }
}

/** Returns 0 where the NameConstraints element allows all names of `certificate`, or CertificateNameConstraints. */
export function checkNameConstraints(constraints: usize, certificate: Certificate): i32 {
  const subject = certificate.subject;
  if (bodyLength(subject) > 0 && !isAllowed(constraints, DIRECTORY_NAME, subject, 0)) {
    return ErrorCode.CertificateNameConstraints;
  }
  if (!areSubjectAddressesAllowed(constraints, subject)) return ErrorCode.CertificateNameConstraints;
  const names = certificate.alternativeNames;
  if (names == 0) return ErrorCode.None;
  const end = after(names);
  for (let at = body(names); at < end; at = after(at)) {
    if (!isAllowed(constraints, load<u8>(at), body(at), bodyLength(at))) return ErrorCode.CertificateNameConstraints;
  }
  return ErrorCode.None;
}

/** RFC 5280 §4.2.1.10: an emailAddress in the subject is an rfc822Name too. */
function areSubjectAddressesAllowed(constraints: usize, subject: usize): i32 {
  const end = after(subject);
  for (let rdn = body(subject); rdn < end; rdn = after(rdn)) {
    const rdnEnd = after(rdn);
    for (let attribute = body(rdn); attribute < rdnEnd; attribute = after(attribute)) {
      const type = body(attribute);
      if (!isOid(type, OID_EMAIL, 9)) continue;
      const value = after(type);
      if (!isAllowed(constraints, EMAIL_ADDRESS, body(value), bodyLength(value))) return 0;
    }
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
      const matches = isWithin(kind, name, length, body(base), bodyLength(base), excludes);
      if (matches < 0) return 0;
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

/** 1 where the name lies in the subtree, 0 where it doesn't, -1 where nobody can tell. */
function isWithin(kind: i32, name: usize, length: i32, base: usize, baseLength: i32, excludes: bool): i32 {
  switch (kind) {
    case DNS_NAME:
      return excludes ? dnsNameMeets(name, length, base, baseLength) : dnsNameWithin(name, length, base, baseLength);
    case IP_ADDRESS:
      return addressWithin(name, length, base, baseLength);
    case DIRECTORY_NAME:
      return nameWithin(name, base);
    case EMAIL_ADDRESS:
      return mailWithin(name, length, base, baseLength);
    case URI:
      return uriWithin(name, length, base, baseLength);
    default:
      return -1;
  }
}
