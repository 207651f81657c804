// The hellos of a blind tunnel: the name in one may be another than CONNECT asked for, and what must not go there must not go there
// by that name. Nothing is held longer than a record, or than a service needs to judge.
import { Transform } from 'node:stream';
import { type ClientHello, parseClientHello } from '../../tls/hello.js';
import { ContentType, HandshakeType } from '../../tls/numbers.js';
import { SessionError } from '../error.js';
import { MAX_FRAGMENT, RECORD_HEADER_BYTES } from '../record/cipher.js';

/** Longest hello that is waited for: several with post-quantum shares and a chain of tickets fit. */
const HELLO_LIMIT = 65_536;

/** Rejects where bytes must not pass. */
export type JudgeHello = (hello: ClientHello) => Promise<void>;

export class HelloGate {
  #isOver = false;
  #bytes: Buffer = Buffer.alloc(0);
  #message: Buffer = Buffer.alloc(0);

  constructor(private readonly judge: JudgeHello) {}

  /** What may go on, of these bytes and those before. Rejects with SessionError STREAM_REFUSED, and DecodeError. */
  async push(bytes: Buffer): Promise<Buffer> {
    if (this.#isOver) return bytes;
    this.#bytes = this.#bytes.length === 0 ? bytes : Buffer.concat([this.#bytes, bytes]);
    let passed = 0;
    while (!this.#isOver) {
      const record = recordAt(this.#bytes, passed);
      if (record === undefined) break;
      if (record === null) this.#isOver = true;
      else {
        await this.#follow(record);
        passed += record.length;
      }
    }
    const going = this.#isOver ? this.#bytes : this.#bytes.subarray(0, passed);
    this.#bytes = this.#isOver ? Buffer.alloc(0) : this.#bytes.subarray(passed);
    return going;
  }

  /** What is left when no more comes: no whole record. */
  end(): Buffer {
    this.#isOver = true;
    return this.#bytes;
  }

  /** A second hello may come behind a HelloRetryRequest, with a ChangeCipherSpec between them (RFC 9846 §D.4). */
  async #follow(record: Buffer): Promise<void> {
    if (record[0] === ContentType.ChangeCipherSpec) return;
    this.#message = Buffer.concat([this.#message, record.subarray(RECORD_HEADER_BYTES)]);
    while (this.#message.length >= 4) {
      if (this.#message[0] !== HandshakeType.ClientHello) {
        this.#isOver = true;
        return;
      }
      const end = 4 + this.#message.readUIntBE(1, 3);
      if (end > HELLO_LIMIT) throw new SessionError('STREAM_REFUSED', 'a hello is too long to be read');
      if (this.#message.length < end) return;
      const hello = parseClientHello(this.#message.subarray(4, end));
      this.#message = this.#message.subarray(end);
      await this.judge(hello);
    }
  }
}

/** The same for one direction of a pipe. */
export function gated(judge: JudgeHello): Transform {
  const gate = new HelloGate(judge);
  return new Transform({
    transform(chunk: Buffer, _, done) {
      gate.push(chunk).then((bytes) => done(null, bytes), done);
    },
    flush(done) {
      done(null, gate.end());
    },
  });
}

/** A record that may belong to a hello; undefined where more bytes are needed, null where there is none. */
function recordAt(bytes: Buffer, at: number): Buffer | undefined | null {
  const type = bytes[at];
  if (type === undefined) return undefined;
  if (type !== ContentType.Handshake && type !== ContentType.ChangeCipherSpec) return null;
  if (bytes.length > at + 1 && bytes[at + 1] !== 3) return null;
  if (bytes.length < at + RECORD_HEADER_BYTES) return undefined;
  const length = bytes.readUInt16BE(at + 3);
  if (length > MAX_FRAGMENT) return null;
  const end = at + RECORD_HEADER_BYTES + length;
  return bytes.length < end ? undefined : bytes.subarray(at, end);
}
