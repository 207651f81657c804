// TLS 1.3 against servers that nobody here wrote.
import { beforeAll, describe, expect, test } from 'vitest';
import { ErrorCode } from '../../../assembly/alert.js';
import { Flag } from '../../../assembly/handshake/protocol.js';
import { type Authority, createAuthority, type Issued } from '../../../host/cli/demo/authority/authority.js';
import { programs } from '../programs.js';
import { Call, Device, type DeviceOptions } from './device.js';
import { gnutls, node, type Origin, openssl } from './origins.js';

let authority: Authority;
const issued = new Map<string, Issued>();
let clientAuthority: Authority;
let client: Issued;
beforeAll(async () => {
  authority = await createAuthority({ keyType: 'ec-p256' });
  for (const keyType of ['ec-p256', 'ec-p384', 'rsa-2048', 'rsa-pss-2048'] as const)
    issued.set(keyType, await authority.issue({ names: ['origin.test'], keyType }));
  clientAuthority = await createAuthority({ keyType: 'ec-p256' });
  client = await clientAuthority.issue({ names: ['handheld'], keyType: 'ec-p256', isClient: true });
});

const suites = { AES_128_GCM: 0x1301, AES_256_GCM: 0x1302, CHACHA20_POLY1305: 0x1303 };
const groups = { X25519: 29, 'P-256': 23, 'P-384': 24 };
const opensslGroup: Record<string, string> = { X25519: 'X25519', 'P-256': 'P-256', 'P-384': 'P-384' };

