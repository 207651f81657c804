// AES-CCM (RFC 3610, NIST SP 800-38C) with nonces of 12 bytes and tags of 16 or 8, as TLS has it (RFC 6655).
//
// Constant-time in keys, nonces and data; lengths are public.

import { ErrorCode } from "../alert";
import { equalBytes, store16be, store24be, wipe } from "../memory";
import { AES_KEY } from "./aes";
import { CHAIN_KEY, aesChain, aesChainKey } from "./aes_chain";
import { aesExpandKey } from "./aes_key";
import { aesCtr } from "./ctr";

/** Bytes of an expanded key: round keys for counter mode, then those for the MAC. */
export const CCM_KEY: i32 = AES_KEY + CHAIN_KEY;

const counterBlock = memory.data(16, 8);
const mask = memory.data(16, 8);
const state = memory.data(16, 8);
const first = memory.data(48, 8);

/** Expands an AES key of 16 or 32 bytes into `out`, CCM_KEY bytes aligned to 8. */
export function ccmInit(out: usize, key: usize, keyLength: i32): void {
  aesExpandKey(out, key, keyLength);
  aesChainKey(out + AES_KEY, out);
}

/** What the MAC's first blocks have room for, behind their length in two bytes. */
const AAD_MAX: i32 = 30;

/** The bounds that the static blocks and a counter of three bytes set. */
function fits(aadLength: i32, length: i32, tagLength: i32): bool {
  return aadLength >= 0 && aadLength <= AAD_MAX && length >= 0 && length < 1 << 24 && (tagLength == 8 || tagLength == 16);
}

/**
 * Encrypts `length` bytes (under 2^24) in place and writes `tagLength` bytes of tag. `key` is one of `ccmInit`.
 * @returns 0, or BadArgument for more than 30 bytes of additional data, or another length out of bounds: nothing is written
 */
export function ccmSeal(
  key: usize, nonce: usize, aad: usize, aadLength: i32, data: usize, length: i32, tag: usize, tagLength: i32,
): i32 {
  if (!fits(aadLength, length, tagLength)) return ErrorCode.BadArgument;
  authenticate(key, nonce, aad, aadLength, data, length, tagLength);
  encrypt(key, nonce, data, length);
  memory.copy(tag, state, tagLength);
  wipe(state, 16);
  return ErrorCode.None;
}

/**
 * Decrypts `length` bytes in place and verifies the tag.
 * @returns 0, BadArgument as `ccmSeal` does, or BadRecordMac, with the data wiped
 */
export function ccmOpen(
  key: usize, nonce: usize, aad: usize, aadLength: i32, data: usize, length: i32, tag: usize, tagLength: i32,
): i32 {
  if (!fits(aadLength, length, tagLength)) return ErrorCode.BadArgument;
  memory.fill(state, 0, 16);
  encrypt(key, nonce, data, length);
  memory.copy(mask, state, 16);
  authenticate(key, nonce, aad, aadLength, data, length, tagLength);
  store<u64>(state, load<u64>(state) ^ load<u64>(mask));
  store<u64>(state, load<u64>(state, 8) ^ load<u64>(mask, 8), 8);
  const good = equalBytes(state, tag, tagLength);
  wipe(state, 16);
  wipe(mask, 16);
  if (good) return ErrorCode.None;
  wipe(data, length);
  return ErrorCode.BadRecordMac;
}

/** Counter mode over the data; block 0 of the key stream onto `state`. */
function encrypt(key: usize, nonce: usize, data: usize, length: i32): void {
  // Flags: a counter of 3 bytes (§2.3).
  store<u8>(counterBlock, 2);
  memory.copy(counterBlock + 1, nonce, 12);
  store24be(counterBlock + 13, 0);
  aesCtr(key, counterBlock, 0, mask, data, length, 0);
  store<u64>(state, load<u64>(state) ^ load<u64>(mask));
  store<u64>(state, load<u64>(state, 8) ^ load<u64>(mask, 8), 8);
  wipe(mask, 16);
  wipe(counterBlock, 16);
}

/** CBC-MAC to `state` over B_0, the additional data behind their length, and the plaintext (§2.2). */
function authenticate(
  key: usize, nonce: usize, aad: usize, aadLength: i32, data: usize, length: i32, tagLength: i32,
): void {
  memory.fill(first, 0, 48);
  store<u8>(first, (aadLength > 0 ? 0x40 : 0) | ((tagLength - 2) >> 1) << 3 | 2);
  memory.copy(first + 1, nonce, 12);
  store24be(first + 13, length);
  store16be(first + 16, aadLength);
  memory.copy(first + 18, aad, aadLength);
  memory.fill(state, 0, 16);
  // Both are padded with zeros to whole blocks, which the additional data have behind them already.
  aesChain(key + AES_KEY, state, first, aadLength > 0 ? (18 + aadLength + 15) & ~15 : 16, 0);
  const whole = length & ~15;
  aesChain(key + AES_KEY, state, data, whole, 0);
  if (whole < length) {
    memory.fill(first, 0, 16);
    memory.copy(first, data + whole, length - whole);
    aesChain(key + AES_KEY, state, first, 16, 0);
  }
  wipe(first, 48);
}
