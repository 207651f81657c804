// Hellos and their fields, read without a socket: every length is checked before it is used.
import { describe, expect, test } from 'vitest';
import { DecodeError, Fields } from '../../../host/tls/fields.js';
import { parseClientHello, parseServerHello } from '../../../host/tls/hello.js';
import { ExtensionType, Version } from '../../../host/tls/numbers.js';

const u16 = (value: number) => Buffer.from([value >> 8, value & 255]);
const vector16 = (...parts: Buffer[]) => {
  const bytes = Buffer.concat(parts);
  return Buffer.concat([u16(bytes.length), bytes]);
};
const extension = (type: ExtensionType, ...data: Buffer[]) => Buffer.concat([u16(type), vector16(...data)]);
const name = (text: string) => Buffer.concat([Buffer.of(0), vector16(Buffer.from(text))]);
const RANDOM = Buffer.alloc(32, 7);

const clientHello = (...extensions: Buffer[]) =>
  Buffer.concat([
    ...[u16(Version.Tls12), RANDOM, Buffer.of(2, 8, 9)],
    ...[vector16(u16(0x1301)), Buffer.of(1, 0), vector16(...extensions)],
  ]);
const serverHello = (random: Buffer, ...extensions: Buffer[]) =>
  Buffer.concat([
    u16(Version.Tls12),
    random,
    Buffer.of(0),
    u16(0x1301),
    Buffer.of(0),
    vector16(...extensions),
  ]);

const SNI = extension(ExtensionType.ServerName, vector16(name('a.example')));
const PSK = extension(
  ExtensionType.PreSharedKey,
  vector16(vector16(Buffer.from('ticket')), Buffer.alloc(4)),
  vector16(Buffer.of(0)),
);

describe('a ClientHello', () => {
  test('tells its name, its session and what it would resume', () => {
    const hello = parseClientHello(clientHello(SNI, extension(ExtensionType.EarlyData), PSK));
    expect(hello).toMatchObject({ sni: 'a.example', earlyData: true, isAmbiguous: false, random: RANDOM });
    expect(hello.sessionId).toEqual(Buffer.of(8, 9));
    expect(hello.pskIdentities.map(String)).toEqual(['ticket']);
  });

  test.each([
    ['an extension twice', clientHello(SNI, SNI)],
    [
      'two names',
      clientHello(extension(ExtensionType.ServerName, vector16(name('a.example'), name('b.example')))),
    ],
    ['bytes behind its extensions', Buffer.concat([clientHello(SNI), Buffer.of(0)])],
  ])('is ambiguous with %s', (_, bytes) => {
    expect(parseClientHello(bytes).isAmbiguous).toBe(true);
  });

  test('may have no extensions at all, and be cut nowhere else', () => {
    const whole = clientHello(SNI, PSK);
    const bare = clientHello().length - 2;
    for (let length = 0; length < whole.length; length++) {
      const cut = () => parseClientHello(whole.subarray(0, length));
      if (length === bare) expect(cut().sni).toBe('');
      else expect(cut, `${length} bytes`).toThrow(DecodeError);
    }
  });
});

describe('a ServerHello', () => {
  const versions = extension(ExtensionType.SupportedVersions, u16(Version.Tls13));

  test('tells the version that counts, and which key it resumes with', () => {
    const hello = parseServerHello(
      serverHello(RANDOM, versions, extension(ExtensionType.PreSharedKey, u16(1))),
    );
    expect(hello).toMatchObject({
      version: Version.Tls13,
      selectedPsk: 1,
      isRetry: false,
      isAmbiguous: false,
    });
  });

  test('is a HelloRetryRequest by its random (RFC 9846 §4.2.3)', () => {
    const random = Buffer.from('cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c', 'hex');
    expect(parseServerHello(serverHello(random, versions)).isRetry).toBe(true);
  });
});

test('a field is there as a whole, or not at all', () => {
  const from = new Fields(Buffer.of(0, 2, 5));
  expect(() => from.vector(2)).toThrow(DecodeError);
  expect(new Fields(Buffer.of(1, 2, 3)).integer(3)).toBe(0x010203);
  expect(() => new Fields(Buffer.alloc(1)).integer(2)).toThrow(DecodeError);
});
