// The extensions that a path depends on (RFC 5280 §4.2). Each may stand in a certificate once.
import {
  after,
  body,
  bodyLength,
  checkDerElement,
  TAG_BIT_STRING,
  TAG_BOOLEAN,
  TAG_INTEGER,
  TAG_OCTET_STRING,
  TAG_OID,
  TAG_SEQUENCE,
  tagOf,
} from "./der";
import { Certificate } from "./certificate";
import { isName } from "./distinguished_name";

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
const AUTHORITY_KEY_IDENTIFIER: i32 = 35;
const EXTENDED_KEY_USAGE: i32 = 37;

/** id-kp, 1.3.6.1.5.5.7.3; one more byte is the purpose. */
const OID_KEY_PURPOSE: usize = memory.data<u8>([0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03]);

/** Reads all extensions in [at, end) into `certificate`. Returns 0 where one is malformed or stands there twice. */
export function parseExtensions(at: usize, end: usize, certificate: Certificate): i32 {
  if (at == end) return 0;
  let seen: u64 = 0;
  while (at < end) {
    if (tagOf(at, end) != TAG_SEQUENCE) return 0;
    const next = after(at);
    const oid = body(at);
    if (tagOf(oid, next) != TAG_OID) return 0;
    let value = after(oid);
    let critical = 0;
    if (tagOf(value, next) == TAG_BOOLEAN) {
      if (load<u8>(body(value)) == 0) return 0; // DER leaves the default out
      critical = 1;
      value = after(value);
    }
    if (tagOf(value, next) != TAG_OCTET_STRING || after(value) != next) return 0;

    const id = body(oid);
    const isCertificateExtension = bodyLength(oid) == 3 && load<u8>(id) == 0x55 && load<u8>(id, 1) == 0x1d; // 2.5.29
    const arc = isCertificateExtension ? (load<u8>(id, 2) as i32) : 0;
    if (arc > 0 && arc < 64) {
      if ((seen & ((1 as u64) << arc)) != 0) return 0;
      seen |= (1 as u64) << arc;
    }
    const known = parseExtension(arc, body(value), next, certificate);
    if (known < 0) return 0;
    if (known == 0 && critical) certificate.unknownCritical = 1;
    at = next;
  }
  return 1;
}

/** 1 where the extension is known, 0 where it isn't, -1 where its value [at, end) is malformed. */
function parseExtension(arc: i32, at: usize, end: usize, certificate: Certificate): i32 {
  switch (arc) {
    case BASIC_CONSTRAINTS:
      return parseBasicConstraints(at, end, certificate) ? 1 : -1;
    case KEY_USAGE:
      return parseKeyUsage(at, end, certificate) ? 1 : -1;
    case EXTENDED_KEY_USAGE:
      return parseExtendedKeyUsage(at, end, certificate) ? 1 : -1;
    case SUBJECT_ALTERNATIVE_NAME:
      // RFC 5280 §4.2.1.6: at least one name. The names themselves are read by those who ask for them.
      if (!checkDerElement(at, end, TAG_SEQUENCE) || bodyLength(at) == 0 || !checkGeneralNames(at)) return -1;
      certificate.alternativeNames = at;
      return 1;
    case NAME_CONSTRAINTS:
      if (!checkDerElement(at, end, TAG_SEQUENCE) || bodyLength(at) == 0) return -1;
      certificate.nameConstraints = at;
      return 1;
    case SUBJECT_KEY_IDENTIFIER:
      if (!checkDerElement(at, end, TAG_OCTET_STRING)) return -1;
      certificate.subjectKeyId = body(at);
      certificate.subjectKeyIdLength = bodyLength(at);
      return 1;
    case AUTHORITY_KEY_IDENTIFIER:
      if (!checkDerElement(at, end, TAG_SEQUENCE)) return -1;
      if (tagOf(body(at), end) == 0x80) {
        certificate.authorityKeyId = body(body(at));
        certificate.authorityKeyIdLength = bodyLength(body(at));
      }
      return 1;
    case CERTIFICATE_POLICIES:
      // Any policy will do, and policy constraints are an unknown extension here: policies take no path away.
      return checkDerElement(at, end, TAG_SEQUENCE) ? 1 : -1;
    default:
      return 0;
  }
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
    // RFC 5280 §4.2.1.9: a path length goes with cA alone. More than 127 is as good as no limit, never less.
    if (!certificate.isAuthority || load<u8>(body(at)) >= 0x80) return 0;
    certificate.pathLength = bodyLength(at) == 1 ? (load<u8>(body(at)) as i32) : 127;
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

/** 1 where each name is one of GeneralName's nine choices, and addresses have an address's length. */
function checkGeneralNames(at: usize): i32 {
  const end = after(at);
  for (at = body(at); at < end; at = after(at)) {
    const tag = tagOf(at, end);
    const choice = tag & 0x1f;
    const constructed = choice == 0 || (choice >= 3 && choice <= 5);
    if (choice > 8 || tag != (constructed ? 0xa0 | choice : 0x80 | choice)) return 0;
    if (choice == 7 && bodyLength(at) != 4 && bodyLength(at) != 16) return 0;
    if (choice == 4 && !isName(body(at), after(at))) return 0;
  }
  return 1;
}
