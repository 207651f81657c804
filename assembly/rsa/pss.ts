// RSASSA-PSS (RFC 8017 §8.1) with a salt as long as the digest and MGF1 of the same hash (RFC 9846 §4.3.3).
import { ErrorCode } from "../alert";
import { HASH_CONTEXT, HASH_MAX, HashId, hashFinal, hashInit, hashSize, hashUpdate } from "../hash/hash";
import { equalBytes, store32be } from "../memory";
import { drbgGenerate } from "../prf/hmac_drbg";
import { bitLength } from "./modular";
import { RsaPrivateKey, rsaPrivate } from "./private_key";
import { RSA_MAX, rsaPublic } from "./public_key";

const encoded = memory.data(RSA_MAX, 16);
const context = memory.data(HASH_CONTEXT, 16);
const counter = memory.data(16, 16);
const block = memory.data(HASH_MAX, 16);

/**
 * 0 where the signature holds for the digest; BadSignature where not, CertificateKey where the key is unfit (see
 * `rsaPublic`). Public input.
 */
export function rsaVerifyPss(
  hashId: i32, digest: usize, n: usize, nLength: i32, e: usize, eLength: i32, signature: usize, signatureLength: i32,
): i32 {
  if (!isSha2(hashId)) return ErrorCode.BadArgument;
  const size = hashSize(hashId);
  const length = rsaPublic(encoded, n, nLength, e, eLength, signature, signatureLength);
  if (length < 0) return length;
  return verifyEncoding(hashId, size, digest, bitLength(n, nLength) - 1, length) ? 0 : ErrorCode.BadSignature;
}

/** EMSA-PSS-VERIFY (RFC 8017 §9.1.2) of `encoded`, whose modulus has bits + 1 bits. */
function verifyEncoding(hashId: i32, size: i32, digest: usize, bits: i32, length: i32): bool {
  let start = encoded;
  // Where the modulus has 8 k + 1 bits the encoding is a byte shorter than it.
  if ((bits & 7) == 0) {
    if (load<u8>(start) != 0) return false;
    start++;
    length--;
  }
  const masked = length - size - 1;
  const hash = start + masked;
  if (load<u8>(hash + size) != 0xbc) return false;
  const unused = (length << 3) - bits;
  if ((load<u8>(start) as i32) >> (8 - unused)) return false;
  maskWith(hashId, size, start, masked, hash);
  store<u8>(start, (load<u8>(start) as i32) & (0xff >> unused));
  const salt = masked - size;
  for (let i = 0; i < salt - 1; i++) if (load<u8>(start + i) != 0) return false;
  if (load<u8>(start + salt - 1) != 1) return false;
  hashSalted(hashId, size, digest, start + salt, block);
  return equalBytes(block, hash, size) != 0;
}

/**
 * Signs a digest with a fresh salt; `key` is an RsaPrivateKey. Returns the signature's length, the modulus'; NoEntropy
 * when the generator is unseeded, else errors as `rsaPrivate`. Constant-time in the key.
 */
export function rsaSignPss(hashId: i32, digest: usize, key: usize, out: usize): i32 {
  const numbers = changetype<RsaPrivateKey>(key);
  const size = hashSize(hashId);
  const modulusBits = bitLength(numbers.n, numbers.nLength);
  const bits = modulusBits - 1;
  const length = (bits + 7) >> 3;
  if (!isSha2(hashId) || length > RSA_MAX || length < 2 * size + 2) return ErrorCode.BadArgument;
  // EMSA-PSS-ENCODE (RFC 8017 §9.1.1): zeros, 1, salt, masked; then the hash; then 0xbc.
  const start = encoded + ((modulusBits + 7) >> 3) - length;
  memory.fill(encoded, 0, RSA_MAX);
  const masked = length - size - 1;
  const salt = start + masked - size;
  const error = drbgGenerate(salt, size);
  if (error < 0) return error;
  store<u8>(salt - 1, 1);
  hashSalted(hashId, size, digest, salt, start + masked);
  maskWith(hashId, size, start, masked, start + masked);
  store<u8>(start, (load<u8>(start) as i32) & (0xff >> ((length << 3) - bits)));
  store<u8>(start + masked + size, 0xbc);
  return rsaPrivate(out, key, encoded);
}

/** No TLS version pairs PSS with another hash (RFC 9846 §4.3.3). */
function isSha2(hashId: i32): bool {
  return hashId == HashId.Sha256 || hashId == HashId.Sha384 || hashId == HashId.Sha512;
}

/** Hash(eight zero bytes ‖ digest ‖ salt). */
function hashSalted(hashId: i32, size: i32, digest: usize, salt: usize, out: usize): void {
  memory.fill(counter, 0, 8);
  hashInit(hashId, context);
  hashUpdate(context, counter, 8);
  hashUpdate(context, digest, size);
  hashUpdate(context, salt, size);
  hashFinal(context, out);
}

/** data ^= MGF1(seed) (RFC 8017 §B.2.1). */
function maskWith(hashId: i32, size: i32, data: usize, length: i32, seed: usize): void {
  for (let number = 0; length > 0; number++) {
    store32be(counter, number);
    hashInit(hashId, context);
    hashUpdate(context, seed, size);
    hashUpdate(context, counter, 4);
    hashFinal(context, block);
    const taken = min(size, length);
    for (let i = 0; i < taken; i++) store<u8>(data + i, load<u8>(data + i) ^ load<u8>(block + i));
    data += taken;
    length -= taken;
  }
}
