// From the certificates that a server sent to a trust anchor (RFC 5280 §6.1), in place and within bounds.
//
// The list may come in any order behind the leaf, with strangers in it and with several ways up (cross-signing): the
// search follows names, judges each authority before it goes on, and spends public-key work only on a path that has
// reached an anchor, from the anchor down.
import { ErrorCode } from "../alert";
import { HashId, hashDigest } from "../hash/hash";
import { SHA256_SIZE } from "../hash/sha256";
import { load24be } from "../memory";
import { parseSignatureAlgorithm, RSA_PSS_RSAE } from "./algorithm";
import { Anchor, DIGEST_SIZE, Trust } from "./anchor";
import { CERTIFICATE, Certificate } from "./certificate";
import { parseCertificate } from "./certificate_reader";
import { sameElement } from "./der";
import { sameName } from "./distinguished_name";
import {
  PURPOSE_ANY, PURPOSE_SERVER, USAGE_CERTIFICATE_SIGN, USAGE_DIGITAL_SIGNATURE, USAGE_KEY_ENCIPHERMENT,
} from "./extensions";
import { matchHostName } from "./host_name";
import { verifyKnownSignature } from "./known_signature";
import { checkNameConstraints, startNameConstraints } from "./name_constraints";
import { isOldScheme, verifyOldSignature } from "./old_signature";
import { checkPolicies } from "./policy";
import { KeyKind, PUBLIC_KEY, PublicKey, parsePublicKey } from "./public_key";
import { maySignCertificates } from "./trust";

export enum ChainRule {
  /** MD5, SHA-1, DSA and RSA of 1024 bits are let pass. */
  Legacy = 1,
  /** The leaf's key is to encrypt, not to sign: RSA key exchange (RFC 5246 §7.4.2). */
  Encipher = 2,
  /** Anchors are taken whatever their dates say. */
  ExpiredRoots = 4,
  /** The time is only known to be no earlier: what is not valid yet may be by now, what has expired has. */
  LeastTime = 8,
}

/** Certificates that a server may send. */
const MAX_CERTIFICATES: i32 = 24;
/** Certificates below the anchor, the leaf included. */
const MAX_PATH: i32 = 12;
/** What one verification may cost: authorities looked at, signatures checked. */
const MAX_STEPS: i32 = 1024;
const MAX_SIGNATURES: i32 = 16;

const certificates: usize = memory.data(CERTIFICATE * MAX_CERTIFICATES, 8);
const path: usize = memory.data(4 * MAX_PATH, 4); // addresses of Certificates, leaf first
const issuerKey: usize = memory.data(PUBLIC_KEY, 4); // a PublicKey
const digest: usize = memory.data(SHA256_SIZE, 8);

let count: i32 = 0;
let anchors: usize = 0;
/** 1 where the old is let pass. */
let legacy: i32 = 0;
/** Not 0 where the anchors' dates don't matter. */
let anyRootDates: i32 = 0;
let now: i64 = 0;
/** Not 0 where it may be later than `now`. */
let isLeastTime: i32 = 0;
let steps: i32 = 0;
let signatures: i32 = 0;
/** Why the most promising path failed. */
let failure: i32 = 0;

/**
 * Verifies a server's certificates: `list` holds them as DER, each after its length in three bytes, the leaf first.
 * The host is a DNS name in ASCII or an IP address as text; `unixTime` is in seconds. On success writes the leaf's key
 * to `publicKey` (a PublicKey, pointing into `list`) and returns 0. `rules` has bits of ChainRule. Otherwise NoTrust, NoTime, DecodeError or one of
 * the certificate errors. The host name is the last thing checked.
 */
