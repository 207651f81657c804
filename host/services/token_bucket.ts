// A token bucket: so much a second on average, and a second's worth at once.
import { setTimeout as delay } from 'node:timers/promises';

export class Bucket {
  #balance: number;
  #at: number;

  /** `rate`: a second. `now`: milliseconds, never going back. */
  constructor(
    readonly rate: number,
    private readonly now: () => number = () => performance.now(),
  ) {
    this.#balance = this.#most;
    this.#at = now();
  }

  /** Takes one, or says in how many milliseconds there will be one. */
  take(): number {
    this.#fill();
    if (this.#balance < 1) return Math.max(1, ((1 - this.#balance) * 1000) / this.rate);
    this.#balance--;
    return 0;
  }

  /** Takes what has passed already, and waits until that has been made up for. */
  async spend(amount: number): Promise<void> {
    this.#fill();
    this.#balance -= amount;
    if (this.#balance < 0) await delay((-this.#balance * 1000) / this.rate);
  }

  /** Nothing of it is used: a new one is as good. */
  get isFull(): boolean {
    this.#fill();
    return this.#balance >= this.#most;
  }

  get #most(): number {
    return Math.max(1, this.rate);
  }

  #fill(): void {
    const now = this.now();
    this.#balance = Math.min(this.#most, this.#balance + ((now - this.#at) * this.rate) / 1000);
    this.#at = now;
  }
}

/** Buckets that are remembered; more are swept of the full ones. */
const KEPT = 1024;

/** A bucket for each client that has a rate; rates may change. */
export class Buckets {
  readonly #buckets = new Map<string, Bucket>();

  /** Undefined where nothing bounds the client. */
  of(client: string, rate: number | undefined): Bucket | undefined {
    const known = this.#buckets.get(client);
    if (rate === undefined || known?.rate === rate) return rate === undefined ? undefined : known;
    const made = new Bucket(rate);
    this.#buckets.set(client, made);
    if (this.#buckets.size > KEPT) {
      for (const [name, bucket] of this.#buckets) {
        if (bucket !== made && bucket.isFull) this.#buckets.delete(name);
      }
    }
    return made;
  }
}
