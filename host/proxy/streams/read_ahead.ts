// Bytes that are looked at before they are taken.
import type { ByteStream } from './byte_stream.js';

export const INTERRUPTED = Symbol('interrupted');

/** What `fill` tells: there are more bytes, there will be none, or somebody wants the reader to stop. */
export type Filled = boolean | typeof INTERRUPTED;

const MORE: Promise<Filled> = Promise.resolve(true);
const OVER: Promise<Filled> = Promise.resolve(false);
const STOP: Promise<Filled> = Promise.resolve(INTERRUPTED);
const NOTHING = Buffer.alloc(0);

interface Filler {
  resolve: (filled: Filled) => void;
  reject: (error: unknown) => void;
}

/**
 * Lets a reader look at bytes before it takes them, and lets somebody else interrupt its waiting without losing any.
 * Reads at most one chunk ahead.
 */
export class ReadAhead {
  readonly #source: Pick<ByteStream, 'read' | 'readNow'>;
  #buffer: Buffer = NOTHING;
  /** What has come of the source: `waiting` for it, or there for the next `fill`. */
  #state: 'idle' | 'waiting' | 'chunk' | 'end' | 'failure' = 'idle';
  #chunk: Buffer = NOTHING;
  #failure: unknown;
  #filler: Filler | undefined;
  #listener: (() => void) | undefined;
  #interrupted = false;

  constructor(source: Pick<ByteStream, 'read' | 'readNow'>) {
    this.#source = source;
  }

  /** What has been read and not taken. */
  get buffer(): Buffer {
    return this.#buffer;
  }

  /** Waits for more bytes than there are. False at the end; INTERRUPTED after `interrupt`. One caller at a time. */
  fill(): Promise<Filled> {
    if (this.#interrupted) {
      this.#interrupted = false;
      return STOP;
    }
    if (this.fillNow()) return MORE;
    if (this.#state === 'end') return OVER;
    if (this.#state === 'failure') return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => {
      this.#filler = { resolve, reject };
      this.#begin();
    });
  }

  /** Whether there are more bytes now, without a wait. A failure is for `fill` to tell. */
  fillNow(): boolean {
    if (this.#state === 'chunk') {
      this.#append(this.#chunk);
      this.#chunk = NOTHING;
      this.#state = 'idle';
      return true;
    }
    if (this.#state !== 'idle') return false;
    let chunk: Buffer | undefined;
    try {
      chunk = this.#source.readNow?.();
    } catch (error) {
      this.#state = 'failure';
      this.#failure = error;
    }
    if (chunk === undefined) return false;
    this.#append(chunk);
    return true;
  }

  /**
   * Starts to read the next chunk, and calls `listener` once it, an end or a failure is there, which stays for `fill`.
   * In place of an earlier listener.
   */
  prefetch(listener: () => void): void {
    this.#listener = listener;
    this.#begin();
    if (this.#state !== 'waiting') this.#tell();
  }

  /** Whether what `prefetch` found is an end. */
  get isAtEnd(): boolean {
    return this.#state === 'end';
  }

  /** What `prefetch` found, where it is a failure: all that follows fails with it. */
  get failure(): unknown {
    return this.#failure;
  }

  /** Removes the first `length` bytes of the buffer. */
  take(length: number): Buffer {
    const whole = this.#buffer;
    if (length >= whole.length) {
      this.#buffer = NOTHING;
      return whole;
    }
    this.#buffer = whole.subarray(length);
    return whole.subarray(0, length);
  }

  /** Makes the `fill` that waits, or else the next one, return INTERRUPTED. */
  interrupt(): void {
    const filler = this.#filler;
    this.#filler = undefined;
    if (filler === undefined) this.#interrupted = true;
    else filler.resolve(INTERRUPTED);
  }

  /** All buffered bytes, or else the next chunk; undefined at the end. */
  async read(): Promise<Buffer | undefined> {
    while (this.#buffer.length === 0) {
      if ((await this.fill()) === false) return undefined;
    }
    return this.take(this.#buffer.length);
  }

  readNow(): Buffer | undefined {
    if (this.#buffer.length === 0 && (this.#interrupted || !this.fillNow())) return undefined;
    return this.take(this.#buffer.length);
  }

  #begin(): void {
    if (this.#state !== 'idle') return;
    this.#state = 'waiting';
    this.#source.read().then(this.#onChunk, this.#onFailure);
  }

  readonly #onChunk = (chunk: Buffer | undefined) => {
    if (chunk === undefined) this.#state = 'end';
    else {
      this.#state = 'chunk';
      this.#chunk = chunk;
    }
    const filler = this.#filler;
    this.#filler = undefined;
    filler?.resolve(this.fillNow());
    this.#tell();
  };

  readonly #onFailure = (error: unknown) => {
    this.#state = 'failure';
    this.#failure = error;
    const filler = this.#filler;
    this.#filler = undefined;
    filler?.reject(error);
    this.#tell();
  };

  #tell(): void {
    const listener = this.#listener;
    this.#listener = undefined;
    listener?.();
  }

  #append(chunk: Buffer): void {
    this.#buffer = this.#buffer.length === 0 ? chunk : Buffer.concat([this.#buffer, chunk]);
  }
}
