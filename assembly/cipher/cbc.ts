// AES in CBC mode (NIST SP 800-38A §6.2). Decryption takes four blocks at once; encryption can't, each block waits for the last.
//
// Constant-time in keys and data.

import { wipe } from "../memory";
import { SCRATCH, scratch } from "./aes";
import { CHAIN_KEY, aesChain, aesChainKey } from "./aes_chain";
import { aesDecryptPlanes } from "./aes_decrypt";
import { slice, unsliceXor } from "./slice";

const GROUPS: i32 = 8;
const planes = scratch;
const chainKey = memory.data(CHAIN_KEY, 8);
const edge = memory.data(64, 8);

/**
 * Encrypts `length` bytes in place, a multiple of 16; `iv` becomes the last block of ciphertext. Who has many messages makes the
 * key for `aesChain` once.
 */
export function aesCbcEncrypt(key: usize, iv: usize, data: usize, length: i32): void {
  aesChainKey(chainKey, key);
  aesChain(chainKey, iv, data, length, 1);
  wipe(chainKey, CHAIN_KEY);
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
  wipe(planes, SCRATCH);
  wipe(edge, 64);
}
