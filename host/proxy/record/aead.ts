// AEAD record protection with node:crypto: AES-GCM, AES-CCM and ChaCha20-Poly1305, in TLS 1.2 and 1.3.

import { type CipherGCM, createCipheriv, createDecipheriv, type DecipherGCM } from 'node:crypto';
import { Version } from '../../tls/numbers.js';
import { SessionError } from '../error.js';
import {
  ContentType,
  MAX_PLAINTEXT,
  type OpenedRecord,
  RECORD_HEADER_BYTES,
  type RecordCipher,
  recordHeader,
} from './cipher.js';
import { keysFromTrafficSecret, nextTrafficSecret, type RecordKeys, wipeKeys } from './key_schedule.js';
import type { Suite } from './suite.js';

const badRecord = () => new SessionError('BAD_RECORD_MAC', 'a record does not open under the session keys');
const overflow = () => new SessionError('RECORD_OVERFLOW', 'a record holds more than 16384 bytes');
const EXPLICIT_NONCE_BYTES = 8;
/** What TLS 1.3 puts at the end of the content (RFC 9846 §5.2), by the number of the type. */
const TYPE_BYTES = Array.from({ length: ContentType.Heartbeat + 1 }, (_, type) => Buffer.from([type]));

/** node:crypto's AEAD interface has one shape for all three ciphers; its types know them one by one. */
const sealing = (suite: Suite, key: Buffer, nonce: Buffer) =>
  createCipheriv(suite.cipher as 'aes-128-gcm', key, nonce, { authTagLength: suite.tagLength }) as CipherGCM;
const opening = (suite: Suite, key: Buffer, nonce: Buffer) =>
  createDecipheriv(suite.cipher as 'aes-128-gcm', key, nonce, {
    authTagLength: suite.tagLength,
  }) as DecipherGCM;

/**
 * Seals `parts` as one text, with its tag, to the end of `record`: what stands before is the caller's.
 */
function sealInto(
  record: Buffer,
  suite: Suite,
  key: Buffer,
  nonce: Buffer,
  additional: Buffer,
  parts: readonly Uint8Array[],
): void {
  const cipher = sealing(suite, key, nonce);
  // CCM authenticates the length first and takes the text in one piece (RFC 3610 §2.2).
  const whole = suite.scheme === 'ccm' && parts.length > 1 ? [Buffer.concat(parts)] : parts;
  const end = record.length - suite.tagLength;
  let at = end;
  for (const part of whole) at -= part.length;
  cipher.setAAD(additional, { plaintextLength: end - at });
  for (const part of whole) {
    record.set(cipher.update(part), at);
    at += part.length;
  }
  cipher.final();
  record.set(cipher.getAuthTag(), end);
}

function openWith(suite: Suite, key: Buffer, nonce: Buffer, additional: Buffer, sealed: Buffer): Buffer {
  const length = sealed.length - suite.tagLength;
  const decipher = opening(suite, key, nonce);
  decipher.setAuthTag(sealed.subarray(length));
  decipher.setAAD(additional, { plaintextLength: length });
  try {
    const text = decipher.update(sealed.subarray(0, length));
    decipher.final();
    return text;
  } catch {
    throw badRecord();
  }
}

/** IV xor the sequence number (RFC 9846 §5.3, RFC 7905 §2). */
function xorNonce(iv: Buffer, sequence: number): Buffer {
  const nonce = Buffer.from(iv);
  nonce.writeUInt32BE((nonce.readUInt32BE(4) ^ Math.floor(sequence / 0x1_0000_0000)) >>> 0, 4);
  nonce.writeUInt32BE((nonce.readUInt32BE(8) ^ (sequence % 0x1_0000_0000)) >>> 0, 8);
  return nonce;
}

/** TLS 1.3 (RFC 9846 §5.2). */
export class Tls13Cipher implements RecordCipher {
  sequence: number;
  readonly #suite: Suite;
  #keys: RecordKeys;
  #secret: Buffer | undefined;

  /** `from`: a traffic secret, which allows key updates, or bare keys, which don't. Both are copied. */
  constructor(suite: Suite, from: { secret: Uint8Array } | { keys: RecordKeys }, sequence: number) {
    this.#suite = suite;
    this.sequence = sequence;
    if ('secret' in from) {
      this.#secret = Buffer.from(from.secret);
      this.#keys = keysFromTrafficSecret(suite, this.#secret);
    } else {
      const { key, iv } = from.keys;
      this.#keys = { key: Buffer.from(key), iv: Buffer.from(iv), macKey: Buffer.alloc(0) };
    }
  }

