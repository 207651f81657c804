// Signatures of certificates that held before: an authority that several servers share is checked once.
//
// What is kept is a fact of arithmetic, whatever came of the chain around it: that this key made this signature over these
// bytes. Dates, names, constraints and trust are judged anew each time. A fact is known by the SHA-256 of all that goes
// into it. Nothing here is secret; that a chain takes less time shows that this device met it before, as a resumed session
// would.
import { HASH_CONTEXT, HashId, hashFinal, hashInit, hashUpdate } from "../hash/hash";
import { SHA256_SIZE } from "../hash/sha256";
import { PublicKey } from "./public_key";
import { verifySignature } from "./signature";

/** Facts kept; the oldest makes room for the next. */
const FACTS: i32 = 16;
/** Bytes of what makes the fields behind it unambiguous: seven numbers. */
const HEAD: i32 = 28;

const facts: usize = memory.data(SHA256_SIZE * FACTS, 8);
const fact: usize = memory.data(SHA256_SIZE, 8);
const context: usize = memory.data(HASH_CONTEXT, 8);
const head: usize = memory.data(HEAD, 4);

/** Facts learnt so far. */
let learnt: u32 = 0;

/** As verifySignature. */
export function verifyKnownSignature(
  scheme: i32,
  key: PublicKey,
  message: usize,
  messageLength: i32,
  signature: usize,
  signatureLength: i32,
): i32 {
  state(scheme, key, message, messageLength, signature, signatureLength);
  if (isKnown()) return 0;
  const result = verifySignature(scheme, changetype<usize>(key), message, messageLength, signature, signatureLength);
  if (result == 0) memory.copy(facts + ((learnt++ % FACTS) as i32) * SHA256_SIZE, fact, SHA256_SIZE);
  return result;
}

function state(
  scheme: i32,
  key: PublicKey,
  message: usize,
  messageLength: i32,
  signature: usize,
  signatureLength: i32,
): void {
  store<i32>(head, scheme);
  store<i32>(head, key.kind, 4);
  store<i32>(head, key.curve, 8);
  store<i32>(head, key.hash, 12);
  store<i32>(head, key.aLength, 16);
  store<i32>(head, key.bLength, 20);
  store<i32>(head, signatureLength, 24);
  hashInit(HashId.Sha256, context);
  hashUpdate(context, head, HEAD);
  hashUpdate(context, key.a, key.aLength);
  hashUpdate(context, key.b, key.bLength);
  hashUpdate(context, signature, signatureLength);
  hashUpdate(context, message, messageLength);
  hashFinal(context, fact);
}

function isKnown(): bool {
  const count = min<u32>(learnt, FACTS) as i32;
  for (let i = 0; i < count; i++) {
    if (memory.compare(facts + i * SHA256_SIZE, fact, SHA256_SIZE) == 0) return true;
  }
  return false;
}
