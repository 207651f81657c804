// The open leg: content in the conduit's own TLS. Both ends count its bytes, so that it can end anywhere without a guess.
import { DeputyError } from '../../delegation/error.js';
import type { Transport } from '../../platform/platform.js';

export class OpenLeg implements Transport {
  /** Bytes of content since the hand-over. */
  sent = 0;
  received = 0;
  readonly #below: Transport;
  readonly #ready: Uint8Array[] = [];
  /** Came behind the end. */
  #rest: Uint8Array = new Uint8Array(0);
  #end = Number.POSITIVE_INFINITY;
  #over: DeputyError | undefined;
  #ended = false;
  #reading: Promise<void> | undefined;
  #onStop: () => void = () => {};

  constructor(below: Transport) {
    this.#below = below;
  }

  /** The hand-over is done here too. `early`: content from before it. `unread`: read from `below` already. */
  begin(early: readonly Uint8Array[], unread: Uint8Array): void {
    this.#ready.push(...early);
    this.#take(unread);
  }

  async read(): Promise<Uint8Array | undefined> {
    for (;;) {
      const bytes = this.#ready.shift();
      if (bytes !== undefined) return bytes;
      if (this.#over !== undefined) throw this.#over;
      if (this.#ended) return undefined;
      const stopped = new Promise<void>((resolve) => {
        this.#onStop = resolve;
      });
      await Promise.race([this.#pull(), stopped]);
    }
  }

  write(bytes: Uint8Array): Promise<void> {
    if (this.#over !== undefined) return Promise.reject(this.#over);
    this.sent += bytes.length;
    return this.#below.write(bytes);
  }

  async end(): Promise<void> {
    await this.#below.end?.();
  }

  close(): void {
    this.#below.close();
  }

  /** No more is written from here on; anyone who tries, or reads beyond the end, gets `error`. */
  stop(error: DeputyError): void {
    this.#over = error;
    this.#onStop();
  }

  /** Reads what still comes, and leaves it: the other side's word of the end may stand behind it. */
  async drain(): Promise<void> {
    while (this.#end === Number.POSITIVE_INFINITY && !this.#ended) {
      await this.#pull();
      this.#ready.length = 0;
    }
  }

  /**
   * The other side wrote `total` bytes in all. Resolves, when they have come, with what came behind them. Throws
   * HANDOVER_MISMATCH where more have been read, or fewer came.
   */
  async endAt(total: number): Promise<Uint8Array> {
    if (this.received > total) throw mismatch(`${this.received} bytes of content came, not ${total}`);
    this.#end = total;
    while (this.received < total && !this.#ended) await this.#pull();
    if (this.received < total) throw mismatch('the content before the return never came');
    return this.#rest;
  }

  #pull(): Promise<void> {
    this.#reading ??= this.#below
      .read()
      .then((bytes) => {
        if (bytes === undefined) this.#ended = true;
        else this.#take(bytes);
      })
      .finally(() => {
        this.#reading = undefined;
      });
    return this.#reading;
  }

  #take(bytes: Uint8Array): void {
    const content = bytes.subarray(0, this.#end - this.received);
    this.received += content.length;
    if (content.length > 0) this.#ready.push(content);
    if (content.length < bytes.length) this.#rest = bytes.slice(content.length);
  }
}

const mismatch = (text: string) => new DeputyError('HANDOVER_MISMATCH', text);
