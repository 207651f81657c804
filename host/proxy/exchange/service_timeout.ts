// How long a service may go on without progress. Many wait at once, and one timer looks after them all.

/** The service was cut off; the exchange can go on without it. */
export class CutOff extends Error {}

/** For the log. */
export const whyOf = (error: unknown) =>
  error instanceof CutOff
    ? error.message
    : error instanceof Error
      ? `${error.name}: ${error.message}`
      : String(error);

/** Time in which a service waits for others is not its own. */
export class Watch {
  #waits = 0;
  #progress = 0;

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
  guard<T>(work: Promise<T>): Promise<T> {
    this.#progress = Date.now();
    return new Promise((resolve, reject) => {
      const rounds = roundsFor(this.timeout);
      const onRound = () => {
        if (this.#waits > 0 || Date.now() - this.#progress < this.timeout) return;
        rounds.remove(onRound);
        // What comes of the work from here on interests nobody.
        reject(new CutOff(`no progress for ${this.timeout} ms`));
      };
      rounds.add(onRound);
      work.then(
        (value) => {
          rounds.remove(onRound);
          resolve(value);
        },
        (error) => {
          rounds.remove(onRound);
          reject(error);
        },
      );
    });
  }
}

/** Calls in rounds, as long as there is somebody to call. */
class Rounds {
  readonly #waiting = new Set<() => void>();
  #timer: NodeJS.Timeout | undefined;

  constructor(private readonly interval: number) {}

  add(onRound: () => void): void {
    this.#waiting.add(onRound);
    this.#timer ??= setInterval(() => this.#go(), this.interval);
  }

  remove(onRound: () => void): void {
    this.#waiting.delete(onRound);
  }

  /** A timer that has nobody to call ends one round later: to start one for each service costs more. */
  #go(): void {
    if (this.#waiting.size === 0) {
      clearInterval(this.#timer);
      this.#timer = undefined;
    }
    for (const onRound of this.#waiting) onRound();
  }
}

const ROUNDS = new Map<number, Rounds>();

/** For all services that have the same time. */
function roundsFor(timeout: number): Rounds {
  let rounds = ROUNDS.get(timeout);
  if (rounds === undefined) {
    rounds = new Rounds(Math.max(5, Math.min(1000, timeout / 4)));
    ROUNDS.set(timeout, rounds);
  }
  return rounds;
}
