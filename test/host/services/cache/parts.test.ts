// Nobody gets what is somebody else's.
import { afterEach, describe, expect, test } from 'vitest';
import { createAuthority } from '../../../../host/cli/demo/authority/authority.js';
import { HANDHELD } from '../../../../host/delegation/device.js';
import { HeaderList } from '../../../../host/http/header_list.js';
import { urlOf } from '../../../../host/services/cache/parts.js';
import type { Body, Flow, Service } from '../../../../host/services/service.js';
import { transcode } from '../../../../host/services/transcode/index.js';
import { type Handler, numbered, pause, startWorld, type World, type WorldOptions } from './world.js';

const PICTURE = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);

let world: World;
afterEach(() => world?.close());

const start = async (handler: Handler, options: WorldOptions = {}) => {
  world = await startWorld(handler, options);
  return world;
};

describe('two clients', () => {
  test.each([
    ['max-age=60', {}],
    ['private, max-age=60', {}],
    ['public, private, max-age=60', {}],
    ['public, max-age=60', { 'Set-Cookie': 'a=b' }],
  ])('do not share what is %s', async (directives, more) => {
    const { ann, bob } = await start(numbered({ 'Cache-Control': directives, ...more }));
    expect((await ann('/')).text).toBe('answer 1');
    expect((await bob('/')).text).toBe('answer 2');
    expect((await ann('/')).text).toBe('answer 1');
    expect((await bob('/')).text).toBe('answer 2');
  });

  test.each(['public, max-age=60', 's-maxage=60'])(
    'share what the origin gives to all: %s',
    async (directives) => {
      const { ann, bob } = await start(numbered({ 'Cache-Control': directives }));
      await ann('/');
      expect((await bob('/')).text).toBe('answer 1');
    },
  );

  test('do not share where the proxy is told so', async () => {
    const { ann, bob } = await start(numbered({ 'Cache-Control': 'public, max-age=60' }), {
      cache: { share: false },
    });
    await ann('/');
    expect((await bob('/')).text).toBe('answer 2');
    expect((await ann('/')).text).toBe('answer 1');
  });

  test.each([
    ['X-Forwarded-Host', 'evil.test'],
    ['Accept-Language', 'evil.test'],
    ['Cache-Control', 'evil="evil.test"'],
    ['Pragma', 'evil.test'],
    ['If-None-Match', '"evil.test"'],
    ['If-Range', '"evil.test"'],
    ['Range', 'bytes=0-, evil.test'],
  ])('can not plant for another what an origin made of a forged %s', async (name, value) => {
    const { ann, bob } = await start((request, response) => {
      response.writeHead(200, { 'Cache-Control': 'public, max-age=60', ETag: '"one"' });
      response.end(`links to ${request.headers[name.toLowerCase()] ?? 'itself'}`);
    });
    expect((await ann('/', { [name]: value })).text).toBe(`links to ${value}`);
    expect((await bob('/')).text).toBe('links to itself');
  });

  test('share nothing that other roots vouched for', async () => {
    const { ann, bob, judgeBy, authority } = await start(numbered({ 'Cache-Control': 'public, max-age=60' }));
    await ann('/');
    judgeBy((await createAuthority()).root.pem);
    expect((await bob('/')).text).toBe('answer 2');
    // Nor does a session that stands get what it was given before.
    expect((await ann('/')).text).toBe('answer 3');
    judgeBy(authority.root.pem);
    expect((await world.clientOf('bob')('/')).text).toBe('answer 1');
  });

  test('share nothing that comes behind a request which some origins read as two', async () => {
    const { ann, bob } = await start(numbered({ 'Cache-Control': 'public, max-age=60' }));
    await ann('/upload', {}, { method: 'POST', body: Buffer.from('GET /evil HTTP/1.1') });
    expect((await ann('/page')).text).toBe('answer 2');
    expect((await bob('/page')).text).toBe('answer 3');
    expect((await ann('/page')).text).toBe('answer 2');
  });
});

