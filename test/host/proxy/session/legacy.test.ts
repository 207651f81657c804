// Sessions of old, delegated: the device shakes hands, and the proxy goes on with the record program where OpenSSL can't.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Grant, loadRecordEngine } from '../../../../host/index.js';
import { jsse, jsseMissing, type Origin } from '../../../assembly/handshake/origins.js';
import { Steps, World } from '../../client/world.js';

let world: World;
beforeEach(async () => {
  world = await World.create();
});
afterEach(() => world.close());

const tls = { legacy: true } as const;

describe.each(['TLSv1', 'TLSv1.1'] as const)('%s of OpenSSL', (version) => {
  const old = { minVersion: version, maxVersion: version, issue: { keyType: 'rsa-2048' as const } };

  test.each([
    ['AES128-SHA', 'session'],
    ['DHE-RSA-AES256-SHA', 'session'],
    ['ECDHE-RSA-AES128-SHA', 'full'],
  ] as const)('with %s and the grant %s', async (suite, decision) => {
    const origin = await world.origin((request, response) => request.pipe(response), {
      ...old,
      ciphers: `${suite}:@SECLEVEL=0`,
      dhparam: 'auto',
    });
    const proxy = await world.proxy({ legacy: await loadRecordEngine() });
    const steps = new Steps();
    const client = world.through(proxy, {
      tls,
      observer: steps,
      policy: { rules: [{ origin: '*', decision }] },
    });
    for (const size of [0, 1, 5000, 100_000]) {
      const body = 'x'.repeat(size);
      const response = await client.fetch(origin.url, { method: 'POST', body });
      expect(await response.text()).toBe(body);
    }
    expect(steps.of('active').length).toBe(1);
    const { delivery } = steps.of('delivered')[0]!;
    expect(delivery.protocolVersion).toBe(version === 'TLSv1' ? 0x0301 : 0x0302);
    expect(delivery.grant).toBe(decision === 'full' ? Grant.Full : Grant.Session);
  });

  test('is not delegated to a proxy without its switch, nor spoken by a device without its own', async () => {
    const origin = await world.origin((_, response) => response.end('old'), {
      ...old,
      ciphers: 'ALL:@SECLEVEL=0',
    });
    const proxy = await world.proxy();
    await expect(world.through(proxy, { tls }).fetch(origin.url)).rejects.toThrow(/version 0x30[12]/);
    await expect(world.through(proxy).fetch(origin.url)).rejects.toThrow();
  });
});

const missing = jsseMissing();
describe.skipIf(missing !== undefined)(`of OpenJDK${missing ? ` (${missing})` : ''}`, () => {
  test.each([
    ['SSLv3', 0x0300, 'RC4', 0x0005],
    ['SSLv3', 0x0300, '3DES', 0x000a],
    ['SSLv3', 0x0300, 'AES', 0x002f],
    ['TLSv1', 0x0301, 'RC4-MD5', 0x0004],
    ['TLSv1', 0x0301, 'DES', 0x0009],
    ['TLSv1.1', 0x0302, '3DES', 0x0016],
    ['TLSv1.2', 0x0303, 'RC4', 0xc011],
    ['TLSv1.2', 0x0303, '3DES', 0x000a],
  ] as const)('%s (%i) with %s', async (name, version, _, suite) => {
    const origin: Origin = await jsse(
      await world.authority.issue({ names: ['localhost'], keyType: 'rsa-2048' }),
      { http: true },
    );
    world.onClose(() => origin.stop());
    const proxy = await world.proxy({ legacy: await loadRecordEngine() });
    const client = world.through(proxy, {
      tls: { legacy: true, minVersion: version, maxVersion: version, cipherSuites: [suite] },
    });
    for (let i = 0; i < 3; i++) {
      const text = await (await client.fetch(`https://localhost:${origin.port}/${i}`)).text();
      expect(text.startsWith(`${name} `)).toBe(true);
      expect(text.trim().split('\n').length).toBe(2000);
    }
  });

  test('SSL 3.0 has no extended master secret: its master secret stays on the device', async () => {
    const issued = await world.authority.issue({ names: ['localhost'], keyType: 'rsa-2048' });
    const origin = await jsse(issued, { http: true });
    world.onClose(() => origin.stop());
    const client = world.through(await world.proxy({ legacy: await loadRecordEngine() }), {
      tls: { legacy: true, maxVersion: 0x0300 },
      policy: { rules: [{ origin: '*', decision: 'full' }] },
    });
    await expect(client.fetch(`https://localhost:${origin.port}/`)).rejects.toThrow(
      /extended master secret/i,
    );
  });
});
