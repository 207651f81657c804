// Chains that hold, and every way in which one can be wrong, each with its own error.
import { beforeAll, describe, expect, test } from 'vitest';
import {
  type Authority,
  authorityExtensions,
  createAuthority,
  type Flaw,
  flaws,
  generateKey,
  type Issued,
} from '../../../host/cli/demo/authority/authority.js';
import {
  algorithmIdentifier,
  certify,
  distinguishedName,
  extendedKeyUsage,
  extension,
  keyUsage,
  publicKeyInfo,
  subjectAlternativeName,
} from '../../../host/cli/demo/authority/certificate.js';
import * as der from '../../../host/platform/node/der.js';
import { programs } from '../programs.js';
import { ChainRule, verify, verifyForKey } from './verifier.js';

const names = ['www.example.org', '*.example.net', '192.0.2.7', '2001:db8::7'];
const day = 86_400_000;

let authorities: Record<'ec-p256' | 'ec-p384' | 'rsa-2048' | 'rsa-pss-2048', Authority>;
let authority: Authority;

beforeAll(async () => {
  const [p256, p384, rsa, pss] = await Promise.all([
    createAuthority(),
    createAuthority({ keyType: 'ec-p384' }),
    createAuthority({ keyType: 'rsa-2048' }),
    createAuthority({ keyType: 'rsa-pss-2048' }),
  ]);
  authorities = { 'ec-p256': p256, 'ec-p384': p384, 'rsa-2048': rsa, 'rsa-pss-2048': pss };
  authority = p256;
});

/** What each flaw of the authority must be called. */
const verdicts: Record<Flaw, string> = {
  expired: 'CertificateExpired',
  notYetValid: 'CertificateNotYetValid',
  wrongName: 'CertificateHostName',
  selfSigned: 'UnknownCa',
  unknownAuthority: 'UnknownCa',
  intermediateExpired: 'CertificateExpired',
  intermediateIsNoAuthority: 'CertificateBasicConstraints',
  intermediateWithoutBasicConstraints: 'CertificateBasicConstraints',
  intermediateMayNotSign: 'CertificateKeyUsage',
  pathLengthExceeded: 'CertificatePathLength',
  wrongExtendedKeyUsage: 'CertificateExtendedKeyUsage',
  wrongKeyUsage: 'CertificateKeyUsage',
  unknownCriticalExtension: 'CertificateCriticalExtension',
  nameConstraintViolation: 'CertificateNameConstraints',
  sha1Signature: 'CertificateWeakSignature',
  md5Signature: 'CertificateWeakSignature',
  weakKey: 'CertificateWeakKey',
  brokenSignature: 'CertificateSignature',
};

