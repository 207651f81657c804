// Every server, version, suite, key type, with and without client certificates and resumption: servers that nobody
// here wrote, each of which tells what it saw.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type Authority,
  createAuthority,
  type Issued,
  type KeyType,
} from '../../host/cli/demo/authority/authority.js';
import { isInstalled } from '../../host/cli/demo/origins.js';
import { type DeputyClient, type DeputyClientOptions, nodePlatform } from '../../host/index.js';
import { findAddon } from '../../host/platform/node/programs.js';
import { type TestProxy, World } from '../host/client/world.js';
import {
  type RealServer,
  type ServerKey,
  type Suite,
  seenBy,
  serverKeys,
  startTelling,
  suites,
  suitesOf,
} from './suites.js';

let world: World;
let proxy: TestProxy;
let clientAuthority: Authority;
const identities = new Map<KeyType, Issued>();
const certificates = new Map<KeyType, Issued>();
const clientKeys: KeyType[] = ['ec-p256', 'ec-p384', 'rsa-2048'];
const serverKinds: RealServer[] = ['openssl', 'gnutls', 'nginx'];

beforeAll(async () => {
  world = await World.create();
  proxy = await world.proxy();
  clientAuthority = await createAuthority();
  for (const keyType of clientKeys) {
    identities.set(keyType, await clientAuthority.issue({ names: ['handheld'], keyType, isClient: true }));
  }
  for (const { type } of serverKeys) {
    certificates.set(type, await world.authority.issue({ names: ['localhost'], keyType: type }));
  }
});
afterAll(() => world.close());

const addon = findAddon();
const engine = 'addon' in addon ? 'wasm3' : 'v8';
if ('reason' in addon) test.skip(`all of this on wasm3 (${addon.reason})`, () => {});

/** One client for one suite alone. */
function clientFor(
  suite: Suite,
  options: { engine: 'wasm3' | 'v8'; identity?: Issued | undefined; delegated: boolean },
): DeputyClient {
  const version = suite.version === '1.3' ? 0x0304 : 0x0303;
  const { identity, delegated } = options;
  const rest: Partial<DeputyClientOptions> = {
    platform: nodePlatform({ engine: options.engine }),
    tls: { cipherSuites: [suite.id], minVersion: version, maxVersion: version },
    ...(identity && { identity: { certificate: identity.chainPem, key: identity.keyPem } }),
  };
  return delegated ? world.through(proxy, rest) : world.client(rest);
}

/** A server that takes one signature scheme alone takes it of the client, too. */
const clientKey = (key: ServerKey, n: number): KeyType =>
  key.only === undefined ? clientKeys[n % clientKeys.length]! : 'rsa-2048';

/** One page over a connection of its own: what the server saw, and what the client did. */
async function visit(client: DeputyClient, kind: RealServer, port: number) {
  const response = await client.request(`https://localhost:${port}/`);
  let page = '';
  for await (const chunk of response.body) page += Buffer.from(chunk).toString('latin1');
  return { status: response.status, session: response.session, seen: seenBy(kind, page) };
}

/** A full handshake and a resumed one; everything about them must be as both sides say. */
async function visitTwice(
  client: DeputyClient,
  kind: RealServer,
  port: number,
  suite: Suite,
  expected: { delegated: boolean; clientCertificate: boolean; resumes: boolean },
): Promise<void> {
  const first = await visit(client, kind, port);
  const second = await visit(client, kind, port);
  for (const { status, session, seen } of [first, second]) {
    expect(status).toBe(200);
    expect(session.delegated).toBe(expected.delegated);
    expect([session.tls.version, session.tls.cipherSuite]).toEqual([
      suite.version === '1.3' ? 0x0304 : 0x0303,
      suite.id,
    ]);
    expect(seen.version).toBe(suite.version);
    if (seen.suite !== '') expect(seen.suite).toBe(suite.name);
    if (seen.resumed !== undefined) expect(seen.resumed).toBe(session.tls.resumed);
    expect(seen.clientCertificate).toBe(expected.clientCertificate);
  }
  expect(first.session.tls.resumed).toBe(false);
  if (!expected.resumes) return;
  expect(second.session.tls.resumed).toBe(true);
  expect(second.seen.session).toBe(first.seen.session);
}

