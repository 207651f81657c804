// Deliveries and peers that are wrong on purpose. Each ends in a typed error; the proxy and its other sessions go on.
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect as tcpConnect } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { FrameType } from '../../../host/delegation/frame.js';
import { Grant } from '../../../host/delegation/grant.js';
import { NULL_SESSION_ID } from '../../../host/delegation/session_id.js';
import {
  type Bench,
  connectVia,
  dial,
  ended,
  readUntil,
  startProxy,
  TestMainSession,
  TOKEN,
} from './bench.js';
import {
  answering,
  type Delegated,
  delegate,
  type LegName,
  type RawOrigin,
  rawOrigin,
  undelivered,
} from './delegated.js';

const OTHER_TOKEN = 'another-token-of-the-tests';
const ANSWER = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

let bench: Bench;
let origin: RawOrigin;
let log = '';
/** A session that must not notice anything. */
let bystander: Delegated;

beforeAll(async () => {
  const write = (fields: object, message: string) => {
    log += `${message} ${JSON.stringify(fields)}\n`;
  };
  bench = await startProxy({
    tokens: [
      { name: 'test', token: TOKEN },
      { name: 'other', token: OTHER_TOKEN },
    ],
    limits: { deliveryTimeout: 1500, greetingTimeout: 1000 },
    log: { debug: write, info: write, warn: write, error: write },
  });
  origin = await rawOrigin(answering(ANSWER));
  bystander = await delegate(bench, origin.target);
});
afterAll(async () => {
  await ask(bystander);
  bystander.conduit.destroy();
  await origin.close();
  await bench.close();
});
beforeEach(() => ask(bystander));

async function ask({ stream }: Delegated): Promise<void> {
  stream.write('GET / HTTP/1.1\r\nHost: o\r\n\r\n');
  expect(await readUntil(stream, '\r\n\r\nok')).toBe(ANSWER);
}

const shaken = (leg: LegName, version: 'TLSv1.2' | 'TLSv1.3' = 'TLSv1.3') =>
  undelivered(bench, origin.target, leg, { minVersion: version, maxVersion: version });

