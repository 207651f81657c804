// The client's own exchanges on an active session: what is under way, and from when on none begins.
import { type CarryOptions, carry } from '../exchange/http_session.js';

export class Carriage {
  #running: Promise<void> | undefined;
  #isStream = false;
  #isUnderWay = false;

  /** `retired` aborts when it takes no further exchange: it ends at once between two, else after the one under way. */
  constructor(private readonly retired: AbortSignal) {}

  /** Plain bytes pass. */
  get isStream(): boolean {
    return this.#isStream;
  }

  /** An exchange has begun and not ended, or plain bytes pass. */
  get isUnderWay(): boolean {
    return this.#isUnderWay;
  }

  /** Resolves at their end; rejects where it is out of order. */
  run(options: Omit<CarryOptions, 'onTurn' | 'retired'>): Promise<void> {
    this.#running = carry({
      ...options,
      retired: this.retired,
      onStream: () => {
        this.#isStream = true;
        options.onStream();
      },
      onTurn: (isUnderWay) => {
        this.#isUnderWay = isUnderWay;
      },
    });
    return this.#running;
  }

  /** Resolves once nothing runs any more, however it ended. */
  async ended(): Promise<void> {
    await this.#running?.catch(() => {});
  }
}