describe.each(serverKinds)('%s', (kind) => {
  describe.skipIf(!isInstalled(kind))(isInstalled(kind) ? 'as origin' : 'is not installed', () => {
    describe.each(serverKeys)('with $name', (key) => {
      const index = serverKeys.indexOf(key);

      test('every suite, full and resumed', async () => {
        const server = await startTelling(kind, key, certificates.get(key.type)!);
        try {
          for (const suite of suitesOf(key)) {
            const client = clientFor(suite, { engine, delegated: false });
            const expected = { delegated: false, clientCertificate: false, resumes: true };
            await visitTwice(client, kind, server.port, suite, expected);
            await client.close();
          }
        } finally {
          await server.stop();
        }
      });

      test('every suite with a client certificate, full and resumed', async () => {
        const server = await startTelling(kind, key, certificates.get(key.type)!, clientAuthority.root.pem);
        try {
          for (const [i, suite] of suitesOf(key).entries()) {
            const identity = identities.get(clientKey(key, i + index));
            const client = clientFor(suite, { engine, identity, delegated: false });
            const expected = { delegated: false, clientCertificate: true, resumes: true };
            await visitTwice(client, kind, server.port, suite, expected);
            await client.close();
          }
          const stranger = clientFor(suitesOf(key)[0]!, { engine, delegated: false });
          // nginx lets the handshake pass and answers 400. GnuTLS closes with the request unread: that resets the
          // connection, and its alert may be lost with it.
          const outcome = await visit(stranger, kind, server.port).then(
            ({ status }) => String(status),
            (error: { code?: string }) => error.code,
          );
          expect(outcome).toMatch(
            { nginx: /^400$/, openssl: /^TLS_PEER_ALERT$/, gnutls: /^(TLS_PEER_ALERT|CONNECTION_FAILED)$/ }[
              kind
            ],
          );
        } finally {
          await server.stop();
        }
      });

      test('a suite of each version on V8', async () => {
        const server = await startTelling(kind, key, certificates.get(key.type)!);
        const [some] = suitesOf(key);
        const chosen = [some!, suitesOf(key).at(-1)!];
        try {
          for (const suite of chosen) {
            const client = clientFor(suite, { engine: 'v8', delegated: false });
            const expected = { delegated: false, clientCertificate: false, resumes: true };
            await visitTwice(client, kind, server.port, suite, expected);
          }
        } finally {
          await server.stop();
        }
      });
    });

    test.each([
      ['P-256', 0],
      ['RSA-2048', 3],
    ] as const)('over a delegated session, every suite with %s', async (_, index) => {
      const key = serverKeys[index]!;
      const server = await startTelling(kind, key, certificates.get(key.type)!);
      try {
        for (const suite of suitesOf(key)) {
          const client = clientFor(suite, { engine, delegated: true });
          // After TLS 1.3 tickets may reach the proxy instead: its device then shakes hands anew.
          const expected = { delegated: true, clientCertificate: false, resumes: suite.version === '1.2' };
          await visitTwice(client, kind, server.port, suite, expected);
          await client.close();
        }
      } finally {
        await server.stop();
      }
    });

    test.each(serverKeys)('over a delegated session with a client certificate, $name', async (key) => {
      const server = await startTelling(kind, key, certificates.get(key.type)!, clientAuthority.root.pem);
      try {
        for (const [i, suite] of [suitesOf(key)[0]!, suitesOf(key).at(-1)!].entries()) {
          const identity = identities.get(clientKey(key, i));
          const client = clientFor(suite, { engine, identity, delegated: true });
          const expected = { delegated: true, clientCertificate: true, resumes: suite.version === '1.2' };
          await visitTwice(client, kind, server.port, suite, expected);
          await client.close();
        }
      } finally {
        await server.stop();
      }
    });
  });
});

test('the matrix holds each suite of issue and design, under each key that can speak it', () => {
  expect(suites.filter(({ version }) => version === '1.3')).toHaveLength(3);
  expect(suites.filter(({ version }) => version === '1.2')).toHaveLength(14);
  for (const suite of suites) {
    const keys = serverKeys.filter((key) => suitesOf(key).includes(suite));
    expect(keys.length).toBe(suite.version === '1.3' ? 4 : suite.key === 'ECDSA' ? 2 : 3);
  }
});
