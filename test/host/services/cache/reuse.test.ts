// What is stored is used as RFC 9111 allows, and no longer.
import { afterEach, describe, expect, test } from 'vitest';
import { type Handler, numbered, pause, startWorld, type World, type WorldOptions } from './world.js';

let world: World;
afterEach(() => world.close());

const start = async (handler: Handler, options: WorldOptions = {}) => {
  world = await startWorld(handler, options);
  return world;
};

describe('a fresh response', () => {
  test('is served without the origin, with its age', async () => {
    const { ann, requests } = await start(numbered({ 'Cache-Control': 'max-age=60' }));
    expect((await ann('/page')).headers.has('cache-status')).toBe(false);
    const second = await ann('/page');
    expect(second).toMatchObject({ status: 200, text: 'answer 1' });
    expect(second.headers.get('cache-status')).toBe('deputy; hit');
    expect(Number(second.headers.get('age'))).toBeLessThan(5);
    expect(second.headers.get('content-length')).toBe('8');
    expect(requests.length).toBe(1);
    expect((await ann('/other')).text).toBe('answer 2');
  });

  test('is kept apart by the headers that Vary names', async () => {
    const { ann, requests } = await start(
      numbered({ 'Cache-Control': 'max-age=60', Vary: 'Accept-Language, X-Mode' }),
    );
    expect((await ann('/', { 'Accept-Language': 'de' })).text).toBe('answer 1');
    expect((await ann('/', { 'Accept-Language': 'fr' })).text).toBe('answer 2');
    expect((await ann('/', { 'Accept-Language': 'de', 'X-Mode': 'a' })).text).toBe('answer 3');
    expect((await ann('/', { 'Accept-Language': 'DE' })).text).toBe('answer 1');
    expect((await ann('/', { 'Accept-Language': 'fr' })).text).toBe('answer 2');
    expect(requests.length).toBe(3);
  });

  test.each([
    ['Vary: *', { 'Cache-Control': 'max-age=60', Vary: '*' }],
    ['no-store', { 'Cache-Control': 'max-age=60, no-store' }],
    ['no lifetime, no validator', {}],
    ['an age beyond its lifetime', { 'Cache-Control': 'max-age=60', Age: '61' }],
    ['a lifetime of no seconds', { 'Cache-Control': 'max-age=0' }],
  ])('is not made of %s', async (_, headers) => {
    const { ann } = await start(numbered(headers));
    expect((await ann('/')).text).toBe('answer 1');
    expect((await ann('/')).text).toBe('answer 2');
  });

  test('is left aside where the request says no-cache, and asked for alone by only-if-cached', async () => {
    const { ann } = await start(numbered({ 'Cache-Control': 'max-age=60' }));
    expect(await ann('/', { 'Cache-Control': 'only-if-cached' })).toMatchObject({ status: 504 });
    expect((await ann('/')).text).toBe('answer 1');
    expect((await ann('/', { 'Cache-Control': 'no-cache' })).text).toBe('answer 2');
    expect((await ann('/', { 'Cache-Control': 'no-store' })).text).toBe('answer 3');
    expect((await ann('/', { 'Cache-Control': 'only-if-cached' })).text).toBe('answer 2');
  });

  test('answers HEAD, and a client that has it', async () => {
    const { ann, requests } = await start(numbered({ 'Cache-Control': 'max-age=60', ETag: '"a"' }));
    await ann('/');
    const head = await ann('/', {}, { method: 'HEAD' });
    expect(head).toMatchObject({ status: 200, text: '' });
    expect(head.headers.get('content-length')).toBe('8');
    const same = await ann('/', { 'If-None-Match': 'W/"a", "b"' });
    expect(same).toMatchObject({ status: 304, text: '' });
    expect(same.headers.get('etag')).toBe('"a"');
    expect(await ann('/', { 'If-None-Match': '"b"' })).toMatchObject({ status: 200, text: 'answer 1' });
    expect(requests.length).toBe(1);
  });
});

