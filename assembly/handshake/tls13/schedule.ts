// The key schedule of TLS 1.3 (RFC 9846 §7), on plain areas of memory so that traces test it without a connection.
// Constant-time in every secret: HKDF only.
import { hashDigest, hashSize } from "../../hash/hash";
import { hmacDigest } from "../../hash/hmac";
import { wipe } from "../../memory";
import { hkdfExpandLabel, hkdfExtract } from "../../prf/hkdf";
import { protectionInit } from "../../record/protection";
import { suiteFixedIvLength, suiteHash, suiteKeyLength } from "../../record/suites";
import { DERIVED, FINISHED, IV, KEY, TRAFFIC_UPDATE } from "../labels";
import { Version } from "../protocol";

const digest = memory.data(64, 8);
const secretScratch = memory.data(64, 8);
const keyScratch = memory.data(64, 8);

/** HKDF-Expand-Label with one of labels.ts; `out` may be `secret`. */
export function expandLabel(
  hash: i32, secret: usize, label: usize, context: usize, contextLength: i32, out: usize, length: i32,
): void {
  hkdfExpandLabel(hash, secret, label + 1, load<u8>(label), context, contextLength, out, length);
}

/** Derive-Secret (RFC 9846 §7.1) over a transcript hash that is already made. */
export function deriveSecret(hash: i32, secret: usize, label: usize, transcriptHash: usize, out: usize): void {
  const size = hashSize(hash);
  expandLabel(hash, secret, label, transcriptHash, size, out, size);
}

/** Early secret: from a PSK of the hash's length, or from none (pointer 0). */
export function earlySecret(hash: i32, psk: usize, out: usize): void {
  const size = hashSize(hash);
  if (psk == 0) {
    memory.fill(secretScratch, 0, size);
    psk = secretScratch;
  }
  hkdfExtract(hash, 0, 0, psk, size, out);
}

/** The next of early → handshake → master secret, in place. `input` of 0 bytes stands for a string of zeros. */
export function nextSecret(hash: i32, secret: usize, input: usize, inputLength: i32): void {
  const size = hashSize(hash);
  hashDigest(hash, 0, 0, digest);
  deriveSecret(hash, secret, DERIVED, digest, secretScratch);
  if (inputLength == 0) {
    memory.fill(digest, 0, size);
    input = digest;
    inputLength = size;
  }
  hkdfExtract(hash, secretScratch, size, input, inputLength, secret);
  wipe(secretScratch, size);
}

/** HMAC of `transcriptHash` under the finished key of `baseKey`: Finished and binders (RFC 9846 §4.5.3). */
export function finishedMac(hash: i32, baseKey: usize, transcriptHash: usize, out: usize): void {
  const size = hashSize(hash);
  expandLabel(hash, baseKey, FINISHED, 0, 0, secretScratch, size);
  hmacDigest(hash, secretScratch, size, transcriptHash, size, out);
  wipe(secretScratch, size);
}

/** Traffic keys of `secret` (RFC 9846 §7.3) into a protection context, sequence number 0. */
export function installTrafficKeys(context: usize, suite: i32, secret: usize, seal: i32): i32 {
  const length = trafficKeys(suite, secret, keyScratch);
  const result = protectionInit(context, suite, Version.Tls13, keyScratch, keyScratch + suiteKeyLength(suite), 0, seal);
  wipe(keyScratch, length);
  return result;
}

/** Key and IV of `secret` (RFC 9846 §7.3), one behind the other; returns the length of both. */
export function trafficKeys(suite: i32, secret: usize, out: usize): i32 {
  const hash = suiteHash(suite);
  const keyLength = suiteKeyLength(suite);
  const ivLength = suiteFixedIvLength(suite);
  expandLabel(hash, secret, KEY, 0, 0, out, keyLength);
  expandLabel(hash, secret, IV, 0, 0, out + keyLength, ivLength);
  return keyLength + ivLength;
}

/** application_traffic_secret_N+1 in place of N (RFC 9846 §7.2). */
export function updateTrafficSecret(hash: i32, secret: usize): void {
  const size = hashSize(hash);
  expandLabel(hash, secret, TRAFFIC_UPDATE, 0, 0, secretScratch, size);
  memory.copy(secret, secretScratch, size);
  wipe(secretScratch, size);
}
