// Record protection of one direction of one epoch: the face that the handshake and the host see. The schemes lie beside this
// file, one each; here is what they share: the checks of a record's header and the sequence number.

import { ErrorCode } from "../alert";
import { aesExpandKey } from "../cipher/aes_key";
import { aesChainKey } from "../cipher/aes_chain";
import { ccmInit } from "../cipher/ccm";
import { desExpandKey } from "../cipher/des";
import { gcmInit } from "../cipher/gcm";
import { rc4Init } from "../cipher/rc4";
import { load16be, wipe } from "../memory";
import { openAead, sealAead } from "./aead";
import { openCbc, sealCbc } from "./cbc";
import {
  BLOCK, ENCRYPT_THEN_MAC, IV, KEY, MAC_HASH, OPENED_START, OPENED_TYPE, PLAINTEXT_MAX, PROTECTION_CONTEXT, SCHEME, SEQUENCE,
  SSL30, TLS10, TLS12, TLS13, VERSION, recordHeader,
} from "./context";
import { macInit } from "./mac";
import { openStream, sealStream } from "./stream";
import { HashId } from "../hash/hash";
import {
  Scheme, suiteBlockIvLength, suiteFixedIvLength, suiteIsTls13, suiteKeyLength, suiteKnown, suiteMacHash, suiteScheme,
} from "./suites";

export { PROTECTION_CONTEXT } from "./context";

/** Where the payload lies after the start of the area given to `sealRecord`. */
export const SEAL_HEADROOM: i32 = 48;

/** Bytes that must be free behind the payload. */
export const SEAL_TAILROOM: i32 = 80;

const HEADER: i32 = 5;
const APPLICATION_DATA: i32 = 23;

/**
 * Sets up a direction with sequence number 0. `seal` is 1 on the sending side, 0 on the receiving one. Lengths of key, IV and
 * MAC key are the suite's; the IV of CBC is read in SSL 3.0 and TLS 1.0 alone.
 * @returns 0, or BadArgument where the suite is unknown or doesn't fit the version, or NoMemory
 */
export function protectionInit(
  context: usize, suite: i32, version: i32, key: usize, iv: usize, macKey: usize, seal: i32,
): i32 {
  protectionWipe(context);
  if (!suiteKnown(suite) || version < SSL30 || version > TLS13) return ErrorCode.BadArgument;
  if (suiteIsTls13(suite) != i32(version == TLS13)) return ErrorCode.BadArgument;
  const scheme = suiteScheme(suite);
  const macHash = suiteMacHash(suite);
  // AEADs and MACs of SHA-2 came with TLS 1.2 (RFC 5246 §1.2).
  if (version < TLS12 && (macHash == 0 || macHash > HashId.Sha1)) return ErrorCode.BadArgument;
  store<i32>(context, version, VERSION);
  store<i32>(context, macHash, MAC_HASH);
  if (macHash) macInit(context, macKey);
  const keyLength = suiteKeyLength(suite);
  const keys = context + KEY;
  switch (scheme) {
    case Scheme.AesGcm: gcmInit(keys, key, keyLength); break;
    case Scheme.ChaCha20Poly1305: memory.copy(keys, key, keyLength); break;
    case Scheme.TripleDesCbc:
    case Scheme.DesCbc:
      if (desExpandKey(keys, key, keyLength, seal ^ 1) == 0) break;
      protectionWipe(context);
      return ErrorCode.NoMemory;
    case Scheme.Rc4: rc4Init(keys, key, keyLength); break;
    case Scheme.AesCbc:
      aesExpandKey(keys, key, keyLength);
      if (seal) aesChainKey(keys, keys);
      break;
    default: ccmInit(keys, key, keyLength);
  }
  const block = suiteBlockIvLength(suite);
  store<i32>(context, block, BLOCK);
  const ivLength = version <= TLS10 ? block : suiteFixedIvLength(suite);
  if (ivLength > 0) memory.copy(context + IV, iv, ivLength);
  store<i32>(context, scheme, SCHEME);
  return ErrorCode.None;
}

/** The plaintext epoch. */
export function protectionNull(context: usize): void {
  protectionWipe(context);
}

/** Forgets all keys. */
export function protectionWipe(context: usize): void {
  wipe(context, PROTECTION_CONTEXT);
}

/** Turns encrypt-then-MAC on (RFC 7366): for CBC suites, after `protectionInit`; others take no notice (§3). */
export function protectionEncryptThenMac(context: usize): void {
  store<i32>(context, i32(load<i32>(context, BLOCK) != 0), ENCRYPT_THEN_MAC);
}

/** Goes to another sequence number: for one who takes over a session under way. */
export function protectionSequence(context: usize, low: u32, high: u32): void {
  store<u32>(context, low, SEQUENCE);
  store<u32>(context, high, SEQUENCE + 4);
}

/** 1 where the sequence number can't be used any more: it never wraps (RFC 9846 §5.3, RFC 5246 §6.1). */
function exhausted(context: usize): i32 {
  return i32(load<u64>(context, SEQUENCE) == 0xffffffffffffffff);
}

