// RSASSA-PKCS1-v1_5 (RFC 8017 §8.2).
import { ErrorCode } from "../alert";
import { HashId, hashSize } from "../hash/hash";
import { equalBytes } from "../memory";
import { bitLength } from "./modular";
import { RsaPrivateKey, rsaPrivate } from "./private_key";
import { RSA_MAX, rsaPublic } from "./public_key";

// DigestInfo up to the digest (RFC 8017 §9.2 note 1): the algorithm with its NULL parameters, always present.
const prefixMd5 = memory.data<u8>([
  0x30, 0x20, 0x30, 0x0c, 0x06, 0x08, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x02, 0x05, 0x05, 0x00, 0x04, 0x10,
]);
const prefixSha1 = memory.data<u8>([
  0x30, 0x21, 0x30, 0x09, 0x06, 0x05, 0x2b, 0x0e, 0x03, 0x02, 0x1a, 0x05, 0x00, 0x04, 0x14,
]);
const prefixSha2 = memory.data<u8>([
  0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20,
]);
const encoded = memory.data(RSA_MAX, 16);
const recovered = memory.data(RSA_MAX, 16);

/** TLS 1.0 and 1.1 sign MD5 ‖ SHA-1, 36 bytes, without a DigestInfo (RFC 4346 §7.4.3): hash id 0. */
// @ts-ignore: decorator
@inline
const MD5_SHA1_SIZE = 36;

/**
 * 0 where the signature holds for the digest; BadSignature where not, CertificateKey where the key is unfit (see
 * `rsaPublic`). The whole encoded message is compared, so there is no padding to parse. Public input.
 */
export function rsaVerifyPkcs1(
  hashId: i32, digest: usize, n: usize, nLength: i32, e: usize, eLength: i32, signature: usize, signatureLength: i32,
): i32 {
  const length = rsaPublic(recovered, n, nLength, e, eLength, signature, signatureLength);
  if (length < 0) return length;
  if (!encode(hashId, digest, length)) return ErrorCode.BadArgument;
  return equalBytes(encoded, recovered, length) ? 0 : ErrorCode.BadSignature;
}

/**
 * Signs a digest; `key` is an RsaPrivateKey. Returns the signature's length, the modulus'; errors as `rsaPrivate`.
 * Constant-time in the key.
 */
export function rsaSignPkcs1(hashId: i32, digest: usize, key: usize, out: usize): i32 {
  const numbers = changetype<RsaPrivateKey>(key);
  const length = (bitLength(numbers.n, numbers.nLength) + 7) >> 3;
  if (length > RSA_MAX || !encode(hashId, digest, length)) return ErrorCode.BadArgument;
  return rsaPrivate(out, key, encoded);
}

/** EMSA-PKCS1-v1_5 (RFC 8017 §9.2) into `encoded`; 0 for an unknown hash or too short a modulus. */
function encode(hashId: i32, digest: usize, length: i32): i32 {
  const size = hashId == 0 ? MD5_SHA1_SIZE : hashSize(hashId);
  let prefixLength = 0;
  if (hashId == HashId.Md5) prefixLength = 18;
  else if (hashId == HashId.Sha1) prefixLength = 15;
  else if (hashId == HashId.Sha256 || hashId == HashId.Sha384 || hashId == HashId.Sha512) prefixLength = 19;
  else if (hashId != 0) return 0;
  const start = length - size - prefixLength;
  if (start < 11) return 0;
  memory.fill(encoded, 0xff, start);
  store<u8>(encoded, 0);
  store<u8>(encoded, 1, 1);
  store<u8>(encoded + start - 1, 0);
  const prefix = encoded + start;
  if (prefixLength == 19) {
    memory.copy(prefix, prefixSha2, 19);
    // SHA-256, -384 and -512 are 2.16.840.1.101.3.4.2.1, .2 and .3; the lengths follow the digest.
    store<u8>(prefix, 17 + size, 1);
    store<u8>(prefix, hashId - 3, 14);
    store<u8>(prefix, size, 18);
  } else {
    memory.copy(prefix, prefixLength == 18 ? prefixMd5 : prefixSha1, prefixLength);
  }
  memory.copy(prefix + prefixLength, digest, size);
  return 1;
}
