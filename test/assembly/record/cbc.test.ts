import { createCipheriv, randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { programs } from '../programs.js';
import { Direction, ERROR } from './direction.js';
import { macSizes, SSL30, SUITES, type Suite, TLS10, TLS12, Twin } from './twin_protection.js';

const CBC = SUITES.filter(({ kind }) => kind === 'cbc').map((suite) => [suite.name, suite] as const);

describe.each(await programs('primitives'))('CBC padding on %s', (engine, bench) => {
  const answer = (twin: Twin, sealed: Buffer) => {
    const ours = new Direction(bench, twin, 0);
    const opened = ours.open(sealed);
    ours.free();
    return opened;
  };

  test.each(CBC)('%s: padding of every length is taken', (_, suite: Suite) => {
    for (const length of [0, 1, 200, 300]) {
      const least = suite.block! - ((length + macSizes[suite.mac!]) % suite.block!);
      for (let padding = least; padding <= 256; padding += suite.block!) {
        const twin = new Twin(suite, TLS12);
        const payload = randomBytes(length);
        expect(answer(twin, twin.seal(23, payload, { padding })), `${padding}`).toEqual({
          type: 23,
          payload,
        });
      }
    }
  });

  test.each(CBC)('%s: whatever is wrong with padding or MAC, the answer is one', (_, suite: Suite) => {
    const mac = macSizes[suite.mac!];
    for (const length of [0, 5, 300]) {
      const least = suite.block! - ((length + mac) % suite.block!);
      const most = least + suite.block! * Math.floor((256 - least) / suite.block!);
      for (const padding of [least, most]) {
        const total = length + mac + padding;
        // Each byte of the padding and its length, each of the MAC, and one of the data
        const places = Array.from({ length: padding + mac + Math.min(length, 1) }, (_, i) => total - 1 - i);
        const step = engine === 'V8' ? 1 : 5;
        for (let i = 0; i < places.length; i += step) {
          const at = places[i]!;
          const twin = new Twin(suite, TLS12);
          const twist = (padded: Buffer) => {
            padded[at]! ^= 1 + (at % 255);
          };
          expect(answer(twin, twin.seal(23, Buffer.alloc(length), { padding, twist })), `byte ${at}`).toBe(
            ERROR.BadRecordMac,
          );
        }
      }
      // Padding that claims more than there is
      for (const claim of [0xff, length + mac + 1, length + mac + least]) {
        if (claim > 0xff || claim < least) continue;
        const twin = new Twin(suite, TLS12);
        const twist = (padded: Buffer) => void padded.writeUInt8(claim, padded.length - 1);
        expect(answer(twin, twin.seal(23, Buffer.alloc(length), { twist })), `claim ${claim}`).toBe(
          ERROR.BadRecordMac,
        );
      }
    }
  });

  test.each(CBC)('%s: padding that reaches into the MAC does not pass for a record', (_, suite: Suite) => {
    const twin = new Twin(suite, TLS12);
    // Every byte the same: whole plaintext is well-formed padding.
    const twist = (padded: Buffer) => void padded.fill(padded.length - 1);
    expect(answer(twin, twin.seal(23, Buffer.alloc(40), { twist }))).toBe(ERROR.BadRecordMac);
  });

  test('encrypt-then-MAC: bad padding under a good MAC is bad_record_mac', () => {
    const twin = new Twin(SUITES.find(({ id }) => id === 0xc027)!, TLS12, true);
    const twist = (padded: Buffer) => void padded.writeUInt8(0xff, padded.length - 1);
    expect(answer(twin, twin.seal(23, Buffer.alloc(40), { twist }))).toBe(ERROR.BadRecordMac);
  });

  test('SSL 3.0: padding may hold anything, but less than a block of it', () => {
    const suite = SUITES.find(({ id }) => id === 0xc013)!;
    const payload = randomBytes(3);
    const noise = new Twin(suite, SSL30);
    const twist = (padded: Buffer) => void randomBytes(8).copy(padded, padded.length - 9);
    expect(answer(noise, noise.seal(23, payload, { twist }))).toEqual({ type: 23, payload });
    const long = new Twin(suite, SSL30);
    expect(answer(long, long.seal(23, payload, { padding: 9 + 16 }))).toBe(ERROR.BadRecordMac);
  });

  test('TLS 1.0: only application data are split, and an empty record stays one', () => {
    const twin = new Twin(SUITES.find(({ id }) => id === 0xc013)!, TLS10);
    const ours = new Direction(bench, twin, 1);
    const records = (sealed: Buffer): number[] =>
      sealed.length === 0 ? [] : [sealed[0]!, ...records(sealed.subarray(5 + sealed.readUInt16BE(3)))];
    expect(records(ours.seal(23, Buffer.alloc(2)) as Buffer)).toEqual([23, 23]);
    expect(records(ours.seal(23, Buffer.alloc(1)) as Buffer)).toEqual([23]);
    expect(records(ours.seal(23, Buffer.alloc(0)) as Buffer)).toEqual([23]);
    expect(records(ours.seal(22, Buffer.alloc(20)) as Buffer)).toEqual([22]);
    expect(bench.exports.recordSequence!(ours.context)).toBe(5);
    ours.free();
  });

  test('explicit IVs are the sequence numbers, encrypted', () => {
    const twin = new Twin(SUITES.find(({ id }) => id === 0xc027)!, TLS12);
    const ours = new Direction(bench, twin, 1);
    for (let sequence = 0; sequence < 50; sequence++) {
      const cipher = createCipheriv('aes-128-ecb', twin.key.subarray(0, 16), null).setAutoPadding(false);
      const block = Buffer.alloc(16);
      block.writeUInt32LE(sequence);
      expect((ours.seal(23, Buffer.of(1)) as Buffer).subarray(5, 21)).toEqual(cipher.update(block));
    }
    ours.free();
  });
});
