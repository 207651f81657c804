// Signature algorithms as certificates name them (RFC 3279 §2.2, RFC 4055, RFC 5758 §3.2).
import { ErrorCode } from "../alert";
import { HashId, hashSize } from "../hash/hash";
import { after, body, bodyLength, isNullOrAbsent, isOid, TAG_INTEGER, TAG_OID, TAG_SEQUENCE, tagOf } from "./der";

/** rsaEncryption, 1.2.840.113549.1.1.1; the last byte tells the PKCS #1 family apart. */
export const OID_RSA: usize = memory.data<u8>([0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01]);
/** id-RSASSA-PSS, 1.2.840.113549.1.1.10. */
export const OID_RSA_PSS: usize = memory.data<u8>([0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0a]);
/** ecdsa-with-SHA2, 1.2.840.10045.4.3; one more byte says which. */
const OID_ECDSA_SHA2: usize = memory.data<u8>([0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03]);
const OID_ECDSA_SHA1: usize = memory.data<u8>([0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x01]);
const OID_DSA_SHA1: usize = memory.data<u8>([0x2a, 0x86, 0x48, 0xce, 0x38, 0x04, 0x03]);
const OID_DSA_SHA256: usize = memory.data<u8>([0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x03, 0x02]);
/** NIST's hash algorithms, 2.16.840.1.101.3.4.2; one more byte says which. */
const OID_SHA2: usize = memory.data<u8>([0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02]);
/** id-Ed25519, 1.3.101.112 (RFC 8410 §3), of keys and of signatures. */
export const OID_ED25519: usize = memory.data<u8>([0x2b, 0x65, 0x70]);
const OID_SHA1: usize = memory.data<u8>([0x2b, 0x0e, 0x03, 0x02, 0x1a]);
const OID_MGF1: usize = memory.data<u8>([0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x08]);

/** Values of TLS's SignatureScheme (RFC 9846 §4.3.3); ECDSA ones name the hash alone, as in TLS 1.2. */
export const RSA_PKCS1: i32 = 0x0001;
export const DSA: i32 = 0x0002;
export const ECDSA: i32 = 0x0003;
export const RSA_PSS_RSAE: i32 = 0x0800;
export const ED25519: i32 = 0x0807;

/**
 * The AlgorithmIdentifier at `at` as a SignatureScheme; MD5, SHA-1 and DSA only where `legacy` is 1.
 * Returns CertificateDer, CertificateWeakSignature (MD5, SHA-1) or CertificateAlgorithm (not supported) otherwise.
 */
export function parseSignatureAlgorithm(at: usize, legacy: i32): i32 {
  const end = after(at);
  const oid = body(at);
  if (tagOf(oid, end) != TAG_OID) return ErrorCode.CertificateDer;
  const parameters = after(oid);
  const content = body(oid);
  const length = bodyLength(oid);
  const last = load<u8>(content + length - 1) as i32;
  if (length == 8 && memory.compare(content, OID_ECDSA_SHA2, 7) == 0) {
    // RFC 5758 §3.2: parameters are absent.
    if (parameters != end) return ErrorCode.CertificateDer;
    return last >= 2 && last <= 4 ? (last + 2) << 8 | ECDSA : ErrorCode.CertificateAlgorithm;
  }
  // RFC 8410 §3: parameters are absent.
  if (isOid(oid, OID_ED25519, 3)) return parameters == end ? ED25519 : ErrorCode.CertificateDer;
  if (isOid(oid, OID_RSA_PSS, 9)) {
    const hash = parsePssParameters(parameters, end, false);
    return hash < 0 ? hash : RSA_PSS_RSAE | hash;
  }
  if (length == 9 && memory.compare(content, OID_RSA, 8) == 0) {
    if (!isNullOrAbsent(parameters, end)) return ErrorCode.CertificateDer;
    if (legacy && (last == 4 || last == 5)) return (last - 3) << 8 | RSA_PKCS1;
    if (last >= 2 && last <= 5) return ErrorCode.CertificateWeakSignature; // MD2, MD4, MD5, SHA-1
    return last >= 11 && last <= 13 ? (last - 7) << 8 | RSA_PKCS1 : ErrorCode.CertificateAlgorithm;
  }
  const dsaSha1 = isOid(oid, OID_DSA_SHA1, 7);
  if (isOid(oid, OID_ECDSA_SHA1, 7) || dsaSha1) {
    if (!legacy) return ErrorCode.CertificateWeakSignature;
    return HashId.Sha1 << 8 | (dsaSha1 ? DSA : ECDSA);
  }
  // RFC 5758 §3.1.
  if (legacy && isOid(oid, OID_DSA_SHA256, 9)) return HashId.Sha256 << 8 | DSA;
  return ErrorCode.CertificateAlgorithm;
}

