import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Bench, hex, programs, unhex } from '../programs.js';
import { twin } from '../twins.js';

const readable = await twin('mac');

function ghash(bench: Bench, key: Uint8Array, data: Uint8Array, split: number): string {
  const powers = bench.room(256);
  bench.exports.ghashInit!(powers, bench.put(key));
  const [state, at] = [bench.put(new Uint8Array(16)), bench.put(data)];
  bench.exports.ghash!(state, powers, at, split);
  bench.exports.ghash!(state, powers, at + split, data.length - split);
  const out = hex(bench.get(state, 16));
  bench.free();
  return out;
}

function poly1305(bench: Bench, key: Uint8Array, data: Uint8Array, split: number): string {
  const at = bench.put(data);
  bench.exports.poly1305Init!(bench.put(key));
  bench.exports.poly1305Padded!(at, split);
  bench.exports.poly1305Last!(at + split, data.length - split);
  const tag = bench.room(16);
  bench.exports.poly1305Final!(tag);
  const out = hex(bench.get(tag, 16));
  bench.free();
  return out;
}

function byTwin(name: string, key: Uint8Array, data: Uint8Array): string {
  const out = readable.room(16);
  readable.exports[name]!(readable.put(key), readable.put(data), data.length, out);
  const text = hex(readable.get(out, 16));
  readable.free();
  return text;
}

/** Random bytes, and bytes at the edges where carries run far. */
const bytes = (length: number) =>
  fc.oneof(
    fc.uint8Array({ minLength: length, maxLength: length }),
    fc.constantFrom(0x00, 0xff, 0x80, 0x01).map((byte) => new Uint8Array(length).fill(byte)),
    fc
      .array(fc.constantFrom(0xff, 0xfb, 0x00), { minLength: length, maxLength: length })
      .map((a) => Uint8Array.from(a)),
  );

describe.each(await programs('primitives'))('polynomial MACs on %s', (engine, bench) => {
  const numRuns = engine === 'V8' ? 200 : 60;

  test('RFC 8439 §2.5.2', () => {
    const key = unhex('85d6be7857556d337f4452fe42d506a80103808afb0db2fd4abff6af4149f51b');
    expect(poly1305(bench, key, Buffer.from('Cryptographic Forum Research Group'), 0)).toBe(
      'a8061dc1305136c6c22b8baf0c0127a9',
    );
  });

  // RFC 8439 §A.3, sums and products about 2^130 - 5
  test.each([
    ['02', 'ffffffffffffffffffffffffffffffff', '03000000000000000000000000000000'],
    [
      '01',
      'fffffffffffffffffffffffffffffffff0ffffffffffffffffffffffffffffff11000000000000000000000000000000',
      '05000000000000000000000000000000',
    ],
    [
      '01',
      'fffffffffffffffffffffffffffffffffbfefefefefefefefefefefefefefefe01010101010101010101010101010101',
      '00000000000000000000000000000000',
    ],
    ['02', 'fdffffffffffffffffffffffffffffff', 'faffffffffffffffffffffffffffffff'],
    [
      '02000000000000000000000000000000ffffffffffffffffffffffffffffffff',
      '02000000000000000000000000000000',
      '03000000000000000000000000000000',
    ],
    [
      '0100000000000000040000000000000000000000000000000000000000000000',
      'e33594d7505e43b900000000000000003394d7505e4379cd01000000000000000000000000000000000000000000000001000000000000000000000000000000',
      '14000000000000005500000000000000',
    ],
    [
      '0100000000000000040000000000000000000000000000000000000000000000',
      'e33594d7505e43b900000000000000003394d7505e4379cd010000000000000000000000000000000000000000000000',
      '13000000000000000000000000000000',
    ],
  ])('RFC 8439 §A.3: r = %s, data %s', (r, data, tag) => {
    expect(poly1305(bench, unhex(r.padEnd(64, '0')), unhex(data), 0)).toBe(tag);
  });

  // The largest r that clamping leaves, and blocks that keep every limb at its most.
  test.each([0xff, 0xfe, 0xfb])('Poly1305 of many blocks of %i under the largest key', (byte) => {
    const [key, data] = [new Uint8Array(32).fill(0xff), new Uint8Array(4096).fill(byte)];
    for (let length = 4000; length <= data.length; length += 16)
      expect(poly1305(bench, key, data.subarray(0, length), 16)).toBe(
        byTwin('poly1305', key, data.subarray(0, length)),
      );
  });

  test('Poly1305 is what its readable twin says, whole blocks split anywhere', () => {
    fc.assert(
      fc.property(bytes(32), fc.nat(300).chain(bytes), fc.nat(20), (key, data, split) => {
        const whole = Math.min(split * 16, data.length & ~15);
        expect(poly1305(bench, key, data, whole)).toBe(byTwin('poly1305', key, data));
      }),
      { numRuns },
    );
  });

  test('GHASH is what its readable twin says, whole blocks split anywhere', () => {
    fc.assert(
      fc.property(
        bytes(16),
        fc.nat(20).chain((n) => bytes(n * 16)),
        fc.nat(20),
        (key, data, split) => {
          expect(ghash(bench, key, data, Math.min(split * 16, data.length))).toBe(byTwin('ghash', key, data));
        },
      ),
      { numRuns },
    );
  });

  test('GHASH pads the last block with zeros', () => {
    const [key, data] = [randomBytes(16), randomBytes(77)];
    expect(ghash(bench, key, data, 0)).toBe(ghash(bench, key, Buffer.concat([data, Buffer.alloc(3)]), 0));
  });
});
