// Each scheme opens what it sealed, and nothing else.
import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Grant } from '../../../../host/delegation/grant.js';
import { nonceBaseOf } from '../../../../host/proxy/record/aead.js';
import { ContentType } from '../../../../host/proxy/record/cipher.js';
import { hkdfExpandLabel, keyBlockLength, tls12Prf } from '../../../../host/proxy/record/key_schedule.js';
import { type SessionKeys, sessionKeys } from '../../../../host/proxy/record/session_keys.js';
import { MAC_LENGTH, suiteOf } from '../../../../host/proxy/record/suite.js';

const unhex = (text: string) => Buffer.from(text.replace(/\s/g, ''), 'hex');

function keysOf(cipherSuite: number, encryptThenMac = false): SessionKeys {
  const suite = suiteOf(cipherSuite)!;
  const isTls13 = suite.version === 0x0304;
  const length = isTls13 ? 2 * MAC_LENGTH[suite.hash] : keyBlockLength(suite);
  return sessionKeys(
    { grant: Grant.Session, secrets: Buffer.from(Array.from({ length }, (_, i) => i)) },
    {
      version: suite.version,
      cipherSuite,
      clientRandom: Buffer.alloc(32),
      serverRandom: Buffer.alloc(32),
      encryptThenMac,
    },
  );
}

const schemes: [string, () => SessionKeys][] = [
  ['TLS 1.3 AES-128-GCM', () => keysOf(0x1301)],
  ['TLS 1.3 AES-256-GCM', () => keysOf(0x1302)],
  ['TLS 1.3 ChaCha20-Poly1305', () => keysOf(0x1303)],
  ['TLS 1.3 AES-128-CCM', () => keysOf(0x1304)],
  ['TLS 1.3 AES-128-CCM-8', () => keysOf(0x1305)],
  ['TLS 1.2 AES-128-GCM', () => keysOf(0xc02f)],
  ['TLS 1.2 AES-256-CCM-8', () => keysOf(0xc0af)],
  ['TLS 1.2 ChaCha20-Poly1305', () => keysOf(0xcca8)],
  ['CBC SHA-1', () => keysOf(0xc013)],
  ['CBC SHA-256', () => keysOf(0xc027)],
  ['CBC SHA-384', () => keysOf(0xc028)],
  ['CBC SHA-1, encrypt-then-MAC', () => keysOf(0xc013, true)],
  ['CBC SHA-384, encrypt-then-MAC', () => keysOf(0xc028, true)],
];

describe.each(schemes)('%s', (_, make) => {
  const pair = () => {
    const keys = make();
    return {
      seal: keys.cipher('client', { sequence: 0 }),
      open: keys.cipher('client', { sequence: 0 }),
      keys,
    };
  };

  test('opens in order what it sealed, of every length and type', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            type: fc.constantFrom(ContentType.ApplicationData, ContentType.Handshake, ContentType.Alert),
            content: fc.oneof(
              fc.uint8Array({ maxLength: 300 }),
              fc.constantFrom(new Uint8Array(16_384).fill(5)),
            ),
          }),
          { minLength: 1, maxLength: 5 },
        ),
        (records) => {
          const { seal, open } = pair();
          for (const [index, { type, content }] of records.entries()) {
            const opened = open.open(seal.seal(type, content));
            expect(opened.type).toBe(type);
            expect(opened.content.equals(content)).toBe(true);
            expect([seal.sequence, open.sequence]).toEqual([index + 1, index + 1]);
          }
        },
      ),
      { numRuns: 40 },
    );
  });

  test('refuses a record with any bit changed, and takes no sequence number for it', () => {
    const { seal, open } = pair();
    const record = seal.seal(ContentType.ApplicationData, randomBytes(40));
    for (let at = 5; at < record.length; at++) {
      const bad = Buffer.from(record);
      bad[at]! ^= 1 << (at % 8);
      expect(() => open.open(bad), `byte ${at}`).toThrow(/does not open/);
    }
    expect(open.sequence).toBe(0);
    expect(open.open(record).content.length).toBe(40);
  });

  test('refuses a record out of its turn, of another length, of another direction', () => {
    const { seal, open, keys } = pair();
    const [first, second] = [seal.seal(23, randomBytes(20)), seal.seal(23, randomBytes(20))];
    expect(() => open.open(second)).toThrow(/does not open/);
    for (let length = 5; length < first.length; length++) {
      const cut = Buffer.from(first.subarray(0, length));
      cut.writeUInt16BE(length - 5, 3);
      expect(() => open.open(cut)).toThrow(/does not open/);
    }
    expect(() => keys.cipher('origin', { sequence: 0 }).open(first)).toThrow(/does not open/);
    expect(open.open(first).content.length).toBe(20);
    expect(open.open(second).content.length).toBe(20);
    expect(() => open.open(second)).toThrow(/does not open/);
  });

  test('works from any sequence number', () => {
    const keys = make();
    const sequence = 0x1_2345_6789;
    const record = keys.cipher('origin', { sequence }).seal(23, Buffer.from('late'));
    expect(keys.cipher('origin', { sequence }).open(record).content.toString()).toBe('late');
  });

  test('opens nothing once it is wiped', () => {
    const { seal, open } = pair();
    const record = seal.seal(23, Buffer.from('gone'));
    open.wipe();
    expect(() => open.open(record)).toThrow(/does not open/);
  });
});

