import { describe, expect, test } from 'vitest';
import { RecordEngine } from '../../../host/engine/record.js';
import { programs } from '../../assembly/programs.js';

const engines = (await programs('record')).map(
  ([name, { program }]) => [name, new RecordEngine(program)] as const,
);
const bytes = (length: number, first: number) => Uint8Array.from({ length }, (_, i) => (first + 7 * i) & 255);

// Suite, version, lengths of key, IV and MAC key.
const suites = [
  ['TLS 1.3 AES-128-GCM', 0x1301, 0x0304, 16, 12, 0],
  ['TLS 1.3 ChaCha20-Poly1305', 0x1303, 0x0304, 32, 12, 0],
  ['TLS 1.2 AES-256-GCM', 0xc030, 0x0303, 32, 4, 0],
  ['TLS 1.2 AES-128-CBC, SHA-256', 0xc027, 0x0303, 16, 0, 32],
  ['TLS 1.0 AES-128-CBC, SHA-1', 0xc013, 0x0301, 16, 16, 20],
  ['SSL 3.0 RC4, MD5', 0x0004, 0x0300, 16, 0, 16],
] as const;

describe.each(engines)('record protection on %s', (_, engine) => {
  engine.seed(bytes(48, 1));

  test.each(suites)('%s: what one end seals the other opens', (_, cipherSuite, version, key, iv, mac) => {
    const keys = {
      cipherSuite,
      version,
      key: bytes(key, 2),
      iv: bytes(iv, 3),
      macKey: bytes(mac, 4),
      sequence: 7n,
    };
    const sealer = engine.sealer(keys);
    const opener = engine.opener(keys);
    // A byte by itself: in TLS 1.0 a longer text makes two records.
    for (const text of [bytes(1, 9), bytes(version === 0x0301 ? 1 : 16384, 5)]) {
      const record = sealer.seal(23, text);
      expect(record.length).toBeGreaterThan(text.length + 5);
      expect(opener.open(record)).toEqual({ type: 23, plaintext: text });
    }
    sealer.free();
    opener.free();
    opener.free();
    expect(() => sealer.seal(23, bytes(1, 1))).toThrow('these keys were freed');
  });

  test('a changed record, and one out of its turn, do not open', () => {
    const keys = { cipherSuite: 0x1301, version: 0x0304, key: bytes(16, 2), iv: bytes(12, 3) };
    const [sealer, opener] = [engine.sealer(keys), engine.opener(keys)];
    const [first, second] = [sealer.seal(23, bytes(100, 1)), sealer.seal(22, bytes(100, 2))];
    const broken = expect.objectContaining({ code: 'TLS_BAD_RECORD_MAC', alert: 20 });
    const changed = first.slice();
    changed[50]! ^= 1;
    expect(() => opener.open(changed)).toThrow(broken);
    expect(() => opener.open(second)).toThrow(broken);
    expect(opener.open(first).plaintext).toEqual(bytes(100, 1));
    expect(opener.open(second)).toEqual({ type: 22, plaintext: bytes(100, 2) });
  });

  test('the sequence number has 64 bits and never wraps', () => {
    const keys = { cipherSuite: 0x1303, version: 0x0304, key: bytes(32, 2), iv: bytes(12, 3) };
    const sealer = engine.sealer({ ...keys, sequence: 2n ** 64n - 2n });
    const record = sealer.seal(23, bytes(3, 3));
    expect(() => sealer.seal(23, bytes(3, 3))).toThrow(
      expect.objectContaining({ code: 'TLS_SEQUENCE_EXHAUSTED' }),
    );
    expect(engine.opener({ ...keys, sequence: 2n ** 64n - 2n }).open(record).plaintext).toEqual(bytes(3, 3));
    expect(() => engine.opener({ ...keys, sequence: 2n ** 32n - 2n }).open(record)).toThrow();
  });

  test.each([
    ['an unknown suite', { cipherSuite: 0x9999 }, 'cipher suite 0x9999 is unknown'],
    ['a short key', { key: bytes(15, 1) }, 'cipher suite 0x1301 takes a key of 16 bytes, not 15'],
    ['a long IV', { iv: bytes(16, 1) }, 'cipher suite 0x1301 takes an IV of 12 bytes, not 16'],
    [
      'a MAC key too many',
      { macKey: bytes(20, 1) },
      'cipher suite 0x1301 takes a MAC key of 0 bytes, not 20',
    ],
    ['a suite of another version', { version: 0x0303 }, 'a value that it can’t use'],
  ])('%s is refused', (_, wrong, text) => {
    const keys = { cipherSuite: 0x1301, version: 0x0304, key: bytes(16, 2), iv: bytes(12, 3) };
    expect(() => engine.sealer({ ...keys, ...wrong })).toThrow(text);
  });

  test('lengths are bounded', () => {
    const keys = { cipherSuite: 0x1301, version: 0x0304, key: bytes(16, 2), iv: bytes(12, 3) };
    const tooLong = expect.objectContaining({ code: 'TLS_TOO_LONG' });
    expect(() => engine.sealer(keys).seal(23, new Uint8Array(16385))).toThrow(tooLong);
    const opener = engine.opener(keys);
    for (const length of [0, 4, 5, 20, 20000, 100000]) {
      expect(() => opener.open(new Uint8Array(length))).toThrow(
        expect.objectContaining({ name: 'TlsError' }),
      );
    }
  });
});

test('both engines seal the same records', () => {
  const keys = { cipherSuite: 0x1301, version: 0x0304, key: bytes(16, 2), iv: bytes(12, 3) };
  const records = engines.map(([, engine]) =>
    Buffer.from(engine.sealer(keys).seal(23, bytes(500, 1))).toString('hex'),
  );
  expect(new Set(records).size).toBe(1);
});
