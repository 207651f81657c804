// R12: a delegated session leaves the device able to resume with its origin by itself, though the tickets come when the
// session is the proxy's already; and the `resume` grant gives one ticket's secret away, never what makes others.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Issued } from '../../host/cli/demo/authority/authority.js';
import { isInstalled, type Origin, type ServerKind, startOrigin } from '../../host/cli/demo/origins.js';
import type { GrantName } from '../../host/index.js';
import { Steps, type TestProxy, World } from '../host/client/world.js';

let world: World;
let proxy: TestProxy;
let issued: Issued;
beforeAll(async () => {
  world = await World.create();
  proxy = await world.proxy();
  issued = await world.authority.issue({ names: ['localhost'] });
});
afterAll(() => world.close());

const versions = { '1.2': 0x0303, '1.3': 0x0304 } as const;

/** A client whose first session is delivered with `grant`, and whose later ones go end to end. */
function clientWith(grant: GrantName, version: 0x0303 | 0x0304) {
  const steps = new Steps();
  let asked = 0;
  const client = world.through(proxy, {
    observer: steps,
    tls: { minVersion: version, maxVersion: version },
    policy: {
      rules: [{ origin: '*', decision: 'ask', uses: 2 }],
      ask: async () => (asked++ === 0 ? grant : 'deny'),
      undelegated: 'tunnel',
    },
  });
  return { client, steps };
}

async function visit(client: ReturnType<typeof clientWith>['client'], port: number) {
  const response = await client.request(`https://localhost:${port}/`);
  for await (const _ of response.body);
  return { delegated: response.session.delegated, resumed: response.session.tls.resumed };
}

describe.each(['nginx', 'openssl', 'gnutls'] as const)('%s', (kind: ServerKind) => {
  const installed = isInstalled(kind);
  if (!installed) test.skip(`all of it (${kind} is not installed)`, () => {});
  describe.runIf(installed).each(['1.2', '1.3'] as const)('TLS %s', (version) => {
    let origin: Origin;
    beforeAll(async () => {
      origin = await startOrigin(kind, { certificates: [issued], version });
    });
    afterAll(() => origin.stop());

    test('the device resumes by itself after its session was the proxy’s', async () => {
      const { client, steps } = clientWith('session', versions[version]);
      expect(await visit(client, origin.port)).toEqual({ delegated: true, resumed: false });
      await end(client, steps);
      expect(await visit(client, origin.port)).toEqual({ delegated: false, resumed: true });
      await client.close();
    });

    test('a ticket that the proxy was granted is not the device’s any more', async () => {
      const { client, steps } = clientWith('resume', versions[version]);
      await visit(client, origin.port);
      await expect.poll(() => steps.of('resumption-granted')).toMatchObject([{ uses: 2 }]);
      await end(client, steps);
      // These servers send two tickets. The other one of TLS 1.3 has a secret of its own; TLS 1.2 has one for all.
      expect(await visit(client, origin.port)).toEqual({ delegated: false, resumed: version === '1.3' });
      await client.close();
    });
  });
});

/** Ends the session. The proxy's last word on it comes behind the tickets. */
async function end(client: ReturnType<typeof clientWith>['client'], steps: Steps): Promise<void> {
  client.revoke('a new session');
  await expect.poll(() => steps.of('session-closed').length).toBe(1);
}
