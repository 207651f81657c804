// NIST's vectors for RSA signatures, DSA and Diffie-Hellman.
import { createHash } from 'node:crypto';
import { afterEach, describe, expect } from 'vitest';
import { ErrorCode } from '../../../assembly/alert.js';
import { type NistCase, nist } from '../../vectors/nist.js';
import { encodeSignature } from '../curve/twin.js';
import { hex, programs } from '../programs.js';
import { verify } from './keys.js';

const ids = new Map([
  ['SHA1', 2],
  ['SHA256', 4],
  ['SHA384', 5],
  ['SHA512', 6],
]);
const digestOf = (hash: string, one: NistCase) =>
  new Uint8Array(createHash(hash.toLowerCase()).update(one.bytes('Msg')).digest());
const valid = (one: NistCase) => one.text('Result').startsWith('P');

const fitsRsa = (one: NistCase) =>
  one.integer('n').length < 256
    ? 'moduli below 2048 bits are refused'
    : ids.has(one.text('SHAAlg'))
      ? undefined
      : 'no SHA-224 here';

describe.each(await programs('primitives'))('CAVP for RSA and DSA on %s', (engine, bench) => {
  afterEach(() => bench.free());

  const checked = (one: NistCase, scheme: 'rsaVerifyPkcs1' | 'rsaVerifyPss') => {
    const hash = one.text('SHAAlg');
    const numbers = [one.integer('n'), one.integer('e')];
    return verify(bench, scheme, ids.get(hash)!, digestOf(hash, one), numbers, one.bytes('S'));
  };

  nist(engine, {
    name: 'RSA PKCS #1 v1.5, verification',
    files: ['asymmetric/RSA/FIPS_186-2/SigVer15_186-3.rsp'],
    last: 'Result',
    skip: fitsRsa,
    check: (one) => expect(checked(one, 'rsaVerifyPkcs1')).toBe(valid(one) ? 0 : ErrorCode.BadSignature),
  });
  nist(engine, {
    name: 'RSA PKCS #1 v1.5, generated signatures',
    files: ['asymmetric/RSA/FIPS_186-2/SigGen15_186-3.rsp'],
    last: 'S',
    skip: fitsRsa,
    check: (one) => expect(checked(one, 'rsaVerifyPkcs1')).toBe(0),
  });
  nist(engine, {
    // NIST's salts have ten bytes or none. TLS has them as long as the hash (RFC 9846 §4.3.3), so that all of these are refused.
    name: 'RSA-PSS with salts of another length',
    files: ['SigVerPSS_186-3.rsp', 'SigGenPSS_186-3.rsp'].map((file) => `asymmetric/RSA/FIPS_186-2/${file}`),
    last: 'S',
    skip: (one) => fitsRsa(one) ?? (one.text('SHAAlg') === 'SHA1' ? 'no PSS with SHA-1 here' : undefined),
    check: (one) => expect(checked(one, 'rsaVerifyPss')).toBe(ErrorCode.BadSignature),
  });

  const dsa = (one: NistCase) => {
    const pairs = new DataView(new ArrayBuffer(32));
    for (const [i, name] of ['P', 'Q', 'G', 'Y'].entries()) {
      const number = one.integer(name);
      pairs.setUint32(8 * i, bench.put(number), true);
      pairs.setUint32(8 * i + 4, number.length, true);
    }
    const digest = digestOf(/SHA-\d+/.exec(one.section)?.[0].replace('-', '') ?? 'SHA1', one);
    const signature = encodeSignature(BigInt(`0x0${one.text('R')}`), BigInt(`0x0${one.text('S')}`));
    const code = bench.exports.dsaVerify!(
      ...[bench.put(digest), digest.length, bench.put(new Uint8Array(pairs.buffer))],
      ...[bench.put(signature), signature.length],
    );
    bench.free();
    return code;
  };
  nist(engine, {
    name: 'DSA, verification',
    files: ['2', '3'].map((edition) => `asymmetric/DSA/FIPS_186-${edition}/SigVer.rsp`),
    last: 'Result',
    check: (one) => expect(dsa(one)).toBe(valid(one) ? 0 : ErrorCode.BadSignature),
  });
  nist(engine, {
    name: 'DSA, generated signatures',
    files: ['2', '3'].map((edition) => `asymmetric/DSA/FIPS_186-${edition}/SigGen.txt`),
    last: 'S',
    check: (one) => expect(dsa(one)).toBe(0),
  });

  nist(engine, {
    name: 'finite-field Diffie-Hellman',
    files: ['init', 'resp'].map((role) => `asymmetric/DH/KASValidityTest_FFCStatic_NOKC_ZZOnly_${role}.fax`),
    last: 'Result',
    skip: (one) =>
      one.text('Result').includes("IUT's Static")
        ? "a party's own key pair is not checked against itself"
        : one.text('Result').includes('public key')
          ? 'whether a key lies in the subgroup is not checked: TLS does not say what that is'
          : undefined,
    check(one) {
      const [p, base, secret] = [one.integer('P'), one.integer('YstatCAVS'), one.integer('XstatIUT')];
      const out = bench.room(512);
      const length = bench.exports.finiteFieldPower!(
        ...[out, bench.put(p), p.length, bench.put(base), base.length, bench.put(secret), secret.length],
      );
      const shared = hex(bench.get(out, Math.max(0, length)));
      if (valid(one)) expect(shared).toBe(hex(one.integer('Z', p.length)));
      else expect(shared).not.toBe(hex(one.integer('Z', p.length)));
      bench.free();
    },
  });
});