describe('deliveries', () => {
  test.each(['TLSv1.2', 'TLSv1.3'] as const)('with a wrong secret, mirror, %s', async (version) => {
    const { main, inner, conduit } = await shaken('mirror', version);
    inner.socket.write('GET / HTTP/1.1\r\nHost: o\r\n\r\n');
    const length = inner.secrets.length;
    main.deliver(NULL_SESSION_ID, inner.logged({ secrets: randomBytes(length) }));
    expect((await main.wait(FrameType.Error)).code).toBe('WRONG_SECRET');
    await ended(conduit);
  });

  test('with the right secret for one direction alone, mirror', async () => {
    for (const wrong of [0, 1]) {
      const { main, inner, conduit } = await shaken('mirror');
      inner.socket.write('GET / HTTP/1.1\r\nHost: o\r\n\r\n');
      const { secrets } = inner;
      const half = secrets.length / 2;
      randomBytes(half).copy(secrets, wrong * half);
      main.deliver(NULL_SESSION_ID, inner.logged({ secrets }));
      expect((await main.wait(FrameType.Error)).code).toBe('WRONG_SECRET');
      await ended(conduit);
    }
  });

  test('with a wrong secret, open leg, TLS 1.3: found by the first record', async () => {
    const { main, inner, conduit, sessionId } = await shaken('open');
    main.deliver(sessionId, inner.delivery(undefined, { secrets: randomBytes(inner.secrets.length) }));
    await main.wait(FrameType.Active);
    conduit.write('GET / HTTP/1.1\r\nHost: o\r\n\r\n');
    expect(['BAD_RECORD_MAC', 'ORIGIN_GONE', 'UNEXPECTED_MESSAGE']).toContain(
      (await main.wait(FrameType.Error)).code,
    );
    await ended(conduit);
  });

  test('with a wrong secret, open leg, TLS 1.2: found by the handshake', async () => {
    const { main, inner, conduit, sessionId } = await shaken('open', 'TLSv1.2');
    main.deliver(sessionId, inner.delivery(undefined, { secrets: randomBytes(48) }));
    expect((await main.wait(FrameType.Error)).code).toBe('WRONG_SECRET');
    await ended(conduit);
  });

  test('for an id that does not exist, and for the session of somebody else', async () => {
    const { main, inner, sessionId, conduit } = await shaken('open');
    const stranger = await TestMainSession.open(bench, { token: OTHER_TOKEN });
    stranger.deliver(sessionId, inner.delivery());
    stranger.deliver('ab'.repeat(16), inner.delivery());
    await stranger.wait(FrameType.Error, (message) => message.sessionId === 'ab'.repeat(16));
    const codes = stranger.messages.filter(({ type }) => type === FrameType.Error);
    expect(codes).toHaveLength(2);
    for (const each of codes) expect(each).toMatchObject({ code: 'UNKNOWN_SESSION' });
    // It is still there for its owner.
    main.deliver(sessionId, inner.delivery());
    await main.wait(FrameType.Active);
    conduit.destroy();
  });

  test('for another session of the same client', async () => {
    const one = await shaken('open');
    const two = await shaken('open');
    one.main.deliver(two.sessionId, one.inner.delivery());
    const error = await one.main.wait(FrameType.Error);
    expect(error).toMatchObject({ sessionId: two.sessionId, code: 'HANDSHAKE_MISMATCH' });
    one.main.deliver(one.sessionId, one.inner.delivery());
    await one.main.wait(FrameType.Active);
    one.conduit.destroy();
  });

  test('replayed: on the same session, and on another main session', async () => {
    const { main, inner, sessionId, conduit } = await shaken('open');
    const second = await TestMainSession.open(bench);
    // The binding is that of the first main session.
    const frames: Buffer[] = [];
    const write = main.socket.write.bind(main.socket);
    main.socket.write = ((bytes: Buffer) => {
      frames.push(Buffer.from(bytes));
      return write(bytes);
    }) as typeof main.socket.write;
    const delivery = inner.delivery();
    main.deliver(sessionId, delivery);
    const active = await main.wait(FrameType.Active);
    second.socket.write(frames[0]!);
    expect((await second.wait(FrameType.Error)).code).toBe('BAD_BINDING');
    main.socket.write(frames[0]!);
    expect((await main.wait(FrameType.Error)).code).toBe('ALREADY_DELIVERED');
    await inner.detach(active.originRecords);
    conduit.write('GET / HTTP/1.1\r\nHost: o\r\n\r\n');
    expect(await readUntil(conduit, '\r\n\r\nok')).toBe(ANSWER);
    conduit.destroy();
  });

  test.each([
    ['another leg', 'LEG_MISMATCH', { leg: 1 }],
    ['another suite', 'HANDSHAKE_MISMATCH', { cipherSuite: 0x1303 }],
    ['another version', 'HANDSHAKE_MISMATCH', { protocolVersion: 0x0303 }],
    ['another server random', 'HANDSHAKE_MISMATCH', { serverRandom: Buffer.alloc(32) }],
    ['another name', 'HANDSHAKE_MISMATCH', { sni: 'else.test' }],
    ['secrets of another length', 'BAD_SECRETS', { secrets: Buffer.alloc(48) }],
    ['a grant that can not write', 'GRANT_UNSUPPORTED', { grant: Grant.Observe }],
    ['fewer records than were relayed', 'RECORDS_EXCEEDED', { clientRecords: 1 }],
    ['records that never come', 'RECORDS_MISSING', { clientRecords: 99 }],
    ['keys that begin later', 'HANDSHAKE_MISMATCH', { originEpochStart: 99 }],
    ['a request nobody made', 'UNKNOWN_SESSION', { requestId: 7 }],
  ])('that name %s', async (_, code, changes) => {
    const { main, inner, sessionId, conduit } = await shaken('open');
    main.deliver(sessionId, inner.delivery(undefined, changes));
    expect(await main.wait(FrameType.Error)).toMatchObject({ sessionId, code });
    conduit.destroy();
  });

  test('before any handshake', async () => {
    const { main, inner, conduit: other } = await shaken('open');
    const conduit = await dial(bench, 'http/1.1');
    const { sessionId } = await connectVia(conduit, origin.target, { 'Deputy-Session': 'request' });
    main.deliver(sessionId, inner.delivery());
    expect((await main.wait(FrameType.Error)).code).toBe('HANDSHAKE_MISMATCH');
    await ended(conduit);
    other.destroy();
  });

  test('after which the client does not wait for ACTIVE', async () => {
    const { main, inner, sessionId, conduit } = await shaken('open');
    const delivery = inner.delivery(undefined, { alpn: 'http/1.1' });
    inner.socket.write('GET / HTTP/1.1\r\nHost: o\r\n\r\n');
    main.deliver(sessionId, delivery);
    // By where the proxy is when the request comes: with the delivery, behind it, or before it as part of the handshake.
    expect(['SENT_BEFORE_ACTIVE', 'RECORDS_EXCEEDED', 'BAD_REQUEST', 'HANDSHAKE_MISMATCH']).toContain(
      (await main.wait(FrameType.Error)).code,
    );
    await ended(conduit);
  });

  test('whose client vanishes in the middle', async () => {
    const { main, inner, sessionId, conduit } = await shaken('open');
    main.deliver(sessionId, inner.delivery(undefined, { clientRecords: 99 }));
    conduit.destroy();
    expect((await main.wait(FrameType.Error)).code).toBe('CLIENT_GONE');
    expect(main.socket.destroyed).toBe(false);
  });

  test('that come too late find a session that goes on undelegated', async () => {
    const { main, inner, conduit } = await shaken('mirror');
    inner.socket.write('GET / HTTP/1.1\r\nHost: o\r\n\r\n');
    expect(await readUntil(inner.socket, '\r\n\r\nok')).toBe(ANSWER);
    main.deliver(NULL_SESSION_ID, inner.logged());
    expect((await main.wait(FrameType.Error)).code).toBe('TOO_LATE');
    inner.socket.write('GET / HTTP/1.1\r\nHost: o\r\n\r\n');
    expect(await readUntil(inner.socket, '\r\n\r\nok')).toBe(ANSWER);
    conduit.destroy();
  });
});

