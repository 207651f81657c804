// The plaintext of one side of a TLS connection whose keys the proxy holds: opens what comes, seals what goes, and
// answers what a TLS endpoint must answer after the handshake (RFC 9846 §4.7, §6; RFC 5246 §7.2, §7.4.1.1).

import { Alert } from '../../../assembly/alert.js';
import { DecodeError } from '../../tls/fields.js';
import { Version } from '../../tls/numbers.js';
import { SessionError, sessionError } from '../error.js';
import type { ByteStream } from '../streams/byte_stream.js';
import { ContentType, MAX_PLAINTEXT, type OpenedRecord, type RecordCipher } from './cipher.js';

enum HandshakeType {
  HelloRequest = 0,
  ClientHello = 1,
  NewSessionTicket = 4,
  KeyUpdate = 24,
}

/** Records, KeyUpdates and warnings without a byte of content that are borne in a row. */
const IDLE_RECORD_LIMIT = 32;
const HANDSHAKE_LIMIT = 65_536;
/** RFC 9846 §5.5 allows 2^24.5 full records under one AES-GCM key. */
const RECORDS_PER_KEY = 2 ** 24;

export interface RecordStreamOptions {
  /** `client`: this end seals as the TLS client, toward the origin. `server`: as the origin, toward a mirror client. */
  role: 'client' | 'server';
  version: number;
  opening: RecordCipher;
  sealing: RecordCipher;
  /** The next whole record; undefined at the end of the transport. */
  nextRecord: () => Promise<Buffer | undefined>;
  /** The next whole record where it is here already. */
  recordNow?: () => Buffer | undefined;
  transport: Pick<ByteStream, 'write' | 'end' | 'destroy'>;
  /** Longest plaintext to seal; 16384 unless the peer asked for less. */
  recordSizeLimit?: number | undefined;
  /** No record has shown yet that the keys are right: one that does not open says that they are wrong. */
  unproved?: boolean;
  /** TLS 1.3: a whole NewSessionTicket message, header included. */
  onTicket?: (message: Buffer) => void;
  /**
   * With the keys of one epoch alone: called when these must not be used again, because the origin changed its own (KEY_UPDATE) or
   * because they have sealed enough (KEY_WORN). `stop` is expected before this returns.
   */
  onEpochOver?: (why: 'KEY_UPDATE' | 'KEY_WORN') => void;
  /** Keys of one direction moved on, this many times so far. */
  onKeyUpdate?: (direction: 'opening' | 'sealing', generation: number) => void;
}

export class RecordStream implements ByteStream {
  readonly #options: RecordStreamOptions;
  readonly #limit: number;
  #messages: Buffer = Buffer.alloc(0);
  #idleRecords = 0;
  #peerClosed = false;
  #closed = false;
  #generations = { opening: 0, sealing: 0 };
  #ready: Buffer[] = [];
  #sealed = 0;
  #opened = 0;
  /** Records that hold a message which is not whole yet, or that came too late. */
  #unused: Buffer[] = [];
  #stopped: SessionError | undefined;
  /** Answers to the peer on their way: nothing more is read until they are out. */
  #reply: Promise<void> | undefined;

  constructor(options: RecordStreamOptions) {
    this.#options = options;
    this.#limit = Math.min(MAX_PLAINTEXT, options.recordSizeLimit ?? MAX_PLAINTEXT);
  }

  async read(): Promise<Buffer | undefined> {
    try {
      return await this.#read();
    } catch (error) {
      throw this.#blame(error);
    }
  }

