// Sessions that a proxy reads along and can't write: with CBC suites as they pass, elsewhere once their keys are out of use.
// Real servers; what they serve is what the proxy reports.
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Issued } from '../../host/cli/demo/authority/authority.js';
import { isInstalled, type Origin, startOrigin } from '../../host/cli/demo/origins.js';
import type { Observer } from '../../host/client/observer.js';
import { audit } from '../../host/services/audit/index.js';
import { verify } from '../../host/services/audit/verify.js';
import type { ObservedExchange } from '../../host/services/service.js';
import { Steps, type TestProxy, World } from '../host/client/world.js';

let world: World;
let proxy: TestProxy;
let issued: Issued;
const observed: ObservedExchange[] = [];
const ends: { exchanges: number; unread: number }[] = [];
beforeAll(async () => {
  world = await World.create();
  const watcher = { name: 'watcher', observed: (exchange: ObservedExchange) => void observed.push(exchange) };
  proxy = await world.proxy({ services: [watcher], limits: { observedBytes: 16_000_000 } });
  proxy.server.events.on('observed', (end) => ends.push(end));
  issued = await world.authority.issue({ names: ['localhost'], keyType: 'rsa-2048' });
});
afterAll(() => world.close());

const page = 'a page that is read along '.repeat(2000);
const suites = [
  ['1.2', 'ECDHE-RSA-AES128-SHA', 0xc013, 'live'],
  ['1.2', 'ECDHE-RSA-AES256-SHA384', 0xc028, 'live'],
  ['1.2', 'ECDHE-RSA-AES128-GCM-SHA256', 0xc02f, 'deferred'],
  ['1.3', 'TLS_AES_128_GCM_SHA256', 0x1301, 'deferred'],
  ['1.3', 'TLS_CHACHA20_POLY1305_SHA256', 0x1303, 'deferred'],
] as const;

describe.each(['nginx', 'openssl', 'gnutls'] as const)('%s', (kind) => {
  const installed = isInstalled(kind);
  if (!installed) test.skip(`all of it (${kind} is not installed)`, () => {});
  describe.runIf(installed).each(suites)('TLS %s, %s', (version, name, suite, when) => {
    let origin: Origin;
    beforeAll(async () => {
      const files = { '/page': { type: 'text/plain', body: page } };
      origin = await startOrigin(kind, {
        certificates: [issued],
        version,
        ...(kind !== 'gnutls' && { files, cipherSuite: name }),
      });
    });
    afterAll(() => origin.stop());

    if (kind === 'gnutls' && suite === 0xc028)
      return test.skip('is read along (not among its defaults)', () => {});

    test('is read along', async () => {
      observed.length = 0;
      ends.length = 0;
      const path = kind === 'gnutls' ? '/' : '/page';
      const steps = new Steps();
      const client = world.through(proxy, {
        observer: steps,
        policy: { rules: [{ origin: '*', decision: 'observe' }] },
        tls: { cipherSuites: [suite] },
      });
      const response = await client.request(`https://localhost:${origin.port}${path}`);
      const chunks: Uint8Array[] = [];
      for await (const chunk of response.body) chunks.push(chunk);
      const body = Buffer.concat(chunks);
      if (kind !== 'gnutls') expect(body.toString()).toBe(page);
      expect(response.session).toMatchObject({ delegated: true, tls: { cipherSuite: suite } });
      await client.close();
      await expect.poll(() => observed.length, { timeout: 4000 }).toBe(1);
      expect(observed[0]).toMatchObject({
        when,
        client: 'token:tests',
        // Keys that were committed to prove what they open; without MACs nothing does.
        origin: { host: 'localhost', verified: when === 'deferred' },
        request: { method: 'GET', target: path, body: { length: 0, whole: true } },
        response: { status: 200, body: { length: body.length } },
      });
      const { response: seen } = observed[0]!;
      expect(Buffer.from(seen!.body.hash)).toEqual(createHash('sha256').update(body).digest());
      expect(Buffer.from(seen!.body.start).toString('latin1')).toBe(body.toString('latin1').slice(0, 65_536));
      await expect.poll(() => ends.length).toBe(1);
      expect(ends[0]!.exchanges).toBe(1);
    });
  });
});

describe.each([0xc013, 0x1301])('an audited session of suite %i', (suite) => {
  const installed = isInstalled('nginx');
  if (!installed) return test.skip('is logged (nginx is not installed)', () => {});

  test('is logged when it is read, and ended where it has to be logged and can not', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'deputy-audit-'));
    const file = join(folder, 'log');
    const service = await audit({ file, required: true });
    let fails = false;
    const failing = {
      ...service,
      observed: (each: ObservedExchange) =>
        fails ? Promise.reject(new Error('full')) : service.observed!(each),
    };
    const own = await world.proxy({ services: [failing] });
    const origin = await startOrigin('nginx', {
      certificates: [issued],
      version: suite === 0x1301 ? '1.3' : '1.2',
      cipherSuite: suite === 0x1301 ? 'TLS_AES_128_GCM_SHA256' : 'ECDHE-RSA-AES128-SHA',
      files: { '/page': { type: 'text/plain', body: page } },
    });
    const options = {
      policy: { rules: [{ origin: '*', decision: 'observe' as const }] },
      tls: { cipherSuites: [suite] },
    };
    for (fails of [false, true]) {
      const codes: string[] = [];
      own.server.events.on('closed', ({ code }) => codes.push(code));
      const client = world.through(own, options);
      const response = await client.request(`https://localhost:${origin.port}/page?key=secret`);
      for await (const _ of response.body);
      await client.close().catch(() => {});
      await expect.poll(() => codes.length, { timeout: 4000 }).toBe(1);
      if (fails && suite !== 0x1301) expect(codes).toEqual(['AUDIT_FAILED']);
      own.server.events.removeAllListeners('closed');
    }
    await expect.poll(async () => (await readFile(file, 'utf8')).split('"closed"').length).toBe(3);
    const entries = (await readFile(file, 'utf8'))
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(entries.map(({ kind }) => kind)).toEqual(['opened', 'observed', 'closed', 'opened', 'closed']);
    expect(entries[0]).toMatchObject({ grant: 'observe' });
    expect(entries[1]).toMatchObject({
      when: suite === 0x1301 ? 'deferred' : 'live',
      url: expect.stringMatching(/\/page\?key=\*$/),
      responseContent: [{ bytes: page.length }],
    });
    expect(await verify([file])).toMatchObject({ valid: true });
    await origin.stop();
    await rm(folder, { recursive: true });
  });
});

