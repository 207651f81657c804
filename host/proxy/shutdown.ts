// A proxy that stops lets go on what is under way, for a time.
import type { SessionRegistry } from './session/registry.js';
import type { BlindTunnel } from './tunnel.js';

/**
 * Lets each session end after its exchange, and each blind tunnel by itself, for so many milliseconds or until `signal`
 * aborts. Resolves with the number of those that did not.
 */
export async function endAll(
  registry: SessionRegistry,
  blind: ReadonlySet<BlindTunnel>,
  grace: number,
  signal?: AbortSignal,
): Promise<number> {
  for (const session of registry.all()) session.retire();
  // Those that others use go with them.
  const own = () => registry.all().filter((session) => !session.isForFetching);
  const left = () => own().length + blind.size;
  const allEnded = async () => {
    // Main sessions that stand may still deliver what was under way.
    while (left() > 0) {
      for (const session of own()) session.retire();
      await Promise.all(own().map((session) => session.closed));
      await Promise.all([...blind].map(({ closed }) => closed));
    }
  };
  await wait(allEnded(), grace, signal);
  return left();
}

/** Until `work` is done, so many milliseconds have passed, or `signal` aborts. */
export async function wait(
  work: Promise<unknown>,
  milliseconds: number,
  signal?: AbortSignal,
): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<void>((resolve) => {
    if (signal?.aborted) resolve();
    signal?.addEventListener('abort', () => resolve(), { once: true });
    // What is left to wait for keeps the process alive; this timer must not.
    timer = setTimeout(resolve, milliseconds).unref();
  });
  await Promise.race([work, over]).finally(() => clearTimeout(timer));
}
