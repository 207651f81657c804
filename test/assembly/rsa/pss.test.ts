import { constants, verify as nodeVerify, sign } from 'node:crypto';
import { afterEach, describe, expect, it, test } from 'vitest';
import { ErrorCode } from '../../../assembly/alert.js';
import { absent, wycheproof } from '../curve/wycheproof.js';
import { programs, unhex } from '../programs.js';
import { digestOf, hashIds, power, rsaKey, signWith, toBigInt, toBytes, verify } from './keys.js';

const padding = constants.RSA_PKCS1_PSS_PADDING;
const hashes = ['sha256', 'sha384', 'sha512'] as const;

describe.each(await programs('primitives'))('RSASSA-PSS on %s', (engine, bench) => {
  const many = engine === 'V8';
  afterEach(() => bench.free());

  // 8 k + 1 bits make the encoding a byte shorter than the modulus; 2055 and 2050 leave other numbers of bits unused.
  it.each(many ? [2048, 2049, 2050, 2055, 3072, 4096] : [2048, 2049])(
    'verifies what node:crypto signs with %i bits',
    (bits) => {
      const { privateKey, numbers } = rsaKey(bits);
      for (const hash of hashes) {
        const digest = digestOf(hash, 'message');
        const key = { key: privateKey, padding, saltLength: digest.length };
        const signature = new Uint8Array(sign(hash, Buffer.from('message'), key));
        expect(verify(bench, 'rsaVerifyPss', hashIds[hash], digest, numbers, signature)).toBe(0);
        const other = digestOf(hash, 'another');
        expect(verify(bench, 'rsaVerifyPss', hashIds[hash], other, numbers, signature)).toBe(
          ErrorCode.BadSignature,
        );
        for (const saltLength of [0, digest.length - 1, digest.length + 1]) {
          const wrong = new Uint8Array(sign(hash, Buffer.from('message'), { ...key, saltLength }));
          expect(verify(bench, 'rsaVerifyPss', hashIds[hash], digest, numbers, wrong)).toBe(
            ErrorCode.BadSignature,
          );
        }
      }
    },
  );

  it.each(many ? [2048, 2049, 2050, 3072, 4096] : [2048])(
    'signs for node:crypto with %i bits, a fresh salt each time',
    (bits) => {
      bench.exports.drbgSeed!(bench.put(new Uint8Array(48).fill(9)), 48);
      const { publicKey, numbers } = rsaKey(bits);
      for (const hash of many ? hashes : (['sha256'] as const)) {
        const message = Buffer.from(`message for ${hash}`);
        const digest = digestOf(hash, message);
        const first = signWith(bench, 'rsaSignPss', hashIds[hash], digest, numbers).signature;
        const second = signWith(bench, 'rsaSignPss', hashIds[hash], digest, numbers).signature;
        expect(second).not.toEqual(first);
        for (const signature of [first, second]) {
          const key = { key: publicKey, padding, saltLength: digest.length };
          expect(nodeVerify(hash, message, key, signature)).toBe(true);
        }
      }
    },
  );

  it('refuses every changed bit of the encoding', () => {
    const { privateKey, numbers } = rsaKey(2048);
    const [n, e, d] = numbers.map(toBigInt);
    const digest = digestOf('sha256', 'm');
    const signature = sign('sha256', Buffer.from('m'), { key: privateKey, padding, saltLength: 32 });
    const encoded = power(toBigInt(signature), e!, n!);
    for (const bit of [0, 3, 7, 8, 100, 255, 263, 264, 400, 520, 521, 1000, 1500, 2040, 2046]) {
      const wrong = toBytes(power((encoded ^ (1n << BigInt(bit))) % n!, d!, n!), 256);
      const code = verify(bench, 'rsaVerifyPss', 4, digest, numbers, wrong);
      expect(code, `bit ${bit}`).toBe(ErrorCode.BadSignature);
    }
  });

  it('refuses a PKCS #1 v1.5 signature, and unknown hashes', () => {
    const { privateKey, numbers } = rsaKey(2048);
    const signature = new Uint8Array(sign('sha256', Buffer.from('m'), privateKey));
    const digest = digestOf('sha256', 'm');
    expect(verify(bench, 'rsaVerifyPss', 4, digest, numbers, signature)).toBe(ErrorCode.BadSignature);
    expect(verify(bench, 'rsaVerifyPss', 9, digest, numbers, signature)).toBe(ErrorCode.BadArgument);
  });

  type Group = { publicKey: { modulus: string; publicExponent: string } };
  const groups = wycheproof<Group>('rsa_pss_2048_sha256_mgf1_32');
  test.skipIf(!groups)(groups ? 'Wycheproof' : `Wycheproof: ${absent}`, () => {
    let count = 0;
    for (const { publicKey, tests } of groups!) {
      const numbers = [unhex(publicKey.modulus), unhex(publicKey.publicExponent)];
      for (const { tcId, msg, sig, result } of tests) {
        const digest = digestOf('sha256', unhex(msg as string));
        const code = verify(bench, 'rsaVerifyPss', 4, digest, numbers, unhex(sig as string));
        expect(code, `case ${tcId}`).toBe(result === 'valid' ? 0 : ErrorCode.BadSignature);
        count++;
      }
    }
    console.log(`Wycheproof rsa_pss_2048_sha256_mgf1_32 on ${engine}: ${count} cases`);
    expect(count).toBe(108);
  });
});
