// AES in CBC mode (NIST SP 800-38A §6.2). Decryption takes four blocks at once; encryption can't, each block waits for the last.
//
// Constant-time in keys and data.

import { wipe } from "../memory";
import { aesEncryptPlanes } from "./aes";
import { aesDecryptPlanes } from "./aes_decrypt";
import { slice, unsliceXor } from "./slice";

const GROUPS: i32 = 8;
const planes = memory.data(512, 8);
const edge = memory.data(64, 8);

/** Encrypts `length` bytes in place, a multiple of 16; `iv` becomes the last block of ciphertext. */
export function aesCbcEncrypt(key: usize, iv: usize, data: usize, length: i32): void {
  let f = load<u64>(iv), s = load<u64>(iv, 8);
  memory.fill(edge, 0, 64);
  for (const end = data + length; data < end; data += 16) {
    store<u64>(edge, f ^ load<u64>(data)), store<u64>(edge, s ^ load<u64>(data, 8), 8);
    slice(planes, edge, 1, 0);
    aesEncryptPlanes(key, planes, 1, 1);
    store<u64>(edge, 0), store<u64>(edge, 0, 8);
    unsliceXor(edge, planes, 1, 1);
    store<u64>(data, f = load<u64>(edge)), store<u64>(data, s = load<u64>(edge, 8), 8);
  }
  store<u64>(iv, f), store<u64>(iv, s, 8);
  wipe(planes, 64);
  wipe(edge, 64);
}

/**
 * Decrypts `length` bytes, a multiple of 16, that follow 16 bytes of IV at `data`. The plaintext takes the place of the IV and
 * what follows: each block is XORed onto the ciphertext before it.
 */
export function aesCbcDecrypt(key: usize, data: usize, length: i32): void {
  while (length >= 64) {
    let groups = length >>> 6;
    if (groups > GROUPS) groups = GROUPS;
    slice(planes, data + 16, groups, 1);
    aesDecryptPlanes(key, planes, groups);
    unsliceXor(data, planes, groups, 0);
    data += groups << 6;
    length -= groups << 6;
  }
  if (length > 0) {
    memory.copy(edge, data + 16, length);
    slice(planes, edge, 1, 1);
    aesDecryptPlanes(key, planes, 1);
    memory.copy(edge, data, length);
    unsliceXor(edge, planes, 1, 0);
    memory.copy(data, edge, length);
  }
  wipe(planes, 512);
  wipe(edge, 64);
}

/** CBC-MAC as CCM uses it: takes `length` bytes, padded with zeros to whole blocks, into the 16 bytes at `state`. */
export function aesCbcMac(key: usize, state: usize, data: usize, length: i32): void {
  let f = load<u64>(state), s = load<u64>(state, 8);
  memory.fill(edge, 0, 64);
  for (; length > 0; length -= 16, data += 16) {
    if (length < 16) {
      memory.copy(edge, data, length);
      data = edge;
    }
    store<u64>(edge, f ^ load<u64>(data)), store<u64>(edge, s ^ load<u64>(data, 8), 8);
    slice(planes, edge, 1, 0);
    aesEncryptPlanes(key, planes, 1, 1);
    store<u64>(edge, 0), store<u64>(edge, 0, 8);
    unsliceXor(edge, planes, 1, 1);
    f = load<u64>(edge), s = load<u64>(edge, 8);
    store<u64>(edge, 0), store<u64>(edge, 0, 8);
  }
  store<u64>(state, f), store<u64>(state, s, 8);
  wipe(planes, 64);
  wipe(edge, 64);
}
