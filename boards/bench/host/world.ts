// What the host's benchmark runs against: one origin and proxies in processes of their own, so that their processor
// time is theirs alone.
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Platform } from '../../../host/platform/platform.js';

/** The modules that are measured as they were built. */
interface Modules {
  'host/index.js': typeof import('../../../host/index.js');
  'host/engine/record.js': typeof import('../../../host/engine/record.js');
  'host/platform/node/programs.js': typeof import('../../../host/platform/node/programs.js');
  'host/proxy/proxy.js': typeof import('../../../host/proxy/proxy.js');
  'host/services/transcode/index.js': typeof import('../../../host/services/transcode/index.js');
  'host/cli/demo/authority/authority.js': typeof import('../../../host/cli/demo/authority/authority.js');
  'host/cli/demo/origins.js': typeof import('../../../host/cli/demo/origins.js');
}

/** What an origin serves, by path. */
export type Files = Readonly<Record<string, { readonly type: string; readonly body: Uint8Array | string }>>;

const dist = new URL('../../../dist/', import.meta.url);

/** A module of the built project. */
export async function built<Path extends keyof Modules>(path: Path): Promise<Modules[Path]> {
  try {
    return await import(new URL(path, dist).href);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error;
    throw new Error('the project is not built: run npm install, or npm run build');
  }
}

const TOKEN = 'benchmark-token';
const NAME = 'origin.example';

export type World = Awaited<ReturnType<typeof startWorld>>;
export type ProxyProcess = Awaited<ReturnType<World['proxy']>>;

export async function startWorld(files: Files) {
  const { createAuthority } = await built('host/cli/demo/authority/authority.js');
  const { isInstalled, startOrigin } = await built('host/cli/demo/origins.js');
  const authority = await createAuthority();
  const directory = await mkdtemp(join(tmpdir(), 'deputy-bench-'));
  const identity = await authority.issue({ names: ['127.0.0.1'] });
  await writeFile(join(directory, 'chain.pem'), identity.chainPem);
  await writeFile(join(directory, 'key.pem'), identity.keyPem, { mode: 0o600 });
  await writeFile(join(directory, 'tokens'), TOKEN, { mode: 0o600 });
  const issued = await authority.issue({ names: [NAME] });
  const origin = await startOrigin(isInstalled('nginx') ? 'nginx' : 'node', {
    certificates: [issued],
    files,
    cipherSuite: 'TLS_AES_128_GCM_SHA256',
    version: '1.3',
  });
  const proxies: { stop(): void }[] = [];
  return {
    authority,
    origin,
    size: (path: string) => files[path]!.body.length,
    url: (path: string) => `https://${NAME}:${origin.port}${path}`,
    /** A proxy process with these services. */
    async proxy(services: readonly string[]) {
      const proxy = await startProxy(directory, services);
      proxies.push(proxy);
      return { ...proxy, roots: authority.root.pem, token: TOKEN };
    },
    async stop() {
      for (const proxy of proxies) proxy.stop();
      await origin.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

async function startProxy(directory: string, services: readonly string[]) {
  const file = (name: string) => join(directory, name);
  const child = spawn(
    process.execPath,
    [
      fileURLToPath(new URL('host/cli/deputy.js', dist)),
      ...['proxy', '--listen', '127.0.0.1:0', '--json', '--log-level', 'silent'],
      ...['--cert', file('chain.pem'), '--key', file('key.pem'), '--token-file', file('tokens')],
      ...['--allow-target', '127.0.0.0/8', '--resolve', `${NAME}=127.0.0.1`],
      ...services.flatMap((service) => ['--service', service]),
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const line = await new Promise<string>((resolve, reject) => {
    child.once('exit', () => reject(new Error('the proxy ended at once')));
    createInterface(child.stdout).once('line', resolve);
  });
  const { host, port } = JSON.parse(line).listening;
  return { host, port, seconds: () => processorSeconds(child.pid!), stop: () => child.kill() };
}

/** User and system time of a process so far (proc(5): fields 14 and 15, in ticks of 10 ms). */
async function processorSeconds(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'latin1');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

/** A way to the origin that needs no proxy: its name leads to loopback. */
export function loopback(platform: Platform): Platform {
  return { ...platform, connect: (_host, port, signal) => platform.connect('127.0.0.1', port, signal) };
}
