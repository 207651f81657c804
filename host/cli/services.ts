// The services of `deputy proxy`: Deputy's own by name, a user's by file.
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { InvalidArgumentError } from 'commander';
import type { DeviceProfile } from '../delegation/device.js';
import { DeputyError } from '../delegation/error.js';
import type { DailyWindow } from '../delegation/subscription.js';
import type { Log } from '../proxy/log.js';
import type { SyncPolicy } from '../services/audit/log.js';
import { isStoreName } from '../services/cache/open.js';
import { leaving } from '../services/leave.js';
import type { Service, ServiceLog } from '../services/service.js';
import { openFilter, openReader, openRender, type PageServiceOptions } from './page_services.js';
import { suggestion } from './suggestion.js';

export interface ServiceOptions extends PageServiceOptions {
  /** Names and files, in the order in which they run. */
  service?: string[];
  /** Run those of files in the proxy's own process. */
  trustServices?: boolean;
  /** Hosts whose sites no service changes. */
  leave?: string[];
  /** What to transcode for, in the place of what clients say they are. */
  device?: DeviceProfile;
  cache?: string;
  cacheBytes?: number;
  cacheEntries?: number;
  cacheObjectBytes?: number;
  /** False: what an origin gives to everybody is kept for each client apart, too. */
  cacheShare?: boolean;
  /** Fetch what clients subscribed to. */
  prefetch?: boolean;
  prefetchWindow?: DailyWindow;
  /** Processes that share the port. */
  workers?: number;
  /** The file of the audit log. */
  audit?: string;
  auditRequired?: boolean;
  auditSync?: SyncPolicy;
  auditRotate?: number;
  auditHeader?: string[];
  auditQuery?: boolean;
}

/** The services that come with Deputy. Loaded only where they are asked for. */
const OWN: Readonly<Record<string, (options: ServiceOptions, log: Log) => Promise<Service>>> = {
  transcode: async ({ device }) =>
    (await import('../services/transcode/index.js')).transcode(device && { profile: device }),
  compress: async () => (await import('../services/compress/index.js')).compress(),
  render: openRender,
};

export const isFile = (name: string) => /^[./~]|\.[cm]?js$/.test(name);

export function serviceName(text: string): string {
  if (!Object.hasOwn(OWN, text)) {
    const known = Object.keys(OWN);
    throw new InvalidArgumentError(
      `Choose one of ${known.join(', ')}, or write ./my-service.js.${suggestion(text, known)}`,
    );
  }
  return text;
}

export function cacheStore(text: string): string {
  if (!isStoreName(text))
    throw new InvalidArgumentError('Write memory, disk:DIRECTORY or redis://HOST:PORT.');
  return text;
}

/** Bytes, as `4096`, `64K`, `8M` or `1G`. */
export function byteCount(text: string): number {
  const match = /^(\d{1,12})([KMG]?)$/i.exec(text);
  const value = Number(match?.[1]) * 1024 ** ' KMG'.indexOf(match?.[2]?.toUpperCase() || ' ');
  if (match === null || value < 1 || !Number.isSafeInteger(value)) {
    throw new InvalidArgumentError('Write a number of bytes, as 65536, 64K or 8M.');
  }
  return value;
}

/**
 * All services in the order in which they run: the filter first, for what it refuses is nobody's business; the cache
 * last, so that it keeps what the others made. The audit changes nothing, wherever it stands.
 */
export async function loadServices(options: ServiceOptions, log: Log): Promise<Service[]> {
  const services = await Promise.all(
    (options.service ?? []).map((name) =>
      isFile(name) ? loadFile(name, options, log) : OWN[name]!(options, log),
    ),
  );
  if (options.reader || options.readerLink) services.unshift(await openReader(options));
  if (options.filter !== undefined) services.unshift(await openFilter(options.filter, log));
  // What scripts make is filtered and read like any page; requests are refused before it hears of them.
  services.sort((one, other) => Number(other.name === 'render') - Number(one.name === 'render'));
  const { leave } = options;
  if (leave !== undefined)
    services.splice(0, services.length, ...services.map((each) => leaving(each, leave)));
  if (options.cache !== undefined) services.push(await openCache(options.cache, options, services, log));
  if (options.prefetch === true) services.push(await openPrefetch(options));
  if (options.audit !== undefined) services.unshift(await openAudit(options.audit, options));
  const names = services.map(({ name }) => name);
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice !== undefined) throw new DeputyError('BAD_SERVICE', `two services are named '${twice}'`);
  return services;
}

