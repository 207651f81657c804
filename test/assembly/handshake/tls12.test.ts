// TLS 1.2 against servers that nobody here wrote.
import { beforeAll, describe, expect, test } from 'vitest';
import { Alert, ErrorCode } from '../../../assembly/alert.js';
import { Flag, Grant } from '../../../assembly/handshake/protocol.js';
import { type Authority, createAuthority, type Issued } from '../../../host/cli/demo/authority/authority.js';
import { programs } from '../programs.js';
import { Call, Device, type DeviceOptions } from './device.js';
import { gnutls, node, type Origin, openssl } from './origins.js';

let authority: Authority;
let clientAuthority: Authority;
const issued: Record<string, Issued> = {};
beforeAll(async () => {
  authority = await createAuthority({ keyType: 'ec-p256' });
  clientAuthority = await createAuthority({ keyType: 'ec-p256' });
  for (const keyType of ['ec-p256', 'ec-p384', 'rsa-2048'] as const)
    issued[keyType] = await authority.issue({ names: ['origin.test'], keyType });
});

/** Number, OpenSSL's name, GnuTLS's cipher and MAC. */
const suites: [string, number, string, string][] = [
  ['ECDHE-ECDSA-AES128-GCM-SHA256', 0xc02b, '+AES-128-GCM', '+AEAD'],
  ['ECDHE-ECDSA-AES256-GCM-SHA384', 0xc02c, '+AES-256-GCM', '+AEAD'],
  ['ECDHE-ECDSA-CHACHA20-POLY1305', 0xcca9, '+CHACHA20-POLY1305', '+AEAD'],
  ['ECDHE-ECDSA-AES128-SHA256', 0xc023, '+AES-128-CBC', '+SHA256'],
  ['ECDHE-ECDSA-AES256-SHA384', 0xc024, '+AES-256-CBC', '+SHA384'],
  ['ECDHE-ECDSA-AES128-SHA', 0xc009, '+AES-128-CBC', '+SHA1'],
  ['ECDHE-ECDSA-AES256-SHA', 0xc00a, '+AES-256-CBC', '+SHA1'],
  ['ECDHE-RSA-AES128-GCM-SHA256', 0xc02f, '+AES-128-GCM', '+AEAD'],
  ['ECDHE-RSA-AES256-GCM-SHA384', 0xc030, '+AES-256-GCM', '+AEAD'],
  ['ECDHE-RSA-CHACHA20-POLY1305', 0xcca8, '+CHACHA20-POLY1305', '+AEAD'],
  ['ECDHE-RSA-AES128-SHA256', 0xc027, '+AES-128-CBC', '+SHA256'],
  ['ECDHE-RSA-AES256-SHA384', 0xc028, '+AES-256-CBC', '+SHA384'],
  ['ECDHE-RSA-AES128-SHA', 0xc013, '+AES-128-CBC', '+SHA1'],
  ['ECDHE-RSA-AES256-SHA', 0xc014, '+AES-256-CBC', '+SHA1'],
];

const old = 'NORMAL:-VERS-ALL:+VERS-TLS1.2';

