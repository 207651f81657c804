// AES-GCM (NIST SP 800-38D) with nonces of 12 and tags of 16 bytes, as TLS has it (RFC 5288, RFC 9846 §5.3).
//
// Constant-time in keys, nonces and data; lengths are public.

import { ErrorCode } from "../alert";
import { equalBytes, store32be, wipe } from "../memory";
import { AES_KEY } from "./aes";
import { aesExpandKey } from "./aes_key";
import { aesCtr } from "./ctr";
import { GHASH_KEY, ghash, ghashForget, ghashInit, ghashKnows } from "./ghash";

/** Bytes of an expanded key: AES round keys, then the hash key. */
export const GCM_KEY: i32 = AES_KEY + GHASH_KEY;
export const GCM_TAG: i32 = 16;

const counterBlock = memory.data(16, 8);
const mask = memory.data(16, 8);
const state = memory.data(16, 8);
const together = memory.data(128, 8);

/** Expands an AES key of 16 or 32 bytes into `context`, GCM_KEY bytes aligned to 8. */
export function gcmInit(context: usize, key: usize, keyLength: i32): void {
  aesExpandKey(context, key, keyLength);
  ghashForget(context + AES_KEY);
}

/** Counter mode; the first time the hash key, which is a block of zeros encrypted, comes with it. */
function encrypt(context: usize, nonce: usize, data: usize, length: i32): void {
  const hashKey = context + AES_KEY;
  const first = !ghashKnows(hashKey);
  memory.copy(counterBlock, nonce, 12);
  aesCtr(context, counterBlock, 1, mask, data, length, first ? state : 0);
  if (first) ghashInit(hashKey, state);
}

/** Encrypts `length` bytes in place and writes the 16 bytes of the tag. */
export function gcmSeal(
  context: usize, nonce: usize, aad: usize, aadLength: i32, data: usize, length: i32, tag: usize,
): void {
  encrypt(context, nonce, data, length);
  hash(context, aad, aadLength, data, length);
  finish();
  memory.copy(tag, state, GCM_TAG);
}

/**
 * Verifies the tag and decrypts `length` bytes in place.
 * @returns 0, or BadRecordMac, with the data wiped
 */
export function gcmOpen(
  context: usize, nonce: usize, aad: usize, aadLength: i32, data: usize, length: i32, tag: usize,
): i32 {
  if (!ghashKnows(context + AES_KEY)) encrypt(context, nonce, data, 0);
  hash(context, aad, aadLength, data, length);
  encrypt(context, nonce, data, length);
  finish();
  const good = equalBytes(state, tag, GCM_TAG);
  wipe(state, 16);
  if (good) return ErrorCode.None;
  wipe(data, length);
  return ErrorCode.BadRecordMac;
}

// GHASH over the additional data, the ciphertext, and the lengths of both in bits. What fits into eight blocks is put together
// and hashed at once, as each call of `ghash` reduces its sum.
function hash(context: usize, aad: usize, aadLength: i32, data: usize, length: i32): void {
  const key = context + AES_KEY;
  memory.fill(state, 0, 16);
  const room = aadLength <= 16 && length <= 96;
  let end = together;
  memory.fill(together, 0, 128);
  if (room) {
    memory.copy(together, aad, aadLength);
    memory.copy(together + 16, data, length);
    end += 16 + (length + 15 & ~15);
  } else {
    ghash(state, key, aad, aadLength);
    ghash(state, key, data, length);
  }
  store32be(end + 4, aadLength << 3), store32be(end + 12, length << 3);
  ghash(state, key, together, (end - together) as i32 + 16);
}

// The tag in `state`; the mask is used up.
function finish(): void {
  store<u64>(state, load<u64>(state) ^ load<u64>(mask));
  store<u64>(state, load<u64>(state, 8) ^ load<u64>(mask, 8), 8);
  wipe(mask, 16);
  wipe(counterBlock, 16);
}
