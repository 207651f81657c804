// Grants taken back, main sessions lost, engines stopped, readers that are slow: what a client does then.
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { createServer } from 'node:tls';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Program } from '../../../host/engine/program.js';
import { loadV8 } from '../../../host/engine/v8.js';
import { nodePlatform, type Transport } from '../../../host/index.js';
import { codeOf } from './memory_transport.js';
import { clientWasm, Steps, testPlatform, World } from './world.js';

let world: World;
beforeEach(async () => {
  world = await World.create();
});
afterEach(() => world.close());

describe('a grant taken back', () => {
  test('ends the session at the proxy, and breaks the response under way', async () => {
    const origin = await world.origin((_, response) => response.write('first, '));
    const proxy = await world.proxy();
    const client = world.through(proxy);
    const reading = (await client.fetch(origin.url)).text();
    reading.catch(() => {});
    await expect.poll(() => proxy.server.sessionCount).toBe(1);
    client.revoke('enough', { host: 'elsewhere.example', port: 443 });
    expect(proxy.server.sessionCount).toBe(1);
    client.revoke('enough', origin);
    await expect(reading).rejects.toThrow();
    await expect.poll(() => proxy.server.sessionCount).toBe(0);
  });

  test('leaves the client able to ask again', async () => {
    const origin = await world.origin((_, response) => response.end('ok'));
    const client = world.through(await world.proxy());
    expect(await (await client.fetch(origin.url)).text()).toBe('ok');
    client.revoke('enough');
    expect(await (await client.fetch(origin.url)).text()).toBe('ok');
  });
});

test('a lost main session is opened again for the next delivery', async () => {
  const [first, second] = await Promise.all([
    world.origin((_, response) => response.end('first')),
    world.origin((_, response) => response.end('second')),
  ]);
  const transports: Transport[] = [];
  const platform = testPlatform({
    async connect(host, port, signal) {
      const transport = await nodePlatform().connect(host, port, signal);
      transports.push(transport);
      return transport;
    },
  });
  const steps = new Steps();
  const client = world.through(await world.proxy(), { platform, observer: steps });
  expect(await (await client.fetch(first.url)).text()).toBe('first');
  transports[0]!.close();
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(await (await client.fetch(second.url)).text()).toBe('second');
  expect(steps.of('main-session-open')).toHaveLength(2);
});

test('a program that stops ends its sessions, and the next request loads a new one', async () => {
  const origin = await world.origin((_, response) => response.end('ok'));
  let stopped = false;
  const loaded: Program[] = [];
  const loadProgram = async (): Promise<Program> => {
    const program = await loadV8(await readFile(clientWasm));
    const first = loaded.push(program) === 1;
    const inputReceived = program.exports.inputReceived!;
    const trap = (...args: number[]) => {
      if (first && !stopped) {
        stopped = true;
        throw new WebAssembly.RuntimeError('unreachable');
      }
      return inputReceived(...args);
    };
    return { ...program, exports: { ...program.exports, inputReceived: trap } };
  };
  const client = world.client({ platform: testPlatform({ loadProgram }) });
  expect(await codeOf(() => client.fetch(origin.url))).toBe('TLS_ENGINE_STOPPED');
  expect(await (await client.fetch(origin.url)).text()).toBe('ok');
  expect(loaded).toHaveLength(2);
});

test('a slow reader stops the origin behind the proxy, and nothing piles up on the way', async () => {
  let sent = 0;
  const origin = await world.origin((_, response) => {
    const push = () => {
      while (sent < 300 << 20 && !response.destroyed && response.write(Buffer.alloc(65_536))) sent += 65_536;
    };
    response.on('drain', push);
    push();
  });
  const client = world.through(await world.proxy());
  const reader = (await client.fetch(origin.url)).body!.getReader();
  await reader.read();
  await new Promise((resolve) => setTimeout(resolve, 700));
  const before = sent;
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(sent).toBe(before);
  expect(sent).toBeLessThan(64 << 20);
  await reader.cancel();
});

