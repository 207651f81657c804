// One direction of record protection. Every scheme is a RecordCipher; what OpenSSL lacks can come from elsewhere.

/** ContentType (RFC 9846 §5.1). */
export enum ContentType {
  ChangeCipherSpec = 20,
  Alert = 21,
  Handshake = 22,
  ApplicationData = 23,
  Heartbeat = 24,
}

export const RECORD_HEADER_BYTES = 5;
export const MAX_PLAINTEXT = 16_384;
/** RFC 5246 §6.2.3; RFC 9846 §5.2 allows less, and nothing that honours it is longer. */
export const MAX_FRAGMENT = MAX_PLAINTEXT + 2048;

export interface OpenedRecord {
  type: ContentType;
  content: Buffer;
}

/**
 * Seals, or opens, the records of one direction in order. Each call that succeeds takes one sequence number; a record
 * that does not open takes none, so that a caller may try.
 */
export interface RecordCipher {
  readonly sequence: number;
  /** The whole record, header included. `content` has at most 16384 bytes. */
  seal(type: ContentType, content: Uint8Array): Buffer;
  /** Takes a whole record. Throws SessionError BAD_RECORD_MAC, RECORD_OVERFLOW or UNEXPECTED_MESSAGE. */
  open(record: Buffer): OpenedRecord;
  /** TLS 1.3: moves on to the next generation of keys (RFC 9846 §7.2). Absent where there is none. */
  updateKeys?(): void;
  /** Overwrites every key. The cipher is not used again. */
  wipe(): void;
}

export function recordHeader(type: ContentType, length: number): Buffer {
  return Buffer.from([type, 3, 3, length >> 8, length & 255]);
}
