// What the load runs against: nginx origins, a Redis server and one proxy process with a probe in it.
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { transformSync } from 'esbuild';
import { type Authority, createAuthority } from '../../host/cli/demo/authority/authority.js';
import { type Origin, startOrigin } from '../../host/cli/demo/origins.js';
import type { Held, Start } from './messages.js';

const command = fileURLToPath(new URL('../../dist/host/cli/deputy.js', import.meta.url));
const probe = fileURLToPath(new URL('probe.ts', import.meta.url));
const TOKEN = 'token-of-the-load';
/** Bytes of the files that every origin serves. */
const SIZES = [300, 5_000, 40_000, 200_000];

const files = Object.fromEntries(
  SIZES.map((size) => [`/${size}`, { type: 'application/octet-stream', body: randomBytes(size) }]),
);
const hashes = Object.entries(files).map(([path, { body }]) => ({
  path,
  hash: createHash('sha256').update(body).digest('hex'),
}));

type StartedOrigin = Start['origins'][number] & { readonly host: string; readonly server: Origin };

export interface World {
  readonly authority: Authority;
  readonly origins: Readonly<Record<string, StartedOrigin>>;
  readonly redis: Awaited<ReturnType<typeof startRedis>>;
  readonly proxy: Awaited<ReturnType<typeof startProxy>>;
  stop(): Promise<void>;
}

/** `origins`: names of origins, each with the Cache-Control that it sends. `profile`: where the proxy's profile goes. */
export async function startWorld(
  origins: Readonly<Record<string, string>>,
  { profile }: { profile?: string | undefined } = {},
): Promise<World> {
  const directory = await mkdtemp(join(tmpdir(), 'deputy-load-'));
  const authority = await createAuthority();
  const closers: (() => unknown)[] = [];
  const started: Record<string, StartedOrigin> = {};
  for (const [name, cacheControl] of Object.entries(origins)) {
    const host = `${name}.example`;
    const issued = await authority.issue({ names: [host] });
    const more = [`add_header Cache-Control "${cacheControl}";`, 'keepalive_requests 1000000;'];
    const server = await startOrigin('nginx', { certificates: [issued], files, more });
    closers.push(() => server.stop());
    started[name] = { name, host, server, url: `https://${host}:${server.port}`, files: hashes };
  }
  const redis = await startRedis();
  closers.push(() => redis.kill());
  const proxy = await startProxy({ directory, authority, origins: started, redis }, profile);
  closers.push(() => proxy.stop());
  const stop = async () => {
    for (const close of closers.reverse()) await close();
    await rm(directory, { recursive: true, force: true });
  };
  return { authority, origins: started, redis, proxy, stop };
}

async function startProxy(
  {
    directory,
    authority,
    origins,
    redis,
  }: Pick<World, 'authority' | 'origins' | 'redis'> & { directory: string },
  profile: string | undefined,
) {
  const issued = await authority.issue({ names: ['localhost'] });
  const file = (name: string) => join(directory, name);
  await writeFile(file('chain.pem'), issued.chainPem);
  await writeFile(file('key.pem'), issued.keyPem, { mode: 0o600 });
  await writeFile(file('tokens'), `load:${TOKEN}`, { mode: 0o600 });
  const child = spawn(
    process.execPath,
    [
      ...['--expose-gc', '--import', asModule(probe)],
      ...(profile === undefined ? [] : ['--cpu-prof', '--cpu-prof-dir', profile]),
      command,
      ...[
        'proxy',
        '--listen',
        '127.0.0.1:0',
        '--json',
        '--max-sessions',
        '2000',
        '--allow-target',
        '127.0.0.0/8',
      ],
      ...['--cert', file('chain.pem'), '--key', file('key.pem'), '--token-file', file('tokens')],
      ...['--cache', redis.url],
      ...Object.values(origins).flatMap(({ host }) => ['--resolve', `${host}=127.0.0.1`]),
    ],
    { stdio: ['ignore', 'pipe', 'pipe', 'ipc'] },
  );
  let log = '';
  child.stderr!.on('data', (text) => {
    // The newest: what went wrong is at the end.
    log = (log + text).slice(-(1 << 20));
  });
  const line = await new Promise<string>((resolve, reject) => {
    child.once('exit', () => reject(new Error(`the proxy ended at once: ${log}`)));
    createInterface(child.stdout!).once('line', resolve);
  });
  return {
    connection: { host: 'localhost', port: JSON.parse(line).listening.port, token: TOKEN },
    child,
    log: () => log,
    async probe(): Promise<Held> {
      child.send('probe');
      return (await once(child, 'message'))[0];
    },
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill();
      await once(child, 'exit');
    },
  };
}

/** A TypeScript file for `--import`, without a compiler in the process that is measured. */
const asModule = (file: string): string => {
  const { code } = transformSync(readFileSync(file, 'utf8'), { loader: 'ts', format: 'esm' });
  return `data:text/javascript,${encodeURIComponent(code)}`;
};

async function startRedis() {
  const listener = createServer().listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const { port } = listener.address() as AddressInfo;
  listener.close();
  await once(listener, 'close');
  let child: ChildProcess;
  const run = async () => {
    const settings = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'];
    child = spawn('/usr/bin/redis-server', settings, { stdio: ['ignore', 'pipe', 'inherit'] });
    for await (const line of createInterface(child.stdout!)) if (line.includes('Ready to accept')) break;
    child.stdout!.resume();
  };
  await run();
  const kill = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  };
  return { url: `redis://127.0.0.1:${port}`, run, kill };
}
