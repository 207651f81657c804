import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Bench, programs } from '../programs.js';
import { inverse, mod, p256, p384, reversed, toBytes } from './twin.js';

/** Signed limbs in i64, as the program keeps them. */
function put(bench: Bench, limbs: bigint[]): number {
  const bytes = new DataView(new ArrayBuffer(112));
  for (const [i, limb] of limbs.entries()) bytes.setBigInt64(8 * i, limb, true);
  return bench.put(new Uint8Array(bytes.buffer));
}

function get(bench: Bench, pointer: number, count: number): bigint[] {
  const bytes = new DataView(bench.get(pointer, 112).buffer);
  return Array.from({ length: count }, (_, i) => bytes.getBigInt64(8 * i, true));
}

const value = (limbs: bigint[], bits: bigint) => limbs.reduceRight((sum, limb) => (sum << bits) + limb, 0n);

describe.each(await programs('primitives'))('field arithmetic on %s', (engine, bench) => {
  describe.each([
    ['P-256', p256, 9, 29n, 'multiply256', 'square256'],
    ['P-384', p384, 14, 28n, 'multiply384', 'square384'],
  ] as const)('of %s', (_name, { p }, count, bits, multiply, square) => {
    const r = 2n ** (bits * BigInt(count));
    const limbsOf = (number: bigint) =>
      Array.from({ length: count }, (_, i) =>
        i < count - 1 ? (number >> (bits * BigInt(i))) & (2n ** bits - 1n) : number >> (bits * BigInt(i)),
      );

    function check(a: bigint[], b: bigint[]): void {
      const out = bench.room(112);
      const [x, y] = [put(bench, a), put(bench, b)];
      for (const [name, left, right] of [
        [multiply, a, b],
        [square, a, a],
      ] as const) {
        if (name === multiply) bench.exports[multiply]!(out, x, y);
        else bench.exports[square]!(out, x);
        const result = get(bench, out, count);
        expect(mod(value(result, bits) * r - value(left, bits) * value(right, bits), p)).toBe(0n);
        expect(result.slice(0, -1).every((limb) => limb >= 0n && limb < 2n ** bits)).toBe(true);
        const number = value(result, bits);
        expect(8n * number > -p && 8n * number < 9n * p).toBe(true);
      }
      bench.free();
    }

    const edges = [0n, 1n, 2n, p - 2n, p - 1n, p, p + 1n, r % p, 2n ** (bits * BigInt(count - 1)) - 1n];
    for (let i = 1n; i < BigInt(count); i++) edges.push(2n ** (bits * i), p - 2n ** (bits * i));

    it('multiplies and squares 0, 1, p - 1, p and every lone limb and full carry', () => {
      for (const a of edges) for (const b of edges.slice(0, 12)) check(limbsOf(a), limbsOf(b));
    });

    it('takes the widest limbs that a sum and a difference give', () => {
      // A sum of two tight elements times a difference: every limb at its bound, in every combination of signs.
      const top = 2n ** (bits === 29n ? 24n : 20n);
      const full = 2n ** bits - 1n;
      const filled = (limb: bigint, high: bigint) =>
        Array.from({ length: count }, (_, i) => (i < count - 1 ? limb : high));
      for (const sum of [filled(2n * full, 2n * top), filled(0n, 2n * top)]) {
        for (const difference of [
          filled(full, top),
          filled(-full, top),
          filled(-full, -top),
          filled(full, -top),
        ]) {
          const out = bench.room(112);
          bench.exports[multiply]!(out, put(bench, sum), put(bench, difference));
          const product = value(get(bench, out, count), bits);
          expect(mod(product * r - value(sum, bits) * value(difference, bits), p)).toBe(0n);
          bench.free();
        }
      }
    });

    it('agrees with BigInt over random elements', () => {
      const element = fc.bigInt({ min: 0n, max: p + p / 9n }).map(limbsOf);
      fc.assert(fc.property(element, element, check), { numRuns: engine === 'V8' ? 300 : 50 });
    });
  });

  describe.each([
    [32, p256.p, 'the prime of P-256'],
    [32, p256.n, 'the order of P-256'],
    [32, 2n ** 255n - 19n, '2^255 - 19'],
    [48, p384.p, 'the prime of P-384'],
    [48, p384.n, 'the order of P-384'],
  ] as const)('inversion in %i bytes', (length, m, name) => {
    it(`agrees with Euclid modulo ${name}`, () => {
      const little = (number: bigint) => reversed(toBytes(number, length));
      const check = (number: bigint) => {
        const out = bench.room(length);
        bench.exports.invert!(out, bench.put(little(number)), bench.put(little(m)), length);
        expect(reversed(bench.get(out, length))).toEqual(
          toBytes(number === 0n ? 0n : inverse(number, m), length),
        );
        bench.free();
      };
      for (const number of [0n, 1n, 2n, 3n, m - 1n, m - 2n, (m + 1n) / 2n, m >> 1n]) check(number);
      for (let i = 1n; i < 8n * BigInt(length) - 1n; i += 13n) {
        check(2n ** i);
        check(m - 2n ** i);
      }
      fc.assert(fc.property(fc.bigInt({ min: 0n, max: m - 1n }), check), {
        numRuns: engine === 'V8' ? 200 : 40,
      });
    });
  });
});
