// What a relaying proxy can see of a handshake that it takes no part in: the hellos, TLS 1.2 certificates, and where
// each direction turned to encryption. Nothing here changes a byte.
import { createHash } from 'node:crypto';
import { Fields } from '../../tls/fields.js';
import { type ClientHello, parseClientHello, parseServerHello, type ServerHello } from '../../tls/hello.js';
import { HandshakeType, Version } from '../../tls/numbers.js';
import { SessionError } from '../error.js';
import { ContentType, RECORD_HEADER_BYTES } from './cipher.js';
import { chainsRecords } from './legacy.js';

/** Bytes of handshake messages in the clear that are kept of one direction at once: a long certificate chain. */
const HANDSHAKE_LIMIT = 131_072;
/** Bytes of an epoch's records that are kept of one direction, where the next ones depend on them. */
const EPOCH_LIMIT = 131_072;

/** One direction of a handshake as its records pass. */
class Direction {
  records = 0;
  /** TLS 1.2: index of the record after the first ChangeCipherSpec. */
  epochStart: number | undefined;
  /** That record itself, which is the Finished message. */
  finished: Buffer | undefined;
  /** All records since, where they depend on one another; no more once they are too many. */
  readonly epoch: Buffer[] = [];
  epochIsWhole = true;
  #epochBytes = 0;
  #messages: Buffer = Buffer.alloc(0);

  /** `hasEpochs`: ChangeCipherSpec means something, as it does in TLS 1.2 alone (RFC 9846 §E.4). */
  constructor(
    readonly onMessage: (type: number, body: Buffer) => void,
    readonly hasEpochs: () => boolean,
    readonly chains: () => boolean,
  ) {}

  record(record: Buffer): void {
    const index = this.records++;
    if (this.epochStart !== undefined) {
      if (index === this.epochStart) this.finished = Buffer.from(record);
      if (this.chains()) this.#keep(record);
      return;
    }
    if (record[0] === ContentType.ChangeCipherSpec && this.hasEpochs()) this.epochStart = this.records;
    else if (record[0] === ContentType.Handshake) this.#handshake(record.subarray(RECORD_HEADER_BYTES));
  }

  /** Whether the record of this index comes after TLS 1.2's Finished. */
  isAfterFinished(index: number): boolean {
    return this.epochStart !== undefined && index > this.epochStart;
  }

  #keep(record: Buffer): void {
    this.#epochBytes += record.length;
    if (this.#epochBytes <= EPOCH_LIMIT) {
      this.epoch.push(Buffer.from(record));
    } else {
      this.epochIsWhole = false;
      this.epoch.length = 0;
    }
  }

  #handshake(fragment: Buffer): void {
    if (this.#messages.length + fragment.length > HANDSHAKE_LIMIT) {
      throw new SessionError('DECODE_ERROR', 'a handshake is too long to follow');
    }
    this.#messages = Buffer.concat([this.#messages, fragment]);
    while (this.#messages.length >= 4) {
      const end = 4 + this.#messages.readUIntBE(1, 3);
      if (this.#messages.length < end) return;
      this.onMessage(this.#messages[0]!, this.#messages.subarray(4, end));
      this.#messages = Buffer.from(this.#messages.subarray(end));
    }
  }
}

export type { ClientHello };

export class HandshakeView {
  clientHello: ClientHello | undefined;
  /** The real one: HelloRetryRequest does not count. */
  serverHello: ServerHello | undefined;
  /** SHA-256 of the origin's certificate, where TLS 1.2 shows it. */
  certificateHash: Buffer | undefined;
  readonly client = new Direction(
    (type, body) => {
      if (type === HandshakeType.ClientHello) this.#onClientHello(parseClientHello(body));
    },
    () => this.#hasEpochs,
    () => this.#chains,
  );
  readonly origin = new Direction(
    (type, body) => this.#onOriginMessage(type, body),
    () => this.#hasEpochs,
    () => this.#chains,
  );

  get isTls13(): boolean {
    return this.serverHello?.version === Version.Tls13;
  }

  /** Whether this record of the client may hold application data: it must wait where the client waits for nobody. */
  mayBeApplicationData(record: Buffer): boolean {
    return record[0] === ContentType.ApplicationData && this.serverHello !== undefined;
  }

  /** The same where nothing of an application may pass: `record` is the client's newest, of which the view was told. */
  mayHideClientData(record: Buffer): boolean {
    return record[0] === ContentType.ApplicationData || this.client.isAfterFinished(this.client.records - 1);
  }

  /** `record` is the origin's next, of which the view was not told. In TLS 1.3 its whole flight looks like data. */
  mayHideOriginData(record: Buffer): boolean {
    if (record[0] === ContentType.ApplicationData && !this.isTls13) return true;
    return this.origin.isAfterFinished(this.origin.records);
  }

  get #hasEpochs(): boolean {
    return this.serverHello !== undefined && !this.isTls13;
  }

  get #chains(): boolean {
    return (
      this.serverHello !== undefined && chainsRecords(this.serverHello.version, this.serverHello.cipherSuite)
    );
  }

  /** RFC 9846 §4.2.2: what a first hello offered of early data stands, though a second may not. */
  #onClientHello(hello: ClientHello): void {
    this.clientHello = { ...hello, earlyData: hello.earlyData || this.clientHello?.earlyData === true };
  }

  #onOriginMessage(type: number, body: Buffer): void {
    if (type === HandshakeType.ServerHello) {
      const hello = parseServerHello(body);
      if (!hello.isRetry) this.serverHello = hello;
    } else if (type === HandshakeType.Certificate && this.serverHello !== undefined && !this.isTls13) {
      const list = new Fields(new Fields(body).vector(3));
      if (list.left > 0) this.certificateHash = createHash('sha256').update(list.vector(3)).digest();
    }
  }
}
