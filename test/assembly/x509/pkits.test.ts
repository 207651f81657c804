// NIST's Public Key Interoperability Test Suite, from Debian's python3-cryptography-vectors (or DEPUTY_PKITS=FOLDER).
// The file's name says what a verifier has to find.
import { X509Certificate } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { programs } from '../programs.js';
import { ChainRule, verify } from './verifier.js';

const folder =
  process.env.DEPUTY_PKITS ?? '/usr/lib/python3/dist-packages/cryptography_vectors/x509/PKITS_data/certs';
const found = existsSync(folder);

/** Cases that ask for what this verifier doesn't do, and why it doesn't. */
const skips: [RegExp, string][] = [
  [
    /[cC]RL|Revoked|[dD]istributionPoint|IDP|onlyContains|onlySomeReasons|^Invalid(Long|Negative)SerialNumber|^InvalidBasicSelfIssued(New|Old)/,
    'revocation is not checked: no CRL and no OCSP here',
  ],
  [/DSAParameterInheritance/, 'a DSA key brings its own parameters'],
];

/** Valid, yet refused on purpose: its end entity is an authority's certificate, which is no server's (decisions/README.md). */
const authoritiesAsServers = /^(ValidpathLenConstraintTest(8|14)|OverlappingPoliciesTest6)$/;

/** Names that don't say what holds with any-policy as the initial set and nothing inhibited; OpenSSL finds the same. */
const validForAnyPolicy =
  /^(AllCertificates(NoPoliciesTest2|SamePoliciesTest1[03]|anyPolicyTest11)|AnyPolicyTest14|CPSPointerQualifierTest20|DifferentPoliciesTest3|OverlappingPoliciesTest6|UserNoticeQualifierTest1[5-9]|inhibitAnyPolicyTest3)$/;

const bytes = (name: string) => new Uint8Array(readFileSync(join(folder, name)));
const files = found ? readdirSync(folder).filter((name) => name.endsWith('.crt')) : [];
const authorities = files
  .filter((name) => !name.endsWith('EE.crt') && !name.startsWith('TrustAnchor'))
  .map((name) => {
    const certificate = new X509Certificate(bytes(name));
    return { der: bytes(name), subject: fold(certificate.subject), issuer: fold(certificate.issuer) };
  });

/** The names of PKITS differ in case and spaces, so that verifiers prove they fold them. */
function fold(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9=]/g, '');
}

function chainFor(file: string): Uint8Array[] {
  const chain = [bytes(file)];
  const wanted = [fold(new X509Certificate(chain[0]!).issuer)];
  for (const issuer of wanted) {
    for (const authority of authorities.filter((one) => one.subject === issuer)) {
      if (!chain.includes(authority.der)) chain.push(authority.der);
      if (!wanted.includes(authority.issuer)) wanted.push(authority.issuer);
    }
  }
  return chain;
}

const cases = files.filter((name) => name.endsWith('EE.crt')).map((name) => name.slice(0, -'EE.crt'.length));
const reason = (name: string) => skips.find(([pattern]) => pattern.test(name))?.[1];

const reasons = cases.map(reason).filter((why) => why !== undefined);

afterAll(() => {
  if (!found) return;
  const counts = [...new Set(reasons)].map(
    (why) => `${reasons.filter((one) => one === why).length} (${why})`,
  );
  console.info(`PKITS: ${cases.length - reasons.length} cases ran; skipped ${counts.join(', ')}`);
});

test.skipIf(found)('PKITS is not here: install python3-cryptography-vectors or set DEPUTY_PKITS', () => {});

describe.runIf(found).each(await programs('primitives'))('PKITS on %s', (_, bench) => {
  test.each(cases.filter((name) => reason(name) === undefined))('%s', (name) => {
    const verdict = verify(bench, {
      roots: [bytes('TrustAnchorRootCertificate.crt')],
      chain: chainFor(`${name}EE.crt`),
      time: Date.UTC(2020, 0, 1) / 1000,
      // DSA with SHA-1 passes where the rules let the old pass.
      rules: /DSA/.test(name) ? ChainRule.Legacy : 0,
    });
    // No end entity of PKITS is a server: a path that holds fails at its last step, the host name.
    if (authoritiesAsServers.test(name)) expect(verdict).toBe('CertificateProfile');
    else if (name.startsWith('Valid') || validForAnyPolicy.test(name))
      expect(verdict).toBe('CertificateHostName');
    else expect(verdict).not.toBe('CertificateHostName');
  });
});