describe.each(await programs('client'))('TLS 1.2 on %s', (_, bench) => {
  const device = (options: DeviceOptions = {}) =>
    new Device(bench, { roots: [authority.root.der], versions: [0x0303, 0x0304], ...options });

  async function exchange(origin: Origin, options: DeviceOptions, answer: string): Promise<Call> {
    const call = await Call.open(device(options), origin.port);
    await call.handshake();
    call.write('hello\n');
    await call.expectText(answer);
    expect(call.device.get('negotiatedVersion')).toBe(0x0303);
    return call;
  }

  test.each(suites)(
    'speaks %s with OpenSSL and GnuTLS, with and without encrypt-then-MAC',
    async (name, suite, cipher, mac) => {
      const cert = issued[name.includes('ECDSA') ? 'ec-p256' : 'rsa-2048']!;
      const isCbc = name.includes('-SHA') && !name.includes('GCM');
      const priority = `NONE:+VERS-TLS1.2:+ECDHE-${name.includes('ECDSA') ? 'ECDSA' : 'RSA'}:${cipher}:${mac}:+COMP-NULL:+SIGN-ALL:+GROUP-ALL:+CTYPE-X509`;
      const origins: [Origin, string][] = [
        [await openssl(cert, ['-rev', '-tls1_2', '-cipher', `${name}:@SECLEVEL=0`]), 'olleh'],
        [await gnutls(cert, priority), 'hello'],
      ];
      if (isCbc) origins.push([await gnutls(cert, `${priority}:%NO_ETM`), 'hello']);
      for (const [origin, answer] of origins) {
        const call = await exchange(origin, {}, answer);
        expect(call.device.get('negotiatedSuite')).toBe(suite);
        expect(call.device.get('extendedMasterSecret')).toBe(1);
        call.close();
        await origin.stop();
      }
    },
  );

  test.each([
    ['AES128-CCM', 0xc0ac],
    ['AES256-CCM', 0xc0ad],
    ['AES128-CCM8', 0xc0ae],
    ['AES256-CCM8', 0xc0af],
  ])('speaks ECDHE-ECDSA-%s, which is not offered by default', async (name, suite) => {
    const origin = await openssl(issued['ec-p256']!, [
      '-rev',
      '-tls1_2',
      '-cipher',
      `ECDHE-ECDSA-${name}:@SECLEVEL=0`,
    ]);
    const call = await exchange(origin, { suites: [suite] }, 'olleh');
    expect(call.device.get('negotiatedSuite')).toBe(suite);
    call.close();
    await origin.stop();
  });

  test.each([
    ['X25519', 29],
    ['P-256', 23],
    ['P-384', 24],
  ])('agrees on %s', async (name, group) => {
    const origin = await openssl(issued['ec-p256']!, ['-rev', '-tls1_2', '-groups', name]);
    const call = await exchange(origin, {}, 'olleh');
    expect(call.device.get('negotiatedGroup')).toBe(group);
    call.close();
    await origin.stop();
  });

  test('accepts a P-384 certificate', async () => {
    const origin = await openssl(issued['ec-p384']!, ['-rev', '-tls1_2']);
    (await exchange(origin, {}, 'olleh')).close();
    await origin.stop();
  });

  test.each([
    ['ticket', []],
    ['session id', ['-no_ticket']],
  ])('resumes by %s', async (_, args) => {
    const origin = await openssl(issued['ec-p256']!, ['-rev', '-tls1_2', ...args]);
    for (const versions of [
      [0x0303, 0x0303],
      [0x0303, 0x0304],
    ] as [number, number][]) {
      const first = await exchange(origin, { versions }, 'olleh');
      expect(first.device.has(Flag.SessionReady)).toBe(true);
      const session = first.device.session()!;
      first.socket.write(first.device.close());
      await first.until(() => first.device.has(Flag.PeerClosed), 'close_notify');
      const second = await exchange(origin, { versions, session }, 'olleh');
      expect(second.device.get('resumed')).toBe(1);
      expect(second.device.bytes('peerCertificateHash', 32)).toEqual(
        first.device.bytes('peerCertificateHash', 32),
      );
      first.close();
      second.close();
    }
    await origin.stop();
  });

  test('resumes with GnuTLS and Node', async () => {
    const origins: [Origin, string][] = [
      [await gnutls(issued['ec-p256']!, old), 'hello'],
      [await node(issued['ec-p256']!, { maxVersion: 'TLSv1.2' }), 'hello'],
    ];
    for (const [origin, answer] of origins) {
      const first = await exchange(origin, {}, answer);
      const session = first.device.session()!;
      const second = await exchange(origin, { session }, answer);
      expect(second.device.get('resumed')).toBe(1);
      first.close();
      second.close();
      await origin.stop();
    }
  });

  test('gives a session up whose server forgot it', async () => {
    const first = await openssl(issued['ec-p256']!, ['-rev', '-tls1_2']);
    const call = await exchange(first, {}, 'olleh');
    const session = call.device.session()!;
    call.close();
    await first.stop();
    const second = await openssl(issued['ec-p256']!, ['-rev', '-tls1_2']);
    const full = await exchange(second, { session }, 'olleh');
    expect(full.device.get('resumed')).toBe(0);
    full.close();
    await second.stop();
  });

  test('keeps and delivers nothing lasting without extended master secret', async () => {
    const origin = await gnutls(issued['ec-p256']!, `${old}:%NO_SESSION_HASH`);
    const call = await exchange(origin, {}, 'hello');
    expect(call.device.get('extendedMasterSecret')).toBe(0);
    expect(call.device.has(Flag.SessionReady)).toBe(false);
    expect(() => call.device.deliver(Grant.Full)).toThrow('NoExtendedMasterSecret');
    expect(() => call.device.exporter('EXPORTER-x', undefined, 16)).toThrow('NoExtendedMasterSecret');
    expect(call.device.deliver(Grant.Session).length).toBeGreaterThan(0);
    call.close();
    await origin.stop();
  });

  test('shows a client certificate of each kind, and an empty one where it has none', async () => {
    for (const keyType of ['ec-p256', 'ec-p384', 'rsa-2048'] as const) {
      const own = await clientAuthority.issue({ names: ['handheld'], keyType, isClient: true });
      const origins: [Origin, string][] = [
        [
          await openssl(
            issued['rsa-2048']!,
            ['-rev', '-tls1_2', '-Verify', '2', '-verify_return_error'],
            clientAuthority.root.pem,
          ),
          'olleh',
        ],
        [await gnutls(issued['ec-p256']!, old, ['--require-client-cert'], clientAuthority.root.pem), 'hello'],
      ];
      for (const [origin, answer] of origins) {
        const call = await exchange(origin, { clientCertificate: own }, answer);
        expect(call.device.has(Flag.CertificateRequested)).toBe(true);
        call.close();
        await origin.stop();
      }
    }
    const lenient = await openssl(
      issued['ec-p256']!,
      ['-rev', '-tls1_2', '-verify', '2'],
      clientAuthority.root.pem,
    );
    (await exchange(lenient, {}, 'olleh')).close();
    await lenient.stop();
  });

  test('negotiates ALPN and exports as Node does', async () => {
    const theirs: Buffer[] = [];
    const origin = await node(
      issued['ec-p256']!,
      { maxVersion: 'TLSv1.2', ALPNProtocols: ['http/1.1'] },
      (socket) => {
        theirs.push(socket.exportKeyingMaterial(20, 'EXPORTER-test', Buffer.from('c')));
        theirs.push(
          (socket.exportKeyingMaterial as (n: number, l: string) => Buffer).call(socket, 20, 'EXPORTER-test'),
        );
        socket.pipe(socket);
      },
    );
    const call = await exchange(origin, { alpn: ['http/1.1'] }, 'hello');
    expect(call.device.alpn()).toBe('http/1.1');
    expect(Buffer.from(call.device.exporter('EXPORTER-test', Buffer.from('c'), 20))).toEqual(theirs[0]);
    expect(Buffer.from(call.device.exporter('EXPORTER-test', undefined, 20))).toEqual(theirs[1]);
    call.close();
    await origin.stop();
  });

  test('refuses to renegotiate by a warning', async () => {
    const origin = await openssl(issued['ec-p256']!, ['-tls1_2']);
    const call = await Call.open(device(), origin.port);
    await call.handshake();
    origin.type('r\n');
    await call.until(() => call.device.get('alertSent') === Alert.NoRenegotiation, 'HelloRequest');
    expect(call.error).toBeUndefined();
    call.close();
    await origin.stop();
  });

  test('refuses TLS 1.2 where only TLS 1.3 is allowed, and hears it the other way round', async () => {
    const origin = await openssl(issued['ec-p256']!, ['-rev', '-tls1_2']);
    const call = await Call.open(device({ versions: [0x0304, 0x0304] }), origin.port);
    await call.until(() => call.device.has(Flag.Failed), 'alert').catch(() => {});
    expect(call.device.get('alertReceived')).toBe(Alert.ProtocolVersion);
    call.close();
    await origin.stop();
  });

  test('spots the downgrade of a server that could do more', async () => {
    const origin = await openssl(issued['ec-p256']!, ['-rev']);
    // A man in the middle who strips supported_versions: the device offers TLS 1.3, the server sees TLS 1.2 only.
    const trimmed = device({ versions: [0x0303, 0x0303] });
    const honest = await Call.open(trimmed, origin.port);
    await honest.handshake();
    expect(Buffer.from(trimmed.bytes('serverRandom', 32)).subarray(24).toString('latin1')).toBe(
      'DOWNGRD\x01',
    );
    honest.close();
    await origin.stop();
  });

  test('tells a truncation, and answers close_notify', async () => {
    const origin = await node(issued['ec-p256']!, { maxVersion: 'TLSv1.2' }, (socket) => {
      socket.on('data', (data) => (data.includes('bye') ? socket.end() : socket.write(data)));
    });
    const call = await exchange(origin, {}, 'hello');
    expect(call.device.get('inputEnded')).toBe(ErrorCode.Truncated);
    expect(call.device.drain().length).toBe(0);
    call.close();
    const polite = await exchange(origin, {}, 'hello');
    polite.write('bye');
    await polite.until(() => polite.device.has(Flag.Closed), 'close_notify');
    expect(polite.device.get('alertSent')).toBe(Alert.CloseNotify);
    expect(polite.device.get('inputEnded')).toBe(0);
    polite.close();
    await origin.stop();
  });
});
