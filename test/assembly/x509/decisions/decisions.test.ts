// Each row of README.md's table is a certificate that verifiers judge differently, and is judged here as the row says.
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  type Authority,
  authorityExtensions,
  createAuthority,
  type IssueOptions,
} from '../../../../host/cli/demo/authority/authority.js';
import {
  basicConstraints,
  certify,
  extendedKeyUsage,
  extension,
  generalName,
  keyUsage,
  nameConstraints,
  subjectAlternativeName,
} from '../../../../host/cli/demo/authority/certificate.js';
import * as der from '../../../../host/platform/node/der.js';
import { programs } from '../../programs.js';
import { ChainRule, verify } from '../verifier.js';

interface Asked {
  leaf?: NonNullable<IssueOptions['leaf']>;
  /** Of the one intermediate, behind what every authority has. */
  above?: Uint8Array[];
  /** Replaces the intermediate's. */
  aboveAll?: (...keys: Parameters<typeof authorityExtensions>) => Uint8Array[];
  host?: string;
  rules?: number;
  pinned?: boolean;
  /** Fields of the root. */
  root?: Partial<Parameters<typeof certify>[0]>;
}

const day = 86_400_000;
const host = 'www.example.org';
const san = subjectAlternativeName([host]);
const leaf = (...extensions: Uint8Array[]): Asked => ({ leaf: { extensions: [san, ...extensions] } });
const unknown = extension('1.3.6.1.4.1.99999.2', false, der.nullValue());
const accessOid = '1.3.6.1.5.5.7.1.1';
const access = (critical: boolean, ...items: Uint8Array[]) =>
  extension(accessOid, critical, der.sequence(...items));
const caIssuers = der.sequence(
  der.oid('1.3.6.1.5.5.7.48.2'),
  der.implicit(6, der.ascii('http://ca.example/ca.der')),
);
const identifier = new Uint8Array(20).fill(7);
const anyPolicy = '2.5.29.32.0';
const cps = der.sequence(der.oid('1.3.6.1.5.5.7.2.1'), der.tlv(0x16, der.ascii('http://ca.example/')));
const strange = der.sequence(der.oid('1.3.6.1.4.1.99999.3'), der.nullValue());
const policy = (oid: string, ...qualifiers: Uint8Array[]) =>
  der.sequence(der.oid(oid), ...(qualifiers.length > 0 ? [der.sequence(...qualifiers)] : []));
const policies = (critical: boolean, ...items: Uint8Array[]) =>
  extension('2.5.29.32', critical, der.sequence(...items));
const explicitPolicy = (critical: boolean) =>
  extension('2.5.29.36', critical, der.sequence(der.implicit(0, Uint8Array.of(0))));
const rsaInfo = (bits: number) => {
  const modulus = new Uint8Array(Math.ceil(bits / 8)).fill(0xc5);
  modulus[0] = (0xff >> ((8 - (bits % 8)) % 8)) & 0xff;
  return der.sequence(
    der.sequence(der.oid('1.2.840.113549.1.1.1'), der.nullValue()),
    der.bitString(
      der.sequence(
        der.integer(der.concat(Uint8Array.of(0), modulus).slice(modulus[0]! < 0x80 ? 1 : 0)),
        der.integer(65537),
      ),
    ),
  );
};
const rsa = (bits: number): Asked => ({ leaf: { publicKeyInfo: rsaInfo(bits) } });

