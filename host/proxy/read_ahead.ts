// Bytes that are looked at before they are taken.
import type { ByteStream } from './stream.js';

export const INTERRUPTED = Symbol('interrupted');

/**
 * Lets a reader look at bytes before it takes them, and lets somebody else interrupt its waiting without losing any.
 * Reads at most one chunk ahead.
 */
export class ReadAhead {
  #source: Pick<ByteStream, 'read'>;
  #buffer: Buffer = Buffer.alloc(0);
  #pending: Promise<Buffer | undefined> | undefined;
  #ended = false;
  #interrupt: (() => void) | undefined;
  #interrupted = false;

  constructor(source: Pick<ByteStream, 'read'>) {
    this.#source = source;
  }

  /** What has been read and not taken. */
  get buffer(): Buffer {
    return this.#buffer;
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** Waits for more bytes than there are. False at the end; INTERRUPTED after `interrupt`. */
  async fill(): Promise<boolean | typeof INTERRUPTED> {
    if (this.#interrupted) {
      this.#interrupted = false;
      return INTERRUPTED;
    }
    if (this.#ended) return false;
    const pending = this.prefetch();
    const chunk = await Promise.race([
      pending,
      new Promise<typeof INTERRUPTED>((resolve) => {
        this.#interrupt = () => resolve(INTERRUPTED);
      }),
    ]);
    this.#interrupt = undefined;
    if (chunk === INTERRUPTED) {
      this.#interrupted = false;
      return INTERRUPTED;
    }
    this.#pending = undefined;
    if (chunk === undefined) {
      this.#ended = true;
      return false;
    }
    this.#buffer = this.#buffer.length === 0 ? chunk : Buffer.concat([this.#buffer, chunk]);
    return true;
  }

  /** Starts to read the next chunk, and tells of its arrival or failure; the bytes stay for `fill`. */
  prefetch(): Promise<Buffer | undefined> {
    if (this.#pending === undefined) {
      this.#pending = this.#source.read();
      // A failure is reported by whoever awaits the chunk; it must not be unhandled until then.
      this.#pending.catch(() => {});
    }
    return this.#pending;
  }

  /** Removes the first `length` bytes of the buffer. */
  take(length: number): Buffer {
    const taken = this.#buffer.subarray(0, length);
    this.#buffer = this.#buffer.subarray(length);
    return taken;
  }

  /** Makes the `fill` that waits, or else the next one, return INTERRUPTED. */
  interrupt(): void {
    this.#interrupted = true;
    this.#interrupt?.();
  }

  /** All buffered bytes, or else the next chunk; undefined at the end. */
  async read(): Promise<Buffer | undefined> {
    while (this.#buffer.length === 0) {
      if ((await this.fill()) === false) return undefined;
    }
    return this.take(this.#buffer.length);
  }
}
