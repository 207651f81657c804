// Many sessions of a proxy's process, and vandals beside them: nobody notices.
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FrameType } from '../../host/delegation/frame.js';
import { type DeputyClient, nodePlatform } from '../../host/index.js';
import { type TestOrigin, TOKEN, World } from '../host/client/world.js';
import { type Bench, connectVia, dial, TestMainSession } from '../host/proxy/bench.js';
import { delegate } from '../host/proxy/delegated.js';
import type { Command } from './command.js';
import { startProxyCommand } from './proxy_command.js';

let world: World;
beforeAll(async () => {
  world = await World.create();
});
afterAll(() => world.close());

describe('fifty sessions beside one that misbehaves', () => {
  let folder: string;
  let command: Command;
  let port: number;
  let bench: Bench;
  let origin: TestOrigin;
  const page = randomBytes(60_000);

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'deputy-crowd-'));
    ({ command, port } = await startProxyCommand({
      authority: world.authority,
      folder,
      tokens: { crowd: TOKEN, vandal: 'the-token-of-a-vandal' },
      args: ['--hold-time', '2'],
    }));
    bench = { port, ca: world.authority.root.pem } as Bench;
    origin = await world.origin((_, response) => response.end(page));
  });
  afterAll(async () => {
    await command.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const vandalism: Record<string, () => Promise<unknown>> = {
    'random bytes instead of TLS': async () => {
      const socket = connect(port, '127.0.0.1').on('error', () => {});
      socket.end(randomBytes(5000));
      await Promise.race([once(socket, 'close'), delay(200)]);
      socket.destroy();
    },
    'a handshake that stops': async () => {
      const socket = connect(port, '127.0.0.1').on('error', () => {});
      socket.write(Buffer.from('1603010200010001fc0303', 'hex'));
      await delay(20);
      socket.destroy();
    },
    'frames of noise': async () => {
      const main = await TestMainSession.open(bench, { token: 'the-token-of-a-vandal' });
      await main.wait(FrameType.Welcome);
      main.socket.write(randomBytes(70_000));
      await Promise.race([once(main.socket, 'close'), delay(200)]);
      main.socket.destroy();
    },
    'a delivery of noise': async () => {
      const main = await TestMainSession.open(bench, { token: 'the-token-of-a-vandal' });
      await main.wait(FrameType.Welcome);
      const body = randomBytes(300);
      const frame = Buffer.concat([
        Buffer.from([FrameType.Deliver]),
        randomBytes(16),
        Buffer.from([0, 1, 44]),
        body,
      ]);
      main.socket.write(frame);
      await Promise.race([once(main.socket, 'close'), delay(100)]);
      main.socket.destroy();
    },
    'noise inside a session that it has delivered': async () => {
      const { conduit, main } = await delegate(bench, `127.0.0.1:${origin.port}`, 'open', {
        servername: 'localhost',
      });
      conduit.write(randomBytes(100_000));
      await Promise.race([once(conduit, 'close'), delay(200)]);
      conduit.destroy();
      main.socket.destroy();
    },
    'noise to an origin by way of a tunnel': async () => {
      const conduit = await dial(bench, 'http/1.1');
      await connectVia(conduit, `127.0.0.1:${origin.port}`, { 'Deputy-Session': 'request' });
      conduit.write(randomBytes(50_000));
      await Promise.race([once(conduit, 'close'), delay(100)]);
      conduit.destroy();
    },
    'a request without an end': async () => {
      const conduit = await dial(bench, 'http/1.1');
      conduit.write(`CONNECT localhost:1 HTTP/1.1\r\nX: ${'y'.repeat(40_000)}`);
      await Promise.race([once(conduit, 'close'), delay(100)]);
      conduit.destroy();
    },
    'an answer that it does not read': async () => {
      const { conduit, main } = await delegate(bench, `127.0.0.1:${origin.port}`, 'open', {
        servername: 'localhost',
      });
      conduit.pause();
      conduit.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(50));
      await delay(150);
      conduit.destroy();
      main.socket.destroy();
    },
  };

  test('all answers are right', async () => {
    const clients: DeputyClient[] = Array.from({ length: 5 }, () =>
      world.through({ port }, { platform: nodePlatform({ engine: 'v8' }), maxSessions: 10 }),
    );
    let working = true;
    let acts = 0;
    const vandals = Object.values(vandalism).map(async (act) => {
      while (working) {
        // Whatever the proxy does to it.
        await act().catch(() => {});
        acts++;
      }
    });
    const latest: number[] = [];
    // Each client has ten sessions at work at once, each for three requests.
    const fetching = clients.flatMap((client) =>
      Array.from({ length: 10 }, async () => {
        for (let i = 0; i < 3; i++) {
          const started = Date.now();
          const response = await client.fetch(origin.url);
          expect(Buffer.from(await response.arrayBuffer()).equals(page)).toBe(true);
          latest.push(Date.now() - started);
        }
      }),
    );
    await Promise.all(fetching);
    working = false;
    await Promise.all(vandals);
    expect(latest).toHaveLength(150);
    expect(Math.max(...latest)).toBeLessThan(20_000);
    expect(acts).toBeGreaterThanOrEqual(Object.keys(vandalism).length);
    expect(command.child.exitCode).toBe(null);
    const after = world.through({ port });
    expect(Buffer.from(await (await after.fetch(origin.url)).arrayBuffer()).equals(page)).toBe(true);
    expect(command.stderr).not.toMatch(/INTERNAL|inside the proxy|TypeError|at .*\.js:\d+/);
  });
});
