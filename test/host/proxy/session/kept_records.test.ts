import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SessionError } from '../../../../host/proxy/error.js';
import { Tls13Cipher } from '../../../../host/proxy/record/aead.js';
import { CbcCipher } from '../../../../host/proxy/record/cbc.js';
import { CbcReader } from '../../../../host/proxy/record/cbc_reader.js';
import { ContentType } from '../../../../host/proxy/record/cipher.js';
import { suiteOf } from '../../../../host/proxy/record/suite.js';
import { KeptRecords } from '../../../../host/proxy/session/kept_records.js';

const suite = suiteOf(0x1301)!;
const KEY_UPDATE = Buffer.from([24, 0, 0, 1, 0]);
const keys = () => ({ key: randomBytes(16), iv: randomBytes(12), macKey: Buffer.alloc(0) });
type Keys = ReturnType<typeof keys>;
const cipherOf = (epoch: Keys) => (sequence: number) => new Tls13Cipher(suite, { keys: epoch }, sequence);

/** Two epochs: records 10 to 12 of the first, of which the last is a KeyUpdate, and 13 of the second. */
function twoEpochs() {
  const [first, second] = [keys(), keys()];
  const sealing = cipherOf(first)(0);
  const records = [
    sealing.seal(ContentType.ApplicationData, Buffer.from('one')),
    sealing.seal(ContentType.ApplicationData, Buffer.from('two')),
    sealing.seal(ContentType.Handshake, KEY_UPDATE),
    cipherOf(second)(0).seal(ContentType.ApplicationData, Buffer.from('three')),
  ];
  const kept = new KeptRecords();
  for (const [n, record] of records.entries()) kept.add(10 + n, record);
  const open = (start: number, epoch: Keys) => {
    const contents: string[] = [];
    const { freed } = kept.openEpoch(start, cipherOf(epoch), (type, content) => {
      if (type === ContentType.ApplicationData) contents.push(content.toString());
    });
    return { contents, freed };
  };
  return { first, second, records, kept, open };
}

describe('records that were kept', () => {
  test('are opened epoch by epoch, and kept no longer', () => {
    const { first, second, records, kept, open } = twoEpochs();
    const bytes = (from: number, to: number) => records.slice(from, to).reduce((sum, r) => sum + r.length, 0);
    expect(open(10, first)).toEqual({ contents: ['one', 'two'], freed: bytes(0, 3) });
    expect(kept.count).toBe(1);
    expect(open(13, second)).toEqual({ contents: ['three'], freed: bytes(3, 4) });
    expect(kept.count).toBe(0);
  });

  test('are opened from where they were kept on, with the numbers that they have', () => {
    const { first, records, open } = twoEpochs();
    const later = new KeptRecords();
    later.add(11, records[1]!);
    const contents: string[] = [];
    later.openEpoch(10, cipherOf(first), (_, content) => contents.push(content.toString()));
    expect(contents).toEqual(['two']);
    expect(open(10, first).contents).toEqual(['one', 'two']);
  });

  test('stay closed under other keys, and in the wrong place', () => {
    const { first, kept, open } = twoEpochs();
    expect(open(10, keys()).contents).toEqual([]);
    expect(open(9, first).contents).toEqual([]);
    expect(kept.count).toBe(4);
  });
});

describe('CBC records without their MAC keys', () => {
  const cbc = suiteOf(0xc013)!;
  test.each([true, false])('are read (encrypt-then-MAC: %s)', (encryptThenMac) => {
    const key = randomBytes(16);
    const sealing = new CbcCipher(
      cbc,
      { key: Buffer.from(key), iv: Buffer.alloc(0), macKey: randomBytes(20) },
      5,
      encryptThenMac,
    );
    const reader = new CbcReader(cbc, Buffer.from(key), encryptThenMac);
    for (const text of ['', 'a', 'fifteen bytes !', 'sixteen bytes !!', 'x'.repeat(16_384)]) {
      const opened = reader.open(sealing.seal(ContentType.ApplicationData, Buffer.from(text)));
      expect(opened.content.toString()).toBe(text);
    }
  });

  test('of random bytes are refused with a typed error, or read as nonsense', () => {
    const reader = new CbcReader(cbc, randomBytes(16), false);
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 5, maxLength: 200 }), (bytes) => {
        try {
          expect(reader.open(Buffer.from(bytes)).content.length).toBeLessThan(200);
        } catch (error) {
          expect(error).toBeInstanceOf(SessionError);
        }
      }),
      { numRuns: 500 },
    );
  });
});
