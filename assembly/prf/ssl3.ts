// SSL 3.0 (RFC 6101): its PRF, its MAC, and the hash of its Finished and CertificateVerify. Off unless `legacy` is on.
//
// Constant-time in secrets and messages: the time depends on the lengths alone.
import { ErrorCode } from "../alert";
import { HASH_CONTEXT, HASH_MAX, HashId, hashFinal, hashInit, hashSize, hashUpdate } from "../hash/hash";
import { wipe } from "../memory";

/** Bytes of an SSL 3.0 MAC under one key. Holds the key: its owner wipes it. */
export const SSL3_MAC_CONTEXT: i32 = 248;

// The fields of a MAC context, after the running inner hash.
const ID: usize = 208; // i32
const KEY_LENGTH: usize = 212; // i32
const KEY: usize = 216; // at most KEY_MAX bytes
const KEY_MAX: i32 = 20;

const scratch = memory.data(HASH_CONTEXT, 8);
const digest = memory.data(64, 8);
const pad = memory.data(48, 8);
const salt = memory.data(32, 8);

/**
 * The PRF of RFC 6101 §6.1 and §6.2.2: MD5(secret + SHA("A" + secret + seed)) + MD5(secret + SHA("BB" + …)) + …
 * Writes `outLength` bytes to `out`, apart from the inputs. Returns 0, or BadArgument for more than 416: letters end there.
 */
export function ssl3Prf(secret: usize, secretLength: i32, seed: usize, seedLength: i32, out: usize, outLength: i32): i32 {
  if (outLength < 0 || outLength > 26 * 16) return ErrorCode.BadArgument;
  for (let i = 1; outLength > 0; i++) {
    memory.fill(salt, <u8>(0x40 + i), i); // "A", "BB", "CCC", …
    hashInit(HashId.Sha1, scratch);
    hashUpdate(scratch, salt, i);
    hashUpdate(scratch, secret, secretLength);
    hashUpdate(scratch, seed, seedLength);
    hashFinal(scratch, digest);
    hashInit(HashId.Md5, scratch);
    hashUpdate(scratch, secret, secretLength);
    hashUpdate(scratch, digest, 20);
    hashFinal(scratch, digest);
    const take = min(16, outLength);
    memory.copy(out, digest, take);
    out += take;
    outLength -= take;
  }
  wipe(scratch, HASH_CONTEXT);
  wipe(digest, HASH_MAX);
  return ErrorCode.None;
}

// pad_1 is 0x36 and pad_2 0x5c, 48 times for MD5 and 40 times for SHA (RFC 6101 §5.2.3.1).
function absorbPad(context: usize, id: i32, byte: i32): void {
  memory.fill(pad, <u8>byte, 48);
  hashUpdate(context, pad, id == HashId.Md5 ? 48 : 40);
}

/** Sets the key of a MAC with MD5 (16 bytes) or SHA-1 (20 bytes) and starts a message. 0, or BadArgument for a longer key. */
export function ssl3MacInit(context: usize, id: i32, key: usize, keyLength: i32): i32 {
  if (keyLength < 0 || keyLength > KEY_MAX) return ErrorCode.BadArgument;
  store<i32>(context, id, ID);
  store<i32>(context, keyLength, KEY_LENGTH);
  memory.copy(context + KEY, key, keyLength);
  start(context, id, 0x36);
  return ErrorCode.None;
}

function start(context: usize, id: i32, byte: i32): void {
  hashInit(id, context);
  hashUpdate(context, context + KEY, load<i32>(context, KEY_LENGTH));
  absorbPad(context, id, byte);
}

/** Authenticates `length` more bytes: sequence number, type, length (no version: RFC 6101 §5.2.3.1) and fragment. */
export function ssl3MacUpdate(context: usize, data: usize, length: i32): void {
  hashUpdate(context, data, length);
}

/** Writes hash(key + pad_2 + hash(key + pad_1 + message)) to `out`, and starts the next message under the same key. */
export function ssl3MacFinal(context: usize, out: usize): void {
  const id = load<i32>(context, ID);
  hashFinal(context, digest);
  start(context, id, 0x5c);
  hashUpdate(context, digest, hashSize(id));
  hashFinal(context, out);
  wipe(digest, HASH_MAX);
  start(context, id, 0x36);
}

/**
 * The hash of Finished (RFC 6101 §5.6.9) and CertificateVerify (§5.6.8, no sender):
 * hash(master + pad_2 + hash(messages + sender + master + pad_1)), with MD5 or SHA-1.
 * `transcript` is the running hash of the messages, left as it is; `out` takes hashSize(id) bytes.
 */
export function ssl3HandshakeHash(
  id: i32, transcript: usize, sender: usize, senderLength: i32, master: usize, masterLength: i32, out: usize,
): void {
  memory.copy(scratch, transcript, HASH_CONTEXT);
  hashUpdate(scratch, sender, senderLength);
  hashUpdate(scratch, master, masterLength);
  absorbPad(scratch, id, 0x36);
  hashFinal(scratch, digest);
  hashInit(id, scratch);
  hashUpdate(scratch, master, masterLength);
  absorbPad(scratch, id, 0x5c);
  hashUpdate(scratch, digest, hashSize(id));
  hashFinal(scratch, out);
  wipe(scratch, HASH_CONTEXT);
  wipe(digest, HASH_MAX);
}
