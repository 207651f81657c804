import { createECDH } from 'node:crypto';
import { p256 as noble256, p384 as noble384 } from '@noble/curves/nist.js';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { ErrorCode } from '../../../assembly/alert.js';
import { type Bench, hex, programs, unhex } from '../programs.js';
import { encodePoint, fromBytes, multiplyPoint, p256, p384, toBytes } from './twin.js';

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });

function publicKey(bench: Bench, curve: number, scalar: Uint8Array, length = 97) {
  const out = bench.room(length);
  const code = bench.exports.ecPublicKey!(curve, out, bench.put(scalar));
  const key = bench.get(out, Math.max(0, code));
  bench.free();
  return { code, key };
}

function agree(bench: Bench, curve: number, scalar: Uint8Array, point: Uint8Array) {
  const out = bench.room(48);
  const code = bench.exports.ecdh!(curve, out, bench.put(scalar), bench.put(point), point.length);
  const secret = bench.get(out, Math.max(0, code));
  bench.free();
  return { code, secret };
}

// The first cases of NIST's CAVP file "ECC CDH Primitive" for each curve.
const cavp = {
  23: {
    d: '7d7dc5f71eb29ddaf80d6214632eeae03d9058af1fb6d22ed80badb62bc1a534',
    x: '700c48f77f56584c5cc632ca65640db91b6bacce3a4df6b42ce7cc838833d287',
    y: 'db71e509e3fd9b060ddb20ba5c51dcc5948d46fbf640dfe0441782cab85fa4ac',
    z: '46fc62106420ff012e54a434fbdd2d25ccc5852060561e68040dd7778997bd7b',
  },
  24: {
    d: '3cc3122a68f0d95027ad38c067916ba0eb8c38894d22e1b15618b6818a661774ad463b205da88cf699ab4d43c9cf98a1',
    x: 'a7c76b970c3b5fe8b05d2838ae04ab47697b9eaf52e764592efda27fe7513272734466b400091adbf2d68c58e0c50066',
    y: 'ac68f19f2e1cb879aed43a9969b91a0839c4c38a49749b661efedf243451915ed0905a32b060992b468c64766fc8437a',
    z: '5f9d29dc5e31a163060356213669c8ce132e22f57c9a04f40ba7fcead493b457e5621e766c40a2e3d4d6a04b25e533f1',
  },
};

