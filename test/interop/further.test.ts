// R11, R12, R25 with the Deputy client, TLS 1.2 and 1.3, and a real nginx: a page's parts over further connections, a
// device that resumes by itself afterwards, and pages that are fetched while the device is away.
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Origin, startOrigin } from '../../host/cli/demo/origins.js';
import type { DeputyClientOptions } from '../../host/index.js';
import { cache } from '../../host/services/cache/index.js';
import { MemoryStore } from '../../host/services/cache/stores/memory.js';
import { prefetch } from '../../host/services/prefetch/index.js';
import { transcode } from '../../host/services/transcode/index.js';
import { Steps, type TestProxy, World } from '../host/client/world.js';

const PIXEL = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);
const DOTS = Array.from({ length: 10 }, (_, i) => `/dot${i}`);
const versions = { '1.2': 0x0303, '1.3': 0x0304 } as const;

let world: World;
beforeAll(async () => {
  world = await World.create();
});
afterAll(() => world.close());

async function nginx(version: '1.2' | '1.3'): Promise<Origin> {
  const issued = await world.authority.issue({ names: ['localhost'] });
  const origin = await startOrigin('nginx', {
    certificates: [issued],
    version,
    files: {
      '/page': {
        type: 'text/html',
        body: `<title>p</title><p>dots: ${DOTS.map((path) => `<img src="${path}" alt="dot">`).join(' ')}`,
      },
      '/news': { type: 'text/plain', body: 'the news of today\n' },
      ...Object.fromEntries(DOTS.map((path) => [path, { type: 'image/png', body: PIXEL }])),
    },
    more: ['add_header Cache-Control "private, max-age=3600";', 'ssl_session_timeout 1h;'],
  });
  world.onClose(() => origin.stop());
  return origin;
}

function clientOf(
  proxy: TestProxy,
  version: '1.2' | '1.3',
  uses: number,
  more: Partial<DeputyClientOptions> = {},
) {
  return world.through(proxy, {
    tls: { minVersion: versions[version], maxVersion: versions[version] },
    policy: { rules: [{ origin: '*', decision: 'resume', uses }] },
    ...more,
  });
}

async function textOf(client: ReturnType<typeof clientOf>, url: string) {
  const response = await client.request(url);
  const chunks: Uint8Array[] = [];
  for await (const chunk of response.body) chunks.push(chunk);
  return { text: Buffer.concat(chunks).toString(), response };
}

const lines = (origin: Origin, path: RegExp) =>
  origin
    .output()
    .split('\n')
    .filter((line) => path.test(line));

