// The client without a proxy: its TLS, its HTTP and its fetch against Node's own servers.
import { createHash, randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { codeOf } from './memory_transport.js';
import { testPlatform, World } from './world.js';

let world: World;
beforeEach(async () => {
  world = await World.create();
});
afterEach(() => world.close());

describe('fetch', () => {
  test.each(['TLSv1.2', 'TLSv1.3'] as const)('a page over %s', async (version) => {
    const origin = await world.origin(
      (request, response) => {
        response.setHeader('content-type', 'text/plain');
        response.setHeader('set-cookie', ['a=1', 'b=2']);
        response.end(`${request.method} ${request.url} ${request.headers.host}`);
      },
      { minVersion: version, maxVersion: version },
    );
    const client = world.client();
    const response = await client.fetch(`${origin.url}/page?x#y`);
    expect(response).toBeInstanceOf(Response);
    expect([response.status, response.ok, response.url]).toEqual([200, true, `${origin.url}/page?x`]);
    expect(response.headers.getSetCookie()).toEqual(['a=1', 'b=2']);
    expect(await response.text()).toBe(`GET /page?x localhost:${origin.port}`);
  });

  test('large bodies both ways, streamed', async () => {
    const origin = await world.origin((request, response) => {
      request.pipe(response);
    });
    const bytes = randomBytes(3_000_000);
    const client = world.client();
    const response = await client.fetch(origin.url, { method: 'POST', body: bytes });
    const digest = createHash('sha256');
    for await (const chunk of response.body!) digest.update(chunk);
    expect(digest.digest('hex')).toBe(createHash('sha256').update(bytes).digest('hex'));
    async function* slowly() {
      for (let i = 0; i < 5; i++) yield Buffer.from(`piece ${i};`);
    }
    const stream = (ReadableStream as unknown as { from(source: unknown): ReadableStream }).from(slowly());
    const init = { method: 'PUT', body: stream, duplex: 'half' } as unknown as RequestInit;
    expect(await (await client.fetch(origin.url, init)).text()).toBe(
      'piece 0;piece 1;piece 2;piece 3;piece 4;',
    );
  });

  test('forms and their types', async () => {
    const origin = await world.origin((request, response) => {
      response.setHeader('x-type', String(request.headers['content-type']));
      request.pipe(response);
    });
    const body = new URLSearchParams({ a: 'b c' });
    const response = await world.client().fetch(new URL(origin.url), { method: 'post', body });
    expect(response.headers.get('x-type')).toMatch(/^application\/x-www-form-urlencoded/);
    expect(await response.text()).toBe('a=b+c');
    const request = new Request(origin.url, {
      method: 'POST',
      body: 'from a Request',
      headers: { 'x-a': 'b' },
    });
    expect(await (await world.client().fetch(request)).text()).toBe('from a Request');
  });

  test('content codings are undone', async () => {
    const origin = await world.origin((request, response) => {
      response.setHeader('x-accepts', String(request.headers['accept-encoding']));
      response.setHeader('content-encoding', request.url === '/bad' ? 'br' : 'gzip');
      response.end(gzipSync('a page, squeezed'));
    });
    const client = world.client();
    const response = await client.fetch(origin.url);
    expect(response.headers.get('x-accepts')).toBe('gzip, deflate, br');
    expect(await response.text()).toBe('a page, squeezed');
    const bad = await client.fetch(`${origin.url}/bad`);
    expect(await codeOf(() => bad.text())).toBe('CONTENT_DAMAGED');
  });

  test('one connection serves many requests, and a closed one is replaced', async () => {
    let connections = 0;
    const origin = await world.origin((_, response) => response.end('ok'));
    origin.server.on('secureConnection', () => connections++);
    const client = world.client();
    for (let i = 0; i < 5; i++) expect(await (await client.fetch(origin.url)).text()).toBe('ok');
    expect(connections).toBe(1);
    origin.server.closeAllConnections();
    expect(await (await client.fetch(origin.url)).text()).toBe('ok');
    expect(connections).toBe(2);
  });

  test.each(['TLSv1.2', 'TLSv1.3'] as const)(
    'a second connection resumes the session of %s',
    async (version) => {
      const reused: boolean[] = [];
      const origin = await world.origin(
        (request, response) => {
          reused.push((request.socket as unknown as { isSessionReused(): boolean }).isSessionReused());
          response.setHeader('connection', 'close');
          response.end('ok');
        },
        { minVersion: version, maxVersion: version },
      );
      const client = world.client();
      for (let i = 0; i < 3; i++) await (await client.fetch(origin.url)).text();
      expect(reused).toEqual([false, true, true]);
    },
  );

  test('HEAD, 204 and 304 have no body and leave the connection usable', async () => {
    let connections = 0;
    const origin = await world.origin((request, response) => {
      response.statusCode = Number(request.url!.slice(1));
      response.end(request.method === 'HEAD' || response.statusCode !== 200 ? undefined : 'body');
    });
    origin.server.on('secureConnection', () => connections++);
    const client = world.client();
    for (const [method, status] of [
      ['HEAD', 200],
      ['GET', 204],
      ['GET', 304],
      ['GET', 200],
    ] as const) {
      const response = await client.fetch(`${origin.url}/${status}`, { method });
      expect([response.status, await response.text()]).toEqual([
        status,
        method === 'GET' && status === 200 ? 'body' : '',
      ]);
    }
    expect(connections).toBe(1);
  });
});

describe('redirects', () => {
  const redirecting = () =>
    world.origin((request, response) => {
      const [, status, to] = /^\/(\d+)\?(.*)$/.exec(request.url!) ?? [];
      if (status !== undefined) {
        response.writeHead(Number(status), { location: to }).end('moved');
        return;
      }
      response.setHeader('x-seen', JSON.stringify(request.headers));
      response.write(`${request.method} ${request.url} `);
      request.pipe(response);
    });

  test('are followed, with the method that the status asks for', async () => {
    const origin = await redirecting();
    const client = world.client();
    const ask = async (status: number, method: string) => {
      const init = { method, ...(method === 'POST' && { body: 'data' }) };
      const response = await client.fetch(`${origin.url}/${status}?/there`, init);
      expect([response.redirected, response.url]).toEqual([true, `${origin.url}/there`]);
      return response.text();
    };
    expect(await ask(301, 'GET')).toBe('GET /there ');
    expect(await ask(302, 'POST')).toBe('GET /there ');
    expect(await ask(303, 'POST')).toBe('GET /there ');
    expect(await ask(307, 'POST')).toBe('POST /there data');
    expect(await ask(308, 'POST')).toBe('POST /there data');
  });

  test('to another origin carry no credentials', async () => {
    const [first, second] = [await redirecting(), await redirecting()];
    const headers = { authorization: 'Bearer secret', cookie: 'a=b', 'x-other': 'kept' };
    const response = await world.client().fetch(`${first.url}/302?${second.url}/there`, { headers });
    const seen = JSON.parse(response.headers.get('x-seen')!);
    expect([seen.authorization, seen.cookie, seen['x-other']]).toEqual([undefined, undefined, 'kept']);
  });

  test('stop at less security, at loops, and where the caller says so', async () => {
    const origin = await redirecting();
    const client = world.client();
    expect(await codeOf(() => client.fetch(`${origin.url}/302?http://localhost/`))).toBe('REQUEST_BAD_URL');
    const loop = `${origin.url}/302?${'/302?'.repeat(25)}/`;
    expect(await codeOf(() => client.fetch(loop))).toBe('REDIRECT_LOOP');
    expect(await codeOf(() => client.fetch(`${origin.url}/302?/a`, { redirect: 'error' }))).toBe(
      'REDIRECTED',
    );
    const manual = await client.fetch(`${origin.url}/302?/a`, { redirect: 'manual' });
    expect([manual.status, await manual.text()]).toEqual([302, 'moved']);
  });
});

describe('what goes wrong', () => {
  test.each([
    ['unknownAuthority', 'TLS_UNKNOWN_CA'],
    ['expired', 'TLS_CERTIFICATE_EXPIRED'],
    ['wrongName', 'TLS_CERTIFICATE_HOST_NAME'],
  ] as const)('an origin whose certificate is %s is refused before the request', async (flaw, code) => {
    let requests = 0;
    const origin = await world.origin(
      (_, response) => {
        requests++;
        response.end();
      },
      { issue: { names: ['localhost'], flaw } },
    );
    const client = world.client();
    // The unknown authority's chain carries the root's own name, so its signature is what does not fit.
    const seen = await codeOf(() => client.fetch(origin.url));
    expect([code, 'TLS_CERTIFICATE_SIGNATURE']).toContain(seen);
    expect(requests).toBe(0);
  });

  test('errors name the peer and say what to do', async () => {
    const origin = await world.origin((_, response) => response.end());
    const other = await World.create();
    const client = world.client({ roots: other.authority.root.pem });
    await expect(client.fetch(origin.url)).rejects.toThrow(/the origin localhost:\d+: .*(--ca|root)/s);
    origin.server.close();
    await expect(world.client().fetch('https://localhost:1/')).rejects.toMatchObject({
      code: 'CONNECTION_FAILED',
    });
    expect(await codeOf(() => client.fetch('http://localhost/'))).toBe('REQUEST_BAD_URL');
    expect(await codeOf(() => client.fetch('no url'))).toBe('REQUEST_BAD_URL');
  });

  test('an origin that breaks off is told from one that ends', async () => {
    const origin = await world.origin((request, response) => {
      response.write('half');
      setTimeout(() => request.socket.destroy(), 20);
    });
    const response = await world.client().fetch(origin.url);
    expect(await codeOf(() => response.text())).toMatch(/^(HTTP_TRUNCATED|TLS_TRUNCATED)$/);
  });

  test('a request can be cancelled while it waits and while it is read', async () => {
    const origin = await world.origin((request, response) => {
      if (request.url === '/slow') return;
      response.write('first');
    });
    const client = world.client();
    for (const path of ['/slow', '/stream']) {
      const controller = new AbortController();
      const reason = new Error(`enough of ${path}`);
      const reading = (async () =>
        (await client.fetch(origin.url + path, { signal: controller.signal })).text())();
      setTimeout(() => controller.abort(reason), 60);
      await expect(reading).rejects.toBe(reason);
    }
    const gone = AbortSignal.abort(new Error('before'));
    await expect(client.fetch(origin.url, { signal: gone })).rejects.toThrow('before');
  });

  test('a body that is not read stops the origin, and one that is left frees the session', async () => {
    let sent = 0;
    const origin = await world.origin((_, response) => {
      const push = () => {
        while (sent < 200 << 20 && !response.destroyed && response.write(Buffer.alloc(65_536)))
          sent += 65_536;
      };
      response.on('drain', push);
      push();
    });
    const client = world.client({ maxSessions: 1 });
    const response = await client.fetch(origin.url);
    const reader = response.body!.getReader();
    await reader.read();
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(sent).toBeLessThan(32 << 20);
    await reader.cancel();
    const again = await client.fetch(origin.url);
    await again.body!.cancel();
  });

  test('more requests than sessions wait their turn', async () => {
    let [now, most] = [0, 0];
    const origin = await world.origin((_, response) => {
      most = Math.max(most, ++now);
      setTimeout(() => {
        now--;
        response.end('ok');
      }, 20);
    });
    const client = world.client({ maxSessions: 2 });
    const texts = await Promise.all(
      Array.from({ length: 7 }, async () => (await client.fetch(origin.url)).text()),
    );
    expect(texts).toEqual(new Array(7).fill('ok'));
    expect(most).toBe(2);
  });

  test('a closed client says so', async () => {
    const client = world.client();
    await client.close();
    expect(await codeOf(() => client.fetch('https://localhost/'))).toBe('CLOSED');
  });

  test('an origin that never answers runs into the timeout', async () => {
    const origin = await world.origin(() => {});
    const client = world.client({ timeouts: { response: 100 } });
    await expect(client.fetch(origin.url)).rejects.toMatchObject({ code: 'RESPONSE_TIMEOUT' });
    const silent = world.client({
      timeouts: { handshake: 100 },
      platform: testPlatform({
        connect: async () => ({ read: () => new Promise(() => {}), write: async () => {}, close() {} }),
      }),
    });
    await expect(silent.fetch(origin.url)).rejects.toThrow('no TLS handshake within 100 ms');
  });
});

describe('client certificates', () => {
  test('are shown to the origin that asks', async () => {
    const issued = await world.authority.issue({ names: ['device 7'], isClient: true });
    const origin = await world.origin(
      (request, response) => {
        const socket = request.socket as unknown as { getPeerCertificate(): { subject?: { CN: string } } };
        response.end(socket.getPeerCertificate().subject?.CN);
      },
      { requestCert: true, ca: world.authority.root.pem },
    );
    const identity = { certificate: issued.chainPem, key: issued.keyPem };
    expect(await (await world.client({ identity }).fetch(origin.url)).text()).toBe('device 7');
    const chosen = world.client({ identity: ({ port }) => (port === origin.port ? identity : undefined) });
    expect(await (await chosen.fetch(origin.url)).text()).toBe('device 7');
    expect(await codeOf(() => world.client().fetch(origin.url))).toMatch(/TLS_PEER_ALERT|TLS_TRUNCATED/);
  });
});
