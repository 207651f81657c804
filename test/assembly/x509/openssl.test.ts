// The same chains before OpenSSL: what one takes the other takes, except where a line here says why not.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type Authority,
  authorityExtensions,
  createAuthority,
  flaws,
  type IssueOptions,
} from '../../../host/cli/demo/authority/authority.js';
import {
  basicConstraints,
  extendedKeyUsage,
  keyUsage,
  nameConstraints,
  subjectAlternativeName,
  toPem,
} from '../../../host/cli/demo/authority/certificate.js';
import { programs } from '../programs.js';
import { verify } from './verifier.js';

const found =
  spawnSync('openssl', ['version'], { encoding: 'utf8' }).stdout?.startsWith('OpenSSL 3') ?? false;

/** Where this verifier is stricter than `openssl verify -purpose sslserver -auth_level 2`, and why. */
const stricter = new Map([
  ['wrongKeyUsage', 'OpenSSL lets a key for key agreement alone serve TLS'],
  ['an authority as a server', 'decisions/README.md says why'],
  ['authority for another purpose', 'OpenSSL asks authorities for the purpose too, but by Netscape rules'],
]);

const names = ['www.example.org', '192.0.2.7'];
const constrained = (permitted: string[], excluded: string[], subject: string[]): Partial<IssueOptions> => ({
  leaf: { extensions: [subjectAlternativeName(subject)] },
  intermediate: (_, key, issuer) => ({
    extensions: [...authorityExtensions(key, issuer), nameConstraints({ permitted, excluded })],
  }),
});
const cases: [string, Partial<IssueOptions>, string?][] = [
  ['a right one', {}],
  ['five intermediates', { intermediates: 5 }],
  ['by address', {}, '192.0.2.7'],
  ['by another address', {}, '192.0.2.8'],
  ['by a subdomain', {}, 'a.www.example.org'],
  ['wildcard', { names: ['*.example.org'] }],
  ['wildcard, two labels', { names: ['*.example.org'] }, 'a.b.example.org'],
  ['wildcard of a top-level domain', { names: ['*.org'] }, 'example.org'],
  ['permitted', constrained(['example.org'], [], ['www.example.org'])],
  ['not permitted', constrained(['example.net'], [], ['www.example.org'])],
  ['excluded', constrained([], ['www.example.org'], ['www.example.org'])],
  ['not excluded', constrained([], ['w.example.org'], ['www.example.org'])],
  ['address permitted', constrained(['192.0.2.0/24'], [], names)],
  ['address not permitted', constrained(['198.51.100.0/24'], [], names)],
  [
    'any purpose',
    { leaf: { extensions: [subjectAlternativeName(names), extendedKeyUsage(['anyExtendedKeyUsage'])] } },
  ],
  ['no purpose', { leaf: { extensions: [subjectAlternativeName(names)] } }],
  [
    'an authority as a server',
    { leaf: { extensions: [subjectAlternativeName(names), basicConstraints(true)] } },
  ],
  [
    'only for certificates',
    { leaf: { extensions: [subjectAlternativeName(names), keyUsage('keyCertSign')] } },
  ],
  [
    'authority for another purpose',
    {
      intermediate: (_, key, issuer) => ({
        extensions: [...authorityExtensions(key, issuer), extendedKeyUsage(['clientAuth'])],
      }),
    },
  ],
  ...flaws.map((flaw): [string, Partial<IssueOptions>] => [flaw, { flaw }]),
];

describe.runIf(found).each(await programs('primitives'))('chains before OpenSSL and %s', (_, bench) => {
  const folder = mkdtempSync(join(tmpdir(), 'deputy-openssl-'));
  let authorities: Record<'ec' | 'rsa', Authority>;
  beforeAll(async () => {
    authorities = { ec: await createAuthority(), rsa: await createAuthority({ keyType: 'rsa-2048' }) };
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  function openssl(root: Uint8Array, chain: Uint8Array[], host: string): boolean {
    const file = (name: string, certificates: Uint8Array[]) => {
      const path = join(folder, name);
      writeFileSync(path, certificates.map((one) => toPem('CERTIFICATE', one)).join(''));
      return path;
    };
    const { status } = spawnSync('openssl', [
      'verify',
      '-purpose',
      'sslserver',
      '-auth_level',
      '2',
      isIP(host) ? '-verify_ip' : '-verify_hostname',
      host,
      '-CAfile',
      file('root.pem', [root]),
      '-untrusted',
      file('chain.pem', chain),
      file('leaf.pem', chain.slice(0, 1)),
    ]);
    return status === 0;
  }

  test.each(cases)('%s', async (name, options, host = 'www.example.org') => {
    // MD5 goes with RSA alone; making RSA keys is slow.
    const authority = authorities[options.flaw === 'md5Signature' ? 'rsa' : 'ec'];
    const { root } = authority;
    const { chainDer } = await authority.issue({ names, ...options });
    const ours = verify(bench, { roots: [root.der], chain: chainDer, host }) === 'None';
    const theirs = openssl(root.der, chainDer, host);
    if (stricter.has(name)) expect(ours).toBe(false);
    else expect(ours).toBe(theirs);
  });
});

test.skipIf(found)('OpenSSL 3 is not installed: its verdicts were not compared', () => {});
