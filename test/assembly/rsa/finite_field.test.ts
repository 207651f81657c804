import { execFileSync } from 'node:child_process';
import { createDiffieHellman, getDiffieHellman } from 'node:crypto';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { ErrorCode } from '../../../assembly/alert.js';
import { type Bench, hex, programs } from '../programs.js';
import { power, toBigInt, toBytes } from './keys.js';

function raise(bench: Bench, p: Uint8Array, base: Uint8Array, secret: Uint8Array) {
  const out = bench.room(1024);
  const code = bench.exports.finiteFieldPower!(
    out,
    bench.put(p),
    p.length,
    bench.put(base),
    base.length,
    bench.put(secret),
    secret.length,
  );
  const result = bench.get(out, Math.max(0, code));
  bench.free();
  return { code, result };
}

function prime(bench: Bench, group: number): Uint8Array {
  const out = bench.room(1024);
  const length = bench.exports.finiteFieldPrime!(group, out);
  const p = bench.get(out, Math.max(0, length));
  bench.free();
  return p;
}

describe.each(await programs('primitives'))('finite-field Diffie-Hellman on %s', (engine, bench) => {
  const many = engine === 'V8';
  afterEach(() => bench.free());

  it("knows RFC 7919's primes: e's digits, as its section 3 defines them", () => {
    let e = 0n;
    for (let term = 1n << 8300n, i = 1n; term > 0n; i++) {
      e += term;
      term /= i;
    }
    for (const [group, bits, x] of [
      [256, 2048n, 560316n],
      [257, 3072n, 2625351n],
      [258, 4096n, 5736041n],
      [259, 6144n, 15705020n],
      [260, 8192n, 10965728n],
    ] as const) {
      const p = 2n ** bits - 2n ** (bits - 64n) + ((e >> (8300n - (bits - 130n))) + x) * 2n ** 64n - 1n;
      expect(toBigInt(prime(bench, group))).toBe(p);
    }
    expect(bench.exports.finiteFieldPrime!(255, bench.room(1024))).toBe(ErrorCode.BadArgument);
    expect(bench.exports.finiteFieldPrime!(261, bench.room(1024))).toBe(ErrorCode.BadArgument);
  });

  it.each([256, 257, 258, 259, 260])('group %i is the one that OpenSSL has under its name', (group) => {
    const p = prime(bench, group);
    const name = `group:ffdhe${8 * p.length}`;
    const command = ['genpkey', '-genparam', '-algorithm', 'DH', '-pkeyopt', name];
    const pem = execFileSync('openssl', command, { encoding: 'utf8' });
    const der = Buffer.from(pem.replace(/-.*-/g, ''), 'base64');
    // SEQUENCE, INTEGER with a leading zero.
    expect(hex(der.subarray(9, 9 + p.length))).toBe(hex(p));
  });

  it('agrees with node:crypto in its groups and in one that a server brings', () => {
    const groups = [256, 257, 258, 259, 260].map((group) => prime(bench, group));
    groups.push(new Uint8Array(getDiffieHellman('modp2').getPrime()));
    for (const p of groups) {
      const peer = createDiffieHellman(p, Uint8Array.of(2));
      peer.generateKeys();
      const secret = crypto.getRandomValues(new Uint8Array(many ? 52 : 8));
      const { result: key } = raise(bench, p, Uint8Array.of(2), secret);
      const { result: shared } = raise(bench, p, new Uint8Array(peer.getPublicKey()), secret);
      expect(key.length).toBe(p.length);
      expect(toBigInt(shared)).toBe(toBigInt(new Uint8Array(peer.computeSecret(key))));
    }
  });

  it('agrees with BigInt over random odd moduli and secrets, of nothing but zeros or ones too', () => {
    const check = (p: bigint, base: bigint, secret: Uint8Array) => {
      const length = Math.ceil(p.toString(2).length / 8);
      const { result } = raise(bench, toBytes(p, length + 1), toBytes(base, length), secret);
      expect(toBigInt(result)).toBe(power(base, toBigInt(secret), p));
    };
    const cases = fc.record({
      bits: fc.bigInt({ min: 1024n, max: 2100n }),
      seed: fc.bigInt({ min: 0n, max: 2n ** 2100n - 1n }),
      base: fc.bigInt({ min: 2n, max: 2n ** 1000n }),
      secret: fc.uint8Array({ minLength: 1, maxLength: 8 }),
    });
    fc.assert(
      fc.property(cases, ({ bits, seed, base, secret }) => {
        check((seed % 2n ** (bits - 1n)) | (2n ** (bits - 1n)) | 1n, base, secret);
      }),
      { numRuns: many ? 40 : 5 },
    );
    for (const fill of [0, 1, 0xf0, 0xff]) check(2n ** 1024n - 1n, 3n, new Uint8Array(5).fill(fill));
  });

  it('agrees with BigInt where limbs are ones throughout, at the most bits and beside them', () => {
    for (const bits of [3584n, 4096n, 6144n, 7166n, 7168n, 8190n, 8191n, 8192n]) {
      // With a modulus of ones the Montgomery form of -2 has hardly a zero, and stays so for many squarings.
      const ones = 2n ** bits - 1n;
      for (const p of [ones, 2n ** (bits - 1n) + 1n, ones - 2n ** (bits - 60n)]) {
        const length = Math.ceil(Number(bits) / 8);
        for (const base of [2n, p - 2n, p - 3n, 2n ** (bits - 1n) - 1n]) {
          const secret = Uint8Array.of(0xff, 0x53);
          const { result } = raise(bench, toBytes(p, length), toBytes(base, length), secret);
          expect(toBigInt(result)).toBe(power(base, 0xff53n, p));
        }
      }
    }
  });

  it('refuses keys outside [2, p-2], and moduli that are even, short or long', () => {
    const p = toBigInt(prime(bench, 256));
    const code = (modulus: bigint, base: bigint, length = 256) =>
      raise(bench, toBytes(modulus, length), toBytes(base, length), Uint8Array.of(5)).code;
    for (const base of [0n, 1n, p - 1n, p, p + 1n, 2n ** 2048n - 1n]) {
      expect(code(p, base)).toBe(ErrorCode.IllegalParameter);
    }
    expect(code(p, p - 2n)).toBe(256);
    expect(code(p, 2n)).toBe(256);
    expect(code(p - 1n, 2n)).toBe(ErrorCode.IllegalParameter);
    expect(code(2n ** 1023n - 1n, 2n)).toBe(ErrorCode.IllegalParameter);
    expect(code(2n ** 8192n + 1n, 2n, 1025)).toBe(ErrorCode.IllegalParameter);
    expect(code(p, 2n ** 2056n, 258)).toBe(ErrorCode.IllegalParameter);
  });
});
