// SSL 3.0, TLS 1.0 and 1.1, RSA key exchange, finite fields and the ciphers of old, against servers that nobody here wrote:
// OpenSSL and GnuTLS for what they still speak, OpenJDK's JSSE for all of it.
import { execFileSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Authority, createAuthority, type Issued } from '../../../host/cli/demo/authority/authority.js';
import { programs } from '../programs.js';
import { Call, Device, type DeviceOptions } from './device.js';
import { gnutls, jsse, jsseMissing, type Origin, openssl } from './origins.js';

const names = { 768: 'SSL 3.0', 769: 'TLS 1.0', 770: 'TLS 1.1', 771: 'TLS 1.2' } as const;
type OldVersion = keyof typeof names;
const versions = Object.keys(names).map(Number) as OldVersion[];

let authority: Authority;
let weakAuthority: Authority;
let clientAuthority: Authority;
const issued: Record<string, Issued> = {};
beforeAll(async () => {
  authority = await createAuthority({ keyType: 'rsa-2048' });
  weakAuthority = await createAuthority({ keyType: 'rsa-2048', name: 'weak' });
  clientAuthority = await createAuthority({ keyType: 'rsa-2048' });
  const origin = { names: ['origin.test'] };
  issued.ec = await authority.issue({ ...origin, keyType: 'ec-p256' });
  issued.rsa = await authority.issue({ ...origin, keyType: 'rsa-2048' });
  const dsa = generateKeyPairSync('dsa', { modulusLength: 1024, divisorLength: 160 }).privateKey;
  issued.dsa = await authority.issue({ ...origin, key: dsa });
  issued.sha1 = await weakAuthority.issue({ ...origin, keyType: 'rsa-2048', flaw: 'sha1Signature' });
  issued.md5 = await weakAuthority.issue({ ...origin, keyType: 'rsa-2048', flaw: 'md5Signature' });
});

interface OldSuite {
  id: number;
  key: 'ec' | 'rsa' | 'dsa';
  /** The oldest and the newest version that has it. */
  from: OldVersion;
  to: OldVersion;
}
const suite = (id: number, key: OldSuite['key'], from: OldVersion = 0x0300, to: OldVersion = 0x0303) => ({
  id,
  key,
  from,
  to,
});
/** All that JSSE and we have in common, without the suites that are on by default in TLS 1.2. */
const suites: OldSuite[] = [
  ...[0x009e, 0x009f, 0xccaa, 0x0067, 0x006b, 0x009c, 0x009d, 0x003c, 0x003d].map((id) =>
    suite(id, 'rsa', 0x0303),
  ),
  ...[0x0033, 0x0039, 0x002f, 0x0035, 0x0016, 0x000a, 0x0005, 0x0004].map((id) => suite(id, 'rsa')),
  ...[0x0015, 0x0009].map((id) => suite(id, 'rsa', 0x0300, 0x0302)),
  ...[0xc013, 0xc014].map((id) => suite(id, 'rsa', 0x0301, 0x0302)),
  ...[0xc012, 0xc011].map((id) => suite(id, 'rsa', 0x0301)),
  ...[0xc009, 0xc00a].map((id) => suite(id, 'ec', 0x0301, 0x0302)),
  ...[0xc008, 0xc007].map((id) => suite(id, 'ec', 0x0301)),
  ...[0x00a2, 0x00a3, 0x0040, 0x006a].map((id) => suite(id, 'dsa', 0x0303)),
  ...[0x0032, 0x0038, 0x0013].map((id) => suite(id, 'dsa')),
  suite(0x0012, 'dsa', 0x0300, 0x0302),
];
const hexName = (id: number) => `0x${id.toString(16).padStart(4, '0')}`;

