// Short records for a device of little memory: what origins agree to, they keep to; and whom such a session may be given to.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isInstalled, startOrigin } from '../../host/cli/demo/origins.js';
import { World } from '../host/client/world.js';
import { recordsOf, Tap } from './tap.js';

const LIMIT = 1024;
/** Header, type, nonce and tag. */
const AROUND = 5 + 1 + 8 + 16;
const BODY = Buffer.alloc(50_000, 'a page in short records. ');

let world: World;
beforeAll(async () => {
  world = await World.create();
});
afterAll(() => world.close());

async function originOf(kind: 'openssl', version: '1.2' | '1.3') {
  const origin = await startOrigin(kind, {
    certificates: [await world.authority.issue({ names: ['localhost'] })],
    files: { '/page': { type: 'text/plain', body: BODY } },
    version,
  });
  world.onClose(() => origin.stop());
  return origin;
}

// OpenSSL knows RFC 6066 §4 alone. What GnuTLS's own server shows is shorter than a record.
describe.each(['openssl'] as const)('%s', (kind) => {
  const installed = isInstalled(kind);
  if (!installed) test.skip(`all of it (${kind} is not installed)`, () => {});
  test.runIf(installed).each(['1.2', '1.3'] as const)('sends no longer ones with TLS %s', async (version) => {
    const origin = await originOf(kind, version);
    const tap = await Tap.to(origin.port);
    const client = world.client({ tls: { recordLimit: LIMIT } });
    const response = await client.request(`https://localhost:${tap.port}/page`);
    for await (const _ of response.body);
    expect(response.status).toBe(200);
    await client.close();
    const data = recordsOf(tap.connections[0]!.received).filter(([type]) => type === 23);
    expect(data.length).toBeGreaterThan(1);
    for (const { length } of data) expect(length).toBeLessThanOrEqual(LIMIT + AROUND);
    tap.close();
  });
});

const absent = isInstalled('openssl') ? '' : ' (skipped: openssl is not installed)';

describe.skipIf(absent)(`a session of records that are short on both sides${absent}`, () => {
  test.each([
    ['session', { code: 'TLS_GRANT_REFUSED' }],
    ['observe', undefined],
  ] as const)('delivered for %s', async (grant, error) => {
    const origin = await originOf('openssl', '1.3');
    const policy = { rules: [{ origin: '*', decision: grant }] };
    const client = world.through(await world.proxy(), { tls: { recordLimit: LIMIT }, policy });
    const page = client.request(`https://localhost:${origin.port}/page`).then(async (response) => {
      let length = 0;
      for await (const bytes of response.body) length += bytes.length;
      return length;
    });
    // The proxy would not know what the two agreed to: it may read along, and not write.
    if (error) await expect(page).rejects.toMatchObject(error);
    else expect(await page).toBe(BODY.length);
    await client.close();
  });
});
