// Where stored responses are kept: bytes under a name, for a time. What is lost is a hit, and nothing else.
import { now } from './clock.js';

export interface Store {
  /** Undefined for what is not, or no longer, there. The bytes belong to the store: they are not written to. */
  get(name: string): Promise<Buffer | undefined>;
  /**
   * `lifetime` in milliseconds. A store that is full forgets what was not used for longest. Rejects, as `delete` does,
   * where it was not done.
   */
  set(name: string, bytes: Buffer, lifetime: number): Promise<void>;
  delete(name: string): Promise<void>;
  close(): Promise<void>;
}

export interface StoreLimits {
  /** Of all that is stored, with what it takes to find it. */
  bytes: number;
  entries: number;
}

/** What an entry costs beside its own bytes: the name, and its place in the books. */
export const ENTRY_OVERHEAD = 256;

interface Place {
  bytes: number;
  expires: number;
}

/** The books of a bounded store: what there is, the longest unused first. */
export class Ledger {
  #bytes = 0;
  readonly #places = new Map<string, Place>();

  /** `drop` is called for what has to go. */
  constructor(
    private readonly limits: StoreLimits,
    private readonly drop: (name: string) => void,
  ) {}

  get bytes(): number {
    return this.#bytes;
  }

  get entries(): number {
    return this.#places.size;
  }

  /** Whether it is there and in time. Counts as a use. */
  use(name: string): boolean {
    const place = this.#places.get(name);
    if (place === undefined) return false;
    if (place.expires <= now()) {
      this.forget(name);
      this.drop(name);
      return false;
    }
    this.#places.delete(name);
    this.#places.set(name, place);
    return true;
  }

  /** Makes room and enters it. False for what would never fit. */
  enter(name: string, length: number, expires: number): boolean {
    const bytes = length + ENTRY_OVERHEAD;
    if (bytes > this.limits.bytes || this.limits.entries < 1) return false;
    this.forget(name);
    for (const [other] of this.#places) {
      if (this.#bytes + bytes <= this.limits.bytes && this.#places.size < this.limits.entries) break;
      this.forget(other);
      this.drop(other);
    }
    this.#places.set(name, { bytes, expires });
    this.#bytes += bytes;
    return true;
  }

  forget(name: string): void {
    const place = this.#places.get(name);
    if (place === undefined) return;
    this.#places.delete(name);
    this.#bytes -= place.bytes;
  }
}
