// Waiting with an end: for a time, and until somebody cancels.
import { DeputyError } from '../delegation/error.js';
import type { CancelSignal, Platform } from '../platform/platform.js';

/** Thrown reason of a cancelled request, for boards that have no AbortSignal.reason. */
export const cancelled = (signal: CancelSignal): unknown =>
  signal.reason ?? new DeputyError('CANCELLED', 'the request was cancelled');

/** A peer that sends for ever what nobody waits for is given up all the same. */
const MOVING_TIMES = 10;

export interface Patience {
  /** Undefined for as long as it takes. */
  milliseconds?: number | undefined;
  /** Counts what comes: while it grows the time begins anew, ten times at most. */
  moved?: () => number;
  /** Said when the time is over. */
  error?: () => DeputyError;
  signal?: CancelSignal | undefined;
  /** Called when the wait is given up, to stop what is waited for. */
  onGivenUp?: () => void;
}

/** `promise`, or a rejection when the time is over or the signal fires first. */
export function within<T>(
  platform: Pick<Platform, 'setTimer'>,
  promise: Promise<T>,
  patience: Patience,
): Promise<T> {
  const { milliseconds, signal, onGivenUp } = patience;
  return new Promise<T>((resolve, reject) => {
    let cancelTimer = () => {};
    const settle = () => {
      cancelTimer();
      signal?.removeEventListener('abort', onAbort);
    };
    const giveUp = (reason: unknown) => {
      settle();
      reject(reason);
      onGivenUp?.();
    };
    const onAbort = () => giveUp(cancelled(signal!));
    promise.then(
      (value) => {
        settle();
        resolve(value);
      },
      (error) => {
        settle();
        reject(error);
      },
    );
    if (signal?.aborted) return onAbort();
    signal?.addEventListener('abort', onAbort);
    if (milliseconds === undefined) return;
    let seen = patience.moved?.();
    let again = MOVING_TIMES;
    const onTime = () => {
      const now = patience.moved?.();
      if (now === seen || again-- === 0) {
        return giveUp(
          patience.error?.() ?? new DeputyError('TIMEOUT', `nothing happened for ${milliseconds} ms`),
        );
      }
      seen = now;
      cancelTimer = platform.setTimer(milliseconds, onTime);
    };
    cancelTimer = platform.setTimer(milliseconds, onTime);
  });
}
