import { generateKeyPairSync, sign } from 'node:crypto';
import { ed25519 as noble } from '@noble/curves/ed25519.js';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { ErrorCode } from '../../../assembly/alert.js';
import { type Bench, programs, unhex } from '../programs.js';
import { fromBytes, reversed, toBytes } from './twin.js';

const order = 2n ** 252n + 27742317777372353535851937790883648493n;
const p = 2n ** 255n - 19n;
const little = (value: bigint) => reversed(toBytes(value, 32));

function verify(bench: Bench, key: Uint8Array, message: Uint8Array, signature: Uint8Array): number {
  const code = bench.exports.ed25519Verify!(
    bench.put(key),
    bench.put(message),
    message.length,
    bench.put(signature),
  );
  bench.free();
  return code;
}

// RFC 8032 §7.1: public key, message, signature.
const vectors = [
  [
    'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
    '',
    'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b',
  ],
  [
    '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c',
    '72',
    '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
  ],
  [
    'fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025',
    'af82',
    '6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a',
  ],
] as const;

describe.each(await programs('primitives'))('Ed25519 on %s', (engine, bench) => {
  const many = engine === 'V8';
  afterEach(() => bench.free());

  it('verifies what RFC 8032 §7.1 prints', () => {
    for (const [key, message, signature] of vectors) {
      expect(verify(bench, unhex(key), unhex(message), unhex(signature))).toBe(0);
    }
  });

  it('verifies what node:crypto signs, and nothing else', () => {
    for (let i = 0; i < (many ? 40 : 5); i++) {
      const { privateKey, publicKey } = generateKeyPairSync('ed25519');
      const key = new Uint8Array(publicKey.export({ format: 'der', type: 'spki' }).subarray(-32));
      const message = crypto.getRandomValues(new Uint8Array(7 * i));
      const signature = new Uint8Array(sign(null, message, privateKey));
      expect(verify(bench, key, message, signature)).toBe(0);
      expect(verify(bench, key, Uint8Array.of(...message, 0), signature)).toBe(ErrorCode.BadSignature);
      for (const at of [i % 32, 32 + (i % 31)]) {
        const changed = signature.slice();
        changed[at]! ^= 1 << (i % 8);
        expect(verify(bench, key, message, changed)).toBe(ErrorCode.BadSignature);
      }
    }
  });

  it('agrees with @noble/curves over random keys and messages, right and wrong', () => {
    const seeds = fc.uint8Array({ minLength: 32, maxLength: 32 });
    fc.assert(
      fc.property(seeds, seeds, fc.uint8Array({ maxLength: 200 }), (seed, other, message) => {
        const signature = noble.sign(message, seed);
        const wrong = noble.getPublicKey(other);
        expect(verify(bench, noble.getPublicKey(seed), message, signature)).toBe(0);
        const expected = noble.verify(signature, message, wrong) ? 0 : ErrorCode.BadSignature;
        expect(verify(bench, wrong, message, signature)).toBe(expected);
      }),
      { numRuns: many ? 40 : 5 },
    );
  });

  it('refuses s of L and above (RFC 8032 §5.1.7), though the equation would hold', () => {
    const seed = new Uint8Array(32).fill(3);
    const message = new Uint8Array(3);
    const signature = noble.sign(message, seed);
    const s = fromBytes(reversed(signature.slice(32)));
    for (let more = order; s + more < 2n ** 256n; more += order) {
      const high = Uint8Array.of(...signature.slice(0, 32), ...little(s + more));
      expect(verify(bench, noble.getPublicKey(seed), message, high)).toBe(ErrorCode.BadSignature);
    }
  });

  it('refuses keys that are no point or not canonical', () => {
    const message = new Uint8Array(3);
    const signature = noble.sign(message, new Uint8Array(32).fill(3));
    const keys = [little(2n), little(p), little(p + 1n), little(p + 3n), little(2n ** 255n - 1n)];
    // x = 0 with the sign bit set: y = 1 and y = -1.
    keys.push(little(1n + 2n ** 255n), little(p - 1n + 2n ** 255n));
    for (const key of keys) expect(verify(bench, key, message, signature)).toBe(ErrorCode.BadSignature);
  });

  it('takes the equation without cofactor: R must be the encoding itself', () => {
    // With the neutral point as key, R = s B for any message.
    const key = little(1n);
    const message = new Uint8Array(5);
    const s = 123456789n;
    const r = noble.Point.BASE.multiply(s);
    expect(verify(bench, key, message, Uint8Array.of(...r.toBytes(), ...little(s)))).toBe(0);
    const torsion = noble.Point.fromBytes(little(p - 1n));
    const moved = r.add(torsion).toBytes();
    const code = verify(bench, key, message, Uint8Array.of(...moved, ...little(s)));
    expect(code).toBe(ErrorCode.BadSignature);
    // s = 0: the sum is the neutral point, whose encoding is 1; a non-canonical 1 is refused.
    expect(verify(bench, key, message, Uint8Array.of(...little(1n), ...little(0n)))).toBe(0);
    const other = Uint8Array.of(...little(p + 1n), ...little(0n));
    expect(verify(bench, key, message, other)).toBe(ErrorCode.BadSignature);
  });
});
