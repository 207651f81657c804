// The set of roots that a device trusts, each copied to the heap. A root's own signature is not looked at: who adds it vouches for
// it.
import { ErrorCode } from "../alert";
import { HashId, hashDigest } from "../hash/hash";
import { SHA256_SIZE } from "../hash/sha256";
import { give, take } from "../heap";
import { ANCHOR, Anchor, DIGEST_SIZE, TRUST, Trust } from "./anchor";
import { CERTIFICATE, Certificate } from "./certificate";
import { parseCertificate } from "./certificate_reader";
import { after } from "./der";
import { USAGE_CERTIFICATE_SIGN } from "./extensions";
import { PUBLIC_KEY, PublicKey, parsePublicKey } from "./public_key";
import { readDescription, writeDescription } from "./root_description";

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
  hashDigest(HashId.Sha256, der, length, digest);
  // A version 1 root knows no constraints; it is an authority because it was given as one.
  certificate.isAuthority = certificate.version < 3 || (certificate.isAuthority && maySignCertificates(certificate)) ? 1 : 0;
  return keepOnce(changetype<Trust>(trust), certificate);
}

/**
 * Adds a root of which only this is known, as `trustDescribe` wrote it (root_description.ts). Returns what trustAdd would for its
 * certificate, or CertificateDer where the `length` bytes describe none.
 */
export function trustAddDescribed(trust: usize, description: usize, length: i32): i32 {
  if (trust == 0) return ErrorCode.NoTrust;
  const certificate = changetype<Certificate>(scratch);
  if (!readDescription(description, length, certificate, digest)) return ErrorCode.CertificateDer;
  return keepOnce(changetype<Trust>(trust), certificate);
}

/** Writes a description of the root added last to `out`, at most `room` bytes; returns its length, or TooLong. */
export function trustDescribe(trust: usize, out: usize, room: i32): i32 {
  if (trust == 0 || changetype<Trust>(trust).last == 0) return ErrorCode.NoTrust;
  return writeDescription(changetype<Anchor>(changetype<Trust>(trust).last), out, room);
}

/** Keeps the certificate whose digest is in `digest`, where it was not there before. */
function keepOnce(trust: Trust, certificate: Certificate): i32 {
  const keyProblem = parsePublicKey(certificate.publicKeyInfo, changetype<PublicKey>(keyScratch), 0);
  if (keyProblem == ErrorCode.CertificateDer) return keyProblem;
  if (!isKnown(trust) && !keep(trust, certificate)) return ErrorCode.NoMemory;
  return certificate.unknownCritical ? ErrorCode.CertificateCriticalExtension : keyProblem;
}

/** Copies what a path needs of the certificate, whose digest is in `digest`. False where there is no memory. */
function keep(trust: Trust, certificate: Certificate): bool {
  const subjectLength = (after(certificate.subject) - certificate.subject) as i32;
  const infoLength = (after(certificate.publicKeyInfo) - certificate.publicKeyInfo) as i32;
  const constraints = certificate.nameConstraints;
  const constraintsLength = constraints != 0 ? ((after(constraints) - constraints) as i32) : 0;
  const idLength = certificate.subjectKeyIdLength;
  const block = take(ANCHOR + DIGEST_SIZE + subjectLength + infoLength + constraintsLength + idLength);
  if (block == 0) return false;
  const anchor = changetype<Anchor>(block);
  anchor.notBefore = certificate.notBefore;
  anchor.notAfter = certificate.notAfter;
  anchor.digest = block + ANCHOR;
  anchor.subject = anchor.digest + DIGEST_SIZE;
  anchor.publicKeyInfo = anchor.subject + subjectLength;
  anchor.nameConstraints = constraints != 0 ? anchor.publicKeyInfo + infoLength : 0;
  anchor.keyId = anchor.publicKeyInfo + infoLength + constraintsLength;
  anchor.keyIdLength = idLength;
  memory.copy(anchor.digest, digest, DIGEST_SIZE);
  memory.copy(anchor.subject, certificate.subject, subjectLength);
  memory.copy(anchor.publicKeyInfo, certificate.publicKeyInfo, infoLength);
  memory.copy(anchor.publicKeyInfo + infoLength, constraints, constraintsLength);
  memory.copy(anchor.keyId, certificate.subjectKeyId, idLength);
  anchor.isAuthority = certificate.isAuthority;
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
    if (memory.compare(changetype<Anchor>(at).digest, digest, DIGEST_SIZE) == 0) return true;
  }
  return false;
}
