// What a relaying proxy can see of a handshake that it takes no part in: the hellos, TLS 1.2 certificates, and where
// each direction turned to encryption. Nothing here changes a byte.
import { createHash } from 'node:crypto';
import { SessionError } from '../error.js';
import { ContentType, RECORD_HEADER_BYTES } from './cipher.js';
import { Fields } from './fields.js';
import { chainsRecords } from './legacy.js';

/** Bytes of handshake messages in the clear that are kept of one direction at once: a long certificate chain. */
const HANDSHAKE_LIMIT = 131_072;
/** Bytes of an epoch's records that are kept of one direction, where the next ones depend on them. */
const EPOCH_LIMIT = 131_072;

enum HandshakeType {
  ClientHello = 1,
  ServerHello = 2,
  Certificate = 11,
}
enum Extension {
  ServerName = 0,
  MaxFragmentLength = 1,
  Alpn = 16,
  EncryptThenMac = 22,
  ExtendedMasterSecret = 23,
  RecordSizeLimit = 28,
  EarlyData = 42,
  SupportedVersions = 43,
}

/** SHA-256 of "HelloRetryRequest" (RFC 8446 §4.1.3). */
const HELLO_RETRY = Buffer.from('cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c', 'hex');

export interface ClientHello {
  random: Buffer;
  sni: string;
  earlyData: boolean;
  /** RFC 8449: longest plaintext that the client takes, with the content type in TLS 1.3. */
  recordSizeLimit: number | undefined;
  /** RFC 6066 §4: longest plaintext in both directions. */
  maxFragmentLength: number | undefined;
}

export interface ServerHello {
  version: number;
  random: Buffer;
  cipherSuite: number;
  extendedMasterSecret: boolean;
  encryptThenMac: boolean;
  /** TLS 1.2 tells it in the clear. */
  alpn: string | undefined;
}

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

  /** `hasEpochs`: ChangeCipherSpec means something, as it does in TLS 1.2 alone (RFC 8446 §D.4). */
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

export class HandshakeView {
  clientHello: ClientHello | undefined;
  /** The real one: HelloRetryRequest does not count. */
  serverHello: ServerHello | undefined;
  /** SHA-256 of the origin's certificate, where TLS 1.2 shows it. */
  certificateHash: Buffer | undefined;
  readonly client = new Direction(
    (type, body) => {
      if (type === HandshakeType.ClientHello) this.clientHello = parseClientHello(body);
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
    return this.serverHello?.version === 0x0304;
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

  #onOriginMessage(type: number, body: Buffer): void {
    if (type === HandshakeType.ServerHello) {
      const hello = parseServerHello(body);
      if (!hello.random.equals(HELLO_RETRY)) this.serverHello = hello;
    } else if (type === HandshakeType.Certificate && this.serverHello !== undefined && !this.isTls13) {
      const list = new Fields(new Fields(body).vector(3));
      if (list.left > 0) this.certificateHash = createHash('sha256').update(list.vector(3)).digest();
    }
  }
}

function parseClientHello(body: Buffer): ClientHello {
  const from = new Fields(body);
  from.take(2);
  const random = Buffer.from(from.take(32));
  from.vector(1);
  from.vector(2);
  from.vector(1);
  const hello: ClientHello = {
    random,
    sni: '',
    earlyData: false,
    recordSizeLimit: undefined,
    maxFragmentLength: undefined,
  };
  for (const [type, data] of extensions(from)) {
    if (type === Extension.ServerName && data.left > 0) hello.sni = serverName(data);
    else if (type === Extension.EarlyData) hello.earlyData = true;
    else if (type === Extension.RecordSizeLimit) hello.recordSizeLimit = data.integer(2);
    else if (type === Extension.MaxFragmentLength) hello.maxFragmentLength = 2 ** (8 + data.integer(1));
  }
  return hello;
}

function serverName(data: Fields): string {
  const list = new Fields(data.vector(2));
  while (list.left > 0) {
    const isHostName = list.integer(1) === 0;
    const name = list.vector(2);
    if (isHostName) return name.toString('latin1');
  }
  return '';
}

function parseServerHello(body: Buffer): ServerHello {
  const from = new Fields(body);
  const legacyVersion = from.integer(2);
  const random = Buffer.from(from.take(32));
  from.vector(1);
  const cipherSuite = from.integer(2);
  from.take(1);
  const hello: ServerHello = {
    version: legacyVersion,
    random,
    cipherSuite,
    extendedMasterSecret: false,
    encryptThenMac: false,
    alpn: undefined,
  };
  for (const [type, data] of extensions(from)) {
    if (type === Extension.SupportedVersions) hello.version = data.integer(2);
    else if (type === Extension.ExtendedMasterSecret) hello.extendedMasterSecret = true;
    else if (type === Extension.EncryptThenMac) hello.encryptThenMac = true;
    else if (type === Extension.Alpn) hello.alpn = new Fields(data.vector(2)).vector(1).toString('latin1');
  }
  return hello;
}

/** The extensions block; absent in the oldest hellos. */
function extensions(from: Fields): [number, Fields][] {
  const found: [number, Fields][] = [];
  const block = new Fields(from.left > 0 ? from.vector(2) : Buffer.alloc(0));
  while (block.left > 0) found.push([block.integer(2), new Fields(block.vector(2))]);
  return found;
}
