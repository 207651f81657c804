// ChaCha20-Poly1305 (RFC 8439 §2.8).
//
// Constant-time in keys, nonces and data; lengths are public.

import { ErrorCode } from "../alert";
import { equalBytes, wipe } from "../memory";
import { chacha20 } from "./chacha20";
import { poly1305Final, poly1305Init, poly1305Padded } from "./poly1305";

export const CHACHA20_POLY1305_TAG: i32 = 16;

const oneTimeKey = memory.data(32, 8);
const lengths = memory.data(16, 8);
const expected = memory.data(16, 8);

/** Encrypts `length` bytes in place and writes the 16 bytes of the tag. Key of 32, nonce of 12 bytes. */
export function chacha20Poly1305Seal(
  key: usize, nonce: usize, aad: usize, aadLength: i32, data: usize, length: i32, tag: usize,
): void {
  chacha20(key, nonce, 1, data, length);
  authenticate(key, nonce, aad, aadLength, data, length, tag);
}

/**
 * Verifies the tag, then decrypts `length` bytes in place.
 * @returns 0, or BadRecordMac with the data still encrypted
 */
export function chacha20Poly1305Open(
  key: usize, nonce: usize, aad: usize, aadLength: i32, data: usize, length: i32, tag: usize,
): i32 {
  authenticate(key, nonce, aad, aadLength, data, length, expected);
  const good = equalBytes(expected, tag, CHACHA20_POLY1305_TAG);
  wipe(expected, 16);
  if (!good) return ErrorCode.BadRecordMac;
  chacha20(key, nonce, 1, data, length);
  return ErrorCode.None;
}

// Block 0 of the key stream is the key of Poly1305 (§2.6).
function authenticate(
  key: usize, nonce: usize, aad: usize, aadLength: i32, data: usize, length: i32, tag: usize,
): void {
  memory.fill(oneTimeKey, 0, 32);
  chacha20(key, nonce, 0, oneTimeKey, 32);
  poly1305Init(oneTimeKey);
  wipe(oneTimeKey, 32);
  poly1305Padded(aad, aadLength);
  poly1305Padded(data, length);
  store<u64>(lengths, aadLength as u64);
  store<u64>(lengths, length as u64, 8);
  poly1305Padded(lengths, 16);
  poly1305Final(tag);
}
