// The extensions that a path depends on (RFC 5280 §4.2). Each may stand in a certificate once, known here or not.
import { ErrorCode } from "../alert";
import {
  after,
  body,
  bodyLength,
  checkDerElement,
  isOid,
  sameElement,
  TAG_BIT_STRING,
  TAG_BOOLEAN,
  TAG_INTEGER,
  TAG_OCTET_STRING,
  TAG_OID,
  TAG_SEQUENCE,
  tagOf,
} from "./der";
import { Certificate } from "./certificate";
import { areGeneralNames, isGeneralName } from "./general_name";
import { isNameConstraints } from "./name_constraints";
import { parseInhibitAnyPolicy, parsePolicies, parsePolicyConstraints, parsePolicyMappings } from "./policy";

export const USAGE_DIGITAL_SIGNATURE: i32 = 0x80;
export const USAGE_KEY_ENCIPHERMENT: i32 = 0x20;
export const USAGE_CERTIFICATE_SIGN: i32 = 0x04;
export const PURPOSE_SERVER: i32 = 1;
export const PURPOSE_CLIENT: i32 = 2;
export const PURPOSE_ANY: i32 = 4;

/** Last byte of the id-ce arc, 2.5.29, of each extension read here. */
const SUBJECT_KEY_IDENTIFIER: i32 = 14;
const KEY_USAGE: i32 = 15;
const SUBJECT_ALTERNATIVE_NAME: i32 = 17;
const BASIC_CONSTRAINTS: i32 = 19;
const NAME_CONSTRAINTS: i32 = 30;
const CERTIFICATE_POLICIES: i32 = 32;
const POLICY_MAPPINGS: i32 = 33;
const AUTHORITY_KEY_IDENTIFIER: i32 = 35;
const POLICY_CONSTRAINTS: i32 = 36;
const EXTENDED_KEY_USAGE: i32 = 37;
const INHIBIT_ANY_POLICY: i32 = 54;
/** Stands for id-pe-authorityInfoAccess, which is of another arc. */
const AUTHORITY_INFO_ACCESS: i32 = 256;

/** id-kp, 1.3.6.1.5.5.7.3; one more byte is the purpose. */
const OID_KEY_PURPOSE: usize = memory.data<u8>([0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03]);
/** 1.3.6.1.5.5.7.1.1. */
const OID_AUTHORITY_INFO_ACCESS: usize = memory.data<u8>([0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x01, 0x01]);

/** Extensions in one certificate; public ones have ten or twelve. */
const EXTENSIONS_MAX: i32 = 64;

/**
 * Reads all extensions in [at, end) into `certificate`. Returns 0, CertificateDer where one is malformed, stands there twice, or
 * is the 65th, or CertificateProfile where one breaks a rule of RFC 5280 on where and how it may stand.
 */
export function parseExtensions(at: usize, end: usize, certificate: Certificate): i32 {
  if (at == end) return ErrorCode.CertificateDer;
  const first = at;
  let extensions = 0;
  while (at < end) {
    if (tagOf(at, end) != TAG_SEQUENCE || ++extensions > EXTENSIONS_MAX) return ErrorCode.CertificateDer;
    const next = after(at);
    const oid = body(at);
    if (tagOf(oid, next) != TAG_OID) return ErrorCode.CertificateDer;
    for (let other = first; other < at; other = after(other)) {
      if (sameElement(body(other), oid)) return ErrorCode.CertificateDer;
    }
    let value = after(oid);
    let critical = 0;
    if (tagOf(value, next) == TAG_BOOLEAN) {
      // An explicit FALSE isn't DER (X.690 §11.5), but every other reader takes it, and it takes nothing away.
      critical = (load<u8>(body(value)) != 0) as i32;
      value = after(value);
    }
    if (tagOf(value, next) != TAG_OCTET_STRING || after(value) != next) return ErrorCode.CertificateDer;

    const problem = parseExtension(extensionNumber(oid), critical, body(value), next, certificate);
    if (problem < 0 && problem != ErrorCode.CertificateCriticalExtension) return problem;
    if (problem != 0 && critical) certificate.unknownCritical = 1;
    at = next;
  }
  // RFC 5280 §4.2.1.10: only in an authority's certificate.
  return certificate.nameConstraints != 0 && !certificate.isAuthority ? ErrorCode.CertificateProfile : ErrorCode.None;
}

function extensionNumber(oid: usize): i32 {
  const id = body(oid);
  if (bodyLength(oid) == 3 && load<u8>(id) == 0x55 && load<u8>(id, 1) == 0x1d) return load<u8>(id, 2) as i32;
  return isOid(oid, OID_AUTHORITY_INFO_ACCESS, 8) ? AUTHORITY_INFO_ACCESS : 0;
}