describe.each(await programs('primitives'))('certificate chains on %s', (_, bench) => {
  const ask = (issued: { chainDer: Uint8Array[] }, host?: string, root = authority.root.der) =>
    verify(bench, { roots: [root], chain: issued.chainDer, ...(host !== undefined && { host }) });

  test('Ed25519 signs for authorities and serves', async () => {
    const modern = await createAuthority({ keyType: 'ed25519' });
    const issued = await modern.issue({ names, keyType: 'ed25519', intermediates: 2 });
    const asked = { roots: [modern.root.der], chain: issued.chainDer };
    const { verdict, key } = verifyForKey(bench, asked);
    expect([verdict, key!.kind]).toEqual(['None', 5]);
    expect(key!.a).toEqual(publicKeyInfo(issued.key).slice(-32));
    for (const [i, one] of issued.chainDer.entries()) {
      const bent = one.slice();
      bent[bent.length - 40]! ^= 1;
      const chain = issued.chainDer.with(i, bent);
      expect(verify(bench, { ...asked, chain })).toBe('CertificateSignature');
    }
    const named = der.sequence(der.oid('1.3.101.112'), der.nullValue());
    const info = der.sequence(named, der.bitString(publicKeyInfo(issued.key).slice(-32)));
    const withNull = await modern.issue({ names, leaf: { publicKeyInfo: info } });
    expect(verify(bench, { ...asked, chain: withNull.chainDer })).toBe('CertificateDer');
    const short = der.sequence(der.sequence(der.oid('1.3.101.112')), der.bitString(new Uint8Array(31)));
    const cut = await modern.issue({ names, leaf: { publicKeyInfo: short } });
    expect(verify(bench, { ...asked, chain: cut.chainDer })).toBe('CertificateDer');
  });

  test.each(['ec-p256', 'ec-p384', 'rsa-2048', 'rsa-pss-2048'] as const)(
    'an authority with %s signs',
    async (keyType) => {
      const issued = await authorities[keyType].issue({ names });
      expect(ask(issued, undefined, authorities[keyType].root.der)).toBe('None');
    },
  );

  test.each([
    ['ec-p256', 2, 65],
    ['ec-p384', 2, 97],
    ['rsa-2048', 1, 256],
    ['rsa-3072', 1, 384],
    ['rsa-pss-2048', 3, 256],
  ] as const)('the key of a %s leaf is handed out', async (keyType, kind, length) => {
    const issued = await authority.issue({ names, keyType });
    const { verdict, key } = verifyForKey(bench, { roots: [authority.root.der], chain: issued.chainDer });
    expect(verdict).toBe('None');
    expect(key!.kind).toBe(kind);
    expect(key!.a.length).toBe(length);
    const info = publicKeyInfo(issued.key);
    if (kind === 2) {
      expect(key!.curve).toBe(keyType === 'ec-p384' ? 24 : 23);
      expect(key!.a).toEqual(info.slice(-length));
    } else {
      // RSAPublicKey ends in the modulus and INTEGER 65537.
      expect(key!.a).toEqual(info.slice(-5 - length, -5));
      expect([...key!.b]).toEqual([1, 0, 1]);
    }
  });

  test.each([
    ['ecdsa-sha256', 'ec-p384'],
    ['ecdsa-sha384', 'ec-p256'],
    ['ecdsa-sha512', 'ec-p256'],
    ['ecdsa-sha512', 'ec-p384'],
    ['rsa-sha384', 'rsa-2048'],
    ['rsa-sha512', 'rsa-2048'],
    ['rsa-pss-sha256', 'rsa-2048'],
    ['rsa-pss-sha384', 'rsa-2048'],
    ['rsa-pss-sha512', 'rsa-pss-2048'],
  ] as const)('%s by %s', async (algorithm, keyType) => {
    const { root } = authorities[keyType];
    const issued = await authorities[keyType].issue({
      names,
      intermediates: 0,
      leaf: { issuer: { ...root.signer, algorithm } },
    });
    expect(ask(issued, undefined, root.der)).toBe('None');
  });

  test('each flaw of one certificate has its own error', async () => {
    for (const flaw of flaws) {
      const signer = flaw === 'md5Signature' ? authorities['rsa-2048'] : authority;
      const issued = await signer.issue({ names, flaw });
      expect([flaw, ask(issued, undefined, signer.root.der)]).toEqual([flaw, verdicts[flaw]]);
    }
  });

  test('each length of path up to twelve certificates, and an error of its own beyond', async () => {
    for (let intermediates = 0; intermediates <= 11; intermediates++) {
      expect(ask(await authority.issue({ names, intermediates }))).toBe('None');
    }
    expect(ask(await authority.issue({ names, intermediates: 12 }))).toBe('CertificatePathTooLong');
  });

  test('the order behind the leaf, strangers and the root itself are harmless', async () => {
    const [leaf, ...rest] = (await authority.issue({ names, intermediates: 3 })).chainDer as [Uint8Array];
    const stranger = (await (await createAuthority()).issue({ names: ['other.example'] })).chainDer;
    const self = await authority.issue({ names: ['self.example'], flaw: 'selfSigned' });
    const chain = [leaf, ...stranger, authority.root.der, ...rest.toReversed(), ...self.chainDer, leaf];
    expect(verify(bench, { roots: [authority.root.der], chain })).toBe('None');
    expect(verify(bench, { roots: [authority.root.der], chain: [leaf, ...rest.slice(1)] })).toBe('UnknownCa');
  });

  test('a root that came along is not trusted for coming along', async () => {
    const issued = await authority.issue({ names });
    const other = await createAuthority({ name: 'Another root' });
    const chain = [...issued.chainDer, authority.root.der];
    expect(verify(bench, { roots: [other.root.der], chain })).toBe('UnknownCa');
    expect(verify(bench, { roots: [], chain })).toBe('UnknownCa');
    expect(verify(bench, { roots: [other.root.der, authority.root.der], chain })).toBe('None');
  });

  test('cross-signing: the way that holds is found behind one that does not', async () => {
    const other = await createAuthority({ name: 'Another root' });
    const key = await generateKey('ec-p256');
    const subject = distinguishedName({ CN: 'Cross-signed' });
    const dates = { notBefore: new Date(Date.now() - day), notAfter: new Date(Date.now() + day) };
    const cross = (issuer: Authority, notAfter = dates.notAfter) =>
      certify({
        subject,
        publicKey: key,
        issuer: issuer.root.signer,
        notBefore: dates.notBefore,
        notAfter,
        extensions: authorityExtensions(key, issuer.root.signer.key),
      });
    const issued = await authority.issue({
      names,
      intermediates: 0,
      leaf: { issuer: { name: subject, key } },
    });
    const expired = cross(authority, new Date(Date.now() - 1000));
    const ask = (roots: Uint8Array[], ...crossed: Uint8Array[]) =>
      verify(bench, { roots, chain: [issued.chainDer[0]!, ...crossed] });
    expect(ask([authority.root.der], cross(other), cross(authority))).toBe('None');
    expect(ask([authority.root.der], expired, cross(authority))).toBe('None');
    expect(ask([authority.root.der, other.root.der], expired, cross(other))).toBe('None');
    expect(ask([authority.root.der], expired, cross(other))).toBe('CertificateExpired');
  });

  test('twenty-three authorities of one name that sign each other end the search, not the device', async () => {
    const subject = distinguishedName({ CN: 'Maze' });
    const key = await generateKey('ec-p256');
    const maze = Array.from({ length: 23 }, (_, i) =>
      certify({
        subject,
        publicKey: key,
        issuer: { name: subject, key },
        notBefore: new Date(Date.now() - day),
        notAfter: new Date(Date.now() + day + i * 1000),
        extensions: authorityExtensions(key),
      }),
    );
    const issued = await authority.issue({
      names,
      intermediates: 0,
      leaf: { issuer: { name: subject, key } },
    });
    const chain = [issued.chainDer[0]!, ...maze];
    expect(verify(bench, { roots: [authority.root.der], chain })).toBe('CertificatePathTooLong');
    expect(verify(bench, { roots: [authority.root.der], chain: [...chain, maze[0]!] })).toBe(
      'TooManyCertificates',
    );
    // Reachable, with signatures that never hold: the budget of signatures ends it.
    const impostor = await generateKey('ec-p256');
    const root = certify({
      subject,
      publicKey: impostor,
      issuer: { name: subject, key: impostor },
      notBefore: new Date(Date.now() - day),
      notAfter: new Date(Date.now() + day),
      extensions: authorityExtensions(impostor),
    });
    expect(verify(bench, { roots: [root], chain })).toBe('CertificatePathTooLong');
  });

  test('a self-issued authority (key rollover) is followed and costs no path length', async () => {
    const { signer } = authority.root;
    const next = await generateKey('ec-p256');
    const rollover = certify({
      subject: signer.name,
      publicKey: next,
      issuer: signer,
      notBefore: new Date(Date.now() - day),
      notAfter: new Date(Date.now() + day),
      extensions: authorityExtensions(next, signer.key),
    });
    const limited = certify({
      subject: signer.name,
      publicKey: signer.key,
      issuer: signer,
      notBefore: new Date(Date.now() - day),
      notAfter: new Date(Date.now() + day),
      extensions: authorityExtensions(signer.key, signer.key, 0),
    });
    const issued = await authority.issue({
      names,
      intermediates: 0,
      leaf: { issuer: { name: signer.name, key: next } },
    });
    const chain = [issued.chainDer[0]!, rollover];
    expect(verify(bench, { roots: [limited], chain })).toBe('None');
    const longer = await authority.issue({ names, intermediates: 1 });
    expect(verify(bench, { roots: [limited], chain: longer.chainDer })).toBe('CertificatePathLength');
  });

  test('a root speaks for the same key only, whatever its name', async () => {
    const twin = await createAuthority();
    expect(ask(await twin.issue({ names, intermediates: 0 }))).toBe('UnknownCa');
    const issued = await twin.issue({ names, intermediates: 0 });
    expect(verify(bench, { roots: [authority.root.der, twin.root.der], chain: issued.chainDer })).toBe(
      'None',
    );
  });

  test('a self-signed server certificate may be trusted for itself, and for nothing that it signs', async () => {
    const pinned = await authority.issue({ names, flaw: 'selfSigned' });
    const roots = [pinned.chainDer[0]!];
    expect(verify(bench, { roots, chain: pinned.chainDer })).toBe('None');
    expect(verify(bench, { roots, chain: pinned.chainDer, host: 'other.example' })).toBe(
      'CertificateHostName',
    );
    const signer = { name: distinguishedName({ O: 'Deputy tests', CN: names[0]! }), key: pinned.key };
    const issued = await authority.issue({ names, intermediates: 0, leaf: { issuer: signer } });
    expect(verify(bench, { roots, chain: issued.chainDer })).toBe('CertificateBasicConstraints');
  });

  test('validity to the second, both ends included', async () => {
    const second = (s: number) => new Date(s * 1000);
    const issued = await authority.issue({
      names,
      intermediates: 0,
      notBefore: second(1.8e9),
      notAfter: second(1.81e9),
    });
    const at = (time: number) => verify(bench, { roots: [authority.root.der], chain: issued.chainDer, time });
    expect(at(1.8e9 - 1)).toBe('CertificateNotYetValid');
    expect(at(1.8e9)).toBe('None');
    expect(at(1.81e9)).toBe('None');
    expect(at(1.81e9 + 1)).toBe('CertificateExpired');
    expect(at(0)).toBe('NoTime');
    const forever = await authority.issue({
      names,
      intermediates: 0,
      notAfter: new Date('9999-12-31T23:59:59Z'),
    });
    const rules = ChainRule.ExpiredRoots;
    const late = { roots: [authority.root.der], chain: forever.chainDer, time: 0xffffffff, rules };
    expect(verify(bench, late)).toBe('None');
    const old = await authority.issue({
      names,
      intermediates: 0,
      notBefore: new Date('1950-01-01T00:00:00Z'),
    });
    expect(ask(old)).toBe('None');
  });

  test.each([
    ['serverAuth', undefined, 'None'],
    ['none', undefined, 'None'],
    ['anyExtendedKeyUsage', undefined, 'CertificateExtendedKeyUsage'],
    ['clientAuth', undefined, 'CertificateExtendedKeyUsage'],
    ['serverAuth', 'anyExtendedKeyUsage', 'None'],
    ['serverAuth', 'serverAuth', 'None'],
    ['serverAuth', 'clientAuth', 'CertificateExtendedKeyUsage'],
  ] as const)('purpose %s under an authority for %s: %s', async (leaf, above, verdict) => {
    const issued = await authority.issue({
      names,
      leaf: {
        extensions: [
          subjectAlternativeName(names),
          ...(leaf === 'none' ? [] : [extendedKeyUsage([leaf], true)]),
        ],
      },
      intermediate: (_, key, issuer) =>
        above === undefined
          ? {}
          : { extensions: [...authorityExtensions(key, issuer), extendedKeyUsage([above])] },
    });
    expect(ask(issued)).toBe(verdict);
  });

  test.each([
    ['certificatePolicies, which take nothing away', '2.5.29.32', 'None'],
    ['freshestCRL', '2.5.29.46', 'CertificateCriticalExtension'],
    ['the CT poison', '1.3.6.1.4.1.11129.2.4.3', 'CertificateCriticalExtension'],
  ])('critical: %s', async (_, oid, verdict) => {
    const extra = extension(oid, true, der.sequence(der.sequence(der.oid('2.5.29.32.0'))));
    const issued = await authority.issue({
      names,
      leaf: { extensions: [subjectAlternativeName(names), extra] },
    });
    expect(ask(issued)).toBe(verdict);
  });

  describe('fields that a strict reader refuses', () => {
    const san = subjectAlternativeName(names);
    const wrong: [string, (issued: Issued) => Parameters<Authority['issue']>[0]['leaf'], string][] = [
      ['version 1', () => ({ version: 1, extensions: [] }), 'BadCertificate'],
      ['version 2', () => ({ version: 2, extensions: [] }), 'BadCertificate'],
      ['version 4', () => ({ version: 4 }), 'BadCertificate'],
      ['version 2 with extensions', () => ({ version: 2 }), 'CertificateDer'],
      ['two algorithms', () => ({ innerAlgorithm: algorithmIdentifier('ecdsa-sha384') }), 'CertificateDer'],
      [
        'an empty issuer',
        () => ({ issuer: { ...authority.root.signer, name: der.sequence() } }),
        'CertificateDer',
      ],
      ['an extension twice', () => ({ extensions: [san, san] }), 'CertificateDer'],
      ['no names', () => ({ extensions: [subjectAlternativeName([])] }), 'CertificateDer'],
      [
        'an address of five bytes',
        () => ({ extensions: [subjectAlternativeName([der.implicit(7, new Uint8Array(5))])] }),
        'CertificateDer',
      ],
      ['a serial number of 21 octets', () => ({ serial: new Uint8Array(21).fill(1) }), 'CertificateDer'],
      ['a key usage without a bit', () => ({ extensions: [san, keyUsage()] }), 'CertificateDer'],
      ['a non-minimal serial number', () => ({ serial: Uint8Array.of(0, 1) }), 'CertificateDer'],
      [
        'a time without seconds',
        () => ({ notAfter: der.tlv(0x17, der.ascii('3001010000Z')) }),
        'CertificateDer',
      ],
      ['a local time', () => ({ notAfter: der.tlv(0x17, der.ascii('300101000000+0100')) }), 'CertificateDer'],
      [
        'the 30th of February',
        () => ({ notAfter: der.tlv(0x17, der.ascii('300230000000Z')) }),
        'CertificateDer',
      ],
      [
        'fractions of a second',
        () => ({ notAfter: der.tlv(0x18, der.ascii('20300101000000.5Z')) }),
        'CertificateDer',
      ],
    ];
    test.each(wrong)('%s', async (_, leaf, verdict) => {
      const issued = await authority.issue({ names, intermediates: 0 });
      const flawed = await authority.issue({ names, intermediates: 0, leaf: leaf(issued)! });
      expect(ask(flawed)).toBe(verdict);
    });

    test('an explicit cA FALSE and a negative serial number are read over', async () => {
      const explicit = extension('2.5.29.19', true, der.sequence(der.boolean(false)));
      const issued = await authority.issue({
        names,
        leaf: { extensions: [san, explicit], serial: Uint8Array.of(0xff) },
      });
      expect(ask(issued)).toBe('None');
    });
  });

  test('keys that are no keys for TLS', async () => {
    const p521 = await authority.issue({ names, keyType: 'ec-p521' });
    expect(ask(p521)).toBe('CertificateKey');
    const point = (await authority.issue({ names })).chainDer[0]!;
    expect(point.length).toBeGreaterThan(0);
    const rsa = (n: Uint8Array, e: number) =>
      der.sequence(
        der.sequence(der.oid('1.2.840.113549.1.1.1'), der.nullValue()),
        der.bitString(der.sequence(der.integer(der.concat(Uint8Array.of(0), n)), der.integer(e))),
      );
    const modulus = new Uint8Array(256).fill(0xc5);
    const withKey = async (publicKeyInfo: Uint8Array) =>
      ask(await authority.issue({ names, leaf: { publicKeyInfo } }));
    expect(await withKey(rsa(modulus, 65537))).toBe('None');
    expect(await withKey(rsa(modulus, 3))).toBe('None');
    expect(await withKey(rsa(modulus, 1))).toBe('CertificateWeakKey');
    expect(await withKey(rsa(modulus, 4))).toBe('CertificateWeakKey');
    expect(await withKey(rsa(modulus.with(255, 0xc4), 3))).toBe('CertificateWeakKey');
    expect(await withKey(rsa(modulus.slice(0, 255), 65537))).toBe('CertificateWeakKey');
    expect(await withKey(rsa(new Uint8Array(520).fill(0xc5), 65537))).toBe('CertificateKey');
  });

  test('lists that are no lists', async () => {
    expect(verify(bench, { roots: [authority.root.der], chain: [] })).toBe('DecodeError');
    expect(verify(bench, { roots: [authority.root.der], chain: [new Uint8Array(0)] })).toBe('DecodeError');
    const [leaf] = (await authority.issue({ names })).chainDer as [Uint8Array];
    expect(verify(bench, { roots: [authority.root.der], chain: [leaf, leaf.slice(0, -1)] })).toBe(
      'CertificateDer',
    );
    expect(verify(bench, { roots: [authority.root.der], chain: [leaf.slice(0, -1)] })).toBe('CertificateDer');
    expect(verify(bench, { roots: [authority.root.der], chain: [der.concat(leaf, Uint8Array.of(0))] })).toBe(
      'CertificateDer',
    );
  });
});
