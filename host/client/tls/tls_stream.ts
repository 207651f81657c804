// A TLS connection of the engine, run over a transport; itself a transport, so that one can lie in another.
import { DeputyError } from '../../delegation/error.js';
import type { TlsConnection } from '../../engine/tls.js';
import type { Platform, Transport } from '../../platform/platform.js';
import type { Link, Observer, TlsFacts } from '../observer.js';
import { tlsFailure } from './tls_failure.js';

/** Milliseconds that a close waits for queued bytes to go out. */
const LINGER = 2000;

/** Plaintext that may come before the proxy takes over: greetings, never content. */
const EARLY_LIMIT = 262_144;

export class TlsStream implements Transport {
  readonly link: Link;
  /** Called when there may be a session to resume from, at the latest before the connection is freed. */
  keepSessions: (connection: TlsConnection) => void = () => {};
  readonly #connection: TlsConnection;
  readonly #below: Transport;
  readonly #platform: Pick<Platform, 'setTimer'>;
  readonly #observer: Observer;
  #onReceived: (connection: TlsConnection) => void = () => {};
  /** Received, not yet given to the engine. */
  #input: Uint8Array = new Uint8Array(0);
  #writing: Promise<unknown> = Promise.resolve();
  #closed = false;
  #freed = false;

  constructor(
    connection: TlsConnection,
    below: Transport,
    platform: Pick<Platform, 'setTimer'>,
    link: Link,
    observer: Observer = {},
  ) {
    this.#connection = connection;
    this.#below = below;
    this.#platform = platform;
    this.link = link;
    this.#observer = observer;
  }

  /** Calls `listener` when bytes have been taken in: keys may have changed. */
  watchReceived(listener: (connection: TlsConnection) => void): void {
    this.#onReceived = listener;
  }

