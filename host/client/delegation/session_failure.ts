// Why a session is over: what the proxy says of it comes on another connection than what breaks.
import { DeputyError } from '../../delegation/error.js';
import type { Platform } from '../../platform/platform.js';

/** Milliseconds that a broken leg waits for the ERROR frame that explains it. */
const EXPLANATION_WAIT = 300;

export class SessionFailure {
  /** Rejects when the proxy has given the session up, or closed it. */
  readonly told: Promise<never>;
  reject: (error: DeputyError) => void = () => {};
  /** The first that was noted. */
  why: DeputyError | undefined;

  constructor(private readonly platform: Pick<Platform, 'setTimer'>) {
    this.told = new Promise((_, reject) => {
      this.reject = reject;
    });
    this.told.catch(() => {});
  }

  note(code: string, text: string): DeputyError {
    this.why ??= new DeputyError(code, text);
    return this.why;
  }

  /** Rethrows `error`, or what the proxy says about it, which it `waits` for. */
  async explain(error: unknown, waits: boolean): Promise<never> {
    const explained = new Promise<void>((resolve) => {
      const cancel = this.platform.setTimer(EXPLANATION_WAIT, resolve);
      this.told.catch(() => {
        cancel();
        resolve();
      });
    });
    if (waits) await explained;
    throw this.why ?? error;
  }
}
