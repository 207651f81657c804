// Browsers of the nineties at the gateway: raw sockets speak as they did, real sites of HTTPS answer.
import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Gateway, type GatewayOptions } from '../../../host/gateway/gateway.js';
import { DeputyClient } from '../../../host/index.js';
import { type TestOrigin, type TestProxy, TOKEN, testPlatform, World } from '../client/world.js';

let world: World;
let proxy: TestProxy;
let site: TestOrigin;
let other: TestOrigin;

beforeAll(async () => {
  world = await World.create();
  proxy = await world.proxy();
  other = await world.origin((_, response) => response.end('the other site'));
  site = await world.origin((request, response) => {
    const { url = '', headers } = request;
    const at = new URL(url, 'https://localhost');
    if (at.pathname === '/page') {
      response.setHeader('Content-Type', 'text/html; charset=utf-8');
      return response.end(`<a href="${other.url}/x">other</a> <a href="/rooted">rooted</a> café`);
    }
    if (at.pathname === '/login') {
      response.setHeader('Set-Cookie', [
        'id=7; Secure; HttpOnly; Path=/',
        'lax=1; Secure; SameSite=Lax',
        'strict=1; Secure; SameSite=Strict',
      ]);
      response.statusCode = 302;
      response.setHeader('Location', `${site.url}/echo`);
      return response.end();
    }
    if (at.pathname === '/typeless')
      return response.end(Buffer.from('\0\r\n\xff<p>a<script>steal()</script>b\0\r\xfe', 'latin1'));
    if (at.pathname === '/guarded') {
      response.statusCode = 401;
      response.setHeader('WWW-Authenticate', 'Basic realm="the site"');
      response.setHeader('Access-Control-Allow-Origin', '*');
      response.setHeader('Clear-Site-Data', '"*"');
      return response.end();
    }
    if (at.pathname === '/cut') {
      response.setHeader('Content-Length', '1000');
      response.write('half a page');
      return setTimeout(() => response.destroy(), 50);
    }
    if (at.pathname === '/cut-close') {
      response.write('half a page');
      return setTimeout(() => response.socket?.destroy(), 50);
    }
    if (at.pathname === '/shared') {
      response.setHeader('Access-Control-Allow-Origin', '*');
      return response.end('for everyone');
    }
    if (at.pathname === '/feed') {
      response.setHeader('Content-Type', 'text/xml');
      return response.end('<script xmlns="http://www.w3.org/1999/xhtml">steal()</script>');
    }
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const body = Buffer.concat(parts).toString();
      response.setHeader('Strict-Transport-Security', 'max-age=1');
      response.end(JSON.stringify({ method: request.method, url, headers, body }));
    });
  });
});
afterAll(() => world.close());

async function gateway(options: Partial<GatewayOptions> = {}): Promise<number> {
  const made = new Gateway({
    client: ({ profile, policy, observer }) =>
      new DeputyClient({
        platform: testPlatform(),
        roots: world.authority.root.pem,
        proxy: { host: 'localhost', port: proxy.port, roots: world.authority.root.pem, token: TOKEN },
        profile,
        policy,
        observer,
      }),
    rules: [{ origin: '*', decision: 'session' }],
    targets: { allow: ['127.0.0.0/8', '::1'] },
    ...options,
  });
  world.onClose(() => made.close());
  return (await made.listen('127.0.0.1', 0)).port;
}

/** What comes back for some bytes, sent in pieces where there are several; and whether the end was in order. */
async function say(port: number, ...pieces: string[]): Promise<{ text: string; isReset: boolean }> {
  const socket = connect(port, '127.0.0.1');
  let isReset = false;
  socket.on('error', () => {
    isReset = true;
  });
  const parts: Buffer[] = [];
  socket.on('data', (part: Buffer) => parts.push(part));
  for (const piece of pieces) {
    socket.write(piece, 'latin1');
    if (pieces.length > 1) await new Promise((resolve) => setTimeout(resolve, 30));
  }
  if (!socket.closed) await once(socket, 'close').catch(() => {});
  return { text: Buffer.concat(parts).toString('latin1'), isReset };
}

