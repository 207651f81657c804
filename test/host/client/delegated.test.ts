// Requests over sessions to which a real proxy is admitted: the exchange as it happens, and everything that can end it.
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Service } from '../../../host/services/service.js';
import { codeOf } from './memory_transport.js';
import { CONDUITS, Steps, TOKEN, World } from './world.js';

let world: World;
beforeEach(async () => {
  world = await World.create();
});
afterEach(() => world.close());

const versions = ['TLSv1.2', 'TLSv1.3'] as const;

describe.each(versions)('a page over a delegated session of %s', (version) => {
  const limits = { minVersion: version, maxVersion: version };

  test('step by step', async () => {
    const origin = await world.origin((request, response) => response.end(`for ${request.url}`), limits);
    const proxy = await world.proxy();
    const steps = new Steps();
    const client = world.through(proxy, { observer: steps });
    const response = await client.fetch(`${origin.url}/page`);
    expect([response.status, await response.text()]).toEqual([200, 'for /page']);
    // Receipts and the origin's tickets come when they come.
    const others = ['receipt', 'cipher-changed'];
    const first = ['welcome', 'conduit-open'];
    const last = ['active', 'request-sent'];
    // In a stream nobody waits: CONNECT goes with HELLO, and the request with DELIVER.
    const isOrdered = CONDUITS === 'streams';
    expect(steps.names.filter((name) => !others.includes(name))).toEqual([
      'main-session-open',
      ...(isOrdered ? first.reverse() : first),
      'tunnel-open',
      'origin-verified',
      'delivered',
      ...(isOrdered ? last.reverse() : last),
      'response',
      'response-end',
    ]);
    // A conduit of its own costs no certificate and no signature; a stream costs no handshake at all.
    expect(steps.of('conduit-open')[0]!.tls.resumed).toBe(CONDUITS === 'separate');
    const [delivered] = steps.of('delivered');
    expect(delivered!.delivery.protocolVersion).toBe(version === 'TLSv1.2' ? 0x0303 : 0x0304);
    expect(steps.of('active')[0]!.active.clientRecords).toBe(delivered!.delivery.clientRecords);
  });

  test.each([
    ['a short body keeps its session', 20_000, 1],
    ['a long body costs another session', 1_000_000, 2],
  ])('a redirect with %s', async (_, length, sessions) => {
    let connections = 0;
    const origin = await world.origin((request, response) => {
      if (request.url === '/there') return response.end('there');
      response.writeHead(302, { location: '/there' });
      return response.end('x'.repeat(length));
    }, limits);
    origin.server.on('secureConnection', () => connections++);
    const client = world.through(await world.proxy());
    expect(await (await client.fetch(`${origin.url}/here`)).text()).toBe('there');
    expect(connections).toBe(sessions);
  });

  test('many requests and large bodies on one session', async () => {
    let connections = 0;
    const origin = await world.origin((request, response) => {
      request.pipe(response);
    }, limits);
    origin.server.on('secureConnection', () => connections++);
    const client = world.through(await world.proxy());
    for (const size of [0, 1, 16_384, 100_000, 2_000_000]) {
      const bytes = randomBytes(size);
      const response = await client.fetch(origin.url, { method: 'POST', body: bytes });
      const seen = Buffer.from(await response.arrayBuffer());
      expect(createHash('sha256').update(seen).digest('hex')).toBe(
        createHash('sha256').update(bytes).digest('hex'),
      );
    }
    expect(connections).toBe(1);
  });

  test('a service of the proxy changes what arrives, and a receipt says so', async () => {
    const origin = await world.origin((_, response) => response.end('plain words'), limits);
    async function* upperCase(body: AsyncIterable<Uint8Array>) {
      for await (const chunk of body) yield Buffer.from(Buffer.from(chunk).toString().toUpperCase());
    }
    const upper: Service = { name: 'upper', response: () => ({ body: upperCase }) };
    const steps = new Steps();
    const client = world.through(await world.proxy({ services: [upper] }), { observer: steps });
    expect(await (await client.fetch(origin.url)).text()).toBe('PLAIN WORDS');
    await expect.poll(() => steps.of('receipt').length).toBe(1);
    expect(steps.of('welcome')[0]!.welcome.services).toEqual(['upper']);
    expect(steps.of('receipt')[0]!.message).toMatchObject({
      services: ['upper'],
      bytesBefore: 11,
      bytesAfter: 11,
    });
  });

  test('a client certificate is shown by the device, and stays there', async () => {
    const issued = await world.authority.issue({ names: ['device 7'], isClient: true });
    const origin = await world.origin(
      (request, response) => {
        const socket = request.socket as unknown as { getPeerCertificate(): { subject?: { CN: string } } };
        response.end(socket.getPeerCertificate().subject?.CN);
      },
      { ...limits, requestCert: true, ca: world.authority.root.pem },
    );
    const identity = { certificate: issued.chainPem, key: issued.keyPem };
    const client = world.through(await world.proxy(), { identity });
    expect(await (await client.fetch(origin.url)).text()).toBe('device 7');
  });

  test('the next session with an origin is resumed, by the device alone', async () => {
    const reused: boolean[] = [];
    const origin = await world.origin((request, response) => {
      reused.push((request.socket as unknown as { isSessionReused(): boolean }).isSessionReused());
      response.setHeader('connection', 'close');
      response.end('ok');
    }, limits);
    const client = world.through(await world.proxy());
    for (let i = 0; i < 3; i++) expect(await (await client.fetch(origin.url)).text()).toBe('ok');
    expect(reused[0]).toBe(false);
    // TLS 1.3 tickets may come after the proxy took over: it then passes them on.
    expect(reused.slice(1)).toEqual([true, true]);
  });

  test('sessions side by side', async () => {
    const origins = await Promise.all(
      [1, 2, 3].map((n) => world.origin((_, response) => response.end(`origin ${n}`), limits)),
    );
    const client = world.through(await world.proxy());
    const urls = [...origins, ...origins, ...origins].map(({ url }) => url);
    const texts = await Promise.all(urls.map(async (url) => (await client.fetch(url)).text()));
    expect(texts).toEqual([1, 2, 3, 1, 2, 3, 1, 2, 3].map((n) => `origin ${n}`));
  });

  test('a grant of everything is taken, and then nothing is resumed from it', async () => {
    const reused: boolean[] = [];
    const origin = await world.origin((request, response) => {
      reused.push((request.socket as unknown as { isSessionReused(): boolean }).isSessionReused());
      response.setHeader('connection', 'close');
      response.end('ok');
    }, limits);
    const policy = { rules: [{ origin: '*', decision: 'full' as const }] };
    const client = world.through(await world.proxy(), { policy });
    for (let i = 0; i < 2; i++) expect(await (await client.fetch(origin.url)).text()).toBe('ok');
    if (version === 'TLSv1.2') expect(reused).toEqual([false, false]);
  });
});

