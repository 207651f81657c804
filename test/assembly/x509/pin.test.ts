// A certificate that is no authority, given as a root: it vouches for itself, and for nothing that its key may sign.
import { beforeAll, describe, expect, test } from 'vitest';
import {
  type Authority,
  authorityExtensions,
  createAuthority,
  generateKey,
} from '../../../host/cli/demo/authority/authority.js';
import {
  basicConstraints,
  certify,
  distinguishedName,
  extendedKeyUsage,
  keyUsage,
  type Signer,
  subjectAlternativeName,
} from '../../../host/cli/demo/authority/certificate.js';
import { programs } from '../programs.js';
import { ChainRule, verify } from './verifier.js';

const day = 86_400_000;
const printer = ['printer.local'];
const printerName = distinguishedName({ CN: 'printer.local' });
const dates = { notBefore: new Date(Date.now() - 2 * day), notAfter: new Date(Date.now() + day) };

describe.each(await programs('primitives'))('pinned certificates on %s', (_, bench) => {
  let authority: Authority;
  let signer: Signer;
  beforeAll(async () => {
    authority = await createAuthority();
    signer = { name: printerName, key: await generateKey('ec-p256') };
  });

  const sign = (fields: Partial<Parameters<typeof certify>[0]> = {}) =>
    certify({
      subject: printerName,
      publicKey: signer.key,
      issuer: signer,
      ...dates,
      extensions: [subjectAlternativeName(printer)],
      ...fields,
    });
  const other = (fields: Partial<Parameters<typeof certify>[0]> = {}) =>
    sign({ extensions: [subjectAlternativeName(['www.example.org'])], ...fields });
  const ask = (roots: Uint8Array[], chain: Uint8Array[], host = 'www.example.org', rules = 0) =>
    verify(bench, { roots, chain, host, rules });

  test('it vouches for its own names', () => {
    const pin = sign();
    expect(ask([pin], [pin], 'printer.local')).toBe('None');
    expect(ask([pin], [pin])).toBe('CertificateHostName');
    expect(ask([pin], [pin, authority.root.der], 'printer.local')).toBe('None');
  });

  test.each([
    ['the same subject', () => other()],
    ['the same subject, another time', () => other({ notAfter: new Date(Date.now() + 2 * day) })],
    ['another subject', () => other({ subject: distinguishedName({ CN: 'www.example.org' }) })],
    [
      'a self-issued one',
      () => other({ extensions: [subjectAlternativeName(['www.example.org', ...printer])] }),
    ],
    [
      'an authority',
      () =>
        other({
          extensions: [...authorityExtensions(signer.key), subjectAlternativeName(['www.example.org'])],
        }),
    ],
  ])('its key vouches for no other certificate: %s', (_, make) => {
    const pin = sign();
    for (const chain of [[make()], [make(), pin], [make(), make(), pin]]) {
      expect(ask([pin], chain)).not.toBe('None');
      expect(ask([pin, authority.root.der], chain)).not.toBe('None');
    }
  });

  test('nor for the same certificate signed anew', () => {
    const pin = sign({ serial: 1n });
    const again = sign({ serial: 2n });
    expect(ask([pin], [again], 'printer.local')).toBe('CertificateBasicConstraints');
  });

  test('a certificate that it signed is no authority either', async () => {
    const pin = sign();
    const key = await generateKey('ec-p256');
    const name = distinguishedName({ CN: 'Below the printer' });
    const below = sign({ subject: name, publicKey: key, extensions: authorityExtensions(key, signer.key) });
    const leaf = other({ issuer: { name, key } });
    expect(ask([pin], [leaf, below])).toBe('CertificateBasicConstraints');
    expect(ask([pin], [leaf, below, pin])).toBe('CertificateBasicConstraints');
  });

  test('its dates and its purposes count', () => {
    const expired = sign({ notAfter: new Date(Date.now() - day) });
    expect(ask([expired], [expired], 'printer.local')).toBe('CertificateExpired');
    expect(ask([expired], [expired], 'printer.local', ChainRule.ExpiredRoots)).toBe('CertificateExpired');
    const early = sign({ notBefore: new Date(Date.now() + day / 2) });
    expect(ask([early], [early], 'printer.local')).toBe('CertificateNotYetValid');
    const client = sign({ extensions: [subjectAlternativeName(printer), extendedKeyUsage(['clientAuth'])] });
    expect(ask([client], [client], 'printer.local')).toBe('CertificateExtendedKeyUsage');
    const encrypts = sign({ extensions: [subjectAlternativeName(printer), keyUsage('keyEncipherment')] });
    expect(ask([encrypts], [encrypts], 'printer.local')).toBe('CertificateKeyUsage');
    for (const pin of [expired, early, client, encrypts]) expect(ask([pin], [other()])).not.toBe('None');
  });

  test('one that an authority issued is trusted alone, without that authority', async () => {
    const { chainDer } = await authority.issue({ names: ['www.example.org'], intermediates: 1 });
    const [leaf, intermediate] = chainDer as [Uint8Array, Uint8Array];
    expect(ask([leaf], [leaf])).toBe('None');
    expect(ask([leaf], [leaf, intermediate])).toBe('None');
    expect(ask([leaf], [leaf], 'other.example')).toBe('CertificateHostName');
    const sister = await authority.issue({ names: ['www.example.org'], intermediates: 1 });
    expect(ask([leaf], sister.chainDer)).toBe('UnknownCa');
  });

  test('an authority’s own certificate serves where it is pinned, and is an authority still', async () => {
    const appliance = sign({
      extensions: [basicConstraints(true), subjectAlternativeName(printer)],
    });
    expect(ask([appliance], [appliance], 'printer.local')).toBe('None');
    expect(ask([appliance], [other()])).toBe('None');
    const signsWithoutBeing = sign({
      extensions: [keyUsage('keyCertSign', 'digitalSignature'), subjectAlternativeName(printer)],
    });
    expect(ask([signsWithoutBeing], [signsWithoutBeing], 'printer.local')).toBe('None');
    expect(ask([signsWithoutBeing], [other()])).toBe('CertificateBasicConstraints');
  });
});