test('the origin sees the same request, delegated, blind and direct', async () => {
  const seen: { headers: string[]; line: string; ciphers: unknown }[] = [];
  const origin = await world.origin((request: IncomingMessage, response) => {
    const { method, url, httpVersion, rawHeaders } = request;
    const socket = request.socket as unknown as { getCipher(): unknown };
    seen.push({
      line: `${method} ${url} HTTP/${httpVersion}`,
      headers: rawHeaders,
      ciphers: socket.getCipher(),
    });
    response.end('ok');
  });
  const proxy = await world.proxy();
  const clients = [
    world.client(),
    world.through(proxy),
    world.through(proxy, { policy: { undelegated: 'tunnel' } }),
  ];
  for (const client of clients) {
    const init = { method: 'POST', body: 'the same', headers: { 'x-a': 'b' } };
    expect(await (await client.fetch(`${origin.url}/page?x`, init)).text()).toBe('ok');
  }
  expect(seen[1]).toEqual(seen[0]);
  expect(seen[2]).toEqual(seen[0]);
});

describe('what a client can not work with is told by name', () => {
  test.each([
    ['roots that are no certificates', { roots: Buffer.from('nonsense') }, /^TLS_/],
    ['PEM without a certificate', { roots: 'nothing' }, /^BAD_PEM$/],
    ['no roots', { roots: [] }, /^BAD_PEM$/],
  ])('%s', async (_, options, code) => {
    expect(await codeOf(() => world.client(options).fetch('https://localhost:1/'))).toMatch(code);
  });

  test('a program that is not there', async () => {
    const loadProgram = () => Promise.reject(new Error('no such file'));
    const client = world.client({ platform: testPlatform({ loadProgram }) });
    expect(await codeOf(() => client.fetch('https://localhost:1/'))).toBe('PROGRAM_MISSING');
  });

  test('a grant that the session can not give, and the session is closed', async () => {
    const origin = await world.origin((_, response) => response.end('ok'), { maxVersion: 'TLSv1.2' });
    const proxy = await world.proxy();
    const client = world.through(proxy, { policy: { rules: [{ origin: '*', decision: 'epoch' }] } });
    expect(await codeOf(() => client.fetch(origin.url))).toBe('GRANT_UNAVAILABLE');
    await expect.poll(() => proxy.server.sessionCount).toBe(0);
  });
});

test('a private key that the caller keeps is not wiped', async () => {
  const issued = await world.authority.issue({ names: ['device 7'], isClient: true });
  const origin = await world.origin((_, response) => response.end('ok'));
  const key = issued.keyDer.slice();
  const proxy = await world.proxy();
  const client = world.through(proxy, { identity: { certificate: issued.chainDer, key } });
  expect(await (await client.fetch(origin.url)).text()).toBe('ok');
  await client.close();
  expect(Buffer.from(key).equals(issued.keyDer)).toBe(true);
});

describe.each(['direct', 'delegated'] as const)('a body that ends with its connection, %s', (way) => {
  /** Sends half a page and ends in order, or breaks off below TLS. */
  const served = async (isOrderly: boolean) => {
    const issued = await world.authority.issue({ names: ['localhost'] });
    const server = createServer({ cert: issued.chainPem, key: issued.keyPem }, (socket) => {
      socket.on('error', () => {});
      socket.once('data', () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\nhalf');
        const { _parent: tcp } = socket as unknown as { _parent?: Socket };
        setTimeout(() => (isOrderly ? socket.end() : tcp!.end()), 50);
      });
    });
    const sockets = new Map<number, Socket>();
    server.on('connection', (tcp: Socket) => sockets.set(tcp.remotePort!, tcp));
    server.on('secureConnection', (socket) => {
      Object.assign(socket, { _parent: sockets.get(socket.remotePort!) });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    world.onClose(() => server.close());
    const client = way === 'direct' ? world.client() : world.through(await world.proxy());
    const response = await client.fetch(`https://localhost:${(server.address() as AddressInfo).port}/`);
    return codeOf(async () => expect(await response.text()).toBe('half'));
  };

  test('is whole after close_notify', async () => {
    expect(await served(true)).toBe('no error');
  });

  test('is refused without it', async () => {
    expect(await served(false)).toMatch(/TRUNCATED|ORIGIN_GONE/);
  });
});
