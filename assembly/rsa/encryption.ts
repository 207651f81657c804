// RSAES-PKCS1-v1_5 encryption (RFC 8017 §7.2.1): how RSA key exchange carries the premaster (RFC 5246 §7.4.7.1).
import { ErrorCode } from "../alert";
import { drbgGenerate } from "../prf/hmac_drbg";
import { bitLength } from "./modular";
import { RSA_MAX, rsaPublicOfSecret } from "./public_key";

const encoded = memory.data(RSA_MAX, 16);

/**
 * Encrypts `length` bytes for a public key, big-endian n and e; returns the length written, the modulus'. TooLong where
 * the modulus leaves no room for eleven bytes of padding, NoEntropy when the generator is unseeded, else errors as
 * `rsaPublic`. Constant-time in the message; only which of the padding's random bytes are drawn again shows.
 */
export function rsaEncryptPkcs1(
  out: usize, n: usize, nLength: i32, e: usize, eLength: i32, message: usize, length: i32,
): i32 {
  const size = (bitLength(n, nLength) + 7) >> 3;
  if (size > RSA_MAX || length > size - 11) return ErrorCode.TooLong;
  const padding = size - length - 3;
  const error = drbgGenerate(encoded + 2, padding);
  if (error < 0) return error;
  for (let i = 0; i < padding; i++) {
    // The padding ends at the first zero: those drawn are drawn again.
    while (load<u8>(encoded + 2 + i) == 0) drbgGenerate(encoded + 2 + i, 1);
  }
  store<u8>(encoded, 0);
  store<u8>(encoded, 2, 1);
  store<u8>(encoded + 2 + padding, 0);
  memory.copy(encoded + 3 + padding, message, length);
  const written = rsaPublicOfSecret(out, n, nLength, e, eLength, encoded, size);
  memory.fill(encoded, 0, RSA_MAX);
  return written;
}
