// Several machines behind a balancer that knows nothing of Deputy: a main session carries all of a client, so that no client
// has to come back to the machine where it was.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createProxy, type ProxyServer } from '../../host/proxy/proxy.js';
import { Steps, type TestOrigin, TOKEN, World } from '../host/client/world.js';

let world: World;
let folder: string;
let balancer: ChildProcess;
let port: number;
let origin: TestOrigin;
const nodes: ProxyServer[] = [];
/** Connections of clients that each node has seen. */
const connections = [0, 0, 0];

beforeAll(async () => {
  world = await World.create();
  folder = await mkdtemp(join(tmpdir(), 'deputy-balancer-'));
  origin = await world.origin((request, response) => response.end(`page ${request.url}`));
  const issued = await world.authority.issue({ names: ['localhost'] });
  const servers: string[] = [];
  for (const i of connections.keys()) {
    const node = createProxy({
      tls: { certificate: issued.chainPem, key: issued.keyPem },
      tokens: [{ name: 'tests', token: TOKEN }],
      targets: { allow: ['127.0.0.0/8', '::1'], ports: 'any' },
      node: `node-${i}.localhost:8443`,
    });
    node.events.on('connection', () => {
      connections[i] = (connections[i] ?? 0) + 1;
    });
    const address = await node.listen(0, '127.0.0.1');
    servers.push(`  server node${i} 127.0.0.1:${address.port}`);
    nodes.push(node);
  }
  port = await freePort();
  await writeFile(
    join(folder, 'haproxy.cfg'),
    [
      'defaults',
      '  mode tcp',
      '  timeout connect 5s',
      '  timeout client 60s',
      '  timeout server 60s',
      'listen deputy',
      `  bind 127.0.0.1:${port}`,
      '  balance roundrobin',
      ...servers,
      '',
    ].join('\n'),
  );
  balancer = spawn('haproxy', ['-f', join(folder, 'haproxy.cfg'), '-db'], { stdio: 'ignore' });
  for (let tries = 0; !(await opens(port)); tries++) {
    if (tries === 200) throw new Error('HAProxy does not listen');
    await delay(50);
  }
  connections.fill(0);
});

afterAll(async () => {
  balancer.kill();
  await Promise.all(nodes.map((node) => node.close()));
  await world.close();
  await rm(folder, { recursive: true, force: true });
});

describe('three nodes behind HAProxy, round robin', () => {
  test('clients get their pages, each over one connection, wherever that led', async () => {
    const told = await Promise.all(
      Array.from({ length: 9 }, async (_, i) => {
        const steps = new Steps();
        const client = world.through({ port }, { observer: steps });
        const pages = await Promise.all(
          ['/a', '/b', '/c'].map(async (path) => (await client.fetch(`${origin.url}${path}${i}`)).text()),
        );
        expect(pages).toEqual([`page /a${i}`, `page /b${i}`, `page /c${i}`]);
        expect(steps.of('active').length).toBeGreaterThanOrEqual(1);
        await client.close();
        return steps.of('welcome')[0]!.welcome.node;
      }),
    );
    expect(connections).toEqual([3, 3, 3]);
    // Each client was told on which node it is.
    expect([...new Set(told)].sort()).toEqual([0, 1, 2].map((i) => `node-${i}.localhost:8443`));
  });

  test('a page end to end through a blind tunnel needs no second connection either', async () => {
    connections.fill(0);
    const client = world.through({ port }, { policy: { undelegated: 'tunnel' } });
    expect(await (await client.fetch(`${origin.url}/blind`)).text()).toBe('page /blind');
    expect(connections.reduce((sum, n) => sum + n, 0)).toBe(1);
  });

  test('a node that is gone is lost to its own clients alone, and their next request goes to another', async () => {
    const clients = Array.from({ length: 3 }, () => {
      const steps = new Steps();
      return { steps, client: world.through({ port }, { observer: steps }) };
    });
    for (const { client } of clients) await (await client.fetch(origin.url)).text();
    const [gone] = nodes.splice(0, 1);
    await gone!.close();
    for (const { client, steps } of clients) {
      const wasThere = steps.of('welcome')[0]!.welcome.node === 'node-0.localhost:8443';
      // The balancer may try the closed port first: it finds that closed, and takes the next.
      await expect
        .poll(async () => (await client.fetch(origin.url)).text().catch(String), { timeout: 15_000 })
        .toBe('page /');
      expect(steps.of('welcome').length).toBe(wasThere ? 2 : 1);
    }
  });
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** Whether something listens there. */
const opens = (at: number) =>
  new Promise<boolean>((resolve) => {
    const socket = connect(at, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