describe('policy', () => {
  test('denies by default, before anything is opened', async () => {
    const origin = await world.origin((_, response) => response.end());
    const steps = new Steps();
    const client = world.through(await world.proxy(), { policy: {}, observer: steps });
    expect(await codeOf(() => client.fetch(origin.url))).toBe('POLICY_DENIED');
    expect(steps.names).toEqual([]);
  });

  test('undelegated requests go end to end through a blind tunnel', async () => {
    const origin = await world.origin((_, response) => response.end('end to end'));
    const steps = new Steps();
    const client = world.through(await world.proxy(), { policy: { undelegated: 'tunnel' }, observer: steps });
    const response = await client.request(origin.url);
    const chunks: Uint8Array[] = [];
    for await (const chunk of response.body) chunks.push(chunk);
    expect(Buffer.concat(chunks).toString()).toBe('end to end');
    expect(response.session).toMatchObject({ delegated: false, sessionId: undefined });
    expect(steps.names).not.toContain('delivered');
  });
});

describe('credentials', () => {
  test('a wrong token is refused at the greeting', async () => {
    const origin = await world.origin((_, response) => response.end());
    const proxy = await world.proxy();
    const roots = world.authority.root.pem;
    const wrong = { host: 'localhost', port: proxy.port, roots, token: 'a-wrong-token' };
    await expect(world.through(proxy, { proxy: wrong }).fetch(origin.url)).rejects.toMatchObject({
      code: 'UNAUTHORIZED',
    });
    const blind = world.through(proxy, { proxy: wrong, policy: { undelegated: 'tunnel' } });
    await expect(blind.fetch(origin.url)).rejects.toMatchObject({
      code: CONDUITS === 'separate' ? 'PROXY_AUTHENTICATION' : 'UNAUTHORIZED',
    });
  });

  test('a client certificate for the proxy takes the place of a token', async () => {
    const issued = await world.authority.issue({ names: ['device 7'], isClient: true });
    const origin = await world.origin((_, response) => response.end('ok'));
    const proxy = await world.proxy({ clientAuthorities: [world.authority.root.pem] });
    const identity = { certificate: issued.chainPem, key: issued.keyPem };
    const roots = world.authority.root.pem;
    const client = world.through(proxy, { proxy: { host: 'localhost', port: proxy.port, roots, identity } });
    expect(await (await client.fetch(origin.url)).text()).toBe('ok');
  });

  test('a proxy that lies about its name learns nothing, not even the token', async () => {
    const origin = await world.origin((_, response) => response.end());
    const proxy = await world.proxy();
    const roots = world.authority.root.pem;
    const liar = { host: '127.0.0.1', port: proxy.port, roots, token: TOKEN };
    const steps = new Steps();
    const client = world.through(proxy, { proxy: liar, observer: steps });
    expect(await codeOf(() => client.fetch(origin.url))).toBe('TLS_CERTIFICATE_HOST_NAME');
    expect(steps.names).toEqual([]);
    const other = await World.create();
    const untrusted = { ...liar, host: 'localhost', roots: other.authority.root.pem };
    expect(await codeOf(() => world.through(proxy, { proxy: untrusted }).fetch(origin.url))).toMatch(
      /TLS_UNKNOWN_CA|TLS_CERTIFICATE_SIGNATURE/,
    );
  });

  test('a server that is no Deputy proxy is told apart', async () => {
    const server = await world.origin((_, response) => response.end());
    await expect(world.through({ port: server.port }).fetch(server.url)).rejects.toMatchObject({
      code: expect.stringMatching(/NOT_A_DEPUTY_PROXY|TLS_NO_APPLICATION_PROTOCOL|TLS_PEER_ALERT/),
    });
  });
});