describe('a page with its pictures in it', () => {
  const FRESH = 'public, max-age=60';
  /** An origin of a page, a picture of `directives`, and one that is not there. */
  const site =
    (page: string, directives: string): Handler =>
    (request, response, n) => {
      const isPicture = request.url === '/p.png';
      response.writeHead(request.url === '/none.png' ? 404 : 200, {
        'Content-Type': isPicture ? 'image/png' : 'text/html',
        'Cache-Control': isPicture ? directives : FRESH,
        ETag: '"one"',
      });
      response.end(isPicture ? PICTURE : `<p>page ${n} ${page}</p>`);
    };
  const services = [transcode()];
  const SHOWN = '<img src="p.png" alt="p">';
  const numberOf = ({ text }: { text: string }) => Number(/page (\d+)/.exec(text)?.[1]);

  test('is shared where the picture is for all too', async () => {
    const { ann, bob } = await start(site(SHOWN, FRESH), { services });
    const first = await ann('/');
    expect(first.text).toContain('<img src="data:image/');
    expect(await bob('/')).toMatchObject({ text: first.text });
  });

  test.each([
    ['the picture is for one client alone', SHOWN, 'private, max-age=60'],
    ['a picture is missing', `${SHOWN}<img src="none.png">`, FRESH],
  ])('is kept for one client alone where %s', async (_, page, directives) => {
    const { ann, bob } = await start(site(page, directives), { services });
    const first = await ann('/');
    expect(await ann('/')).toMatchObject({ text: first.text });
    expect(numberOf(await bob('/'))).toBeGreaterThan(numberOf(first));
  });

  test('is not kept where a policy left a picture out, which it may let in the next time', async () => {
    const page = `${SHOWN}<img src="https://other.test/p.png">`;
    const { ann } = await start(site(page, FRESH), { services });
    const first = await ann('/');
    expect(numberOf(await ann('/'))).toBeGreaterThan(numberOf(first));
  });

  test('is not kept where the picture may not be', async () => {
    const { ann } = await start(site(SHOWN, 'no-store'), { services });
    expect(numberOf(await ann('/'))).toBe(1);
    expect(numberOf(await ann('/'))).toBeGreaterThan(1);
  });

  test('is made anew once the picture is stale, though the page is fresh', async () => {
    const { ann, requests } = await start(site(SHOWN, 'public, max-age=1'), { services });
    const first = await ann('/');
    expect(await ann('/')).toMatchObject({ text: first.text });
    await pause(1100);
    expect(numberOf(await ann('/'))).toBeGreaterThan(1);
    expect(requests.some(({ headers }) => headers['if-none-match'] !== undefined)).toBe(false);
  });

  test('is made anew, not confirmed, for a client that wants to know', async () => {
    const { ann } = await start(site(SHOWN, FRESH), { services });
    await ann('/');
    expect(numberOf(await ann('/', { 'Cache-Control': 'no-cache' }))).toBeGreaterThan(1);
  });
});

test('one client with two users keeps them apart', async () => {
  const { ann } = await start(numbered({ 'Cache-Control': 'max-age=60' }));
  expect((await ann('/', { Authorization: 'Basic QQ==' })).text).toBe('answer 1');
  expect((await ann('/', { Authorization: 'Basic Qg==' })).text).toBe('answer 2');
  expect((await ann('/')).text).toBe('answer 3');
  expect((await ann('/', { Authorization: 'Basic QQ==' })).text).toBe('answer 1');
});

test('an origin with another certificate is another origin', async () => {
  const { ann, clientOf, changeCertificate } = await start(
    numbered({ 'Cache-Control': 'public, max-age=60' }),
  );
  await ann('/');
  await changeCertificate();
  expect((await clientOf('ann')('/')).text).toBe('answer 2');
  expect((await clientOf('bob')('/')).text).toBe('answer 2');
  expect((await ann('/')).text).toBe('answer 1');
});

