// Slow readers and writers: fifty megabytes pass through an active session, and nobody on the way hoards them.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { nodePlatform } from '../../host/index.js';
import { TOKEN, World } from '../host/client/world.js';
import type { Bench } from '../host/proxy/bench.js';
import { delegate } from '../host/proxy/delegated.js';
import type { Command } from './command.js';
import { startProxyCommand } from './proxy_command.js';

const TOTAL = 50_000_000;
/** What may lie in the sockets of the kernel between two processes on loopback, both ways and on two connections. */
const KERNEL = 20_000_000;
/** How much the proxy's process may grow by one session, garbage included. */
const PROXY = 30_000_000;

let world: World;
let folder: string;
let command: Command;
let port: number;

beforeAll(async () => {
  world = await World.create();
  folder = await mkdtemp(join(tmpdir(), 'deputy-slow-'));
  ({ command, port } = await startProxyCommand({
    authority: world.authority,
    folder,
    tokens: { slow: TOKEN },
    args: ['--service', 'transcode'],
  }));
  await warmUp();
});
afterAll(async () => {
  await world.close();
  await command.stop();
  await rm(folder, { recursive: true, force: true });
});

/** Resident bytes of the proxy's process, now. */
function residentBytes(): number {
  const status = readFileSync(`/proc/${command.child.pid}/status`, 'utf8');
  return 1024 * Number(/VmRSS:\s+(\d+) kB/.exec(status)![1]);
}

/** The most that the proxy's process held beyond `before` while `work` ran. */
async function growth<T>(work: () => Promise<T>): Promise<{ result: T; grown: number }> {
  const before = residentBytes();
  let most = before;
  const timer = setInterval(() => {
    most = Math.max(most, residentBytes());
  }, 20);
  try {
    const result = await work();
    return { result, grown: most - before };
  } finally {
    clearInterval(timer);
  }
}

const chunk = Buffer.alloc(100_000, 'fifty megabytes of the same words, ');
const digest = createHash('sha256');
for (let i = 0; i < TOTAL / chunk.length; i++) digest.update(chunk);
const expected = digest.digest('hex');

/** Writes as much as it is let. */
async function pour(response: ServerResponse, counted: { written: number }): Promise<void> {
  response.setHeader('Content-Type', 'application/octet-stream');
  response.setHeader('Content-Length', TOTAL);
  while (counted.written < TOTAL) {
    counted.written += chunk.length;
    if (!response.write(chunk)) await new Promise((resolve) => response.once('drain', resolve));
  }
  response.end();
}

/** The heap finds its size, and code is compiled: what grows later is the sessions' own. */
async function warmUp(): Promise<void> {
  const origin = await world.origin((request, response) => {
    request.resume();
    request.on('end', () => response.end(Buffer.alloc(TOTAL / 2)));
  });
  const client = world.through({ port }, { platform: nodePlatform({ engine: 'v8' }) });
  const response = await client.fetch(origin.url, { method: 'POST', body: Buffer.alloc(TOTAL / 2) });
  expect((await response.arrayBuffer()).byteLength).toBe(TOTAL / 2);
  await client.close();
}

describe.skipIf(process.platform !== 'linux')('a session whose reader rests', () => {
  const origins = async (limits: object) => {
    const counted = { written: 0 };
    const listener = (_: IncomingMessage, response: ServerResponse) => {
      void pour(response, counted);
    };
    return {
      counted,
      origin: await world.origin(listener, { ...limits, issue: { names: ['localhost', 'origin.test'] } }),
    };
  };

  test.each([
    ['TLSv1.3', 'wasm3'],
    ['TLSv1.2', 'v8'],
  ] as const)('open leg, %s, a device on %s', async (version, engine) => {
    const { origin, counted } = await origins({ minVersion: version, maxVersion: version });
    const client = world.through({ port }, { platform: nodePlatform({ engine }) });
    const { result, grown } = await growth(async () => {
      const response = await client.request(`${origin.url}/much`);
      const hash = createHash('sha256');
      let length = 0;
      let resting = 0;
      for await (const bytes of response.body) {
        hash.update(bytes);
        length += bytes.length;
        if (resting > 0 || length < 200_000) continue;
        await delay(1500);
        resting = counted.written;
      }
      return { hash: hash.digest('hex'), resting };
    });
    expect(result.hash).toBe(expected);
    // The origin was held back: it had not written much more than what the kernel takes.
    expect(result.resting).toBeLessThan(KERNEL);
    expect(grown).toBeLessThan(PROXY);
    expect((await client.engine()).memoryBytes).toBeLessThanOrEqual(256 * 1024);
    await client.close();
  });

  test('mirror leg', async () => {
    const { origin, counted } = await origins({});
    const bench = { port, ca: world.authority.root.pem } as Bench;
    const session = await delegate(bench, `127.0.0.1:${origin.port}`, 'mirror');
    const { result, grown } = await growth(async () => {
      session.stream.write('GET /much HTTP/1.1\r\nHost: origin.test\r\nConnection: close\r\n\r\n');
      await delay(1500);
      const resting = counted.written;
      const hash = createHash('sha256');
      let head = Buffer.alloc(0);
      let inBody = false;
      for await (const bytes of session.stream as AsyncIterable<Buffer>) {
        if (inBody) {
          hash.update(bytes);
          continue;
        }
        head = Buffer.concat([head, bytes]);
        const end = head.indexOf('\r\n\r\n');
        if (end < 0) continue;
        inBody = true;
        hash.update(head.subarray(end + 4));
      }
      return { hash: hash.digest('hex'), resting };
    });
    expect(result.hash).toBe(expected);
    expect(result.resting).toBeLessThan(KERNEL);
    expect(grown).toBeLessThan(PROXY);
    session.main.socket.destroy();
  });
});

test.skipIf(process.platform !== 'linux')('an origin that rests holds the writer back', async () => {
  let received = 0;
  const hash = createHash('sha256');
  const origin = await world.origin(async (request, response) => {
    for await (const bytes of request as AsyncIterable<Buffer>) {
      if (received === 0) await delay(1500);
      received += bytes.length;
      hash.update(bytes);
    }
    response.end(hash.digest('hex'));
  });
  const client = world.through({ port }, { platform: nodePlatform({ engine: 'v8' }) });
  let given = 0;
  const body = async function* () {
    while (given < TOTAL) {
      given += chunk.length;
      yield chunk;
    }
  };
  const { result, grown } = await growth(async () => {
    const fetching = client.request(`${origin.url}/much`, { method: 'POST', body: body() });
    await delay(1200);
    const resting = given;
    let text = '';
    for await (const bytes of (await fetching).body) text += Buffer.from(bytes).toString();
    return { text, resting };
  });
  expect(result.text).toBe(expected);
  expect(result.resting).toBeGreaterThan(100_000);
  expect(result.resting).toBeLessThan(KERNEL);
  expect(grown).toBeLessThan(PROXY);
  await client.close();
});
