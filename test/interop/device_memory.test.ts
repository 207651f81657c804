// The device's linear memory after its sessions, good and bad: nothing secret is left in it.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Issued } from '../../host/cli/demo/authority/authority.js';
import type { Program } from '../../host/engine/program.js';
import { nodePlatform } from '../../host/index.js';
import { TOKEN, World } from '../host/client/world.js';
import { KeyLog } from './key_log.js';
import { withServerKeys } from './logged.js';
import { found, secretOrigin, secretsOf, versions } from './secret_search.js';
import { Tap } from './tap.js';

let world: World;
let identity: Issued;
beforeAll(async () => {
  world = await World.create();
  identity = await world.authority.issue({ names: ['device 7'], isClient: true });
});
afterAll(() => world.close());

describe.each(versions)('the linear memory of the device, %s', (version) => {
  test.each(['session', 'full'] as const)('holds no secret after a client with grant %s', async (grant) => {
    const log = new KeyLog();
    const toOrigin = await secretOrigin(world, version, log);
    const proxy = await withServerKeys(log, () => world.proxy());
    const toProxy = await Tap.to(proxy.port);
    world.onClose(() => toProxy.close());
    let program: Program | undefined;
    const real = nodePlatform();
    const platform = {
      ...real,
      loadProgram: async () => {
        program = await real.loadProgram();
        return program;
      },
    };
    const client = world.through(
      { port: toProxy.port },
      {
        platform,
        identity: { certificate: identity.chainPem, key: identity.keyPem },
        policy: { rules: [{ origin: '*', decision: grant }] },
      },
    );
    for (const page of ['one', 'two', 'three']) {
      const text = await (await client.fetch(`https://localhost:${toOrigin.port}/${page}`)).text();
      expect(text).toContain(page);
    }
    // While the main session lives its secrets are there: the search finds what is to be found.
    const alive = Buffer.from(program!.memory());
    const secrets = secretsOf(log, [toOrigin, toProxy], identity);
    expect(secrets.length).toBeGreaterThan(50);
    expect(found(alive, secrets)).toContain('SERVER_TRAFFIC_SECRET_0');
    await client.close();
    await new Promise((resolve) => setTimeout(resolve, 100));
    const memory = Buffer.from(program!.memory());
    expect(found(memory, secrets)).toEqual([]);
    expect(memory.includes(TOKEN)).toBe(false);
    // Nor a request or a page.
    expect(memory.includes('GET /three')).toBe(false);
  });

  test('holds no secret after sessions that failed', async () => {
    const log = new KeyLog();
    const toOrigin = await secretOrigin(world, version, log);
    const proxy = await withServerKeys(log, () => world.proxy({ limits: { deliveryTimeout: 200 } }));
    const toProxy = await Tap.to(proxy.port);
    world.onClose(() => toProxy.close());
    let program: Program | undefined;
    const real = nodePlatform();
    const loadProgram = async () => {
      program = await real.loadProgram();
      return program;
    };
    const client = world.through({ port: toProxy.port }, { platform: { ...real, loadProgram } });
    const url = `https://localhost:${toOrigin.port}/`;
    // This origin refuses a device without a certificate; in TLS 1.3 only after the handshake.
    await expect(client.fetch(url).then((response) => response.text())).rejects.toThrow();
    for (const { client, server } of toProxy.connections) {
      client.destroy();
      server.destroy();
    }
    await expect(client.fetch(url).then((response) => response.text())).rejects.toThrow();
    await client.close();
    await new Promise((resolve) => setTimeout(resolve, 100));
    const memory = Buffer.from(program!.memory());
    const handshakes = log
      .all()
      .flatMap(([what, secret]): [string, Buffer][] => [[what, secret.subarray(0, 16)]]);
    // The main session's, and those of two handshakes with the origin: conduits are streams, and have none.
    expect(handshakes.length).toBeGreaterThanOrEqual(5);
    expect(found(memory, handshakes)).toEqual([]);
  });
});
