// NIST's vectors for ECDSA and ECDH, and those of RFC 7748 and of Ed25519's authors.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, test } from 'vitest';
import { ErrorCode } from '../../../assembly/alert.js';
import { type NistCase, nist, nistFile } from '../../vectors/nist.js';
import { hex, programs, unhex } from '../programs.js';
import { encodeSignature } from './twin.js';

const curves = new Map([
  ['P-256', { id: 23, bytes: 32 }],
  ['P-384', { id: 24, bytes: 48 }],
]);

const big = (one: NistCase, name: string) => BigInt(`0x0${one.text(name)}`);
const valid = (one: NistCase) => one.text('Result').startsWith('P');
const onlyCurves = (one: NistCase) =>
  curves.has(one.text('Curve')) ? undefined : 'of the curves here are P-256 and P-384';

describe.each(await programs('primitives'))('CAVP for curves on %s', (engine, bench) => {
  afterEach(() => bench.free());

  const pointOf = (one: NistCase, bytes: number, x = 'Qx', y = 'Qy') =>
    Uint8Array.of(4, ...one.integer(x, bytes), ...one.integer(y, bytes));

  const verify = (one: NistCase) => {
    const { id, bytes } = curves.get(one.text('Curve'))!;
    const hash = one.section.split(',')[1]!;
    const digest = createHash(hash.replace('SHA-', 'sha')).update(one.bytes('Msg')).digest();
    const [point, signature] = [pointOf(one, bytes), encodeSignature(big(one, 'R'), big(one, 'S'))];
    const code = bench.exports.ecdsaVerify!(
      ...[id, bench.put(digest), digest.length, bench.put(point), point.length],
      ...[bench.put(signature), signature.length],
    );
    bench.free();
    return code;
  };

  nist(engine, {
    name: 'ECDSA, verification',
    files: ['asymmetric/ECDSA/FIPS_186-3/SigVer.rsp'],
    last: 'Result',
    skip: onlyCurves,
    check: (one) => expect(verify(one)).toBe(valid(one) ? 0 : ErrorCode.BadSignature),
  });
  nist(engine, {
    // With NIST's own nonces: here they are those of RFC 6979, so the signatures are verified, not made again.
    name: 'ECDSA, generated signatures',
    files: ['asymmetric/ECDSA/FIPS_186-3/SigGen.txt'],
    last: 'S',
    skip: onlyCurves,
    check: (one) => expect(verify(one)).toBe(0),
  });

  nist(engine, {
    name: 'ECDSA, key pairs',
    files: ['asymmetric/ECDSA/FIPS_186-3/KeyPair.rsp'],
    last: 'd',
    skip: onlyCurves,
    check(one) {
      const { id, bytes } = curves.get(one.text('Curve'))!;
      const out = bench.room(97);
      const length = bench.exports.ecPublicKey!(id, out, bench.put(one.integer('d', bytes)));
      expect(hex(bench.get(out, length))).toBe(hex(pointOf(one, bytes)));
      bench.free();
    },
  });

  const agree = (id: number, bytes: number, scalar: Uint8Array, point: Uint8Array) => {
    const out = bench.room(48);
    const code = bench.exports.ecdh!(id, out, bench.put(scalar), bench.put(point), point.length);
    const shared = hex(bench.get(out, bytes));
    bench.free();
    return code === bytes ? shared : code;
  };

  nist(engine, {
    name: 'ECDH, public keys',
    files: ['asymmetric/ECDSA/FIPS_186-3/PKV.rsp'],
    last: 'Result',
    skip: (one) =>
      onlyCurves(one) ??
      (one.text('Qx').replace(/^0+/, '').length > 2 * curves.get(one.text('Curve'))!.bytes ||
      one.text('Qy').replace(/^0+/, '').length > 2 * curves.get(one.text('Curve'))!.bytes
        ? 'the coordinate has more bytes than the encoding of a point'
        : undefined),
    check(one) {
      const { id, bytes } = curves.get(one.text('Curve'))!;
      const point = pointOf(one, bytes);
      // One times the point is the point itself.
      const shared = agree(id, bytes, Uint8Array.of(...new Uint8Array(bytes - 1), 1), point);
      expect(shared).toBe(valid(one) ? hex(point.subarray(1, 1 + bytes)) : ErrorCode.BadKeyShare);
    },
  });

  const sets = new Map([
    ['EC - SHA256', curves.get('P-256')!],
    ['ED - SHA384', curves.get('P-384')!],
  ]);
  nist(engine, {
    name: 'ECDH',
    files: ['init', 'resp'].map(
      (role) => `asymmetric/ECDH/KASValidityTest_ECCStaticUnified_NOKC_ZZOnly_${role}.fax`,
    ),
    last: 'Result',
    skip: (one) =>
      !sets.has(one.section)
        ? 'of the curves here are P-256 and P-384'
        : one.text('Result').includes("IUT's Static")
          ? "a party's own key pair is not checked against itself"
          : undefined,
    check(one) {
      const { id, bytes } = sets.get(one.section)!;
      const point = pointOf(one, bytes, 'QsCAVSx', 'QsCAVSy');
      const shared = agree(id, bytes, one.integer('dsIUT', bytes), point);
      if (valid(one)) expect(shared).toBe(hex(one.integer('Z', bytes)));
      else if (one.text('Result').includes('Z changed'))
        expect(shared).not.toBe(hex(one.integer('Z', bytes)));
      else expect(shared).toBe(ErrorCode.BadKeyShare);
    },
  });

  nist(engine, {
    name: 'X25519',
    files: ['asymmetric/X25519/rfc7748.txt'],
    last: 'OUTPUT_U',
    check(one) {
      const expected = one.text('OUTPUT_U');
      expect(agree(29, 32, one.bytes('INPUT_SCALAR'), one.bytes('INPUT_U'))).toBe(expected);
    },
  });

  const signed = nistFile('asymmetric/Ed25519/sign.input');
  test.skipIf(signed === undefined)('Ed25519, sign.input (python3-cryptography-vectors)', () => {
    // secret and public key : public key : message : signature and message
    const lines = readFileSync(signed!, 'latin1').trim().split('\n');
    const some = engine === 'V8' ? lines : lines.filter((_, i) => i % 40 === 0);
    for (const line of some) {
      const [, key, message, both] = line.split(':').map((field) => unhex(field)) as Uint8Array[];
      const signature = both!.slice(0, 64);
      const check = () => {
        const length = message!.length;
        const code = bench.exports.ed25519Verify!(
          ...[bench.put(key!), bench.put(message!), length, bench.put(signature)],
        );
        bench.free();
        return code;
      };
      expect(check()).toBe(0);
      signature[0]! ^= 1;
      expect(check()).toBe(ErrorCode.BadSignature);
    }
    console.info(`Ed25519 sign.input on ${engine}: ${some.length} of ${lines.length} cases ran`);
  });
});
