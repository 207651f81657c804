// Several processes on one port: a client's conduits reach the worker of its main session, and a worker that dies takes
// its own sessions with it and no other's.
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type DeputyClient, nodePlatform } from '../../../host/index.js';
import { buildCommand, Command, run } from '../../interop/command.js';
import { Steps, type TestOrigin, TOKEN, World } from '../client/world.js';
import { parseExposition } from '../operator/exposition.js';

const WORKERS = 3;

let world: World;
let folder: string;
let origin: TestOrigin;
let waiting: ServerResponse[] = [];
let command: Command;
let port: number;
let desk: string;
const path = (name: string) => join(folder, name);

beforeAll(async () => {
  buildCommand();
  world = await World.create();
  folder = await mkdtemp(join(tmpdir(), 'deputy-workers-'));
  origin = await world.origin((request, response) => {
    if (request.url === '/slow') {
      response.write('first half, ');
      waiting.push(response);
    } else response.end('a page');
  });
  const issued = await world.authority.issue({ names: ['localhost'] });
  await writeFile(path('proxy.pem'), issued.chainPem);
  await writeFile(path('proxy.key'), issued.keyPem);
  await writeFile(path('tokens'), `device:${TOKEN}\n`);
});
afterEach(async () => {
  for (const response of waiting) response.end();
  waiting = [];
  await command.stop();
});
afterAll(async () => {
  await world.close();
  await rm(folder, { recursive: true, force: true });
});

async function start(...more: string[]): Promise<void> {
  command = Command.start([
    ...[
      'proxy',
      '--listen',
      '127.0.0.1:0',
      '--cert',
      path('proxy.pem'),
      '--key',
      path('proxy.key'),
      '--json',
    ],
    ...['--token-file', path('tokens'), '--allow-target', '127.0.0.0/8', '--workers', String(WORKERS)],
    ...['--admin', '127.0.0.1:0', '--grace', '20', ...more],
  ]);
  port = Number((await command.says(/"port":(\d+)/))[1]);
  desk = new URL(/"admin":"([^"]+)"/.exec(command.stdout)![1]!).origin;
}

function client(observer = new Steps(), conduits: 'streams' | 'separate' = 'streams'): DeputyClient {
  return world.through({ port }, { platform: nodePlatform({ engine: 'v8' }), observer, conduits });
}

/** The worker that logged a line of this session. */
const workerOf = (sessionId: string) =>
  Number(new RegExp(`"worker":(\\d+),"session":"${sessionId}"`).exec(command.stderr)?.[1]);

interface Kid {
  worker: number;
  pid: number;
}

function workers(): Kid[] {
  const { pid } = command.child;
  const pids = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').map(Number);
  return pids.map((pid) => ({
    pid,
    worker: Number(/DEPUTY_WORKER=(\d+)/.exec(readFileSync(`/proc/${pid}/environ`, 'latin1'))?.[1]),
  }));
}

async function deliveries(): Promise<number> {
  const metrics = parseExposition(await (await fetch(`${desk}/metrics`)).text());
  return metrics.get('deputy_deliveries_total')!.samples.reduce((sum, { value }) => sum + value, 0);
}

const sessionOf = (steps: Steps) => steps.of('tunnel-open').at(-1)!.sessionId!;