describe.each(['1.2', '1.3'] as const)('TLS %s', (version) => {
  test('the parts of a page travel on several resumed connections, and the client makes one handshake', async () => {
    const origin = await nginx(version);
    const proxy = await world.proxy({ services: [transcode()] });
    const steps = new Steps();
    const client = clientOf(proxy, version, 20, { observer: steps });
    const base = `https://localhost:${origin.port}`;
    // The ticket of TLS 1.3 comes with the first answer.
    await textOf(client, `${base}/news`);
    await expect.poll(() => steps.of('resumption-granted').length).toBe(1);
    const { text } = await textOf(client, `${base}/page`);
    expect(text.match(/src="data:image/g)).toHaveLength(10);
    const dots = lines(origin, /^GET \/dot/);
    expect(dots).toHaveLength(10);
    for (const line of dots) expect(line).toMatch(/ r \d+$/);
    expect(new Set(dots.map((line) => line.split(' ').at(-1))).size).toBeGreaterThanOrEqual(2);
    expect(steps.of('tunnel-asked')).toHaveLength(0);
    expect(steps.of('origin-verified')).toHaveLength(1);
    await client.close();
  });

  test('the client resumes with the origin afterwards', async () => {
    const origin = await nginx(version);
    const proxy = await world.proxy({ services: [transcode()] });
    const steps = new Steps();
    const client = clientOf(proxy, version, 20, { observer: steps });
    const base = `https://localhost:${origin.port}`;
    await textOf(client, `${base}/news`);
    await expect.poll(() => steps.of('resumption-granted').length).toBe(1);
    await textOf(client, `${base}/page`);
    const told = () => steps.of('cipher-changed').filter(({ message }) => message.change === 5).length;
    // nginx gives a fresh ticket with each resumption of TLS 1.3; at TLS 1.2 the old one stays good.
    if (version === '1.3') await expect.poll(told).toBeGreaterThan(0);
    client.revoke('a new session');
    await expect.poll(() => steps.of('session-closed').length).toBe(1);
    const { response } = await textOf(client, `${base}/news`);
    expect(response.session.tls.resumed).toBe(version === '1.3');
    await client.close();
  });

  test('what was subscribed to is in the cache at the next visit, and the origin is not asked again', async () => {
    const origin = await nginx(version);
    const store = new MemoryStore({ bytes: 1 << 20, entries: 100 });
    const proxy = await world.proxy({ services: [cache({ store }), prefetch({ shortestInterval: 1000 })] });
    const base = `https://localhost:${origin.port}`;
    const client = clientOf(proxy, version, 1);
    // The client itself fetches the first address alone: what is found of the other one was prefetched.
    const status = await client.subscribe([`${base}/dot0`, `${base}/news`], { every: 1 });
    expect(status).toMatchObject({ code: '', left: 1, receipts: [] });
    await client.close();
    expect(lines(origin, /^GET \/news/)).toHaveLength(0);
    await once(proxy.server.events, 'prefetched');
    expect((await once(proxy.server.events, 'prefetched'))[0]).toMatchObject({
      target: '/news',
      status: 200,
    });
    // nginx writes its log a moment after the answer.
    await expect.poll(() => lines(origin, /^GET \/news/)).toEqual([expect.stringMatching(/ r \d+$/)]);
    const later = clientOf(proxy, version, 1);
    await expect
      .poll(() => later.subscriptions())
      .toMatchObject([
        {
          id: status.id,
          code: 'RESUMPTION_SPENT',
          receipts: [{ status: 200 }, { response: 2, status: 200 }],
        },
      ]);
    const { text, response } = await textOf(later, `${base}/news`);
    expect(text).toBe('the news of today\n');
    expect(response.headers.get('cache-status')).toContain('deputy; hit');
    expect(lines(origin, /^GET \/news/)).toHaveLength(1);
    await later.close();
  });
});

test('a subscription is taken back', async () => {
  const origin = await nginx('1.3');
  const store = new MemoryStore({ bytes: 1 << 20, entries: 100 });
  const proxy = await world.proxy({ services: [cache({ store }), prefetch()] });
  const client = clientOf(proxy, '1.3', 9);
  const { id } = await client.subscribe([`https://localhost:${origin.port}/news`], { every: 600 });
  await client.close();
  const later = clientOf(proxy, '1.3', 9);
  expect(await later.subscriptions()).toMatchObject([{ id, code: '', left: 9 }]);
  await later.unsubscribe(id);
  await later.close();
  const last = clientOf(proxy, '1.3', 9);
  expect(await last.subscriptions()).toMatchObject([{ id, code: 'REVOKED' }]);
  await last.close();
});

describe('a client is told why it can not subscribe', () => {
  test('with a lesser grant, to several origins, at a proxy that keeps none', async () => {
    const origin = await nginx('1.3');
    const url = `https://localhost:${origin.port}/news`;
    const none = await world.proxy();
    const client = clientOf(none, '1.3', 9);
    await expect(client.subscribe([url], { every: 600 })).rejects.toMatchObject({ code: 'NO_PREFETCH' });
    await expect(client.subscribe([url, 'https://other.test/'], { every: 600 })).rejects.toMatchObject({
      code: 'SEVERAL_ORIGINS',
    });
    await client.close();
    const keeps = await world.proxy({ services: [prefetch()] });
    const lesser = world.through(keeps);
    await expect(lesser.subscribe([url], { every: 600 })).rejects.toMatchObject({ code: 'NOTHING_GRANTED' });
    await lesser.close();
  });
});
