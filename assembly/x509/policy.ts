// Certificate policies (RFC 5280 §4.2.1.4, §4.2.1.5, §4.2.1.11, §4.2.1.14; §6.1). Any policy will do for TLS, so they take a
// path away only where one of its authorities demands an explicit policy and none is left at the end.
//
// Of the tree in §6.1 only the deepest level matters: it is empty if and only if the tree is, as nodes without children are
// pruned. So a level is a set of policies, kept as what the next level is expected to name.
import { ErrorCode } from "../alert";
import { Certificate } from "./certificate";
import { after, body, bodyLength, checkDerElement, isOid, sameElement, TAG_INTEGER, TAG_OID, TAG_SEQUENCE, tagOf } from "./der";
import { sameName } from "./distinguished_name";

/** Policies in one certificate, and in one level; honest ones have a handful. */
const POLICIES_MAX: i32 = 64;

/** anyPolicy, 2.5.29.32.0. */
const OID_ANY: usize = memory.data<u8>([0x55, 0x1d, 0x20, 0x00]);
/** id-qt, 1.3.6.1.5.5.7.2; one more byte is the qualifier: 1 a statement's address, 2 a notice. */
const OID_QUALIFIER: usize = memory.data<u8>([0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x02]);

// Addresses of OID elements.
let level: usize = memory.data(4 * POLICIES_MAX, 4);
let nextLevel: usize = memory.data(4 * POLICIES_MAX, 4);
let count: i32 = 0;
let nextCount: i32 = 0;
/** 1 where the level has anyPolicy. */
let any: i32 = 0;

/**
 * CertificatePolicies in [at, end). Returns 0, CertificateDer, or CertificateCriticalExtension for a qualifier that is not
 * known in an extension that is critical.
 */
export function parsePolicies(at: usize, end: usize, critical: i32, certificate: Certificate): i32 {
  if (!checkDerElement(at, end, TAG_SEQUENCE) || bodyLength(at) == 0) return ErrorCode.CertificateDer;
  const first = body(at);
  let policies = 0;
  let unknown = 0;
  for (let policy = first; policy < end; policy = after(policy)) {
    const policyEnd = after(policy);
    const oid = body(policy);
    if (load<u8>(policy) != TAG_SEQUENCE || tagOf(oid, policyEnd) != TAG_OID) return ErrorCode.CertificateDer;
    // §4.2.1.4: a policy stands there once.
    if (++policies > POLICIES_MAX) return ErrorCode.CertificateDer;
    for (let other = first; other < policy; other = after(other)) {
      if (sameElement(body(other), oid)) return ErrorCode.CertificateDer;
    }
    const qualifiers = after(oid);
    if (qualifiers == policyEnd) continue;
    if (tagOf(qualifiers, policyEnd) != TAG_SEQUENCE || after(qualifiers) != policyEnd || bodyLength(qualifiers) == 0) {
      return ErrorCode.CertificateDer;
    }
    for (let one = body(qualifiers); one < policyEnd; one = after(one)) {
      const type = body(one);
      if (load<u8>(one) != TAG_SEQUENCE || tagOf(type, after(one)) != TAG_OID) return ErrorCode.CertificateDer;
      if (!isKnownQualifier(type)) unknown = 1;
    }
  }
  certificate.policies = at;
  return critical && unknown ? ErrorCode.CertificateCriticalExtension : ErrorCode.None;
}

function isKnownQualifier(type: usize): bool {
  const last = load<u8>(body(type), 7);
  return bodyLength(type) == 8 && memory.compare(body(type), OID_QUALIFIER, 7) == 0 && (last == 1 || last == 2);
}

/** PolicyMappings in [at, end). Returns 0, CertificateDer, or CertificatePolicy where anyPolicy is mapped (§6.1.4 (a)). */
export function parsePolicyMappings(at: usize, end: usize, certificate: Certificate): i32 {
  if (!checkDerElement(at, end, TAG_SEQUENCE) || bodyLength(at) == 0) return ErrorCode.CertificateDer;
  for (let pair = body(at); pair < end; pair = after(pair)) {
    const pairEnd = after(pair);
    const issuer = body(pair);
    if (load<u8>(pair) != TAG_SEQUENCE || tagOf(issuer, pairEnd) != TAG_OID) return ErrorCode.CertificateDer;
    const subject = after(issuer);
    if (tagOf(subject, pairEnd) != TAG_OID || after(subject) != pairEnd) return ErrorCode.CertificateDer;
    if (isAny(issuer) || isAny(subject)) return ErrorCode.CertificatePolicy;
  }
  certificate.policyMappings = at;
  return ErrorCode.None;
}

/** PolicyConstraints in [at, end). Returns 0 or CertificateDer. */
export function parsePolicyConstraints(at: usize, end: usize, certificate: Certificate): i32 {
  if (!checkDerElement(at, end, TAG_SEQUENCE) || bodyLength(at) == 0) return ErrorCode.CertificateDer;
  at = body(at);
  if (tagOf(at, end) == 0x80) {
    certificate.requireExplicitPolicy = skipCerts(at);
    if (certificate.requireExplicitPolicy < 0) return ErrorCode.CertificateDer;
    at = after(at);
  }
  if (tagOf(at, end) == 0x81) {
    certificate.inhibitPolicyMapping = skipCerts(at);
    if (certificate.inhibitPolicyMapping < 0) return ErrorCode.CertificateDer;
    at = after(at);
  }
  return at == end ? ErrorCode.None : ErrorCode.CertificateDer;
}

