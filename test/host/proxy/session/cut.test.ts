// An end is an end: what a stopping proxy, its operator, a clock or a revocation cuts off looks whole to neither side.
import { once } from 'node:events';
import type { TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FrameType } from '../../../../host/delegation/frame.js';
import { recordsOf, Tap } from '../../../interop/tap.js';
import { type Bench, readUntil, startProxy } from '../bench.js';
import { type Delegated, delegate, type LegName } from '../delegated.js';
import { rawOrigins } from '../raw_origins.js';

const origin = rawOrigins();
const HALF = 'the first half, ';
const HEAD = 'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n';

/** Half of an answer that ends with its connection. */
const halfAnswer = (socket: TLSSocket) => socket.once('data', () => socket.write(`${HEAD}${HALF}`));
/** Half of what another protocol says. */
const halfStream = (socket: TLSSocket) => socket.once('data', () => socket.write(HALF));

type Cut = (bench: Bench, session: Delegated) => unknown;
const cuts: Record<string, { act: Cut; code: string; delivery?: { expires: number } }> = {
  'the operator': { act: ({ proxy }, { sessionId }) => proxy.end(sessionId), code: 'ENDED' },
  'a stop without grace': { act: ({ proxy }) => proxy.close(), code: 'STOPPING' },
  'a second signal': {
    act: ({ proxy }) => {
      const second = new AbortController();
      setTimeout(() => second.abort(), 50);
      return proxy.close({ grace: 60_000, signal: second.signal });
    },
    code: 'STOPPING',
  },
  revocation: {
    act: (_, { main, sessionId }) =>
      main.send({ type: FrameType.Revoke, sessionId, reason: 'enough', clientBytes: 0 }),
    code: 'REVOKED',
  },
  'the end of a grant': { act: () => {}, code: 'EXPIRED', delivery: { expires: 1 } },
};

describe.each(['TLSv1.2', 'TLSv1.3'] as const)('%s', (version) => {
  describe.each(['open', 'mirror'] as LegName[])('%s leg', (leg) => {
    // A program that logs its keys grants for no time.
    const possible = Object.entries(cuts).filter(([, { delivery }]) => leg === 'open' || !delivery);
    describe.each(possible)('cut by %s', (_, { act, code, delivery = { expires: 0 } }) => {
      test.each([
        ['an answer without a length', halfAnswer, true],
        ['a stream of bytes', halfStream, false],
      ])('%s', async (_, handler, isHttp) => {
        const bench = await startProxy();
        try {
          const { target, connections } = await origin(handler);
          const session = await delegate(bench, target, leg, {
            minVersion: version,
            maxVersion: version,
            delivery: leg === 'open' ? { ...delivery, isStream: !isHttp } : delivery,
          });
          const { main, stream, inner } = session;
          stream.write(isHttp ? 'GET / HTTP/1.1\r\nHost: o\r\n\r\n' : 'EHLO localhost\r\n');
          await readUntil(stream, HALF);
          const gone = new Promise<string>((resolve) => {
            connections[0]!.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? ''));
            connections[0]!.once('end', () => resolve('an end in order'));
          });
          await act(bench, session);
          expect((await main.wait(FrameType.Error)).code).toBe(code);
          expect(main.messages.filter(({ type }) => type === FrameType.Close && code !== 'STOPPING')).toEqual(
            [],
          );
          // The origin hears a fatal alert, and no close_notify: what it got of a stream is no whole either.
          expect(await gone).toMatch(/ALERT_INTERNAL_ERROR/);
          if (leg === 'mirror') {
            if (!stream.destroyed) await new Promise((resolve) => stream.once('close', resolve));
            expect((inner.failure as NodeJS.ErrnoException).code).toMatch(/ALERT_INTERNAL_ERROR/);
          }
        } finally {
          await bench.close();
        }
      });
    });
  });
});

describe('on the wire of an open leg', () => {
  let bench: Bench;
  let tap: Tap;
  beforeAll(async () => {
    bench = await startProxy();
    tap = await Tap.to(bench.port);
  });
  afterAll(async () => {
    tap.close();
    await bench.close();
  });

  /** The lengths of the records that the proxy sent last on each connection, of TLS 1.3. */
  async function lastLengths(
    end: (session: Delegated, atOrigin: TLSSocket | undefined) => unknown,
  ): Promise<number[]> {
    const { target, connections } = await origin(halfAnswer);
    const before = tap.connections.length;
    const session = await delegate({ port: tap.port, ca: bench.ca }, target, 'open', {
      maxVersion: 'TLSv1.2',
    });
    const { stream, conduit } = session;
    stream.write('GET / HTTP/1.1\r\nHost: o\r\n\r\n');
    await readUntil(stream, HALF);
    const over = once(conduit, 'close');
    conduit.resume();
    await end(session, connections[0]);
    await over;
    const conduits = tap.connections.slice(before);
    return conduits.map(({ received }) => recordsOf(received).at(-1)?.length ?? 0);
  }

  /** Head, level and description, type, tag (RFC 9846 §5.2, §6): nothing else that is sent here is so short. */
  const ALERT = 5 + 2 + 1 + 16;

  test('no close_notify follows a half', async () => {
    const lengths = await lastLengths(({ sessionId }) => bench.proxy.end(sessionId));
    expect(lengths).not.toContain(ALERT);
  });

  test('one follows an end in order', async () => {
    const lengths = await lastLengths((_, atOrigin) => atOrigin?.end());
    expect(lengths).toContain(ALERT);
  });
});

test('a session between two exchanges ends in order', async () => {
  const bench = await startProxy();
  const { target, connections } = await origin((socket) =>
    socket.once('data', () => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')),
  );
  const { main, stream, sessionId } = await delegate(bench, target);
  stream.write('GET / HTTP/1.1\r\nHost: o\r\n\r\n');
  await readUntil(stream, '\r\n\r\nok');
  await main.wait(FrameType.Receipt);
  const ended = once(connections[0]!, 'end');
  expect(bench.proxy.end(sessionId)).toBe(true);
  expect((await main.wait(FrameType.Close)).code).toBe('ENDED');
  await ended;
  await bench.close();
});
