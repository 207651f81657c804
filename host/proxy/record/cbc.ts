// TLS 1.2 CBC records with HMAC: MAC-then-encrypt (RFC 5246 §6.2.3.2) and encrypt-then-MAC (RFC 7366).
import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  randomBytes,
  timingSafeEqual,
} from 'node:crypto';
import { SessionError } from '../error.js';
import { additionalData } from './aead.js';
import {
  type ContentType,
  MAX_PLAINTEXT,
  type OpenedRecord,
  RECORD_HEADER_BYTES,
  type RecordCipher,
  recordHeader,
} from './cipher.js';
import { type RecordKeys, wipeKeys } from './key_schedule.js';
import { type HashName, MAC_LENGTH, type Suite } from './suite.js';

const BLOCK = 16;
const badRecord = () => new SessionError('BAD_RECORD_MAC', 'a record does not open under the session keys');

export class CbcCipher implements RecordCipher {
  sequence: number;
  readonly #suite: Suite;
  readonly #keys: RecordKeys;
  readonly #mac: HashName;
  readonly #macLength: number;
  readonly #encryptThenMac: boolean;

  /** Takes `keys` over. */
  constructor(suite: Suite, keys: RecordKeys, sequence: number, encryptThenMac: boolean) {
    this.#suite = suite;
    this.#keys = keys;
    this.#mac = suite.mac!;
    this.#macLength = MAC_LENGTH[this.#mac];
    this.#encryptThenMac = encryptThenMac;
    this.sequence = sequence;
  }

  seal(type: ContentType, content: Uint8Array): Buffer {
    const iv = randomBytes(BLOCK);
    const cipher = createCipheriv(this.#suite.cipher, this.#keys.key, iv).setAutoPadding(false);
    const inner = [content];
    if (!this.#encryptThenMac) {
      inner.push(this.#hmac(additionalData(this.sequence, type, content.length), content));
    }
    const length = inner.reduce((sum, part) => sum + part.length, 0);
    const padding = BLOCK - (length % BLOCK);
    inner.push(Buffer.alloc(padding, padding - 1));
    const body: Buffer[] = [iv, ...inner.map((part) => cipher.update(part)), cipher.final()];
    let bodyLength = BLOCK + length + padding;
    if (this.#encryptThenMac) {
      body.push(this.#hmac(additionalData(this.sequence, type, bodyLength), ...body));
      bodyLength += this.#macLength;
    }
    this.sequence++;
    return Buffer.concat([recordHeader(type, bodyLength), ...body]);
  }

  open(record: Buffer): OpenedRecord {
    const type = record[0]! as ContentType;
    const body = record.subarray(RECORD_HEADER_BYTES);
    const content = this.#encryptThenMac ? this.#openMacFirst(type, body) : this.#openMacLast(type, body);
    if (content.length > MAX_PLAINTEXT) {
      throw new SessionError('RECORD_OVERFLOW', 'a record holds more than 16384 bytes');
    }
    this.sequence++;
    return { type, content };
  }

  wipe(): void {
    wipeKeys(this.#keys);
  }

  #openMacFirst(type: number, body: Buffer): Buffer {
    const sealedLength = body.length - this.#macLength;
    if (sealedLength < 2 * BLOCK || sealedLength % BLOCK !== 0) throw badRecord();
    const sealed = body.subarray(0, sealedLength);
    const mac = this.#hmac(additionalData(this.sequence, type, sealedLength), sealed);
    if (!timingSafeEqual(mac, body.subarray(sealedLength))) throw badRecord();
    const text = this.#decrypt(sealed);
    // Authenticated already: what the padding looks like is no oracle.
    const { padding, good } = readPadding(text, 1);
    if (!good) throw badRecord();
    return text.subarray(0, text.length - padding);
  }

  /**
   * MAC and padding are judged together, and every record of a length costs the same hash work whatever its padding
   * says (RFC 5246 §6.2.3.2). That evens out compressions; JavaScript can't even out more.
   */
  #openMacLast(type: number, body: Buffer): Buffer {
    const shortest = Math.ceil((this.#macLength + 1) / BLOCK) * BLOCK;
    if (body.length < BLOCK + shortest || body.length % BLOCK !== 0) throw badRecord();
    const text = this.#decrypt(body);
    const { padding, good } = readPadding(text, this.#macLength + 1);
    const contentLength = text.length - this.#macLength - padding;
    const content = text.subarray(0, contentLength);
    const mac = this.#hmac(additionalData(this.sequence, type, contentLength), content);
    this.#evenOut(contentLength, text.length - this.#macLength - 1);
    const same = timingSafeEqual(mac, text.subarray(contentLength, contentLength + this.#macLength));
    if (Number(same) + Number(good) !== 2) throw badRecord();
    return content;
  }

  #decrypt(body: Buffer): Buffer {
    const decipher = createDecipheriv(this.#suite.cipher, this.#keys.key, body.subarray(0, BLOCK));
    return decipher.setAutoPadding(false).update(body.subarray(BLOCK));
  }

  #hmac(...parts: Uint8Array[]): Buffer {
    const hmac = createHmac(this.#mac, this.#keys.macKey);
    for (const part of parts) hmac.update(part);
    return hmac.digest();
  }

  /** Hashes as many more blocks as the longest possible content would have taken. */
  #evenOut(contentLength: number, longest: number): void {
    const block = this.#mac === 'sha384' ? 128 : 64;
    const lengthField = this.#mac === 'sha384' ? 17 : 9;
    const blocks = (length: number) => Math.ceil((13 + length + lengthField) / block);
    const missing = blocks(longest) - blocks(contentLength);
    // A digest of nothing is one compression, of n blocks n + 1: always at least one call, so that none stands out.
    createHash(this.#mac)
      .update(DUMMY.subarray(0, missing * block))
      .digest();
  }
}

const DUMMY = Buffer.alloc(512);

/**
 * Length of the padding with its length byte. A padding that can't be counts as one byte, so that the MAC is taken
 * over something (RFC 5246 §6.2.3.2). Constant time in the padding's content for a text of given length.
 */
function readPadding(text: Buffer, reserved: number): { padding: number; good: boolean } {
  const claimed = text[text.length - 1]!;
  const room = text.length - reserved;
  let bad = (room - claimed) >>> 31;
  const window = Math.min(256, text.length);
  for (let i = 0; i < window; i++) {
    // -1 while i is inside the claimed padding, 0 outside.
    const inside = ~((claimed - i) >> 31);
    bad |= inside & (text[text.length - 1 - i]! ^ claimed);
  }
  // 0 when bad is 0, else all ones.
  const failed = (bad | -bad) >> 31;
  return { padding: (claimed & ~failed) + 1, good: failed === 0 };
}
