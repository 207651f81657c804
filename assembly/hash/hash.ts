// One face for the five hashes: buffering and padding (FIPS 180-4 §5.1, RFC 1321 §3.1 and §3.2), and the choice by id.
//
// The time of each function depends on the lengths alone, never on the bytes.
import { wipe } from "../memory";
import { MD5_SIZE, md5Blocks, md5Init } from "./md5";
import { SHA1_SIZE, sha1Blocks, sha1Init } from "./sha1";
import { SHA256_SIZE, sha256Blocks, sha256Init } from "./sha256";
import { SHA384_SIZE, SHA512_SIZE, sha384Init, sha512Blocks, sha512Init } from "./sha512";

/** TLS HashAlgorithm (RFC 5246 §7.4.1.4.1). */
export enum HashId { Md5 = 1, Sha1 = 2, Sha256 = 4, Sha384 = 5, Sha512 = 6 }

/** Bytes of the longest digest and of the longest block. */
export const HASH_MAX: i32 = 64;
export const HASH_BLOCK_MAX: i32 = 128;
/** Bytes of a running hash, whichever it is. `memory.copy` of a context takes a snapshot of it. */
export const HASH_CONTEXT: i32 = 208;

// The fields of a context. The chaining value comes first, so that a context is also the `state` of hashBlocks.
const LENGTH: usize = 64; // u64, bytes hashed so far
const ID: usize = 72; // i32
const BUFFER: usize = 80; // an incomplete block

/** Bytes of a digest of `id`. */
export function hashSize(id: i32): i32 {
  switch (id) {
    case HashId.Md5: return MD5_SIZE;
    case HashId.Sha1: return SHA1_SIZE;
    case HashId.Sha256: return SHA256_SIZE;
    case HashId.Sha384: return SHA384_SIZE;
    default: return SHA512_SIZE;
  }
}

/** Bytes of a block of `id`: 128 for the hashes of 64-bit words, 64 for the others. */
export function hashBlockSize(id: i32): i32 {
  return id >= HashId.Sha384 ? 128 : 64;
}

/** Compresses `blocks` whole blocks at `data` into the chaining value at `state` (words in the machine's order). */
export function hashBlocks(id: i32, state: usize, data: usize, blocks: i32): void {
  switch (id) {
    case HashId.Sha256: sha256Blocks(state, data, blocks); break;
    case HashId.Sha1: sha1Blocks(state, data, blocks); break;
    case HashId.Md5: md5Blocks(state, data, blocks); break;
    default: sha512Blocks(state, data, blocks);
  }
}

/** Starts a hash in `context`, HASH_CONTEXT bytes aligned to 8. */
export function hashInit(id: i32, context: usize): void {
  store<u64>(context, 0, LENGTH);
  store<i32>(context, id, ID);
  switch (id) {
    case HashId.Sha256: sha256Init(context); break;
    case HashId.Sha1: sha1Init(context); break;
    case HashId.Md5: md5Init(context); break;
    case HashId.Sha384: sha384Init(context); break;
    default: sha512Init(context);
  }
}

/**
 * Goes on from a chaining value after `length` bytes, a multiple of the block: what HMAC keeps of its key.
 * `state` holds as much of it as the longest has, 64 bytes.
 */
export function hashResume(id: i32, context: usize, state: usize, length: i32): void {
  memory.copy(context, state, 64);
  store<u64>(context, length, LENGTH);
  store<i32>(context, id, ID);
}

/** Hashes `length` more bytes, at any alignment. */
export function hashUpdate(context: usize, data: usize, length: i32): void {
  const id = load<i32>(context, ID);
  const block = hashBlockSize(id);
  const total = load<u64>(context, LENGTH);
  store<u64>(context, total + length, LENGTH);
  const used = <i32>total & (block - 1);
  if (used > 0) {
    const room = block - used;
    if (length < room) {
      memory.copy(context + BUFFER + used, data, length);
      return;
    }
    memory.copy(context + BUFFER + used, data, room);
    hashBlocks(id, context, context + BUFFER, 1);
    data += room;
    length -= room;
  }
  const rest = length & (block - 1);
  if (length > rest) hashBlocks(id, context, data, (length - rest) >>> (id >= HashId.Sha384 ? 7 : 6));
  if (rest > 0) memory.copy(context + BUFFER, data + (length - rest), rest);
}

/**
 * Pads and writes the digest, hashSize(id) bytes, to `out`, which may lie in the context itself.
 * The context is used up: start it again, or work on a snapshot. What remains in it is its owner's to wipe.
 */
export function hashFinal(context: usize, out: usize): void {
  const id = load<i32>(context, ID);
  const block = hashBlockSize(id);
  const total = load<u64>(context, LENGTH);
  const buffer = context + BUFFER;
  let used = <i32>total & (block - 1);
  store<u8>(buffer + used, 0x80);
  used++;
  // The count of bits takes an eighth of the block; of its 128 bits in SHA-512 the upper ones stay zero.
  if (used > block - (block >>> 3)) {
    memory.fill(buffer + used, 0, block - used);
    hashBlocks(id, context, buffer, 1);
    used = 0;
  }
  memory.fill(buffer + used, 0, block - 8 - used);
  store<u64>(buffer + block - 8, id == HashId.Md5 ? total << 3 : bswap<u64>(total << 3));
  hashBlocks(id, context, buffer, 1);
  const size = hashSize(id);
  if (id >= HashId.Sha384) {
    for (let i = 0; i < size; i += 8) store<u64>(out + i, bswap<u64>(load<u64>(context + i)));
  } else if (id != HashId.Md5) {
    for (let i = 0; i < size; i += 4) store<u32>(out + i, bswap<u32>(load<u32>(context + i)));
  } else {
    memory.copy(out, context, size);
  }
}

const scratch = memory.data(HASH_CONTEXT, 8);

/** Hashes `length` bytes at `data` at once; `out` takes hashSize(id) bytes. Leaves nothing of them behind. */
export function hashDigest(id: i32, data: usize, length: i32, out: usize): void {
  hashInit(id, scratch);
  hashUpdate(scratch, data, length);
  hashFinal(scratch, out);
  wipe(scratch, HASH_CONTEXT);
}
