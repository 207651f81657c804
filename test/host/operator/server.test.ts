// The operator's listener lets in who has the token, from this machine, by its own name, and nobody else.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { operatorServer } from '../../../host/operator/server.js';
import { aSession, ask, Desk, enter } from './desk.js';

let desk: Desk;
let url: string;
let cookie: string;
let origin: string;
beforeAll(async () => {
  desk = await Desk.open();
  url = desk.server.url;
  origin = new URL(url).origin;
  cookie = await enter(url);
});
afterAll(() => desk.server.close());

const session = `/sessions/${aSession().id}/end`;

describe('the page', () => {
  test('takes the token once, and a cookie from then on', async () => {
    const { pathname, search } = new URL(url);
    const entered = await ask(url, pathname + search);
    expect(entered).toMatchObject({ status: 303, headers: { location: '/' } });
    expect(entered.headers['set-cookie']![0]).toMatch(
      /^deputy-operator-\d+=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict$/,
    );
    // Anyone who sees the cookie does not know the address that gives one.
    expect(entered.headers['set-cookie']![0]).not.toContain(new URL(url).searchParams.get('token'));
    const page = await ask(url, '/', { headers: { Cookie: `other=1; ${cookie}` } });
    expect(page).toMatchObject({ status: 200, headers: { 'content-type': 'text/html; charset=utf-8' } });
  });

  test.each(['/', '/page.js', '/page.css', '/live', '/sessions/x/end', '/nothing'])(
    '%s is nothing without the cookie, nor with a wrong one',
    async (path) => {
      const wrong = cookie.replace(/=./, '=_');
      const { status, body } = await ask(url, path);
      expect(status).toBe(401);
      expect(body).not.toContain('news.example');
      for (const Cookie of [
        wrong,
        `${cookie}x`,
        cookie.slice(0, -1),
        cookie.replace('deputy', 'eputy'),
        '=',
        ';;',
      ]) {
        expect((await ask(url, path, { headers: { Cookie } })).status).toBe(401);
      }
    },
  );

  test.each(['?token=', '?token=x', `?token=${'x'.repeat(10_000)}`, '?token=%00'])(
    '%s lets nobody in',
    async (search) => {
      const { status, headers } = await ask(url, `/${search}`);
      expect(status).toBe(401);
      expect(headers['set-cookie']).toBe(undefined);
    },
  );

  test('allows its own files alone, in no frame', async () => {
    const { headers } = await ask(url, '/', { headers: { Cookie: cookie } });
    const policy = String(headers['content-security-policy']);
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toMatch(/unsafe|https?:|\*/);
    expect(headers).toMatchObject({
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
    });
  });
});

describe('a request that ends a session', () => {
  const asked = (headers: Record<string, string>, path = session, method = 'POST') =>
    ask(url, path, { method, headers: { Cookie: cookie, ...headers } });

  test.each<[string, Record<string, string>]>([
    ['from another site', { Origin: 'http://evil.example' }],
    ['from no site', {}],
    ['from another port', { Origin: 'http://127.0.0.1:1' }],
    ['from a frame without origin', { Origin: 'null' }],
  ])('%s is refused', async (_, headers) => {
    expect((await asked(headers)).status).toBe(403);
    expect((await asked({ ...headers, 'Sec-Fetch-Site': 'cross-site' })).status).toBe(403);
    expect(desk.ended).toEqual([]);
  });

  test('whose browser says that another site sends it is refused', async () => {
    expect((await asked({ Origin: origin, 'Sec-Fetch-Site': 'same-site' })).status).toBe(403);
    expect(desk.ended).toEqual([]);
  });

  test('by another method, or for no id, ends nothing', async () => {
    expect((await asked({ Origin: origin }, session, 'GET')).status).toBe(405);
    expect((await asked({ Origin: origin }, '/sessions/xyz/end')).status).toBe(404);
    expect((await asked({ Origin: origin }, '/sessions/%2e%2e/end')).status).toBe(404);
    expect(desk.ended).toEqual([]);
  });

  test('from the page itself is done', async () => {
    expect((await asked({ Origin: origin, 'Sec-Fetch-Site': 'same-origin' })).status).toBe(204);
    expect(desk.ended).toEqual([aSession().id]);
    expect((await asked({ Origin: origin })).status).toBe(404);
  });
});

describe('a name that was made to lead here', () => {
  test.each([
    'evil.example',
    'evil.example:8443',
    '127.0.0.1.evil.example',
    '10.0.0.1',
    '[::2]',
    'localhost.',
  ])('%j is not served, whatever it asks', async (Host) => {
    for (const path of ['/', '/metrics', '/healthz', '/live'])
      expect((await ask(url, path, { headers: { Host, Cookie: cookie } })).status).not.toBe(200);
  });

  test.each(['localhost', 'LOCALHOST:1234', '127.0.0.1:9', '[::1]:9'])('%s is its own', async (Host) => {
    expect((await ask(url, '/healthz', { headers: { Host } })).status).toBe(200);
  });
});

test('health is told without a token; readiness ends before the proxy does', async () => {
  expect(await ask(url, '/healthz')).toMatchObject({ status: 200, body: 'alive\n' });
  expect(await ask(url, '/readyz')).toMatchObject({ status: 200, body: 'ready\n' });
  desk.isReady = false;
  expect(await ask(url, '/readyz')).toMatchObject({ status: 503, body: 'stopping\n' });
  expect(await ask(url, '/healthz')).toMatchObject({ status: 200 });
  desk.isReady = true;
});

test.each(['0.0.0.0', '::', '192.0.2.1', 'example.com', '128.0.0.1'])(
  '%s is not listened on',
  async (host) => {
    await expect(operatorServer(desk, { host, port: 0 })).rejects.toMatchObject({
      code: 'ADMIN_NOT_LOOPBACK',
    });
  },
);

test('a token that could be guessed is refused', async () => {
  for (const token of ['', 'short', 'with spaces in it, many', 'x'.repeat(300)])
    await expect(operatorServer(desk, { host: '127.0.0.1', port: 0, token })).rejects.toMatchObject({
      code: 'BAD_ADMIN_TOKEN',
    });
});