/** Returns 0, 1 where the extension isn't known, or an error where its value [at, end) is malformed or breaks a rule. */
function parseExtension(number: i32, critical: i32, at: usize, end: usize, certificate: Certificate): i32 {
  switch (number) {
    case BASIC_CONSTRAINTS:
      return parseBasicConstraints(at, end, certificate) ? 0 : ErrorCode.CertificateDer;
    case KEY_USAGE:
      return parseKeyUsage(at, end, certificate) ? 0 : ErrorCode.CertificateDer;
    case EXTENDED_KEY_USAGE:
      return parseExtendedKeyUsage(at, end, certificate) ? 0 : ErrorCode.CertificateDer;
    case SUBJECT_ALTERNATIVE_NAME:
      // RFC 5280 §4.2.1.6: at least one name. The names themselves are read by those who ask for them.
      if (!checkDerElement(at, end, TAG_SEQUENCE) || bodyLength(at) == 0 || !areGeneralNames(at)) return ErrorCode.CertificateDer;
      certificate.alternativeNames = at;
      // §4.1.2.6: where the subject has no other name, readers that don't know this one must stop.
      return bodyLength(certificate.subject) == 0 && !critical ? ErrorCode.CertificateProfile : 0;
    case NAME_CONSTRAINTS:
      if (!checkDerElement(at, end, TAG_SEQUENCE) || !isNameConstraints(at)) return ErrorCode.CertificateDer;
      certificate.nameConstraints = at;
      return 0;
    case SUBJECT_KEY_IDENTIFIER:
      if (!checkDerElement(at, end, TAG_OCTET_STRING)) return ErrorCode.CertificateDer;
      certificate.subjectKeyId = body(at);
      certificate.subjectKeyIdLength = bodyLength(at);
      return neverCritical(critical);
    case AUTHORITY_KEY_IDENTIFIER:
      if (!checkDerElement(at, end, TAG_SEQUENCE)) return ErrorCode.CertificateDer;
      if (tagOf(body(at), end) == 0x80) {
        certificate.authorityKeyId = body(body(at));
        certificate.authorityKeyIdLength = bodyLength(body(at));
      }
      return neverCritical(critical);
    case AUTHORITY_INFO_ACCESS:
      return isAccessList(at, end) ? neverCritical(critical) : ErrorCode.CertificateDer;
    case CERTIFICATE_POLICIES:
      return parsePolicies(at, end, critical, certificate);
    case POLICY_MAPPINGS:
      return parsePolicyMappings(at, end, certificate);
    case POLICY_CONSTRAINTS:
      return parsePolicyConstraints(at, end, certificate);
    case INHIBIT_ANY_POLICY:
      return parseInhibitAnyPolicy(at, end, certificate);
    default:
      return 1;
  }
}

/** Key identifiers and access to the authority must not be critical (RFC 5280 §4.2.1.1, §4.2.1.2, §4.2.2.1). */
function neverCritical(critical: i32): i32 {
  return critical ? ErrorCode.CertificateProfile : ErrorCode.None;
}

/** AuthorityInfoAccessSyntax (RFC 5280 §4.2.2.1): a sequence of method and location, one at least. */
function isAccessList(at: usize, end: usize): bool {
  if (!checkDerElement(at, end, TAG_SEQUENCE) || bodyLength(at) == 0) return false;
  for (at = body(at); at < end; at = after(at)) {
    const next = after(at);
    const method = body(at);
    if (load<u8>(at) != TAG_SEQUENCE || tagOf(method, next) != TAG_OID) return false;
    const location = after(method);
    if (!isGeneralName(location, next) || after(location) != next) return false;
  }
  return true;
}

function parseBasicConstraints(at: usize, end: usize, certificate: Certificate): i32 {
  if (!checkDerElement(at, end, TAG_SEQUENCE)) return 0;
  at = body(at);
  if (tagOf(at, end) == TAG_BOOLEAN) {
    // An explicit FALSE isn't DER, but public authorities did issue it, and it can only take power away.
    certificate.isAuthority = (load<u8>(body(at)) != 0) as i32;
    at = after(at);
  }
  if (tagOf(at, end) == TAG_INTEGER) {
    if (load<u8>(body(at)) >= 0x80) return 0;
    // RFC 5280 §4.2.1.9: a path length means something with cA alone. More than 127 is as good as no limit, never less.
    if (certificate.isAuthority) certificate.pathLength = bodyLength(at) == 1 ? (load<u8>(body(at)) as i32) : 127;
    at = after(at);
  }
  return (at == end) as i32;
}

function parseKeyUsage(at: usize, end: usize, certificate: Certificate): i32 {
  if (!checkDerElement(at, end, TAG_BIT_STRING)) return 0;
  // RFC 5280 §4.2.1.3: at least one bit is set; nine are defined.
  const bytes = bodyLength(at) - 1;
  if (bytes < 1 || bytes > 2) return 0;
  certificate.keyUsage = load<u8>(body(at), 1) as i32;
  return 1;
}

function parseExtendedKeyUsage(at: usize, end: usize, certificate: Certificate): i32 {
  if (!checkDerElement(at, end, TAG_SEQUENCE) || bodyLength(at) == 0) return 0;
  let purposes = 0;
  for (at = body(at); at < end; at = after(at)) {
    if (tagOf(at, end) != TAG_OID) return 0;
    const id = body(at);
    const length = bodyLength(at);
    if (length == 8 && memory.compare(id, OID_KEY_PURPOSE, 7) == 0) {
      const purpose = load<u8>(id, 7) as i32;
      if (purpose == 1) purposes |= PURPOSE_SERVER;
      if (purpose == 2) purposes |= PURPOSE_CLIENT;
    } else if (length == 4 && load<u32>(id) == 0x00251d55 /* 2.5.29.37.0 */) {
      purposes |= PURPOSE_ANY;
    }
  }
  certificate.purposes = purposes;
  return 1;
}
