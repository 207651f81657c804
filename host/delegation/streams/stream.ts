// One stream of the main session: bytes both ways in order, each way with its own end. No sockets, no timers.
import { DeputyError } from '../error.js';
import { joined } from '../secret_bytes.js';
import type { Pieces } from './pieces.js';
import { CREDIT_LIMIT, type ReceiveWindow } from './window.js';

/** Bytes that may wait to be sent before a writer has to wait too. */
const WRITE_AHEAD = 16_384;
/** Pieces that are kept apart: a peer that sends single bytes costs no more than one that does not. */
const PIECES = 32;

/** A control frame that keeps its place among the bytes of the stream. */
export interface Mark {
  frame: Uint8Array;
}

/** Stands among the bytes that came for the place of the peer's mark. */
const BARRIER = Symbol('barrier');

/** What a stream needs of the connection that carries it. */
export interface StreamCarrier {
  /** There is something to send. */
  onPending(stream: Stream): void;
  /** The stream is over with this code: RESET goes out, and marks that still waited. */
  reset(stream: Stream, code: string, marks: Mark[]): void;
  /** More credit for the peer. */
  giveCredit(stream: Stream, bytes: number): void;
  /** Both directions have ended. */
  onClosed(stream: Stream): void;
}

interface Reader {
  resolve: (bytes: Uint8Array | undefined) => void;
  reject: (error: unknown) => void;
}

export interface StreamOptions {
  window: ReceiveWindow;
  /** What may be sent before the peer gives more. */
  credit: number;
  /** Where what the peer writes at once is to be read at once. */
  pieces?: Pieces;
}

export class Stream {
  /** Bytes that came, and bytes that were given to be sent. */
  received = 0;
  sent = 0;
  readonly #carrier: StreamCarrier;
  readonly #window: ReceiveWindow;
  readonly #pieces: Pieces | undefined;
  #arrived: (Uint8Array | typeof BARRIER)[] = [];
  #queue: (Uint8Array | Mark)[] = [];
  #queuedBytes = 0;
  /** Bytes of the first in the queue that have gone. */
  #gone = 0;
  #credit: number;
  #reader: Reader | undefined;
  #writers: Reader[] = [];
  #peerEnded = false;
  /** `ending`: END follows what is queued. `resetting`: RESET does. */
  #sending: 'open' | 'ending' | 'resetting' | 'ended' = 'open';
  /** Nobody reads any more: what still comes is refused. */
  #left = false;
  /** RESET follows END, unless the peer ends too. */
  #resets = false;
  /** Bytes that were given back, and count for no credit when they are read again. */
  #returned = 0;
  #failure: DeputyError | undefined;
  #closed = false;
  #closeListeners: (() => void)[] = [];

  constructor(
    readonly number: number,
    carrier: StreamCarrier,
    { window, credit, pieces }: StreamOptions,
  ) {
    this.#carrier = carrier;
    this.#window = window;
    this.#credit = credit;
    this.#pieces = pieces;
  }

  /** Neither side will send anything more. */
  get closed(): boolean {
    return this.#closed;
  }

  /** Whether it has bytes and credit for them, so that only the connection's is missing. */
  get waitsForConnection(): boolean {
    const [first] = this.#queue;
    return this.#credit > 0 && first !== undefined && !isMark(first);
  }

  // What the stream's user does.

