// Trust anchors (RFC 5280 §6.1.1 (d)): name, key, validity and constraints of each root, copied to the heap. A root's own
// signature is not looked at: who adds it vouches for it.
import { ErrorCode } from "../alert";
import { HashId, hashDigest } from "../hash/hash";
import { SHA256_SIZE } from "../hash/sha256";
import { give, take } from "../heap";
import { CERTIFICATE, Certificate } from "./certificate";
import { parseCertificate } from "./certificate_reader";
import { after } from "./der";
import { USAGE_CERTIFICATE_SIGN } from "./extensions";
import { PUBLIC_KEY, PublicKey, parsePublicKey } from "./public_key";

@unmanaged
export class Trust {
  /** The Anchor added last, each leads to the one before; 0 at the end. */
  last: usize;
}

/** One heap block: these fields, then the bytes they point to. */
@unmanaged
export class Anchor {
  /** Seconds since 1970, as the certificate's. */
  notBefore: i64;
  notAfter: i64;
  previous: usize;
  /** Name element. */
  subject: usize;
  /** SubjectPublicKeyInfo element. */
  publicKeyInfo: usize;
  /** NameConstraints element, 0 for none. */
  nameConstraints: usize;
  keyId: usize;
  keyIdLength: i32;
  /** SHA-256 of the whole certificate. */
  digest: usize;
  /** 0 for a certificate that may not sign others: the very certificate is trusted, and nothing else. */
  isAuthority: i32;
  /** -1 for no limit. */
  pathLength: i32;
  /** PURPOSE_ bits, or -1 for no limit. */
  purposes: i32;
  /** 1 where it has a critical extension that is not known: no path may end here. */
  unknownCritical: i32;
}

const TRUST: i32 = offsetof<Trust>() as i32;
const ANCHOR: i32 = (offsetof<Anchor>() as i32 + 7) & ~7;

const scratch: usize = memory.data(CERTIFICATE, 8); // a Certificate
const keyScratch: usize = memory.data(PUBLIC_KEY, 4); // a PublicKey
const digest: usize = memory.data(SHA256_SIZE, 8);

/** An empty set of trust anchors; 0 where memory does not suffice. */
export function trustNew(): usize {
  const trust = take(TRUST);
  if (trust != 0) changetype<Trust>(trust).last = 0;
  return trust;
}

/**
 * Adds the root whose certificate is these `length` bytes of DER; they need not outlive the call. A certificate without the
 * right to sign others is trusted for itself alone. Returns 0, also where it was there before; NoTrust, NoMemory, or why this is
 * no certificate, and then it is not kept. CertificateKey, CertificateWeakKey and CertificateCriticalExtension say that no path
 * will hold by it (RSA of 1024 bits: none but a legacy one); it is kept, so that a path that needs it fails by its reason.
 */
export function trustAdd(trust: usize, der: usize, length: i32): i32 {
  if (trust == 0) return ErrorCode.NoTrust;
  const certificate = changetype<Certificate>(scratch);
  const problem = parseCertificate(der, length, certificate);
  if (problem < 0) return problem;
  const keyProblem = parsePublicKey(certificate.publicKeyInfo, changetype<PublicKey>(keyScratch), 0);
  if (keyProblem == ErrorCode.CertificateDer) return keyProblem;
  hashDigest(HashId.Sha256, der, length, digest);
  if (!isKnown(changetype<Trust>(trust)) && !keep(changetype<Trust>(trust), certificate)) return ErrorCode.NoMemory;
  return certificate.unknownCritical ? ErrorCode.CertificateCriticalExtension : keyProblem;
}

/** Copies what a path needs of the certificate, whose digest is in `digest`. False where there is no memory. */
function keep(trust: Trust, certificate: Certificate): bool {
  const subjectLength = (after(certificate.subject) - certificate.subject) as i32;
  const infoLength = (after(certificate.publicKeyInfo) - certificate.publicKeyInfo) as i32;
  const constraints = certificate.nameConstraints;
  const constraintsLength = constraints != 0 ? ((after(constraints) - constraints) as i32) : 0;
  const idLength = certificate.subjectKeyIdLength;
  const block = take(ANCHOR + SHA256_SIZE + subjectLength + infoLength + constraintsLength + idLength);
  if (block == 0) return false;
  const anchor = changetype<Anchor>(block);
  anchor.notBefore = certificate.notBefore;
  anchor.notAfter = certificate.notAfter;
  anchor.digest = block + ANCHOR;
  anchor.subject = anchor.digest + SHA256_SIZE;
  anchor.publicKeyInfo = anchor.subject + subjectLength;
  anchor.nameConstraints = constraints != 0 ? anchor.publicKeyInfo + infoLength : 0;
  anchor.keyId = anchor.publicKeyInfo + infoLength + constraintsLength;
  anchor.keyIdLength = idLength;
  memory.copy(anchor.digest, digest, SHA256_SIZE);
  memory.copy(anchor.subject, certificate.subject, subjectLength);
  memory.copy(anchor.publicKeyInfo, certificate.publicKeyInfo, infoLength);
  memory.copy(anchor.publicKeyInfo + infoLength, constraints, constraintsLength);
  memory.copy(anchor.keyId, certificate.subjectKeyId, idLength);
  // A version 1 root knows no constraints; it is an authority because it was given as one.
  anchor.isAuthority = certificate.version < 3 || (certificate.isAuthority && maySignCertificates(certificate)) ? 1 : 0;
  anchor.pathLength = certificate.pathLength;
  anchor.purposes = certificate.purposes;
  anchor.unknownCritical = certificate.unknownCritical;
  anchor.previous = trust.last;
  trust.last = block;
  return true;
}

/** Gives all memory of a set back. */
export function trustFree(trust: usize): void {
  if (trust == 0) return;
  let anchor = changetype<Trust>(trust).last;
  while (anchor != 0) {
    const previous = changetype<Anchor>(anchor).previous;
    give(anchor);
    anchor = previous;
  }
  give(trust);
}

/** keyUsage has keyCertSign, or is absent (RFC 5280 §6.1.4 (n)). */
export function maySignCertificates(certificate: Certificate): bool {
  return certificate.keyUsage < 0 || (certificate.keyUsage & USAGE_CERTIFICATE_SIGN) != 0;
}

/** Two certificates of one key are two anchors: they may differ in dates and constraints. */
function isKnown(trust: Trust): bool {
  for (let at = trust.last; at != 0; at = changetype<Anchor>(at).previous) {
    if (memory.compare(changetype<Anchor>(at).digest, digest, SHA256_SIZE) == 0) return true;
  }
  return false;
}
