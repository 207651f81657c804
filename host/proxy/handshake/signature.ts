// The signatures by which a server proves that a certificate is its own: CertificateVerify of TLS 1.3, ServerKeyExchange of TLS
// 1.2. Weak ones (MD5, SHA-1, DSA) prove nothing here.
import { constants, type KeyObject, verify } from 'node:crypto';
import { SignatureScheme, Version } from '../../tls/numbers.js';

interface Scheme {
  /** As node:crypto names it; null where the key says it. */
  hash: 'sha256' | 'sha384' | 'sha512' | null;
  key: 'rsa' | 'rsa-pss' | 'ec' | 'ed25519' | 'ed448';
  padding?: number;
  /** RFC 9846 §4.3.3: TLS 1.3 binds an ECDSA scheme to its curve. */
  curve?: string;
  tls13: boolean;
}

const PKCS1 = { key: 'rsa', padding: constants.RSA_PKCS1_PADDING, tls13: false } as const;
const PSS = { key: 'rsa', padding: constants.RSA_PKCS1_PSS_PADDING, tls13: true } as const;
const PSS_KEY = { key: 'rsa-pss', padding: constants.RSA_PKCS1_PSS_PADDING, tls13: true } as const;

const SCHEMES: ReadonlyMap<number, Scheme> = new Map<number, Scheme>([
  [SignatureScheme.RsaPkcs1Sha256, { hash: 'sha256', ...PKCS1 }],
  [SignatureScheme.RsaPkcs1Sha384, { hash: 'sha384', ...PKCS1 }],
  [SignatureScheme.RsaPkcs1Sha512, { hash: 'sha512', ...PKCS1 }],
  [SignatureScheme.RsaPssSha256, { hash: 'sha256', ...PSS }],
  [SignatureScheme.RsaPssSha384, { hash: 'sha384', ...PSS }],
  [SignatureScheme.RsaPssSha512, { hash: 'sha512', ...PSS }],
  [SignatureScheme.RsaPssKeySha256, { hash: 'sha256', ...PSS_KEY }],
  [SignatureScheme.RsaPssKeySha384, { hash: 'sha384', ...PSS_KEY }],
  [SignatureScheme.RsaPssKeySha512, { hash: 'sha512', ...PSS_KEY }],
  [SignatureScheme.EcdsaP256Sha256, { hash: 'sha256', key: 'ec', curve: 'prime256v1', tls13: true }],
  [SignatureScheme.EcdsaP384Sha384, { hash: 'sha384', key: 'ec', curve: 'secp384r1', tls13: true }],
  // ecdsa_secp521r1_sha512 and ed448: the device program has none of them, other clients do.
  [0x0603, { hash: 'sha512', key: 'ec', curve: 'secp521r1', tls13: true }],
  [SignatureScheme.Ed25519, { hash: null, key: 'ed25519', tls13: true }],
  [0x0808, { hash: null, key: 'ed448', tls13: true }],
]);

/** Whether `signature` is one of `key` over `content`, by a scheme that is strong and fits version and key. */
export function signatureHolds(
  version: number,
  scheme: number,
  key: KeyObject,
  content: Uint8Array,
  signature: Uint8Array,
): boolean {
  const found = SCHEMES.get(scheme);
  if (found === undefined || found.key !== key.asymmetricKeyType) return false;
  if (version === Version.Tls13 && !found.tls13) return false;
  const { namedCurve } = key.asymmetricKeyDetails ?? {};
  if (version === Version.Tls13 && found.curve !== undefined && found.curve !== namedCurve) return false;
  const options = {
    key,
    ...(found.padding !== undefined && { padding: found.padding }),
    ...(found.padding === constants.RSA_PKCS1_PSS_PADDING && {
      saltLength: constants.RSA_PSS_SALTLEN_DIGEST,
    }),
  };
  try {
    return verify(found.hash, content, options, signature);
  } catch {
    // A key or a signature that OpenSSL can't read.
    return false;
  }
}
