import { x25519 as noble } from '@noble/curves/ed25519.js';
import fc from 'fast-check';
import { afterEach, describe, expect, it, test } from 'vitest';
import { ErrorCode } from '../../../assembly/alert.js';
import { type Bench, hex, programs, unhex } from '../programs.js';
import { fromBytes, reversed, toBytes, x25519Twin } from './twin.js';
import { absent, wycheproof } from './wycheproof.js';

const p = 2n ** 255n - 19n;
const bytes32 = fc.uint8Array({ minLength: 32, maxLength: 32 });
const little = (value: bigint) => reversed(toBytes(value, 32));

function run(bench: Bench, scalar: Uint8Array, u: Uint8Array): { code: number; shared: Uint8Array } {
  const out = bench.room(32);
  const code = bench.exports.x25519!(out, bench.put(scalar), bench.put(u));
  const shared = bench.get(out, 32);
  bench.free();
  return { code, shared };
}

function publicKey(bench: Bench, scalar: Uint8Array): Uint8Array {
  const out = bench.room(32);
  bench.exports.x25519Base!(out, bench.put(scalar));
  const key = bench.get(out, 32);
  bench.free();
  return key;
}

describe.each(await programs('primitives'))('X25519 on %s', (engine, bench) => {
  afterEach(() => bench.free());

  it('multiplies as RFC 7748 §5.2 prints it', () => {
    for (const [scalar, u, expected] of [
      [
        'a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4',
        'e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c',
        'c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552',
      ],
      [
        '4b66e9d4d1b4673c5ad22691957d6af5c11b6421e0ea01d42ca4169e7918ba0d',
        'e5210f12786811d3f4b7959d0538ae2c31dbe7106fc03c3efc4cd549c715a493',
        '95cbde9476e8907d7aade45cb4b873f88b595a68799fa152e6f8f7647aac7957',
      ],
    ] as const) {
      expect(hex(run(bench, unhex(scalar), unhex(u)).shared)).toBe(expected);
    }
  });

  it('iterates a thousand times as RFC 7748 §5.2 prints it', () => {
    let k: Uint8Array = little(9n);
    let u: Uint8Array = little(9n);
    for (let i = 1; i <= 1000; i++) {
      [k, u] = [run(bench, k, u).shared, k];
      if (i === 1) expect(hex(k)).toBe('422c8e7a6227d7bca1350b3e2bb7279f7897b87bb6854b783c60e80311ae3079');
    }
    expect(hex(k)).toBe('684cf59ba83309552800ef566f2f4d3c1c3887c49360e3875f2eb94d99532c51');
  });

  it('agrees on a secret as RFC 7748 §6.1 prints it', () => {
    const a = unhex('77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a');
    const b = unhex('5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb');
    expect(hex(publicKey(bench, a))).toBe('8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a');
    expect(hex(publicKey(bench, b))).toBe('de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f');
    const expected = '4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742';
    expect(hex(run(bench, a, publicKey(bench, b)).shared)).toBe(expected);
    expect(hex(run(bench, b, publicKey(bench, a)).shared)).toBe(expected);
  });

  it('agrees with @noble/curves over random scalars and points, the base point too', () => {
    fc.assert(
      fc.property(bytes32, bytes32, (scalar, u) => {
        expect(hex(publicKey(bench, scalar))).toBe(hex(noble.getPublicKey(scalar)));
        expect(hex(run(bench, scalar, u).shared)).toBe(hex(noble.getSharedSecret(scalar, u)));
      }),
      { numRuns: engine === 'V8' ? 200 : 25 },
    );
  });

  it('agrees with its twin where carries run through all limbs', () => {
    const edges: bigint[] = [
      2n,
      3n,
      9n,
      p - 2n,
      p - 3n,
      p + 2n,
      2n ** 255n - 1n,
      (2n ** 232n - 1n) * 2n ** 23n,
    ];
    for (let i = 1n; i < 9n; i++) edges.push(2n ** (29n * i), 2n ** (29n * i) - 1n, p - 2n ** (29n * i));
    const scalars = [new Uint8Array(32), new Uint8Array(32).fill(255), new Uint8Array(32).fill(0x55)];
    for (const scalar of scalars) {
      for (const u of edges.map(little)) {
        const expected = x25519Twin(scalar, u);
        const { code, shared } = run(bench, scalar, u);
        expect(hex(shared)).toBe(hex(expected));
        expect(code).toBe(fromBytes(expected) === 0n ? ErrorCode.BadKeyShare : 0);
      }
    }
  });

  it('refuses every point of low order, canonical or not, and gives zeros', () => {
    const order8 = [
      325606250916557431795983626356110631294008115727848805560023387167927233504n,
      39382357235489614581723060781553021112529911719440698176882885853963445705823n,
    ];
    for (const u of [0n, 1n, p - 1n, p, p + 1n, ...order8]) {
      const { code, shared } = run(bench, new Uint8Array(32).fill(0x77), little(u));
      expect(code).toBe(ErrorCode.BadKeyShare);
      expect(hex(shared)).toBe('00'.repeat(32));
    }
  });

  it('ignores the top bit of u (RFC 7748 §5)', () => {
    const u = unhex('e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c');
    const high = u.slice();
    high[31]! |= 0x80;
    const scalar = new Uint8Array(32).fill(5);
    expect(hex(run(bench, scalar, high).shared)).toBe(hex(run(bench, scalar, u).shared));
  });

  const groups = wycheproof('x25519');
  test.skipIf(!groups)(groups ? 'Wycheproof' : `Wycheproof: ${absent}`, () => {
    let count = 0;
    for (const { tcId, flags, public: u, private: scalar, shared } of groups!.flatMap((g) => g.tests)) {
      const result = run(bench, unhex(scalar as string), unhex(u as string));
      expect(hex(result.shared), `case ${tcId}`).toBe(shared);
      // "acceptable" are twist points, non-canonical and low-order ones. RFC 7748 §5 takes them all; RFC 9846 §7.4.2
      // refuses only the all-zero result.
      const zero = flags.includes('ZeroSharedSecret');
      expect(result.code, `case ${tcId}`).toBe(zero ? ErrorCode.BadKeyShare : 0);
      count++;
    }
    console.log(`Wycheproof x25519 on ${engine}: ${count} cases`);
    expect(count).toBe(518);
  });
});
