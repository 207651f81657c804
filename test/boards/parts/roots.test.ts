// A file of roots judges as the certificates do that it was made of.
import { spawnSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { mozillasRoots, rootList } from '../../../boards/parts/roots.js';
import {
  authorityExtensions,
  createAuthority,
  flaws,
  generateKey,
} from '../../../host/cli/demo/authority/authority.js';
import {
  certify,
  distinguishedName,
  extendedKeyUsage,
  extension,
  nameConstraints,
  subjectAlternativeName,
} from '../../../host/cli/demo/authority/certificate.js';
import { certificates } from '../../../host/client/tls/pem.js';
import { describeRoots, rootListVersion } from '../../../host/client/tls/root_list.js';
import { TlsEngine, type TrustAnchors } from '../../../host/engine/tls.js';
import { nullValue, readElements, tlv } from '../../../host/platform/node/der.js';
import { programs } from '../../assembly/programs.js';

const mozilla = '/usr/share/ca-certificates/mozilla';
const now = Math.floor(Date.now() / 1000);
const day = 86_400;
const engines = (await programs('client')).map(
  ([name, { program }]) => [name, new TlsEngine(program)] as const,
);

/** Both sets of the same roots. */
async function both(engine: TlsEngine, ders: readonly Uint8Array[]) {
  const file = await rootList(1, ders);
  return [engine.addRoots(ders), engine.addDescribedRoots((add) => describeRoots(file, add))] as const;
}

function judge(
  engine: TlsEngine,
  trust: TrustAnchors,
  chain: readonly Uint8Array[],
  host: string,
  time = now,
) {
  try {
    engine.verifyChain(trust, chain, host, time);
    return 'trusted';
  } catch (error) {
    return (error as { code: string }).code;
  }
}

/** The Name of a certificate's subject, as DER. */
function subjectOf(der: Uint8Array): Uint8Array {
  const signed = readElements(readElements(readElements(der)![0]!.content)![0]!.content)!;
  const fields = signed[0]!.tag === 0xa0 ? signed.slice(1) : signed;
  return tlv(0x30, fields[4]!.content);
}

describe.skipIf(!existsSync(mozilla)).each(engines)("Mozilla's roots on %s", (_, engine) => {
  let ders: Uint8Array[];
  let file: Buffer;
  beforeAll(async () => {
    ders = certificates(mozillasRoots());
    file = await rootList(20_230_311, ders);
  });

  test('take at most 60 KB', () => {
    expect(ders.length).toBeGreaterThan(100);
    expect(file.length).toBeLessThanOrEqual(60_000);
    expect(rootListVersion(file)).toBe(20_230_311);
  });

  test('come out of npm run roots, the same bytes each time', () => {
    const folder = mkdtempSync(join(tmpdir(), 'deputy-roots-'));
    try {
      const out = join(folder, 'roots.bin');
      const made = spawnSync('npm', ['run', '--silent', 'roots', '--', '--out', out], { encoding: 'utf8' });
      expect(made.stderr).toBe('');
      expect(made.stdout).toMatch(
        new RegExp(`^.*: ${ders.length} roots of version 20\\d{6} in ${file.length} bytes\\n$`),
      );
      const bytes = readFileSync(out);
      // All but the version, which is the package's.
      expect(bytes.subarray(11)).toEqual(file.subarray(11));
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test('judge the same, each by itself and all together, before, in and after their time', {
    timeout: 60_000,
  }, async () => {
    const all = await both(engine, ders);
    const key = await generateKey('ec-p256');
    const verdicts = new Map<string, number>();
    for (const der of ders) {
      const { validFrom, validTo } = new X509Certificate(der);
      const forged = certify({
        subject: distinguishedName({ CN: 'www.example.org' }),
        publicKey: key,
        issuer: { name: subjectOf(der), key },
        notBefore: new Date(0),
        notAfter: new Date(Date.UTC(2049, 0)),
        extensions: [subjectAlternativeName(['www.example.org'])],
      });
      const one = await both(engine, [der]);
      const [from = 0, to = 0] = [validFrom, validTo].map((date) => Date.parse(date) / 1000);
      for (const time of [from - 1, from, now, to, to + 1]) {
        for (const chain of [[forged], [der]]) {
          for (const [whole, few] of [one, all]) {
            const verdict = judge(engine, whole, chain, 'www.example.org', time);
            expect(judge(engine, few, chain, 'www.example.org', time)).toBe(verdict);
            verdicts.set(verdict, (verdicts.get(verdict) ?? 0) + 1);
          }
        }
      }
      for (const trust of one) trust.free();
    }
    for (const trust of all) trust.free();
    // A forged signature is found where the root may speak, and the root's dates are looked at where it may not.
    for (const code of ['SIGNATURE', 'EXPIRED', 'NOT_YET_VALID', 'HOST_NAME'])
      expect(verdicts.get(`TLS_CERTIFICATE_${code}`)).toBeGreaterThanOrEqual(ders.length);
  });
});

test.skipIf(existsSync(mozilla))(`${mozilla} is not here: install ca-certificates`, () => {});

describe.each(engines)('roots of all kinds on %s', (_, engine) => {
  test.each(['ec-p256', 'ec-p384', 'rsa-2048', 'rsa-pss-2048', 'ed25519'] as const)(
    'a root of %s holds a right chain and no flawed one',
    { timeout: 60_000 },
    async (keyType) => {
      const authority = await createAuthority({ keyType });
      const sets = await both(engine, [authority.root.der]);
      const wanted = keyType === 'rsa-2048' ? [undefined, ...flaws] : [undefined];
      for (const flaw of wanted) {
        const { chainDer } = await authority.issue({ names: ['www.example.org'], ...(flaw && { flaw }) });
        const [whole, few] = sets.map((trust) => judge(engine, trust, chainDer, 'www.example.org'));
        expect([flaw, few]).toEqual([flaw, whole]);
        expect(whole === 'trusted').toBe(flaw === undefined);
      }
    },
  );

  test('a root keeps its constraints, its purposes, its limit, its odd name and what of it is not known', async () => {
    const authority = await createAuthority();
    const key = await generateKey('ec-p256');
    const { signer } = authority.root;
    const root = (fields: Partial<Parameters<typeof certify>[0]>) =>
      certify({
        subject: signer.name,
        publicKey: signer.key,
        issuer: signer,
        notBefore: new Date((now - day) * 1000),
        notAfter: new Date((now + day) * 1000),
        extensions: authorityExtensions(signer.key),
        ...fields,
      });
    const more = (one: Uint8Array) => ({ extensions: [...authorityExtensions(signer.key), one] });
    const cases = [
      root({}),
      root(more(nameConstraints({ excluded: ['example.org'] }))),
      root(more(nameConstraints({ permitted: ['example.org'] }))),
      root(more(extendedKeyUsage(['clientAuth']))),
      root(more(extension('1.3.6.1.4.1.99999.1', true, nullValue()))),
      root({ extensions: authorityExtensions(signer.key, signer.key, 0) }),
      root({ extensions: [] }),
      root({ notAfter: new Date(Date.UTC(9999, 11, 31, 23, 59, 59)) }),
    ];
    const verdicts = new Set<string>();
    const { chainDer } = await authority.issue({ names: ['www.example.org'] });
    for (const der of cases) {
      const [whole, few] = (await both(engine, [der])).map((trust) =>
        judge(engine, trust, chainDer, 'www.example.org'),
      );
      expect(few).toBe(whole);
      verdicts.add(whole!);
    }
    expect(verdicts.size).toBeGreaterThanOrEqual(5);
    // One that may not sign is trusted for itself, and for no other certificate of its key.
    const pin = { subject: signer.name, publicKey: key, issuer: { name: signer.name, key } };
    const alternative = { extensions: [subjectAlternativeName(['www.example.org'])] };
    const [pinned, other] = [
      root({ ...pin, ...alternative }),
      root({ ...pin, ...alternative, notBefore: new Date(0) }),
    ];
    const sets = await both(engine, [pinned]);
    expect(sets.map((trust) => judge(engine, trust, [pinned], 'www.example.org'))).toEqual([
      'trusted',
      'trusted',
    ]);
    const refused = sets.map((trust) => judge(engine, trust, [other], 'www.example.org'));
    expect(refused[0]).toBe(refused[1]);
    expect(refused[0]).not.toBe('trusted');
  });

  test('a damaged file gives no root that its certificate would not give', async () => {
    const authority = await createAuthority({ keyType: 'ec-p256' });
    const file = await rootList(7, [authority.root.der]);
    const { chainDer } = await authority.issue({ names: ['www.example.org'] });
    const outcome = (bytes: Uint8Array) => {
      try {
        const trust = engine.addDescribedRoots((add) => describeRoots(bytes, add));
        const verdict = judge(engine, trust, chainDer, 'www.example.org');
        trust.free();
        return verdict;
      } catch (error) {
        return (error as { code: string }).code;
      }
    };
    expect(outcome(file)).toBe('trusted');
    for (let length = 0; length < file.length; length++)
      expect(outcome(file.subarray(0, length))).toBe('BAD_ROOTS');
    expect(outcome(Buffer.concat([file, Buffer.of(0)]))).toBe('BAD_ROOTS');
    // Whatever bit turns: an answer or an error with a code, and the program goes on.
    for (let bit = 0; bit < 8 * file.length; bit += 3) {
      const bytes = Buffer.from(file);
      bytes[bit >> 3]! ^= 1 << (bit & 7);
      expect(outcome(bytes)).toMatch(/^(trusted|BAD_ROOTS|TLS_\w+)$/);
    }
    expect(outcome(file)).toBe('trusted');
  });
});
