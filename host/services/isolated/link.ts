// Calls between two threads: each end names what it answers; bodies are pulled across chunk by chunk.
import type { MessagePort, Worker } from 'node:worker_threads';
import type { Body } from '../service.js';

type Message =
  | { kind: 'call'; id: number; method: string; value: unknown }
  | { kind: 'reply'; id: number; value: unknown }
  | { kind: 'error'; id: number; error: PlainError }
  | { kind: 'tell'; method: string; value: unknown };

export interface PlainError {
  name: string;
  message: string;
  code: string | undefined;
}

// biome-ignore lint/suspicious/noExplicitAny: what one end sends is what the other end's method of that name takes
export type Methods = Readonly<Record<string, (value: any) => unknown>>;

interface Pending {
  resolve: (value: unknown) => void;
  reject: (error: Error) => void;
}

/** Chunks as they cross: copies of their own, for a clone takes the whole memory that a view lies in. */
export interface Batch {
  chunks: Uint8Array[];
  done: boolean;
}

interface Offered {
  body: AsyncIterator<Uint8Array>;
  /** Asked for, and not gone yet. */
  next: Promise<IteratorResult<Uint8Array>> | undefined;
}

type Posted = string | [text: string, chunks: Uint8Array[]];

function received(posted: Posted): Message {
  if (typeof posted === 'string') return JSON.parse(posted);
  const message = JSON.parse(posted[0]);
  message.value.chunks = posted[1];
  return message;
}

/** Bytes of a chunk that is rather copied: for memory to change hands costs more. */
const CLONED = 4096;
/** Bytes of one batch: a message costs more than some bytes in it. */
const BATCH = 65_536;

export class Link {
  readonly #port: Pick<MessagePort | Worker, 'postMessage'>;
  readonly #methods: Methods;
  readonly #pending = new Map<number, Pending>();
  readonly #offered = new Map<number, Offered>();
  #last = 0;
  #broken: Error | undefined;

  constructor(port: MessagePort | Worker, methods: Methods) {
    this.#port = port;
    this.#methods = {
      ...methods,
      next: (id: number) => this.gather(id),
      leave: (id: number) => this.#leave(id),
    };
    (port as MessagePort).on('message', (posted: Posted) => this.#onMessage(received(posted)));
  }

  /** Calls that wait for the other end. */
  get waiting(): number {
    return this.#pending.size;
  }

  call(method: string, value: unknown): Promise<unknown> {
    if (this.#broken !== undefined) return Promise.reject(this.#broken);
    const id = ++this.#last;
    return new Promise((resolve, reject) => {
      this.#send({ kind: 'call', id, method, value });
      this.#pending.set(id, { resolve, reject });
    });
  }

  tell(method: string, value: unknown): void {
    if (this.#broken === undefined) this.#send({ kind: 'tell', method, value });
  }

  /** Lets the other end pull `body` under the id that this gives, until it ends or `withdraw`. */
  offer(body: Body): number {
    const id = ++this.#last;
    this.#offered.set(id, { body: body[Symbol.asyncIterator](), next: undefined });
    return id;
  }

  withdraw(id: number): void {
    this.#leave(id);
  }

  /** The body that the other end offers under `id`, after what of it is here. */
  async *body(id: number, first?: Batch): AsyncGenerator<Uint8Array, void, void> {
    let batch = first;
    try {
      for (;;) {
        batch ??= (await this.call('next', id)) as Batch;
        yield* batch.chunks;
        if (batch.done) return;
        batch = undefined;
      }
    } finally {
      if (batch?.done !== true) this.tell('leave', id);
    }
  }

  /** What comes next of the body offered under `id`, and what has come by then. */
  async gather(id: number): Promise<Batch> {
    const offered = this.#offered.get(id);
    const chunks: Uint8Array[] = [];
    for (let bytes = 0; offered !== undefined && bytes < BATCH; bytes += chunks.at(-1)!.length) {
      offered.next ??= offered.body.next();
      const step = chunks.length === 0 ? await offered.next : await ifReady(offered.next);
      if (step === undefined) return { chunks, done: false };
      offered.next = undefined;
      if (step.done === true) {
        this.#offered.delete(id);
        return { chunks, done: true };
      }
      chunks.push(ownCopy(step.value));
    }
    return { chunks, done: offered === undefined };
  }

  /** The other end is gone: every call fails with `error`, now and from now on. */
  break(error: Error): void {
    this.#broken = error;
    for (const { reject } of this.#pending.values()) reject(error);
    this.#pending.clear();
    for (const id of [...this.#offered.keys()]) this.#leave(id);
  }

  #onMessage(message: Message): void {
    if (message.kind === 'tell') {
      void this.#methods[message.method]?.(message.value);
      return;
    }
    if (message.kind === 'call') {
      void this.#answer(message.id, message.method, message.value);
      return;
    }
    const pending = this.#pending.get(message.id);
    this.#pending.delete(message.id);
    if (message.kind === 'reply') pending?.resolve(message.value);
    else pending?.reject(errorOf(message.error));
  }

  async #answer(id: number, method: string, value: unknown): Promise<void> {
    try {
      this.#send({ kind: 'reply', id, value: await this.#methods[method]!(value) });
    } catch (error) {
      this.#send({ kind: 'error', id, error: plainError(error) });
    }
  }

  /** As text, which costs half of what a clone of so many small objects does; chunks of bytes go beside it. */
  #send(message: Message): void {
    const { chunks } = ((message as { value?: unknown }).value ?? {}) as Partial<Batch>;
    if (chunks === undefined) {
      this.#port.postMessage(JSON.stringify(message));
      return;
    }
    const value = { ...(message as { value: object }).value, chunks: undefined };
    const buffers = chunks.filter(({ length }) => length > CLONED).map(({ buffer }) => buffer as ArrayBuffer);
    this.#port.postMessage([JSON.stringify({ ...message, value }), chunks] satisfies Posted, buffers);
  }

  #leave(id: number): void {
    const offered = this.#offered.get(id);
    this.#offered.delete(id);
    offered?.next?.catch(() => {});
    (async () => offered?.body.return?.())().catch(() => {});
  }
}

/** The step, where it is there or comes at once; what it fails with waits for the next call. */
async function ifReady(
  step: Promise<IteratorResult<Uint8Array>>,
): Promise<IteratorResult<Uint8Array> | undefined> {
  let ready: IteratorResult<Uint8Array> | undefined;
  let isSettled = false;
  step.then(
    (result) => {
      ready = result;
      isSettled = true;
    },
    () => {
      isSettled = true;
    },
  );
  // What waits for nothing but other promises is there in a moment: to look into the event loop costs more.
  for (let turn = 0; turn < TURNS && !isSettled; turn++) await undefined;
  if (!isSettled) await new Promise((resolve) => setImmediate(resolve));
  return ready;
}

const TURNS = 16;

/** In memory that nothing else lies in, so that it can change hands. Throws TypeError for what are no bytes. */
export function ownCopy(bytes: Uint8Array): Uint8Array {
  if (!(bytes instanceof Uint8Array)) throw new TypeError('a chunk of a body must be a Uint8Array');
  return new Uint8Array(bytes);
}

export const plainError = (error: unknown): PlainError => ({
  name: error instanceof Error ? error.name : 'Error',
  message: error instanceof Error ? error.message : String(error),
  code: (error as { code?: string } | undefined)?.code,
});

export const errorOf = ({ name, message, code }: PlainError): Error =>
  Object.assign(new Error(message), { name, ...(code !== undefined && { code }) });
