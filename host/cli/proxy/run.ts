// Runs a proxy until a signal stops it, and reloads it on another.
import cluster from 'node:cluster';
import type { AddressInfo, Server } from 'node:net';
import { authority } from '../../delegation/origin.js';
import type { OperatorServer } from '../../operator/server.js';
import { DEFAULT_LIMITS } from '../../proxy/options.js';
import { dispatcher } from '../../workers/dispatcher.js';
import { Keeper } from '../../workers/keeper.js';
import { operatedWorkers } from '../../workers/operated.js';
import { serveWorker, workerRole } from '../../workers/worker.js';
import type { ProxyLog } from '../proxy_log.js';
import { packageVersion } from '../version.js';
import { auditTrail } from './audit_trail.js';
import { openOperator, serveOperator } from './operator.js';
import type { ProxyCommandOptions } from './options.js';
import { type Assembled, assemble, listen, openLog } from './start.js';

export interface Announced {
  address: { host: string; port: number };
  /** Of the operator's page, its token included: for the person who started the proxy, and for no log. */
  admin?: string;
}

type Announce = (announced: Announced, options: ProxyCommandOptions) => void;

/** Resolves with the exit code. `reread` reads the options anew, and throws what is wrong with them. */
export async function runProxy(
  options: ProxyCommandOptions,
  reread: () => ProxyCommandOptions,
  announce: Announce,
): Promise<number> {
  if (cluster.isWorker) return runWorker(options, reread);
  return (options.workers > 1 ? runWorkers : runAlone)(options, reread, announce);
}

async function runAlone(
  options: ProxyCommandOptions,
  reread: () => ProxyCommandOptions,
  announce: Announce,
): Promise<number> {
  const assembled = await assemble(options);
  const { proxy, log } = assembled;
  // Before anything listens: anyone who reads that it does may tell it to stop at once.
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

/** Accepts clients for worker processes, each of which runs this command again. */
async function runWorkers(
  options: ProxyCommandOptions,
  reread: () => ProxyCommandOptions,
  announce: Announce,
): Promise<number> {
  const log = await openLog(options);
  const signals = new StopSignals();
  const keeper = new Keeper(log);
  const { greetingTimeout, firstByteTimeout, strangers, strangersPerAddress } = DEFAULT_LIMITS;
  const server = dispatcher({
    destinations: () => keeper.ready,
    readsHello: options.plaintext !== true,
    firstByteTimeout,
    timeout: greetingTimeout,
    waiting: { total: strangers, perAddress: strangersPerAddress },
  });
  let operator: OperatorServer | undefined;
  let cut = 0;
  try {
    await keeper.start(options.workers);
    const address = await listen({ listen: (port, host) => listening(server, port, host) }, options);
    const surroundings = {
      version: packageVersion(),
      listening: authority(address.host, address.port),
      isStopping: () => signals.told,
      ...(options.audit !== undefined && {
        audit: auditTrail(Array.from({ length: options.workers }, (_, i) => ofWorker(options, i + 1).audit!)),
      }),
    };
    if (options.admin !== undefined)
      operator = await serveOperator(options, operatedWorkers(keeper, surroundings));
    onReload({ reload: () => keeper.reload(), log }, reread);
    announce({ address, ...(operator && { admin: operator.url }) }, options);
    await signals.first;
    log.info({ workers: keeper.count }, 'stopping');
    server.close();
    cut = await keeper.stop(options.grace, signals.second);
    return exitCode(cut, log);
  } catch (error) {
    server.close();
    await keeper.stop(0, AbortSignal.abort());
    throw error;
  } finally {
    await operator?.close();
  }
}

/** One of them. */
async function runWorker(options: ProxyCommandOptions, reread: () => ProxyCommandOptions): Promise<number> {
  const { number, ticketName } = workerRole(process.env);
  // Nothing keeps a worker alive that could not begin.
  const assembled = await assemble(ofWorker(options, number), { ticketName }, { worker: number }).catch(
    (error) => {
      process.disconnect();
      throw error;
    },
  );
  const { proxy, log } = assembled;
  const isOperated = options.admin !== undefined;
  await serveWorker({
    proxy,
    isOperated,
    reload: () => reloadOrSay(assembled, () => ofWorker(reread(), number)),
  });
  log.debug({}, 'worker ends');
  return 0;
}

/** An audit log has one writer: each worker has its own, FILE-1, FILE-2 … */
const ofWorker = (options: ProxyCommandOptions, number: number): ProxyCommandOptions =>
  options.audit === undefined ? options : { ...options, audit: `${options.audit}-${number}` };

async function listening(server: Server, port = 0, host = ''): Promise<{ host: string; port: number }> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port, host }, resolve);
  });
  const address = server.address() as AddressInfo;
  return { host: address.address, port: address.port };
}

function exitCode(cut: number, log: ProxyLog): number {
  if (cut > 0) log.warn({ cut }, 'some were cut short');
  return cut > 0 ? 1 : 0;
}

type Reloaded = Pick<Assembled, 'reload' | 'log'>;

/** SIGHUP. */
function onReload(reloaded: Reloaded, reread: () => ProxyCommandOptions): void {
  process.on('SIGHUP', () => reloadOrSay(reloaded, reread));
}

/** What is wrong is logged, and the old configuration stays. */
function reloadOrSay({ reload, log }: Reloaded, reread: () => ProxyCommandOptions): void {
  try {
    reload(reread());
  } catch (error) {
    log.error({ why: (error as Error).message }, 'not reloaded: the old configuration stays');
  }
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
