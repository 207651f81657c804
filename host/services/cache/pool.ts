// Memory for the bodies that are being collected at once, over all sessions.

export interface Share {
  readonly bytes: number;
  /** False where the pool is used up. */
  take(bytes: number): boolean;
  /** Gives all of it back. */
  release(): void;
}

export class Pool {
  #free: number;

  constructor(bytes: number) {
    this.#free = bytes;
  }

  share(): Share {
    let held = 0;
    let open = true;
    return {
      get bytes() {
        return held;
      },
      take: (bytes) => {
        if (!open || bytes > this.#free) return false;
        this.#free -= bytes;
        held += bytes;
        return true;
      },
      release: () => {
        this.#free += held;
        held = 0;
        open = false;
      },
    };
  }
}
