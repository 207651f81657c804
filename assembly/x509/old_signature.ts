// Signatures of old: by MD5 and SHA-1, of both together, and by DSA. Apart from signature.ts, so that nothing takes them which
// does not ask for them by name.
import { ErrorCode } from "../alert";
import { ecdsaVerify } from "../curve/ecdsa";
import { HASH_MAX, HashId, hashDigest, hashSize } from "../hash/hash";
import { DsaPublicKey, dsaVerify } from "../rsa/dsa";
import { rsaVerifyPkcs1 } from "../rsa/pkcs1";
import { DSA, ECDSA, RSA_PKCS1 } from "./algorithm";
import { after, body } from "./der";
import { KeyKind, PublicKey, unsignedStart } from "./public_key";

/** MD5 and SHA-1 of the same message (RFC 2246 §7.4.3): the scheme with no hash of its own. */
const MD5_SHA1: i32 = 0;

const digest: usize = memory.data(HASH_MAX, 8);
const dsaKey: usize = memory.data(offsetof<DsaPublicKey>() as i32, 4);

/** 1 for the schemes that `verifyOldSignature` takes. */
export function isOldScheme(scheme: i32): i32 {
  return (scheme >> 8) <= HashId.Sha1 || (scheme & 0xff) == DSA ? 1 : 0;
}

/**
 * Checks the signature over `message` with `key`, a PublicKey, by a scheme of old: 0x0001 (RSA of MD5 and SHA-1), 0x0101,
 * 0x0201 (RSA), 0x0203 (ECDSA), 0x0202, 0x0402 (DSA). Returns 0, BadSignature, BadSignatureScheme or CertificateKey.
 */
export function verifyOldSignature(
  scheme: i32, key: PublicKey, message: usize, messageLength: i32, signature: usize, signatureLength: i32,
): i32 {
  const hash = scheme >> 8;
  const family = scheme & 0xff;
  if (hash == MD5_SHA1) {
    hashDigest(HashId.Md5, message, messageLength, digest);
    hashDigest(HashId.Sha1, message, messageLength, digest + 16);
  } else if (hash == HashId.Md5 || hash == HashId.Sha1 || (hash == HashId.Sha256 && family == DSA)) {
    hashDigest(hash, message, messageLength, digest);
  } else {
    return ErrorCode.BadSignatureScheme;
  }
  if (family == RSA_PKCS1 && key.kind == KeyKind.Rsa) {
    return rsaVerifyPkcs1(hash, digest, key.a, key.aLength, key.b, key.bLength, signature, signatureLength);
  }
  if (hash == MD5_SHA1 || hash == HashId.Md5) return ErrorCode.BadSignatureScheme;
  if (family == ECDSA && key.kind == KeyKind.Ec) {
    return ecdsaVerify(key.curve, digest, hashSize(hash), key.a, key.aLength, signature, signatureLength);
  }
  if (family != DSA || key.kind != KeyKind.Dsa) return ErrorCode.BadSignatureScheme;
  readDsaKey(key);
  return dsaVerify(digest, hashSize(hash), dsaKey, signature, signatureLength);
}

/** The numbers of a DSA key, whose form was checked when it was parsed. */
function readDsaKey(key: PublicKey): void {
  const out = changetype<DsaPublicKey>(dsaKey);
  const p = body(key.b);
  const q = after(p);
  const g = after(q);
  out.p = unsignedStart(p);
  out.pLength = (q - out.p) as i32;
  out.q = unsignedStart(q);
  out.qLength = (g - out.q) as i32;
  out.g = unsignedStart(g);
  out.gLength = (after(g) - out.g) as i32;
  out.y = key.a;
  out.yLength = key.aLength;
}
