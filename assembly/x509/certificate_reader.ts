// Reads one X.509 version 3 certificate, strictly and in place (RFC 5280 §4.1).
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
import { Certificate, clearExtensions } from "./certificate";
import { isName } from "./distinguished_name";
import { parseExtensions } from "./extensions";
import { BAD_TIME, parseTime } from "./time";

/**
 * Reads `length` bytes of DER into `certificate`. Returns 0, CertificateDer, BadCertificate for a version that RFC 5280 doesn't
 * know, or what `parseExtensions` says. What the fields permit is judged later, by the path.
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
  // serialNumber: nothing here depends on it. RFC 5280 §4.1.2.2: 20 octets, and some authorities count a sign octet extra.
  if (tagOf(at, end) != TAG_INTEGER || bodyLength(at) > 21) return ErrorCode.CertificateDer;
  if (bodyLength(at) == 21 && load<u8>(body(at)) != 0) return ErrorCode.CertificateDer;
  at = after(at);

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
    const problem = parseExtensions(body(extensions), extensionsEnd, certificate);
    if (problem < 0) return problem;
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
