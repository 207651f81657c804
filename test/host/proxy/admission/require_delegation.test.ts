// The firewall: no application data passes a proxy that requires delegation before the session is delivered.
import { createServer } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Leg } from '../../../../host/delegation/delivery.js';
import { FrameType } from '../../../../host/delegation/frame.js';
import { NULL_SESSION_ID } from '../../../../host/delegation/session_id.js';
import { createProxy } from '../../../../host/proxy/proxy.js';
import { type Bench, connectVia, dial, ended, readUntil, startProxy, TOKEN } from '../bench.js';
import {
  answering,
  delegate,
  type LegName,
  listen,
  type RawOrigin,
  rawOrigin,
  undelivered,
} from '../delegated.js';

const PAGE = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello';
const GET = 'GET /secret HTTP/1.1\r\nHost: origin.test\r\n\r\n';

let bench: Bench;
let origin: RawOrigin;

beforeAll(async () => {
  bench = await startProxy({
    requireDelegation: true,
    allowStreams: ['127.0.0.1'],
    limits: { deliveryTimeout: 400 },
  });
  origin = await rawOrigin(answering(PAGE));
});
afterAll(async () => {
  await origin.close();
  await bench.close();
});

const versions = [
  ['TLS 1.2', { maxVersion: 'TLSv1.2' }],
  ['TLS 1.3', { minVersion: 'TLSv1.3' }],
] as const;
const legs: LegName[] = ['open', 'mirror'];
const cases = versions.flatMap(([name, options]) => legs.map((leg) => [name, leg, options] as const));

const shaken = (leg: LegName, options: ConnectionOptions, target = origin.target) =>
  undelivered(bench, target, leg, options);

/** How the proxy ends a session. */
const closing = (sessionId: string) =>
  new Promise<string>((resolve) => {
    const { events } = bench.proxy;
    const onClosed = (event: { sessionId: string; code: string }) => {
      if (event.sessionId !== sessionId) return;
      events.off('closed', onClosed);
      resolve(event.code);
    };
    events.on('closed', onClosed);
  });

const received = () => Buffer.concat(origin.received).toString('latin1');

describe.each(cases)('%s, %s leg', (_, leg, options) => {
  test('a delivered session works', async () => {
    const { stream } = await delegate(bench, origin.target, leg, options);
    stream.write(GET.replace('secret', 'delivered'));
    expect(await readUntil(stream, 'hello')).toBe(PAGE);
    stream.destroy();
  });

  test('a client that never delivers gets no byte through, and is closed', async () => {
    const { inner, conduit, sessionId } = await shaken(leg, options);
    const closed = closing(sessionId);
    inner.socket.write(GET);
    await ended(conduit);
    expect(await closed).toBe('DELIVERY_TIMEOUT');
    expect(received()).not.toContain('secret');
  });

  test('a wrong secret lets no byte through', async () => {
    const { inner, main, conduit, sessionId } = await shaken(leg, options);
    const closed = closing(sessionId);
    const secrets = Buffer.from(inner.secrets.map((byte) => byte ^ 1));
    if (leg === 'mirror') {
      inner.socket.write(GET);
      main.deliver(NULL_SESSION_ID, inner.logged({ secrets }));
    } else {
      main.deliver(sessionId, inner.delivery(Leg.Open, { secrets }));
      const active = await Promise.race([main.wait(FrameType.Active), main.wait(FrameType.Error)]);
      // TLS 1.3 proves nothing before a record comes: what the proxy then seals, the origin can't open.
      if (active.type === FrameType.Active) {
        await inner.detach(active.originRecords);
        conduit.write(GET);
      }
    }
    expect(['WRONG_SECRET', 'BAD_RECORD_MAC']).toContain((await main.wait(FrameType.Error)).code);
    expect(['WRONG_SECRET', 'BAD_RECORD_MAC']).toContain(await closed);
    expect(received()).not.toContain('secret');
  });
});

describe.each(versions)('data before the delivery, %s', (_, options) => {
  test('is not let through by the delivery', async () => {
    const { inner, main, sessionId } = await shaken('open', options);
    inner.socket.write(GET);
    await new Promise((resolve) => setTimeout(resolve, 20));
    main.deliver(sessionId, inner.delivery(Leg.Open));
    expect((await main.wait(FrameType.Error)).code).toBe('SENT_BEFORE_ACTIVE');
    expect(received()).not.toContain('secret');
  });

  test('of an origin that speaks first waits too', async () => {
    const greeter = await rawOrigin((socket) => socket.write('220 ready\r\n'));
    const { inner, main, conduit, sessionId } = await shaken('open', options, greeter.target);
    let early = '';
    inner.socket.on('data', (bytes: Buffer) => {
      early += bytes;
    });
    await new Promise((resolve) => setTimeout(resolve, 50));
    main.deliver(sessionId, inner.delivery(Leg.Open));
    const active = await main.wait(FrameType.Active);
    await inner.detach(active.originRecords);
    expect(await readUntil(conduit, '\r\n')).toBe('220 ready\r\n');
    expect(early).toBe('');
    conduit.destroy();
    await greeter.close();
  });
});