/** As announced before anything is loaded. */
export const serviceNames = ({
  service = [],
  filter,
  cache,
  audit,
  prefetch,
  reader,
  readerLink,
}: ServiceOptions): string[] => [
  ...(audit === undefined ? [] : ['audit']),
  ...service.filter((name) => name === 'render'),
  ...(filter === undefined ? [] : ['filter']),
  ...(reader || readerLink ? ['reader'] : []),
  ...service.filter((name) => name !== 'render'),
  ...(cache === undefined ? [] : ['cache']),
  ...(prefetch === true ? ['prefetch'] : []),
];

/** A module whose default export is a service, or a function that makes one: in a thread of its own, unless trusted. */
async function loadFile(name: string, { trustServices }: ServiceOptions, log: Log): Promise<Service> {
  const file = resolve(name);
  const bad = (why: string) => new DeputyError('BAD_SERVICE', `${name} can't be used as a service: ${why}`);
  if (!existsSync(file)) throw bad('there is no such file');
  const refuse = (error: Error) => {
    throw bad(error.message);
  };
  if (trustServices === true) {
    const { trusted } = await import('../services/module.js');
    return trusted(pathToFileURL(file).href).catch(refuse);
  }
  const { isolated } = await import('../services/isolated/index.js');
  const line = (level: keyof ServiceLog) => (message: string, fields?: object) =>
    log[level]({ ...fields, file: name }, message);
  const logs = { debug: line('debug'), info: line('info'), warn: line('warn') };
  return isolated(file, { log: logs }).catch(refuse);
}

async function openCache(
  name: string,
  { cacheBytes, cacheEntries, cacheObjectBytes, cacheShare, device, reader }: ServiceOptions,
  others: readonly Service[],
  log: Log,
): Promise<Service> {
  const [{ cache }, { openStore }] = await Promise.all([
    import('../services/cache/index.js'),
    import('../services/cache/open.js'),
  ]);
  const limits = {
    ...(cacheBytes !== undefined && { bytes: cacheBytes }),
    ...(cacheEntries !== undefined && { entries: cacheEntries }),
  };
  const onState = (state: 'ready' | 'lost', why?: string) => {
    if (state === 'ready') log.info({}, "the cache's Redis server is there");
    else log.warn({ why }, "the cache's Redis server is lost: nothing is served from it until it is back");
  };
  try {
    return cache({
      store: await openStore(name, { limits, onState }),
      share: cacheShare !== false,
      byDevice: others.length > 0,
      // What other services made is of no use to a proxy that runs others.
      madeBy: JSON.stringify([others.map((service) => service.name), device ?? null, reader ?? false]),
      ...(cacheObjectBytes !== undefined && { objectBytes: cacheObjectBytes }),
    });
  } catch (error) {
    // A URL may hold a password.
    const kind = name.replace(/:.*/s, '');
    throw new DeputyError('BAD_CACHE', `--cache ${kind} can't be used: ${(error as Error).message}`);
  }
}

/** Throws DeputyError where the other options don't allow it. */
export function checkPrefetch({ prefetch, cache, workers = 1 }: ServiceOptions): void {
  if (prefetch !== true) return;
  if (cache === undefined) {
    throw new DeputyError('NO_CACHE', '--prefetch fetches into the cache: give one with --cache');
  }
  // What resumes a session is a secret: it stays in the memory of the process that got it.
  if (workers > 1)
    throw new DeputyError('BAD_OPTIONS', '--prefetch keeps subscriptions in one process: --workers 1');
}

async function openPrefetch(options: ServiceOptions): Promise<Service> {
  checkPrefetch(options);
  const { prefetchWindow } = options;
  const { prefetch } = await import('../services/prefetch/index.js');
  return prefetch(prefetchWindow && { window: prefetchWindow });
}

async function openAudit(
  file: string,
  { auditRequired, auditSync, auditRotate, auditHeader, auditQuery }: ServiceOptions,
): Promise<Service> {
  const { audit } = await import('../services/audit/index.js');
  return audit({
    file,
    ...(auditRequired && { required: true }),
    ...(auditSync !== undefined && { sync: auditSync }),
    ...(auditRotate !== undefined && { rotateBytes: auditRotate }),
    ...(auditHeader !== undefined && { headers: auditHeader }),
    ...(auditQuery && { query: true }),
  });
}
