// What is hostile, cut short, too large or lost costs hits and nothing else.
import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { HeaderList } from '../../../../host/http/header_list.js';
import { parseDirectives } from '../../../../host/services/cache/directives.js';
import { decodeEntry, type Entry, encodeEntry } from '../../../../host/services/cache/entry.js';
import { Freshness } from '../../../../host/services/cache/freshness.js';
import { parseHttpDate } from '../../../../host/services/cache/http_date.js';
import { Pool } from '../../../../host/services/cache/pool.js';
import { MemoryStore } from '../../../../host/services/cache/stores/memory.js';
import { connected, RedisServer, redisIsInstalled } from './redis_server.js';
import { type Handler, LIMITS, numbered, startWorld, type World, type WorldOptions } from './world.js';

let world: World | undefined;
let server: RedisServer | undefined;
afterEach(async () => {
  await world?.close();
  await server?.kill();
});

const start = async (handler: Handler, options: WorldOptions = {}) => {
  world = await startWorld(handler, options);
  return world;
};

const FRESH = { 'Cache-Control': 'max-age=60' };

describe('a body', () => {
  test('that was cut short is not stored, and the client knows', async () => {
    const { ann } = await start((_, response, n) => {
      response.writeHead(200, { ...FRESH, 'Content-Length': '20' });
      if (n > 1) return void response.end('x'.repeat(20));
      response.write('half of it', () => response.destroy());
    });
    await expect(ann('/')).rejects.toThrow();
    expect((await ann('/')).text).toBe('x'.repeat(20));
    expect((await ann('/')).text).toBe('x'.repeat(20));
  });

  test.each(['Content-Length', 'chunked'])(
    'that is too large passes whole and is not stored: %s',
    async (framing) => {
      const { ann, requests } = await start(
        (_, response) => {
          const length = framing === 'chunked' ? undefined : { 'Content-Length': '5000' };
          response.writeHead(200, { ...FRESH, ...length });
          for (let n = 0; n < 5; n++) response.write('x'.repeat(1000));
          response.end();
        },
        { cache: { objectBytes: 4999 } },
      );
      expect((await ann('/')).text.length).toBe(5000);
      expect((await ann('/')).text.length).toBe(5000);
      expect(requests.length).toBe(2);
    },
  );

  test('in chunks is stored with its length', async () => {
    const { ann } = await start((_, response) => {
      response.writeHead(200, FRESH);
      response.write('one ');
      response.end('two');
    });
    await ann('/');
    const stored = await ann('/');
    expect(stored.text).toBe('one two');
    expect(stored.headers.get('content-length')).toBe('7');
    expect(stored.headers.has('transfer-encoding')).toBe(false);
  });

  test('is collected only while there is memory for it', () => {
    const pool = new Pool(100);
    const collected: number[] = [];
    const collect = (signal = new AbortController().signal) =>
      pool.collector(signal, 80, (body) => collected.push(body.length));
    const left = new AbortController();
    const [one, other, late] = [collect(left.signal), collect(), collect()];
    one.chunk(new Uint8Array(60));
    other.chunk(new Uint8Array(60));
    other.end([]);
    left.abort();
    left.abort();
    one.chunk(new Uint8Array(1));
    one.end([]);
    late.chunk(new Uint8Array(80));
    late.end([]);
    const large = collect();
    large.chunk(new Uint8Array(81));
    large.end([]);
    const last = collect();
    for (let n = 0; n < 8; n++) last.chunk(new Uint8Array(10));
    last.end([]);
    expect(collected).toEqual([80, 80]);
  });
});

test('a thousand variants of one URL stay within the bounds', async () => {
  const store = new MemoryStore({ bytes: 1 << 20, entries: 50 });
  const { ann } = await start(numbered({ ...FRESH, Vary: 'X-Mode' }), { cache: { store } });
  for (let n = 0; n < 120; n++) await ann('/', { 'X-Mode': String(n) });
  expect(store.ledger.entries).toBeLessThanOrEqual(50);
  expect((await ann('/', { 'X-Mode': '119' })).text).toBe('answer 120');
});

test('an origin that names another Vary each time fills no index', async () => {
  const store = new MemoryStore(LIMITS);
  const { ann, requests } = await start(
    (_, response, n) => void response.writeHead(200, { ...FRESH, Vary: `X-${n}` }).end(`answer ${n}`),
    { cache: { store } },
  );
  for (let n = 0; n < 30; n++) await ann('/', { 'Cache-Control': 'no-cache' });
  expect((await ann('/')).text).toBe('answer 30');
  expect(requests.length).toBe(30);
});