describe.each(await programs('client'))('TLS 1.3 on %s', (engine, bench) => {
  const device = (options: DeviceOptions = {}) =>
    new Device(bench, { roots: [authority.root.der], versions: [0x0304, 0x0304], ...options });

  /** One call to `origin`: handshake, a line there and back. */
  async function exchange(origin: Origin, options: DeviceOptions, answer: string): Promise<Call> {
    const call = await Call.open(device(options), origin.port);
    await call.handshake();
    call.write('hello\n');
    await call.expectText(answer);
    expect(call.device.get('negotiatedVersion')).toBe(0x0304);
    return call;
  }

  test.each(Object.entries(suites))('speaks %s with OpenSSL, GnuTLS and Node', async (_, suite) => {
    const origins: [Origin, string][] = [
      [await openssl(issued.get('ec-p256')!, ['-rev', '-tls1_3']), 'olleh'],
      [await gnutls(issued.get('ec-p256')!, 'NORMAL:-VERS-ALL:+VERS-TLS1.3'), 'hello'],
      [await node(issued.get('ec-p256')!), 'hello'],
    ];
    for (const [origin, answer] of origins) {
      const call = await exchange(origin, { suites: [suite] }, answer);
      expect(call.device.get('negotiatedSuite')).toBe(suite);
      call.close();
      await origin.stop();
    }
  });

  test.each([
    ['AES_128_CCM', 0x1304],
    ['AES_128_CCM_8', 0x1305],
  ])('speaks %s, which is not offered by default', async (name, suite) => {
    const origin = await openssl(issued.get('ec-p256')!, [
      '-rev',
      '-tls1_3',
      '-ciphersuites',
      `TLS_${name}_SHA256`,
    ]);
    const call = await exchange(origin, { suites: [suite] }, 'olleh');
    expect(call.device.get('negotiatedSuite')).toBe(suite);
    call.close();
    await origin.stop();
  });

  test.each(Object.entries(groups))(
    'agrees on %s, by first share and by HelloRetryRequest',
    async (name, group) => {
      const origin = await openssl(issued.get('ec-p256')!, [
        '-rev',
        '-tls1_3',
        '-groups',
        opensslGroup[name]!,
      ]);
      const others = Object.values(groups).filter((g) => g !== group);
      for (const offer of [[group], [...others, group]]) {
        const call = await exchange(origin, { groups: offer }, 'olleh');
        expect(call.device.get('negotiatedGroup')).toBe(group);
        call.close();
      }
      await origin.stop();
    },
  );

  test.each(['ec-p256', 'ec-p384', 'rsa-2048', 'rsa-pss-2048'])(
    'accepts a certificate with %s',
    async (keyType) => {
      const origin = await openssl(issued.get(keyType)!, ['-rev', '-tls1_3']);
      (await exchange(origin, {}, 'olleh')).close();
      await origin.stop();
    },
  );

  test('accepts an Ed25519 certificate, in both versions', async () => {
    const modern = await createAuthority({ keyType: 'ed25519' });
    const leaf = await modern.issue({ names: ['origin.test'], keyType: 'ed25519' });
    for (const [args, version] of [
      [['-rev', '-tls1_3'], 0x0304],
      [['-rev', '-tls1_2'], 0x0303],
    ] as const) {
      const origin = await openssl(leaf, [...args]);
      const call = await Call.open(
        device({ roots: [modern.root.der], versions: [version, version] }),
        origin.port,
      );
      await call.handshake();
      call.write('hello\n');
      await call.expectText('olleh');
      call.close();
      await origin.stop();
    }
  });

  test('resumes by ticket with OpenSSL, GnuTLS and Node', async () => {
    const origins: [Origin, string][] = [
      [await openssl(issued.get('ec-p256')!, ['-rev', '-tls1_3']), 'olleh'],
      [await gnutls(issued.get('ec-p256')!, 'NORMAL:-VERS-ALL:+VERS-TLS1.3'), 'hello'],
      [await node(issued.get('ec-p256')!), 'hello'],
    ];
    for (const [origin, answer] of origins) {
      const first = await exchange(origin, {}, answer);
      await first.until(() => first.device.has(Flag.SessionReady), 'ticket');
      const session = first.device.session()!;
      const hash = first.device.bytes('peerCertificateHash', 32);
      first.close();
      // With a retry in between too: the binder covers it.
      for (const offer of [undefined, [24, 29, 23]]) {
        const second = await exchange(origin, { session, ...(offer && { groups: offer }) }, answer);
        expect(second.device.get('resumed')).toBe(1);
        expect(second.device.bytes('peerCertificateHash', 32)).toEqual(hash);
        second.close();
      }
      await origin.stop();
    }
  });

  test('resumes only where the session fits', async () => {
    const origin = await node(issued.get('ec-p256')!, { ALPNProtocols: ['a', 'b'] });
    const first = await exchange(origin, { alpn: ['a'] }, 'hello');
    await first.until(() => first.device.has(Flag.SessionReady), 'ticket');
    const session = first.device.session()!;
    first.close();
    const now = Math.floor(Date.now() / 1000);
    const resumed = async (options: DeviceOptions) => {
      const call = await exchange(origin, { session, ...options }, 'hello');
      const result = call.device.get('resumed');
      call.close();
      return result;
    };
    expect(await resumed({ alpn: ['a'] })).toBe(1);
    // Another protocol is no other session (RFC 7301 §3.1): the conduit resumes what the main session left.
    expect(await resumed({ alpn: ['b'] })).toBe(1);
    expect(await resumed({ alpn: ['a'], unixTime: now + 7 * 86_400 })).toBe(0);
    expect(await resumed({ alpn: ['a'], suites: [0x1301] })).toBe(0);
    await origin.stop();
  });

  test('shows a client certificate, and an empty one where it has none', async () => {
    for (const keyType of ['ec-p256', 'ec-p384', 'rsa-2048'] as const) {
      const own = await clientAuthority.issue({ names: ['handheld'], keyType, isClient: true });
      const origin = await openssl(
        issued.get('ec-p256')!,
        ['-rev', '-tls1_3', '-Verify', '2', '-verify_return_error'],
        clientAuthority.root.pem,
      );
      const call = await exchange(origin, { clientCertificate: own }, 'olleh');
      expect(call.device.has(Flag.CertificateRequested)).toBe(true);
      call.close();
      await origin.stop();
    }
    const lenient = await openssl(
      issued.get('ec-p256')!,
      ['-rev', '-tls1_3', '-verify', '2'],
      clientAuthority.root.pem,
    );
    (await exchange(lenient, {}, 'olleh')).close();
    await lenient.stop();
  });

  test('hears of it when a required client certificate is missing', async () => {
    const origin = await node(issued.get('ec-p256')!, {
      requestCert: true,
      rejectUnauthorized: true,
      ca: clientAuthority.root.pem,
    });
    const call = await Call.open(device(), origin.port);
    await call.until(() => call.device.has(Flag.Failed), 'alert').catch(() => {});
    expect(call.device.get('alertReceived')).toBe(116);
    call.close();
    const good = await exchange(origin, { clientCertificate: client }, 'hello');
    good.close();
    await origin.stop();
  });

  test('negotiates ALPN, and says nothing of it where the server does not', async () => {
    const origin = await node(issued.get('ec-p256')!, { ALPNProtocols: ['deputy/2', 'http/1.1'] });
    const call = await exchange(origin, { alpn: ['h9', 'http/1.1'] }, 'hello');
    expect(call.device.alpn()).toBe('http/1.1');
    call.close();
    const refused = await Call.open(device({ alpn: ['h9'] }), origin.port);
    await refused.until(() => refused.device.has(Flag.Failed), 'alert').catch(() => {});
    expect(refused.device.get('alertReceived')).toBe(120);
    refused.close();
    await origin.stop();
  });

  test('changes keys in both directions, asked by either side', async () => {
    const origin = await openssl(issued.get('ec-p256')!, ['-tls1_3']);
    const call = await Call.open(device(), origin.port);
    await call.handshake();
    const before = call.device.get('originEpochStart');
    origin.type('K\n'); // asks for our keys too
    await call.until(() => call.device.get('originEpochStart') > before, 'key update');
    call.write('after the server asked\n');
    for (const ask of [true, false, true]) {
      call.socket.write(call.device.keyUpdate(ask));
      call.write(`key ${ask}\n`);
    }
    origin.type('line back\n');
    await call.expectText('line back');
    expect(call.error).toBeUndefined();
    for (const text of ['after the server asked', 'key false']) {
      const deadline = Date.now() + 3000;
      while (!origin.output().includes(text) && Date.now() < deadline)
        await new Promise((r) => setTimeout(r, 20));
      expect(origin.output()).toContain(text);
    }
    call.close();
    await origin.stop();
  });

  test('moves large data both ways', async () => {
    const origin = await node(issued.get('ec-p256')!);
    const call = await Call.open(device({ suites: [0x1303] }), origin.port);
    await call.handshake();
    const data = Buffer.alloc(engine === 'V8' ? 300_000 : 60_000, 'deputy');
    call.socket.write(call.device.write(data));
    await call.until(() => call.received.length >= data.length, 'echo');
    expect(call.received.equals(data)).toBe(true);
    call.close();
    await origin.stop();
  });

  test('exports keying material as Node does', async () => {
    let theirs: Buffer | undefined;
    const origin = await node(issued.get('ec-p256')!, {}, (socket) => {
      theirs = socket.exportKeyingMaterial(40, 'EXPORTER-deputy-delivery', Buffer.from('context'));
      socket.pipe(socket);
    });
    const call = await exchange(origin, {}, 'hello');
    expect(Buffer.from(call.device.exporter('EXPORTER-deputy-delivery', Buffer.from('context'), 40))).toEqual(
      theirs,
    );
    call.close();
    await origin.stop();
  });

  test('closes in both directions, and tells a truncation', async () => {
    const origin = await node(issued.get('ec-p256')!, { allowHalfOpen: true } as object, (socket) => {
      socket.on('data', (data) => (data.includes('rude') ? socket.destroy() : socket.end(data)));
    });
    const call = await exchange(origin, {}, 'hello');
    await call.until(() => call.device.has(Flag.PeerClosed), 'close_notify');
    expect(call.device.has(Flag.Closed)).toBe(false);
    call.socket.write(call.device.close());
    expect(call.device.has(Flag.Closed)).toBe(true);
    expect(call.device.get('inputEnded')).toBe(0);
    call.close();

    const cut = await Call.open(device(), origin.port);
    await cut.handshake();
    cut.write('rude');
    await cut.until(() => cut.ended, 'end').catch(() => {});
    if (!cut.device.has(Flag.PeerClosed)) expect(cut.device.get('inputEnded')).toBe(ErrorCode.Truncated);
    cut.close();
    await origin.stop();
  });
});
