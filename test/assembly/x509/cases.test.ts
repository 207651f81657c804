// Chains of cases/, each once judged wrongly here and rightly by other verifiers. NAME.roots.pem are the anchors, NAME.chain.pem
// what the server sends; all are valid to 2099, and their keys were thrown away.
import { X509Certificate } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { programs } from '../programs.js';
import { verify } from './verifier.js';

const folder = new URL('cases/', import.meta.url);

const verdicts: Record<string, [verdict: string, why: string]> = {
  'pin-widened': ['CertificateBasicConstraints', 'a pinned certificate that is no CA vouches for no other'],
  'pin-ca-issued-leaf': ['None', 'a pinned certificate vouches for itself, no matter who issued it'],
  'nc-constructed-dns': ['CertificateDer', 'a constructed DNS name excludes nothing that can be known'],
  'nc-no-general-name': ['CertificateDer', 'an object identifier is no kind of name'],
  'rdn-duplicate-attribute': ['UnknownCa', '{CN=I, CN=I} is not {CN=I} (RFC 5280 §7.1)'],
  'policy-critical-unknown-qualifier': [
    'CertificateCriticalExtension',
    'a qualifier that is not known in a critical extension (RFC 5280 §4.2.1.4)',
  ],
  'extension-twice': ['CertificateDer', 'authorityInfoAccess stands there twice (RFC 5280 §4.2)'],
  'leaf-ca-false-pathlen': ['None', 'a path length without cA means nothing'],
  'bundle-ed25519': ['None', 'another root of the bundle can’t be used'],
};

const certificates = (file: string) =>
  readFileSync(new URL(file, folder), 'latin1')
    .split(/(?<=-----END CERTIFICATE-----)/)
    .filter((text) => text.includes('BEGIN'))
    .map((text) => new Uint8Array(new X509Certificate(text).raw));

test('every case has a verdict', () => {
  const names = new Set(readdirSync(folder).map((file) => file.split('.')[0]));
  expect([...names].sort()).toEqual(Object.keys(verdicts).sort());
});

describe.each(await programs('primitives'))('chains of cases/ on %s', (_, bench) => {
  test.each(Object.entries(verdicts))('%s', (name, [verdict]) => {
    const roots = certificates(`${name}.roots.pem`);
    const chain = certificates(`${name}.chain.pem`);
    expect(verify(bench, { roots, chain, time: Date.UTC(2030, 0, 1) / 1000 })).toBe(verdict);
  });
});
