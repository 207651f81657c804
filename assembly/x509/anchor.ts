// Trust anchors (RFC 5280 §6.1.1 (d)): name, key, validity and constraints of each root.

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
  /** The first bytes, DIGEST_SIZE of them, of the whole certificate's SHA-256. */
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

/** What a certificate is known again by: beside its key, which has to be the same, 128 bits that nobody finds twice. */
export const DIGEST_SIZE: i32 = 16;

export const TRUST: i32 = offsetof<Trust>() as i32;
export const ANCHOR: i32 = (offsetof<Anchor>() as i32 + 7) & ~7;
