// CONNECT: who is admitted, where to, and the blind tunnel that anything else gets.
import { execFile, spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer as createHttpsServer } from 'node:https';
import { createServer as createTcpServer, type Server, connect as tcpConnect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FrameType } from '../../../host/delegation/frame.js';
import { createProxy } from '../../../host/proxy/proxy.js';
import {
  type Bench,
  connectVia,
  dial,
  InnerClient,
  readAll,
  readUntil,
  startProxy,
  TestMainSession,
  TOKEN,
  testAuthority,
} from './bench.js';
import { delegate, HELD_AT_MOST, listen, writeUntilHeld } from './delegated.js';

let bench: Bench;
let echo: Server;
let echoPort: number;
const run = promisify(execFile);

beforeAll(async () => {
  const { authority } = await testAuthority();
  bench = await startProxy({
    clientAuthorities: [authority.root.pem],
    targets: { allow: ['127.0.0.1'], ports: 'any', deny: ['denied.test'] },
    limits: { connectTimeout: 500 },
  });
  echo = createTcpServer({ allowHalfOpen: true }, (socket) => socket.on('error', () => {}).pipe(socket));
  echoPort = await listen(echo);
});
afterAll(async () => {
  echo.close();
  await bench.close();
});

async function statusOf(
  target: string,
  headers: Record<string, string> = {},
  port = bench.port,
): Promise<number> {
  const conduit = await dial({ ...bench, port }, 'http/1.1');
  const { status } = await connectVia(conduit, target, headers);
  conduit.destroy();
  return status;
}

describe('who is admitted', () => {
  const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`;
  test.each([
    ['the token', `Bearer ${TOKEN}`, 200],
    ['the scheme in another case', `bEARER ${TOKEN}`, 200],
    ['the token as a Basic password', basic(`anybody:${TOKEN}`), 200],
    ['a password with a colon before it', basic(`a:b:${TOKEN}`), 407],
    ['another token', 'Bearer wrong-wrong', 407],
    ['the token as a user name', basic(`${TOKEN}:`), 407],
    ['no colon', basic(TOKEN), 407],
    ['another scheme', `Digest ${TOKEN}`, 407],
    ['nothing', '', 407],
  ])('with %s', async (_, value, status) => {
    expect(await statusOf(`127.0.0.1:${echoPort}`, { 'Proxy-Authorization': value })).toBe(status);
  });

  test('407 says how to do better', async () => {
    const conduit = await dial(bench, 'http/1.1');
    const { headers } = await connectVia(conduit, `127.0.0.1:${echoPort}`, {
      'Proxy-Authorization': 'Bearer no',
    });
    expect(headers.get('proxy-authenticate')).toMatch(/Basic|Bearer/);
  });

  test('with a client certificate, and over the session that resumes it', async () => {
    const identity = await bench.authority.issue({ names: ['device-7'], isClient: true, intermediates: 0 });
    const options = { cert: identity.chainPem, key: identity.keyPem };
    const main = await TestMainSession.open(bench, { ...options, token: '' });
    await main.wait(FrameType.Welcome);
    const conduit = await dial(bench, 'http/1.1', { session: main.socket.getSession() });
    expect(conduit.isSessionReused()).toBe(true);
    const line = `CONNECT 127.0.0.1:${echoPort} HTTP/1.1\r\nHost: x\r\n\r\n`;
    conduit.write(line);
    expect(await readUntil(conduit, '\r\n\r\n')).toContain('200 Connection established');
    conduit.destroy();
    main.socket.destroy();
  });

  test('not with a certificate of another authority', async () => {
    const { createAuthority } = await import('../../../host/cli/demo/authority/authority.js');
    const other = await (await createAuthority()).issue({ names: ['stranger'], isClient: true });
    const conduit = await dial(bench, 'http/1.1', { cert: other.chainPem, key: other.keyPem });
    conduit.write(`CONNECT 127.0.0.1:${echoPort} HTTP/1.1\r\nHost: x\r\n\r\n`);
    expect(await readUntil(conduit, '\r\n\r\n')).toContain('407');
    conduit.destroy();
  });
});

describe('where to', () => {
  test('private targets get 403, closed ports 502, silent ones 504, nonsense 400', async () => {
    const free = await listen(createTcpServer());
    expect(await statusOf('127.0.0.2:443')).toBe(403);
    expect(await statusOf('[::1]:443')).toBe(403);
    expect(await statusOf('10.0.0.1:443')).toBe(403);
    expect(await statusOf('127.0.0.1:1')).toBe(502);
    expect(await statusOf('no-such-name.invalid:443')).toBeGreaterThanOrEqual(502);
    expect(await statusOf('nonsense')).toBe(400);
    expect(await statusOf(`127.0.0.1:${free}`, { 'Deputy-Session': 'nonsense' })).toBe(400);
  });

  test('a target that does not answer in time gets 504', async () => {
    // A listener that never accepts, with its backlog full: further connections hear nothing.
    const script =
      'import socket,sys,time\ns=socket.socket();s.bind(("127.0.0.1",0));s.listen(0);' +
      'print(s.getsockname()[1],flush=True);time.sleep(30)';
    const listener = spawn('python3', ['-c', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [line] = (await once(listener.stdout, 'data')) as [Buffer];
    const port = Number(line.toString());
    const fill = Array.from({ length: 4 }, () => tcpConnect(port, '127.0.0.1').on('error', () => {}));
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(await statusOf(`127.0.0.1:${port}`)).toBe(504);
    for (const socket of fill) socket.destroy();
    listener.kill();
  });

  test('anything but CONNECT gets 405', async () => {
    const socket = await dial(bench, 'http/1.1');
    socket.write('GET http://x/ HTTP/1.1\r\nHost: x\r\n\r\n');
    expect(await readUntil(socket, '\r\n\r\n')).toContain('405');
    socket.destroy();
  });
});

describe('a blind tunnel', () => {
  test('carries what a delegable one would refuse, and half-closes', async () => {
    const conduit = await dial(bench, 'http/1.1');
    const { sessionId } = await connectVia(conduit, `127.0.0.1:${echoPort}`);
    expect(sessionId).toBe('');
    const bytes = randomBytes(1_000_000);
    conduit.end(bytes);
    expect((await readAll(conduit)).equals(bytes)).toBe(true);
  });

  test('carries what follows CONNECT in the same packet', async () => {
    const conduit = await dial(bench, 'http/1.1');
    conduit.write(
      `CONNECT 127.0.0.1:${echoPort} HTTP/1.1\r\nHost: x\r\nProxy-Authorization: Bearer ${TOKEN}\r\n\r\nearly`,
    );
    expect(await readUntil(conduit, 'early')).toContain('200');
    conduit.destroy();
  });

  test('holds back who is faster than the other side', async () => {
    let start = () => {};
    const slow = createTcpServer((socket) => {
      socket.on('error', () => {}).pause();
      start = () => socket.resume();
    });
    const conduit = await dial(bench, 'http/1.1');
    await connectVia(conduit, `127.0.0.1:${await listen(slow)}`);
    const sent = await writeUntilHeld(conduit);
    expect(sent).toBeLessThan(HELD_AT_MOST);
    const drained = once(conduit, 'drain');
    start();
    await drained;
    conduit.destroy();
    slow.close();
  });

  test('serves real curl, end to end', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'deputy-connect-'));
    await writeFile(join(folder, 'ca.pem'), bench.ca);
    const body = randomBytes(300_000);
    const server = createHttpsServer(
      { cert: bench.issued.chainPem, key: bench.issued.keyPem },
      (_, response) => {
        response.end(body);
      },
    );
    const port = await listen(server);
    const { stdout } = await run(
      'curl',
      [
        ...[
          '-sS',
          '--max-time',
          '10',
          '--cacert',
          join(folder, 'ca.pem'),
          '--proxy-cacert',
          join(folder, 'ca.pem'),
        ],
        ...['--proxy', `https://localhost:${bench.port}`, '--proxy-user', `me:${TOKEN}`],
        `https://127.0.0.1:${port}/`,
      ],
      { encoding: 'buffer' },
    );
    expect(createHash('sha256').update(stdout).digest()).toEqual(createHash('sha256').update(body).digest());
    server.close();
    server.closeAllConnections();
    await rm(folder, { recursive: true });
  });
});

