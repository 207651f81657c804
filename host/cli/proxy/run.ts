// Runs a proxy until it is told to stop, and reloads it when it is told to.
import { authority } from '../../delegation/origin.js';
import type { OperatorServer } from '../../operator/server.js';
import type { ProxyLog } from '../proxy_log.js';
import { openOperator } from './operator.js';
import type { ProxyCommandOptions } from './options.js';
import { type Assembled, assemble, listen } from './start.js';

export interface Announced {
  address: { host: string; port: number };
  /** Of the operator's page, its token included: for whoever started the proxy, and for no log. */
  admin?: string;
}

type Announce = (announced: Announced, options: ProxyCommandOptions) => void;

/** Resolves with the exit code. `reread` reads the options anew, and throws what is wrong with them. */
export async function runProxy(
  options: ProxyCommandOptions,
  reread: () => ProxyCommandOptions,
  announce: Announce,
): Promise<number> {
  const assembled = await assemble(options);
  const { proxy, log } = assembled;
  // Before anything listens: whoever reads that it does may tell it to stop at once.
  const signals = new StopSignals();
  let operator: OperatorServer | undefined;
  try {
    await listen(proxy, options);
    const { host, port } = proxy.address!;
    operator = await openOperator(options, {
      proxy,
      listening: authority(host, port),
      isStopping: () => signals.told,
    });
    onReload(assembled, reread);
    announce({ address: { host, port }, ...(operator && { admin: operator.url }) }, options);
    await signals.first;
    log.info({ sessions: proxy.sessionCount }, 'stopping');
    return exitCode(await proxy.close({ grace: options.grace, signal: signals.second }), log);
  } catch (error) {
    await proxy.close();
    throw error;
  } finally {
    await operator?.close();
  }
}

export function exitCode(cut: number, log: ProxyLog): number {
  if (cut > 0) log.warn({ cut }, 'some were cut short');
  return cut > 0 ? 1 : 0;
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

/** SIGTERM and SIGINT: once to stop, twice to stop at once. */
export class StopSignals {
  readonly #second = new AbortController();
  #onFirst: () => void = () => {};
  told = false;
  readonly first = new Promise<void>((resolve) => {
    this.#onFirst = resolve;
  });

  constructor() {
    for (const name of ['SIGINT', 'SIGTERM'] as const) {
      process.on(name, () => {
        if (this.told) this.#second.abort();
        this.told = true;
        this.#onFirst();
      });
    }
  }

  get second(): AbortSignal {
    return this.#second.signal;
  }
}
