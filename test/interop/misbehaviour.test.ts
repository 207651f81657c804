// Ends that nobody wants, through the whole system: each is told by a typed error, the proxy stays up, and the sessions
// beside it don't notice.
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { TlsConnection } from '../../host/engine/tls.js';
import { type DeputyClient, type DeputyClientOptions, nodePlatform, type Step } from '../../host/index.js';
import { type TestProxy, World } from '../host/client/world.js';
import { Tap } from './tap.js';

let world: World;
let proxy: TestProxy;
beforeAll(async () => {
  world = await World.create();
  proxy = await world.proxy({ limits: { deliveryTimeout: 2000 } });
});
afterAll(() => world.close());

const clients: DeputyClient[] = [];
afterEach(async () => {
  for (const client of clients.splice(0)) await client.close();
});

/** A client that ends with its test. */
function through(options: Partial<DeputyClientOptions> = {}, at: { port: number } = proxy): DeputyClient {
  const client = world.through(at, options);
  clients.push(client);
  return client;
}

const versions = ['TLSv1.2', 'TLSv1.3'] as const;
const failureOf = (promise: Promise<unknown>) =>
  promise.then(
    () => ({ code: 'no error', message: '' }),
    (error: { code?: string; message: string }) => error,
  );

/** The proxy works for a client that comes after. */
async function expectUp(port = proxy.port): Promise<void> {
  const origin = await world.origin((_, response) => response.end('still here'));
  expect(await (await through({}, { port }).fetch(origin.url)).text()).toBe('still here');
}

