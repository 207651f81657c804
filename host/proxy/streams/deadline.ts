// A promise that does not wait for ever.
import { setMaxListeners } from 'node:events';

/** `work`, or the error of `late` after so many milliseconds, or the abort of `signal`. */
export async function within<T>(
  work: Promise<T>,
  milliseconds: number,
  late: () => Error,
  signal?: AbortSignal,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  let onAbort: (() => void) | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(late()), milliseconds);
    onAbort = () => reject(signal!.reason);
    if (signal?.aborted) onAbort();
    else if (signal !== undefined) {
      // A page of many parts waits for as many at once.
      setMaxListeners(0, signal);
      signal.addEventListener('abort', onAbort, { once: true });
    }
  });
  try {
    return await Promise.race([work, limit]);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', onAbort!);
    // What comes of the work after the deadline interests nobody.
    work.catch(() => {});
  }
}