describe(`a proxy of ${WORKERS} workers`, () => {
  test('spreads main sessions, and brings each separate conduit to the worker of its own', async () => {
    await start();
    const all = await Promise.all(
      Array.from({ length: 9 }, async () => {
        const steps = new Steps();
        const one = client(steps, 'separate');
        // Sessions of their own, one beside the other.
        const pages = await Promise.all([1, 2, 3].map(async () => (await one.fetch(origin.url)).text()));
        expect(pages).toEqual(['a page', 'a page', 'a page']);
        // Each conduit cost the device no public-key work.
        const conduits = steps.of('conduit-open');
        expect(conduits.map(({ tls }) => tls.resumed)).toEqual(conduits.map(() => true));
        const ids = steps.of('tunnel-open').map(({ sessionId }) => sessionId!);
        await command.says(new RegExp(ids.at(-1)!));
        return new Set(ids.map(workerOf));
      }),
    );
    for (const used of all) expect(used.size).toBe(1);
    expect(new Set(all.flatMap((used) => [...used])).size).toBe(WORKERS);
  });

  test('counts and shows them as one', async () => {
    await start();
    for (let i = 0; i < 4; i++) await (await client().fetch(origin.url)).text();
    const metrics = parseExposition(await (await fetch(`${desk}/metrics`)).text());
    const sum = (name: string) => metrics.get(name)!.samples.reduce((total, { value }) => total + value, 0);
    expect(sum('deputy_sessions')).toBe(4);
    expect(sum('deputy_deliveries_total')).toBe(4);
    expect(sum('deputy_main_sessions')).toBe(4);
    expect(metrics.get('process_cpu_seconds_total')!.samples).toHaveLength(1);
  });

  test('loses with a worker that is killed its own sessions alone, and replaces it', async () => {
    await start();
    const clients = await Promise.all(
      Array.from({ length: 6 }, async () => {
        const steps = new Steps();
        const one = client(steps, 'separate');
        const slow = await one.fetch(`${origin.url}/slow`);
        return { one, slow, worker: workerOf(sessionOf(steps)) };
      }),
    );
    expect(await deliveries()).toBe(6);
    const victim = workers().find(({ worker }) => worker === clients[0]!.worker)!;
    process.kill(victim.pid, 'SIGKILL');
    await command.says(/a worker died and is replaced/);
    for (const response of waiting) response.end('second half');
    for (const { slow, worker } of clients) {
      // Never a cut answer that looks whole.
      if (worker === victim.worker) await expect(slow.text()).rejects.toThrow();
      else expect(await slow.text()).toBe('first half, second half');
    }
    expect(new Set(clients.map(({ worker }) => worker)).size).toBe(WORKERS);
    await expect.poll(() => workers().length, { timeout: 20_000 }).toBe(WORKERS);
    for (const { one } of clients) expect(await (await one.fetch(origin.url)).text()).toBe('a page');
    expect((await fetch(`${desk}/readyz`)).status).toBe(200);
    // A counter never goes back: what the dead worker had counted is not forgotten.
    expect(await deliveries()).toBeGreaterThan(6);
  });

  test('brings a program that logs its keys to the worker of its deliveries', async () => {
    await start('--service', 'compress');
    // Others of the same address are served by all.
    for (let i = 0; i < 5; i++) await (await client().fetch(origin.url)).text();
    const [keys, roots] = [path('keys.log'), path('ca.pem')];
    await writeFile(roots, world.authority.root.pem);
    await writeFile(keys, '');
    const keylog = Command.start([
      'keylog',
      '--file',
      keys,
      '--proxy',
      `localhost:${port}`,
      '--proxy-ca',
      roots,
      '--token',
      TOKEN,
    ]);
    await keylog.says(/./);
    const proxy = ['--proxy', `https://deputy:${TOKEN}@localhost:${port}`, '--proxy-cacert', roots];
    const mirror = ['--proxy-header', 'Deputy-Session: request; leg=mirror'];
    for (let i = 0; i < 3; i++) {
      const got = await run('curl', ['-s', '--http1.1', ...proxy, ...mirror, '--cacert', roots, origin.url], {
        SSLKEYLOGFILE: keys,
      });
      expect(got).toMatchObject({ status: 0, stdout: 'a page' });
    }
    await keylog.stop();
    expect(command.stderr.match(/"leg":"mirror"/g)).toHaveLength(3);
  });

  test('reloads in all of them', async () => {
    await start();
    await (await client().fetch(origin.url)).text();
    await writeFile(path('tokens'), `other:another-token-altogether\n`);
    command.child.kill('SIGHUP');
    await expect.poll(() => command.stderr.match(/configuration reloaded/g)?.length).toBe(WORKERS);
    for (let i = 0; i < WORKERS; i++) await expect(client().fetch(origin.url)).rejects.toThrow(/token/);
    await writeFile(path('tokens'), `device:${TOKEN}\n`);
  });

  test('lets what is under way end in all of them before it exits', async () => {
    await start();
    const slow = await Promise.all(Array.from({ length: 4 }, () => client().fetch(`${origin.url}/slow`)));
    command.child.kill('SIGTERM');
    await command.says(/stopping/);
    expect((await fetch(`${desk}/readyz`)).status).toBe(503);
    for (const response of waiting) response.end('second half');
    for (const answer of slow) expect(await answer.text()).toBe('first half, second half');
    await command.ended;
    expect(command.child.exitCode).toBe(0);
  });

  test('ends at once at the second signal, and leaves no worker behind', async () => {
    await start();
    const slow = await client().fetch(`${origin.url}/slow`);
    const pids = workers().map(({ pid }) => pid);
    command.child.kill('SIGTERM');
    await command.says(/stopping/);
    command.child.kill('SIGTERM');
    await expect(slow.text()).rejects.toThrow();
    await command.ended;
    expect(command.child.exitCode).toBe(1);
    for (const pid of pids) expect(() => process.kill(pid, 0)).toThrow();
  });

  test('whose keeper is killed ends too', async () => {
    await start();
    const pids = workers().map(({ pid }) => pid);
    command.child.kill('SIGKILL');
    const isGone = (pid: number) => {
      try {
        return !process.kill(pid, 0);
      } catch {
        return true;
      }
    };
    await expect.poll(() => pids.every(isGone), { timeout: 10_000 }).toBe(true);
  });
});

test('what is wrong with the configuration is said once, and nothing is left running', async () => {
  command = Command.start(['proxy', '--plaintext', '--workers', '4', '--token-file', path('none')]);
  if (command.child.exitCode === null) await once(command.child, 'close');
  expect(command.child.exitCode).toBe(1);
  expect(command.stderr.match(/FILE_UNREADABLE/g)).toHaveLength(1);
});
