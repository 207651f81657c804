// Keeps a service from harming the exchange it works on: hooks have a deadline, and a body that a service fails to
// make is replaced by the one that it was given, as long as nothing of it has gone out.
import type { Body } from '../../services/service.js';
import { SessionError } from '../error.js';

export interface GuardLimits {
  serviceTimeout: number;
  serviceReplayBytes: number;
}

/** The service was cut off; the exchange can go on without it. */
export class CutOff extends Error {}

/** Time in which a service waits for others is not its own. */
export class Watch {
  #waits = 0;
  #progress = Date.now();

  constructor(private readonly timeout: number) {}

  /** Runs what the service has to wait for: bytes of the origin, an answer of another one. */
  async outside<T>(waiting: Promise<T>): Promise<T> {
    this.#waits++;
    try {
      return await waiting;
    } finally {
      this.#waits--;
      this.#progress = Date.now();
    }
  }

  /** `work`, or a CutOff when the service itself has made no progress for the timeout. */
  async guard<T>(work: Promise<T>): Promise<T> {
    this.#progress = Date.now();
    let timer: NodeJS.Timeout | undefined;
    const hang = new Promise<never>((_, reject) => {
      const interval = Math.max(5, Math.min(1000, this.timeout / 4));
      timer = setInterval(() => {
        if (this.#waits === 0 && Date.now() - this.#progress >= this.timeout) {
          reject(new CutOff(`no progress for ${this.timeout} ms`));
        }
      }, interval);
    });
    try {
      return await Promise.race([work, hang]);
    } finally {
      clearInterval(timer);
      // What comes of the work after the deadline interests nobody.
      work.catch(() => {});
    }
  }
}

/**
 * The body that `make` makes of `original`, once its first chunk is there. Throws CutOff when the service failed and
 * `original` was put back together: the second value is then the body to use.
 */
export async function guardBody(
  original: Body,
  make: (body: Body) => Body,
  watch: Watch,
  limits: GuardLimits,
): Promise<{ body: Body } | { cutOff: unknown; body: Body }> {
  const source = new ReplaySource(original, watch, limits.serviceReplayBytes);
  try {
    const made = make(source)[Symbol.asyncIterator]();
    const first = await watch.guard(made.next());
    source.forget();
    return { body: rest(first, made, watch, source) };
  } catch (error) {
    if (source.failure !== undefined) throw source.failure;
    const body = source.replay();
    if (body === undefined) throw failed(error);
    return { cutOff: error, body };
  }
}

async function* rest(
  first: IteratorResult<Uint8Array>,
  made: AsyncIterator<Uint8Array>,
  watch: Watch,
  source: ReplaySource,
): AsyncGenerator<Uint8Array, void, void> {
  try {
    for (let step = first; step.done !== true; step = await watch.guard(made.next())) yield step.value;
    // What the service left unread still stands between this answer and the next.
    await source.drain();
  } catch (error) {
    throw source.failure ?? failed(error);
  } finally {
    void Promise.resolve(made.return?.()).catch(() => {});
  }
}

const failed = (cause: unknown) =>
  new SessionError('SERVICE_FAILED', 'a service failed in the middle of a body', { cause });

/** Hands a body to a service and remembers what it handed out. */
class ReplaySource implements AsyncIterable<Uint8Array> {
  /** The original itself failed: no fault of the service. */
  failure: unknown;
  readonly #original: AsyncIterator<Uint8Array>;
  #given: Uint8Array[] | undefined = [];
  #givenBytes = 0;
  #replays = false;
  #ended = false;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(
    original: Body,
    private readonly watch: Watch,
    private readonly limit: number,
  ) {
    this.#original = original[Symbol.asyncIterator]();
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    return {
      next: () => this.watch.outside(this.#next()),
      // A service that stops reading does not end the original: the rest of it is drained or replayed.
      return: async () => ({ done: true, value: undefined }),
    };
  }

  /** Nothing will be replayed any more. */
  forget(): void {
    this.#given = undefined;
  }

  /** The original from its start; undefined when too much of it was handed out. */
  replay(): Body | undefined {
    const given = this.#given;
    if (given === undefined) return undefined;
    this.#replays = true;
    return this.#replayed(given);
  }

  async drain(): Promise<void> {
    while (!this.#ended) await this.#next();
  }

  /** A chunk that the service has asked for and never got joins `given` when it comes. */
  async *#replayed(given: Uint8Array[]): AsyncGenerator<Uint8Array, void, void> {
    for (;;) {
      const chunk = given.shift();
      if (chunk !== undefined) yield chunk;
      else if (this.#ended) return;
      else await this.#next();
    }
  }

  /** One pull at a time, in the order of asking. */
  #next(): Promise<IteratorResult<Uint8Array>> {
    const step = this.#turn.then(() => this.#pull());
    this.#turn = step.catch(() => {});
    return step;
  }

  async #pull(): Promise<IteratorResult<Uint8Array>> {
    if (this.failure !== undefined) throw this.failure;
    if (this.#ended) return { done: true, value: undefined };
    try {
      const step = await this.#original.next();
      if (step.done === true) this.#ended = true;
      else this.#remember(step.value);
      return step;
    } catch (error) {
      this.failure = error;
      throw error;
    }
  }

  #remember(chunk: Uint8Array): void {
    if (this.#given === undefined) return;
    this.#givenBytes += chunk.length;
    if (this.#givenBytes > this.limit && !this.#replays) this.forget();
    else this.#given.push(chunk);
  }
}