describe('over a long time', () => {
  if (!isInstalled('nginx')) test.skip('all of it (nginx is not installed)', () => {});
  describe.runIf(isInstalled('nginx'))('on one connection', () => {
    let origin: Origin;
    const long = Buffer.alloc(8_000_000, 'a long page ');
    const observe = (rule: object, cipherSuites: number[]) => {
      const steps = new Steps();
      const client = world.through(proxy, {
        observer: steps,
        policy: { rules: [{ origin: '*', decision: 'observe', ...rule }] },
        tls: { cipherSuites },
      });
      const get = async (path: string) => {
        const response = await client.request(`https://localhost:${origin.port}${path}`);
        let length = 0;
        for await (const chunk of response.body) length += chunk.length;
        return { length, delegated: response.session.delegated };
      };
      observed.length = 0;
      ends.length = 0;
      return { client, steps, get };
    };
    beforeAll(async () => {
      const files = { '/page': { type: 'text/plain', body: page } };
      origin = await startOrigin('nginx', { certificates: [issued], files });
    });
    afterAll(() => origin.stop());

    test('a long answer stays whole, though the origin closes at once behind it', async () => {
      // Node resets the connection for whatever comes after it has closed, a KeyUpdate too.
      const server = await world.origin((_, answer) => void answer.end(long));
      const { client, steps } = observe({}, [0x1301]);
      const response = await client.request(`https://localhost:${server.port}/long`);
      let received = 0;
      for await (const chunk of response.body) received += chunk.length;
      expect(received).toBe(long.length);
      await client.close();
      expect(steps.of('keys-released')).toHaveLength(1);
      await expect.poll(() => observed.length, { timeout: 4000 }).toBe(1);
      const { body } = observed[0]!.response!;
      expect(body).toMatchObject({ length: long.length, whole: true });
      expect(Buffer.from(body.hash)).toEqual(createHash('sha256').update(long).digest());
    });

    test('a stream’s keys are changed and released epoch by epoch, with its own data and a while apart', async () => {
      const echo = createServer(
        { key: issued.keyPem, cert: issued.chainPem, maxVersion: 'TLSv1.3' },
        (socket) => {
          socket.on('error', () => {});
          socket.pipe(socket);
        },
      );
      await once(echo.listen(0, '127.0.0.1'), 'listening');
      const { client, steps } = observe({}, [0x1301]);
      const sealed: { at: number; bytes: number }[] = [];
      const onWire: Observer['onWire'] = (link, direction, bytes) => {
        if (link.kind === 'origin' && direction === 'sent')
          sealed.push({ at: Date.now(), bytes: bytes.length });
      };
      Object.assign(steps, { onWire });
      const stream = await client.connect('localhost', (echo.address() as AddressInfo).port);
      const piece = Buffer.alloc(250_000, 'piece ');
      let heard = 0;
      for (let i = 0; i < 30; i++) {
        await stream.write(piece);
        while (heard < (i + 1) * piece.length) heard += (await stream.read())!.length;
      }
      expect(steps.of('keys-released').length).toBeGreaterThan(0);
      // A KeyUpdate alone is a record of 27 bytes.
      const updates = sealed.filter(({ bytes }) => bytes === 27);
      expect(updates.length).toBeGreaterThan(0);
      for (const [i, { at }] of updates.entries()) {
        // The clock has whole milliseconds.
        if (i > 0) expect(at - updates[i - 1]!.at).toBeGreaterThanOrEqual(99);
      }
      stream.close();
      await client.close();
      echo.close();
    });

    test('a grant that is taken back ends the reading, and not the session', async () => {
      const { client, steps, get } = observe({}, [0xc013]);
      expect(await get('/page')).toEqual({ length: page.length, delegated: true });
      await expect.poll(() => observed.length).toBe(1);
      client.revoke('enough');
      expect(await get('/page')).toEqual({ length: page.length, delegated: false });
      await client.close();
      expect(observed.length).toBe(1);
      expect(steps.of('request-sent').at(-1)!.reused).toBe(true);
    });

    test('a grant that expires ends the reading', async () => {
      const { client, get } = observe({ expires: 1 }, [0xc013]);
      expect(await get('/page')).toMatchObject({ delegated: true });
      await expect.poll(() => observed.length).toBe(1);
      await new Promise((resolve) => setTimeout(resolve, 1200));
      expect(await get('/page')).toMatchObject({ delegated: false });
      await client.close();
      expect(observed.length).toBe(1);
    });
  });
});
