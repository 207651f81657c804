// What leads from one phase of a session to the next, without a socket: two streams of memory and no TLS.

import { describe, expect, test } from 'vitest';
import { type Delivery, Leg } from '../../../../host/delegation/delivery.js';
import { HANDHELD } from '../../../../host/delegation/device.js';
import { FrameType } from '../../../../host/delegation/frame.js';
import { Grant } from '../../../../host/delegation/grant.js';
import type { Message } from '../../../../host/delegation/message.js';
import { NULL_SESSION_ID } from '../../../../host/delegation/session_id.js';
import { proxyEvents } from '../../../../host/proxy/events.js';
import { type ProxyOptions, settingsOf } from '../../../../host/proxy/options.js';
import { DelegableSession } from '../../../../host/proxy/session/session.js';
import type { CountedStream } from '../../../../host/proxy/streams/byte_stream.js';

/** What a side of the session says, and what became of it. */
class Side implements CountedStream {
  received = 0;
  sent = 0;
  ended = false;
  destroyed = false;
  #onRead: (bytes: Buffer | undefined) => void = () => {};

  read(): Promise<Buffer | undefined> {
    return new Promise((resolve) => {
      this.#onRead = resolve;
    });
  }

  async write(bytes: Uint8Array): Promise<void> {
    this.sent += bytes.length;
  }

  async end(): Promise<void> {
    this.ended = true;
    this.leave();
  }

  destroy(): void {
    this.destroyed = true;
    this.leave();
  }

  leave(): void {
    this.#onRead(undefined);
  }
}

const delivery = (grant = Grant.Resume): Delivery => ({
  ...{ protocolVersion: 0x0304, cipherSuite: 0x1301, grant, extendedMasterSecret: true, leg: Leg.Open },
  ...{
    clientRandom: new Uint8Array(32),
    serverRandom: new Uint8Array(32),
    certificateHash: new Uint8Array(32),
  },
  ...{
    sni: 'origin.test',
    alpn: '',
    clientEpochStart: 0,
    originEpochStart: 0,
    clientRecords: 0,
    requestId: 0,
  },
  ...{ expires: 0, secrets: new Uint8Array(32), handshakeSecrets: new Uint8Array(64), commitments: [] },
  binding: new Uint8Array(32),
});

function world(options: Partial<ProxyOptions> = {}, { mirror = false, mustDeliver = false } = {}) {
  const client = new Side();
  const origin = new Side();
  const observers = proxyEvents();
  const closes: string[] = [];
  observers.on('closed', ({ code }) => closes.push(code));
  const settings = settingsOf({ plaintext: true, tokens: [{ name: 'a', token: 'b' }], ...options });
  const principal = { name: 'a' } as DelegableSession['principal'];
  const target = { host: 'origin.test', port: 443 };
  let removed = 0;
  const session = new DelegableSession({
    ...{ id: '01'.repeat(16), principal, target, mirror, mustDeliver, client, origin, settings, observers },
    onClosed: () => removed++,
  });
  const told: Message[] = [];
  const deliverer = {
    ...{ principal, profile: HANDHELD, send: (message: Message) => told.push(message) },
    fetchOther: () => Promise.reject(new Error('nobody asks')),
  };
  return { session, client, origin, closes, told, deliverer, removed: () => removed };
}

describe('a session that nobody has delivered', () => {
  test('is a relay, and over when both sides are', async () => {
    const { session, client, origin, closes, removed } = world();
    expect(session.state).toBe('relaying');
    client.leave();
    origin.leave();
    await session.closed;
    expect({ state: session.state, closes, removed: removed() }).toEqual({
      ...{ state: 'closed', closes: ['CLOSED'], removed: 1 },
    });
  });

  test.each(['REVOKED', 'ENDED'] as const)('ends in order at %s: nothing was under way', async (code) => {
    const { session, origin, closes } = world();
    if (code === 'REVOKED') session.revoke(0);
    else void session.cut(code);
    await session.closed;
    expect(origin.ended).toBe(true);
    expect(closes).toEqual([code]);
  });

  test('is told to be closed once, whatever else ends it afterwards', async () => {
    const { session, client, origin, closes, removed } = world();
    void session.finish();
    session.revoke(0);
    void session.cut('STOPPING');
    void session.leave();
    client.leave();
    origin.leave();
    await session.closed;
    await session.watchConduit();
    expect({ closes, removed: removed() }).toEqual({ closes: ['CLOSED'], removed: 1 });
  });

  test('fails when its time is over, where the delivery is required', async () => {
    const { session, client, origin, closes } = world(
      { limits: { deliveryTimeout: 1 } },
      { mustDeliver: true },
    );
    await session.closed;
    await expect.poll(() => client.destroyed && origin.destroyed).toBe(true);
    expect(closes).toEqual(['DELIVERY_TIMEOUT']);
  });

  test('of a program that logs its keys goes on undelegated when its time is over', async () => {
    const { session } = world({ limits: { deliveryTimeout: 1 } }, { mirror: true });
    await expect.poll(() => session.state).toBe('undelegated');
    await session.finish();
  });
});

describe('a delivery', () => {
  test.each([Grant.Epoch, Grant.Observe, Grant.Resume])(
    'of grant %i before the handshake fails the session',
    async (grant) => {
      const { session, client, closes, deliverer } = world();
      const early = session.deliver(delivery(grant), deliverer);
      await expect(early).rejects.toMatchObject({ code: expect.any(String) });
      await session.closed;
      expect(closes).toHaveLength(1);
      await expect.poll(() => client.destroyed).toBe(true);
      expect({ layers: session.isForFetching, delivered: session.delivered }).toEqual({ layers: false });
    },
  );

  test('is taken once', async () => {
    const { session, deliverer } = world();
    const wish = delivery();
    const first = session.deliver(wish, deliverer).catch(({ code }) => code);
    await expect(session.deliver(wish, deliverer)).rejects.toMatchObject({ code: 'ALREADY_DELIVERED' });
    expect(await first).not.toBe('ALREADY_DELIVERED');
    await expect(session.deliver(wish, deliverer)).rejects.toMatchObject({ code: 'TOO_LATE' });
  });

  test('tells its own caller why it failed, and nobody else', async () => {
    const { session, deliverer, told } = world();
    const wish = delivery();
    await expect(session.deliver(wish, deliverer)).rejects.toThrow();
    await session.closed;
    expect(told.filter(({ type }) => type === FrameType.Error)).toEqual([]);
  });

  test('of nothing leaves nothing for the proxy to use', async () => {
    const { session } = world();
    await session.carry({ alpn: 'http/1.1' });
    expect(session.state).toBe('relaying');
    expect(() => session.originStream).toThrow(expect.objectContaining({ code: 'ORIGIN_GONE' }));
    session.release({ sessionId: NULL_SESSION_ID } as Parameters<DelegableSession['release']>[0]);
    await session.finish();
  });
});