test('explicit nonces go on where those of the client ended', () => {
  const keys = keysOf(0xc02f);
  const before = keys.cipher('client', { sequence: 0, nonceBase: 0xffff_ffff_ffff_fffen });
  const records = Array.from({ length: 3 }, () => before.seal(23, Buffer.from('x')));
  expect(records.map((record) => record.readBigUInt64BE(5))).toEqual([
    0xffff_ffff_ffff_fffen,
    0xffff_ffff_ffff_ffffn,
    0n,
  ]);
  const nonceBase = nonceBaseOf(keys.suite, records[1]!, 1);
  expect(
    keys.cipher('client', { sequence: 3, nonceBase }).seal(23, Buffer.from('x')).readBigUInt64BE(5),
  ).toBe(1n);
});

describe('TLS 1.3', () => {
  test('padding is taken off, and all zeros is no record', () => {
    const keys = keysOf(0x1301);
    // A record of type 0 looks like padding alone.
    const seal = keys.cipher('client', { sequence: 0 });
    const open = keys.cipher('client', { sequence: 0 });
    expect(() => open.open(seal.seal(0 as ContentType, Buffer.alloc(7)))).toThrow(/no content type/);
    // "hi", its type, and zeros: sealed with a type of zero, the zeros and that are padding.
    const padded = seal.seal(0 as ContentType, Buffer.from('6869170000', 'hex'));
    expect(open.open(padded)).toMatchObject({ type: 23, content: Buffer.from('hi') });
  });

  test('a record in the clear is refused', () => {
    expect(() => keysOf(0x1301).cipher('client', { sequence: 0 }).open(unhex('1503030002 0100'))).toThrow(
      /in the clear/,
    );
  });

  test('RFC 8448 §3: traffic keys', () => {
    const secret = unhex('9e40646ce79a7f9dc05af8889bce6552875afa0b06df0087f792ebb7c17504a5');
    expect(hkdfExpandLabel('sha256', secret, 'key', 16)).toEqual(unhex('17422dda596ed5d9acd890e3c63f5051'));
    expect(hkdfExpandLabel('sha256', secret, 'iv', 12)).toEqual(unhex('5b78923dee08579033e523d9'));
  });

  test('key updates go on in step, from sequence 0', () => {
    const keys = keysOf(0x1303);
    const [seal, open] = [keys.cipher('origin', { sequence: 9 }), keys.cipher('origin', { sequence: 9 })];
    seal.updateKeys!();
    expect(() => open.open(seal.seal(23, Buffer.from('x')))).toThrow(/does not open/);
    open.updateKeys!();
    seal.sequence satisfies number;
    expect(open.sequence).toBe(0);
  });
});

test('the PRF of TLS 1.2 gives the published test vector', () => {
  const out = tls12Prf(
    'sha256',
    unhex('9bbe436ba940f017b17652849a71db35'),
    'test label',
    unhex('a0ba9f936cda311827a6f796ffd5198c'),
    100,
  );
  expect(out).toEqual(
    unhex(
      'e3f229ba727be17b8d122620557cd453c2aab21d07c3d495329b52d4e61edb5a6b301791e90d35c9c9a46b4e14baf9af0fa022f7077def17' +
        'abfd3797c0564bab4fbc91666e9def9b97fce34f796789baa48082d122ee42c5a72e5a5110fff70187347b66',
    ),
  );
});

describe('secrets that do not fit are refused', () => {
  const session = { clientRandom: Buffer.alloc(32), serverRandom: Buffer.alloc(32), encryptThenMac: false };
  test.each([
    ['a version without support', 0x0302, 0xc013, Grant.Session, 104, 'UNSUPPORTED_VERSION'],
    ['a suite of the other version', 0x0303, 0x1301, Grant.Session, 64, 'UNSUPPORTED_SUITE'],
    ['an unknown suite', 0x0303, 0x0000, Grant.Full, 48, 'UNSUPPORTED_SUITE'],
    ['a short traffic secret', 0x0304, 0x1301, Grant.Session, 63, 'BAD_SECRETS'],
    ['a long master secret', 0x0303, 0xc02f, Grant.Full, 49, 'BAD_SECRETS'],
    ['keys of another size', 0x0303, 0xc013, Grant.Session, 40, 'BAD_SECRETS'],
    ['the grant to observe', 0x0303, 0xc013, Grant.Observe, 32, 'GRANT_UNSUPPORTED'],
  ])('%s', (_, version, cipherSuite, grant, length, code) => {
    expect(() =>
      sessionKeys({ grant, secrets: Buffer.alloc(length) }, { version, cipherSuite, ...session }),
    ).toThrow(expect.objectContaining({ code }));
  });

  test('the grant of one epoch opens and seals until the keys move on', () => {
    const keys = sessionKeys(
      { grant: Grant.Epoch, secrets: randomBytes(56) },
      { version: 0x0304, cipherSuite: 0x1301, ...session },
    );
    const record = keys.cipher('client', { sequence: 4 }).seal(23, Buffer.from('now'));
    const open = keys.cipher('client', { sequence: 4 });
    expect(open.open(record).content.toString()).toBe('now');
    expect(() => open.updateKeys!()).toThrow(/beyond what was granted/);
  });
});