  seal(type: ContentType, content: Uint8Array): Buffer {
    const length = content.length + 1 + this.#suite.tagLength;
    const record = Buffer.allocUnsafe(RECORD_HEADER_BYTES + length);
    const header = recordHeader(ContentType.ApplicationData, length);
    record.set(header);
    const nonce = xorNonce(this.#keys.iv, this.sequence);
    sealInto(record, this.#suite, this.#keys.key, nonce, header, [content, TYPE_BYTES[type]!]);
    this.sequence++;
    return record;
  }

  open(record: Buffer): OpenedRecord {
    if (record[0] !== ContentType.ApplicationData) {
      throw new SessionError('UNEXPECTED_MESSAGE', 'a record came in the clear after the handshake');
    }
    const sealed = record.subarray(RECORD_HEADER_BYTES);
    if (sealed.length > MAX_PLAINTEXT + 256) throw overflow();
    if (sealed.length < this.#suite.tagLength + 1) throw badRecord();
    const nonce = xorNonce(this.#keys.iv, this.sequence);
    const header = record.subarray(0, RECORD_HEADER_BYTES);
    const inner = openWith(this.#suite, this.#keys.key, nonce, header, sealed);
    this.sequence++;
    let end = inner.length - 1;
    while (end >= 0 && inner[end] === 0) end--;
    // RFC 9846 §5.4: all zeros is an unexpected message.
    if (end < 0) throw new SessionError('UNEXPECTED_MESSAGE', 'a record has no content type');
    if (end > MAX_PLAINTEXT) throw overflow();
    return { type: inner[end]!, content: inner.subarray(0, end) };
  }

  updateKeys(): void {
    if (this.#secret === undefined) {
      throw new SessionError('UNEXPECTED_MESSAGE', 'the keys moved on beyond what was granted');
    }
    const next = nextTrafficSecret(this.#suite, this.#secret);
    this.wipe();
    this.#secret = next;
    this.#keys = keysFromTrafficSecret(this.#suite, next);
    this.sequence = 0;
  }

  wipe(): void {
    this.#secret?.fill(0);
    wipeKeys(this.#keys);
  }
}

/** Where explicit nonces of TLS 1.2 start: nonce = base + sequence, modulo 2^64. */
export type NonceBase = bigint;

/** The base that a sealed record reveals. Zero for suites without an explicit nonce. */
export function nonceBaseOf(suite: Suite, record: Buffer, sequence: number): NonceBase {
  if (suite.version !== Version.Tls12 || (suite.scheme !== 'gcm' && suite.scheme !== 'ccm')) return 0n;
  if (record.length < RECORD_HEADER_BYTES + EXPLICIT_NONCE_BYTES) return 0n;
  return BigInt.asUintN(64, record.readBigUInt64BE(RECORD_HEADER_BYTES) - BigInt(sequence));
}

/** TLS 1.2 AEAD (RFC 5246 §6.2.3.3, RFC 5288, RFC 6655, RFC 7905). */
export class Tls12AeadCipher implements RecordCipher {
  sequence: number;
  readonly #suite: Suite;
  readonly #keys: RecordKeys;
  readonly #explicit: boolean;
  readonly #nonceBase: NonceBase;

  /** Takes `keys` over. `nonceBase` is for sealing: explicit nonces continue those of who sealed before. */
  constructor(suite: Suite, keys: RecordKeys, sequence: number, nonceBase: NonceBase = 0n) {
    this.#suite = suite;
    this.#keys = keys;
    this.sequence = sequence;
    this.#explicit = suite.scheme !== 'chacha20-poly1305';
    this.#nonceBase = nonceBase;
  }

  seal(type: ContentType, content: Uint8Array): Buffer {
    const explicit = Buffer.alloc(this.#explicit ? EXPLICIT_NONCE_BYTES : 0);
    if (this.#explicit)
      explicit.writeBigUInt64BE(BigInt.asUintN(64, this.#nonceBase + BigInt(this.sequence)));
    const additional = additionalData(this.sequence, type, content.length);
    const length = explicit.length + content.length + this.#suite.tagLength;
    const record = Buffer.allocUnsafe(RECORD_HEADER_BYTES + length);
    record.set(recordHeader(type, length));
    record.set(explicit, RECORD_HEADER_BYTES);
    sealInto(record, this.#suite, this.#keys.key, this.#nonce(explicit), additional, [content]);
    this.sequence++;
    return record;
  }

  open(record: Buffer): OpenedRecord {
    const type = record[0]! as ContentType;
    const explicitLength = this.#explicit ? EXPLICIT_NONCE_BYTES : 0;
    const sealed = record.subarray(RECORD_HEADER_BYTES + explicitLength);
    const length = sealed.length - this.#suite.tagLength;
    if (length < 0) throw badRecord();
    if (length > MAX_PLAINTEXT) throw overflow();
    const explicit = record.subarray(RECORD_HEADER_BYTES, RECORD_HEADER_BYTES + explicitLength);
    const additional = additionalData(this.sequence, type, length);
    const content = openWith(this.#suite, this.#keys.key, this.#nonce(explicit), additional, sealed);
    this.sequence++;
    return { type, content };
  }

  wipe(): void {
    wipeKeys(this.#keys);
  }

  #nonce(explicit: Buffer): Buffer {
    return this.#explicit ? Buffer.concat([this.#keys.iv, explicit]) : xorNonce(this.#keys.iv, this.sequence);
  }
}

/** seq_num + type + version + length (RFC 5246 §6.2.3.3): the MAC of CBC records begins with the same bytes. */
export function additionalData(sequence: number, type: number, length: number): Buffer {
  const bytes = Buffer.alloc(13);
  bytes.writeBigUInt64BE(BigInt(sequence), 0);
  recordHeader(type, length).copy(bytes, 8);
  return bytes;
}