export function verifyChain(
  trust: usize,
  list: usize,
  length: i32,
  hostName: usize,
  hostNameLength: i32,
  unixTime: u32,
  publicKey: usize,
  rules: i32,
): i32 {
  if (trust == 0) return ErrorCode.NoTrust;
  if (unixTime == 0) return ErrorCode.NoTime;
  const listProblem = parseList(list, list + length);
  if (listProblem < 0) return listProblem;
  anchors = changetype<Trust>(trust).last;
  now = unixTime as i64;
  legacy = rules & ChainRule.Legacy;
  anyRootDates = rules & ChainRule.ExpiredRoots;
  isLeastTime = rules & ChainRule.LeastTime;
  steps = MAX_STEPS;
  signatures = MAX_SIGNATURES;
  failure = ErrorCode.UnknownCa;
  startNameConstraints();

  const leaf = certificateAt(0);
  const usage = rules & ChainRule.Encipher ? USAGE_KEY_ENCIPHERMENT : USAGE_DIGITAL_SIGNATURE;
  if (leaf.error < 0) return leaf.error;
  const pinned = isPinned(leaf, list + 3, load24be(list));
  const problem = checkLeaf(leaf, changetype<PublicKey>(publicKey), usage, pinned);
  if (problem < 0) return problem;
  store<usize>(path, certificates);
  if (!pinned && extendPath(1) < 0) return failure == ErrorCode.UnknownCa ? firstUnreadable() : failure;
  return matchHostName(leaf.alternativeNames, hostName, hostNameLength)
    ? ErrorCode.None
    : ErrorCode.CertificateHostName;
}

// @ts-ignore: decorator
@inline
function certificateAt(index: i32): Certificate {
  return changetype<Certificate>(certificates + index * CERTIFICATE);
}

/** The certificate at this place of the path. */
// @ts-ignore: decorator
@inline
function pathAt(depth: i32): Certificate {
  return changetype<Certificate>(load<usize>(path + depth * 4));
}

function parseList(at: usize, end: usize): i32 {
  count = 0;
  // RFC 9846 §4.5.1.4: a server's empty list is a decode_error.
  if (at >= end) return ErrorCode.DecodeError;
  while (at < end) {
    if (end - at < 3) return ErrorCode.DecodeError;
    const length = load24be(at);
    at += 3;
    if (length == 0 || length > ((end - at) as i32)) return ErrorCode.DecodeError;
    if (count == MAX_CERTIFICATES) return ErrorCode.TooManyCertificates;
    const certificate = certificateAt(count++);
    certificate.error = parseCertificate(at, length, certificate);
    at += length;
  }
  return ErrorCode.None;
}

/** What UnknownCa may really mean: the missing authority is there, but can't be read. */
function firstUnreadable(): i32 {
  for (let i = 1; i < count; i++) {
    if (certificateAt(i).error < 0) return certificateAt(i).error;
  }
  return ErrorCode.UnknownCa;
}

/**
 * An anchor that is this very certificate vouches for it, no matter who issued it. It does so for nothing else: another certificate of
 * the same key needs an anchor that is an authority.
 */
function isPinned(leaf: Certificate, der: usize, length: i32): bool {
  let hashed = false;
  for (let at = anchors; at != 0; at = changetype<Anchor>(at).previous) {
    const anchor = changetype<Anchor>(at);
    if (!sameElement(anchor.publicKeyInfo, leaf.publicKeyInfo)) continue;
    if (!hashed) hashDigest(HashId.Sha256, der, length, digest);
    hashed = true;
    if (memory.compare(anchor.digest, digest, DIGEST_SIZE) == 0) return true;
  }
  return false;
}

function checkLeaf(leaf: Certificate, key: PublicKey, usage: i32, pinned: bool): i32 {
  const problem = checkCommon(leaf, key);
  if (problem < 0) return problem;
  // An authority's own certificate is no server's (CA/Browser Forum's Baseline Requirements §7.1.2.7), nor may a key that is no
  // authority's sign certificates (RFC 5280 §4.2.1.3). Who pins one knows what it is: old appliances make them so.
  const signs = leaf.keyUsage >= 0 && (leaf.keyUsage & USAGE_CERTIFICATE_SIGN) != 0;
  if (!pinned && (leaf.isAuthority || signs)) return ErrorCode.CertificateProfile;
  // RFC 9846 §4.5.1.2: the key must be allowed to do what it will.
  if (leaf.keyUsage >= 0 && (leaf.keyUsage & usage) == 0) return ErrorCode.CertificateKeyUsage;
  // anyExtendedKeyUsage makes no server: the leaf itself names serverAuth, or restricts nothing.
  if (leaf.purposes >= 0 && (leaf.purposes & PURPOSE_SERVER) == 0) return ErrorCode.CertificateExtendedKeyUsage;
  return ErrorCode.None;
}

