// R25 from end to end: a client subscribes and leaves, a real origin is asked by resumption, and the client finds what
// came at its next visit, in the cache and with receipts, without the origin being asked again.
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Origin, startOrigin } from '../../../../host/cli/demo/origins.js';
import { HANDHELD } from '../../../../host/delegation/device.js';
import { FrameType } from '../../../../host/delegation/frame.js';
import type { SubscriptionWish } from '../../../../host/delegation/subscription.js';
import { cache } from '../../../../host/services/cache/index.js';
import { MemoryStore } from '../../../../host/services/cache/stores/memory.js';
import { prefetch } from '../../../../host/services/prefetch/index.js';
import { transcode } from '../../../../host/services/transcode/index.js';
import {
  type Bench,
  readUntil,
  startProxy,
  TestMainSession,
  TOKEN,
  testAuthority,
} from '../../proxy/bench.js';
import { delegate } from '../../proxy/delegated.js';
import { resumptionOf, sendGrant } from '../../proxy/fetch/world.js';

const NEWS = 'the news of today\n';
const PIXEL = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);
const open: (() => unknown)[] = [];
let origin: Origin;

beforeAll(async () => {
  const { issued } = await testAuthority();
  origin = await startOrigin('nginx', {
    certificates: [issued],
    version: '1.2',
    files: {
      '/news': { type: 'text/plain', body: NEWS },
      '/page': { type: 'text/html', body: '<title>p</title><p>with a picture <img src="/dot" alt="dot">' },
      '/dot': { type: 'image/png', body: PIXEL },
    },
    more: [
      'add_header Cache-Control "private, max-age=3600";',
      'ssl_session_timeout 1h;',
      'location = /none { return 404; }',
    ],
  });
});
afterAll(async () => {
  for (const close of open.reverse()) await close();
  await origin.stop();
});

async function world(withTranscoding = false): Promise<Bench> {
  const bench = await startProxy({
    services: [
      ...(withTranscoding ? [transcode()] : []),
      prefetch({ shortestInterval: 1000 }),
      cache({ store: new MemoryStore({ bytes: 1 << 20, entries: 100 }) }),
    ],
    tokens: [
      { name: 'test', token: TOKEN },
      { name: 'other', token: 'the-token-of-another' },
    ],
  });
  open.push(() => bench.close());
  return bench;
}

const wish = (targets: string[], more: Partial<SubscriptionWish> = {}): SubscriptionWish => ({
  every: 1,
  window: undefined,
  headers: [['Accept', '*/*']],
  targets,
  ...more,
});

/** Shakes hands, grants so many uses, subscribes, and leaves. The id of the subscription, and how it stands. */
async function subscribe(bench: Bench, asked: SubscriptionWish, uses = 1) {
  const session = await delegate(bench, `127.0.0.1:${origin.port}`, 'open', { maxVersion: 'TLSv1.2' });
  const { main, conduit, sessionId } = session;
  if (uses > 0) sendGrant(session, resumptionOf(session, { uses }));
  main.send({ type: FrameType.Subscribe, sessionId, wish: asked });
  const state = await main.wait(FrameType.Subscribed);
  conduit.end();
  main.socket.end();
  await once(main.socket, 'close');
  return { sessionId, state };
}

