// Through a delegated session: what is refused never reaches the client, and the origin hears of no refused request.
import { afterEach, describe, expect, test } from 'vitest';
import { filter } from '../../../../host/services/filter/index.js';
import { parseList } from '../../../../host/services/filter/list.js';
import type { Flow } from '../../../../host/services/service.js';
import { type Handler, startWorld, type World } from '../cache/world.js';

let world: World;
afterEach(() => world.close());

const start = async (handler: Handler, list: string) => {
  world = await startWorld(handler, { services: [filter([parseList(list)])] });
  return world;
};

const typed =
  (type: string, bytes: number, framing: 'length' | 'chunked' = 'length'): Handler =>
  (_, response) => {
    const length = framing === 'length' ? { 'Content-Length': bytes } : {};
    response.writeHead(200, { 'Content-Type': type, 'Cache-Control': 'max-age=60', ...length });
    for (let left = bytes; left > 0; left -= 1000) response.write('x'.repeat(Math.min(left, 1000)));
    response.end();
  };

describe('a request', () => {
  test('that a rule names is answered by the proxy', async () => {
    const { ann, requests } = await start(typed('text/plain', 3), '/private/*\n||cached.test^*/ads^');
    for (const path of ['/private/x', '/ads']) {
      const reply = await ann(path);
      expect(reply).toMatchObject({ status: 403 });
      expect(reply.text).toContain('the rule ');
    }
    expect(requests.length).toBe(0);
    expect(await ann('/adsense')).toMatchObject({ status: 200 });
  });

  test('is judged by what it says it is for and by the page that asks', async () => {
    const list = '/x$image,third-party';
    const { ann } = await start(typed('text/plain', 3), list);
    const from = { Referer: 'https://page.test/', 'Sec-Fetch-Dest': 'image' };
    expect((await ann('/x', from)).status).toBe(403);
    expect((await ann('/x', { ...from, 'Sec-Fetch-Dest': 'script' })).status).toBe(200);
    expect((await ann('/x', { ...from, Referer: 'https://www.cached.test/' })).status).toBe(200);
  });
});

describe('a response', () => {
  test('of a denied type is refused', async () => {
    const { ann } = await start(typed('video/mp4; codecs=x', 5000), '%deny-type video/*');
    const reply = await ann('/film');
    expect(reply).toMatchObject({ status: 403 });
    expect(reply.text).toContain('video/mp4');
    expect((await ann('/film')).status).toBe(403);
  });

  test('that is announced too large is refused, also where it goes on for long', async () => {
    const { ann } = await start(typed('image/png', 3 << 20), '%max-bytes image/* 4k');
    expect((await ann('/picture')).status).toBe(403);
    expect((await ann('/picture')).status).toBe(403);
  });

  test('that turns out too large is cut, and the client knows; nothing of it is cached', async () => {
    const { ann, requests } = await start(typed('text/plain', 5000, 'chunked'), '%max-bytes 4000');
    await expect(ann('/long')).rejects.toThrow();
    await expect(ann('/long')).rejects.toThrow();
    expect(requests.length).toBe(2);
  });

  test('within the limits passes whole', async () => {
    const { ann } = await start(typed('text/plain', 4000, 'chunked'), '%max-bytes 4000');
    expect((await ann('/')).text.length).toBe(4000);
  });
});

test('content of other origins is refused as the page would have asked for it', async () => {
  await start(typed('text/plain', 1), '');
  const service = filter([parseList('||ads.test^$third-party\n/pixel.gif$image')]);
  const flow = { origin: { host: 'page.test' } } as unknown as Flow;
  expect(service.admits!('https://ads.test/x', flow)).toBe(false);
  expect(service.admits!('https://cdn.test/pixel.gif', flow)).toBe(false);
  expect(service.admits!('https://cdn.test/picture.gif', flow)).toBe(true);
});

test.each(['ads.test', 'ads.test.', 'cdn.ads.test.', 'ADS.test'])(
  '%s is one name, with its final dot too',
  (host) => {
    const service = filter([parseList('||ads.test^')]);
    const flow = { kind: 'blind', client: 'ann', host, port: 443, sessionId: undefined } as const;
    expect(service.tunnel!(flow)).toMatchObject({ kind: 'refuse' });
    expect(service.admits!(`https://${host}/x`, { origin: { host: 'page.test' } } as unknown as Flow)).toBe(
      false,
    );
  },
);
