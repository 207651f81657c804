// Runs a proxy until it is told to stop, and reloads it when it is told to.
import type { ProxyServer } from '../../proxy/proxy.js';
import type { ProxyLog } from '../proxy_log.js';
import type { ProxyCommandOptions } from './options.js';
import { type Assembled, assemble, listen } from './start.js';

type Announce = (address: { host: string; port: number }, options: ProxyCommandOptions) => void;

/** Resolves with the exit code. `reread` reads the options anew, and throws what is wrong with them. */
export async function runProxy(
  options: ProxyCommandOptions,
  reread: () => ProxyCommandOptions,
  announce: Announce,
): Promise<number> {
  const assembled = await assemble(options);
  const { proxy, log } = assembled;
  await listen(proxy, options);
  onReload(assembled, reread);
  // Whoever reads that it listens may tell it to stop at once.
  const stopped = stopSignals();
  announce(proxy.address!, options);
  const again = await stopped;
  return stop(proxy, log, options.grace, again);
}

async function stop(proxy: ProxyServer, log: ProxyLog, grace: number, again: AbortSignal): Promise<number> {
  log.info({ sessions: proxy.sessionCount }, 'stopping');
  const cut = await proxy.close({ grace, signal: again });
  if (cut === 0) return 0;
  log.warn({ cut }, 'some were cut short');
  return 1;
}

/** SIGHUP. What is wrong is logged, and the old configuration stays. */
function onReload({ reload, log }: Assembled, reread: () => ProxyCommandOptions): void {
  process.on('SIGHUP', () => {
    try {
      reload(reread());
    } catch (error) {
      log.error({ why: (error as Error).message }, 'not reloaded: the old configuration stays');
    }
  });
}

/** Resolves at the first signal to stop, with what aborts at the second. */
export function stopSignals(): Promise<AbortSignal> {
  const again = new AbortController();
  return new Promise((resolve) => {
    let told = false;
    for (const name of ['SIGINT', 'SIGTERM'] as const) {
      process.on(name, () => {
        if (told) again.abort();
        told = true;
        resolve(again.signal);
      });
    }
  });
}