describe('a stale response', () => {
  test('is validated by its ETag; the 304 renews it and stays between cache and origin', async () => {
    const { ann, requests } = await start((request, response, n) => {
      const same = request.headers['if-none-match'] === '"v1"';
      response.writeHead(same ? 304 : 200, { 'Cache-Control': `max-age=${n - 1}`, ETag: '"v1"', 'X-N': n });
      response.end(same ? undefined : 'content');
    });
    await ann('/');
    const second = await ann('/');
    expect(second).toMatchObject({ status: 200, text: 'content' });
    expect(second.headers.get('x-n')).toBe('2');
    expect((await ann('/')).headers.get('x-n')).toBe('2');
    expect(requests.length).toBe(2);
  });

  test('is served at once while the origin is asked, and is fresh then (stale-while-revalidate)', async () => {
    const { ann, requests } = await start(
      numbered({ 'Cache-Control': 'max-age=1, stale-while-revalidate=60' }),
    );
    await ann('/');
    await pause(1100);
    expect((await ann('/')).text).toBe('answer 1');
    expect((await ann('/')).text).toBe('answer 2');
    expect(requests.length).toBe(2);
  });

  test.each([
    [
      'answers 503',
      (response: { writeHead(s: number): { end(t: string): void } }) => response.writeHead(503).end('no'),
    ],
    ['hangs up', (response: { destroy(): void }) => response.destroy()],
  ])('stands in for an origin that %s (stale-if-error)', async (_, fail) => {
    const { ann } = await start((_request, response, n) => {
      if (n > 1) return fail(response as never);
      response.writeHead(200, { 'Cache-Control': 'max-age=0, stale-if-error=60', ETag: '"a"' });
      response.end('content');
    });
    await ann('/');
    const stale = await ann('/');
    expect(stale).toMatchObject({ status: 200, text: 'content' });
    expect(stale.headers.get('cache-status')).toContain('stale-if-error');
  });

  test('never stands in where must-revalidate forbids it', async () => {
    const { ann } = await start((_request, response, n) => {
      const headers = { 'Cache-Control': 'max-age=0, stale-if-error=60, must-revalidate', ETag: '"a"' };
      response.writeHead(n > 1 ? 503 : 200, headers);
      response.end(`answer ${n}`);
    });
    await ann('/');
    expect(await ann('/')).toMatchObject({ status: 503, text: 'answer 2' });
  });

  test('is freshened by the answer to HEAD, and dropped where HEAD tells of another one', async () => {
    let etag = '"a"';
    const { ann } = await start((_request, response, n) => {
      response.writeHead(200, { 'Cache-Control': n === 1 ? 'max-age=0' : 'max-age=60', ETag: etag });
      response.end(`answer ${n}`);
    });
    await ann('/');
    await ann('/', {}, { method: 'HEAD' });
    expect((await ann('/')).text).toBe('answer 1');
    etag = '"b"';
    await ann('/', { 'Cache-Control': 'no-cache' }, { method: 'HEAD' });
    expect((await ann('/')).text).toBe('answer 4');
  });
});