async function visit(bench: Bench, path: string, main?: TestMainSession) {
  const session = await delegate(bench, `127.0.0.1:${origin.port}`, 'open', {
    maxVersion: 'TLSv1.2',
    ...(main && { main }),
  });
  session.stream.write(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${origin.port}\r\nAccept: */*\r\n\r\n`);
  const head = await readUntil(session.stream, '\r\n\r\n');
  session.conduit.end();
  return head;
}

const asked = (path: string) =>
  origin
    .output()
    .split('\n')
    .filter((line) => line.startsWith(`GET ${path} `));

test('what was subscribed to is in the cache at the next visit, with its receipts, and nobody asks again', async () => {
  const bench = await world();
  const prefetched = once(bench.proxy.events, 'prefetched');
  const { sessionId, state } = await subscribe(bench, wish(['/news', '/none']));
  expect(state).toMatchObject({ sessionId, code: '', next: 1, left: 1 });
  expect(asked('/news')).toHaveLength(0);
  expect(await prefetched).toMatchObject([{ client: 'token:test', target: '/news', status: 200 }]);
  await once(bench.proxy.events, 'prefetched');
  // One request, on a resumed connection, while the client was away.
  await expect.poll(() => asked('/news').length).toBe(1);
  expect(asked('/news')[0]).toContain(' 200 TLSv1.2 ECDHE-ECDSA-AES128-GCM-SHA256 r ');
  await delay(50);
  const main = await TestMainSession.open(bench);
  const over = await main.wait(FrameType.Subscribed);
  expect(over).toMatchObject({ sessionId, code: 'RESUMPTION_SPENT', left: 0 });
  const [first, second] = main.messages.filter(({ type }) => type === FrameType.Receipt);
  const hash = createHash('sha256').update(Buffer.alloc(32)).update(NEWS).digest();
  expect(first).toMatchObject({ sessionId, response: 1, status: 200, bytesAfter: NEWS.length });
  expect(Buffer.from((first as { hash: Uint8Array }).hash)).toEqual(hash);
  expect(second).toMatchObject({ sessionId, response: 2, status: 404 });
  const head = await visit(bench, '/news', main);
  expect(head).toMatch(/^HTTP\/1\.1 200/);
  expect(head).toContain('Cache-Status: deputy; hit');
  expect(asked('/news')).toHaveLength(1);
  // It is that client's alone.
  const stranger = await TestMainSession.open(bench, { token: 'the-token-of-another' });
  await delay(50);
  expect(stranger.messages.map(({ type }) => type)).toEqual([FrameType.Welcome]);
  main.socket.destroy();
  stranger.socket.destroy();
});

test('a page is fetched with its parts, through all services, as the device will want it', async () => {
  const bench = await world(true);
  const before = asked('/dot').length;
  const { sessionId } = await subscribe(bench, wish(['/page']), 2);
  expect((await once(bench.proxy.events, 'prefetched'))[0]).toMatchObject({ sessionId, status: 200 });
  await expect.poll(() => asked('/dot').length).toBe(before + 1);
  const pages = asked('/page').length;
  expect(await visit(bench, '/page')).toContain('Cache-Status: deputy; hit');
  expect(asked('/page')).toHaveLength(pages);
});

test('REVOKE ends a subscription at any later visit, by its client alone', async () => {
  const bench = await world();
  const { sessionId } = await subscribe(bench, wish(['/news'], { every: 600 }), 9);
  const revoke = { type: FrameType.Revoke, sessionId, reason: 'enough', clientBytes: 0 } as const;
  const stranger = await TestMainSession.open(bench, { token: 'the-token-of-another' });
  await stranger.wait(FrameType.Welcome);
  stranger.send(revoke);
  const main = await TestMainSession.open(bench);
  expect(await main.wait(FrameType.Subscribed)).toMatchObject({ sessionId, code: '', left: 9 });
  main.send(revoke);
  await delay(50);
  const later = await TestMainSession.open(bench);
  expect(await later.wait(FrameType.Subscribed)).toMatchObject({ sessionId, code: 'REVOKED', left: 0 });
  for (const { socket } of [stranger, main, later]) socket.destroy();
});

describe('a subscription is refused', () => {
  test('without a granted resumption', async () => {
    const { state } = await subscribe(await world(), wish(['/news']), 0);
    expect(state).toMatchObject({ code: 'NOTHING_GRANTED', next: 0, left: 0 });
  });

  test("where the origin's tickets run out before the first round", async () => {
    const { state } = await subscribe(await world(), wish(['/news'], { every: 7200 }));
    expect(state).toMatchObject({ code: 'TICKET_TOO_SHORT' });
  });

  test('by a proxy that keeps none', async () => {
    const bench = await startProxy();
    open.push(() => bench.close());
    const { state } = await subscribe(bench, wish(['/news']));
    expect(state).toMatchObject({ code: 'NO_PREFETCH' });
  });
});

test('an origin that is gone costs its addresses, and is told of', async () => {
  const bench = await world();
  const { issued } = await testAuthority();
  const short = await startOrigin('node', { certificates: [issued], version: '1.2' });
  const session = await delegate(bench, `127.0.0.1:${short.port}`, 'open', { maxVersion: 'TLSv1.2' });
  sendGrant(session, resumptionOf(session, { uses: 5 }));
  session.main.send({ type: FrameType.Subscribe, sessionId: session.sessionId, wish: wish(['/a', '/b']) });
  await session.main.wait(FrameType.Subscribed);
  session.main.socket.destroy();
  await short.stop();
  await once(bench.proxy.events, 'prefetched');
  expect((await once(bench.proxy.events, 'prefetched'))[0]).toMatchObject({ target: '/b', status: 0 });
  await delay(50);
  const main = await TestMainSession.open(bench, { profile: HANDHELD });
  // It was never asked: the uses are still there for the next round.
  expect(await main.wait(FrameType.Subscribed)).toMatchObject({ code: '', left: 5 });
  expect(main.messages.filter(({ type }) => type === FrameType.Receipt)).toMatchObject([
    { status: 0 },
    { status: 0 },
  ]);
  main.socket.destroy();
});