test('a client certificate, and so a longer last flight, passes', async () => {
  const { issued } = await bench;
  const asking = await rawOrigin(answering(PAGE), { requestCert: true, rejectUnauthorized: false });
  const options = { minVersion: 'TLSv1.3', cert: issued.chainPem, key: issued.keyPem } as const;
  const { stream } = await delegate(bench, asking.target, 'open', options);
  stream.write(GET);
  expect(await readUntil(stream, 'hello')).toBe(PAGE);
  expect(asking.connections[0]!.getPeerCertificate().raw).toBeDefined();
  stream.destroy();
  await asking.close();
});

test('a blind tunnel is refused, and told what to do', async () => {
  const conduit = await dial(bench, 'http/1.1');
  conduit.write(
    `CONNECT ${origin.target} HTTP/1.1\r\nHost: x\r\nProxy-Authorization: Bearer ${TOKEN}\r\n\r\n`,
  );
  const answer = await readUntil(conduit, 'deputy keylog');
  expect(answer).toMatch(/^HTTP\/1\.1 403 Forbidden\r\n/);
  expect(answer).toContain('Deputy-Session: request');
});

test('a proxy that listens in plaintext can require nothing', () => {
  expect(() =>
    createProxy({ plaintext: true, tokens: [{ name: 'a', token: 'b' }], requireDelegation: true }),
  ).toThrow('plaintext');
});

describe('what a client writes by hand', () => {
  let target: string;
  let taken = Buffer.alloc(0);
  const sink = createServer((socket) => {
    socket.on('error', () => {});
    socket.on('data', (bytes) => {
      taken = Buffer.concat([taken, bytes]);
    });
  });
  beforeAll(async () => {
    target = `127.0.0.1:${await listen(sink)}`;
  });
  afterAll(() => {
    sink.close();
  });

  async function written(...records: Buffer[]): Promise<string> {
    taken = Buffer.alloc(0);
    const conduit = await dial(bench, 'http/1.1');
    const { sessionId } = await connectVia(conduit, target, { 'Deputy-Session': 'request' });
    const closed = closing(sessionId);
    for (const record of records) conduit.write(record);
    conduit.resume();
    const code = await closed;
    if (!conduit.destroyed) await new Promise((resolve) => conduit.once('close', resolve));
    return code;
  }

  const record = (type: number, body: Buffer) =>
    Buffer.concat([Buffer.from([type, 3, 3, body.length >> 8, body.length & 255]), body]);

  /** RFC 9846 §4.2.2. */
  function clientHello(extensions: Buffer): Buffer {
    const body = Buffer.concat([
      Buffer.from([3, 3]),
      Buffer.alloc(32, 7),
      Buffer.from([0, 0, 2, 0x13, 1, 1, 0]),
      Buffer.from([extensions.length >> 8, extensions.length & 255]),
      extensions,
    ]);
    return record(22, Buffer.concat([Buffer.from([1, 0, body.length >> 8, body.length & 255]), body]));
  }

  test('0-RTT is refused before any of it passes', async () => {
    const hello = clientHello(Buffer.from([0, 42, 0, 0]));
    expect(await written(hello, record(23, Buffer.from('early secret')))).toBe('NOT_DELEGABLE');
    expect(taken.length).toBe(0);
  });

  test('encrypted records without a handshake are held', async () => {
    expect(await written(record(23, Buffer.from('a secret')))).toBe('DELIVERY_TIMEOUT');
    expect(taken.length).toBe(0);
  });

  test.each([
    ['handshake messages', 22, Buffer.concat([Buffer.from([2, 0, 0x3f, 0xfc]), Buffer.alloc(0x3ffc)])],
    ['alerts', 21, Buffer.alloc(0x4000)],
    ['changes of cipher', 20, Buffer.alloc(0x4000)],
  ])('%s carry no more than the bound', async (_, type, body) => {
    const records = Array.from({ length: 4 }, () => record(type, body));
    expect(await written(clientHello(Buffer.alloc(0)), ...records)).toBe('UNDELIVERED');
    expect(taken.length).toBeGreaterThan(0);
    expect(taken.length).toBeLessThanOrEqual(32_768);
  });
});
