// A signal as AbortController's, for a JavaScript engine that has none.
import type { CancelSignal } from '../../host/platform/platform.js';

export class Cancellation implements CancelSignal {
  aborted = false;
  readonly reason = new Error('cancelled');
  readonly #listeners = new Set<() => void>();

  addEventListener(_type: 'abort', listener: () => void): void {
    this.#listeners.add(listener);
  }

  removeEventListener(_type: 'abort', listener: () => void): void {
    this.#listeners.delete(listener);
  }

  abort(): void {
    if (this.aborted) return;
    this.aborted = true;
    for (const listener of [...this.#listeners]) listener();
  }
}
