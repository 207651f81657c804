import { createHmac } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { createAuthority } from '../../../../host/cli/demo/authority/authority.js';
import { Grant } from '../../../../host/delegation/grant.js';
import { OriginAuthorities } from '../../../../host/proxy/handshake/authorities.js';
import {
  type ExaminedSession,
  examine,
  type HandshakeKeys,
} from '../../../../host/proxy/handshake/examine.js';
import type { Target } from '../../../../host/proxy/handshake/identify.js';
import { IssuedTickets } from '../../../../host/proxy/handshake/issued_tickets.js';
import { handshakeSecretsOf } from '../../../../host/proxy/handshake/tls13.js';
import { Tls13Cipher } from '../../../../host/proxy/record/aead.js';
import { hkdfExpandLabel } from '../../../../host/proxy/record/key_schedule.js';
import { sessionKeys } from '../../../../host/proxy/record/session_keys.js';
import { MAC_LENGTH, suiteOf } from '../../../../host/proxy/record/suite.js';
import { testAuthority } from '../bench.js';
import { type Recorded, record, secretOf, withRecords } from './recorded.js';

const TARGET = { host: 'origin.test', port: 443 };
const { authority } = await testAuthority();
const trustOf = (pem = authority.root.pem) => {
  const authorities = new OriginAuthorities(pem);
  return { authorities, issued: new IssuedTickets(authorities) };
};

interface Wish {
  target?: Target;
  trust?: ReturnType<typeof trustOf>;
  /** Of another session, or bent. */
  handshakeSecrets?: Buffer;
  grant?: Grant.Session | Grant.Full;
}

function keysOf(recorded: Recorded, grant: Grant) {
  const secrets =
    recorded.version === 0x0304
      ? Buffer.concat([
          secretOf(recorded, 'CLIENT_TRAFFIC_SECRET_0'),
          secretOf(recorded, 'SERVER_TRAFFIC_SECRET_0'),
        ])
      : secretOf(recorded, 'CLIENT_RANDOM');
  return sessionKeys({ grant, secrets }, recorded);
}

const handshakeSecrets = (recorded: Recorded) =>
  Buffer.concat([
    secretOf(recorded, 'CLIENT_HANDSHAKE_TRAFFIC_SECRET'),
    secretOf(recorded, 'SERVER_HANDSHAKE_TRAFFIC_SECRET'),
  ]);

function readingOf(recorded: Recorded, { handshakeSecrets: given }: Wish): HandshakeKeys {
  const suite = suiteOf(recorded.cipherSuite);
  if (suite === undefined) throw new Error('no such suite');
  if (recorded.version === 0x0304) {
    const secrets = handshakeSecretsOf(suite, given ?? handshakeSecrets(recorded));
    return secrets && { suite, secrets };
  }
  return { keys: keysOf(recorded, Grant.Full), masterSecret: secretOf(recorded, 'CLIENT_RANDOM') };
}

function look(recorded: Recorded, wish: Wish = {}): Promise<ExaminedSession> {
  const { target = TARGET, trust = trustOf() } = wish;
  const keys = keysOf(recorded, recorded.version === 0x0304 ? Grant.Session : Grant.Full);
  return examine(recorded.records, readingOf(recorded, wish), keys, target, trust);
}

const versions = ['TLSv1.2', 'TLSv1.3'] as const;
const only = (version: (typeof versions)[number]) => ({ minVersion: version, maxVersion: version });

