import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { ErrorCode } from '../../../assembly/alert.js';
import { type Bench, programs } from '../programs.js';
import { power, toBigInt, toBytes } from './keys.js';

function raise(bench: Bench, n: Uint8Array, e: Uint8Array, input: Uint8Array) {
  const out = bench.room(512);
  const code = bench.exports.rsaPublic!(
    out,
    bench.put(n),
    n.length,
    bench.put(e),
    e.length,
    bench.put(input),
    input.length,
  );
  const result = bench.get(out, Math.max(0, code));
  bench.free();
  return { code, result };
}

const e65537 = Uint8Array.of(1, 0, 1);

describe.each(await programs('primitives'))('RSA public operation on %s', (engine, bench) => {
  afterEach(() => bench.free());

  it('agrees with BigInt over random moduli, inputs and exponents', () => {
    const cases = fc.record({
      bits: fc.integer({ min: 2048, max: 4096 }),
      seed: fc.uint8Array({ minLength: 512, maxLength: 512 }),
      input: fc.bigInt({ min: 0n, max: 2n ** 4096n - 1n }),
      exponent: fc.bigInt({ min: 1n, max: 2n ** 32n - 1n }).map((half) => 2n * half + 1n),
    });
    fc.assert(
      fc.property(cases, ({ bits, seed, input, exponent }) => {
        const n = (toBigInt(seed) % 2n ** BigInt(bits - 1)) | (2n ** BigInt(bits - 1)) | 1n;
        const length = (bits + 7) >> 3;
        const { result } = raise(bench, toBytes(n, length), toBytes(exponent, 5), toBytes(input % n, length));
        expect(toBigInt(result)).toBe(power(input % n, exponent, n));
      }),
      { numRuns: engine === 'V8' ? 60 : 6 },
    );
  });

  it('carries through all limbs: moduli of ones and of lone bits, inputs at the edges', () => {
    for (const bits of [2048, 2049, 2125, 2126, 2127, 2128, 3071, 4096]) {
      const length = (bits + 7) >> 3;
      const whole = 2n ** BigInt(bits);
      for (const n of [whole - 1n, whole / 2n + 1n, whole - 2n ** 28n + 1n, whole / 2n + 2n ** 60n - 1n]) {
        for (const input of [0n, 1n, 2n, n - 1n, n - 2n, n >> 1n, 2n ** 2047n]) {
          const { result } = raise(bench, toBytes(n, length), Uint8Array.of(3), toBytes(input % n, length));
          expect(toBigInt(result)).toBe(power(input, 3n, n));
        }
      }
    }
  });

  it('skips leading zeros of modulus and exponent', () => {
    const n = toBytes(2n ** 2048n - 1n, 257);
    expect(raise(bench, n, Uint8Array.of(0, 0, 3), toBytes(2n, 256)).result).toEqual(toBytes(8n, 256));
  });

  it('refuses inputs of another length, and those not below the modulus', () => {
    const modulus = 2n ** 2047n + 1n;
    const n = toBytes(modulus, 256);
    for (const input of [modulus, modulus + 1n, 2n ** 2048n - 1n]) {
      expect(raise(bench, n, e65537, toBytes(input, 256)).code).toBe(ErrorCode.BadSignature);
    }
    for (const length of [0, 1, 255, 257, 512]) {
      expect(raise(bench, n, e65537, new Uint8Array(length)).code).toBe(ErrorCode.BadSignature);
    }
  });

  it('refuses moduli that are even, short or long, and exponents that are even or out of range', () => {
    const odd = toBytes(2n ** 2047n + 1n, 256);
    const input = new Uint8Array(256);
    const code = (n: Uint8Array, e: Uint8Array) => raise(bench, n, e, input.slice(0, n.length)).code;
    for (const n of [2n ** 2047n, 2n ** 1023n - 1n, 0n, 1n]) {
      expect(code(toBytes(n, 256), e65537)).toBe(ErrorCode.CertificateKey);
    }
    expect(code(toBytes(2n ** 4096n + 1n, 513), e65537)).toBe(ErrorCode.CertificateKey);
    for (const e of [[], [0], [1], [2], [1, 0, 0], [2, 0, 0, 0, 1], [1, 0, 0, 0, 0, 1]]) {
      expect(code(odd, Uint8Array.from(e))).toBe(ErrorCode.CertificateKey);
    }
    expect(code(odd, Uint8Array.of(1, 0xff, 0xff, 0xff, 0xff))).toBe(256);
  });
});
