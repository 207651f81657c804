// After sessions have ended nothing secret is left in what `deputy` prints and logs, nor in the memory of the proxy's
// process.
import { closeSync, existsSync, openSync, readFileSync, readSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Issued } from '../../host/cli/demo/authority/authority.js';
import { TOKEN, World } from '../host/client/world.js';
import { buildCommand, type Command, deputy } from './command.js';
import { KeyLog } from './key_log.js';
import { clientRandomOf, openConnection } from './opened.js';
import { startProxyCommand } from './proxy_command.js';
import { found, printed, secretOrigin, secretsOf, versions } from './secret_search.js';
import { recordsOf, Tap } from './tap.js';

let world: World;
let folder: string;
let identity: Issued;
const path = (name: string) => join(folder, name);

beforeAll(async () => {
  buildCommand();
  world = await World.create();
  folder = await mkdtemp(join(tmpdir(), 'deputy-secrets-'));
  identity = await world.authority.issue({ names: ['device 7'], isClient: true });
  await writeFile(path('ca.pem'), world.authority.root.pem);
});
afterAll(async () => {
  await world.close();
  await rm(folder, { recursive: true, force: true });
});

/** All that the operator's listener tells of what has passed. */
async function seenByOperator(url: string): Promise<string[]> {
  const { origin } = new URL(url);
  const entered = await fetch(url, { redirect: 'manual' });
  const headers = { Cookie: entered.headers.get('set-cookie')!.split(';')[0]! };
  const live = await fetch(`${origin}/live`, { headers });
  const reader = live.body!.pipeThrough(new TextDecoderStream()).getReader();
  const { value } = await reader.read();
  void reader.cancel();
  expect(value).toContain('"sites":[{');
  const metrics = await (await fetch(`${origin}/metrics`)).text();
  expect(metrics).toContain('deputy_deliveries_total{grant="full"}');
  return [value!, metrics];
}

/** All readable memory of another process. */
function memoryOf(pid: number): Buffer[] {
  const maps = readFileSync(`/proc/${pid}/maps`, 'utf8');
  const file = openSync(`/proc/${pid}/mem`, 'r');
  const regions: Buffer[] = [];
  for (const line of maps.split('\n')) {
    const match = /^([0-9a-f]+)-([0-9a-f]+) rw.. \S+ \S+ 0*(\d+) *(.*)$/.exec(line);
    if (match === null || match[4] === '[vvar]') continue;
    const start = Number.parseInt(match[1]!, 16);
    const length = Number.parseInt(match[2]!, 16) - start;
    if (length > 1 << 28) continue;
    const bytes = Buffer.alloc(length);
    try {
      readSync(file, bytes, 0, length, start);
      regions.push(bytes);
    } catch {
      // Reserved, not mapped.
    }
  }
  closeSync(file);
  return regions;
}