  readNow(): Buffer | undefined {
    const { recordNow } = this.#options;
    try {
      for (;;) {
        const ready = this.#ready.shift();
        if (ready !== undefined) return ready;
        if (this.#peerClosed || this.#reply !== undefined || this.#stopped !== undefined) return undefined;
        const record = recordNow?.();
        if (record === undefined) return undefined;
        this.#use(record, this.#options.opening.open(record));
      }
    } catch (error) {
      throw this.#blame(error);
    }
  }

  async #read(): Promise<Buffer | undefined> {
    for (;;) {
      const ready = this.#ready.shift();
      if (ready !== undefined) return ready;
      if (this.#peerClosed) return undefined;
      if (this.#reply !== undefined) await this.#reply;
      const record = await this.#options.nextRecord();
      if (this.#stopped !== undefined) {
        if (record !== undefined) this.#unused.push(record);
        throw this.#stopped;
      }
      // RFC 9846 §6.1: without close_notify nobody knows whether more was to come.
      if (record === undefined) throw new SessionError('TRUNCATED', 'a side closed without close_notify');
      this.#use(record, this.#options.opening.open(record));
    }
  }

  #use(record: Buffer, opened: OpenedRecord): void {
    this.#unused.push(record);
    this.#onRecord(opened, false);
    if (this.#stopped !== undefined) throw this.#stopped;
    if (this.#messages.length > 0) return;
    this.#opened += this.#unused.length;
    this.#unused.length = 0;
  }

  #blame(error: unknown): unknown {
    const isFirst = this.#options.unproved === true && this.#options.opening.sequence === 0;
    if (isFirst && error instanceof SessionError && error.code === 'BAD_RECORD_MAC') {
      return this.#blame(
        new SessionError('WRONG_SECRET', 'the delivered secret does not open the records of this session'),
      );
    }
    const failure = error instanceof DecodeError ? sessionError(error, 'DECODE_ERROR') : error;
    if (failure instanceof SessionError) failure.blame(this.#options.role === 'client' ? 'origin' : 'client');
    return failure;
  }

  /** Records that were sealed, and those that were opened and used up. */
  get sealed(): number {
    return this.#sealed;
  }

  get opened(): number {
    return this.#opened;
  }

  /** Records that another reader has to begin with, once this one has stopped. */
  get unused(): readonly Buffer[] {
    return this.#unused;
  }

  /** Ends all reading and writing at once, between two records: what is tried from here on fails with `error`. */
  stop(error: SessionError): void {
    this.#stopped = error;
  }

  /** Follows a record that the other leg has already got as it is: only the state counts. */
  follow(record: Buffer): void {
    this.#onRecord(this.#options.opening.open(record), true);
  }

  #onRecord({ type, content }: OpenedRecord, relayed: boolean): void {
    if (content.length === 0 || type !== ContentType.ApplicationData) this.#countIdle();
    else this.#idleRecords = 0;
    if (this.#messages.length > 0 && type !== ContentType.Handshake) {
      throw new SessionError('UNEXPECTED_MESSAGE', 'a handshake message was interrupted');
    }
    switch (type) {
      case ContentType.ApplicationData:
        if (content.length > 0 && !relayed) this.#ready.push(content);
        break;
      case ContentType.Alert:
        this.#onAlert(content);
        break;
      case ContentType.Handshake:
        this.#onHandshake(content, relayed);
        break;
      default:
        throw new SessionError('UNEXPECTED_MESSAGE', `a record of type ${type} came after the handshake`);
    }
  }

  write(bytes: Uint8Array): Promise<void> {
    if (bytes.length > 0 && bytes.length <= this.#limit) {
      return this.#seal(ContentType.ApplicationData, bytes);
    }
    return this.#writeInRecords(bytes);
  }

  async #writeInRecords(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length; at += this.#limit) {
      await this.#seal(ContentType.ApplicationData, bytes.subarray(at, at + this.#limit));
    }
  }

  /** Passes a post-handshake message on, as the peer of this end would have sent it. */
  async writeHandshake(message: Uint8Array): Promise<void> {
    for (let at = 0; at < message.length; at += this.#limit) {
      await this.#seal(ContentType.Handshake, message.subarray(at, at + this.#limit));
    }
  }

  async end(): Promise<void> {
    if (this.#closed) return;
    const sent = this.#seal(ContentType.Alert, Buffer.from([1, Alert.CloseNotify]));
    this.#closed = true;
    // Who has closed in order before may be gone already, and misses nothing.
    await (this.#peerClosed ? sent.catch(() => {}) : sent);
    await this.#options.transport.end();
  }

  /** Sends a fatal alert and closes the transport. */
  async fail(alert: Alert): Promise<void> {
    if (this.#closed) return;
    const sent = this.#seal(ContentType.Alert, Buffer.from([2, alert]));
    this.#closed = true;
    await sent;
    await this.#options.transport.end();
  }

  destroy(): void {
    this.#closed = true;
    this.#options.transport.destroy();
  }

  /** Overwrites the keys; nothing can be read or written after. */
  wipe(): void {
    this.#closed = true;
    this.#options.opening.wipe();
    this.#options.sealing.wipe();
  }

  #seal(type: ContentType, content: Uint8Array): Promise<void> {
    if (this.#closed) {
      return Promise.reject(new SessionError('ORIGIN_GONE', 'this side of the session is closed'));
    }
    const { sealing, transport, onEpochOver } = this.#options;
    if (sealing.sequence >= RECORDS_PER_KEY && this.#options.version === Version.Tls13) {
      if (onEpochOver === undefined) this.#updateSealing(0);
      else if (this.#stopped === undefined) onEpochOver('KEY_WORN');
    }
    if (this.#stopped !== undefined) return Promise.reject(this.#stopped);
    this.#sealed++;
    return transport.write(sealing.seal(type, content));
  }

  #countIdle(): void {
    if (++this.#idleRecords > IDLE_RECORD_LIMIT) {
      throw new SessionError('UNEXPECTED_MESSAGE', 'too many records without content');
    }
  }

  #onAlert(content: Buffer): void {
    if (content.length !== 2) throw new SessionError('DECODE_ERROR', 'an alert has two bytes');
    const [level, description] = content as unknown as [number, number];
    if (description === Alert.CloseNotify) {
      this.#peerClosed = true;
      return;
    }
    // RFC 9846 §6: the level is ignored there, and user_canceled alone is no error. TLS 1.2 has warnings.
    const isWarning =
      this.#options.version === Version.Tls13 ? description === Alert.UserCanceled : level === 1;
    if (isWarning) return;
    throw new SessionError('PEER_ALERT', `a side sent the alert ${Alert[description] ?? description}`, {
      received: description,
    });
  }

  #onHandshake(content: Buffer, relayed: boolean): void {
    if (content.length === 0) throw new SessionError('UNEXPECTED_MESSAGE', 'an empty handshake record');
    this.#messages = Buffer.concat([this.#messages, content]);
    while (this.#messages.length >= 4) {
      const end = 4 + this.#messages.readUIntBE(1, 3);
      if (end > HANDSHAKE_LIMIT) throw new SessionError('DECODE_ERROR', 'a handshake message is too long');
      if (this.#messages.length < end) return;
      const message = this.#messages.subarray(0, end);
      this.#messages = this.#messages.subarray(end);
      this.#onMessage(message, relayed);
    }
  }

  #onMessage(message: Buffer, relayed: boolean): void {
    const type = message[0]!;
    const { role, version } = this.#options;
    if (version === Version.Tls13) {
      if (type === HandshakeType.KeyUpdate) {
        this.#onKeyUpdate(message, relayed);
        return;
      }
      if (type === HandshakeType.NewSessionTicket && role === 'client') {
        if (!relayed) this.#options.onTicket?.(Buffer.from(message));
        return;
      }
    } else if (type === (role === 'client' ? HandshakeType.HelloRequest : HandshakeType.ClientHello)) {
      // RFC 5746 §4.5: no renegotiation, and the connection goes on.
      this.#answer(this.#seal(ContentType.Alert, Buffer.from([1, Alert.NoRenegotiation])));
      return;
    }
    throw new SessionError(
      'UNEXPECTED_MESSAGE',
      `a handshake message of type ${type} came after the handshake`,
    );
  }

  /** RFC 9846 §4.7.3. */
  #onKeyUpdate(message: Buffer, relayed: boolean): void {
    if (message.length !== 5 || message[4]! > 1)
      throw new SessionError('DECODE_ERROR', 'a malformed KeyUpdate');
    // RFC 9846 §5.1: a message before a key change ends its record.
    if (this.#messages.length > 0) {
      throw new SessionError('UNEXPECTED_MESSAGE', 'a KeyUpdate does not end its record');
    }
    const { onEpochOver } = this.#options;
    // The one with the traffic secrets follows: the record stays unused.
    if (onEpochOver !== undefined && !relayed) {
      onEpochOver('KEY_UPDATE');
      return;
    }
    updateKeys(this.#options.opening);
    this.#options.onKeyUpdate?.('opening', ++this.#generations.opening);
    if (message[4] === 1 && !relayed && !this.#closed) this.#updateSealing(0);
  }

  /** A failed answer shows when the stream is used next. */
  #answer(writing: Promise<void>): void {
    const reply = writing
      .catch(() => {})
      .then(() => {
        if (this.#reply === reply) this.#reply = undefined;
      });
    this.#reply = reply;
  }

  #updateSealing(requestPeer: 0 | 1): void {
    const { sealing, transport } = this.#options;
    const message = Buffer.from([HandshakeType.KeyUpdate, 0, 0, 1, requestPeer]);
    this.#answer(transport.write(sealing.seal(ContentType.Handshake, message)));
    updateKeys(sealing);
    this.#options.onKeyUpdate?.('sealing', ++this.#generations.sealing);
  }
}

function updateKeys(cipher: RecordCipher): void {
  if (cipher.updateKeys === undefined) {
    throw new SessionError('UNEXPECTED_MESSAGE', 'this session has no next generation of keys');
  }
  cipher.updateKeys();
}
