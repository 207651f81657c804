// A page's parts over further connections: several at once, within what the client granted, and gone when it says so.

import { once } from 'node:events';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { TLSSocket } from 'node:tls';
import { afterAll, describe, expect, test } from 'vitest';
import { startOrigin } from '../../../../host/cli/demo/origins.js';
import type { Delivery } from '../../../../host/delegation/delivery.js';
import { FrameType } from '../../../../host/delegation/frame.js';
import { Grant } from '../../../../host/delegation/grant.js';
import { CipherChange } from '../../../../host/delegation/message.js';
import { decodeResumption, type Resumption } from '../../../../host/delegation/resumption.js';
import { NULL_SESSION_ID } from '../../../../host/delegation/session_id.js';
import type { ProxyOptions } from '../../../../host/proxy/options.js';
import type { Service } from '../../../../host/services/service.js';
import {
  type Bench,
  connectVia,
  dial,
  InnerClient,
  NAME,
  readUntil,
  startProxy,
  TestMainSession,
  testAuthority,
} from '../bench.js';
import { type Delegated, delegate } from '../delegated.js';
import { openFurther, resumptionOf, sendGrant, singleUseOrigin } from './world.js';

const open: (() => unknown)[] = [];
afterAll(async () => {
  for (const close of open.reverse()) await close();
});

/** Puts in place of a page what the paths in it gave, or why not. */
const include: Service = {
  name: 'include',
  response: (flow) => ({
    body: async function* (body) {
      let text = '';
      for await (const chunk of body) text += Buffer.from(chunk).toString('latin1');
      const parts = text.split(' ').map(async (path) => {
        try {
          const url = new URL(path, flow.request.url).href;
          const other = await flow.fetchOther(url, { signal: flow.signal });
          let content = '';
          for await (const chunk of other.body) content += Buffer.from(chunk).toString('latin1');
          return `${other.status}:${content}`;
        } catch (error) {
          return (error as { code: string }).code;
        }
      });
      yield Buffer.from(`${(await Promise.all(parts)).join(' ')}\n`);
    },
  }),
};

async function bench(limits: ProxyOptions['limits'] = {}): Promise<Bench> {
  const made = await startProxy({ services: [include], limits });
  open.push(() => made.close());
  return made;
}

interface Page {
  port: number;
  stop(): unknown;
}

const PATHS = Array.from({ length: 10 }, (_, i) => `/part${i}`);

async function nginx(more: string[] = []) {
  const { issued } = await testAuthority();
  const file = (body: string) => ({ type: 'text/plain', body });
  const origin = await startOrigin('nginx', {
    certificates: [issued],
    more,
    files: { '/page': file(PATHS.join(' ')), ...Object.fromEntries(PATHS.map((path) => [path, file(path)])) },
  });
  open.push(() => origin.stop());
  return origin;
}

type Answer = (
  path: string,
  connection: number,
) => { body: string; close?: boolean; unframed?: boolean; after?: number };

