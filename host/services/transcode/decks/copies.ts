// Pages that are cut into parts, each kept for a while as it came: what its reader asks for later is of the same page.
import type { Copy } from './part.js';

/** Bytes of one copy, of all that one client has of one origin, and of all of them. */
export const MAX_COPY = 4 << 20;
const MAX_OWNED = 16 << 20;
const MAX_TOTAL = 64 << 20;
const LIFETIME = 20 * 60_000;

interface Entry {
  /** Client and origin that it was made for: nobody else gets it. */
  owner: string;
  copy: Copy;
  expires: number;
}

export class Copies {
  /** The oldest first. */
  readonly #entries = new Map<string, Entry>();
  readonly #owned = new Map<string, number>();
  #bytes = 0;

  constructor(private readonly now: () => number = Date.now) {}

  /** The oldest of the same owner make room for it, then the oldest of all. */
  keep(key: string, owner: string, copy: Copy): void {
    if (copy.bytes > MAX_COPY) return;
    this.#entries.set(key, { owner, copy, expires: this.now() + LIFETIME });
    this.#count(owner, copy.bytes);
    for (const [oldest, entry] of this.#entries) {
      const isCrowded =
        this.#bytes > MAX_TOTAL || (entry.owner === owner && (this.#owned.get(owner) ?? 0) > MAX_OWNED);
      if (isCrowded || entry.expires <= this.now()) this.#remove(oldest, entry);
    }
  }

  find(key: string, owner: string): Copy | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined || entry.owner !== owner) return undefined;
    if (entry.expires > this.now()) return entry.copy;
    this.#remove(key, entry);
    return undefined;
  }

  #remove(key: string, { owner, copy }: Entry): void {
    this.#entries.delete(key);
    this.#count(owner, -copy.bytes);
  }

  #count(owner: string, bytes: number): void {
    this.#bytes += bytes;
    const left = (this.#owned.get(owner) ?? 0) + bytes;
    if (left > 0) this.#owned.set(owner, left);
    else this.#owned.delete(owner);
  }
}
