// Sessions that a proxy reads along and can't write: with CBC suites as they pass, elsewhere once their keys are out of use.
// Real servers; what they serve is what the proxy reports.
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Issued } from '../../host/cli/demo/authority/authority.js';
import { isInstalled, type Origin, startOrigin } from '../../host/cli/demo/origins.js';
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
  proxy = await world.proxy({ services: [watcher] });
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

    if (kind === 'gnutls' && suite === 0xc028) return test.skip('is read along (not among its defaults)', () => {});

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
