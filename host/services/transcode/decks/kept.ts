// Decks of answers that can't be asked for again, as those to a POST: the few that are kept, and for how long.

/** Bytes of one answer, and of all of them. */
export const MAX_KEPT = 64 * 1024;
const MAX_TOTAL = 8 << 20;
const LIFETIME = 10 * 60_000;

interface Entry {
  /** Client and origin that it was made for: nobody else gets it. */
  owner: string;
  /** From the second on. */
  decks: readonly Uint8Array[];
  bytes: number;
  expires: number;
}

export class KeptDecks {
  readonly #entries = new Map<string, Entry>();
  #bytes = 0;

  constructor(private readonly now: () => number = Date.now) {}

  /** The oldest make room for it. */
  keep(key: string, owner: string, decks: readonly Uint8Array[]): void {
    const bytes = decks.reduce((sum, deck) => sum + deck.length, 0);
    if (bytes === 0 || bytes > MAX_KEPT) return;
    this.#entries.set(key, { owner, decks, bytes, expires: this.now() + LIFETIME });
    this.#bytes += bytes;
    for (const [oldest, entry] of this.#entries) {
      if (this.#bytes <= MAX_TOTAL && entry.expires > this.now()) break;
      this.#entries.delete(oldest);
      this.#bytes -= entry.bytes;
    }
  }

  find(key: string, owner: string, deck: number): Uint8Array | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined || entry.owner !== owner || entry.expires <= this.now()) return undefined;
    return entry.decks[deck - 2];
  }
}