  whenClosed(): Promise<void> {
    if (this.#closed) return Promise.resolve();
    return new Promise((resolve) => this.#closeListeners.push(resolve));
  }

  /** The next bytes; undefined at the end. Rejects with why the stream broke. One read at a time. */
  read(): Promise<Uint8Array | undefined> {
    const bytes = this.readNow();
    if (bytes !== undefined) return Promise.resolve(bytes);
    return new Promise((resolve, reject) => {
      this.#reader = { resolve, reject };
      this.#settleReader();
    });
  }

  /** The same where they are here already. */
  readNow(): Uint8Array | undefined {
    const [first] = this.#arrived;
    if (first === undefined || first === BARRIER) return undefined;
    this.#arrived.shift();
    const again = Math.min(this.#returned, first.length);
    this.#returned -= again;
    const credit = this.#window.give(first.length - again);
    if (credit > 0 && !this.#peerEnded && !this.#closed) this.#carrier.giveCredit(this, credit);
    return first;
  }

  /** Gives bytes back: the next read returns them first. */
  unread(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#arrived.unshift(bytes);
    this.#returned += bytes.length;
    this.#settleReader();
  }

  /** Queues bytes, which nobody may change from now on. Resolves when there is room for more. */
  write(bytes: Uint8Array): Promise<void> {
    if (this.#sending !== 'open') return Promise.reject(this.#failure ?? closed());
    if (bytes.length > 0) {
      this.#queue.push(bytes);
      this.#queuedBytes += bytes.length;
      this.sent += bytes.length;
      this.#carrier.onPending(this);
    }
    return this.#room();
  }

  /** Queues a control frame behind the bytes that were written before. False where the direction has ended. */
  mark(frame: Uint8Array): boolean {
    if (this.#sending !== 'open') return false;
    this.#queue.push({ frame });
    this.#carrier.onPending(this);
    return true;
  }

  /** No more will be written. Resolves when all before has gone. */
  async end(): Promise<void> {
    if (this.#sending === 'open') {
      this.#sending = 'ending';
      this.#carrier.onPending(this);
    }
    while (this.#sending === 'ending') await this.#change();
  }

  /** Ends in order, and reads no more: what the peer still sends is refused. */
  close(): void {
    void this.end().catch(() => {});
    this.#leave();
  }

  /** What was written before still goes out; then the stream is over. After an end in order, as `close`. */
  destroy(): void {
    if (this.#sending === 'open') {
      this.#sending = 'resetting';
      this.#carrier.onPending(this);
    }
    this.#leave();
    this.#resetAfterEnd();
  }

  /** Over at once, whatever is queued. */
  reset(code: string): void {
    if (this.#closed) return;
    this.#finish(code, closed());
  }

  /** Nothing that came after now is read until `pass`: the peer's mark stands here. */
  hold(): void {
    this.#flush();
    if (!this.#arrived.includes(BARRIER)) this.#arrived.push(BARRIER);
  }

  /** Reads on behind the mark. False where bytes before it are still unread, or there is none. */
  pass(): boolean {
    if (this.#arrived[0] !== BARRIER) return false;
    this.#arrived.shift();
    this.#settleReader();
    return true;
  }

  // What the connection does.

  onData(bytes: Uint8Array, goesOn: boolean): void {
    if (this.#peerEnded) this.#refuse('STREAM_CLOSED', 'bytes came behind the end of a stream');
    else if (!this.#window.take(bytes.length)) {
      this.#refuse('STREAM_CREDIT', 'more bytes came on a stream than it had credit for');
    } else if (this.#left) this.#resetAfterEnd();
    else {
      this.received += bytes.length;
      for (const piece of this.#pieces?.push(bytes, goesOn) ?? [bytes]) this.#arrive(piece);
    }
  }

  onEnd(): void {
    if (this.#peerEnded) this.#refuse('STREAM_CLOSED', 'a stream ended twice');
    this.#flush();
    this.#peerEnded = true;
    this.#settleReader();
    this.#closeIfOver();
  }

  onReset(code: string): void {
    this.#over(new DeputyError(code, `the peer broke a stream off (${code})`));
  }

  onCredit(bytes: number): void {
    this.#credit += bytes;
    if (this.#credit > CREDIT_LIMIT) this.#refuse('STREAM_CREDIT', 'a stream has too much credit');
    if (this.#queue.length > 0) this.#carrier.onPending(this);
  }

  /** The connection is gone. */
  onLost(error: DeputyError): void {
    this.#over(error);
  }

  /** The next bytes to send, at most `limit`, and whether what was written with them goes on; undefined where none may go now. */
  takeData(limit: number): { data: Uint8Array; goesOn: boolean } | undefined {
    const [first] = this.#queue;
    if (first === undefined || isMark(first)) return undefined;
    const length = Math.min(limit, this.#credit, first.length - this.#gone);
    if (length <= 0) return undefined;
    const data = first.subarray(this.#gone, this.#gone + length);
    this.#gone += length;
    const goesOn = this.#gone < first.length;
    this.#credit -= length;
    this.#queuedBytes -= length;
    if (!goesOn) {
      this.#queue.shift();
      this.#gone = 0;
    }
    if (this.#queuedBytes < WRITE_AHEAD) this.#wakeWriters();
    return { data, goesOn };
  }

  /** The next mark, where it is its turn. */
  takeMark(): Uint8Array | undefined {
    const [first] = this.#queue;
    if (first === undefined || !isMark(first)) return undefined;
    this.#queue.shift();
    return first.frame;
  }

  /** Whether END is to be sent now; once. Call `onEndSent` when it is queued. */
  takeEnd(): boolean {
    if (this.#queue.length > 0) return false;
    if (this.#sending === 'resetting') this.#finish('CLOSED', closed());
    return this.#sending === 'ending';
  }

  onEndSent(): void {
    this.#sending = 'ended';
    this.#wakeWriters();
    this.#closeIfOver();
    if (this.#resets) this.#resetAfterEnd();
  }

  #arrive(piece: Uint8Array): void {
    this.#arrived.push(piece);
    if (this.#arrived.length > PIECES) this.#join();
    this.#settleReader();
  }

  /** What came of a piece whose end does not come. */
  #flush(): void {
    for (const piece of this.#pieces?.rest() ?? []) this.#arrive(piece);
  }

  #leave(): void {
    this.#left = true;
    this.#arrived = [];
    this.#settleReader();
  }

  #resetAfterEnd(): void {
    this.#resets = true;
    if (this.#sending === 'ended' && !this.#peerEnded) this.#finish('CLOSED', closed());
  }

  #refuse(code: string, text: string): void {
    this.#finish(code, new DeputyError(code, text));
  }

  /** RESET goes out. */
  #finish(code: string, why: DeputyError): void {
    const marks = this.#queue.filter(isMark);
    const isOpen = !this.#closed;
    this.#over(why);
    if (isOpen) this.#carrier.reset(this, code, marks);
  }

  #over(why: DeputyError): void {
    if (this.#closed) return;
    this.#flush();
    this.#failure ??= why;
    this.#sending = 'ended';
    this.#queue = [];
    this.#queuedBytes = 0;
    this.#closed = true;
    this.#settleReader();
    this.#wakeWriters();
    this.#tellClosed();
  }

  #closeIfOver(): void {
    if (this.#closed || !this.#peerEnded || this.#sending !== 'ended') return;
    this.#closed = true;
    this.#tellClosed();
  }

  #tellClosed(): void {
    this.#carrier.onClosed(this);
    for (const tell of this.#closeListeners.splice(0)) tell();
  }

  #settleReader(): void {
    const reader = this.#reader;
    if (reader === undefined) return;
    const bytes = this.readNow();
    if (bytes !== undefined) this.#settle(() => reader.resolve(bytes));
    // What came before the stream broke is read first.
    else if (this.#arrived.length > 0) {
      if (this.#failure !== undefined) this.#settle(() => reader.reject(this.#failure));
    } else if (this.#failure !== undefined && !this.#peerEnded)
      this.#settle(() => reader.reject(this.#failure));
    else if (this.#peerEnded || this.#left) this.#settle(() => reader.resolve(undefined));
  }

  #settle(done: () => void): void {
    this.#reader = undefined;
    done();
  }

  async #room(): Promise<void> {
    while (this.#queuedBytes >= WRITE_AHEAD) await this.#change();
  }

  #change(): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => {
      this.#writers.push({ resolve: () => resolve(), reject });
    });
  }

  #wakeWriters(): void {
    if (this.#writers.length === 0) return;
    for (const { resolve, reject } of this.#writers.splice(0)) {
      if (this.#failure === undefined) resolve(undefined);
      else reject(this.#failure);
    }
  }

  #join(): void {
    const barrier = this.#arrived.lastIndexOf(BARRIER);
    const pieces = this.#arrived.slice(barrier + 1) as Uint8Array[];
    if (pieces.length <= PIECES / 2) return;
    this.#arrived.splice(barrier + 1, pieces.length, joined(pieces));
  }
}

const isMark = (queued: Uint8Array | Mark): queued is Mark => 'frame' in queued;

const closed = () => new DeputyError('CLOSED', 'this stream was closed');