describe.each(versions)('a handshake of %s', (version) => {
  const both = { client: only(version), origin: only(version) };
  const isTls13 = version === 'TLSv1.3';

  test('is verified by the name that was asked for', async () => {
    const recorded = await record({
      client: { ...both.client, ALPNProtocols: ['http/1.1'] },
      origin: { ...both.origin, ALPNProtocols: ['http/1.1'] },
    });
    expect(await look(recorded)).toMatchObject({
      kind: 'verified',
      identity: { host: 'origin.test', port: 443, clientCertificate: '' },
      facts: { serverName: 'origin.test', alpn: 'http/1.1' },
    });
    expect(await look(recorded, { target: { host: 'Origin.Test.', port: 443 } })).toMatchObject({
      kind: 'verified',
      identity: { host: 'origin.test' },
    });
  });

  test.each([
    ['another name in CONNECT', { target: { host: 'localhost', port: 443 } }],
    ['an address in CONNECT', { target: { host: '127.0.0.1', port: 443 } }],
  ])('is complete, but not verified, with %s', async (_, wish) => {
    expect(await look(await record(both), wish)).toMatchObject({ kind: 'complete' });
  });

  test('with an address is verified without a name', async () => {
    const recorded = await record({ ...both, client: { ...both.client, servername: '' } });
    expect(await look(recorded, { target: { host: '127.0.0.1', port: 443 } })).toMatchObject({
      kind: 'verified',
    });
    expect(await look(recorded)).toMatchObject({ kind: 'complete' });
  });

  test('is not verified by roots of others, by a certificate for another name, or by one of nobody', async () => {
    const other = await (await import('../../../../host/cli/demo/authority/authority.js')).createAuthority();
    expect(await look(await record(both), { trust: trustOf(other.root.pem) })).toMatchObject({
      kind: 'complete',
      unverified: expect.stringContaining('root'),
    });
    const wrong = await authority.issue({ names: ['elsewhere.test'] });
    const shown = await record({
      client: { ...both.client, rejectUnauthorized: false },
      origin: { ...both.origin, cert: wrong.chainPem, key: wrong.keyPem },
    });
    expect(await look(shown)).toMatchObject({ kind: 'complete' });
  });

  test.each(['rsa-2048', 'ec-p256', 'ec-p384'] as const)('is verified with a key of %s', async (keyType) => {
    const issued = await authority.issue({ names: ['origin.test'], keyType });
    const recorded = await record({
      ...both,
      origin: { ...both.origin, cert: issued.chainPem, key: issued.keyPem },
    });
    expect(await look(recorded)).toMatchObject({ kind: 'verified' });
  });

  test("with a client's certificate is verified, and names it", async () => {
    const own = await authority.issue({ names: ['me'], isClient: true });
    const recorded = await record({
      client: { ...both.client, cert: own.chainPem, key: own.keyPem },
      origin: { ...both.origin, requestCert: true, ca: authority.root.pem, rejectUnauthorized: true },
    });
    const examined = await look(recorded);
    expect(examined).toMatchObject({ kind: 'verified' });
    expect(examined.kind === 'verified' && examined.identity.clientCertificate).toMatch(/^[0-9a-f]{64}$/);
    const without = await record({
      client: both.client,
      origin: { ...both.origin, requestCert: true, ca: authority.root.pem, rejectUnauthorized: false },
    });
    expect(await look(without)).toMatchObject({ kind: 'verified', identity: { clientCertificate: '' } });
  });

  test('is unseen where the client said more, whatever it was', async () => {
    const recorded = await record({ ...both, says: 'x' });
    expect(await look(recorded)).toMatchObject({ kind: 'unseen' });
    const { client } = (await record(both)).records;
    const record3 = await record(both);
    for (const extra of [
      Buffer.from([20, 3, 3, 0, 1, 1]),
      Buffer.from([21, 3, 3, 0, 2, 1, 0]),
      Buffer.from([22, 3, 3, 0, 0]),
      Buffer.from([23, 3, 3, 0, 0]),
      Buffer.from([24, 3, 3, 0, 1, 1]),
    ]) {
      const bent = withRecords(record3, { client: [...record3.records.client, extra] });
      expect(await look(bent)).toMatchObject({ kind: 'unseen' });
    }
    expect(client.length).toBeGreaterThan(2);
  });

  test('is unseen where something stands between its messages', async () => {
    const recorded = await record(both);
    const { client } = recorded.records;
    for (const extra of [
      Buffer.from([21, 3, 3, 0, 2, 1, 0]),
      Buffer.from([22, 3, 3, 0, 0]),
      Buffer.from([24, 3, 3, 0, 1, 1]),
    ]) {
      for (let at = 1; at < client.length; at++) {
        const bent = withRecords(recorded, { client: [...client.slice(0, at), extra, ...client.slice(at)] });
        const examined = await look(bent).catch(({ code }) => ({ kind: code }));
        expect(['unseen', 'WRONG_SECRET']).toContain(examined.kind);
      }
    }
  });

  test('is unseen where it is not whole, and where more passed than is kept', async () => {
    const recorded = await record(both);
    const { client, origin } = recorded.records;
    const short = withRecords(recorded, { client: client.slice(0, -1) });
    expect(await look(short)).toMatchObject({ kind: 'unseen' });
    const begun = withRecords(recorded, { origin: origin.slice(0, 1) });
    expect(await look(begun)).toMatchObject({ kind: 'unseen' });
    const keys = keysOf(recorded, isTls13 ? Grant.Session : Grant.Full);
    const examined = await examine(undefined, readingOf(recorded, {}), keys, TARGET, trustOf());
    expect(examined).toMatchObject({ kind: 'unseen', facts: undefined });
  });

  test('is unseen where the origin spoke first', async () => {
    const server = await record({ ...both, origin: { ...both.origin } });
    const keys = keysOf(server, isTls13 ? Grant.Session : Grant.Full);
    const { origin } = server.records;
    const sequence = isTls13 ? origin.length - (await originEnd(server)) : 1;
    const banner = keys.cipher('origin', { sequence }).seal(23, Buffer.from('220 hello'));
    expect(await look(withRecords(server, { origin: [...origin, banner] }))).toMatchObject({
      kind: 'unseen',
      unverified: expect.stringContaining('application data'),
    });
  });

  async function originEnd(recorded: Recorded): Promise<number> {
    const examined = await look(recorded);
    return examined.facts?.originEnd ?? 0;
  }

  test('resumed, is whose ticket it uses, where that was seen to be verified', async () => {
    const trust = trustOf();
    const keysOfTickets = Buffer.alloc(48, 7);
    const origin = { ...both.origin, ticketKeys: keysOfTickets };
    const first = await record({ client: both.client, origin });
    expect(await look(first, { trust })).toMatchObject({ kind: 'verified' });
    const again = await record({ client: { ...both.client, session: first.session }, origin });
    expect(await look(again, { trust })).toMatchObject({
      kind: 'verified',
      identity: { host: 'origin.test' },
    });
    expect(await look(again)).toMatchObject({
      kind: 'complete',
      unverified: expect.stringContaining('did not see'),
    });
    expect(await look(again, { trust, target: { host: 'origin.test', port: 444 } })).toMatchObject({
      kind: 'complete',
    });
    // One that other roots vouched for is as good as one that nobody saw, and so is its chain.
    const other = (await createAuthority()).root.pem;
    trust.authorities.replace(other);
    expect(await look(again, { trust })).toMatchObject({ kind: 'complete' });
    expect(await look(first, { trust })).toMatchObject({ kind: 'complete' });
    expect(() => trust.authorities.replace('no certificate')).toThrow(TypeError);
    trust.authorities.replace(authority.root.pem);
    expect(await look(again, { trust })).toMatchObject({ kind: 'verified' });
    // One that was not verified vouches for none.
    const stranger = trustOf();
    await look(first, { trust: stranger, target: { host: 'other.test', port: 443 } });
    expect(await look(again, { trust: stranger })).toMatchObject({ kind: 'complete' });
  });
});

