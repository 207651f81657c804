// R13: services fetch from other origins, over sessions that the client makes when it is asked.
import { afterAll, describe, expect, test } from 'vitest';
import { FrameType } from '../../../../host/delegation/frame.js';
import type { Tunnel } from '../../../../host/delegation/message.js';
import { NULL_SESSION_ID } from '../../../../host/delegation/session_id.js';
import type { ProxyOptions } from '../../../../host/proxy/options.js';
import type { Service } from '../../../../host/services/service.js';
import {
  type Bench,
  connectVia,
  dial,
  ended,
  InnerClient,
  readUntil,
  startProxy,
  type TestMainSession,
} from '../bench.js';
import { answering, type Delegated, delegate, type RawOrigin, rawOrigin } from '../delegated.js';

const open: (Bench | RawOrigin)[] = [];
afterAll(async () => {
  for (const each of open) await each.close();
});

/** Puts in place of a page what the other origins answered to the lines of its body, or why not. */
const include: Service = {
  name: 'include',
  response: (flow) => ({
    body: async function* (body) {
      let text = '';
      for await (const chunk of body) text += Buffer.from(chunk).toString('latin1');
      const parts = text.split(' ').map(async (url) => {
        try {
          const other = await flow.fetchOther(url, {
            reason: `for ${flow.request.target}`,
            signal: flow.signal,
          });
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

const page = (body: string) => `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
const GET = 'GET /page HTTP/1.1\r\nHost: origin.test\r\n\r\n';

async function pageOf(
  body: string,
  limits: ProxyOptions['limits'] = {},
): Promise<Delegated & { bench: Bench }> {
  const bench = await startProxy({ services: [include], limits });
  const origin = await rawOrigin(answering(page(body)));
  open.push(bench, origin);
  const session = await delegate(bench, origin.target);
  session.stream.write(GET);
  return { ...session, bench };
}

/** What the Deputy client does with a TUNNEL: CONNECT, handshake, delivery. */
async function answer(bench: Bench, main: TestMainSession, tunnel: Tunnel) {
  const conduit = await dial(bench, 'http/1.1');
  const { sessionId } = await connectVia(conduit, `${tunnel.host}:${tunnel.port}`, {
    'Deputy-Session': 'request',
  });
  const inner = await InnerClient.open(conduit, { ca: bench.ca });
  main.deliver(sessionId, inner.delivery(undefined, { requestId: tunnel.requestId }));
  return { conduit, sessionId };
}

async function numbered(): Promise<RawOrigin> {
  const other = await rawOrigin((socket) => {
    socket.on('data', (chunk: Buffer) => {
      for (const [, path] of chunk.toString().matchAll(/GET (\S+) /g)) socket.write(page(`part${path}`));
    });
  });
  open.push(other);
  return other;
}

describe('a service that needs another origin', () => {
  test('gets it over a session that the client hands over, once for all parts', async () => {
    const other = await numbered();
    const urls = ['/1', '/2?q', '/3#x'].map((path) => `https://${other.target}${path}`).join(' ');
    const { stream, main, bench, sessionId, conduit } = await pageOf(urls);
    const tunnel = await main.wait(FrameType.Tunnel);
    expect(tunnel).toMatchObject({
      sessionId: NULL_SESSION_ID,
      host: '127.0.0.1',
      port: other.port,
      forSession: sessionId,
      reason: 'for /page',
    });
    const made = await answer(bench, main, tunnel);
    const text = await readUntil(stream, '\n\r\n0');
    expect(text).toContain('200:part/1 200:part/2?q 200:part/3\n');
    expect(main.messages.filter(({ type }) => type === FrameType.Tunnel)).toHaveLength(1);
    expect(other.connections).toHaveLength(1);
    expect(other.received[0]!.toString()).toMatch(
      /^GET \/1 HTTP\/1.1\r\nHost: 127.0.0.1:\d+\r\nAccept: \*\/\*\r\n\r\n/,
    );
    expect(await main.wait(FrameType.Receipt)).toMatchObject({ sessionId, services: ['include'] });
    conduit.destroy();
    main.socket.destroy();
    await ended(made.conduit);
  });

  test('hears of a refusal at once, and does not ask twice for the same page', async () => {
    const { stream, main } = await pageOf('https://127.0.0.1:4/a https://127.0.0.1:4/b');
    const { requestId } = await main.wait(FrameType.Tunnel);
    main.send({
      type: FrameType.Deny,
      sessionId: NULL_SESSION_ID,
      requestId,
      code: 'POLICY_DENIED',
      reason: 'not that one',
    });
    expect(await readUntil(stream, '\n\r\n0')).toContain('TUNNEL_DENIED TUNNEL_DENIED\n');
    stream.write(GET);
    expect(await readUntil(stream, '\n\r\n0')).toContain('TUNNEL_DENIED TUNNEL_DENIED\n');
    expect(main.messages.filter(({ type }) => type === FrameType.Tunnel)).toHaveLength(1);
  });

  test('is not left hanging by a client that stays silent', async () => {
    const { stream } = await pageOf('https://127.0.0.1:4/a', { tunnelTimeout: 200 });
    expect(await readUntil(stream, '\n\r\n0')).toContain('TUNNEL_TIMEOUT\n');
  });

  test('is not left hanging by an origin that stays silent', async () => {
    const other = await rawOrigin(() => {});
    open.push(other);
    const { stream, main, bench } = await pageOf(`https://${other.target}/a`, { otherOriginTimeout: 300 });
    await answer(bench, main, await main.wait(FrameType.Tunnel));
    expect(await readUntil(stream, '\n\r\n0')).toContain('TUNNEL_TIMEOUT\n');
  });

  test.each(['http://127.0.0.1/', 'ftp://a/', 'nonsense', 'https:///', 'javascript:1'])(
    'can not fetch %s',
    async (url) => {
      const { stream, main } = await pageOf(url);
      expect(await readUntil(stream, '\n\r\n0')).toContain('TUNNEL_REFUSED\n');
      expect(main.messages.some(({ type }) => type === FrameType.Tunnel)).toBe(false);
    },
  );

  test('has only so many questions open at once', async () => {
    const urls = Array.from({ length: 4 }, (_, i) => `https://127.0.0.1:${i + 10}/`).join(' ');
    const { stream, main } = await pageOf(urls, { pendingTunnels: 2, tunnelTimeout: 300 });
    const asked = () => main.messages.filter(({ type }) => type === FrameType.Tunnel).length;
    await main.wait(FrameType.Tunnel, ({ requestId }) => requestId === 2);
    expect(asked()).toBe(2);
    // The others are asked for once these are answered, or late.
    const text = await readUntil(stream, '\n\r\n0');
    expect(text).toContain('TUNNEL_TIMEOUT TUNNEL_TIMEOUT TUNNEL_TIMEOUT TUNNEL_TIMEOUT\n');
    expect(asked()).toBe(4);
  });

  test('asks for another session when an origin closes after each answer', async () => {
    const other = await rawOrigin(
      answering('HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok', { close: true }),
    );
    open.push(other);
    const { stream, main, bench } = await pageOf(`https://${other.target}/1 https://${other.target}/2`);
    await answer(bench, main, await main.wait(FrameType.Tunnel, ({ requestId }) => requestId === 1));
    await answer(bench, main, await main.wait(FrameType.Tunnel, ({ requestId }) => requestId === 2));
    expect(await readUntil(stream, '\n\r\n0')).toContain('200:ok 200:ok\n');
  });

  test('sees an answer cut short as a failure', async () => {
    const other = await rawOrigin(
      answering('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf', { close: true }),
    );
    open.push(other);
    const { stream, main, bench } = await pageOf(`https://${other.target}/1`);
    await answer(bench, main, await main.wait(FrameType.Tunnel));
    expect(await readUntil(stream, '\n\r\n0')).toContain('TRUNCATED\n');
  });

  test('goes without it when the delivery is for another origin, or wrong', async () => {
    const right = await numbered();
    const wrong = await numbered();
    const { stream, main, bench } = await pageOf(`https://${right.target}/1`, { tunnelTimeout: 400 });
    const tunnel = await main.wait(FrameType.Tunnel);
    const { sessionId } = await answer(bench, main, { ...tunnel, port: wrong.port });
    expect(await main.wait(FrameType.Error)).toMatchObject({ sessionId, code: 'UNKNOWN_SESSION' });
    expect(await readUntil(stream, '\n\r\n0')).toMatch(/UNKNOWN_SESSION|TUNNEL_TIMEOUT/);
  });

  test('loses what it waits for when the main session ends, and nothing else', async () => {
    const { stream, main } = await pageOf('https://127.0.0.1:4/a');
    await main.wait(FrameType.Tunnel);
    main.socket.destroy();
    expect(await readUntil(stream, '\n\r\n0')).toContain('CLIENT_GONE\n');
  });
});
