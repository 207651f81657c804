// The key schedule of TLS 1.2 and before (RFC 5246 §6.3, §8.1; RFC 7627; RFC 2246 §6.3, §8.1; RFC 6101 §6.1, §6.2.2), on
// plain areas of memory.
// Constant-time in every secret: the PRF only.
import { protectionEncryptThenMac, protectionInit } from "../../record/protection";
import { suiteBlockIvLength, suiteFixedIvLength, suiteHash, suiteKeyLength, suiteMacKeyLength } from "../../record/suites";
import { ssl3Prf } from "../../prf/ssl3";
import { tls10Prf } from "../../prf/tls10";
import { tls12Prf } from "../../prf/tls12";
import { CLIENT_FINISHED, EXTENDED_MASTER_SECRET, KEY_EXPANSION, MASTER_SECRET, SERVER_FINISHED } from "../labels";
import { Version } from "../protocol";

export const MASTER_LENGTH: i32 = 48;
export const FINISHED_LENGTH: i32 = 12;
/** Longest key block of any suite: two MAC keys, two keys, two IVs. */
export const KEY_BLOCK_MAX: i32 = 2 * (48 + 32 + 16);

const seed = memory.data(64, 8);

/** The PRF of TLS 1.0 to 1.2: the suite names the hash from 1.2 on. The label is one of labels.ts. */
function prf(
  version: i32, suite: i32, secret: usize, length: i32, label: usize, seed: usize, seedLength: i32, out: usize, outLength: i32,
): void {
  const labelLength = load<u8>(label) as i32;
  if (version == Version.Tls12) {
    tls12Prf(suiteHash(suite), secret, length, label + 1, labelLength, seed, seedLength, out, outLength);
  } else {
    tls10Prf(secret, length, label + 1, labelLength, seed, seedLength, out, outLength);
  }
}

/** Master secret of the first kind: bound to the two randoms alone. */
export function masterSecret(
  version: i32, suite: i32, premaster: usize, length: i32, clientRandom: usize, serverRandom: usize, out: usize,
): void {
  memory.copy(seed, clientRandom, 32);
  memory.copy(seed + 32, serverRandom, 32);
  if (version == Version.Ssl30) ssl3Prf(premaster, length, seed, 64, out, MASTER_LENGTH);
  else prf(version, suite, premaster, length, MASTER_SECRET, seed, 64, out, MASTER_LENGTH);
}

/** Extended master secret: bound to the whole handshake up to ClientKeyExchange (RFC 7627 §4). */
export function extendedMasterSecret(
  version: i32, suite: i32, premaster: usize, length: i32, sessionHash: usize, hashLength: i32, out: usize,
): void {
  prf(version, suite, premaster, length, EXTENDED_MASTER_SECRET, sessionHash, hashLength, out, MASTER_LENGTH);
}

/** Bytes of the key block of `suite`: client and server MAC keys, keys, IVs. */
export function keyBlockLength(version: i32, suite: i32): i32 {
  return 2 * (suiteMacKeyLength(suite) + suiteKeyLength(suite) + ivLength(version, suite));
}

/** Up to TLS 1.0 the key block has the first IV of a block cipher (RFC 2246 §6.3). */
function ivLength(version: i32, suite: i32): i32 {
  return version <= Version.Tls10 ? suiteBlockIvLength(suite) : suiteFixedIvLength(suite);
}

/** RFC 5246 §6.3: server random first. */
export function keyBlock(
  version: i32, suite: i32, master: usize, clientRandom: usize, serverRandom: usize, out: usize,
): void {
  const length = keyBlockLength(version, suite);
  memory.copy(seed, serverRandom, 32);
  memory.copy(seed + 32, clientRandom, 32);
  if (version == Version.Ssl30) ssl3Prf(master, MASTER_LENGTH, seed, 64, out, length);
  else prf(version, suite, master, MASTER_LENGTH, KEY_EXPANSION, seed, 64, out, length);
}

/** Puts one direction's third of the key block into a protection context. */
export function installKeyBlock(
  context: usize, version: i32, suite: i32, block: usize, server: i32, encryptThenMac: i32, seal: i32,
): i32 {
  const mac = suiteMacKeyLength(suite);
  const key = suiteKeyLength(suite);
  const iv = ivLength(version, suite);
  const result = protectionInit(
    context, suite, version, block + 2 * mac + server * key, block + 2 * (mac + key) + server * iv,
    block + server * mac, seal,
  );
  if (encryptThenMac) protectionEncryptThenMac(context);
  return result;
}

/** verify_data of either side from TLS 1.0 on (RFC 5246 §7.4.9). */
export function verifyData(
  version: i32, suite: i32, master: usize, server: i32, transcriptHash: usize, hashLength: i32, out: usize,
): void {
  const label = server ? SERVER_FINISHED : CLIENT_FINISHED;
  prf(version, suite, master, MASTER_LENGTH, label, transcriptHash, hashLength, out, FINISHED_LENGTH);
}

