import { execFileSync } from 'node:child_process';
import { createPrivateKey, generateKeyPairSync, randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { certificates, privateKey } from '../../../../host/client/tls/pem.js';
import { codeOf } from '../memory_transport.js';

const armour = (label: string, bytes: Uint8Array, width = 64) => {
  const text = Buffer.from(bytes)
    .toString('base64')
    .replace(new RegExp(`.{1,${width}}`, 'g'), '$&\n');
  return `-----BEGIN ${label}-----\n${text}-----END ${label}-----\n`;
};

describe('PEM without atob', () => {
  test('gives back the bytes, however they are wrapped', () => {
    const input = fc.tuple(fc.uint8Array({ minLength: 1, maxLength: 300 }), fc.integer({ min: 1, max: 100 }));
    fc.assert(
      fc.property(input, ([bytes, width]) => {
        expect(certificates(armour('CERTIFICATE', bytes, width))).toEqual([bytes]);
      }),
    );
  });

  test('finds all certificates among other blocks and comments', () => {
    const [one, two, key] = [randomBytes(20), randomBytes(21), randomBytes(22)].map((b) => new Uint8Array(b));
    const text = `subject=CN\n${armour('CERTIFICATE', one!)}${armour('PRIVATE KEY', key!)}\r\n${armour('CERTIFICATE', two!)}`;
    expect(certificates(text)).toEqual([one, two]);
    expect(privateKey(text)).toEqual(key);
  });

  test.each(['pkcs8', 'sec1'] as const)('finds a key as %s', (type) => {
    const { privateKey: key } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const der = key.export({ type, format: 'der' });
    expect(Buffer.from(privateKey(key.export({ type, format: 'pem' }) as string)).equals(der)).toBe(true);
  });

  test('refuses what it can not read, and says what to do', async () => {
    const encrypted = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({
      type: 'pkcs8',
      format: 'pem',
      cipher: 'aes-128-cbc',
      passphrase: 'x',
    }) as string;
    expect(() => privateKey(encrypted)).toThrow('decrypt it first');
    for (const text of ['', 'text', '-----BEGIN CERTIFICATE-----\nabc\n-----END CERTIFICATE-----\n']) {
      expect(await codeOf(() => certificates(text))).toBe('BAD_PEM');
    }
  });

  test('gives copies, which may be wiped', () => {
    const der = Uint8Array.of(1, 2, 3);
    privateKey(der).fill(0);
    expect(der).toEqual(Uint8Array.of(1, 2, 3));
  });
});

test("OpenSSL's own keys are read", () => {
  const pem = execFileSync(
    'openssl',
    ['genpkey', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-384'],
    {
      stdio: ['ignore', 'pipe', 'ignore'],
    },
  ).toString();
  const der = createPrivateKey(pem).export({ type: 'pkcs8', format: 'der' });
  expect(Buffer.from(privateKey(pem)).equals(der)).toBe(true);
});