const cases: Record<string, Asked> = {
  'an unknown extension twice': leaf(unknown, unknown),
  'authorityInfoAccess twice': leaf(access(false, caIssuers), access(false, caIssuers)),
  '65 extensions': leaf(
    ...Array.from({ length: 64 }, (_, i) => extension(`1.3.6.1.4.1.99999.${i}`, false, der.nullValue())),
  ),
  'explicit critical FALSE': leaf(
    der.sequence(der.oid('1.3.6.1.4.1.99999.2'), der.boolean(false), der.octetString(der.nullValue())),
  ),
  'CA FALSE with a path length': leaf(basicConstraints(false, 0)),
  'RSA modulus of 2047 bits': rsa(2047),
  'RSA modulus of 2052 bits': rsa(2052),
  'RSA modulus of 2052 bits, legacy': { ...rsa(2052), rules: ChainRule.Legacy },
  'critical subjectKeyIdentifier': leaf(extension('2.5.29.14', true, der.octetString(identifier))),
  'critical authorityKeyIdentifier': leaf(
    extension('2.5.29.35', true, der.sequence(der.implicit(0, identifier))),
  ),
  'critical authorityInfoAccess': leaf(access(true, caIssuers)),
  'no authorityKeyIdentifier': leaf(),
  'malformed authorityInfoAccess': leaf(access(false, der.sequence(der.oid('1.3.6.1.5.5.7.48.2')))),
  'empty authorityInfoAccess': leaf(access(false)),
  'nameConstraints in an end entity': leaf(nameConstraints({ permitted: ['example.org'] })),
  'nameConstraints in an end entity, not critical': leaf(
    nameConstraints({ permitted: ['example.org'] }, false),
  ),
  'DNS constraint behind a dot': { above: [nameConstraints({ permitted: ['.example.org'] })] },
  'a server that is an authority': leaf(basicConstraints(true)),
  'a server that is an authority, pinned': { ...leaf(basicConstraints(true)), pinned: true },
  'a server with keyCertSign': leaf(keyUsage('digitalSignature', 'keyCertSign')),
  'a name with an underscore': {
    leaf: { extensions: [subjectAlternativeName(['a_b.example.org'])] },
    host: 'a_b.example.org',
  },
  'a host with an underscore below a wildcard': {
    leaf: { extensions: [subjectAlternativeName(['*.example.org'])] },
    host: 'a_b.example.org',
  },
  'a wildcard for a top-level domain': {
    leaf: { extensions: [subjectAlternativeName(['*.org'])] },
    host: 'example.org',
  },
  'common name without alternative name': { leaf: { extensions: [basicConstraints(false)] } },
  'empty subject, alternative name critical': {
    leaf: { subject: der.sequence(), extensions: [subjectAlternativeName([host], { critical: true })] },
  },
  'empty subject, alternative name not critical': { leaf: { subject: der.sequence(), extensions: [san] } },
  'alternative name beyond ASCII': {
    leaf: { extensions: [subjectAlternativeName([generalName(host), der.implicit(2, Uint8Array.of(0xe9))])] },
  },
  'any purpose': leaf(extendedKeyUsage(['anyExtendedKeyUsage'])),
  'basicConstraints of an authority not critical': {
    aboveAll: () => [basicConstraints(true, undefined, false), keyUsage('keyCertSign')],
  },
  'negative serial number': { leaf: { serial: Uint8Array.of(0x80) } },
  'serial number of 21 octets': { leaf: { serial: new Uint8Array(21).fill(1) } },
  'policy twice': leaf(policies(false, policy('1.2.3'), policy('1.2.3', cps))),
  'critical policies, known qualifiers': leaf(policies(true, policy('1.2.3', cps))),
  'critical policies, unknown qualifier': leaf(policies(true, policy('1.2.3', cps, strange))),
  'policies not critical, unknown qualifier': leaf(policies(false, policy('1.2.3', strange))),
  'explicit policy demanded, none there': {
    above: [explicitPolicy(true), policies(false, policy(anyPolicy))],
  },
  'explicit policy demanded, one there': {
    ...leaf(policies(false, policy('1.2.3'))),
    above: [explicitPolicy(true), policies(false, policy(anyPolicy))],
  },
  'policyConstraints not critical': { above: [explicitPolicy(false), policies(false, policy(anyPolicy))] },
  'anyPolicy mapped': {
    above: [extension('2.5.29.33', true, der.sequence(der.sequence(der.oid(anyPolicy), der.oid('1.2.3'))))],
  },
  'expired root': { root: { notAfter: new Date(Date.now() - day) } },
  'expired root, expiredRoots': {
    root: { notAfter: new Date(Date.now() - day) },
    rules: ChainRule.ExpiredRoots,
  },
  'root for clients alone': {
    root: { extensions: [basicConstraints(true), extendedKeyUsage(['clientAuth'])] },
  },
};

const rows = readFileSync(new URL('README.md', import.meta.url), 'utf8')
  .split('\n')
  .filter((line) => line.startsWith('| '))
  .slice(2)
  .map(
    (line) =>
      line
        .split('|')
        .map((cell) => cell.trim())
        .slice(1, 4) as [string, string, string],
  );

test('the table has each case once, with a reason', () => {
  expect(rows.map(([name]) => name).sort()).toEqual(Object.keys(cases).sort());
  for (const [name, , reason] of rows) expect([name, reason.length > 10]).toEqual([name, true]);
});

describe.each(await programs('primitives'))('decisions on %s', (_, bench) => {
  let authority: Authority;
  beforeAll(async () => {
    authority = await createAuthority();
  });

  test.each(rows)('%s: %s', async (name, verdict) => {
    const asked = cases[name]!;
    const { chainDer } = await authority.issue({
      names: [host],
      ...(asked.leaf && { leaf: asked.leaf }),
      intermediate: (_, key, issuer) =>
        asked.aboveAll
          ? { extensions: asked.aboveAll(key, issuer) }
          : { extensions: [...authorityExtensions(key, issuer), ...(asked.above ?? [])] },
    });
    const { signer } = authority.root;
    const root = asked.root
      ? certify({
          subject: signer.name,
          publicKey: signer.key,
          issuer: signer,
          notBefore: new Date(Date.now() - 2 * day),
          notAfter: new Date(Date.now() + day),
          extensions: authorityExtensions(signer.key),
          ...asked.root,
        })
      : authority.root.der;
    const roots = [asked.pinned ? chainDer[0]! : root];
    expect(verify(bench, { roots, chain: chainDer, host: asked.host ?? host, rules: asked.rules ?? 0 })).toBe(
      verdict,
    );
  });
});
