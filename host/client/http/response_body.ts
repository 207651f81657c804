// The content of a response on its way to the application: read once, no faster than it is taken.
import type { Platform } from '../../platform/platform.js';
import { within } from '../timeout.js';

/** Bytes of a body that nobody wants, which are read all the same: a new session costs more. */
const DRAIN_LIMIT = 65_536;
/** Milliseconds that such a body may pause. */
const DRAIN_PATIENCE = 1000;

/** Reads a short rest to its end, so that its session can be used again; leaves a long or slow one. Never rejects. */
export async function drain(
  platform: Pick<Platform, 'setTimer'>,
  body: AsyncIterable<Uint8Array>,
): Promise<void> {
  const pieces = body[Symbol.asyncIterator]();
  try {
    for (let left = DRAIN_LIMIT; left > 0; ) {
      const piece = await within(platform, pieces.next(), { milliseconds: DRAIN_PATIENCE });
      if (piece.done) return;
      left -= piece.value.length;
    }
  } catch {
    // It is left in any case.
  }
  await pieces.return?.();
}

export interface BodyHandlers {
  /** Once, when the body is over: whole, broken or left. `bytes` is what was given out. */
  onEnd(bytes: number): void;
  /** What to throw in place of `error`: a cancelled request breaks with the reason of its signal. */
  explain(error: unknown): unknown;
  /** Waits for the next piece no longer than allowed. */
  within<T>(next: Promise<T>): Promise<T>;
}

export class ResponseBody implements AsyncIterable<Uint8Array>, AsyncIterator<Uint8Array> {
  readonly #source: AsyncIterator<Uint8Array>;
  readonly #handlers: BodyHandlers;
  #bytes = 0;
  #over = false;

  constructor(source: AsyncIterable<Uint8Array>, handlers: BodyHandlers) {
    this.#source = source[Symbol.asyncIterator]();
    this.#handlers = handlers;
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    return this;
  }

  async next(): Promise<IteratorResult<Uint8Array>> {
    if (this.#over) return { done: true, value: undefined };
    try {
      const result = await this.#handlers.within(this.#source.next());
      if (result.done) this.#end();
      else this.#bytes += result.value.length;
      return result;
    } catch (error) {
      this.#end();
      throw this.#handlers.explain(error);
    }
  }

  /** Leaves the rest unread. */
  async return(): Promise<IteratorResult<Uint8Array>> {
    if (!this.#over) {
      this.#end();
      await this.#source.return?.();
    }
    return { done: true, value: undefined };
  }

  #end(): void {
    if (this.#over) return;
    this.#over = true;
    this.#handlers.onEnd(this.#bytes);
  }
}
