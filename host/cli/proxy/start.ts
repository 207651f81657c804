// From the options of the command to a proxy that listens, and to one that takes other options while it runs.

import { DeputyError } from '../../delegation/error.js';
import { authority } from '../../delegation/origin.js';
import type { ProxyOptions } from '../../proxy/options.js';
import { createProxy, type ProxyServer } from '../../proxy/proxy.js';
import { quota } from '../../services/quota/index.js';
import { signingKey, textFile } from '../arguments.js';
import { isReloadable } from '../page_services.js';
import { logExchanges, logTo, type ProxyLog } from '../proxy_log.js';
import { loadServices } from '../services.js';
import { certificatesOf, checkKey } from './certificates.js';
import { boundsRequests, limitsOf } from './client_limits.js';
import { camelCase } from './option.js';
import { ENTRIES, type ProxyCommandOptions } from './options.js';
import { parseTokens } from './tokens.js';

export interface Assembled {
  proxy: ProxyServer;
  log: ProxyLog;
  /** Takes over what may change without a restart. Throws DeputyError, and then changes nothing. */
  reload(options: ProxyCommandOptions): void;
}

/** A listening proxy. Throws DeputyError with what to do next. */
export async function startProxy(options: ProxyCommandOptions): Promise<ProxyServer> {
  const { proxy } = await assemble(options);
  await listen(proxy, options);
  return proxy;
}

/** Throws CANNOT_LISTEN. */
export async function listen(
  proxy: Pick<ProxyServer, 'listen'>,
  { listen: { host, port } }: ProxyCommandOptions,
): Promise<{ host: string; port: number }> {
  try {
    return await proxy.listen(port, host);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new DeputyError(
      'CANNOT_LISTEN',
      `${authority(host, port)} can't be listened on (${code}): is it taken, or not an address of this machine?`,
    );
  }
}

/** A proxy that does not listen yet. `more` goes before what the options say; `base` stands in every line it logs. */
export async function assemble(
  options: ProxyCommandOptions,
  more: Partial<ProxyOptions> = {},
  base?: Readonly<Record<string, unknown>>,
): Promise<Assembled> {
  const log = await openLog(options, base);
  // What clients may take changes with a reload.
  let current = options;
  const limits = (principal: string) => limitsOf(principal, current);
  const settings = { ...(await proxyOptions(options, log)), clientLimits: limits, ...more };
  if (boundsRequests(options)) settings.services = [quota(limits), ...(settings.services ?? [])];
  const proxy = makeProxy(() => createProxy(settings));
  logExchanges(proxy.events, log);
  return {
    proxy,
    log,
    reload(next) {
      const admitted = admission(next);
      for (const service of settings.services ?? []) if (isReloadable(service)) service.reload(next);
      makeProxy(() => proxy.renew(admitted));
      current = next;
      if (boundsRequests(next) && !boundsRequests(options))
        log.warn({}, 'requests are bounded from a restart on: they were not bounded at the start');
      log.level = next.logLevel;
      const restart = ENTRIES.filter(([name, entry]) => !entry.reloads && differ(name, options, next));
      if (restart.length > 0)
        log.warn({ options: restart.map(([name]) => name) }, 'these options change with a restart only');
      log.info({}, 'configuration reloaded');
    },
  };
}

function differ(name: string, one: ProxyCommandOptions, other: ProxyCommandOptions): boolean {
  const textOf = (options: object) => JSON.stringify((options as Record<string, unknown>)[camelCase(name)]);
  return textOf(one) !== textOf(other);
}

/** Everything that the files named in the options hold, read and checked. */
export async function proxyOptions(options: ProxyCommandOptions, log: ProxyLog): Promise<ProxyOptions> {
  return {
    ...admission(options),
    ...(options.plaintext === true && { plaintext: true }),
    ...(options.timeKey !== undefined && { timeKey: signingKey(options.timeKey, '--time-key') }),
    ...(options.node !== undefined && { node: authority(options.node.host, options.node.port) }),
    targets: {
      allow: options.allowTarget ?? [],
      deny: options.denyTarget ?? [],
      ...(options.resolve !== undefined && { addresses: options.resolve }),
      ...(options.allowPort !== undefined && {
        ports: options.allowPort.includes('any') ? ('any' as const) : (options.allowPort as number[]),
      }),
    },
    services: await loadServices(options, log),
    undelivered: options.undelivered,
    ...(options.requireDelegation && { requireDelegation: true }),
    ...(options.allowStream !== undefined && { allowStreams: options.allowStream }),
    ...(options.legacy && {
      legacy: await (await import('../../platform/node/record_engine.js')).loadRecordEngine(),
    }),
    limits: {
      ...(options.holdTime !== undefined && { deliveryTimeout: options.holdTime }),
    },
    log,
  };
}

/** The proxy's own certificate, whom it admits, and whom it believes. */
function admission({ cert, key, plaintext, tokenFile, clientCa, originCa }: ProxyCommandOptions) {
  if (plaintext !== true && (cert === undefined || key === undefined)) {
    throw new DeputyError(
      'NO_CERTIFICATE',
      'a proxy needs --cert and --key, or --plaintext for blind tunnels only',
    );
  }
  if (tokenFile === undefined && clientCa === undefined) {
    throw new DeputyError('NO_ADMISSION', 'say who may use the proxy: --token-file, --client-ca or both');
  }
  if (plaintext !== true) checkKey(cert!, key!);
  if (clientCa !== undefined) certificatesOf(clientCa, '--client-ca');
  return {
    ...(plaintext !== true && {
      tls: { certificate: textFile(cert!, '--cert'), key: textFile(key!, '--key') },
    }),
    ...(tokenFile !== undefined && { tokens: parseTokens(textFile(tokenFile, '--token-file')) }),
    ...(clientCa !== undefined && { clientAuthorities: [textFile(clientCa, '--client-ca')] }),
    ...(originCa !== undefined && { originRoots: textFile(originCa, '--origin-ca') }),
  };
}

export function openLog(
  { logLevel, logFormat }: ProxyCommandOptions,
  base?: Readonly<Record<string, unknown>>,
): Promise<ProxyLog> {
  return logTo(process.stderr, logLevel, { format: logFormat, ...(base && { base }) });
}

function makeProxy<T>(make: () => T): T {
  try {
    return make();
  } catch (error) {
    throw new DeputyError('BAD_OPTIONS', `the proxy can't be set up: ${(error as Error).message}`);
  }
}
