// The PRF of TLS 1.0 and 1.1 (RFC 2246 §5, RFC 4346 §5): P_MD5 of one half of the secret, xor P_SHA-1 of the other.
//
// Constant-time in secret and seed: the time depends on the lengths alone.
import { HashId } from "../hash/hash";
import { pHash } from "./tls12";

/** PRF(secret, label, seed) of TLS 1.0: writes `outLength` bytes to `out`, apart from the inputs. */
export function tls10Prf(
  secret: usize, secretLength: i32, label: usize, labelLength: i32, seed: usize, seedLength: i32,
  out: usize, outLength: i32,
): void {
  // The halves of a secret of odd length share its middle byte.
  const half = (secretLength + 1) >> 1;
  memory.fill(out, 0, outLength);
  pHash(HashId.Md5, secret, half, label, labelLength, seed, seedLength, out, outLength);
  pHash(HashId.Sha1, secret + (secretLength - half), half, label, labelLength, seed, seedLength, out, outLength);
}