describe.each(versions)('%s', (version) => {
  const limits = { minVersion: version, maxVersion: version };

  describe('an origin that closes in the middle of a record', () => {
    /** An origin whose answers end after `bytes` bytes on the wire, without a farewell. */
    async function cutting(bytes: number): Promise<{ url: string }> {
      const origin = await world.origin((_, response) => response.end(Buffer.alloc(500_000, 'x')), limits);
      const server = await cuttingRelay(origin.port, bytes);
      return { url: `https://localhost:${server}` };
    }

    test.each([
      ['ServerHello', 40],
      ['Certificate', 700],
    ])('%s', async (_, bytes) => {
      const { url } = await cutting(bytes);
      for (const client of [through(), world.client()]) {
        const { code, message } = await failureOf(client.fetch(url));
        expect(code).toMatch(/^(TLS_TRUNCATED|CONNECTION_FAILED)$/);
        // Before the delivery the proxy has no way to say whose fault it was.
        expect(message).toMatch(/^the (origin|proxy) localhost:/);
      }
    });

    test('content: the page is visibly incomplete, and says why', async () => {
      const { url } = await cutting(60_000);
      for (const client of [through(), world.client({ platform: nodePlatform() })]) {
        const response = await client.fetch(url);
        expect(response.status).toBe(200);
        const { code } = await failureOf(response.arrayBuffer());
        expect(code).toMatch(/^(ORIGIN_GONE|TRUNCATED|TLS_TRUNCATED|CONNECTION_FAILED)$/);
      }
      await expectUp();
    });
  });

  describe('a delivery', () => {
    /** Lets `change` replace what the device gives away. */
    async function delivering(change: (secret: Uint8Array) => Uint8Array, visit: () => Promise<unknown>) {
      const { deliver } = TlsConnection.prototype;
      TlsConnection.prototype.deliver = function (grant) {
        return change(deliver.call(this, grant));
      };
      try {
        return await failureOf(visit());
      } finally {
        TlsConnection.prototype.deliver = deliver;
      }
    }

    test('with a wrong secret', async () => {
      let seen = 0;
      const origin = await world.origin((_, response) => {
        seen++;
        response.end();
      }, limits);
      for (const bit of [0, 1]) {
        const client = through();
        const wrong = (secret: Uint8Array) => {
          secret[bit === 0 ? 3 : secret.length - 3]! ^= 1;
          return secret;
        };
        const { code } = await delivering(wrong, () => client.fetch(origin.url));
        expect(code).toMatch(/^(WRONG_SECRET|BAD_RECORD_MAC|PEER_ALERT)$/);
        await client.close();
        // By the right key for what it sends, and a wrong one for what comes, the request is the client's own to lose: the
        // origin's first record shows it, which may come after the request has gone. Without the right key none goes.
        if (bit === 0) expect(seen).toBe(0);
      }
      expect(seen).toBeLessThanOrEqual(1);
      await expectUp();
    });

    test('with the secret of another session', async () => {
      const origin = await world.origin((_, response) => response.end('fine'), limits);
      let kept: Uint8Array | undefined;
      const first = through();
      const keep = (secret: Uint8Array) => {
        kept = secret.slice();
        return secret;
      };
      await delivering(keep, async () => (await first.fetch(origin.url)).text());
      const second = through();
      const { code } = await delivering(
        () => kept!,
        () => second.fetch(origin.url),
      );
      expect(code).toMatch(/^(WRONG_SECRET|BAD_RECORD_MAC|PEER_ALERT)$/);
      // The session whose secret it was goes on.
      expect(await (await first.fetch(origin.url)).text()).toBe('fine');
    });

    test('too short for its suite', async () => {
      const origin = await world.origin((_, response) => response.end(), limits);
      const client = through();
      const { code } = await delivering(
        (secret) => secret.subarray(1),
        () => client.fetch(origin.url),
      );
      expect(code).toBe('BAD_SECRETS');
    });
  });

  describe('a client that vanishes', () => {
    /** Loses every connection of the device at the first `step`. */
    async function vanishing(step: Step['step']) {
      let open = 0;
      const origin = await world.origin((_, response) => {
        response.write('a beginning');
      }, limits);
      origin.server.on('connection', (socket: Socket) => {
        open++;
        socket.on('close', () => open--);
      });
      const tap = await Tap.to(proxy.port);
      world.onClose(() => tap.close());
      const client = through(
        {
          observer: {
            onStep: (seen) => {
              if (seen.step !== step) return;
              for (const { client, server } of tap.connections) {
                client.destroy();
                server.resetAndDestroy();
              }
            },
          },
        },
        tap,
      );
      const failure = await failureOf(client.fetch(origin.url).then((response) => response.text()));
      await expect.poll(() => [open, proxy.server.sessionCount], { timeout: 5000 }).toEqual([0, 0]);
      await client.close();
      return failure;
    }

    test.each(['tunnel-open', 'origin-verified', 'delivered', 'active', 'request-sent', 'response'] as const)(
      'at %s: the origin is let go, and the session is forgotten',
      async (step) => {
        const { code } = await vanishing(step);
        expect(code).toMatch(
          /^(CONNECTION_FAILED|CLOSED|TLS_TRUNCATED|PROXY_CLOSED|NOT_ACTIVATED|HTTP_[A-Z_]+|SESSION_CLOSED)$/,
        );
        await expectUp();
      },
    );

    test('but for its main session: active sessions go on', async () => {
      const origin = await world.origin((request, response) => response.end(`for ${request.url}`), limits);
      const tap = await Tap.to(proxy.port);
      world.onClose(() => tap.close());
      const client = through({}, tap);
      expect(await (await client.fetch(`${origin.url}/one`)).text()).toBe('for /one');
      tap.connections[0]!.client.destroy();
      tap.connections[0]!.server.destroy();
      await delay(50);
      expect(await (await client.fetch(`${origin.url}/two`)).text()).toBe('for /two');
    });
  });
});

/** A relay that breaks off toward the client after so many bytes of each connection. */
async function cuttingRelay(target: number, bytes: number): Promise<number> {
  const server = createServer((client) => {
    const upstream = connect(target, '127.0.0.1');
    let left = bytes;
    client.pipe(upstream);
    upstream.on('data', (chunk: Buffer) => {
      client.write(chunk.subarray(0, left));
      left -= chunk.length;
      if (left > 0) return;
      client.end();
      upstream.destroy();
    });
    client.on('error', () => upstream.destroy());
    upstream.on('error', () => {});
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  world.onClose(() => server.close());
  return (server.address() as { port: number }).port;
}