/** RFC 5280 §6.1.4: may this certificate stand at `depth`, above what the path holds already? */
function checkAuthority(authority: Certificate, depth: i32): i32 {
  const problem = checkCommon(authority, changetype<PublicKey>(issuerKey));
  if (problem < 0) return problem;
  if (!authority.isAuthority) return ErrorCode.CertificateBasicConstraints;
  if (!maySignCertificates(authority)) return ErrorCode.CertificateKeyUsage;
  // Purposes nest, as all public trust programs have it; an authority may say "any".
  if (authority.purposes >= 0 && (authority.purposes & (PURPOSE_SERVER | PURPOSE_ANY)) == 0) {
    return ErrorCode.CertificateExtendedKeyUsage;
  }
  return checkPathLength(authority.pathLength, depth);
}

/** What every certificate of a path has to be. */
function checkCommon(certificate: Certificate, key: PublicKey): i32 {
  if (certificate.version != 3) return ErrorCode.BadCertificate;
  if (certificate.unknownCritical) return ErrorCode.CertificateCriticalExtension;
  if (now < certificate.notBefore && !isLeastTime) return ErrorCode.CertificateNotYetValid;
  if (now > certificate.notAfter) return ErrorCode.CertificateExpired;
  return parseAllowedKey(certificate.publicKeyInfo, key);
}

function parseAllowedKey(info: usize, key: PublicKey): i32 {
  const problem = parsePublicKey(info, key, legacy);
  return problem == 0 && key.kind == KeyKind.Dsa && !legacy ? ErrorCode.CertificateKey : problem;
}

/** RFC 5280 §6.1.4 (l), (m): authorities that issued to themselves don't count. */
function checkPathLength(limit: i32, depth: i32): i32 {
  if (limit < 0) return ErrorCode.None;
  let authorities = 0;
  for (let i = 1; i < depth; i++) authorities += isSelfIssued(pathAt(i)) ? 0 : 1;
  return authorities > limit ? ErrorCode.CertificatePathLength : ErrorCode.None;
}

function isSelfIssued(certificate: Certificate): i32 {
  return sameName(certificate.subject, certificate.issuer);
}

/** Looks for what issued the last of `depth` certificates on the path. Returns 0 once a whole path holds. */
function extendPath(depth: i32): i32 {
  const subject = pathAt(depth - 1);
  for (let at = anchors; at != 0; at = changetype<Anchor>(at).previous) {
    const anchor = changetype<Anchor>(at);
    if (!sameName(anchor.subject, subject.issuer)) continue;
    const problem = checkPath(anchor, depth);
    if (problem == 0) return ErrorCode.None;
    blame(problem);
  }
  for (let i = 1; i < count; i++) {
    const authority = certificateAt(i);
    if (authority.error < 0 || isOnPath(authority, depth)) continue;
    if (--steps < 0) return blame(ErrorCode.CertificateSearch);
    if (!sameName(authority.subject, subject.issuer)) continue;
    if (depth == MAX_PATH) return blame(ErrorCode.CertificatePathTooLong);
    const problem = checkAuthority(authority, depth);
    if (problem < 0) {
      blame(problem);
      continue;
    }
    store<usize>(path + depth * 4, changetype<usize>(authority));
    if (extendPath(depth + 1) == 0) return ErrorCode.None;
  }
  return ErrorCode.UnknownCa;
}

/** Keeps the first reason that says more than "unknown"; returns `problem`. */
function blame(problem: i32): i32 {
  if (failure == ErrorCode.UnknownCa) failure = problem;
  return problem;
}

function isOnPath(certificate: Certificate, depth: i32): i32 {
  for (let i = 0; i < depth; i++) {
    if (load<usize>(path + i * 4) == changetype<usize>(certificate)) return 1;
  }
  return 0;
}

