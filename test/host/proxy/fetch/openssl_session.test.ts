// OpenSSL's form of a session: what is written, OpenSSL reads as meant; what Node's TLS gives is read back.
import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Resumption } from '../../../../host/delegation/resumption.js';
import { decodeSslSession, encodeSslSession } from '../../../../host/proxy/fetch/openssl_session.js';
import { opensslName } from '../../../../host/proxy/fetch/openssl_suites.js';
import { suiteOf } from '../../../../host/proxy/record/suite.js';

const TLS13: Resumption = {
  protocolVersion: 0x0304,
  cipherSuite: 0x1302,
  extendedMasterSecret: false,
  uses: 3,
  serverName: 'origin.test',
  alpn: 'http/1.1',
  certificateHash: new Uint8Array(32),
  lifetime: 7200,
  ageAdd: 0xdeadbeef,
  age: 10_000,
  sessionId: new Uint8Array(0),
  ticket: Uint8Array.from({ length: 200 }, (_, i) => i),
  secret: Uint8Array.from({ length: 48 }, (_, i) => 255 - i),
};
const TLS12: Resumption = {
  ...TLS13,
  protocolVersion: 0x0303,
  cipherSuite: 0xc02f,
  extendedMasterSecret: true,
  ageAdd: 0,
  sessionId: new Uint8Array(32).fill(9),
  ticket: new Uint8Array(0),
};

const TLS13_SUITES = [
  'TLS_AES_128_GCM_SHA256',
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'TLS_AES_128_CCM_SHA256',
  'TLS_AES_128_CCM_8_SHA256',
].join(':');
const NOW = Date.UTC(2026, 10, 23);
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex').toUpperCase();
const openssl = (der: Buffer) =>
  execFileSync('openssl', ['sess_id', '-inform', 'DER', '-text', '-noout'], { input: der, encoding: 'utf8' });

describe('OpenSSL itself reads', () => {
  test('a TLS 1.3 ticket and its PSK', () => {
    const text = openssl(encodeSslSession(TLS13, NOW));
    expect(text).toContain('Protocol  : TLSv1.3');
    expect(text).toContain('Cipher    : TLS_AES_256_GCM_SHA384');
    expect(text).toContain(`Resumption PSK: ${hex(TLS13.secret)}`);
    expect(text).toContain('TLS session ticket lifetime hint: 7200 (seconds)');
    expect(text).toContain(`Start Time: ${NOW / 1000 - 10 - 1}`);
    expect(text).toContain('Timeout   : 7200 (sec)');
    expect(text).toMatch(/00b0 - b0 b1/);
  });

  test('a TLS 1.2 session id and its master secret', () => {
    const text = openssl(encodeSslSession(TLS12, NOW));
    expect(text).toContain('Protocol  : TLSv1.2');
    expect(text).toContain('Cipher    : ECDHE-RSA-AES128-GCM-SHA256');
    expect(text).toContain(`Session-ID: ${hex(TLS12.sessionId)}`);
    expect(text).toContain(`Master-Key: ${hex(TLS12.secret)}`);
    expect(text).toContain('Extended master secret: yes');
  });
});

const anyResumption = fc
  .record({
    isTls13: fc.boolean(),
    cipherSuite: fc.integer({ min: 0, max: 0xffff }),
    lifetime: fc.integer({ min: 1, max: 604_800 }),
    ageAdd: fc.integer({ min: 0, max: 0xffffffff }),
    sessionId: fc.uint8Array({ minLength: 32, maxLength: 32 }),
    ticket: fc.uint8Array({ minLength: 1, maxLength: 600 }),
    psk: fc.uint8Array({ minLength: 32, maxLength: 48 }),
  })
  .map(({ isTls13, psk, sessionId, ageAdd, ...rest }) => ({
    ...(isTls13 ? TLS13 : TLS12),
    ...rest,
    age: 0,
    ...(isTls13 ? { ageAdd, secret: psk } : { sessionId, secret: TLS12.secret }),
  }));

test('what is written is read back', () => {
  fc.assert(
    fc.property(anyResumption, (resumption) => {
      const { uses, serverName, alpn, certificateHash, ...material } = resumption;
      const der = encodeSslSession(resumption, NOW);
      const read = decodeSslSession(der);
      // What was read is its reader's own.
      der.fill(0);
      expect(read).toEqual(material);
    }),
    { numRuns: 200 },
  );
});

test('what Node.js puts before a session is left out, whatever name it carries', () => {
  const der = encodeSslSession(TLS13, NOW);
  for (const name of ['', 'localhost', 'n'.repeat(300)]) {
    const length = Buffer.from([name.length >> 8, name.length & 255]);
    const wrapped = Buffer.concat([Buffer.from('\0nodejs:tls:session:1\0'), length, Buffer.from(name), der]);
    expect(decodeSslSession(wrapped)).toEqual(decodeSslSession(der));
    expect(() => decodeSslSession(wrapped.subarray(0, 30))).toThrow('can not be read');
  }
});

test('a ticket of this moment is no ticket of the future to a clock that is a second behind', () => {
  const text = openssl(encodeSslSession({ ...TLS13, age: 0 }, NOW));
  expect(Number(/Start Time: (\d+)/.exec(text)![1])).toBeLessThan(NOW / 1000);
});

test('the secret stands in the bytes once, and in no other copy of them', () => {
  const der = encodeSslSession(TLS13, NOW);
  const at = der.indexOf(TLS13.secret);
  expect(at).toBeGreaterThan(0);
  expect(der.indexOf(TLS13.secret, at + 1)).toBe(-1);
});

test('bytes that are no session are refused, whatever they are', () => {
  const der = encodeSslSession(TLS13, NOW);
  const refusal = (bytes: Uint8Array) => {
    try {
      decodeSslSession(bytes);
      return 'read';
    } catch (error) {
      return (error as { code?: string }).code;
    }
  };
  fc.assert(
    fc.property(fc.nat(der.length - 1), fc.nat(255), fc.boolean(), (at, byte, cut) => {
      const bytes = Buffer.from(cut ? der.subarray(0, at) : der);
      if (!cut) bytes[at] = byte;
      expect(['read', 'RESUMPTION_REFUSED']).toContain(refusal(bytes));
      if (cut) expect(refusal(bytes)).toBe('RESUMPTION_REFUSED');
    }),
    { numRuns: 500 },
  );
});

test("every suite of the proxy's has the name that OpenSSL gives it", () => {
  const list = execFileSync(
    'openssl',
    ['ciphers', '-V', '-ciphersuites', TLS13_SUITES, 'ALL:COMPLEMENTOFALL:@SECLEVEL=0'],
    {
      encoding: 'utf8',
    },
  );
  const names = new Map<number, string>();
  for (const [, high, low, name] of list.matchAll(/0x(..),0x(..) - (\S+)/g)) {
    names.set(Number.parseInt(`${high}${low}`, 16), name!);
  }
  const suites = Array.from({ length: 0x10000 }, (_, id) => id).filter((id) => suiteOf(id) !== undefined);
  expect(suites.map((id) => [id, opensslName(id)])).toEqual(suites.map((id) => [id, names.get(id)]));
  expect(opensslName(0x0005)).toBeUndefined();
});