describe('a client can end it', () => {
  test('by REVOKE: both sides close in order', async () => {
    const session = await delegate(bench, origin.target);
    const [server] = origin.connections.slice(-1);
    const closed = once(server!, 'end');
    session.main.send({
      type: FrameType.Revoke,
      sessionId: session.sessionId,
      reason: 'enough',
      clientBytes: 0,
    });
    expect((await session.main.wait(FrameType.Close)).code).toBe('REVOKED');
    await Promise.all([closed, ended(session.conduit)]);
  });

  test('by vanishing: the origin is let go', async () => {
    const session = await delegate(bench, origin.target);
    const [server] = origin.connections.slice(-1);
    const closed = once(server!, 'close');
    session.conduit.destroy();
    await closed;
  });
});

describe('main sessions', () => {
  test.each([
    ['with a wrong token', { token: 'wrong-wrong-wrong' }, 'UNAUTHORIZED'],
    ['without any credential', { token: '' }, 'UNAUTHORIZED'],
  ])('%s', async (_, options, code) => {
    const main = await TestMainSession.open(bench, options);
    expect((await main.wait(FrameType.Error)).code).toBe(code);
    await ended(main.socket);
  });

  test('that never greet', async () => {
    const socket = await dial(bench, 'deputy/2');
    await ended(socket);
  });

  test('that announce a frame beyond all bounds', async () => {
    const main = await TestMainSession.open(bench);
    await main.wait(FrameType.Welcome);
    main.socket.write(Buffer.concat([Buffer.from([3]), Buffer.alloc(16), Buffer.from([255, 255, 255])]));
    expect((await main.wait(FrameType.Error)).code).toBe('FRAME_TOO_LONG');
    await ended(main.socket);
  });

  test('that speak before their HELLO, or send what is the proxy’s to send', async () => {
    const main = await TestMainSession.open(bench);
    await main.wait(FrameType.Welcome);
    main.send({ type: FrameType.Active, sessionId: NULL_SESSION_ID, originRecords: 0, clientRecords: 0 });
    expect((await main.wait(FrameType.Error)).code).toBe('UNEXPECTED_MESSAGE');
  });

  test('whose frames of unknown types are skipped', async () => {
    const main = await TestMainSession.open(bench);
    main.socket.write(
      Buffer.concat([Buffer.from([99]), Buffer.alloc(16), Buffer.from([0, 0, 5]), Buffer.alloc(5)]),
    );
    main.deliver('cd'.repeat(16), { ...bystander.inner.delivery(), clientRecords: 0 });
    expect((await main.wait(FrameType.Error)).code).toBe('UNKNOWN_SESSION');
  });
});

describe('tunnels', () => {
  test.each([
    ['no TLS', Buffer.from('GET / HTTP/1.0\r\n\r\n')],
    ['a record beyond all bounds', Buffer.from([22, 3, 1, 0xff, 0xff, 1, 2, 3])],
    ['a hello that ends early', Buffer.from([22, 3, 1, 0, 6, 1, 0, 0, 2, 3, 3])],
  ])('that carry %s are closed', async (_, bytes) => {
    const conduit = await dial(bench, 'http/1.1');
    await connectVia(conduit, origin.target, { 'Deputy-Session': 'request' });
    conduit.write(bytes);
    await ended(conduit);
  });

  test('with random records after the handshake end in a typed error', async () => {
    const session = await delegate(bench, origin.target, 'mirror');
    const { main, inner, conduit } = session;
    await ask(session);
    conduit.write(Buffer.concat([Buffer.from([23, 3, 3, 0, 40]), randomBytes(40)]));
    expect((await main.wait(FrameType.Error)).code).toBe('BAD_RECORD_MAC');
    await ended(conduit);
    expect(inner.failure?.message).toMatch(/bad record mac/);
  });

  test('a hundred idle connections leave room for others', async () => {
    const sockets = await Promise.all(
      Array.from({ length: 100 }, async () => {
        const socket = tcpConnect(bench.port, '127.0.0.1');
        socket.on('error', () => {});
        await once(socket, 'connect');
        return socket;
      }),
    );
    await ask(bystander);
    for (const socket of sockets) socket.destroy();
  });
});

test('no secret stands in the log', () => {
  expect(log).toContain('session active');
  for (const secret of [bystander.inner.secrets.toString('hex'), TOKEN, OTHER_TOKEN]) {
    expect(log.toLowerCase()).not.toContain(secret.toLowerCase());
  }
  const { secrets } = bystander.inner;
  expect(log).not.toContain(secrets.subarray(0, 16).toString('hex'));
  expect(log).not.toContain(secrets.toString('base64').slice(0, 16));
});
