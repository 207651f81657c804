// What may become a trust anchor, and what it costs.
import { describe, expect, test } from 'vitest';
import {
  authorityExtensions,
  createAuthority,
  generateKey,
} from '../../../host/cli/demo/authority/authority.js';
import {
  certify,
  distinguishedName,
  extendedKeyUsage,
  extension,
  keyUsage,
  nameConstraints,
} from '../../../host/cli/demo/authority/certificate.js';
import { nullValue } from '../../../host/platform/node/der.js';
import { programs } from '../programs.js';
import { ChainRule, certificateList, codeName, now, verify } from './verifier.js';

const day = 86_400_000;

describe.each(await programs('primitives'))('trust on %s', (_, bench) => {
  const { exports } = bench;
  const dates = { notBefore: new Date(Date.now() - 2 * day), notAfter: new Date(Date.now() + day) };

  async function root(
    fields: Partial<Parameters<typeof certify>[0]> = {},
    keyType: 'ec-p256' | 'rsa-1024' | 'ec-p521' = 'ec-p256',
  ) {
    const key = await generateKey(keyType);
    const subject = distinguishedName({ CN: 'A root' });
    const signer = { name: subject, key };
    const extensions = authorityExtensions(key);
    return {
      der: certify({ subject, publicKey: key, issuer: signer, ...dates, extensions, ...fields }),
      signer,
    };
  }

  function add(der: Uint8Array): string {
    const trust = exports.trustNew!();
    const code = exports.trustAdd!(trust, bench.put(der), der.length);
    exports.trustFree!(trust);
    bench.free();
    return codeName(code);
  }

  test('what is refused', async () => {
    const right = await root();
    expect(add(right.der)).toBe('None');
    expect(add(right.der.slice(1))).toBe('CertificateDer');
    expect(add((await root({}, 'rsa-1024')).der)).toBe('CertificateWeakKey');
    expect(add((await root({}, 'ec-p521')).der)).toBe('CertificateKey');
    const critical = extension('1.3.6.1.4.1.99999.1', true, nullValue());
    const twice = [critical, critical];
    expect(add((await root({ extensions: twice })).der)).toBe('CertificateDer');
    expect(add((await root({ extensions: [critical] })).der)).toBe('CertificateCriticalExtension');
    expect(codeName(exports.trustAdd!(0, bench.put(right.der), right.der.length))).toBe('NoTrust');
    expect(
      codeName(
        exports.verifyChain!(0, bench.put(right.der), 8, bench.put(right.der), 1, now(), bench.room(64), 0),
      ),
    ).toBe('NoTrust');
    bench.free();
  });

  test('an expired root is refused unless the rules let it pass; one of version 1 is an authority', async () => {
    const authority = await createAuthority();
    const leaf = async (signer: typeof authority.root.signer) =>
      (await authority.issue({ names: ['www.example.org'], intermediates: 0, leaf: { issuer: signer } }))
        .chainDer;
    const expired = await root({ notAfter: new Date(Date.now() - day) });
    const late = { roots: [expired.der], chain: await leaf(expired.signer) };
    expect(verify(bench, late)).toBe('CertificateExpired');
    expect(verify(bench, { ...late, rules: ChainRule.ExpiredRoots })).toBe('None');
    const early = await root({
      notBefore: new Date(Date.now() + day),
      notAfter: new Date(Date.now() + 2 * day),
    });
    const soon = { roots: [early.der], chain: await leaf(early.signer) };
    expect(verify(bench, soon)).toBe('CertificateNotYetValid');
    expect(verify(bench, { ...soon, rules: ChainRule.ExpiredRoots })).toBe('None');
    // Where the time may be later, what is to come may have come; what has ended has.
    expect(verify(bench, { ...soon, rules: ChainRule.LeastTime })).toBe('None');
    expect(verify(bench, { ...soon, time: now() - 900 * 86_400, rules: ChainRule.LeastTime })).toBe('None');
    expect(verify(bench, { ...soon, time: now() + 3 * 86_400, rules: ChainRule.LeastTime })).toBe(
      'CertificateExpired',
    );
    expect(verify(bench, { ...late, rules: ChainRule.LeastTime })).toBe('CertificateExpired');
    const old = await root({ version: 1, extensions: [] });
    expect(verify(bench, { roots: [old.der], chain: await leaf(old.signer) })).toBe('None');
    const signsNothing = await root({ extensions: [keyUsage('digitalSignature')] });
    expect(verify(bench, { roots: [signsNothing.der], chain: await leaf(signsNothing.signer) })).toBe(
      'CertificateBasicConstraints',
    );
  });

  test('the same root twice: each of its certificates is tried', async () => {
    const authority = await createAuthority();
    const key = await generateKey('ec-p256');
    const twin = async (fields: Partial<Parameters<typeof certify>[0]>) =>
      (await root({ publicKey: key, ...fields })).der;
    const signer = { name: distinguishedName({ CN: 'A root' }), key };
    const expired = await twin({ notAfter: new Date(Date.now() - day) });
    const constrained = await twin({
      extensions: [...authorityExtensions(key), nameConstraints({ permitted: ['example.net'] })],
    });
    const short = await twin({ extensions: authorityExtensions(key, key, 0) });
    const elsewhere = await twin({
      extensions: [...authorityExtensions(key), extendedKeyUsage(['clientAuth'])],
    });
    const renewed = await twin({});
    const { chainDer } = await authority.issue({
      names: ['www.example.org'],
      intermediates: 1,
      intermediate: () => ({ issuer: signer }),
    });
    const reasons = [
      [expired, 'CertificateExpired'],
      [constrained, 'CertificateNameConstraints'],
      [short, 'CertificatePathLength'],
      [elsewhere, 'CertificateExtendedKeyUsage'],
    ] as const;
    for (const [other, verdict] of reasons) {
      expect(verify(bench, { roots: [other], chain: chainDer })).toBe(verdict);
      expect(verify(bench, { roots: [other, renewed], chain: chainDer })).toBe('None');
      expect(verify(bench, { roots: [renewed, other], chain: chainDer })).toBe('None');
    }
  });

  test('a root that can’t be used is kept beside the others, and is the reason where it was needed', async () => {
    const authority = await createAuthority();
    const issued = await authority.issue({ names: ['www.example.org'] });
    const subject = distinguishedName({ CN: 'A root' });
    const unusable = [
      [await root({}, 'ec-p521'), 'CertificateKey'],
      [await root({}, 'rsa-1024'), 'CertificateWeakKey'],
      [
        await root({ extensions: [extension('1.3.6.1.4.1.99999.1', true, nullValue())] }),
        'CertificateCriticalExtension',
      ],
    ] as const;
    for (const [{ der }, verdict] of unusable) {
      expect(verify(bench, { roots: [der, authority.root.der], chain: issued.chainDer })).toBe('None');
      expect(verify(bench, { roots: [authority.root.der, der], chain: issued.chainDer })).toBe('None');
      const issuer = { name: subject, key: await generateKey('ec-p256') };
      const needed = await authority.issue({
        names: ['www.example.org'],
        intermediates: 0,
        leaf: { issuer },
      });
      // The key of that extension's root is fine: it is an authority, so that the extension is what stands in the way.
      const expected = verdict === 'CertificateCriticalExtension' ? 'CertificateBasicConstraints' : verdict;
      expect(verify(bench, { roots: [der, authority.root.der], chain: needed.chainDer })).toBe(expected);
    }
  });

  test('RSA of 1024 bits holds where the old is let pass, and there alone', async () => {
    const old = await createAuthority({ keyType: 'rsa-1024' });
    const { chainDer } = await old.issue({ names: ['www.example.org'], keyType: 'rsa-1024' });
    const asked = { roots: [old.root.der], chain: chainDer };
    expect(verify(bench, asked)).toBe('CertificateWeakKey');
    expect(verify(bench, { ...asked, rules: ChainRule.Legacy })).toBe('None');
    const leaf = await old.issue({ names: ['www.example.org'], intermediates: 0 });
    expect(verify(bench, { roots: [old.root.der], chain: leaf.chainDer })).toBe('CertificateWeakKey');
    expect(verify(bench, { roots: [old.root.der], chain: leaf.chainDer, rules: ChainRule.Legacy })).toBe(
      'None',
    );
  });

  test('memory comes back, and a second copy of a root takes none', async () => {
    const authority = await createAuthority();
    const { chainDer } = await authority.issue({ names: ['www.example.org'], intermediates: 3 });
    const list = certificateList(chainDer);
    const round = () => {
      for (let i = 0; i < 200; i++) {
        const trust = exports.trustNew!();
        for (let copy = 0; copy < 10; copy++) {
          exports.trustAdd!(trust, bench.put(authority.root.der), authority.root.der.length);
        }
        // Stops at the certificate that is not valid yet: this is about memory.
        exports.verifyChain!(trust, bench.put(list), list.length, bench.room(1), 1, 1, bench.room(64), 0);
        exports.trustFree!(trust);
        bench.free();
      }
      return bench.program.memory().length;
    };
    const before = round();
    expect(round()).toBe(before);
  });
});
