// Records under an AEAD: TLS 1.3 (RFC 9846 §5.2 and §5.3) and TLS 1.2 (RFC 5246 §6.2.3.3; GCM RFC 5288 §3, CCM RFC 6655 §3,
// ChaCha20-Poly1305 RFC 7905 §2).

import { ErrorCode } from "../alert";
import { ccmOpen, ccmSeal } from "../cipher/ccm";
import { chacha20Poly1305Open, chacha20Poly1305Seal } from "../cipher/chacha20poly1305";
import { gcmOpen, gcmSeal } from "../cipher/gcm";
import { load16be, wipe } from "../memory";
import {
  IV, KEY, OPENED_START, OPENED_TYPE, PLAINTEXT_MAX, SCHEME, SEQUENCE, TLS12, TLS13, VERSION, additionalData, recordHeader,
} from "./context";
import { Scheme } from "./suites";

const APPLICATION_DATA: i32 = 23;
const nonce = memory.data(16, 8);
const additional = memory.data(16, 8);

/** Bytes of tag: 8 in the CCM_8 suites, 16 in the others. */
function tagLength(context: usize): i32 {
  return load<i32>(context, SCHEME) == Scheme.AesCcm8 ? 8 : 16;
}

/** Bytes of nonce that each record carries: 8 for GCM and CCM in TLS 1.2. */
function explicitLength(context: usize): i32 {
  return load<i32>(context, VERSION) == TLS13 || load<i32>(context, SCHEME) == Scheme.ChaCha20Poly1305 ? 0 : 8;
}

/** Salt and the explicit part, or the IV XORed with the sequence number. */
function makeNonce(context: usize, explicit: usize): void {
  memory.copy(nonce, context + IV, 12);
  if (explicit) {
    memory.copy(nonce + 4, explicit, 8);
  } else {
    store<u64>(nonce, load<u64>(nonce, 4) ^ bswap<u64>(load<u64>(context, SEQUENCE)), 4);
  }
}

/** Seals `length` bytes at `payload` into a record at `out`; the payload lies behind where it is to go. */
export function sealAead(context: usize, type: i32, out: usize, payload: usize, length: i32): i32 {
  const explicit = explicitLength(context);
  const tag = tagLength(context);
  const data = out + 5 + explicit;
  memory.copy(data, payload, length);
  let additionalLength = 13;
  if (load<i32>(context, VERSION) == TLS13) {
    store<u8>(data + length++, type);
    recordHeader(out, APPLICATION_DATA, TLS12, length + tag);
    memory.copy(additional, out, 5);
    additionalLength = 5;
  } else {
    recordHeader(out, type, TLS12, explicit + length + tag);
    additionalData(context, additional, type, TLS12, length);
  }
  // The sequence number is the explicit nonce: never twice the same under a key (RFC 5288 §3).
  if (explicit) store<u64>(out, bswap<u64>(load<u64>(context, SEQUENCE)), 5);
  makeNonce(context, explicit ? out + 5 : 0);
  const key = context + KEY;
  switch (load<i32>(context, SCHEME)) {
    case Scheme.AesGcm: gcmSeal(key, nonce, additional, additionalLength, data, length, data + length); break;
    case Scheme.ChaCha20Poly1305:
      chacha20Poly1305Seal(key, nonce, additional, additionalLength, data, length, data + length);
      break;
    default: ccmSeal(key, nonce, additional, additionalLength, data, length, data + length, tag);
  }
  wipe(nonce, 12);
  return 5 + explicit + length + tag;
}

/** Opens the record; the caller has checked its header. */
export function openAead(context: usize, record: usize): i32 {
  const fragment = load16be(record + 3);
  const explicit = explicitLength(context);
  const tag = tagLength(context);
  const length = fragment - explicit - tag;
  // Too short to hold a tag: it can't be authentic.
  if (length < 0) return ErrorCode.BadRecordMac;
  const inTls13 = load<i32>(context, VERSION) == TLS13;
  let additionalLength = 13;
  if (inTls13) {
    memory.copy(additional, record, 5);
    additionalLength = 5;
  } else {
    additionalData(context, additional, load<u8>(record), TLS12, length);
  }
  makeNonce(context, explicit ? record + 5 : 0);
  const key = context + KEY;
  const data = record + 5 + explicit;
  let result: i32;
  switch (load<i32>(context, SCHEME)) {
    case Scheme.AesGcm: result = gcmOpen(key, nonce, additional, additionalLength, data, length, data + length); break;
    case Scheme.ChaCha20Poly1305:
      result = chacha20Poly1305Open(key, nonce, additional, additionalLength, data, length, data + length);
      break;
    default: result = ccmOpen(key, nonce, additional, additionalLength, data, length, data + length, tag);
  }
  wipe(nonce, 12);
  if (result < 0) return result;
  store<usize>(context, data, OPENED_START);
  if (!inTls13) {
    store<i32>(context, load<u8>(record), OPENED_TYPE);
    return length > PLAINTEXT_MAX ? ErrorCode.RecordOverflow : length;
  }
  return stripPadding(context, data, length);
}

/** The content type is the last byte that isn't zero (RFC 9846 §5.4). The length of the padding shows in the time taken. */
function stripPadding(context: usize, data: usize, length: i32): i32 {
  // TLSInnerPlaintext: at most the content and its type (§5.2).
  if (length > PLAINTEXT_MAX + 1) return ErrorCode.RecordOverflow;
  do {
    if (--length < 0) return ErrorCode.UnexpectedMessage;
  } while (load<u8>(data + length) == 0);
  store<i32>(context, load<u8>(data + length), OPENED_TYPE);
  return length;
}
