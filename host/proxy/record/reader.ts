// Cuts a byte stream into TLS records without touching them.
import { SessionError } from '../error.js';
import { type INTERRUPTED, ReadAhead } from '../streams/read_ahead.js';
import { ContentType, MAX_FRAGMENT, RECORD_HEADER_BYTES } from './cipher.js';

export class RecordReader {
  constructor(readonly bytes: ReadAhead) {}

  /**
   * The next whole record, header included; undefined at the end of the stream. Throws NOT_TLS, RECORD_OVERFLOW, and
   * TRUNCATED where the stream ends inside a record.
   */
  async next(): Promise<Buffer | undefined | typeof INTERRUPTED> {
    for (;;) {
      const record = this.#cut();
      if (record !== undefined) return record;
      const filled = await this.bytes.fill();
      if (filled === true) continue;
      if (filled !== false) return filled;
      if (this.bytes.buffer.length === 0) return undefined;
      throw new SessionError('TRUNCATED', 'the connection ended inside a record');
    }
  }

  /** The next record where it is here already, whole. Throws as `next` does. */
  nextNow(): Buffer | undefined {
    for (;;) {
      const record = this.#cut();
      if (record !== undefined || !this.bytes.fillNow()) return record;
    }
  }

  #cut(): Buffer | undefined {
    const length = this.#wholeLength();
    return length !== undefined && this.bytes.buffer.length >= length ? this.bytes.take(length) : undefined;
  }

  #wholeLength(): number | undefined {
    const { buffer } = this.bytes;
    if (buffer.length < RECORD_HEADER_BYTES) return undefined;
    const type = buffer[0]!;
    if (type < ContentType.ChangeCipherSpec || type > ContentType.Heartbeat || buffer[1] !== 3) {
      throw new SessionError('NOT_TLS', 'what came is no TLS record');
    }
    const length = buffer.readUInt16BE(3);
    if (length > MAX_FRAGMENT) {
      throw new SessionError(
        'RECORD_OVERFLOW',
        `a record announces ${length} bytes, at most ${MAX_FRAGMENT} may be`,
      );
    }
    return RECORD_HEADER_BYTES + length;
  }
}

export const recordReader = (source: { read(): Promise<Buffer | undefined> }): RecordReader =>
  new RecordReader(new ReadAhead(source));