  /** The engine's side. Not to be used once the stream is closed. */
  get connection(): TlsConnection {
    if (this.#freed) throw this.#closedError();
    return this.#connection;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Runs the handshake to its end. The peer is verified when this resolves, and nothing but TLS was sent before. */
  async handshake(): Promise<TlsFacts> {
    this.#guard(() => this.connection.start());
    await this.flush();
    while (!this.connection.flags.handshakeDone) await this.#feed((bytes) => this.connection.receive(bytes));
    this.#offerSessions();
    return this.facts();
  }

  facts(): TlsFacts {
    const { version, cipherSuite, alpn, resumed, certificateHash } = this.connection.info();
    return { version, cipherSuite, alpn: alpn ?? '', resumed, certificateHash };
  }

  /** Plaintext; undefined after close_notify. Throws TLS_TRUNCATED when the stream ended without it. */
  async read(): Promise<Uint8Array | undefined> {
    for (;;) {
      if (this.#closed) return undefined;
      const plaintext = this.connection.read();
      if (plaintext !== undefined) return plaintext;
      if (this.connection.flags.peerClosed) return undefined;
      await this.#feed((bytes) => this.connection.receive(bytes));
    }
  }

  write(bytes: Uint8Array): Promise<void> {
    const written = this.#writing.then(() => this.#seal(bytes));
    this.#writing = written.catch(() => {});
    return written;
  }

  /**
   * Runs exactly `records` inner records, counted from the start of the connection, through the engine. Bytes behind
   * them stay out of it. Returns the plaintext that they held.
   */
  async receiveRecords(records: number): Promise<Uint8Array[]> {
    const plaintext: Uint8Array[] = [];
    let length = 0;
    for (;;) {
      for (let bytes = this.connection.read(); bytes !== undefined; bytes = this.connection.read()) {
        plaintext.push(bytes);
        length += bytes.length;
        if (length > EARLY_LIMIT) {
          throw new DeputyError(
            'HANDOVER_MISMATCH',
            'too much came from the origin before the proxy took over',
          );
        }
      }
      if (this.connection.records().received >= records) return plaintext;
      await this.#feed((bytes) => this.connection.receiveRecord(bytes));
    }
  }

  /** Gives up the bytes that were read from the transport below and not used: somebody else reads on there. */
  suspend(): Uint8Array {
    const unread = this.#input;
    this.#input = new Uint8Array(0);
    return unread;
  }

  /** As `suspend`, for good: the engine's connection is wiped and freed. */
  release(): Uint8Array {
    this.#offerSessions();
    this.#closed = true;
    this.#free();
    return this.suspend();
  }

  /** As `suspend`, for good: the engine's connection is the caller's, to import tickets and to free. */
  retire(): { unread: Uint8Array; connection: TlsConnection } {
    this.#offerSessions();
    this.#closed = true;
    this.#freed = true;
    this.#connection.retire();
    return { unread: this.suspend(), connection: this.#connection };
  }

  /** Reads on where another party left off, after so many records of its own, and locks it out by new keys. */
  async takeBack(written: number, read: number, unread: Uint8Array): Promise<void> {
    this.#input = unread;
    this.#guard(() => this.connection.takeBack(written, read));
    await this.flush();
  }

  /** TLS 1.3: new keys for what is sent from here on, and asks the peer for its own. */
  keyUpdate(): Promise<void> {
    const updated = this.#writing.then(async () => {
      this.#guard(() => this.connection.keyUpdate(true));
      await this.flush();
    });
    this.#writing = updated.catch(() => {});
    return updated;
  }

  /** Says close_notify, and reads on until the peer says it too. */
  async sayClose(): Promise<void> {
    await this.#writing;
    await this.#sayGoodbye();
    while (!this.#closed && !this.connection.flags.closed) {
      const plaintext = this.connection.read();
      if (plaintext === undefined) await this.#feed((bytes) => this.connection.receive(bytes));
    }
  }

  /** Sends what is queued and close_notify; what the peer still sends is read (RFC 9846 §6.1). */
  end(): Promise<void> {
    const said = this.#writing.then(() => this.#sayGoodbye());
    this.#writing = said.catch(() => {});
    return said;
  }

  /** Sends what is queued and close_notify, then closes the transport below. */
  close(): void {
    if (this.#closed) return;
    this.#offerSessions();
    this.#closed = true;
    let ended = false;
    const end = () => {
      if (ended) return;
      ended = true;
      cancel();
      this.#free();
      this.#below.close();
    };
    const cancel = this.#platform.setTimer(LINGER, end);
    void this.#writing.then(() => this.#sayGoodbye()).then(end, end);
  }

  /** Closes at once, whatever is queued. */
  abort(): void {
    this.#closed = true;
    this.#free();
    const below = this.#below;
    if (below instanceof TlsStream) below.abort();
    else below.close();
  }

  async #sayGoodbye(): Promise<void> {
    if (this.#freed || !this.#connection.flags.handshakeDone) return;
    this.#connection.close();
    const bytes = this.#connection.takeOutput();
    if (bytes !== undefined) await this.#send(bytes);
  }

  async #seal(bytes: Uint8Array): Promise<void> {
    let at = 0;
    while (at < bytes.length) {
      const accepted = this.#guard(() => this.connection.write(bytes.subarray(at)));
      const sealed = this.connection.takeOutput();
      if (accepted === 0 && sealed === undefined) throw this.#closedError();
      at += accepted;
      if (sealed !== undefined) await this.#send(sealed);
    }
  }

  async #feed(give: (bytes: Uint8Array) => number): Promise<void> {
    if (this.#input.length === 0) {
      const bytes = await this.#below.read().catch((error: unknown) => {
        throw tlsFailure(error, this.link);
      });
      if (this.#freed) throw this.#closedError();
      if (bytes === undefined) return this.#guard(() => this.connection.receiveEnd());
      this.#observer.onWire?.(this.link, 'received', bytes);
      this.#input = bytes;
    }
    const taken = this.#guard(() => give(this.#input));
    this.#input = this.#input.subarray(taken);
    await this.flush();
    this.#offerSessions();
    if (!this.#freed) this.#onReceived(this.#connection);
  }

  #offerSessions(): void {
    if (!this.#freed && this.#connection.flags.sessionAvailable) this.keepSessions(this.#connection);
  }

  /** What the engine wants to send: handshake messages, answers to KeyUpdate, alerts. */
  async flush(): Promise<void> {
    for (
      let bytes = this.connection.takeOutput();
      bytes !== undefined;
      bytes = this.connection.takeOutput()
    ) {
      await this.#send(bytes);
      if (this.#freed) throw this.#closedError();
    }
  }

  async #send(bytes: Uint8Array): Promise<void> {
    this.#observer.onWire?.(this.link, 'sent', bytes);
    try {
      await this.#below.write(bytes);
    } catch (error) {
      throw tlsFailure(error, this.link);
    }
  }

  /** Runs one call of the engine; when it fails, its alert still goes out and the connection ends. */
  #guard<T>(call: () => T): T {
    try {
      return call();
    } catch (error) {
      if (!this.#freed) {
        const alert = this.#connection.takeOutput();
        if (alert !== undefined) void this.#send(alert).catch(() => {});
        this.#closed = true;
        this.#free();
        this.#below.close();
      }
      throw tlsFailure(error, this.link);
    }
  }

  #free(): void {
    if (this.#freed) return;
    this.#freed = true;
    this.#connection.free();
  }

  #closedError = () => new DeputyError('CLOSED', `the connection to ${this.link.name} is closed`);
}