test('a store that holds rubbish, or fails, is a miss', async () => {
  const rubbish = {
    get: async () => Buffer.from('{"generation":1'),
    set: async () => {},
    delete: async () => {},
    close: async () => {},
  };
  const failing = { ...rubbish, get: () => Promise.reject(new Error('broken')) };
  for (const store of [rubbish, failing]) {
    const { ann } = await start(numbered(FRESH), { cache: { store } });
    expect((await ann('/')).text).toBe('answer 1');
    expect((await ann('/')).text).toBe('answer 2');
    await world!.close();
  }
});

// Without the Debian package redis-server there is no real server to test against.
test.skipIf(!redisIsInstalled)('Redis dies in the middle, and nothing is lost but hits', async () => {
  server = await RedisServer.start();
  const store = await connected(server);
  const { ann, requests } = await start(numbered(FRESH), { cache: { store } });
  await ann('/');
  expect((await ann('/')).text).toBe('answer 1');
  await server.kill();
  expect((await ann('/')).text).toBe('answer 2');
  const many = await Promise.all(Array.from({ length: 20 }, (_, n) => ann(`/${n}`)));
  expect(many.every(({ status }) => status === 200)).toBe(true);
  expect(requests.length).toBe(22);
});

test('what the store failed to drop is not used again', async () => {
  const store = new MemoryStore(LIMITS);
  store.delete = () => Promise.reject(new Error('the store is away'));
  const { ann } = await start(numbered(FRESH), { cache: { store } });
  await ann('/');
  await ann('/', {}, { method: 'POST' });
  expect((await ann('/')).text).toBe('answer 3');
  expect((await ann('/')).text).toBe('answer 3');
});

describe('any header', () => {
  const value = fc
    .string({ unit: fc.constantFrom(...'max-age=s0123456789,"\\ ;*\t\u00ff'), maxLength: 60 })
    .map((text) => text.trim());

  test('parses into directives whose seconds are whole and bounded', () => {
    fc.assert(
      fc.property(value, (text) => {
        for (const name of ['max-age', 's-maxage', 'stale-if-error']) {
          const seconds = parseDirectives(text).get(name);
          expect(seconds === undefined || (/^\d+$/.test(String(seconds)) && Number(seconds) <= 2 ** 31)).toBe(
            true,
          );
        }
      }),
      { numRuns: 500 },
    );
  });

  test('leaves a decision, and an entry that survives its store', () => {
    fc.assert(
      fc.property(value, value, value, fc.uint8Array({ maxLength: 50 }), (control, expires, age, body) => {
        const headers = new HeaderList([
          ['Cache-Control', control],
          ['Expires', expires],
          ['Age', age],
          ['ETag', '"a"'],
        ]);
        const freshness = Freshness.of(new HeaderList(), { status: 200, headers }, false);
        if (freshness === undefined) return;
        expect(['fresh', 'stale', 'refresh']).toContain(
          freshness.verdict(new HeaderList([['Cache-Control', control]])),
        );
        const entry: Entry = {
          status: 200,
          reason: 'OK',
          headers,
          received: headers,
          changed: false,
          body,
          freshness,
          until: body.length % 2 === 0 ? undefined : 2,
          storedAt: 1,
        };
        const back = decodeEntry(encodeEntry(entry))!;
        expect(Buffer.from(back.body)).toEqual(Buffer.from(body));
        expect([...back.headers]).toEqual([...headers]);
        expect(back.until).toBe(entry.until);
        expect(back.freshness.toRecord()).toEqual(freshness.toRecord());
      }),
      { numRuns: 200 },
    );
  });

  test('damaged entries are none', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(decodeEntry(Buffer.from(bytes))).toBeUndefined();
      }),
      { numRuns: 300 },
    );
  });
});

test('dates are read in the three forms of RFC 9110, and no other', () => {
  const expected = Date.UTC(1994, 10, 6, 8, 49, 37);
  expect(parseHttpDate('Sun, 06 Nov 1994 08:49:37 GMT')).toBe(expected);
  expect(parseHttpDate('Sunday, 06-Nov-94 08:49:37 GMT')).toBe(expected);
  expect(parseHttpDate('Sun Nov  6 08:49:37 1994')).toBe(expected);
  for (const text of [
    '0',
    '',
    '1994-11-06',
    'Sun, 6 Nov 1994 08:49:37 GMT',
    'Sun, 06 Nov 1994 08:49:37 UTC',
  ]) {
    expect(parseHttpDate(text)).toBeUndefined();
  }
});
