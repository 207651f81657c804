// Signatures by TLS SignatureScheme (RFC 9846 §4.3.3): verify with a certificate's key, sign with one's own.
import { ErrorCode } from "../alert";
import { ecdsaSign, ecdsaVerify } from "../curve/ecdsa";
import { ed25519Verify } from "../curve/ed25519";
import { Curve } from "../curve/field";
import { HASH_MAX, HashId, hashDigest, hashSize } from "../hash/hash";
import { rsaSignPkcs1, rsaVerifyPkcs1 } from "../rsa/pkcs1";
import { rsaSignPss, rsaVerifyPss } from "../rsa/pss";
import { ECDSA, ED25519, RSA_PKCS1, RSA_PSS_RSAE } from "./algorithm";
import { PrivateKey } from "./private_key";
import { KeyKind, PublicKey } from "./public_key";

/** rsa_pss_pss_sha256 and its neighbours are the rsae ones plus 5. */
const PSS_PSS_OFFSET: i32 = 5;

const digest: usize = memory.data(HASH_MAX, 8);

/**
 * Checks the signature over `message` with `publicKey` (a PublicKey). Returns 0, BadSignature, or BadSignatureScheme
 * where the scheme is unknown or not for this kind of key. The ECDSA schemes stand for their hash alone, as in
 * TLS 1.2: `schemeFitsTls13` tells what TLS 1.3 asks on top.
 */
export function verifySignature(
  scheme: i32,
  publicKey: usize,
  message: usize,
  messageLength: i32,
  signature: usize,
  signatureLength: i32,
): i32 {
  const key = changetype<PublicKey>(publicKey);
  if (key.kind == KeyKind.Ed25519) {
    if (scheme != ED25519) return ErrorCode.BadSignatureScheme;
    return signatureLength == 64 ? ed25519Verify(key.a, message, messageLength, signature) : ErrorCode.BadSignature;
  }
  const hash = schemeHash(scheme, key.kind);
  if (hash == 0 || (key.hash != 0 && key.hash != hash)) return ErrorCode.BadSignatureScheme;
  hashDigest(hash, message, messageLength, digest);
  if (key.kind == KeyKind.Ec) {
    return ecdsaVerify(key.curve, digest, hashSize(hash), key.a, key.aLength, signature, signatureLength);
  }
  if ((scheme & 0xff) == RSA_PKCS1) {
    return rsaVerifyPkcs1(hash, digest, key.a, key.aLength, key.b, key.bLength, signature, signatureLength);
  }
  return rsaVerifyPss(hash, digest, key.a, key.aLength, key.b, key.bLength, signature, signatureLength);
}

/**
 * Signs `message` with `privateKey` (a PrivateKey) and writes the signature to `out`, up to SIGNATURE_MAX bytes. Returns
 * its length, BadSignatureScheme, BadPrivateKey, or NoEntropy where PSS has no salt to draw. Constant-time in the key, as
 * the curves' and RSA's own signing is.
 */
export function signMessage(scheme: i32, privateKey: usize, message: usize, messageLength: i32, out: usize): i32 {
  const key = changetype<PrivateKey>(privateKey);
  const hash = schemeHash(scheme, key.kind);
  if (hash == 0 || (key.hash != 0 && key.hash != hash)) return ErrorCode.BadSignatureScheme;
  hashDigest(hash, message, messageLength, digest);
  if (key.kind == KeyKind.Ec) return ecdsaSign(key.curve, hash, digest, hashSize(hash), key.scalar, out);
  if ((scheme & 0xff) == RSA_PKCS1) return rsaSignPkcs1(hash, digest, key.rsa, out);
  return rsaSignPss(hash, digest, key.rsa, out);
}

/** Bytes of the longest signature: RSA of 4096 bits. */
export const SIGNATURE_MAX: i32 = 512;

/**
 * 1 where TLS 1.3 lets a key of this kind and curve sign a handshake by `scheme`: no PKCS #1, and each ECDSA scheme has
 * its curve (RFC 9846 §4.3.3).
 */
export function schemeFitsTls13(scheme: i32, kind: i32, curve: i32): i32 {
  if (kind == KeyKind.Ed25519) return (scheme == ED25519) as i32;
  if (schemeHash(scheme, kind) == 0) return 0;
  if (kind != KeyKind.Ec) return ((scheme & 0xff00) == RSA_PSS_RSAE) as i32;
  return ((scheme == 0x0403 && curve == Curve.P256) || (scheme == 0x0503 && curve == Curve.P384)) as i32;
}

/** The hash of a scheme that a key of this kind can sign by, 0 for every other. */
export function schemeHash(scheme: i32, kind: i32): i32 {
  const high = scheme >> 8;
  if (high == 8) {
    const hash = kind == KeyKind.RsaPss ? (scheme & 0xff) - PSS_PSS_OFFSET : scheme & 0xff;
    return (kind == KeyKind.Rsa || kind == KeyKind.RsaPss) && hash >= HashId.Sha256 && hash <= HashId.Sha512 ? hash : 0;
  }
  if (high < HashId.Sha256 || high > HashId.Sha512) return 0;
  const low = scheme & 0xff;
  return (kind == KeyKind.Rsa && low == RSA_PKCS1) || (kind == KeyKind.Ec && low == ECDSA) ? high : 0;
}
