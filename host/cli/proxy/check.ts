// `deputy proxy --check-config`: finds all that would go wrong, and leaves no trace: no file, no folder, no listener.
import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { DeputyError } from '../../delegation/error.js';
import { checkAdmin } from '../../operator/server.js';
import { createProxy } from '../../proxy/proxy.js';
import { reachRedis } from '../../services/cache/stores/redis.js';
import { textFile } from '../arguments.js';
import { checkPrefetch, loadServices } from '../services.js';
import { certificatesOf, checkKey, checkTimes } from './certificates.js';
import type { ProxyCommandOptions } from './options.js';
import { openLog, proxyOptions } from './start.js';

const REDIS_TIMEOUT = 3000;

/** What is wrong, each problem by the option it is about; empty where all is right. */
export async function problems(options: ProxyCommandOptions, now = new Date()): Promise<string[]> {
  const found: string[] = [];
  const collect = async (check: () => unknown) => {
    try {
      await check();
    } catch (error) {
      const problem = (error as Error).message;
      if (!found.includes(problem)) found.push(problem);
    }
  };
  const { cert, key, clientCa } = options;
  if (options.plaintext !== true && cert !== undefined && key !== undefined) {
    await collect(() => checkKey(cert, key));
    await collect(() => checkTimes(certificatesOf(cert, '--cert'), `--cert ${cert}`, now));
  }
  if (clientCa !== undefined) await collect(() => certificatesOf(clientCa, '--client-ca'));
  await collect(() => checkProxy(options));
  await collect(() => checkServices(options));
  await collect(() => checkPrefetch(options));
  if (options.cache !== undefined) await collect(() => checkCache(options.cache!));
  if (options.audit !== undefined) await collect(() => checkFile(options.audit!, '--audit'));
  if (options.admin !== undefined) await collect(() => checkAdmin(options.admin!, adminToken(options)));
  return found;
}

const wrong = (message: string): never => {
  throw new DeputyError('BAD_OPTIONS', message);
};

/** Everything that a proxy is set up with, its services left out. */
async function checkProxy(options: ProxyCommandOptions): Promise<void> {
  const { service: _, filter: __, cache: ___, prefetch: ____, audit: _____, ...rest } = options;
  const proxy = createProxy(await proxyOptions(rest, await openLog(options)));
  await proxy.close();
}

/** Services of files are loaded and let go; what a service would create is left out. */
async function checkServices(options: ProxyCommandOptions): Promise<void> {
  const { cache: _, prefetch: __, audit: ___, ...rest } = options;
  const services = await loadServices(rest, await openLog({ ...options, logLevel: 'silent' }));
  await Promise.all(services.map((service) => service.close?.()));
}

async function checkCache(store: string): Promise<void> {
  const folder = /^disk:(.+)$/s.exec(store)?.[1];
  if (folder !== undefined) return checkFolder(folder);
  if (store === 'memory') return;
  await reachRedis(store, REDIS_TIMEOUT).catch((error: Error) =>
    // A URL may hold a password.
    wrong(`--cache ${store.replace(/:.*/s, '')}: the Redis server can't be reached (${error.message})`),
  );
}

/** A folder that is there and can be written, or can be made. */
function checkFolder(folder: string): void {
  if (existsSync(folder) && !statSync(folder).isDirectory()) wrong(`--cache disk:${folder} is no folder`);
  checkWritable(existing(folder), `--cache disk:${folder}`);
}

function checkFile(file: string, option: string): void {
  if (existsSync(file) && !statSync(file).isFile()) wrong(`${option} ${file} is no file`);
  checkWritable(existsSync(file) ? file : dirname(file), `${option} ${file}`);
}

/** The nearest folder on the way to it that is there. */
const existing = (path: string): string =>
  existsSync(path) || dirname(path) === path ? path : existing(dirname(path));

function checkWritable(path: string, what: string): void {
  try {
    accessSync(path, constants.W_OK);
  } catch (error) {
    wrong(`${what}: ${path} can't be written (${(error as NodeJS.ErrnoException).code})`);
  }
}

const adminToken = ({ adminTokenFile }: ProxyCommandOptions): string | undefined =>
  adminTokenFile === undefined ? undefined : textFile(adminTokenFile, '--admin-token-file').trim();
