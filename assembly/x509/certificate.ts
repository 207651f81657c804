// One X.509 version 3 certificate, read strictly and in place (RFC 5280 §4.1).
import { ErrorCode } from "../alert";
import {
  after,
  body,
  bodyLength,
  checkDerElement,
  sameElement,
  TAG_BIT_STRING,
  TAG_INTEGER,
  TAG_SEQUENCE,
  tagOf,
} from "./der";
import { isName } from "./distinguished_name";
import { parseExtensions } from "./extensions";
import { BAD_TIME, parseTime } from "./time";

/** Pointers into the DER, and what its extensions say. */
@unmanaged
export class Certificate {
  /** Seconds since 1970; the moment notAfter itself is still valid. */
  notBefore: i64;
  notAfter: i64;
  /** The signed part, header included. */
  tbs: usize;
  tbsLength: i32;
  /** AlgorithmIdentifier element. */
  algorithm: usize;
  signature: usize;
  signatureLength: i32;
  /** Name elements. */
  issuer: usize;
  subject: usize;
  /** SubjectPublicKeyInfo element. */
  publicKeyInfo: usize;
  version: i32;
  /** 0, or why this certificate can't be in any path; its other fields mean nothing then. */
  error: i32;
  /** basicConstraints: 1 for an authority; -1 for no limit. */
  isAuthority: i32;
  pathLength: i32;
  /** keyUsage bits (digitalSignature = 0x80, keyCertSign = 0x04), or -1 where absent. */
  keyUsage: i32;
  /** PURPOSE_ bits, or -1 where absent. */
  purposes: i32;
  /** GeneralNames and NameConstraints elements, and key identifiers with their lengths; 0 where absent. */
  alternativeNames: usize;
  nameConstraints: usize;
  subjectKeyId: usize;
  subjectKeyIdLength: i32;
  authorityKeyId: usize;
  authorityKeyIdLength: i32;
  /** Set where a critical extension is none of those above. */
  unknownCritical: i32;
}

/** Bytes of a Certificate; its first fields want an alignment of 8. */
export const CERTIFICATE: i32 = (offsetof<Certificate>() as i32 + 7) & ~7;

/**
 * Reads `length` bytes of DER into `certificate`. Returns 0, CertificateDer, or BadCertificate for a version that
 * RFC 5280 doesn't know. What the fields permit is judged later, by the path.
 */
export function parseCertificate(der: usize, length: i32, certificate: Certificate): i32 {
  const end = der + length;
  if (!checkDerElement(der, end, TAG_SEQUENCE)) return ErrorCode.CertificateDer;
  const tbs = body(der);
  if (tagOf(tbs, end) != TAG_SEQUENCE) return ErrorCode.CertificateDer;
  const algorithm = after(tbs);
  if (tagOf(algorithm, end) != TAG_SEQUENCE) return ErrorCode.CertificateDer;
  const signature = after(algorithm);
  if (tagOf(signature, end) != TAG_BIT_STRING || after(signature) != end) return ErrorCode.CertificateDer;
  if (load<u8>(body(signature)) != 0) return ErrorCode.CertificateDer;
  certificate.tbs = tbs;
  certificate.tbsLength = (algorithm - tbs) as i32;
  certificate.algorithm = algorithm;
  certificate.signature = body(signature) + 1;
  certificate.signatureLength = bodyLength(signature) - 1;
  return parseSigned(body(tbs), algorithm, certificate);
}

/** TBSCertificate's fields, in [at, end). */
function parseSigned(at: usize, end: usize, certificate: Certificate): i32 {
  certificate.version = 1;
  if (tagOf(at, end) == 0xa0) {
    const version = body(at);
    // DER leaves the default, version 1 (0), out.
    if (tagOf(version, after(at)) != TAG_INTEGER || after(version) != after(at)) return ErrorCode.CertificateDer;
    if (bodyLength(version) != 1 || load<u8>(body(version)) == 0) return ErrorCode.CertificateDer;
    certificate.version = (load<u8>(body(version)) as i32) + 1;
    if (certificate.version > 3) return ErrorCode.BadCertificate;
    at = after(at);
  }
  if (tagOf(at, end) != TAG_INTEGER || bodyLength(at) > 21) return ErrorCode.CertificateDer;
  at = after(at); // serialNumber: nothing here depends on it

  if (tagOf(at, end) != TAG_SEQUENCE) return ErrorCode.CertificateDer;
  // RFC 5280 §4.1.1.2: the signed and the outer algorithm are identical.
  if (!sameElement(at, certificate.algorithm)) return ErrorCode.CertificateDer;
  at = after(at);

  // RFC 5280 §4.1.2.4: somebody issued it.
  if (tagOf(at, end) < 0 || !isName(at, after(at)) || bodyLength(at) == 0) return ErrorCode.CertificateDer;
  certificate.issuer = at;
  at = after(at);

  if (tagOf(at, end) != TAG_SEQUENCE || !parseValidity(body(at), after(at), certificate)) {
    return ErrorCode.CertificateDer;
  }
  at = after(at);

  if (tagOf(at, end) < 0 || !isName(at, after(at))) return ErrorCode.CertificateDer;
  certificate.subject = at;
  at = after(at);

  if (tagOf(at, end) != TAG_SEQUENCE) return ErrorCode.CertificateDer;
  certificate.publicKeyInfo = at;
  at = after(at);

  // issuerUniqueID and subjectUniqueID: read over (RFC 5280 §4.1.2.8)
  if (tagOf(at, end) == 0x81 && certificate.version > 1) at = after(at);
  if (tagOf(at, end) == 0x82 && certificate.version > 1) at = after(at);

  clearExtensions(certificate);
  if (tagOf(at, end) == 0xa3 && certificate.version == 3) {
    const extensions = body(at);
    const extensionsEnd = after(at);
    if (tagOf(extensions, extensionsEnd) != TAG_SEQUENCE || after(extensions) != extensionsEnd) {
      return ErrorCode.CertificateDer;
    }
    if (!parseExtensions(body(extensions), extensionsEnd, certificate)) return ErrorCode.CertificateDer;
    at = extensionsEnd;
  }
  return at == end ? ErrorCode.None : ErrorCode.CertificateDer;
}

function parseValidity(at: usize, end: usize, certificate: Certificate): i32 {
  const notBeforeTag = tagOf(at, end);
  if (notBeforeTag < 0) return 0;
  const notAfter = after(at);
  const notAfterTag = tagOf(notAfter, end);
  if (notAfterTag < 0 || after(notAfter) != end) return 0;
  certificate.notBefore = parseTime(at, notBeforeTag);
  certificate.notAfter = parseTime(notAfter, notAfterTag);
  return (certificate.notBefore != BAD_TIME && certificate.notAfter != BAD_TIME) as i32;
}

function clearExtensions(certificate: Certificate): void {
  certificate.isAuthority = 0;
  certificate.pathLength = -1;
  certificate.keyUsage = -1;
  certificate.purposes = -1;
  certificate.alternativeNames = 0;
  certificate.nameConstraints = 0;
  certificate.subjectKeyId = 0;
  certificate.subjectKeyIdLength = 0;
  certificate.authorityKeyId = 0;
  certificate.authorityKeyIdLength = 0;
  certificate.unknownCritical = 0;
}
