// Record protection of one direction of one epoch: the face that the handshake and the host see.
// The schemes themselves lie beside this file, one each.

import { ErrorCode } from "../alert";
import { store16be, wipe } from "../memory";

/** Bytes of a direction's state: keys expanded, IV, MAC midstates, 64-bit sequence number, suite, version. */
export const PROTECTION_CONTEXT: i32 = 1536;

/** Where the payload lies after the start of the area given to `sealRecord`. */
export const SEAL_HEADROOM: i32 = 48;

/** Bytes that must be free behind the payload. */
export const SEAL_TAILROOM: i32 = 80;

/**
 * Sets up a direction with sequence number 0. `seal` is 1 on the sending side, 0 on the receiving one.
 * @returns 0, or BadArgument where the suite is unknown or doesn't fit the version
 */
export function protectionInit(context: usize, suite: i32, version: i32, key: usize, iv: usize, macKey: usize, seal: i32): i32 {
  return ErrorCode.BadArgument;
}

/** The plaintext epoch. */
export function protectionNull(context: usize): void {
  memory.fill(context, 0, PROTECTION_CONTEXT);
}

/** Forgets all keys. */
export function protectionWipe(context: usize): void {
  wipe(context, PROTECTION_CONTEXT);
}

/** Turns encrypt-then-MAC on (RFC 7366): for CBC suites, after `protectionInit`. */
export function protectionEncryptThenMac(context: usize): void {}

/**
 * Seals `length` bytes of payload that lie at `out + SEAL_HEADROOM`. The whole record (5-byte header and fragment; in TLS 1.0
 * and SSL 3.0 possibly two, RFC 5246 §F.3's 1/n-1 split) is then contiguous from `out` on.
 * @returns its length, or TooLong, SequenceExhausted, NoEntropy
 */
export function sealRecord(context: usize, contentType: i32, out: usize, length: i32): i32 {
  store16be(out + 3, length);
  return ErrorCode.WrongState;
}

/**
 * Opens a record in place: 5-byte header and fragment at `record`, `length` bytes in all.
 * @returns length of the plaintext, which lies at `openedStart(context)` with content type `openedType(context)`, or
 * DecodeError, RecordOverflow, BadRecordMac, UnexpectedRecord, UnexpectedMessage, ProtocolVersion, SequenceExhausted
 */
export function openRecord(context: usize, record: usize, length: i32): i32 {
  return ErrorCode.WrongState;
}

/** Content type of the record opened last: in TLS 1.3 the inner one. */
export function openedType(context: usize): i32 {
  return load<i32>(context, 24);
}

/** Address of the plaintext opened last. */
export function openedStart(context: usize): usize {
  return load<usize>(context, 28);
}

/** Low word of the sequence number that the next record will have. */
export function recordSequence(context: usize): u32 {
  return load<u32>(context);
}