describe('targets', () => {
  test('that are forbidden, unreachable or malformed are told apart', async () => {
    const origin = await world.origin((_, response) => response.end());
    const closed = world.through(await world.proxy({ targets: { ports: 'any' } }));
    await expect(closed.fetch(origin.url)).rejects.toMatchObject({ code: 'TARGET_FORBIDDEN' });
    const open = world.through(await world.proxy());
    await expect(open.fetch('https://localhost:1/')).rejects.toMatchObject({ code: 'TARGET_UNREACHABLE' });
    await expect(open.fetch('https://no-such-name.invalid/')).rejects.toMatchObject({
      code: 'TARGET_UNREACHABLE',
    });
  });

  test('whose certificate is wrong are refused by the device, and nothing is delivered', async () => {
    const origin = await world.origin((_, response) => response.end(), {
      issue: { names: ['localhost'], flaw: 'expired' },
    });
    const steps = new Steps();
    const client = world.through(await world.proxy(), { observer: steps });
    await expect(client.fetch(origin.url)).rejects.toMatchObject({ code: 'TLS_CERTIFICATE_EXPIRED' });
    expect(steps.names).not.toContain('delivered');
  });
});

describe('what ends a session', () => {
  test('an origin that breaks off ends in an error, and the next request works', async () => {
    let requests = 0;
    const origin = await world.origin((request, response) => {
      if (++requests > 1) return response.end('whole');
      response.write('half');
      setTimeout(() => request.socket.destroy(), 30);
    });
    const client = world.through(await world.proxy());
    const response = await client.fetch(origin.url);
    await expect(response.text()).rejects.toThrow();
    expect(await (await client.fetch(origin.url)).text()).toBe('whole');
  });

  test('an origin that breaks off in its handshake is named, and not the proxy', async () => {
    const server = createServer((socket) => {
      socket.on('error', () => {});
      socket.once('data', () => socket.destroy());
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    world.onClose(() => server.close());
    const { port } = server.address() as AddressInfo;
    const client = world.through(await world.proxy());
    await expect(client.fetch(`https://localhost:${port}/`)).rejects.toMatchObject({
      code: 'TLS_TRUNCATED',
      message: expect.stringContaining(`the origin localhost:${port}`),
    });
  });

  test('a proxy that stops ends in an error, and a new one is found again', async () => {
    const origin = await world.origin((request, response) => {
      if (request.url === '/slow') return;
      response.end('ok');
    });
    const proxy = await world.proxy();
    const client = world.through(proxy);
    expect(await (await client.fetch(origin.url)).text()).toBe('ok');
    const slow = client.fetch(`${origin.url}/slow`);
    slow.catch(() => {});
    await new Promise((resolve) => setTimeout(resolve, 100));
    await proxy.server.close();
    await expect(slow).rejects.toThrow();
    await expect(client.fetch(origin.url)).rejects.toMatchObject({ code: 'CONNECTION_FAILED' });
  });

  test('an idle session that the origin closed is replaced', async () => {
    let connections = 0;
    const origin = await world.origin((_, response) => response.end('ok'));
    origin.server.on('secureConnection', () => connections++);
    const client = world.through(await world.proxy());
    expect(await (await client.fetch(origin.url)).text()).toBe('ok');
    origin.server.closeAllConnections();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await (await client.fetch(origin.url)).text()).toBe('ok');
    expect(connections).toBe(2);
  });

  test('a cancelled request ends its session at the proxy', async () => {
    const origin = await world.origin(() => {});
    const proxy = await world.proxy();
    const client = world.through(proxy);
    const controller = new AbortController();
    const pending = client.fetch(origin.url, { signal: controller.signal });
    setTimeout(() => controller.abort(new Error('enough')), 150);
    await expect(pending).rejects.toThrow('enough');
    await expect.poll(() => proxy.server.sessionCount).toBe(0);
  });

  test('closing the client ends all its sessions at the proxy', async () => {
    const origin = await world.origin((_, response) => response.end('ok'));
    const proxy = await world.proxy();
    const client = world.through(proxy);
    await (await client.fetch(origin.url)).text();
    expect(proxy.server.sessionCount).toBe(1);
    await client.close();
    await expect.poll(() => proxy.server.sessionCount).toBe(0);
  });
});

test('a main session and two conduits fit into 256 KiB of linear memory, handshakes at the same time', async () => {
  const origins = [1, 2].map((n) => world.origin((_, response) => response.end('x'.repeat(n * 100_000))));
  const client = world.through(await world.proxy());
  const urls = (await Promise.all(origins)).map(({ url }) => url);
  const texts = await Promise.all(urls.map(async (url) => (await client.fetch(url)).text()));
  expect(texts.map(({ length }) => length)).toEqual([100_000, 200_000]);
  const { memoryBytes } = await client.engine();
  expect(memoryBytes).toBeLessThanOrEqual(256 * 1024);
});

test('requests made at the same time share one main session', async () => {
  const origin = await world.origin((_, response) => response.end('ok'));
  const proxy = await world.proxy();
  const steps = new Steps();
  const client = world.through(proxy, { observer: steps });
  const texts = await Promise.all(
    Array.from({ length: 5 }, async () => (await client.fetch(origin.url)).text()),
  );
  expect(texts).toEqual(Array(5).fill('ok'));
  expect(steps.of('main-session-open')).toHaveLength(1);
  expect(steps.of('tunnel-open')).toHaveLength(5);
});
