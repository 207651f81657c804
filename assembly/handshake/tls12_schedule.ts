// The key schedule of TLS 1.2 (RFC 5246 §6.3, §8.1; RFC 7627), on plain areas of memory.
// Constant-time in every secret: the PRF only.
import { protectionEncryptThenMac, protectionInit } from "../record/protection";
import { suiteFixedIvLength, suiteHash, suiteKeyLength, suiteMacKeyLength } from "../record/suites";
import { tls12Prf } from "../prf/tls12";
import { CLIENT_FINISHED, EXTENDED_MASTER_SECRET, KEY_EXPANSION, MASTER_SECRET, SERVER_FINISHED } from "./labels";
import { Version } from "./protocol";

export const MASTER_LENGTH: i32 = 48;
export const FINISHED_LENGTH: i32 = 12;
/** Longest key block of any suite: two MAC keys, two keys, two IVs. */
export const KEY_BLOCK_MAX: i32 = 2 * (48 + 32 + 16);

const seed = memory.data(64, 8);

function prf(
  suite: i32, secret: usize, length: i32, label: usize, seed: usize, seedLength: i32, out: usize, outLength: i32,
): void {
  tls12Prf(suiteHash(suite), secret, length, label + 1, load<u8>(label), seed, seedLength, out, outLength);
}

/** Master secret of the first kind: bound to the two randoms alone. */
export function masterSecret(
  suite: i32, premaster: usize, length: i32, clientRandom: usize, serverRandom: usize, out: usize,
): void {
  memory.copy(seed, clientRandom, 32);
  memory.copy(seed + 32, serverRandom, 32);
  prf(suite, premaster, length, MASTER_SECRET, seed, 64, out, MASTER_LENGTH);
}

/** Extended master secret: bound to the whole handshake up to ClientKeyExchange (RFC 7627 §4). */
export function extendedMasterSecret(
  suite: i32, premaster: usize, length: i32, sessionHash: usize, hashLength: i32, out: usize,
): void {
  prf(suite, premaster, length, EXTENDED_MASTER_SECRET, sessionHash, hashLength, out, MASTER_LENGTH);
}

/** Bytes of the key block of `suite`: client and server MAC keys, keys, IVs. */
export function keyBlockLength(suite: i32): i32 {
  return 2 * (suiteMacKeyLength(suite) + suiteKeyLength(suite) + suiteFixedIvLength(suite));
}

/** RFC 5246 §6.3: server random first. */
export function keyBlock(suite: i32, master: usize, clientRandom: usize, serverRandom: usize, out: usize): void {
  memory.copy(seed, serverRandom, 32);
  memory.copy(seed + 32, clientRandom, 32);
  prf(suite, master, MASTER_LENGTH, KEY_EXPANSION, seed, 64, out, keyBlockLength(suite));
}

/** Puts one direction's third of the key block into a protection context. */
export function installKeyBlock(
  context: usize, suite: i32, block: usize, server: i32, encryptThenMac: i32, seal: i32,
): i32 {
  const mac = suiteMacKeyLength(suite);
  const key = suiteKeyLength(suite);
  const iv = suiteFixedIvLength(suite);
  const result = protectionInit(
    context, suite, Version.Tls12, block + 2 * mac + server * key, block + 2 * (mac + key) + server * iv,
    block + server * mac, seal,
  );
  if (encryptThenMac) protectionEncryptThenMac(context);
  return result;
}

/** verify_data of either side (RFC 5246 §7.4.9). */
export function verifyData(
  suite: i32, master: usize, server: i32, transcriptHash: usize, hashLength: i32, out: usize,
): void {
  const label = server ? SERVER_FINISHED : CLIENT_FINISHED;
  prf(suite, master, MASTER_LENGTH, label, transcriptHash, hashLength, out, FINISHED_LENGTH);
}

