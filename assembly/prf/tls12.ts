// The PRF of TLS 1.2 (RFC 5246 §5), and P_hash, of which TLS 1.0's is made too.
//
// Constant-time in secret and seed: the time depends on the lengths alone.
import { HASH_MAX, hashSize } from "../hash/hash";
import { HMAC_CONTEXT, hmacFinal, hmacInit, hmacUpdate } from "../hash/hmac";
import { wipe } from "../memory";

const mac = memory.data(HMAC_CONTEXT, 8);
const chain = memory.data(64, 8); // A(i)
const output = memory.data(64, 8);

/**
 * XORs `outLength` bytes of P_hash(secret, label + seed) into `out`.
 * One HMAC key schedule serves all of it, and the last A(i) is the last that is needed.
 */
export function pHash(
  id: i32, secret: usize, secretLength: i32, label: usize, labelLength: i32, seed: usize, seedLength: i32,
  out: usize, outLength: i32,
): void {
  const size = hashSize(id);
  hmacInit(mac, id, secret, secretLength);
  hmacUpdate(mac, label, labelLength);
  hmacUpdate(mac, seed, seedLength);
  while (outLength > 0) {
    hmacFinal(mac, chain);
    hmacUpdate(mac, chain, size);
    hmacUpdate(mac, label, labelLength);
    hmacUpdate(mac, seed, seedLength);
    hmacFinal(mac, output);
    const take = min(size, outLength);
    for (let i = 0; i < take; i++) store<u8>(out + i, load<u8>(out + i) ^ load<u8>(output + i));
    out += take;
    outLength -= take;
    if (outLength > 0) hmacUpdate(mac, chain, size);
  }
  wipe(mac, HMAC_CONTEXT);
  wipe(chain, HASH_MAX);
  wipe(output, HASH_MAX);
}

/** PRF(secret, label, seed) of TLS 1.2 with the suite's hash: writes `outLength` bytes to `out`, apart from the inputs. */
export function tls12Prf(
  hashId: i32, secret: usize, secretLength: i32, label: usize, labelLength: i32, seed: usize, seedLength: i32,
  out: usize, outLength: i32,
): void {
  memory.fill(out, 0, outLength);
  pHash(hashId, secret, secretLength, label, labelLength, seed, seedLength, out, outLength);
}