describe('an unsafe method', () => {
  test.each(['POST', 'PUT', 'DELETE', 'M-SEARCH'])('%s drops what is stored for its URL', async (method) => {
    const { ann } = await start(numbered({ 'Cache-Control': 'max-age=60' }));
    await ann('/');
    await ann('/', {}, { method });
    expect((await ann('/')).text).toBe('answer 3');
  });

  test('drops what Location names, and nothing of other origins or after an error', async () => {
    const { ann } = await start((request, response, n) => {
      const headers = { 'Cache-Control': 'max-age=60', Location: '/named' };
      response.writeHead(
        request.url === '/error' ? 500 : 200,
        request.method === 'POST' ? headers : { 'Cache-Control': 'max-age=60' },
      );
      response.end(`answer ${n}`);
    });
    await ann('/named');
    await ann('/error', {}, { method: 'POST' });
    expect((await ann('/named')).text).toBe('answer 1');
    await ann('/do', {}, { method: 'POST' });
    expect((await ann('/named')).text).toBe('answer 4');
  });

  test.each([
    ['its own address and a lifetime', { 'Content-Location': '/page', 'Cache-Control': 'max-age=60' }, true],
    ['no lifetime', { 'Content-Location': '/page' }, false],
    ['another address', { 'Content-Location': '/other', 'Cache-Control': 'max-age=60' }, false],
    ['no address', { 'Cache-Control': 'max-age=60' }, false],
    ['no-store', { 'Content-Location': '/page', 'Cache-Control': 'max-age=60, no-store' }, false],
  ])('POST leaves what GET then finds where its answer says %s', async (_, headers, isKept) => {
    const { ann, bob } = await start(numbered(headers as Record<string, string>));
    await ann('/page', {}, { method: 'POST', body: Buffer.from('sent') });
    expect((await ann('/page')).text).toBe(isKept ? 'answer 1' : 'answer 2');
    expect((await bob('/page')).text).not.toBe('answer 1');
  });

  test('brings no older variant back', async () => {
    const { ann } = await start(numbered({ 'Cache-Control': 'max-age=60', Vary: 'X-Mode' }));
    await ann('/', { 'X-Mode': 'a' });
    await ann('/', {}, { method: 'POST' });
    await ann('/', { 'X-Mode': 'b' });
    expect((await ann('/', { 'X-Mode': 'a' })).text).toBe('answer 4');
  });
});

describe('ranges', () => {
  const text = '0123456789';
  const ranged: Handler = (request, response) => {
    const part =
      request.headers.range === undefined ? undefined : /bytes=(\d+)-(\d+)/.exec(request.headers.range);
    const headers = { 'Cache-Control': 'max-age=60', ETag: '"r"' };
    if (!part) return void response.writeHead(200, headers).end(text);
    const range = `bytes ${part[1]}-${part[2]}/10`;
    response
      .writeHead(206, { ...headers, 'Content-Range': range })
      .end(text.slice(Number(part[1]), Number(part[2]) + 1));
  };

  test('a part that the origin sent is never taken for the whole', async () => {
    const { ann, requests } = await start(ranged);
    expect(await ann('/', { Range: 'bytes=2-4' })).toMatchObject({ status: 206, text: '234' });
    expect(await ann('/')).toMatchObject({ status: 200, text });
    expect(requests.length).toBe(2);
  });

  test.each([
    ['bytes=2-4', 206, '234', 'bytes 2-4/10'],
    ['bytes=7-', 206, '789', 'bytes 7-9/10'],
    ['bytes=-3', 206, '789', 'bytes 7-9/10'],
    ['bytes=8-99', 206, '89', 'bytes 8-9/10'],
    ['bytes=10-', 416, '', 'bytes */10'],
    ['bytes=-0', 416, '', 'bytes */10'],
    ['bytes=0-1,3-4', 200, text, undefined],
    ['bytes=4-2', 200, text, undefined],
    ['lines=1-2', 200, text, undefined],
  ])('%s of what is stored', async (range, status, body, contentRange) => {
    const { ann, requests } = await start(ranged);
    await ann('/');
    const reply = await ann('/', { Range: range });
    expect(reply).toMatchObject({ status, text: body });
    expect(reply.headers.get('content-range')).toBe(contentRange);
    expect(requests.length).toBe(1);
  });

  test('If-Range wants the very same bytes', async () => {
    const { ann } = await start(ranged);
    await ann('/');
    expect(await ann('/', { Range: 'bytes=0-0', 'If-Range': '"r"' })).toMatchObject({
      status: 206,
      text: '0',
    });
    expect(await ann('/', { Range: 'bytes=0-0', 'If-Range': 'W/"r"' })).toMatchObject({ status: 200, text });
    expect(await ann('/', { Range: 'bytes=0-0', 'If-Range': '"s"' })).toMatchObject({ status: 200, text });
  });
});