describe.each(await programs('client'))('legacy on %s', (_, bench) => {
  const device = (options: DeviceOptions) =>
    new Device(bench, {
      roots: [authority.root.der, weakAuthority.root.der],
      legacy: true,
      ...options,
    });

  /** A handshake and data of several records both ways, which an echo returns. */
  async function echo(origin: Origin, options: DeviceOptions, length = 5000): Promise<Call> {
    const call = await Call.open(device(options), origin.port);
    await call.handshake();
    const text = 'legacy '.repeat(length / 7);
    call.socket.write(call.device.write(Buffer.from(text)));
    await call.until(() => call.received.length >= text.length, 'echo');
    expect(call.received.toString()).toBe(text);
    return call;
  }

  const missing = jsseMissing();
  describe.skipIf(missing !== undefined)(`with OpenJDK's JSSE${missing ? ` (${missing})` : ''}`, () => {
    const origins: Record<string, Origin> = {};
    beforeAll(async () => {
      for (const key of ['ec', 'rsa', 'dsa']) origins[key] = await jsse(issued[key]!);
    }, 60_000);
    afterAll(async () => {
      for (const origin of Object.values(origins)) await origin.stop();
    });

    const cases = suites.flatMap(({ id, key, from, to }) =>
      versions.filter((v) => v >= from && v <= to).map((v) => [names[v], hexName(id), v, id, key] as const),
    );
    test.each(cases)('speaks %s with suite %s', async (_v, _s, version, id, key) => {
      const call = await echo(origins[key]!, { versions: [version, version], suites: [id] });
      expect(call.device.get('negotiatedVersion')).toBe(version);
      expect(call.device.get('negotiatedSuite')).toBe(id);
      expect(call.device.get('extendedMasterSecret')).toBe(version === 0x0300 ? 0 : 1);
      call.close();
    });

    test('finds the best by itself where everything is on offer', async () => {
      const call = await echo(origins.rsa!, {});
      expect(call.device.get('negotiatedVersion')).toBe(0x0303);
      call.close();
    });

    test.each(versions)('signs with its certificate in version %i', async (version) => {
      const origin = await jsse(issued.rsa!, { clientAuth: true });
      for (const keyType of ['rsa-2048', 'ec-p256'] as const) {
        const own = await clientAuthority.issue({ names: ['me'], keyType, isClient: true });
        const call = await echo(origin, {
          versions: [version, version],
          suites: [0x002f],
          clientCertificate: own,
        });
        call.close();
      }
      const nobody = await echo(origin, { versions: [version, version], suites: [0x0033] });
      expect(nobody.device.get('alertSent')).toBe(version === 0x0300 ? 41 : -1);
      nobody.close();
      // OpenJDK names a session without cipher where a connection came to nothing, as the probe does that waits for it.
      const sessions = origin
        .output()
        .split('\n')
        .filter((line) => /WITH_AES/.test(line));
      expect(sessions.map((line) => /CN=me/.test(line))).toEqual([true, version > 0x0300, false]);
      await origin.stop();
    });

    test('takes a finite field of 1024 bits, and none shorter', async () => {
      const small = await jsse(issued.rsa!, { dhBits: 1024 });
      (await echo(small, { versions: [0x0300, 0x0302], suites: [0x0033] })).close();
      await small.stop();
    });

    test('a field of RFC 7919 is known by its name', async () => {
      const call = await echo(origins.rsa!, { suites: [0x009e], versions: [0x0303, 0x0303] });
      expect([0, 256]).toContain(call.device.get('negotiatedGroup'));
      call.close();
    });
  });

  const opensslVersion = { 769: '-tls1', 770: '-tls1_1', 771: '-tls1_2' } as const;
  test.each([0x0301, 0x0302, 0x0303] as const)('speaks version %i with OpenSSL', async (version) => {
    for (const [id, name, key] of [
      [0x0033, 'DHE-RSA-AES128-SHA', 'rsa'],
      [0x0035, 'AES256-SHA', 'rsa'],
      [0xc013, 'ECDHE-RSA-AES128-SHA', 'rsa'],
      [0xc009, 'ECDHE-ECDSA-AES128-SHA', 'ec'],
    ] as const) {
      const cipher = ['-cipher', `${name}:@SECLEVEL=0`, '-rev'];
      const origin = await openssl(issued[key]!, [opensslVersion[version], ...cipher]);
      const call = await Call.open(device({}), origin.port);
      await call.handshake();
      call.write('hello\n');
      await call.expectText('olleh');
      expect(call.device.get('negotiatedVersion')).toBe(version);
      expect(call.device.get('negotiatedSuite')).toBe(id);
      call.close();
      await origin.stop();
    }
  });

  test('knows ffdhe2048 and ffdhe3072, which OpenSSL takes for keys of like strength', async () => {
    const origin = await openssl(issued.rsa!, [
      '-tls1_2',
      '-cipher',
      'DHE-RSA-AES128-GCM-SHA256:@SECLEVEL=0',
      '-rev',
    ]);
    const call = await Call.open(device({}), origin.port);
    await call.handshake();
    expect(call.device.get('negotiatedSuite')).toBe(0x009e);
    call.close();
    await origin.stop();
  });

  test.each([
    ['ffdhe6144', 259],
    ['ffdhe8192', 260],
  ] as const)('takes %s, which is not on offer, from OpenSSL', { timeout: 60_000 }, async (name, group) => {
    const folder = await mkdtemp(join(tmpdir(), 'deputy-'));
    const file = join(folder, 'parameters.pem');
    const made = ['genpkey', '-genparam', '-algorithm', 'DH', '-pkeyopt', `group:${name}`, '-out', file];
    execFileSync('openssl', made);
    const cipher = ['-cipher', 'DHE-RSA-AES128-GCM-SHA256', '-dhparam', file, '-rev'];
    const origin = await openssl(issued.rsa!, ['-tls1_2', ...cipher]);
    const call = await Call.open(device({}), origin.port);
    await call.handshake();
    call.write('hello\n');
    await call.expectText('olleh');
    expect(call.device.get('negotiatedGroup')).toBe(group);
    call.close();
    await origin.stop();
    await rm(folder, { recursive: true });
  });

  test.each([
    ['TLS1.0', '3DES-CBC', 'RSA', 0x000a],
    ['TLS1.0', 'ARCFOUR-128', 'RSA', 0x0005],
    ['TLS1.1', '3DES-CBC', 'DHE-RSA', 0x0016],
    ['TLS1.1', 'AES-128-CBC', 'DHE-RSA', 0x0033],
    ['TLS1.2', 'ARCFOUR-128', 'ECDHE-RSA', 0xc011],
    ['TLS1.2', '3DES-CBC', 'DHE-RSA', 0x0016],
    ['TLS1.2', 'AES-128-GCM', 'DHE-RSA', 0x009e],
  ])('speaks %s with GnuTLS: %s, %s, with and without encrypt-then-MAC', async (version, cipher, kx, id) => {
    const mac = cipher.endsWith('GCM') ? '+AEAD' : '+SHA1';
    const priority = `NONE:+VERS-${version}:+${kx}:+${cipher}:${mac}:+COMP-NULL:+SIGN-ALL:+GROUP-ALL:+CTYPE-X509`;
    for (const more of ['', ':%NO_ETM']) {
      const origin = await gnutls(issued.rsa!, priority + more);
      const call = await Call.open(device({}), origin.port);
      await call.handshake();
      call.write('hello\n');
      await call.expectText('hello');
      expect(call.device.get('negotiatedSuite')).toBe(id);
      if (kx === 'DHE-RSA' && version === 'TLS1.2')
        expect(call.device.get('negotiatedGroup')).toBeGreaterThanOrEqual(256);
      call.close();
      await origin.stop();
    }
  });

  test.each([0x0301, 0x0302] as const)(
    'resumes a session of version %i with extended master secret',
    async (version) => {
      const origin = await openssl(issued.rsa!, [
        opensslVersion[version],
        '-cipher',
        'AES128-SHA:@SECLEVEL=0',
        '-rev',
      ]);
      const first = await Call.open(device({}), origin.port);
      await first.handshake();
      const session = first.device.session()!;
      expect(session).toBeDefined();
      first.close();
      const second = await Call.open(device({ session }), origin.port);
      await second.handshake();
      expect(second.device.get('resumed')).toBe(1);
      second.write('again\n');
      await second.expectText('niaga');
      second.close();
      // Without the switch it is offered to nobody.
      const third = new Device(bench, { roots: [authority.root.der], session }).start();
      expect(Buffer.from(third.drain()).includes(Buffer.from(session.subarray(-32)))).toBe(false);
      third.free();
      await origin.stop();
    },
  );

  test.each(['sha1', 'md5'])('accepts a chain signed with %s in TLS 1.2, and never in 1.3', async (hash) => {
    const origin = await openssl(issued[hash]!, ['-cipher', 'ALL:@SECLEVEL=0', '-rev']);
    const old = await Call.open(device({ versions: [0x0300, 0x0303] }), origin.port);
    await old.handshake();
    old.close();
    const newer = await Call.open(device({}), origin.port);
    await expect(newer.handshake()).rejects.toThrow('CertificateWeakSignature');
    newer.close();
    const strict = new Device(bench, { roots: [weakAuthority.root.der], versions: [0x0303, 0x0303] });
    const refusing = await Call.open(strict, origin.port);
    await expect(refusing.handshake()).rejects.toThrow('CertificateWeakSignature');
    refusing.close();
    await origin.stop();
  });

  test.each(['-tls1', '-tls1_1'])(
    'refuses what OpenSSL says with %s where the switch is off',
    async (version) => {
      const origin = await openssl(issued.rsa!, [version, '-cipher', 'ALL:@SECLEVEL=0', '-rev']);
      const call = await Call.open(new Device(bench, { roots: [authority.root.der] }), origin.port);
      await expect(call.handshake()).rejects.toThrow();
      call.close();
      await origin.stop();
    },
  );
});
