// The cache's clock, which never goes back: a stored answer that was stale stays so when somebody sets the machine's clock
// back. After a restart an answer of the future is stale (freshness.ts, entry.ts).

export class SteadyClock {
  #last: number;
  #at: number;

  /** `wall`: Unix milliseconds. `elapsed`: milliseconds, never going back. */
  constructor(
    private readonly wall: () => number = () => Date.now(),
    private readonly elapsed: () => number = () => performance.now(),
  ) {
    this.#last = wall();
    this.#at = elapsed();
  }

  /** Unix milliseconds: the machine's, or what they would be had nobody set them back. */
  now(): number {
    const at = this.elapsed();
    this.#last = Math.max(this.wall(), this.#last + at - this.#at);
    this.#at = at;
    return this.#last;
  }
}

const clock = new SteadyClock();

export const now = (): number => Math.floor(clock.now());