describe('a proxy without TLS', () => {
  test('makes blind tunnels, and delegates nothing', async () => {
    const proxy = createProxy({
      plaintext: true,
      tokens: [{ name: 'test', token: TOKEN }],
      targets: { allow: ['127.0.0.1'] },
    });
    const { port } = await proxy.listen();
    for (const [wish, status] of [
      ['', '200'],
      ['Deputy-Session: request\r\n', '403'],
      ['Deputy-Session: request; leg=mirror\r\n', '403'],
    ]) {
      const socket = tcpConnect(port, '127.0.0.1');
      socket.write(
        `CONNECT 127.0.0.1:${echoPort} HTTP/1.1\r\nHost: x\r\nProxy-Authorization: Bearer ${TOKEN}\r\n${wish}\r\n`,
      );
      expect(await readUntil(socket, '\r\n\r\n')).toContain(` ${status} `);
      socket.destroy();
    }
    await proxy.close();
  });

  test('is not made by accident', () => {
    expect(() => createProxy({ tokens: [{ name: 'x', token: TOKEN }] })).toThrow(/certificate/);
    expect(() => createProxy({ plaintext: true })).toThrow(/admits nobody/);
  });
});

test('a client has only so many sessions', async () => {
  const small = await startProxy({ limits: { sessionsPerPrincipal: 1 } });
  const first = await dial(small, 'http/1.1');
  expect((await connectVia(first, `127.0.0.1:${echoPort}`, { 'Deputy-Session': 'request' })).status).toBe(
    200,
  );
  const second = await dial(small, 'http/1.1');
  expect((await connectVia(second, `127.0.0.1:${echoPort}`, { 'Deputy-Session': 'request' })).status).toBe(
    429,
  );
  first.destroy();
  await small.close();
});

test('a proxy that stops ends its sessions in order', async () => {
  const stopping = await startProxy();
  const server = createHttpsServer(
    { cert: bench.issued.chainPem, key: bench.issued.keyPem },
    (_, response) => {
      response.end('ok');
    },
  );
  const port = await listen(server);
  const session = await delegate(stopping, `127.0.0.1:${port}`);
  expect(session.inner).toBeInstanceOf(InnerClient);
  expect(stopping.proxy.sessionCount).toBe(1);
  const closed = session.main.wait(FrameType.Close, (message) => message.sessionId === session.sessionId);
  await stopping.close();
  expect((await closed).code).toBe('STOPPING');
  expect(stopping.proxy.sessionCount).toBe(0);
  server.close();
});
