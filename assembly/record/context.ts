// The state of one direction of one epoch. Plain fields at fixed places, so that the schemes share them without objects.

import { CCM_KEY } from "../cipher/ccm";
import { store16be, store32be } from "../memory";

/** u64: number of the next record (RFC 9846 §5.3, RFC 5246 §6.1). */
export const SEQUENCE: usize = 0;
/** i32 each, from here to OPENED_START. */
export const SCHEME: usize = 8;
export const VERSION: usize = 12;
/** 1 where MAC goes over the ciphertext (RFC 7366). */
export const ENCRYPT_THEN_MAC: usize = 16;
export const MAC_HASH: usize = 20;
export const MAC_SIZE: usize = 24;
/** Bytes of a block of the cipher; 0 where it has none. */
export const BLOCK: usize = 28;
export const OPENED_TYPE: usize = 32;
export const OPENED_START: usize = 36;
/** 12 bytes of nonce, or the chained IV of TLS 1.0. */
export const IV: usize = 40;
/** Chaining values of HMAC after the padded keys, 64 bytes each. SSL 3.0: the MAC key itself in the first. */
export const INNER: usize = 64;
export const OUTER: usize = 128;
/** Expanded key of the cipher; those of CCM are the longest. */
export const KEY: usize = 192;

/** Bytes of a direction's state: keys expanded, IV, MAC midstates, 64-bit sequence number, suite, version. */
export const PROTECTION_CONTEXT: i32 = (KEY as i32) + CCM_KEY;

/** Longest payload of a record (RFC 9846 §5.1). */
export const PLAINTEXT_MAX: i32 = 16384;

/** Versions of the protocol, as on the wire. */
export const SSL30: i32 = 0x0300;
export const TLS10: i32 = 0x0301;
export const TLS11: i32 = 0x0302;
export const TLS12: i32 = 0x0303;
export const TLS13: i32 = 0x0304;

/** Writes the 5 bytes before a fragment. */
export function recordHeader(at: usize, type: i32, version: i32, length: i32): void {
  store<u8>(at, type);
  store16be(at + 1, version);
  store16be(at + 3, length);
}

/** Writes what MACs and TLS 1.2's AEADs cover beside the data, 13 bytes: sequence number, type, version, length. */
export function additionalData(context: usize, at: usize, type: i32, version: i32, length: i32): void {
  store32be(at, load<u32>(context, SEQUENCE + 4));
  store32be(at + 4, load<u32>(context, SEQUENCE));
  recordHeader(at + 8, type, version, length);
}
