// The wait between a delivery and the proxy's ACTIVE.
import { DeputyError } from '../../delegation/error.js';
import type { Active } from '../../delegation/message.js';
import { authority } from '../../delegation/origin.js';
import type { CancelSignal } from '../../platform/platform.js';
import type { Context } from '../context.js';
import type { Origin } from '../observer.js';
import { within } from '../timeout.js';
import type { MainSession } from './main_session.js';
import type { SessionFailure } from './session_failure.js';

export class Activation {
  onActive: (active: Active) => void = () => {};
  readonly #active: Promise<Active>;

  constructor(private readonly failure: SessionFailure) {
    this.#active = new Promise((resolve) => {
      this.onActive = resolve;
    });
  }

  /** Throws NOT_ACTIVATED after the context's patience, or why the session failed meanwhile. */
  within(
    { platform, traffic, timeouts: { active: patience } }: Context,
    main: MainSession,
    { host, port }: Origin,
    signal: CancelSignal | undefined,
  ): Promise<Active> {
    // Taken back below: the main session outlives this one by many.
    const forgetEnd = main.onEnded((error) => this.failure.reject(error));
    return within(platform, Promise.race([this.#active, this.failure.told]), {
      milliseconds: patience,
      moved: () => traffic.received,
      error: () =>
        new DeputyError(
          'NOT_ACTIVATED',
          `the proxy did not take over the session with ${authority(host, port)} within ${patience} ms; ` +
            'try again, or allow undelegated requests by policy',
        ),
      signal,
    }).finally(forgetEnd);
  }
}