describe('TLS 1.3', () => {
  const both = { client: only('TLSv1.3'), origin: only('TLSv1.3') };

  test.each(['TLS_AES_128_GCM_SHA256', 'TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256'])(
    'is verified with %s',
    async (ciphers) => {
      expect(await look(await record({ client: { ...both.client, ciphers } }))).toMatchObject({
        kind: 'verified',
      });
    },
  );

  test('is verified after a HelloRetryRequest, and unseen where the second hello names another', async () => {
    const recorded = await record({
      client: { ...both.client, ecdhCurve: 'X25519:P-384' },
      origin: { ...both.origin, ecdhCurve: 'P-384' },
    });
    expect(recorded.records.client.filter(([type]) => type === 22)).toHaveLength(2);
    expect(await look(recorded)).toMatchObject({ kind: 'verified' });
    const client = recorded.records.client.map((each) => Buffer.from(each));
    const second = client.filter(([type]) => type === 22)[1];
    second?.write('other1.test', second.indexOf('origin.test'));
    expect(await look(withRecords(recorded, { client }))).toMatchObject({ kind: 'unseen' });
  });

  test('needs its handshake secrets, and refuses wrong ones', async () => {
    const recorded = await record(both);
    expect(await look(recorded, { handshakeSecrets: Buffer.alloc(3) })).toMatchObject({ kind: 'unseen' });
    for (const at of [0, 47, 48, 95]) {
      const wrong = Buffer.from(handshakeSecrets(recorded));
      wrong[at % wrong.length] = (wrong[at % wrong.length] ?? 0) ^ 1;
      await expect(look(recorded, { handshakeSecrets: wrong })).rejects.toMatchObject({
        code: 'WRONG_SECRET',
      });
    }
  });

  /** The client's flight anew: `messages` cut as told, and sealed under its handshake keys. */
  function resealed(
    recorded: Recorded,
    cut: (flight: Buffer) => readonly (readonly [number, Buffer])[],
  ): Recorded {
    const suite = suiteOf(recorded.cipherSuite);
    if (suite === undefined) throw new Error('no such suite');
    const secret = secretOf(recorded, 'CLIENT_HANDSHAKE_TRAFFIC_SECRET');
    const opening = new Tls13Cipher(suite, { secret }, 0);
    const sealing = new Tls13Cipher(suite, { secret }, 0);
    const { client } = recorded.records;
    const start = client.findIndex(([type]) => type === 23);
    const flight = Buffer.concat(client.slice(start).map((each) => opening.open(each).content));
    const sealed = cut(flight).map(([type, content]) => sealing.seal(type, content));
    return withRecords(recorded, { client: [...client.slice(0, start), ...sealed] });
  }

  test('is verified however its flight is cut into records', async () => {
    const own = await authority.issue({ names: ['me'], isClient: true });
    const recorded = await record({
      client: { ...both.client, cert: own.chainPem, key: own.keyPem },
      origin: { ...both.origin, requestCert: true, ca: authority.root.pem },
    });
    const pieces = (size: number) => (flight: Buffer) =>
      Array.from(
        { length: Math.ceil(flight.length / size) },
        (_, i) => [22, flight.subarray(i * size, (i + 1) * size)] as const,
      );
    for (const size of [1, 3, 7, 100, 16_384]) {
      expect(await look(resealed(recorded, pieces(size)))).toMatchObject({ kind: 'verified' });
    }
  });

  test.each<[string, (flight: Buffer) => readonly (readonly [number, Buffer])[]]>([
    [
      'application data before it',
      (flight) => [
        [23, Buffer.from('GET /')],
        [22, flight],
      ],
    ],
    [
      'application data within it',
      (flight) => [
        [22, flight.subarray(0, 5)],
        [23, Buffer.from('x')],
        [22, flight.subarray(5)],
      ],
    ],
    [
      'application data behind it',
      (flight) => [
        [22, flight],
        [23, Buffer.from('x')],
      ],
    ],
    [
      'an alert in it',
      (flight) => [
        [21, Buffer.from([1, 90])],
        [22, flight],
      ],
    ],
    [
      'an empty record in it',
      (flight) => [
        [22, Buffer.alloc(0)],
        [22, flight],
      ],
    ],
    [
      'a message behind Finished in its record',
      (flight) => [[22, Buffer.concat([flight, Buffer.from([24, 0, 0, 1, 0])])]],
    ],
    ['half a message behind Finished', (flight) => [[22, Buffer.concat([flight, Buffer.from([24])])]]],
    [
      'a KeyUpdate before it',
      (flight) => [
        [22, Buffer.from([24, 0, 0, 1, 0])],
        [22, flight],
      ],
    ],
    [
      'two Finished',
      (flight) => [
        [22, flight],
        [22, flight],
      ],
    ],
    [
      'a certificate that nobody asked for',
      (flight) => [
        [22, Buffer.from([11, 0, 0, 4, 0, 0, 0, 0])],
        [22, flight],
      ],
    ],
    [
      'another Finished',
      (flight) => [[22, Buffer.concat([flight.subarray(0, -1), Buffer.from([flight.at(-1)! ^ 1])])]],
    ],
  ])('is unseen with %s', async (_, cut) => {
    expect(await look(resealed(await record(both), cut))).toMatchObject({ kind: 'unseen' });
  });

  test('is not verified where the signature is of other content', async () => {
    // A server's flight made anew by who has its handshake secret: Finished verifies, CertificateVerify does not.
    const recorded = await record(both);
    const suite = suiteOf(recorded.cipherSuite);
    if (suite === undefined) throw new Error('no such suite');
    const secret = secretOf(recorded, 'SERVER_HANDSHAKE_TRAFFIC_SECRET');
    const opening = new Tls13Cipher(suite, { secret }, 0);
    const { client, origin } = recorded.records;
    const start = origin.findIndex(([type]) => type === 23);
    const contents: Buffer[] = [];
    let end = start;
    for (
      ;
      !Buffer.concat(contents)
        .subarray(-4 - MAC_LENGTH[suite.hash])
        .subarray(0, 1)
        .equals(Buffer.from([20]));
      end++
    ) {
      const next = origin[end];
      if (next === undefined) throw new Error('no Finished');
      contents.push(opening.open(next).content);
    }
    const flight = Buffer.concat(contents);
    const body = flight.subarray(0, -4 - MAC_LENGTH[suite.hash]);
    // The last byte of the signature.
    body.writeUInt8(body.readUInt8(body.length - 1) ^ 1, body.length - 1);
    const clear = [client[0], origin[0]].map((each) => (each ?? Buffer.alloc(5)).subarray(5));
    const { createHash } = await import('node:crypto');
    const transcript = createHash(suite.hash).update(Buffer.concat([...clear, body]));
    const key = hkdfExpandLabel(suite.hash, secret, 'finished', MAC_LENGTH[suite.hash]);
    const finished = createHmac(suite.hash, key).update(transcript.digest()).digest();
    const message = Buffer.concat([body, Buffer.from([20, 0, 0, finished.length]), finished]);
    const sealing = new Tls13Cipher(suite, { secret }, 0);
    const bent = withRecords(recorded, {
      origin: [...origin.slice(0, start), sealing.seal(22, message), ...origin.slice(end)],
    });
    // The client's Finished is over the other transcript: nothing is left to believe.
    expect(await look(bent)).toMatchObject({ kind: 'unseen' });
  });
});

