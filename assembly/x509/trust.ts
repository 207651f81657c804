// Trust anchors (RFC 5280 §6.1.1 (d)): name, key and constraints of each root, copied to the heap. A root's own
// signature and validity period are not looked at: whoever adds it vouches for it.
import { ErrorCode } from "../alert";
import { give, take } from "../heap";
import { CERTIFICATE, Certificate, parseCertificate } from "./certificate";
import { after, sameElement } from "./der";
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
  previous: usize;
  /** Name element. */
  subject: usize;
  /** SubjectPublicKeyInfo element. */
  publicKeyInfo: usize;
  /** NameConstraints element, 0 for none. */
  nameConstraints: usize;
  keyId: usize;
  keyIdLength: i32;
  /** 0 for a certificate that may not sign others: it vouches for itself alone. */
  isAuthority: i32;
  /** -1 for no limit. */
  pathLength: i32;
}

const TRUST: i32 = offsetof<Trust>() as i32;
const ANCHOR: i32 = offsetof<Anchor>() as i32;

const scratch: usize = memory.data(CERTIFICATE, 8); // a Certificate
const keyScratch: usize = memory.data(PUBLIC_KEY, 4); // a PublicKey

/** An empty set of trust anchors; 0 where memory does not suffice. */
export function trustNew(): usize {
  const trust = take(TRUST);
  if (trust != 0) changetype<Trust>(trust).last = 0;
  return trust;
}

/**
 * Adds the root whose certificate is these `length` bytes of DER; they need not outlive the call. A certificate
 * without the right to sign others is trusted for itself alone. Returns 0, also where it was there before;
 * NoMemory, CertificateDer, CertificateKey, CertificateWeakKey or CertificateCriticalExtension otherwise.
 */
export function trustAdd(trust: usize, der: usize, length: i32): i32 {
  if (trust == 0) return ErrorCode.NoTrust;
  const certificate = changetype<Certificate>(scratch);
  const problem = parseCertificate(der, length, certificate);
  if (problem < 0) return problem;
  if (certificate.unknownCritical) return ErrorCode.CertificateCriticalExtension;
  const keyProblem = parsePublicKey(certificate.publicKeyInfo, changetype<PublicKey>(keyScratch));
  if (keyProblem < 0) return keyProblem;
  if (isKnown(changetype<Trust>(trust), certificate)) return ErrorCode.None;

  const subjectLength = (after(certificate.subject) - certificate.subject) as i32;
  const infoLength = (after(certificate.publicKeyInfo) - certificate.publicKeyInfo) as i32;
  const constraints = certificate.nameConstraints;
  const constraintsLength = constraints != 0 ? ((after(constraints) - constraints) as i32) : 0;
  const idLength = certificate.subjectKeyIdLength;
  const block = take(ANCHOR + subjectLength + infoLength + constraintsLength + idLength);
  if (block == 0) return ErrorCode.NoMemory;
  const anchor = changetype<Anchor>(block);
  anchor.subject = block + ANCHOR;
  anchor.publicKeyInfo = anchor.subject + subjectLength;
  anchor.nameConstraints = constraints != 0 ? anchor.publicKeyInfo + infoLength : 0;
  anchor.keyId = anchor.publicKeyInfo + infoLength + constraintsLength;
  anchor.keyIdLength = idLength;
  memory.copy(anchor.subject, certificate.subject, subjectLength);
  memory.copy(anchor.publicKeyInfo, certificate.publicKeyInfo, infoLength);
  memory.copy(anchor.publicKeyInfo + infoLength, constraints, constraintsLength);
  memory.copy(anchor.keyId, certificate.subjectKeyId, idLength);
  // A version 1 root knows no constraints; it is an authority because it was given as one.
  anchor.isAuthority = certificate.version < 3 || (certificate.isAuthority && maySignCertificates(certificate)) ? 1 : 0;
  anchor.pathLength = certificate.pathLength;
  anchor.previous = changetype<Trust>(trust).last;
  changetype<Trust>(trust).last = block;
  return ErrorCode.None;
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

function isKnown(trust: Trust, certificate: Certificate): i32 {
  for (let at = trust.last; at != 0; at = changetype<Anchor>(at).previous) {
    const anchor = changetype<Anchor>(at);
    if (
      sameElement(anchor.publicKeyInfo, certificate.publicKeyInfo) &&
      sameElement(anchor.subject, certificate.subject)
    ) {
      return 1;
    }
  }
  return 0;
}
