// Whether what the proxy says that it sent is what came, and whether its audit log only ever grows.
import type { Receipt } from '../../delegation/message.js';
import type { Digest, Platform } from '../../platform/platform.js';

/** Bodies whose receipts are still to come, or the other way round; more are not checked. */
const KEPT = 16;

/** One body as it comes. */
export interface BodyCheck {
  update(bytes: Uint8Array): void;
  /** It came whole. */
  end(): void;
}

export class ReceiptCheck {
  /** Hash of the last body and of all before it; undefined once a body was not read whole. */
  #running: Uint8Array | undefined = new Uint8Array(32);
  #bodies = 0;
  #receipts = 0;
  #entry = 0;
  #log: Uint8Array | undefined;
  readonly #seen = new Map<number, Uint8Array>();
  readonly #told = new Map<number, Uint8Array>();

  /** `onFault` is called once, with what does not fit. */
  constructor(
    private readonly platform: Pick<Platform, 'sha256'>,
    private readonly onFault: (reason: string) => void,
  ) {}

  /** The next body of this session begins. Undefined where this machine does not hash. */
  body(): BodyCheck | undefined {
    const number = ++this.#bodies;
    const before = this.#running;
    this.#running = undefined;
    const digest: Digest | undefined = before && this.platform.sha256?.();
    if (digest === undefined) return undefined;
    digest.update(before!);
    return {
      update: (bytes) => digest.update(bytes),
      end: () => {
        this.#running = digest.digest();
        this.#compare(number, this.#seen, this.#running, this.#told);
      },
    };
  }

  onReceipt({ response, hash, log, entry }: Receipt): void {
    if (response !== ++this.#receipts) {
      this.#fault(`receipt ${response} came in the place of receipt ${this.#receipts}`);
      return;
    }
    // No entry: the proxy keeps no log, or could not write it just now and went on.
    if (entry !== 0) {
      if (entry <= this.#entry) {
        this.#fault(`entry ${entry} of its audit log came after entry ${this.#entry}`);
        return;
      }
      this.#entry = entry;
      if (this.#log !== undefined && !log.every((byte, i) => byte === this.#log?.[i])) {
        this.#fault('it wrote one session to two audit logs');
        return;
      }
      this.#log = log;
    }
    this.#compare(response, this.#told, hash, this.#seen);
  }

  #compare(
    number: number,
    own: Map<number, Uint8Array>,
    hash: Uint8Array,
    others: Map<number, Uint8Array>,
  ): void {
    const other = others.get(number);
    others.delete(number);
    if (other === undefined) {
      own.set(number, hash);
      if (own.size > KEPT) own.delete(own.keys().next().value!);
    } else if (!other.every((byte, i) => byte === hash[i])) {
      this.#fault(`response ${number} is not what the receipt says was sent`);
    }
  }

  #fault(reason: string): void {
    this.#running = undefined;
    this.onFault(reason);
  }
}

/** `body`, checked as it passes. Leaving it leaves the original. */
export function checkedBody(body: AsyncIterable<Uint8Array>, check: BodyCheck): AsyncIterable<Uint8Array> {
  const source = body[Symbol.asyncIterator]();
  const iterator: AsyncIterator<Uint8Array> = {
    async next() {
      const result = await source.next();
      if (result.done) check.end();
      else check.update(result.value);
      return result;
    },
    async return() {
      await source.return?.();
      return { done: true, value: undefined };
    },
  };
  return { [Symbol.asyncIterator]: () => iterator };
}
