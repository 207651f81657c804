// Memory for the bodies that are being collected at once, over all sessions.
import type { BodyWatcher, OtherFetch } from '../service.js';

export class Pool {
  #free: number;

  constructor(bytes: number) {
    this.#free = bytes;
  }

  /** Collects a body on its way to the client; `most` bytes of it, and no more than the pool has. */
  collector(
    signal: AbortSignal,
    most: number,
    done: (body: Buffer, others: readonly OtherFetch[]) => void,
  ): BodyWatcher {
    let chunks: Buffer[] | undefined = [];
    let held = 0;
    const give = () => {
      chunks = undefined;
      this.#free += held;
      held = 0;
    };
    signal.addEventListener('abort', give, { once: true });
    return {
      chunk: (bytes) => {
        if (chunks === undefined) return;
        if (held + bytes.length > most || bytes.length > this.#free) {
          give();
          return;
        }
        this.#free -= bytes.length;
        held += bytes.length;
        chunks.push(Buffer.from(bytes));
      },
      end: (others) => {
        if (chunks === undefined) return;
        const body = Buffer.concat(chunks);
        give();
        done(body, others);
      },
    };
  }
}
