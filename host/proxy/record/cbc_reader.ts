// TLS 1.2 CBC records without their MAC keys (grant `observe`): what is read may be forged for all that this reader knows,
// and it can make no record that a TLS endpoint would take. Each record has its own IV (RFC 5246 §6.2.3.2), so that reading may
// begin at any of them.
import { createDecipheriv } from 'node:crypto';
import { SessionError } from '../error.js';
import { type ContentType, MAX_PLAINTEXT, type OpenedRecord, RECORD_HEADER_BYTES } from './cipher.js';
import { MAC_LENGTH, type Suite } from './suite.js';

const BLOCK = 16;

export class CbcReader {
  readonly #suite: Suite;
  readonly #key: Buffer;
  readonly #encryptThenMac: boolean;

  /** Takes `key` over. */
  constructor(suite: Suite, key: Buffer, encryptThenMac: boolean) {
    this.#suite = suite;
    this.#key = key;
    this.#encryptThenMac = encryptThenMac;
  }

  /** Throws WRONG_SECRET where the padding is none, RECORD_OVERFLOW. */
  open(record: Buffer): OpenedRecord {
    const macLength = MAC_LENGTH[this.#suite.mac!];
    const end = this.#encryptThenMac ? record.length - macLength : record.length;
    const body = record.subarray(RECORD_HEADER_BYTES, end);
    if (body.length < 2 * BLOCK || body.length % BLOCK !== 0) throw unreadable();
    const decipher = createDecipheriv(this.#suite.cipher, this.#key, body.subarray(0, BLOCK));
    const text = decipher.setAutoPadding(false).update(body.subarray(BLOCK));
    const padding = text.at(-1)! + 1;
    const length = text.length - padding - (this.#encryptThenMac ? 0 : macLength);
    if (length < 0 || text.subarray(-padding).some((byte) => byte !== padding - 1)) throw unreadable();
    if (length > MAX_PLAINTEXT) {
      throw new SessionError('RECORD_OVERFLOW', 'a record holds more than 16384 bytes');
    }
    return { type: record[0]! as ContentType, content: text.subarray(0, length) };
  }

  wipe(): void {
    this.#key.fill(0);
  }
}

const unreadable = () =>
  new SessionError('WRONG_SECRET', 'the delivered keys do not read the records of this session');