/** The path of `depth` certificates under this anchor: constraints first, then signatures from the anchor down. */
function checkPath(anchor: Anchor, depth: i32): i32 {
  const anchorProblem = checkAnchor(anchor);
  if (anchorProblem < 0) return anchorProblem;
  const lengthProblem = checkPathLength(anchor.pathLength, depth);
  if (lengthProblem < 0) return lengthProblem;
  if (anchor.nameConstraints != 0) {
    const problem = constrainPath(anchor.nameConstraints, depth);
    if (problem < 0) return problem;
  }
  for (let i = 1; i < depth; i++) {
    const constraints = pathAt(i).nameConstraints;
    const problem = constraints != 0 ? constrainPath(constraints, i) : 0;
    if (problem < 0) return problem;
  }

  const policyProblem = checkPolicies(path, depth);
  if (policyProblem < 0) return policyProblem;

  const key = changetype<PublicKey>(issuerKey);
  const keyProblem = parseAllowedKey(anchor.publicKeyInfo, key);
  if (keyProblem < 0) return keyProblem;
  for (let i = depth - 1; i >= 0; i--) {
    const certificate = pathAt(i);
    const problem = checkSignature(certificate, key);
    if (problem < 0) {
      // An anchor that merely shares its name with the issuer is a stranger. The key identifiers decide no path;
      // they only tell the two failures apart.
      return i == depth - 1 && problem == ErrorCode.CertificateSignature && isOtherKey(certificate, anchor)
        ? ErrorCode.UnknownCa
        : problem;
    }
    if (i > 0) parsePublicKey(certificate.publicKeyInfo, key, legacy); // held in checkAuthority
  }
  return ErrorCode.None;
}

/** May this anchor end a path now? Its signature is nobody's business, but its dates and purposes are. */
function checkAnchor(anchor: Anchor): i32 {
  if (!anchor.isAuthority) return ErrorCode.CertificateBasicConstraints;
  if (anchor.unknownCritical) return ErrorCode.CertificateCriticalExtension;
  if (anchor.purposes >= 0 && (anchor.purposes & (PURPOSE_SERVER | PURPOSE_ANY)) == 0) {
    return ErrorCode.CertificateExtendedKeyUsage;
  }
  if (anyRootDates) return ErrorCode.None;
  if (now < anchor.notBefore && !isLeastTime) return ErrorCode.CertificateNotYetValid;
  return now > anchor.notAfter ? ErrorCode.CertificateExpired : ErrorCode.None;
}

/** All certificates below the one at `depth` against its NameConstraints (RFC 5280 §6.1.3 (b), (c)). */
function constrainPath(constraints: usize, depth: i32): i32 {
  for (let i = 0; i < depth; i++) {
    const certificate = pathAt(i);
    if (i > 0 && isSelfIssued(certificate)) continue;
    const problem = checkNameConstraints(constraints, certificate);
    if (problem < 0) return problem;
  }
  return ErrorCode.None;
}

function checkSignature(certificate: Certificate, key: PublicKey): i32 {
  let scheme = parseSignatureAlgorithm(certificate.algorithm, legacy);
  if (scheme < 0) return scheme;
  if (--signatures < 0) return ErrorCode.CertificateSearch;
  // The certificate says id-RSASSA-PSS in either case; TLS has two names for it, after the issuer's kind of key.
  if ((scheme & 0xff00) == RSA_PSS_RSAE && key.kind == KeyKind.RsaPss) scheme += 5;
  const message = certificate.tbs;
  const signature = certificate.signature;
  const result = isOldScheme(scheme)
    ? verifyOldSignature(scheme, key, message, certificate.tbsLength, signature, certificate.signatureLength)
    : verifyKnownSignature(scheme, key, message, certificate.tbsLength, signature, certificate.signatureLength);
  return result < 0 ? ErrorCode.CertificateSignature : ErrorCode.None;
}

function isOtherKey(certificate: Certificate, anchor: Anchor): bool {
  const length = certificate.authorityKeyIdLength;
  if (length == 0 || anchor.keyIdLength == 0) return false;
  return length != anchor.keyIdLength || memory.compare(certificate.authorityKeyId, anchor.keyId, length) != 0;
}
