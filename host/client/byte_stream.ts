// A stream of bytes to an origin, for every protocol that is not HTTP (R19).
import type { StartTlsProtocol } from '../delegation/start_tls.js';
import type { CancelSignal } from '../platform/platform.js';
import type { Opened, SessionFacts } from './sessions/session_opener.js';

export interface StreamOptions {
  /** Protocols to offer by ALPN (RFC 7301). None unless told: SMTP, FTP and TELNET are older. */
  alpn?: readonly string[];
  /** For a server that is spoken to without TLS first, and then turns to it (STARTTLS). */
  startTls?: StartTlsProtocol;
  signal?: CancelSignal;
}

export class ByteStream implements AsyncIterable<Uint8Array> {
  readonly #opened: Opened;
  readonly #onClose: () => void;

  constructor(opened: Opened, onClose: () => void) {
    this.#opened = opened;
    this.#onClose = onClose;
  }

  /** How the bytes travel, and what the proxy says it did. */
  get session(): SessionFacts {
    return this.#opened.facts;
  }

  /** The next bytes, never empty; undefined when the origin has ended its side in order. Throws DeputyError. */
  read(): Promise<Uint8Array | undefined> {
    return this.#opened.transport.read();
  }

  /** Resolves when the stream takes more. */
  write(bytes: Uint8Array): Promise<void> {
    return this.#opened.transport.write(bytes);
  }

  /** Nothing more will be written: the origin gets an end, and may go on. */
  async end(): Promise<void> {
    await this.#opened.transport.end?.();
  }

  /** Ends both sides. */
  close(): void {
    this.#onClose();
  }

  /** Ends both sides at once, whatever is queued. */
  abort(): void {
    this.#opened.abort();
    this.#onClose();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, void> {
    for (let bytes = await this.read(); bytes !== undefined; bytes = await this.read()) yield bytes;
  }
}
