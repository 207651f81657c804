// What one X.509 version 3 certificate says (RFC 5280 §4.1).

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
  /** CertificatePolicies and PolicyMappings elements, 0 where absent. */
  policies: usize;
  policyMappings: usize;
  /** policyConstraints and inhibitAnyPolicy: certificates that may still follow; -1 where absent. */
  requireExplicitPolicy: i32;
  inhibitPolicyMapping: i32;
  inhibitAnyPolicy: i32;
  /** Set where a critical extension is none of those above. */
  unknownCritical: i32;
}

/** Bytes of a Certificate; its first fields want an alignment of 8. */
export const CERTIFICATE: i32 = (offsetof<Certificate>() as i32 + 7) & ~7;

/** As where no extension is. */
export function clearExtensions(certificate: Certificate): void {
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
  certificate.policies = 0;
  certificate.policyMappings = 0;
  certificate.requireExplicitPolicy = -1;
  certificate.inhibitPolicyMapping = -1;
  certificate.inhibitAnyPolicy = -1;
  certificate.unknownCritical = 0;
}