describe.each(await programs('primitives'))('key agreement on %s', (engine, bench) => {
  afterEach(() => bench.free());

  describe.each([
    ['P-256', p256, noble256, 'prime256v1', cavp[23]],
    ['P-384', p384, noble384, 'secp384r1', cavp[24]],
  ] as const)('over %s', (_name, curve, noble, opensslName, vector) => {
    it("gives NIST's shared secret", () => {
      const point = unhex(`04${vector.x}${vector.y}`);
      expect(hex(agree(bench, curve.id, unhex(vector.d), point).secret)).toBe(vector.z);
    });

    it('agrees with node:crypto over random keys', () => {
      fc.assert(
        fc.property(bytes(curve.bytes), bytes(curve.bytes), (a, b) => {
          const scalar = toBytes((fromBytes(a) % (curve.n - 1n)) + 1n, curve.bytes);
          const peer = createECDH(opensslName);
          peer.setPrivateKey(toBytes((fromBytes(b) % (curve.n - 1n)) + 1n, curve.bytes));
          const { key } = publicKey(bench, curve.id, scalar);
          const { secret } = agree(bench, curve.id, scalar, new Uint8Array(peer.getPublicKey()));
          expect(hex(secret)).toBe(hex(new Uint8Array(peer.computeSecret(key))));
        }),
        { numRuns: engine === 'V8' ? 50 : 5 },
      );
    });

    it('agrees with its twin and with @noble/curves for scalars at the edges', () => {
      const { n } = curve;
      const scalars = [
        1n,
        2n,
        3n,
        15n,
        16n,
        31n,
        32n,
        33n,
        n >> 1n,
        (n >> 1n) + 1n,
        n - 1n,
        n - 2n,
        n - 3n,
        n - 32n,
      ];
      scalars.push(2n ** BigInt(8 * curve.bytes - 1), 2n ** BigInt(8 * curve.bytes - 2) - 1n);
      // Among the scalars n - 2 d the last addition meets two equal points once: the doubling that is taken instead.
      for (let d = 1n; d < 32n; d += 2n) scalars.push(n - 2n * d, 2n * d);
      for (const scalar of engine === 'V8' ? scalars : scalars.slice(0, 12)) {
        const expected = encodePoint(curve, multiplyPoint(curve, scalar, curve.g)!);
        expect(hex(publicKey(bench, curve.id, toBytes(scalar, curve.bytes)).key)).toBe(hex(expected));
        const other = noble.Point.BASE.multiply(12345n);
        const shared = agree(bench, curve.id, toBytes(scalar, curve.bytes), other.toBytes(false));
        expect(hex(shared.secret)).toBe(
          hex(
            other
              .multiply(scalar)
              .toBytes(false)
              .slice(1, 1 + curve.bytes),
          ),
        );
      }
    });

    it('refuses scalars outside [1, n-1]', () => {
      const point = encodePoint(curve, curve.g!);
      for (const scalar of [0n, curve.n, curve.n + 1n, 2n ** BigInt(8 * curve.bytes) - 1n]) {
        const wrong = toBytes(scalar, curve.bytes);
        expect(publicKey(bench, curve.id, wrong).code).toBe(ErrorCode.BadPrivateKey);
        expect(agree(bench, curve.id, wrong, point).code).toBe(ErrorCode.BadPrivateKey);
      }
    });

    it('refuses points that are compressed, hybrid, of wrong length, off the curve or out of range', () => {
      const scalar = toBytes(5n, curve.bytes);
      const { x, y } = curve.g!;
      const good = encodePoint(curve, curve.g!);
      const wrong = [
        new Uint8Array(0),
        Uint8Array.of(0),
        noble.Point.BASE.toBytes(true),
        Uint8Array.of(6 + Number(y & 1n), ...good.slice(1)),
        good.slice(0, -1),
        Uint8Array.of(...good, 0),
        encodePoint(curve, { x, y: y + 1n }),
        encodePoint(curve, { x: y, y: x }),
        encodePoint(curve, { x: 0n, y: 0n }),
        encodePoint(curve, { x, y: curve.p - y }).fill(0xff, 1),
      ];
      // A small x on the curve, written as x + p: fits the bytes where p leaves room.
      for (let small = 0n; small < 40n; small++) {
        const root = squareRoot(small ** 3n - 3n * small + curve.b, curve.p);
        if (root === undefined) continue;
        expect(agree(bench, curve.id, scalar, encodePoint(curve, { x: small, y: root })).code).toBe(
          curve.bytes,
        );
        wrong.push(encodePoint(curve, { x: small + curve.p, y: root }));
      }
      expect(wrong.length).toBeGreaterThan(12);
      for (const point of wrong) {
        expect(agree(bench, curve.id, scalar, point).code, hex(point)).toBe(ErrorCode.BadKeyShare);
      }
      expect(agree(bench, curve.id, scalar, encodePoint(curve, { x, y: curve.p - y })).code).toBe(
        curve.bytes,
      );
    });

    it('draws scalars in range, different each time', () => {
      bench.exports.drbgSeed!(bench.put(new Uint8Array(48).fill(engine.length)), 48);
      const seen = new Set<string>();
      for (let i = 0; i < 20; i++) {
        const out = bench.room(curve.bytes);
        expect(bench.exports.ecGenerateScalar!(curve.id, out)).toBe(curve.bytes);
        const scalar = fromBytes(bench.get(out, curve.bytes));
        expect(scalar > 0n && scalar < curve.n).toBe(true);
        seen.add(scalar.toString());
      }
      expect(seen.size).toBe(20);
    });
  });

  it('never adds equal points in the comb of P-256', () => {
    // The last addition would double for n + 2 D, were D, five signed powers of two, that scalar's own last digit.
    const { n } = p256;
    for (let signs = 0; signs < 32; signs++) {
      const plus = (t: bigint) => ((signs >> Number(t)) & 1) === 1;
      let digit = 0n;
      for (let t = 0n; t < 5n; t++) digit += (plus(t) ? 1n : -1n) << (52n * t);
      if (digit > 0n) continue;
      const scalar = n + 2n * digit;
      const own = [0n, 1n, 2n, 3n, 4n].map((t) => ((scalar >> (52n * t + 1n)) & 1n) === 1n);
      expect(own).not.toEqual([0n, 1n, 2n, 3n, 4n].map(plus));
      const expected = noble256.Point.BASE.multiply(scalar).toBytes(false);
      expect(hex(publicKey(bench, 23, toBytes(scalar, 32)).key)).toBe(hex(expected));
    }
  });

  it('does X25519 through the same functions', () => {
    const scalar = new Uint8Array(32).fill(7);
    const base = Uint8Array.of(9, ...new Uint8Array(31));
    const { code, key } = publicKey(bench, 29, scalar);
    expect(code).toBe(32);
    expect(hex(agree(bench, 29, scalar, base).secret)).toBe(hex(key));
    expect(agree(bench, 29, scalar, new Uint8Array(31)).code).toBe(ErrorCode.BadKeyShare);
    expect(agree(bench, 29, scalar, new Uint8Array(32)).code).toBe(ErrorCode.BadKeyShare);
  });

  it('refuses groups that it does not know', () => {
    expect(publicKey(bench, 25, new Uint8Array(66).fill(1), 133).code).toBe(ErrorCode.BadArgument);
  });
});

/** For primes that are 3 modulo 4, as both curves' are. */
function squareRoot(a: bigint, p: bigint): bigint | undefined {
  a = ((a % p) + p) % p;
  let [root, base, e] = [1n, a, (p + 1n) / 4n];
  for (; e > 0n; e >>= 1n) {
    if (e & 1n) root = (root * base) % p;
    base = (base * base) % p;
  }
  return (root * root) % p === a ? root : undefined;
}