describe.each(versions)('the command, %s', (version) => {
  const log = new KeyLog();
  let toOrigin: Tap;
  let toProxy: Tap;
  let proxy: Command;

  beforeAll(async () => {
    toOrigin = await secretOrigin(world, version, log);
    await writeFile(path('device.pem'), identity.chainPem);
    await writeFile(path('device.key'), identity.keyPem);
    const started = await startProxyCommand({
      authority: world.authority,
      folder,
      tokens: { device: TOKEN },
      args: [
        ...['--log-level', 'debug', '--service', 'transcode', '--cache', 'memory', '--max-exchanges', '9'],
        ...['--admin', '127.0.0.1:0', '--audit', path(`audit-${version}`)],
      ],
      node: [`--tls-keylog=${path(`keys-${version}`)}`, '--expose-gc'],
    });
    proxy = started.command;
    world.onClose(() => proxy.stop());
    toProxy = await Tap.to(started.port);
    world.onClose(() => toProxy.close());
  });

  const get = (...args: string[]) =>
    deputy(
      [
        ...['get', ...args, '--proxy', `localhost:${toProxy.port}`],
        ...(args.includes('--proxy-ca') ? [] : ['--proxy-ca', path('ca.pem')]),
        ...(args.includes('--ca') ? [] : ['--ca', path('ca.pem')]),
        ...['--cert', path('device.pem'), '--key', path('device.key')],
      ],
      { DEPUTY_TOKEN: args.includes('--wrong') ? 'a-wrong-but-secret-token' : TOKEN },
    );

  test('prints no secret: pages, traces, JSON, errors and the log', async () => {
    const url = `https://localhost:${toOrigin.port}/page`;
    const runs = [
      await get(url),
      await get(url, '--trace'),
      await get(url, '--trace', '--grant', 'full'),
      await get(url, '--json'),
      await get(url, '--json', '--trace', '--engine', 'v8'),
      await get(`https://127.0.0.1:${toOrigin.port}/`, '--trace'),
      await get(`https://localhost:${toOrigin.port + 1}/`, '--trace'),
      await get(url, '--trace', '--ca', path('device.pem')),
      await get(url, '--json', '--proxy-ca', path('device.pem')),
    ];
    expect(runs.map(({ status }) => status)).toEqual([0, 0, 0, 0, 0, 60, 7, 60, 60]);
    log.add(await readFile(path(`keys-${version}`)));
    const secrets = secretsOf(log, [toOrigin, toProxy], identity);
    expect(secrets.length).toBeGreaterThan(100);
    const { admin } = JSON.parse(proxy.stdout);
    const text = [
      ...runs.flatMap(({ stdout, stderr }) => [stdout, stderr]),
      ...[proxy.stdout, proxy.stderr, await readFile(path(`audit-${version}`), 'utf8')],
      ...(await seenByOperator(admin)),
    ].join('\n');
    expect(text).toContain('session active');
    expect(text.length).toBeGreaterThan(10_000);
    expect(printed(text, secrets)).toEqual([]);
    expect(text).not.toContain(TOKEN);
    expect(text).not.toContain('PRIVATE KEY');
    // What opens the operator's page is printed once, and logged never.
    expect(text.split(new URL(admin).searchParams.get('token')!)).toHaveLength(2);
    // The search finds what is there: the randoms are told, and public.
    const random = clientRandomOf(recordsOf(toOrigin.connections[0]!.sent));
    expect(printed(`${text} ${random.toString('hex')}`, [['random', random]])).toEqual(['random']);
  });

  const grants =
    version === 'TLSv1.2' ? ['session', 'resume', 'full'] : ['session', 'epoch', 'resume', 'observe'];
  test.skipIf(!existsSync('/proc/self/mem')).each(grants)(
    'leaves no delivered secret in the memory of the proxy, grant %s',
    async (grant) => {
      const first = toOrigin.connections.length;
      const got = await get(`https://localhost:${toOrigin.port}/last`, '--grant', grant);
      expect(got).toMatchObject({ status: 0 });
      const connection = toOrigin.connections[first]!;
      const random = clientRandomOf(recordsOf(connection.sent));
      const opened = openConnection(recordsOf(connection.sent), recordsOf(connection.received), log);
      const labels =
        version === 'TLSv1.2' ? ['CLIENT_RANDOM'] : ['CLIENT_TRAFFIC_SECRET_0', 'SERVER_TRAFFIC_SECRET_0'];
      const delivered = labels.map((label): [string, Buffer] => [label, log.secret(random, label)]);
      const secrets = [...delivered, ...opened.keys.map((key): [string, Buffer] => ['key', key])];
      const pieces = secrets
        .filter(([, secret]) => secret.length >= 16)
        .map(([what, secret]): [string, Buffer] => [what, secret.subarray(0, 16)]);
      expect(pieces.length).toBeGreaterThanOrEqual(3);
      const regions = memoryOf(proxy.child.pid!);
      // The search finds what is there.
      expect(regions.some((region) => region.includes(path('proxy.key')))).toBe(true);
      const left = new Set(regions.flatMap((region) => found(region, pieces)));
      expect([...left]).toEqual([]);
    },
  );
});