/** An origin by hand: what each path gives, told on which of its connections it is asked. */
async function scripted(answer: Answer) {
  const { issued } = await testAuthority();
  const connections: { paths: string[]; resumed: boolean }[] = [];
  const server = createServer({ cert: issued.chainPem, key: issued.keyPem }, async (request, response) => {
    const socket = request.socket as typeof request.socket & { index: number };
    connections[socket.index]!.paths.push(request.url!);
    const { body, close, unframed, after } = answer(request.url!, socket.index);
    if (after !== undefined) await delay(after);
    if (unframed) {
      socket.end(`HTTP/1.1 200 OK\r\n\r\n${body}`);
      return;
    }
    response.writeHead(200, { 'Content-Length': body.length, ...(close && { Connection: 'close' }) });
    response.end(body);
  });
  server.on('secureConnection', (socket: TLSSocket & { index?: number }) => {
    socket.index = connections.push({ paths: [], resumed: socket.isSessionReused() }) - 1;
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  open.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return { server, connections, port: (server.address() as AddressInfo).port };
}

const connectionsOf = ({ server }: Awaited<ReturnType<typeof scripted>>) =>
  new Promise<number>((resolve) => server.getConnections((_, count) => resolve(count)));

interface Session extends Delegated {
  bench: Bench;
  granted: Resumption;
}

/** A delegated session of TLS 1.2, whose client lets the proxy open so many further connections. */
async function session(
  { port }: Pick<Page, 'port'>,
  {
    uses = 100,
    limits = {},
    grant = true,
    more = {},
    delivery = {},
  }: {
    delivery?: Partial<Delivery>;
    uses?: number;
    limits?: ProxyOptions['limits'];
    grant?: boolean;
    more?: Partial<Resumption>;
  } = {},
): Promise<Session> {
  const made = await bench(limits);
  const delegated = await delegate(made, `127.0.0.1:${port}`, 'open', { maxVersion: 'TLSv1.2', delivery });
  const granted = resumptionOf(delegated, { uses, ...more });
  if (grant) sendGrant(delegated, granted);
  return { ...delegated, bench: made, granted };
}

async function load({ stream }: Delegated): Promise<string[]> {
  stream.write(`GET /page HTTP/1.1\r\nHost: ${NAME}\r\n\r\n`);
  const text = await readUntil(stream, '\n\r\n0');
  return text.slice(text.indexOf('\r\n\r\n')).split('\r\n')[3]!.trim().split(' ');
}

const of = (type: FrameType, main: TestMainSession) =>
  main.messages.filter((message) => message.type === type);
const changes = (main: TestMainSession, change: CipherChange) =>
  main.messages.filter((message) => message.type === FrameType.CipherChanged && message.change === change);

describe("a page's ten parts", () => {
  test('travel on several resumed connections to a real nginx, and the client is not asked for one', async () => {
    const origin = await nginx();
    const page = await session(origin);
    expect(await load(page)).toEqual(PATHS.map((path) => `200:${path}`));
    const lines = origin
      .output()
      .split('\n')
      .filter((line) => line.startsWith('GET /part'));
    expect(lines).toHaveLength(10);
    const connections = new Set(lines.map((line) => line.split(' ').at(-1)));
    expect(connections.size).toBeGreaterThanOrEqual(3);
    expect(connections.size).toBeLessThanOrEqual(6);
    for (const line of lines) expect(line).toContain(' TLSv1.2 ECDHE-ECDSA-AES128-GCM-SHA256 r ');
    expect(of(FrameType.Tunnel, page.main)).toHaveLength(0);
    // One may have come too late to be used.
    const opened = changes(page.main, CipherChange.FurtherConnection).length;
    expect(opened).toBeGreaterThanOrEqual(connections.size);
    expect(opened).toBeLessThanOrEqual(6);
  });

  test('travel on one where the client granted one', async () => {
    const origin = await scripted((path) => ({ body: path === '/page' ? PATHS.join(' ') : path }));
    const page = await session(origin, { uses: 1 });
    expect(await load(page)).toEqual(PATHS.map((path) => `200:${path}`));
    expect(origin.connections.map(({ resumed, paths }) => [resumed, paths.length])).toEqual([
      [false, 1],
      [true, 10],
    ]);
  });

  test('on no more at once than the proxy allows', async () => {
    const origin = await scripted((path) => ({ body: path === '/page' ? PATHS.join(' ') : path, after: 20 }));
    const page = await session(origin, { limits: { furtherConnections: 2 } });
    expect(await load(page)).toEqual(PATHS.map((path) => `200:${path}`));
    expect(origin.connections).toHaveLength(3);
  });

  test('on one, where the origin resumes a session once', async () => {
    const origin = await singleUseOrigin((request, response) =>
      response.end(request.url === '/page' ? PATHS.join(' ') : request.url),
    );
    open.push(origin.close);
    const page = await session(origin);
    expect(await load(page)).toEqual(PATHS.map((path) => `200:${path}`));
    expect(changes(page.main, CipherChange.FurtherConnection)).toHaveLength(1);
    expect(of(FrameType.Tunnel, page.main)).toHaveLength(0);
  });
});

describe('a further connection', () => {
  test('is kept for the next page, and opened anew where the origin closes it', async () => {
    const origin = await scripted((path) => ({ body: path === '/page' ? '/a' : path, close: path === '/a' }));
    const page = await session(origin, { uses: 3 });
    for (let i = 0; i < 3; i++) expect(await load(page)).toEqual(['200:/a']);
    expect(origin.connections.slice(1).map(({ resumed }) => resumed)).toEqual([true, true, true]);
  });

  test('is not opened once the uses are spent: the client is asked for a session', async () => {
    const origin = await scripted((path) => ({ body: path === '/page' ? '/a' : path, close: path === '/a' }));
    const page = await session(origin, { uses: 2, limits: { tunnelTimeout: 300 } });
    expect(await load(page)).toEqual(['200:/a']);
    expect(await load(page)).toEqual(['200:/a']);
    expect(await load(page)).toEqual(['TUNNEL_TIMEOUT']);
    expect(origin.connections).toHaveLength(3);
    expect(of(FrameType.Tunnel, page.main)).toHaveLength(1);
  });

  test('is not opened with a ticket that has expired', async () => {
    const origin = await scripted((path) => ({ body: path === '/page' ? '/a' : path }));
    const page = await session(origin, {
      more: { lifetime: 60, age: 60_000 },
      limits: { tunnelTimeout: 300 },
    });
    expect(await load(page)).toEqual(['TUNNEL_TIMEOUT']);
    expect(origin.connections).toHaveLength(1);
  });

  test('is not used for an answer whose end nobody could prove: the client is asked for a session', async () => {
    const origin = await scripted((path) => ({
      body: path === '/page' ? '/a' : 'whole',
      unframed: path === '/a',
    }));
    const page = await session(origin);
    const loading = load(page);
    const { requestId, port } = await page.main.wait(FrameType.Tunnel);
    const conduit = await dial(page.bench, 'http/1.1');
    const { sessionId } = await connectVia(conduit, `127.0.0.1:${port}`, { 'Deputy-Session': 'request' });
    const inner = await InnerClient.open(conduit, { ca: page.bench.ca });
    page.main.deliver(sessionId, inner.delivery(undefined, { requestId }));
    expect(await loading).toEqual(['200:whole']);
    conduit.destroy();
  });

  test('that breaks off with its origin leaves out what was under way, and nothing else', async () => {
    const origin = await scripted((path) => ({
      body: path === '/page' ? '/a /b' : path,
      ...(path === '/b' && { after: 10_000 }),
    }));
    const page = await session(origin, { limits: { tunnelTimeout: 300 } });
    const loading = load(page);
    while (!origin.connections.some(({ paths }) => paths.includes('/b'))) await delay(10);
    await delay(100);
    origin.server.closeAllConnections();
    origin.server.close();
    expect(await loading.catch(() => ['broken'])).toEqual(['200:/a', 'ORIGIN_GONE']);
  });
});

describe('the client', () => {
  test('ends them at once by REVOKE, and no more are opened', async () => {
    const origin = await scripted((path) => ({
      body: path === '/page' ? '/a' : path,
      after: path === '/a' ? 5000 : 0,
    }));
    const page = await session(origin);
    page.stream.write(`GET /page HTTP/1.1\r\nHost: ${NAME}\r\n\r\n`);
    while (!origin.connections[1]?.paths.includes('/a')) await delay(10);
    expect(await connectionsOf(origin)).toBe(2);
    page.main.send({ type: FrameType.Revoke, sessionId: page.sessionId, reason: 'enough', clientBytes: 0 });
    while ((await connectionsOf(origin)) > 0) await delay(10);
  });

  test('ends them with the main session', async () => {
    const origin = await scripted((path) => ({ body: path === '/page' ? '/a' : path }));
    const page = await session(origin);
    expect(await load(page)).toEqual(['200:/a']);
    page.main.socket.destroy();
    // The delegated session itself goes on.
    while ((await connectionsOf(origin)) > 1) await delay(10);
  });

  test('ends them with the time that it set for its grant', async () => {
    const origin = await scripted((path) => ({ body: path === '/page' ? '/a' : path }));
    const page = await session(origin, { delivery: { expires: 1 } });
    expect(await load(page)).toEqual(['200:/a']);
    while ((await connectionsOf(origin)) > 0) await delay(10);
  });

  test('can resume by itself with what it is told of', async () => {
    // Apache and OpenSSL give a fresh ticket at TLS 1.2 when the old one is past half its life; nginx with each.
    const origin = await nginx(['ssl_session_timeout 10s;']);
    const page = await session(origin);
    await load(page);
    for (const message of changes(page.main, CipherChange.Resumption)) {
      const fresh = decodeResumption((message as { ticket: Uint8Array }).ticket);
      const connection = await openFurther(origin.port, fresh);
      await connection.finish();
    }
  });
});

describe('a resumption is refused', () => {
  const cases: [string, Partial<Resumption>][] = [
    [
      'of another version',
      { protocolVersion: 0x0304, sessionId: new Uint8Array(0), ticket: Uint8Array.of(1) },
    ],
    ['of another suite', { cipherSuite: 0xc02f }],
    ['for another name', { serverName: 'other.test' }],
    ['with another certificate', { certificateHash: new Uint8Array(32).fill(7) }],
  ];
  test.each(cases)('%s', async (_, more) => {
    const origin = await scripted((path) => ({ body: path }));
    const page = await session(origin, { more });
    const error = await page.main.wait(FrameType.Error);
    expect(error).toMatchObject({ sessionId: page.sessionId, code: 'RESUMPTION_REFUSED' });
  });

  test('for a session that was delivered with a lesser grant', async () => {
    const origin = await scripted((path) => ({ body: path }));
    const page = await session(origin, { grant: false });
    const conduit = await dial(page.bench, 'http/1.1');
    const { sessionId } = await connectVia(conduit, `127.0.0.1:${origin.port}`, {
      'Deputy-Session': 'request',
    });
    const inner = await InnerClient.open(conduit, { ca: page.bench.ca });
    page.main.deliver(sessionId, inner.delivery(undefined, { grant: Grant.Session }));
    await page.main.wait(FrameType.Active, (message) => message.sessionId === sessionId);
    sendGrant({ main: page.main, sessionId }, page.granted);
    expect(await page.main.wait(FrameType.Error)).toMatchObject({ sessionId, code: 'RESUMPTION_REFUSED' });
    conduit.destroy();
  });

  test('for a session of nobody, or of another client', async () => {
    const origin = await scripted((path) => ({ body: path }));
    const page = await session(origin, { grant: false });
    for (const sessionId of [NULL_SESSION_ID, 'ab'.repeat(16)]) {
      const main = await TestMainSession.open(page.bench);
      sendGrant({ main, sessionId }, page.granted);
      expect(await main.wait(FrameType.Error)).toMatchObject({ code: 'UNKNOWN_SESSION' });
      main.socket.destroy();
    }
  });
});
