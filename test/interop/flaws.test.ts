// Certificates of every kind that a client must not take, through the whole system: the code of the client, and the
// alert that the other side saw.
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer, type TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type Authority,
  createAuthority,
  type Flaw,
  flaws,
  type Issued,
} from '../../host/cli/demo/authority/authority.js';
import { nodePlatform } from '../../host/index.js';
import { createProxy } from '../../host/proxy/proxy.js';
import { Steps, type TestProxy, TOKEN, World } from '../host/client/world.js';

/** The client's code, and the alert that OpenSSL names at the other side. */
const refusals: Record<Flaw, [code: string, alert: RegExp]> = {
  expired: ['TLS_CERTIFICATE_EXPIRED', /certificate expired/],
  notYetValid: ['TLS_CERTIFICATE_NOT_YET_VALID', /certificate expired/],
  wrongName: ['TLS_CERTIFICATE_HOST_NAME', /bad certificate/],
  selfSigned: ['TLS_UNKNOWN_CA', /unknown ca/],
  unknownAuthority: ['TLS_UNKNOWN_CA', /unknown ca/],
  intermediateExpired: ['TLS_CERTIFICATE_EXPIRED', /certificate expired/],
  intermediateIsNoAuthority: ['TLS_CERTIFICATE_BASIC_CONSTRAINTS', /bad certificate/],
  intermediateWithoutBasicConstraints: ['TLS_CERTIFICATE_BASIC_CONSTRAINTS', /bad certificate/],
  intermediateMayNotSign: ['TLS_CERTIFICATE_KEY_USAGE', /bad certificate/],
  pathLengthExceeded: ['TLS_CERTIFICATE_PATH_LENGTH', /bad certificate/],
  wrongExtendedKeyUsage: ['TLS_CERTIFICATE_EXTENDED_KEY_USAGE', /bad certificate/],
  wrongKeyUsage: ['TLS_CERTIFICATE_KEY_USAGE', /bad certificate/],
  unknownCriticalExtension: ['TLS_CERTIFICATE_CRITICAL_EXTENSION', /unsupported certificate/],
  nameConstraintViolation: ['TLS_CERTIFICATE_NAME_CONSTRAINTS', /bad certificate/],
  sha1Signature: ['TLS_CERTIFICATE_WEAK_SIGNATURE', /unsupported certificate/],
  md5Signature: ['TLS_CERTIFICATE_WEAK_SIGNATURE', /unsupported certificate/],
  weakKey: ['TLS_CERTIFICATE_WEAK_KEY', /unsupported certificate/],
  brokenSignature: ['TLS_CERTIFICATE_SIGNATURE', /bad certificate/],
};

let world: World;
let rsa: Authority;
let proxy: TestProxy;
const roots = () => world.authority.root.pem + rsa.root.pem;
const flawed = new Map<Flaw, Issued>();

beforeAll(async () => {
  world = await World.create();
  rsa = await createAuthority({ name: 'Throw-away root with RSA', keyType: 'rsa-2048' });
  proxy = await world.proxy();
  for (const flaw of flaws) {
    const authority = flaw === 'md5Signature' ? rsa : world.authority;
    // OpenSSL itself serves no ECDSA certificate that may not sign.
    const keyType = flaw === 'wrongKeyUsage' ? 'rsa-2048' : 'ec-p256';
    flawed.set(flaw, await authority.issue({ names: ['localhost'], keyType, flaw }));
  }
});
afterAll(() => world.close());

interface Watched {
  port: number;
  /** What OpenSSL said about failed handshakes and broken connections. */
  errors: string[];
  /** Bytes of applications that came in spite of all. */
  received: Buffer[];
}

/** A TLS server with this certificate, at security level 0, where OpenSSL serves even the weak ones. */
async function watched(issued: Issued, version: '1.2' | '1.3', protocols: string[]): Promise<Watched> {
  const errors: string[] = [];
  const received: Buffer[] = [];
  const tlsVersion = `TLSv${version}` as const;
  const server = createServer(
    {
      cert: issued.chainPem,
      key: issued.keyPem,
      minVersion: tlsVersion,
      maxVersion: tlsVersion,
      ciphers: 'DEFAULT:@SECLEVEL=0',
      ALPNProtocols: protocols,
    },
    (socket: TLSSocket) => {
      // TLS 1.3: this side is done before the client has judged.
      socket.on('error', (error) => errors.push(error.message));
      socket.on('data', (bytes: Buffer) => received.push(bytes));
    },
  );
  server.on('tlsClientError', (error) => errors.push(error.message));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  world.onClose(() => server.close());
  return { port: (server.address() as AddressInfo).port, errors, received };
}

describe.each(['1.2', '1.3'] as const)('an origin over TLS %s whose certificate is wrong', (version) => {
  test.each(flaws)('%s', async (flaw) => {
    const origin = await watched(flawed.get(flaw)!, version, ['http/1.1']);
    const [code, alert] = refusals[flaw];
    for (const delegated of [true, false]) {
      origin.errors.length = 0;
      const steps = new Steps();
      const options = { platform: nodePlatform(), roots: roots(), observer: steps };
      const client = delegated ? world.through(proxy, options) : world.client(options);
      const failure = await client.fetch(`https://localhost:${origin.port}/`).catch((error) => error);
      expect(failure).toMatchObject({ code, message: expect.stringContaining('the origin localhost') });
      await expect.poll(() => origin.errors.join()).toMatch(alert);
      // Nothing was delivered, and nothing asked.
      expect(
        steps.names.filter((name) => ['delivered', 'origin-verified', 'request-sent'].includes(name)),
      ).toEqual([]);
      await client.close();
    }
    expect(origin.received).toEqual([]);
  });
});

describe('a proxy whose certificate is wrong', () => {
  test.each(flaws)('%s: it learns nothing', async (flaw) => {
    const liar = await watched(flawed.get(flaw)!, '1.3', ['deputy/2', 'http/1.1']);
    const [code, alert] = refusals[flaw];
    const client = world.client({
      platform: nodePlatform(),
      proxy: { host: 'localhost', port: liar.port, roots: roots(), token: TOKEN },
      policy: { rules: [{ origin: '*', decision: 'session' }] },
    });
    const failure = await client.fetch('https://localhost:1/').catch((error) => error);
    expect(failure).toMatchObject({ code, message: expect.stringContaining('the proxy localhost') });
    await expect.poll(() => liar.errors.join()).toMatch(alert);
    expect(liar.received).toEqual([]);
  });

  test('a real proxy with a certificate for another name', async () => {
    const issued = await world.authority.issue({ names: ['localhost'], flaw: 'wrongName' });
    const liar = createProxy({
      tls: { certificate: issued.chainPem, key: issued.keyPem },
      tokens: [{ name: 'tests', token: TOKEN }],
    });
    const greeted: unknown[] = [];
    liar.events.on('mainSession', (event) => greeted.push(event));
    const { port } = await liar.listen(0);
    world.onClose(() => liar.close());
    const client = world.through({ port }, { platform: nodePlatform() });
    await expect(client.fetch('https://localhost:1/')).rejects.toMatchObject({
      code: 'TLS_CERTIFICATE_HOST_NAME',
    });
    expect(greeted).toEqual([]);
  });
});