describe('TLS 1.2', () => {
  const both = { client: only('TLSv1.2'), origin: only('TLSv1.2') };

  test.each([
    'ECDHE-RSA-AES128-GCM-SHA256',
    'ECDHE-RSA-CHACHA20-POLY1305',
    'ECDHE-RSA-AES256-SHA384',
    'ECDHE-RSA-AES128-SHA',
    'DHE-RSA-AES128-GCM-SHA256',
  ])('is verified with %s', async (ciphers) => {
    const issued = await authority.issue({ names: ['origin.test'], keyType: 'rsa-2048' });
    const recorded = await record({
      client: { ...both.client, ciphers },
      origin: { ...both.origin, ciphers, cert: issued.chainPem, key: issued.keyPem, dhparam: 'auto' },
    });
    expect(await look(recorded)).toMatchObject({ kind: 'verified' });
  });

  test('is complete, but proves nobody, where RSA carries the key', async () => {
    const issued = await authority.issue({ names: ['origin.test'], keyType: 'rsa-2048' });
    const ciphers = 'AES128-GCM-SHA256';
    const recorded = await record({
      client: { ...both.client, ciphers },
      origin: { ...both.origin, ciphers, cert: issued.chainPem, key: issued.keyPem },
    });
    expect(await look(recorded)).toMatchObject({ kind: 'complete' });
  });

  test('is not verified where its key exchange was signed for another handshake', async () => {
    const recorded = await record(both);
    const origin = recorded.records.origin.map((each) => Buffer.from(each));
    // Another server random: the signature covers it, and so does Finished.
    const hello = origin[0];
    hello?.writeUInt8(hello.readUInt8(20) ^ 1, 20);
    await expect(look(withRecords(recorded, { origin }))).resolves.toMatchObject({ kind: 'unseen' });
  });
});