/**
 * RSASSA-PSS-params (RFC 4055 §3.1). Returns the HashId where hash and MGF1's hash are the same SHA-2 and the salt
 * has its length, as TLS wants it (RFC 9846 §4.3.3); an error as above for everything else. In a key (`ofKey`) the salt's length
 * is but the least that a signature may have (RFC 4055 §3.3), so a shorter one fits too.
 */
export function parsePssParameters(at: usize, end: usize, ofKey: bool): i32 {
  if (tagOf(at, end) != TAG_SEQUENCE || after(at) != end) return ErrorCode.CertificateDer;
  let field = body(at);
  let hash: i32 = HashId.Sha1; // the defaults of all three fields belong to SHA-1
  let maskHash: i32 = HashId.Sha1;
  let saltLength = 20;
  if (tagOf(field, end) == 0xa0) {
    hash = parseHash(body(field), after(field));
    if (hash < 0) return hash;
    field = after(field);
  }
  if (tagOf(field, end) == 0xa1) {
    const algorithm = body(field);
    const algorithmEnd = after(field);
    if (tagOf(algorithm, algorithmEnd) != TAG_SEQUENCE || after(algorithm) != algorithmEnd) {
      return ErrorCode.CertificateDer;
    }
    const oid = body(algorithm);
    if (tagOf(oid, algorithmEnd) != TAG_OID) return ErrorCode.CertificateDer;
    if (!isOid(oid, OID_MGF1, 9)) return ErrorCode.CertificateAlgorithm;
    maskHash = parseHash(after(oid), algorithmEnd);
    if (maskHash < 0) return maskHash;
    field = algorithmEnd;
  }
  if (tagOf(field, end) == 0xa2) {
    const salt = body(field);
    if (tagOf(salt, after(field)) != TAG_INTEGER || after(salt) != after(field)) return ErrorCode.CertificateDer;
    saltLength = bodyLength(salt) == 1 && load<u8>(body(salt)) < 0x80 ? (load<u8>(body(salt)) as i32) : -1;
    field = after(field);
  }
  // The trailer field has one meaning, which is the default; DER leaves defaults out.
  if (field != end) return ErrorCode.CertificateAlgorithm;
  if (hash == HashId.Sha1) return ErrorCode.CertificateWeakSignature;
  if (maskHash != hash || saltLength < 0) return ErrorCode.CertificateAlgorithm;
  const size = hashSize(hash);
  if (ofKey ? saltLength > size : saltLength != size) return ErrorCode.CertificateAlgorithm;
  return hash;
}

/** The HashId of the hash AlgorithmIdentifier that fills [at, end). */
function parseHash(at: usize, end: usize): i32 {
  if (tagOf(at, end) != TAG_SEQUENCE || after(at) != end) return ErrorCode.CertificateDer;
  const oid = body(at);
  if (tagOf(oid, end) != TAG_OID || !isNullOrAbsent(after(oid), end)) return ErrorCode.CertificateDer;
  if (bodyLength(oid) == 9 && memory.compare(body(oid), OID_SHA2, 8) == 0) {
    const last = load<u8>(body(oid), 8) as i32;
    if (last >= 1 && last <= 3) return last + 3; // SHA-256, SHA-384, SHA-512
  }
  return isOid(oid, OID_SHA1, 5) ? HashId.Sha1 : ErrorCode.CertificateAlgorithm;
}
