// A two-way byte stream that is read by pulling: who does not pull, holds the other end back.
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { SessionError, type SessionErrorCode } from '../error.js';

export interface ByteStream {
  /** The next bytes; undefined after an orderly end. Rejects with SessionError where the end was not orderly. */
  read(): Promise<Buffer | undefined>;
  /** The next bytes, where they are here already: what need not wait costs no promise. */
  readNow?(): Buffer | undefined;
  /** Resolves when there is room for more. */
  write(bytes: Uint8Array): Promise<void>;
  /** No more will be written: an orderly end toward the other side. */
  end(): Promise<void>;
  /** Drops the stream at once, without an orderly end. */
  destroy(): void;
  /** Milliseconds without a byte after which it is dropped. */
  setIdleTimeout?(milliseconds: number): void;
}

/** A stream that knows how much has passed. */
export interface CountedStream extends ByteStream {
  /**
   * Where the main session's frames have their place among the bytes: nothing that comes from now on is read until `pass`,
   * which is false where bytes from before are still unread. Absent on a connection of its own.
   */
  hold?(): void;
  pass?(): boolean;
  /** Bytes that came, and bytes that were given to be sent. */
  readonly received: number;
  readonly sent: number;
}

const FLUSH_TIME = 1000;
/** Bytes that may wait here for a reader: to stop and start a socket for each record costs more than they do. */
const READ_AHEAD = 65_536;
/** Bytes that may wait here to be sent: as many full records leave by one call of the kernel. */
const WRITE_AHEAD = 65_536;

/** There is room for more. */
const ROOM = Promise.resolve();

interface Reader {
  resolve: (bytes: Buffer | undefined) => void;
  reject: (error: unknown) => void;
}

/**
 * A socket, or any Duplex, as a ByteStream. Each read gives the bytes of one arrival: on a TLS socket those of one
 * record, so that what goes on from here can be cut as the sender cut it.
 */
export class SocketStream implements CountedStream {
  received = 0;
  sent = 0;
  readonly #socket: Duplex;
  readonly #lost: SessionErrorCode;
  readonly #arrived: Buffer[] = [];
  readonly #readers: Reader[] = [];
  #ahead = 0;
  #error: Error | undefined;
  /** Wait for room, or for the end. */
  #writers: (() => void)[] = [];
  #gathered: Uint8Array[] = [];
  #gatheredBytes = 0;
  #unflushed = 0;
  #dropped = false;

  /** `lost`: the code of the error where the socket fails or vanishes. */
  constructor(socket: Duplex, lost: SessionErrorCode) {
    this.#socket = socket;
    this.#lost = lost;
    const wake = () => this.#wake();
    for (const event of ['end', 'close', 'finish']) socket.on(event, wake);
    socket.pause();
    // A flowing stream gives its buffers one by one, a paused one all that it has in one piece.
    socket.on('data', (chunk: Buffer) => {
      this.received += chunk.length;
      const reader = this.#readers.shift();
      if (reader !== undefined) return reader.resolve(chunk);
      this.#ahead += chunk.length;
      if (this.#ahead >= READ_AHEAD) socket.pause();
      this.#arrived.push(chunk);
    });
    socket.on('error', (error) => {
      this.#error ??= error;
      this.#wake();
    });
  }

  read(): Promise<Buffer | undefined> {
    const chunk = this.readNow();
    if (chunk !== undefined) return Promise.resolve(chunk);
    return new Promise((resolve, reject) => {
      this.#readers.push({ resolve, reject });
      if (this.#isOver()) this.#wake();
      else if (this.#socket.isPaused()) this.#socket.resume();
    });
  }

  readNow(): Buffer | undefined {
    const chunk = this.#arrived.shift();
    if (chunk !== undefined) this.#ahead -= chunk.length;
    return chunk;
  }

  write(bytes: Uint8Array): Promise<void> {
    if (this.#isGone()) return Promise.reject(this.#lostError());
    if (bytes.length === 0) return ROOM;
    this.sent += bytes.length;
    if (this.#gathered.push(bytes) === 1) process.nextTick(this.#leave);
    this.#gatheredBytes += bytes.length;
    return this.#isFull() ? this.#room() : ROOM;
  }

  async end(): Promise<void> {
    if (this.#socket.destroyed || this.#socket.writableEnded) return;
    this.#leave();
    this.#socket.end();
    while (!this.#socket.writableFinished && !this.#socket.destroyed) await this.#change();
  }

  /** What was written before still goes out, where the other side takes it soon. */
  destroy(): void {
    this.#leave();
    if (this.#unflushed === 0) this.#socket.destroy();
    else setTimeout(() => this.#socket.destroy(), FLUSH_TIME).unref();
    this.#dropped = true;
  }

  /** What is written in one go leaves in one: a head with its body costs one record and one call of the kernel. */
  readonly #leave = () => {
    const gathered = this.#gathered;
    if (gathered.length === 0) return;
    this.#gathered = [];
    this.#gatheredBytes = 0;
    if (this.#socket.destroyed) return;
    this.#unflushed++;
    this.#socket.write(gathered.length === 1 ? gathered[0] : Buffer.concat(gathered), this.#onFlushed);
    // What the kernel takes at once drains without an event.
    if (!this.#isFull()) this.#wake();
  };

  setIdleTimeout(milliseconds: number): void {
    if (this.#socket instanceof Socket) this.#socket.setTimeout(milliseconds);
  }

  readonly #onFlushed = () => {
    this.#unflushed--;
    if (this.#dropped && this.#unflushed === 0) this.#socket.destroy();
    // `drain` comes only where more waited than the socket's own mark, which may be above ours.
    if (!this.#isFull()) this.#wake();
  };

  async #room(): Promise<void> {
    while (this.#isFull()) {
      if (this.#isGone()) throw this.#lostError();
      await this.#change();
    }
  }

  #isFull(): boolean {
    return this.#gatheredBytes + this.#socket.writableLength >= WRITE_AHEAD;
  }

  #change(): Promise<void> {
    return new Promise((resolve) => this.#writers.push(resolve));
  }

  /** Something has changed for the waiting side. */
  #wake(): void {
    if (this.#isOver()) {
      for (const { resolve, reject } of this.#readers.splice(0)) {
        if (this.#socket.readableEnded) resolve(undefined);
        else reject(this.#lostError());
      }
    }
    if (this.#writers.length > 0) for (const resolve of this.#writers.splice(0)) resolve();
  }

  /** Nothing more will come. */
  #isOver(): boolean {
    return this.#socket.readableEnded || this.#isGone();
  }

  #isGone(): boolean {
    return this.#error !== undefined || this.#socket.destroyed;
  }

  #lostError(): SessionError {
    const why = this.#error === undefined ? 'it was closed' : (this.#error as NodeJS.ErrnoException).code;
    return new SessionError(this.#lost, `a connection was lost: ${why ?? 'unknown reason'}`);
  }
}
