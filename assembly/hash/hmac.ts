// HMAC (RFC 2104). The key is compressed once: its two chaining values are kept, and serve every message after.
//
// Constant-time in key and message: the time depends on their lengths alone.
import { wipe } from "../memory";
import {
  HASH_BLOCK_MAX, hashBlocks, hashBlockSize, hashDigest, hashFinal, hashInit, hashResume, hashSize, hashUpdate,
} from "./hash";

/** Bytes of an HMAC under one key. Holds the key's chaining values: its owner wipes it. */
export const HMAC_CONTEXT: i32 = 352;

// The fields of a context, after the running inner hash.
const ID: usize = 208; // i32
const INNER: usize = 224; // chaining value after key ^ ipad, 64 bytes
const OUTER: usize = 288; // chaining value after key ^ opad, 64 bytes

const block = memory.data(128, 8);

/** Sets the key, of any length, and starts a message. `context` is HMAC_CONTEXT bytes aligned to 8. */
export function hmacInit(context: usize, id: i32, key: usize, keyLength: i32): void {
  const size = hashBlockSize(id);
  memory.fill(block, 0, HASH_BLOCK_MAX);
  if (keyLength > size) hashDigest(id, key, keyLength, block);
  else memory.copy(block, key, keyLength);
  store<i32>(context, id, ID);
  absorbPad(context, INNER, id, size, 0x3636363636363636);
  absorbPad(context, OUTER, id, size, 0x3636363636363636 ^ 0x5c5c5c5c5c5c5c5c);
  wipe(block, HASH_BLOCK_MAX);
  hashResume(id, context, context + INNER, size);
}

// Turns the key in `block` into key ^ pad (the second time from one pad into the other) and compresses that.
function absorbPad(context: usize, field: usize, id: i32, size: i32, pad: u64): void {
  for (let p = block; p < block + size; p += 8) store<u64>(p, load<u64>(p) ^ pad);
  hashInit(id, context);
  hashBlocks(id, context, block, 1);
  memory.copy(context + field, context, 64);
}

/** Authenticates `length` more bytes, at any alignment. */
export function hmacUpdate(context: usize, data: usize, length: i32): void {
  hashUpdate(context, data, length);
}

/** Writes the tag, hashSize(id) bytes, to `out`, and starts the next message under the same key. */
export function hmacFinal(context: usize, out: usize): void {
  const id = load<i32>(context, ID);
  const size = hashBlockSize(id);
  hashFinal(context, out);
  hashResume(id, context, context + OUTER, size);
  hashUpdate(context, out, hashSize(id));
  hashFinal(context, out);
  hashResume(id, context, context + INNER, size);
}

const scratch = memory.data(HMAC_CONTEXT, 8);

/** The tag of one message under one key, at once; `out` takes hashSize(id) bytes. Leaves nothing of them behind. */
export function hmacDigest(id: i32, key: usize, keyLength: i32, data: usize, length: i32, out: usize): void {
  hmacInit(scratch, id, key, keyLength);
  hmacUpdate(scratch, data, length);
  hmacFinal(scratch, out);
  wipe(scratch, HMAC_CONTEXT);
}
