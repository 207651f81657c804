// The handshake messages of one direction, out of whole records: those in the clear, and those of an encrypted flight. What
// is not just a handshake, down to a record without content, ends the reading: it may hide what must be known.
import { ContentType, HandshakeType } from '../../tls/numbers.js';
import { RECORD_HEADER_BYTES, type RecordCipher } from '../record/cipher.js';

/** A handshake that can't be followed in every byte: what passed in it is unseen. */
export class Unseen extends Error {}

export interface HandshakeMessage {
  type: number;
  /** Without the header. */
  body: Buffer;
  /** With the header: what transcripts are made of. */
  bytes: Buffer;
}

/** Longest message that is read: a long certificate chain. */
const MESSAGE_LIMIT = 131_072;

/** Cuts fragments into messages, however they lie in records. */
class Messages {
  readonly whole: HandshakeMessage[] = [];
  #rest: Buffer = Buffer.alloc(0);

  push(fragment: Buffer): void {
    // RFC 9846 §5.1: an empty fragment is forbidden.
    if (fragment.length === 0) throw new Unseen('a handshake record is empty');
    this.#rest = this.#rest.length === 0 ? fragment : Buffer.concat([this.#rest, fragment]);
    while (this.#rest.length >= 4) {
      const end = 4 + this.#rest.readUIntBE(1, 3);
      if (end > MESSAGE_LIMIT) throw new Unseen('a handshake message is too long');
      if (this.#rest.length < end) return;
      const bytes = this.#rest.subarray(0, end);
      this.whole.push({ type: bytes.readUInt8(0), body: bytes.subarray(4), bytes });
      this.#rest = this.#rest.subarray(end);
    }
  }

  /** RFC 9846 §5.1, RFC 5246 §7.1: no message goes over a change of keys. */
  end(): void {
    if (this.#rest.length > 0) throw new Unseen('a handshake message goes over a change of keys');
  }
}

/** The messages before encryption, and where it begins. */
export interface ClearMessages {
  messages: HandshakeMessage[];
  /** Index of the first record under keys. */
  end: number;
}

/**
 * What one direction said in the clear. TLS 1.3: up to its first encrypted record; ChangeCipherSpec means nothing there (RFC 9846
 * §D.4). Before: up to its ChangeCipherSpec. Throws Unseen for any other content.
 */
export function clearMessages(records: readonly Buffer[], isTls13: boolean): ClearMessages {
  const messages = new Messages();
  for (const [index, record] of records.entries()) {
    const type = record[0];
    if (type === ContentType.Handshake) messages.push(record.subarray(RECORD_HEADER_BYTES));
    else if (type === ContentType.ChangeCipherSpec && isChangeCipherSpec(record)) {
      if (isTls13) continue;
      messages.end();
      return { messages: messages.whole, end: index + 1 };
    } else if (type === ContentType.ApplicationData && isTls13) {
      messages.end();
      return { messages: messages.whole, end: index };
    } else throw new Unseen('something else than a handshake passed in the clear');
  }
  throw new Unseen('the handshake was not at its end');
}

export interface EncryptedFlight {
  /** The last is Finished. */
  messages: HandshakeMessage[];
  /** Index of the record after Finished. */
  end: number;
}

/**
 * An encrypted flight of TLS 1.3: handshake messages from record `start` on, however they are cut, up to Finished, which ends its
 * record. Throws Unseen where anything else is in it, or it is not whole, and what `cipher` throws for a record that is not under
 * its keys.
 */
export function encryptedFlight(
  records: readonly Buffer[],
  start: number,
  cipher: RecordCipher,
): EncryptedFlight {
  const reading = new FlightReader(cipher);
  for (let index = start; index < records.length; index++) {
    const record = records[index];
    if (record !== undefined && reading.push(record)) return { messages: reading.messages, end: index + 1 };
  }
  throw new Unseen('a flight of the handshake was not at its end');
}

/** Reads such a flight record by record. */
export class FlightReader {
  readonly #messages = new Messages();

  constructor(private readonly cipher: RecordCipher) {}

  get messages(): HandshakeMessage[] {
    return this.#messages.whole;
  }

  /** True where the record ends the flight. */
  push(record: Buffer): boolean {
    if (record[0] === ContentType.ChangeCipherSpec && isChangeCipherSpec(record)) return false;
    if (record[0] !== ContentType.ApplicationData) {
      throw new Unseen('a record in the clear stands among those of the handshake');
    }
    const { type, content } = this.cipher.open(record);
    if (type !== ContentType.Handshake) throw new Unseen('something else than a handshake is in its flight');
    this.#messages.push(content);
    const finished = this.messages.findIndex((message) => message.type === HandshakeType.Finished);
    if (finished < 0) return false;
    this.#messages.end();
    if (finished < this.messages.length - 1) throw new Unseen('a handshake goes on after Finished');
    return true;
  }
}

/** RFC 9846 §5: of one byte, which is 1. */
const isChangeCipherSpec = (record: Buffer): boolean =>
  record.length === RECORD_HEADER_BYTES + 1 && record[RECORD_HEADER_BYTES] === 1;