describe('the request names its URL', () => {
  const flow = (target: string, ...hosts: string[]) =>
    ({
      origin: { host: 'a.test', port: 443, serverName: 'a.test', certificate: '00' },
      request: {
        method: 'GET',
        target,
        url: `https://a.test${target}`,
        headers: new HeaderList(hosts.map((host) => ['Host', host] as const)),
      },
    }) as unknown as Flow;

  test('by the host of the connection', () => {
    expect(urlOf(flow('/x', 'A.test'))).toBe('https://a.test/x');
    expect(urlOf(flow('/x', 'a.test:443'))).toBe('https://a.test/x');
  });

  test.each([
    ['another site on the same server', flow('/x', 'b.test')],
    ['another port', flow('/x', 'a.test:8443')],
    ['two hosts', flow('/x', 'a.test', 'b.test')],
    ['no host', flow('/x')],
    ['a whole URL', flow('https://b.test/x', 'a.test')],
    ['a path of 9 KiB', flow(`/${'x'.repeat(9000)}`, 'a.test')],
  ])('and is not cached for %s', (_, given) => {
    expect(urlOf(given)).toBeUndefined();
  });
});

describe('devices', () => {
  /** Says for which screen it was made. */
  const fitting: Service = {
    name: 'fitting',
    response: ({ response, profile }) => ({
      headers: response.headers.set('ETag', `W/${response.headers.get('etag')}`),
      body: async function* (body: Body) {
        for await (const chunk of body) yield chunk;
        yield Buffer.from(` for ${profile.screenWidth}`);
      },
    }),
  };
  const changing: WorldOptions = { services: [fitting], cache: { byDevice: true } };

  test('each gets what was made for it, made once', async () => {
    const { clientOf, requests } = await start(
      numbered({ 'Cache-Control': 'public, max-age=60', ETag: '"a"' }),
      changing,
    );
    const small = clientOf('ann', { ...HANDHELD, screenWidth: 96 });
    const large = clientOf('bob', { ...HANDHELD, screenWidth: 320 });
    const twin = clientOf('bob', { ...HANDHELD, screenWidth: 96, name: 'another of that kind' });
    expect((await small('/')).text).toBe('answer 1 for 96');
    expect((await large('/')).text).toBe('answer 2 for 320');
    expect((await small('/')).text).toBe('answer 1 for 96');
    expect((await twin('/')).text).toBe('answer 1 for 96');
    expect(requests.length).toBe(2);
  });

  test('pages are transcoded once for each kind of device', async () => {
    const { clientOf, requests } = await start(
      (_, response, n) => {
        response.writeHead(200, { 'Content-Type': 'text/html', 'Cache-Control': 'max-age=60' });
        response.end(`<title>t</title><script>x()</script><p>page ${n}`);
      },
      { services: [transcode()], cache: { byDevice: true } },
    );
    const handheld = clientOf('ann');
    const text = clientOf('ann', { ...HANDHELD, markup: ['text/plain'] });
    for (let round = 0; round < 2; round++) {
      const page = await handheld('/');
      expect(page.headers.get('content-type')).toContain('text/html');
      expect(page.text).toContain('page 1');
      expect(page.text).not.toContain('script');
      const plain = await text('/');
      expect(plain.headers.get('content-type')).toContain('text/plain');
      expect(plain.text).toContain('page 2');
    }
    expect(requests.length).toBe(2);
  });

  test('what services chose by is a reason to tell answers apart', async () => {
    const choosing: Service = {
      name: 'choosing',
      response: ({ request, response }) => ({
        headers: response.headers
          .set('Vary', 'X-Coding')
          .set('X-Chosen', request.headers.get('x-coding') ?? ''),
      }),
    };
    const { ann } = await start(numbered({ 'Cache-Control': 'max-age=60' }), { services: [choosing] });
    await ann('/', { 'X-Coding': 'a' });
    expect((await ann('/', { 'X-Coding': 'b' })).headers.get('x-chosen')).toBe('b');
    expect(await ann('/', { 'X-Coding': 'a' })).toMatchObject({ text: 'answer 1' });
  });

  test('what services made is validated by what the origin sent', async () => {
    const { ann, requests } = await start((request, response) => {
      const same = request.headers['if-none-match'] === '"a"';
      response.writeHead(same ? 304 : 200, { 'Cache-Control': 'max-age=0', ETag: '"a"' });
      response.end(same ? undefined : 'content');
    }, changing);
    await ann('/');
    const again = await ann('/');
    expect(again).toMatchObject({ status: 200, text: 'content for 320' });
    expect(again.headers.get('etag')).toBe('W/"a"');
    expect(requests[1]!.headers['if-none-match']).toBe('"a"');
  });
});