const get = async (port: number, url: string, headers = '', version = '1.0') =>
  (await say(port, `GET ${url} HTTP/${version}\r\n${headers}\r\n`)).text;

describe('a browser with a proxy setting', () => {
  test('reads an HTTPS page by http:, with addresses that it can follow', async () => {
    const port = await gateway();
    const answer = await get(port, `http://localhost:${site.port}/page`);
    expect(answer).toMatch(/^HTTP\/1\.[01] 200 /);
    expect(answer).toContain(`<a href="http://localhost:${other.port}/x">`);
    expect(answer).toContain('<a href="/rooted">');
    expect(Buffer.from(answer, 'latin1').toString()).toContain('café');
    expect(answer).toMatch(/\r\nContent-Length: \d+\r\n/i);
  });

  test('may leave out, misspell and cut what it likes', async () => {
    const port = await gateway();
    const at = `http://localhost:${site.port}`;
    const variants = [
      [`GET ${at}/echo?a b HTTP/1.0\r\n\r\n`],
      [`get ${at}/echo HTTP/1.0\n\n`],
      [`GET ${at}/echo HTTP/1.0\r\nContent-type:text/plain\r\nX-Odd: \u00e9\r\n\r\n`],
      [`\r\n\r\nGET ${at}/echo HTTP/1.1\r\n\r\n`],
      ['GE', `T ${at}`, '/echo HT', 'TP/1.0\r', '\nAccept: */*\r\n', '\r\n'],
    ];
    for (const pieces of variants) {
      const { text } = await say(port, ...pieces);
      expect(text, pieces.join('|')).toMatch(/^HTTP\/1\.[01] 200 /);
    }
  });

  test('may say odd things, which reach the site clean or not at all', async () => {
    const port = await gateway();
    const at = `http://localhost:${site.port}/echo`;
    const headersOf = async (lines: string) => {
      const { text } = await say(port, `POST ${at} HTTP/1.1\r\nHost: x\r\n${lines}\r\n`);
      return JSON.parse(text.slice(text.indexOf('{'))).headers;
    };
    expect((await headersOf('X-Odd: a\r\n b: c\r\nContent-Length: 0\r\n'))['x-odd']).toBe('a b: c');
    expect((await headersOf('Cookie: a=1\r\nCookie: b=\x012\r\nContent-Length: 0\r\n')).cookie).toBe(
      'a=1; b= 2',
    );
    expect((await headersOf('Expect: wonders\r\nContent-Length: 0\r\n')).expect).toBeUndefined();
    const both = 'Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n';
    expect((await headersOf(both))['content-length']).toBe('2');
    for (const lines of ['X-A: a\rX-B: b\r\n', 'Content-Length: 0\r\nContent-Length: 5\r\n', 'X A: b\r\n']) {
      const { text } = await say(port, `POST ${at} HTTP/1.1\r\nHost: x\r\n${lines}\r\n`);
      expect(text, lines).toMatch(/^HTTP\/1\.0 400 /);
    }
  });

  test('of HTTP/0.9 gets content alone', async () => {
    const port = await gateway();
    const { text, isReset } = await say(port, `GET http://localhost:${site.port}/page\r\n`);
    expect(text).toMatch(/^<a href="http:/);
    expect(isReset).toBe(false);
  });

  test('never takes half a page for a whole one', async () => {
    const port = await gateway();
    for (const path of ['/cut', '/cut-close']) {
      const { text, isReset } = await say(port, `GET http://localhost:${site.port}${path} HTTP/1.0\r\n\r\n`);
      expect(
        isReset || text.startsWith('HTTP/1.1 502') || text.startsWith('HTTP/1.0 502'),
        `${path}: ${text}`,
      ).toBe(true);
    }
  });

  test('posts a form, and its length is told', async () => {
    const port = await gateway();
    const { text } = await say(
      port,
      `POST http://localhost:${site.port}/form HTTP/1.0\r\nContent-type: application/x-www-form-urlencoded\r\nContent-length: 5\r\n\r\na=b&c`,
    );
    const echoed = JSON.parse(text.slice(text.indexOf('{')));
    expect(echoed).toMatchObject({ method: 'POST', body: 'a=b&c', headers: { 'content-length': '5' } });
    expect(text).not.toMatch(/strict-transport-security/i);
  });

  test('its cookies are kept here, and go back as their attributes say', async () => {
    const port = await gateway();
    const at = `http://localhost:${site.port}`;
    const login = await get(port, `${at}/login`);
    expect(login).toContain(`Location: http://localhost:${site.port}/echo`);
    expect(login).not.toMatch(/set-cookie/i);
    // Asked with cookies that the browser never saw, no answer is for the pages of all sites.
    expect(await get(port, `${at}/shared`)).not.toMatch(/access-control-allow-origin/i);
    expect(await get(await gateway(), `${at}/shared`)).toMatch(/access-control-allow-origin: \*/i);
    const cookies = async (headers = '') => {
      const text = await get(port, `${at}/echo`, headers);
      return JSON.parse(text.slice(text.indexOf('{'))).headers.cookie;
    };
    expect(await cookies()).toBe('id=7; lax=1; strict=1');
    expect(await cookies('Referer: http://evil.example/\r\n')).toBe('id=7; lax=1');
    const post = await say(
      port,
      `POST ${at}/echo HTTP/1.0\r\nReferer: http://evil.example/\r\nContent-length: 0\r\n\r\n`,
    );
    expect(JSON.parse(post.text.slice(post.text.indexOf('{'))).headers.cookie).toBe('id=7');
    // A script that hides its page still tells its origin.
    for (const origin of ['null', 'http://deputy']) {
      expect(await cookies(`Origin: ${origin}\r\n`), origin).toBe('id=7');
    }
    expect(await cookies('Origin: http://evil.example\r\n')).toBe('id=7; lax=1');
  });

  test('sees the start page, and changes what the proxy may do by its forms alone', async () => {
    const port = await gateway();
    const at = `http://localhost:${site.port}`;
    await get(port, `${at}/page`);
    const start = await get(port, 'http://deputy/');
    expect(start).toContain('HTML 3.2');
    expect(start).toContain('X-Frame-Options: DENY');
    expect(start).toContain(`localhost:${site.port}`);
    expect(start).toContain('grant session');
    const page = await get(port, `http://deputy/site?host=localhost&port=${site.port}`);
    expect(page).toContain('Valid until');
    const key = /NAME="key" VALUE="(\w+)"/.exec(page)?.[1];
    const deny = (secret: string) => {
      const body = `key=${secret}&do=site&host=localhost&choice=deny`;
      return say(port, `POST http://deputy/do HTTP/1.0\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
    };
    expect((await deny('0'.repeat(32))).text).toMatch(/ 403 /);
    expect((await deny('%C3%A9'.repeat(32))).text).toMatch(/ 403 /);
    expect(await get(port, `http://deputy/do?key=${key}&do=site&host=localhost&choice=deny`)).toMatch(
      / 404 /,
    );
    expect(await get(port, 'http://deputy//')).toMatch(/ 404 /);
    expect(await get(port, `${at}/page`)).toMatch(/ 200 /);
    expect((await deny(`${key}`)).text).toMatch(/ 303 /);
    expect(await get(port, `${at}/page`)).toMatch(/ 403 [\s\S]*you chose not to visit/);
    const tunnel = await say(port, `CONNECT LOCALHOST:${site.port} HTTP/1.0\r\n\r\n`);
    expect(tunnel.text).toMatch(/ 403 [\s\S]*you chose not to visit/);
  });

  test('a phone of WML gets WML', async () => {
    const port = await gateway();
    const start = await get(port, 'http://deputy/', 'Accept: text/vnd.wap.wml, image/vnd.wap.wbmp\r\n');
    expect(start).toContain('text/vnd.wap.wml');
    expect(start).toContain('<wml><card');
  });
});

describe('a browser without a proxy setting', () => {
  test('reads by /https/host/path', async () => {
    const port = await gateway();
    const answer = await get(port, `/https/localhost:${site.port}/page`, `Host: localhost:${port}\r\n`);
    expect(answer).toContain(`<a href="http://localhost:${port}/https/localhost:${other.port}/x">`);
    expect(answer).toContain(`<a href="http://localhost:${port}/https/localhost:${site.port}/rooted">`);
  });

  test('is led back to the site where a page made an address without it', async () => {
    const port = await gateway();
    const referer = `Referer: http://localhost:${port}/https/localhost:${site.port}/page\r\n`;
    const answer = await get(port, '/lost?x=1', `Host: localhost:${port}\r\n${referer}`);
    expect(answer).toContain(`Location: http://localhost:${port}/https/localhost:${site.port}/lost?x=1`);
  });

  test('keeps sites apart: no scripts, and none for a name that the web leads here', async () => {
    const port = await gateway();
    const page = await get(port, `/https/localhost:${site.port}/page`, `Host: localhost:${port}\r\n`);
    expect(page).toMatch(/Content-Security-Policy: sandbox [^\r]*script-src 'none'/);
    const typeless = await get(port, `/https/localhost:${site.port}/typeless`);
    expect(typeless.slice(typeless.indexOf('\r\n\r\n') + 4)).toBe('\0\r\n\xff<p>ab\0\r\xfe');
    expect(await get(port, `/https/localhost:${site.port}/feed`)).toMatch(
      /Content-Type: application\/octet-stream\r\nContent-Disposition: attachment/,
    );
    for (const path of [`/https/localhost:${site.port}/page`, '/']) {
      expect(await get(port, path, 'Host: rebound.example\r\n')).toMatch(/ 400 [\s\S]*not rebound\.example/);
      expect(await get(port, path, 'Host: attic.local\r\n')).toMatch(/ 200 /);
    }
  });

  test('sends the site no cookie of its own, for it takes all sites for one', async () => {
    const port = await gateway();
    const answer = await get(port, `/https/localhost:${site.port}/echo`, 'Cookie: other=1\r\n');
    expect(JSON.parse(answer.slice(answer.indexOf('{'))).headers.cookie).toBeUndefined();
  });

  test("shows the gateway's password to no site, and no site may ask for it", async () => {
    const port = await gateway();
    const at = `/https/localhost:${site.port}`;
    const answer = await get(port, `${at}/echo`, 'Authorization: Basic YW5uOnNlY3JldA==\r\n');
    expect(answer).toMatch(/ 200 /);
    expect(JSON.parse(answer.slice(answer.indexOf('{'))).headers.authorization).toBeUndefined();
    const guarded = await get(port, `${at}/guarded`);
    expect(guarded).toMatch(/ 401 /);
    expect(guarded).not.toMatch(/www-authenticate|access-control|clear-site-data/i);
    // With a proxy setting each site has an origin of its own, and its passwords are the site's.
    expect(await get(port, `http://localhost:${site.port}/guarded`)).toMatch(/www-authenticate/i);
    const own = await get(port, `http://localhost:${site.port}/echo`, 'Authorization: Basic YTpi\r\n');
    expect(JSON.parse(own.slice(own.indexOf('{'))).headers.authorization).toBe('Basic YTpi');
  });
});

describe('a site without HTTPS', () => {
  async function plainSite(): Promise<string> {
    const server = createHttpServer((_, response) => response.end('plain words')).listen(0, '127.0.0.1');
    await once(server, 'listening');
    world.onClose(() => server.close());
    return `http://localhost:${(server.address() as AddressInfo).port}/`;
  }

  test('is asked about first, refused, or read, as --plain says', async () => {
    const url = await plainSite();
    const asking = await gateway();
    const question = await get(asking, url);
    expect(question).toMatch(/ 403 [\s\S]*anybody on the way can read/);
    const [, key] = /NAME="key" VALUE="(\w+)"/.exec(question) ?? [];
    const body = `key=${key}&do=plain&host=localhost&to=${encodeURIComponent(url)}`;
    const yes = await say(
      asking,
      `POST http://deputy/do HTTP/1.0\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    );
    expect(yes.text).toContain(`Location: ${url}`);
    expect(await get(asking, url)).toContain('plain words');
    expect(await get(await gateway({ plain: 'deny' }), url)).toMatch(/ 502 /);
    expect(await get(await gateway({ plain: 'allow' }), url)).toContain('plain words');
  });

  test('a host that has shown HTTPS is never read without it, whatever --plain says', async () => {
    const port = await gateway({ plain: 'allow' });
    expect(await get(port, `http://localhost:${site.port}/page`)).toMatch(/ 200 /);
    expect(await get(port, await plainSite())).not.toContain('plain words');
  });

  test('a certificate that does not verify is never gone around', async () => {
    const port = await gateway({
      plain: 'allow',
      client: ({ policy }) =>
        new DeputyClient({
          platform: testPlatform(),
          roots: world.authority.root.pem,
          policy: { ...policy, undelegated: 'tunnel' },
        }),
    });
    const stranger = await (await World.create()).origin((_, response) => response.end('who am I'));
    const answer = await get(port, `http://localhost:${stranger.port}/`);
    expect(answer).toMatch(/ 502 [\s\S]*could not be verified[\s\S]*TLS_/);
    stranger.server.close();
  });
});

describe('who may use it', () => {
  test('it does not listen for others unless told whom', async () => {
    const made = new Gateway({ client: () => new DeputyClient({ roots: [] }), rules: [] });
    await expect(made.listen('0.0.0.0', 0)).rejects.toMatchObject({ code: 'GATEWAY_OPEN_RELAY' });
    expect(
      () =>
        new Gateway({ client: () => new DeputyClient({ roots: [] }), rules: [], networks: ['0.0.0.0/0'] }),
    ).toThrow(/everybody/);
  });

  test('private addresses are closed to CONNECT and to sites without HTTPS', async () => {
    const port = await gateway({ targets: {}, plain: 'allow' });
    const { text } = await say(port, `CONNECT 127.0.0.1:${site.port} HTTP/1.0\r\n\r\n`);
    expect(text).toMatch(/^HTTP\/1\.0 403 /);
  });

  test('a tunnel passes bytes as they are, or none where tunnels are off', async () => {
    const port = await gateway();
    const socket = connect(port, '127.0.0.1');
    socket.write(`CONNECT localhost:${site.port} HTTP/1.0\r\n\r\n`);
    const [first] = await once(socket, 'data');
    expect(`${first}`).toMatch(/^HTTP\/1\.0 200 /);
    socket.destroy();
    const closed = await gateway({ tunnels: false });
    expect((await say(closed, `CONNECT localhost:${site.port} HTTP/1.0\r\n\r\n`)).text).toMatch(/ 403 /);
  });

  test('silent connections give way to those that speak', async () => {
    const port = await gateway({ limits: { connectionsPerAddress: 8 } });
    const silent = Array.from({ length: 40 }, () => connect(port, '127.0.0.1').on('error', () => {}));
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(await get(port, `http://localhost:${site.port}/page`)).toMatch(/ 200 /);
    for (const socket of silent) socket.destroy();
  });
});