/** InhibitAnyPolicy in [at, end). Returns 0 or CertificateDer. */
export function parseInhibitAnyPolicy(at: usize, end: usize, certificate: Certificate): i32 {
  if (!checkDerElement(at, end, TAG_INTEGER)) return ErrorCode.CertificateDer;
  certificate.inhibitAnyPolicy = skipCerts(at);
  return certificate.inhibitAnyPolicy < 0 ? ErrorCode.CertificateDer : ErrorCode.None;
}

/** A SkipCerts: -1 where it is no number from 0. More than 127 is as good as 127, as no path is that long. */
function skipCerts(at: usize): i32 {
  const length = bodyLength(at);
  const first = length > 0 ? (load<u8>(body(at)) as i32) : 0x80;
  if (first >= 0x80) return -1;
  if (length == 1) return first;
  // X.690 §8.3.2, which implicit tags hide from the reader.
  return first == 0 && load<u8>(body(at), 1) < 0x80 ? -1 : 127;
}

/**
 * §6.1.3 (d) to (f), §6.1.4 (b) and (h) to (j), §6.1.5 (a), (b), (g) over a path: `depth` addresses of Certificates at `path`,
 * the leaf first, the anchor not among them. Returns 0 or CertificatePolicy.
 */
export function checkPolicies(path: usize, depth: i32): i32 {
  let demanded = 0;
  for (let i = 0; i < depth; i++) demanded |= certificateAt(path, i).requireExplicitPolicy >= 0 ? 1 : 0;
  if (!demanded) return ErrorCode.None;

  count = 0;
  any = 1;
  let explicit = depth + 1;
  let mapping = depth + 1;
  let inhibitAny = depth + 1;
  for (let i = depth - 1; i >= 0; i--) {
    const certificate = certificateAt(path, i);
    const selfIssued = sameName(certificate.subject, certificate.issuer);
    if (!takePolicies(certificate, inhibitAny > 0 || (i > 0 && selfIssued))) return ErrorCode.CertificatePolicy;
    if (explicit == 0 && isEmpty()) return ErrorCode.CertificatePolicy;
    if (i == 0) {
      if (certificate.requireExplicitPolicy == 0 || explicit <= 1) explicit = 0;
      break;
    }
    if (certificate.policyMappings != 0 && !mapPolicies(certificate.policyMappings, mapping > 0)) {
      return ErrorCode.CertificatePolicy;
    }
    if (!selfIssued) {
      explicit = max(0, explicit - 1);
      mapping = max(0, mapping - 1);
      inhibitAny = max(0, inhibitAny - 1);
    }
    explicit = tightened(explicit, certificate.requireExplicitPolicy);
    mapping = tightened(mapping, certificate.inhibitPolicyMapping);
    inhibitAny = tightened(inhibitAny, certificate.inhibitAnyPolicy);
  }
  return explicit == 0 && isEmpty() ? ErrorCode.CertificatePolicy : ErrorCode.None;
}

function tightened(counter: i32, limit: i32): i32 {
  return limit >= 0 && limit < counter ? limit : counter;
}

/** The level below: what the certificate names of what is expected, and all of it under its own anyPolicy. */
function takePolicies(certificate: Certificate, anyCounts: bool): bool {
  nextCount = 0;
  let nextAny = 0;
  let fits = true;
  const policies = certificate.policies;
  const end = policies != 0 ? after(policies) : 0;
  for (let policy = policies != 0 ? body(policies) : 0; policy < end; policy = after(policy)) {
    const oid = body(policy);
    if (isAny(oid)) {
      if (!anyCounts) continue;
      nextAny = any;
      for (let i = 0; i < count; i++) fits = fits && add(policyAt(i));
    } else if (any || has(level, count, oid)) {
      fits = fits && add(oid);
    }
  }
  any = nextAny;
  turn();
  return fits;
}

/** §6.1.4 (b): expects of the next certificate what the mapping says, or no more what must not be mapped. */
function mapPolicies(mappings: usize, allowed: bool): bool {
  nextCount = 0;
  let fits = true;
  const end = after(mappings);
  for (let i = 0; i < count; i++) {
    let mapped = false;
    for (let pair = body(mappings); pair < end; pair = after(pair)) mapped = mapped || sameElement(body(pair), policyAt(i)) != 0;
    if (!mapped) fits = fits && add(policyAt(i));
  }
  for (let pair = body(mappings); allowed && pair < end; pair = after(pair)) {
    const issuer = body(pair);
    if (any || has(level, count, issuer)) fits = fits && add(after(issuer));
  }
  turn();
  return fits;
}

// @ts-ignore: decorator
@inline
function certificateAt(path: usize, index: i32): Certificate {
  return changetype<Certificate>(load<usize>(path + index * 4));
}

function isEmpty(): bool {
  return count == 0 && !any;
}

function isAny(oid: usize): bool {
  return isOid(oid, OID_ANY, 4) != 0;
}

function policyAt(index: i32): usize {
  return load<usize>(level + 4 * index);
}

function has(set: usize, size: i32, oid: usize): bool {
  for (let i = 0; i < size; i++) {
    if (sameElement(load<usize>(set + 4 * i), oid)) return true;
  }
  return false;
}

/** Adds to the next level, once. False where it is full. */
function add(oid: usize): bool {
  if (has(nextLevel, nextCount, oid)) return true;
  if (nextCount == POLICIES_MAX) return false;
  store<usize>(nextLevel + 4 * nextCount, oid);
  nextCount++;
  return true;
}

/** The next level becomes the level. */
function turn(): void {
  const past = level;
  level = nextLevel;
  nextLevel = past;
  count = nextCount;
}
