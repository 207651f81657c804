// Keeps a service from harming the exchange it works on: hooks have a deadline, and a body that a service fails to
// make is replaced by the one that it was given, as long as nothing of it has gone out.
import type { Body } from '../../services/service.js';
import { SessionError } from '../error.js';
import { CutOff, type Watch } from './service_timeout.js';

export interface GuardLimits {
  serviceTimeout: number;
  serviceReplayBytes: number;
  serviceMadeBytes: number;
}

/** Bytes that a service may make of each that it reads, beyond `serviceMadeBytes`. */
const GROWTH = 64;
/** Empty chunks in a row: they cost nothing to make, and nobody could interrupt a service that makes them for ever. */
const EMPTY_CHUNKS = 1024;

/**
 * The body that `make` makes of `original`, once its first chunk is there. Where the service fails before, `original`
 * is put back together, and `cutOff` says why. Where that is not possible any more, `onBroken` gets the reason, and the
 * body, or this call, throws SERVICE_FAILED.
 */
export async function guardBody(
  original: Body,
  make: (body: Body) => Body,
  { watch, limits, onBroken }: BodyGuard,
): Promise<{ body: Body } | { cutOff: unknown; body: Body }> {
  const source = new ReplaySource(original, watch, limits.serviceReplayBytes);
  const broken = (error: unknown) => {
    if (source.failure !== undefined) return source.failure;
    onBroken(error);
    return new SessionError('SERVICE_FAILED', 'a service failed in the middle of a body', { cause: error });
  };
  try {
    const made = new MadeBody(make(source)[Symbol.asyncIterator](), source, watch, limits.serviceMadeBytes);
    const first = await made.next();
    source.forget();
    return { body: rest(first, made, source, broken) };
  } catch (error) {
    if (source.failure !== undefined) throw source.failure;
    const body = source.replay();
    if (body === undefined) throw broken(error);
    return { cutOff: error, body };
  }
}

export interface BodyGuard {
  watch: Watch;
  limits: GuardLimits;
  onBroken: (error: unknown) => void;
}

async function* rest(
  first: Uint8Array | undefined,
  made: MadeBody,
  source: ReplaySource,
  broken: (error: unknown) => unknown,
): AsyncGenerator<Uint8Array, void, void> {
  try {
    for (let chunk = first; chunk !== undefined; chunk = await made.next()) yield chunk;
    // What the service left unread still stands between this answer and the next.
    await source.drain();
  } catch (error) {
    throw broken(error);
  } finally {
    made.leave();
  }
}

/** What a service makes: chunks of bytes, in time, and no more of them than content can explain. */
class MadeBody {
  #bytes = 0;

  constructor(
    private readonly made: AsyncIterator<Uint8Array>,
    private readonly source: ReplaySource,
    private readonly watch: Watch,
    private readonly limit: number,
  ) {}

  /** The next chunk that is not empty; undefined at the end. Throws what the service threw, or CutOff. */
  async next(): Promise<Uint8Array | undefined> {
    for (let empty = 0; empty < EMPTY_CHUNKS; empty++) {
      const step = await this.watch.guard(this.made.next());
      if (step.done === true) return undefined;
      if (!(step.value instanceof Uint8Array)) throw new CutOff('it gave a chunk that is no Uint8Array');
      this.#bytes += step.value.length;
      if (this.#bytes > this.limit + GROWTH * this.source.bytes) {
        throw new CutOff(`it made ${this.#bytes} bytes of ${this.source.bytes}`);
      }
      if (step.value.length > 0) return step.value;
    }
    throw new CutOff('it gave nothing but empty chunks');
  }

  /** Nothing more is wanted of it. */
  leave(): void {
    (async () => this.made.return?.())().catch(() => {});
  }
}

/** Hands a body to a service and remembers what it handed out. */
class ReplaySource implements AsyncIterable<Uint8Array> {
  /** The original itself failed: no fault of the service. */
  failure: unknown;
  /** That were handed out. */
  bytes = 0;
  readonly #original: AsyncIterator<Uint8Array>;
  #given: Uint8Array[] | undefined = [];
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
    this.bytes += chunk.length;
    if (this.#given === undefined) return;
    if (this.bytes > this.limit && !this.#replays) this.forget();
    else this.#given.push(chunk);
  }
}