/**
 * Seals `length` bytes of payload that lie at `out + SEAL_HEADROOM`; SEAL_TAILROOM bytes behind them are used as well. The whole
 * record, header and fragment, then lies at `out`. Under CBC in SSL 3.0 and TLS 1.0, application data make two records, the
 * first with a single byte, so that nobody can choose a block after seeing its IV (the attack called BEAST).
 * @returns length of it all, or TooLong, SequenceExhausted
 */
export function sealRecord(context: usize, contentType: i32, out: usize, length: i32): i32 {
  if (length < 0 || length > PLAINTEXT_MAX) return ErrorCode.TooLong;
  const payload = out + SEAL_HEADROOM;
  if (load<i32>(context, BLOCK) != 0 && load<i32>(context, VERSION) <= TLS10 && contentType == APPLICATION_DATA && length > 1) {
    const first = sealOne(context, contentType, out, payload, 1);
    if (first < 0) return first;
    const second = sealOne(context, contentType, out + first, payload + 1, length - 1);
    return second < 0 ? second : first + second;
  }
  return sealOne(context, contentType, out, payload, length);
}

function sealOne(context: usize, contentType: i32, out: usize, payload: usize, length: i32): i32 {
  if (exhausted(context)) return ErrorCode.SequenceExhausted;
  let sealed: i32;
  switch (load<i32>(context, SCHEME)) {
    case Scheme.Null:
      // The version of plaintext records is 0x0303, which all of TLS 1.2 and 1.3 take (RFC 9846 §5.1); callers that greet older
      // servers write over it.
      memory.copy(out + HEADER, payload, length);
      recordHeader(out, contentType, TLS12, length);
      sealed = HEADER + length;
      break;
    case Scheme.AesCbc:
    case Scheme.TripleDesCbc:
    case Scheme.DesCbc: sealed = sealCbc(context, contentType, out, payload, length); break;
    case Scheme.Rc4: sealed = sealStream(context, contentType, out, payload, length); break;
    default: sealed = sealAead(context, contentType, out, payload, length);
  }
  if (sealed > 0) store<u64>(context, load<u64>(context, SEQUENCE) + 1, SEQUENCE);
  return sealed;
}

/**
 * Opens a record in place: 5-byte header and fragment at `record`, `length` bytes in all.
 * @returns length of the plaintext, which lies at `openedStart(context)` with content type `openedType(context)`, or
 * DecodeError (length doesn't fit the header), RecordOverflow, UnexpectedRecord (TLS 1.3: not application data),
 * ProtocolVersion (not that of the epoch), BadRecordMac (whatever is wrong inside), UnexpectedMessage (TLS 1.3: no content
 * type), SequenceExhausted
 */
export function openRecord(context: usize, record: usize, length: i32): i32 {
  if (length < HEADER) return ErrorCode.DecodeError;
  const fragment = load16be(record + 3);
  if (fragment != length - HEADER) return ErrorCode.DecodeError;
  if (exhausted(context)) return ErrorCode.SequenceExhausted;
  const opened = openFragment(context, record, fragment);
  if (opened >= 0) store<u64>(context, load<u64>(context, SEQUENCE) + 1, SEQUENCE);
  return opened;
}

function openFragment(context: usize, record: usize, fragment: i32): i32 {
  const scheme = load<i32>(context, SCHEME);
  if (scheme == Scheme.Null) {
    if (fragment > PLAINTEXT_MAX) return ErrorCode.RecordOverflow;
    store<i32>(context, load<u8>(record), OPENED_TYPE);
    store<usize>(context, record + HEADER, OPENED_START);
    return fragment;
  }
  if (load<i32>(context, VERSION) == TLS13) {
    // The outer version is not looked at (RFC 9846 §5.2).
    if (load<u8>(record) != APPLICATION_DATA) return ErrorCode.UnexpectedRecord;
    if (fragment > PLAINTEXT_MAX + 256) return ErrorCode.RecordOverflow;
    return openAead(context, record);
  }
  if (load16be(record + 1) != load<i32>(context, VERSION)) return ErrorCode.ProtocolVersion;
  // RFC 5246 §6.2.3.
  if (fragment > PLAINTEXT_MAX + 2048) return ErrorCode.RecordOverflow;
  switch (scheme) {
    case Scheme.AesCbc:
    case Scheme.TripleDesCbc:
    case Scheme.DesCbc: return openCbc(context, record);
    case Scheme.Rc4: return openStream(context, record);
    default: return openAead(context, record);
  }
}

/** Content type of the record opened last: in TLS 1.3 the inner one. */
export function openedType(context: usize): i32 {
  return load<i32>(context, OPENED_TYPE);
}

/** Address of the plaintext opened last. */
export function openedStart(context: usize): usize {
  return load<usize>(context, OPENED_START);
}

/** Low word of the sequence number that the next record will have. */
export function recordSequence(context: usize): u32 {
  return load<u32>(context, SEQUENCE);
}
