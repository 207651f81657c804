import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { p256 as noble256, p384 as noble384 } from '@noble/curves/nist.js';
import fc from 'fast-check';
import { afterEach, describe, expect, it, test } from 'vitest';
import { ErrorCode } from '../../../assembly/alert.js';
import { type Bench, hex, programs, unhex } from '../programs.js';
import {
  type CurveTwin,
  encodePoint,
  encodeSignature,
  fromBytes,
  inverse,
  mod,
  multiplyPoint,
  p256,
  p384,
  toBytes,
  verifyTwin,
} from './twin.js';
import { absent, wycheproof } from './wycheproof.js';

const hashIds = { sha1: 2, sha256: 4, sha384: 5, sha512: 6 } as const;
type Hash = keyof typeof hashIds;
const digestOf = (hash: Hash, message: Uint8Array | string) =>
  new Uint8Array(createHash(hash).update(message).digest());

function verify(
  bench: Bench,
  curve: CurveTwin,
  digest: Uint8Array,
  point: Uint8Array,
  signature: Uint8Array,
): number {
  const code = bench.exports.ecdsaVerify!(
    curve.id,
    bench.put(digest),
    digest.length,
    bench.put(point),
    point.length,
    bench.put(signature),
    signature.length,
  );
  bench.free();
  return code;
}

function signWith(bench: Bench, curve: CurveTwin, hash: Hash, digest: Uint8Array, scalar: Uint8Array) {
  const out = bench.room(2 * curve.bytes + 9);
  const code = bench.exports.ecdsaSign!(
    curve.id,
    hashIds[hash],
    bench.put(digest),
    digest.length,
    bench.put(scalar),
    out,
  );
  const signature = bench.get(out, Math.max(0, code));
  bench.free();
  return { code, signature };
}

// RFC 6979 A.2.5 and A.2.6.
const key256 = 'C9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721';
const key384 =
  '6B9D3DAD2E1B8C1C05B19875B6659F4DE23C3B667BF297BA9AA47740787137D896D5724E4C70A825F872C9EA60D2EDF5';
const rfc6979: [CurveTwin, string, Hash, string, string, string][] = [
  [
    p256,
    key256,
    'sha1',
    'sample',
    '61340C88C3AAEBEB4F6D667F672CA9759A6CCAA9FA8811313039EE4A35471D32',
    '6D7F147DAC089441BB2E2FE8F7A3FA264B9C475098FDCF6E00D7C996E1B8B7EB',
  ],
  [
    p256,
    key256,
    'sha256',
    'sample',
    'EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716',
    'F7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8',
  ],
  [
    p256,
    key256,
    'sha384',
    'sample',
    '0EAFEA039B20E9B42309FB1D89E213057CBF973DC0CFC8F129EDDDC800EF7719',
    '4861F0491E6998B9455193E34E7B0D284DDD7149A74B95B9261F13ABDE940954',
  ],
  [
    p256,
    key256,
    'sha512',
    'sample',
    '8496A60B5E9B47C825488827E0495B0E3FA109EC4568FD3F8D1097678EB97F00',
    '2362AB1ADBE2B8ADF9CB9EDAB740EA6049C028114F2460F96554F61FAE3302FE',
  ],
  [
    p256,
    key256,
    'sha256',
    'test',
    'F1ABB023518351CD71D881567B1EA663ED3EFCF6C5132B354F28D3B0B7D38367',
    '019F4113742A2B14BD25926B49C649155F267E60D3814B4C0CC84250E46F0083',
  ],
  [
    p384,
    key384,
    'sha256',
    'sample',
    '21B13D1E013C7FA1392D03C5F99AF8B30C570C6F98D4EA8E354B63A21D3DAA33BDE1E888E63355D92FA2B3C36D8FB2CD',
    'F3AA443FB107745BF4BD77CB3891674632068A10CA67E3D45DB2266FA7D1FEEBEFDC63ECCD1AC42EC0CB8668A4FA0AB0',
  ],
  [
    p384,
    key384,
    'sha384',
    'sample',
    '94EDBB92A5ECB8AAD4736E56C691916B3F88140666CE9FA73D64C4EA95AD133C81A648152E44ACF96E36DD1E80FABE46',
    '99EF4AEB15F178CEA1FE40DB2603138F130E740A19624526203B6351D0A3A94FA329C145786E679E7B82C71A38628AC8',
  ],
  [
    p384,
    key384,
    'sha512',
    'sample',
    'ED0959D5880AB2D869AE7F6C2915C6D60F96507F9CB3E047C0046861DA4A799CFE30F35CC900056D7C99CD7882433709',
    '512C8CCEEE3890A84058CE1E22DBC2198F42323CE8ACA9135329F03C068E5112DC7CC3EF3446DEFCEB01A45C2667FDD5',
  ],
  [
    p384,
    key384,
    'sha384',
    'test',
    '8203B63D3C853E8D77227FB377BCF7B7B772E97892A80F36AB775D509D7A5FEB0542A7F0812998DA8F1DD3CA3CF023DB',
    'DDD0760448D42D8A43AF45AF836FCE4DE8BE06B485E9B61B827C2F13173923E06A739F040649A667BF3B828246BAA5A5',
  ],
];

