// Limits of one client: requests beyond them are answered with 429, bytes beyond them wait, and other clients notice
// nothing.
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { nodePlatform } from '../../../../host/index.js';
import { quota } from '../../../../host/services/quota/index.js';
import { Bucket, Buckets } from '../../../../host/services/token_bucket.js';
import { type TestOrigin, TOKEN, World } from '../../client/world.js';

const OTHER = 'the-token-of-another-client';

let world: World;
let origin: TestOrigin;
let release: (() => void)[] = [];
beforeAll(async () => {
  world = await World.create();
  origin = await world.origin((request, response) => {
    if (request.url === '/slow') release.push(() => response.end('slow'));
    else response.end('x'.repeat(Number(request.url!.slice(1))));
  });
});
afterAll(() => world.close());

const tokens = [
  { name: 'tests', token: TOKEN },
  { name: 'other', token: OTHER },
];

function client(port: number, token = TOKEN) {
  const proxy = { host: 'localhost', port, roots: world.authority.root.pem, token };
  return world.through({ port }, { platform: nodePlatform({ engine: 'v8' }), proxy });
}

describe('a client', () => {
  test('with too many requests a second is told when to come back', async () => {
    const quotaOf = (name: string) => (name === 'token:tests' ? { requestsPerSecond: 2 } : {});
    const { port } = await world.proxy({ tokens, services: [quota(quotaOf)] });
    const [one, other] = [client(port), client(port, OTHER)];
    const statuses: number[] = [];
    for (let i = 0; i < 4; i++) {
      const response = await one.fetch(`${origin.url}/10`);
      statuses.push(response.status);
      if (response.status === 429) expect(response.headers.get('retry-after')).toBe('1');
      await response.text();
      expect((await other.fetch(`${origin.url}/10`)).status).toBe(200);
    }
    expect(statuses.slice(0, 2)).toEqual([200, 200]);
    expect(statuses).toContain(429);
  });

  test('with too many requests under way gets the next one when one of them ends', async () => {
    const { port } = await world.proxy({ tokens, services: [quota(() => ({ exchanges: 2 }))] });
    const one = client(port);
    const slow = [one.fetch(`${origin.url}/slow`), one.fetch(`${origin.url}/slow`)];
    await expect.poll(() => release.length).toBe(2);
    expect((await one.fetch(`${origin.url}/10`)).status).toBe(429);
    expect((await client(port, OTHER).fetch(`${origin.url}/10`)).status).toBe(200);
    for (const each of release) each();
    release = [];
    for (const each of slow) expect(await (await each).text()).toBe('slow');
    expect((await one.fetch(`${origin.url}/10`)).status).toBe(200);
  });

  test('with too many sessions is refused a further one, and told so', async () => {
    const clientLimits = (name: string) => (name === 'token:tests' ? { sessions: 1 } : {});
    const { port } = await world.proxy({ tokens, clientLimits });
    const one = client(port);
    const slow = one.fetch(`${origin.url}/slow`);
    await expect.poll(() => release.length).toBe(1);
    await expect(client(port).fetch(`${origin.url}/10`)).rejects.toMatchObject({ code: 'LIMIT' });
    expect((await client(port, OTHER).fetch(`${origin.url}/10`)).status).toBe(200);
    release.pop()!();
    expect(await (await slow).text()).toBe('slow');
  });

  test('with too many bytes a second waits, and loses none', async () => {
    const clientLimits = (name: string) => (name === 'token:tests' ? { bytesPerSecond: 100_000 } : {});
    const { port } = await world.proxy({ tokens, clientLimits });
    const began = performance.now();
    const text = await (await client(port).fetch(`${origin.url}/200000`)).text();
    // One second's worth is free, the rest takes its time. This is a bound from below: no machine is too slow for it.
    expect(performance.now() - began).toBeGreaterThan(900);
    expect(text.length).toBe(200_000);
  });
});

describe('a bucket', () => {
  test("gives no more than its rate, and a second's worth at once", () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.1, max: 1000, noNaN: true }),
        fc.array(fc.double({ min: 0, max: 5000, noNaN: true }), { maxLength: 200 }),
        (rate, pauses) => {
          let now = 0;
          const bucket = new Bucket(rate, () => now);
          let taken = 0;
          for (const pause of pauses) {
            now += pause;
            if (bucket.take() === 0) taken++;
          }
          expect(taken).toBeLessThanOrEqual(Math.max(1, rate) + (rate * now) / 1000 + 1e-6);
        },
      ),
      { numRuns: 100 },
    );
  });

  test('is there again when it has said', () => {
    let now = 0;
    const bucket = new Bucket(0.5, () => now);
    expect(bucket.take()).toBe(0);
    const wait = bucket.take();
    expect(wait).toBeCloseTo(2000);
    now += wait - 1;
    expect(bucket.take()).toBeGreaterThan(0);
    now += 2;
    expect(bucket.take()).toBe(0);
  });

  test('of a client lives on, changes with its rate, and is forgotten when many are', () => {
    const buckets = new Buckets();
    const first = buckets.of('a', 5)!;
    expect(buckets.of('a', 5)).toBe(first);
    expect(buckets.of('a', undefined)).toBe(undefined);
    expect(buckets.of('a', 6)).not.toBe(first);
    const busy = buckets.of('busy', 1)!;
    busy.take();
    for (let i = 0; i < 3000; i++) buckets.of(`client ${i}`, 1);
    expect(buckets.of('busy', 1)).toBe(busy);
  });
});
