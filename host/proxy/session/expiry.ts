// The end that a client has set its grant itself.
export class Expiry {
  readonly #timer: NodeJS.Timeout | undefined;

  /** `seconds`: 0 where there is none. */
  constructor(seconds: number, onExpired: () => void) {
    if (seconds > 0) this.#timer = setTimeout(onExpired, seconds * 1000).unref();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}