describe.each(await programs('primitives'))('ECDSA on %s', (engine, bench) => {
  const many = engine === 'V8';
  afterEach(() => bench.free());

  it('signs with the nonces that RFC 6979 §A.2 prints', () => {
    for (const [curve, key, hash, message, r, s] of rfc6979) {
      const { signature } = signWith(bench, curve, hash, digestOf(hash, message), unhex(key));
      expect(hex(signature)).toBe(hex(encodeSignature(BigInt(`0x${r}`), BigInt(`0x${s}`))));
    }
  });

  describe.each([
    ['P-256', p256, noble256, 'sha256'],
    ['P-384', p384, noble384, 'sha384'],
  ] as const)('over %s', (name, curve, noble, hash) => {
    const bytes = fc.uint8Array({ minLength: curve.bytes, maxLength: curve.bytes });
    const scalars = bytes.map((b) => toBytes((fromBytes(b) % (curve.n - 1n)) + 1n, curve.bytes));

    it('verifies what node:crypto signs, and nothing else', () => {
      for (let i = 0; i < (many ? 20 : 3); i++) {
        const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: name });
        const jwk = publicKey.export({ format: 'jwk' });
        const point = Buffer.concat([
          Buffer.of(4),
          Buffer.from(jwk.x!, 'base64url'),
          Buffer.from(jwk.y!, 'base64url'),
        ]);
        const message = Buffer.from(`message ${i}`);
        const signature = new Uint8Array(sign(hash, message, privateKey));
        expect(verify(bench, curve, digestOf(hash, message), point, signature)).toBe(0);
        expect(verify(bench, curve, digestOf(hash, 'another'), point, signature)).toBe(
          ErrorCode.BadSignature,
        );
        const changed = signature.slice();
        changed[changed.length - 1 - i]! ^= 1 << (i % 8);
        expect(verify(bench, curve, digestOf(hash, message), point, changed)).toBe(ErrorCode.BadSignature);
      }
    });

    it('signs as @noble/curves does, and verifies it', () => {
      fc.assert(
        fc.property(scalars, fc.uint8Array({ maxLength: 64 }), (scalar, message) => {
          const digest = digestOf(hash, message);
          const { signature } = signWith(bench, curve, hash, digest, scalar);
          const expected = noble.sign(digest, scalar, { prehash: false, lowS: false, format: 'der' });
          expect(hex(signature)).toBe(hex(expected));
          expect(verify(bench, curve, digest, noble.getPublicKey(scalar, false), signature)).toBe(0);
        }),
        { numRuns: many ? 30 : 4 },
      );
    });

    it('takes s and n - s alike, and digests of any length', () => {
      const scalar = toBytes(0x1234567n, curve.bytes);
      const point = noble.getPublicKey(scalar, false);
      for (const other of ['sha1', 'sha256', 'sha384', 'sha512'] as const) {
        const digest = digestOf(other, 'x');
        const signature = noble.sign(digest, scalar, { prehash: false, lowS: true, format: 'der' });
        const { r, s } = noble.Signature.fromBytes(signature, 'der');
        expect(verify(bench, curve, digest, point, signature)).toBe(0);
        expect(verify(bench, curve, digest, point, encodeSignature(r, curve.n - s))).toBe(0);
      }
    });

    it('agrees with its twin where both scalars or the points are special', () => {
      // With key = d G, s and r freely chosen: u1 and u2 of 0, 1, n - 1 and sums that double or vanish.
      const digests = [0n, 1n, 2n, curve.n - 1n, curve.n, 2n ** BigInt(8 * curve.bytes) - 1n];
      for (const d of many ? [1n, curve.n - 1n] : [1n]) {
        const key = multiplyPoint(curve, d, curve.g)!;
        for (const number of many ? digests : digests.slice(0, 2)) {
          for (const k of [1n, 2n]) {
            const r = mod(multiplyPoint(curve, k, curve.g)!.x, curve.n);
            const s = mod(inverse(k, curve.n) * (number + r * d), curve.n);
            const digest = toBytes(number, curve.bytes);
            for (const [first, second] of [
              [r, s],
              [r, 1n],
              [1n, s],
            ] as const) {
              const expected = verifyTwin(curve, digest, first, second, key);
              const code = verify(
                bench,
                curve,
                digest,
                encodePoint(curve, key),
                encodeSignature(first, second),
              );
              expect(code).toBe(expected ? 0 : ErrorCode.BadSignature);
            }
          }
        }
      }
    });

    it('refuses r and s outside [1, n-1]', () => {
      const point = encodePoint(curve, curve.g!);
      const digest = toBytes(1n, curve.bytes);
      for (const wrong of [0n, curve.n, curve.n + 1n, 2n ** BigInt(8 * curve.bytes) - 1n]) {
        for (const der of [encodeSignature(wrong, 1n), encodeSignature(1n, wrong)]) {
          expect(verify(bench, curve, digest, point, der)).toBe(ErrorCode.BadSignature);
        }
      }
    });

    it('refuses every encoding that is not the one DER encoding', () => {
      const scalar = toBytes(77n, curve.bytes);
      const point = noble.getPublicKey(scalar, false);
      const digest = digestOf(hash, 'der');
      const good = signWith(bench, curve, hash, digest, scalar).signature;
      expect(verify(bench, curve, digest, point, good)).toBe(0);
      const rLength = good[3]!;
      const wrong = [
        new Uint8Array(0),
        Uint8Array.of(0x30),
        Uint8Array.of(0x30, 0),
        Uint8Array.of(...good, 0),
        good.slice(0, -1),
        Uint8Array.of(0x31, ...good.slice(1)),
        Uint8Array.of(0x30, 0x81, good[1]!, ...good.slice(2)),
        Uint8Array.of(0x30, 0x80, ...good.slice(2), 0, 0),
        Uint8Array.of(0x30, good[1]! + 1, 2, rLength + 1, 0, ...good.slice(4)),
        Uint8Array.of(0x30, good[1]!, 3, ...good.slice(3)),
        Uint8Array.of(0x30, good[1]!, 2, 0x80 | rLength, ...good.slice(4)),
        Uint8Array.of(0x30, good[1]! + 1, ...good.slice(2), 0),
        Uint8Array.of(0x30, 4, 2, 0, 2, 0),
        Uint8Array.of(0x30, 6, 2, 1, 0xff, 2, 1, 1),
        Uint8Array.of(0x30, 6, 2, 127, 1, 2, 1, 1),
      ];
      for (const der of wrong) {
        expect(verify(bench, curve, digest, point, der), hex(der)).toBe(ErrorCode.BadSignature);
      }
      for (let length = 0; length < good.length; length++) {
        expect(verify(bench, curve, digest, point, good.slice(0, length))).toBe(ErrorCode.BadSignature);
      }
    });

    it('refuses private scalars outside [1, n-1] and keys off the curve', () => {
      const digest = digestOf(hash, 'x');
      for (const wrong of [0n, curve.n, 2n ** BigInt(8 * curve.bytes) - 1n]) {
        const { code } = signWith(bench, curve, hash, digest, toBytes(wrong, curve.bytes));
        expect(code).toBe(ErrorCode.BadPrivateKey);
      }
      const { signature } = signWith(bench, curve, hash, digest, toBytes(9n, curve.bytes));
      const point = encodePoint(curve, curve.g!);
      point[point.length - 1]! ^= 1;
      expect(verify(bench, curve, digest, point, signature)).toBe(ErrorCode.BadSignature);
    });
  });

  type Group = { publicKey: { uncompressed: string } };
  const groups = wycheproof<Group>('ecdsa_secp256r1_sha256');
  test.skipIf(!groups)(groups ? 'Wycheproof' : `Wycheproof: ${absent}`, () => {
    let count = 0;
    for (const { publicKey, tests } of groups!) {
      for (const { tcId, msg, sig, result } of tests) {
        const digest = digestOf('sha256', unhex(msg as string));
        const code = verify(bench, p256, digest, unhex(publicKey.uncompressed), unhex(sig as string));
        expect(code, `case ${tcId}`).toBe(result === 'valid' ? 0 : ErrorCode.BadSignature);
        count++;
      }
    }
    console.log(`Wycheproof ecdsa_secp256r1_sha256 on ${engine}: ${count} cases`);
    expect(count).toBe(484);
  });
});
