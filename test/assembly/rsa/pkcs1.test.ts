import { verify as nodeVerify, sign } from 'node:crypto';
import { afterEach, describe, expect, it, test } from 'vitest';
import { ErrorCode } from '../../../assembly/alert.js';
import { absent, wycheproof } from '../curve/wycheproof.js';
import { hex, programs, unhex } from '../programs.js';
import { digestOf, type Hash, hashIds, power, rsaKey, signWith, toBigInt, toBytes, verify } from './keys.js';

const hashes = Object.keys(hashIds) as Hash[];

describe.each(await programs('primitives'))('RSASSA-PKCS1-v1_5 on %s', (engine, bench) => {
  const many = engine === 'V8';
  afterEach(() => bench.free());

  it.each(many ? [2048, 2049, 3072, 4096] : [2048])(
    'verifies what node:crypto signs with %i bits',
    (bits) => {
      const { privateKey, numbers } = rsaKey(bits);
      for (const hash of hashes) {
        const digest = digestOf(hash, 'message');
        const signature = new Uint8Array(sign(hash, Buffer.from('message'), privateKey));
        expect(verify(bench, 'rsaVerifyPkcs1', hashIds[hash], digest, numbers, signature)).toBe(0);
        for (const position of [0, 1, 100, signature.length - 1]) {
          const changed = signature.slice();
          changed[position]! ^= 1;
          const code = verify(bench, 'rsaVerifyPkcs1', hashIds[hash], digest, numbers, changed);
          expect(code).toBe(ErrorCode.BadSignature);
        }
        const other = digestOf(hash, 'another');
        const code = verify(bench, 'rsaVerifyPkcs1', hashIds[hash], other, numbers, signature);
        expect(code).toBe(ErrorCode.BadSignature);
      }
    },
  );

  it.each(many ? [2048, 2055, 3072, 4096] : [2048])('signs as node:crypto does with %i bits', (bits) => {
    const { privateKey, publicKey, numbers } = rsaKey(bits);
    for (const hash of many ? hashes : (['sha256'] as const)) {
      const message = Buffer.from(`message for ${hash}`);
      const { signature } = signWith(bench, 'rsaSignPkcs1', hashIds[hash], digestOf(hash, message), numbers);
      expect(hex(signature)).toBe(sign(hash, message, privateKey).toString('hex'));
      expect(nodeVerify(hash, message, publicKey, signature)).toBe(true);
    }
  });

  it('signs and verifies MD5 ‖ SHA-1 bare, as TLS 1.0 wants it', () => {
    const { numbers } = rsaKey(2048);
    const both = Uint8Array.of(...digestOf('md5', 'x'), ...digestOf('sha1', 'x'));
    const { signature } = signWith(bench, 'rsaSignPkcs1', 0, both, numbers);
    expect(verify(bench, 'rsaVerifyPkcs1', 0, both, numbers, signature)).toBe(0);
    const [n, e] = [toBigInt(numbers[0]!), toBigInt(numbers[1]!)];
    const encoded = toBytes(power(toBigInt(signature), e, n), 256);
    expect(hex(encoded)).toBe(`0001${'ff'.repeat(217)}00${hex(both)}`);
  });

  it('verifies with exponent 3, and does not fall for a cube root', () => {
    const { privateKey, numbers } = rsaKey(2048, 3);
    const digest = digestOf('sha256', 'm');
    const signature = new Uint8Array(sign('sha256', Buffer.from('m'), privateKey));
    expect(verify(bench, 'rsaVerifyPkcs1', 4, digest, numbers, signature)).toBe(0);
    // Bleichenbacher's forgery of 2006: short padding, the digest, and what is left over free to make a cube.
    const head = `0001ffffffffffffffff003031300d060960864801650304020105000420${hex(digest)}`;
    const target = BigInt(`0x${head.padEnd(512, '0')}`);
    let root = 0n;
    for (let bit = 700n; bit >= 0n; bit--) if ((root | (1n << bit)) ** 3n <= target) root |= 1n << bit;
    root += 1n;
    expect((root ** 3n).toString(16).padStart(512, '0').startsWith(head)).toBe(true);
    const code = verify(bench, 'rsaVerifyPkcs1', 4, digest, numbers, toBytes(root, 256));
    expect(code).toBe(ErrorCode.BadSignature);
  });

  it('refuses encodings with other padding, another hash, or no NULL', () => {
    const { numbers } = rsaKey(2048);
    const [n, , d] = numbers.map(toBigInt);
    const digest = digestOf('sha256', 'm');
    const info = `3031300d060960864801650304020105000420${hex(digest)}`;
    const good = `0001${'ff'.repeat(202)}00${info}`;
    const wrong = [
      `0002${'ff'.repeat(202)}00${info}`,
      `0001${'ff'.repeat(201)}fe00${info}`,
      `0001${'ff'.repeat(100)}00${'ff'.repeat(101)}00${info}`,
      `0001${'ff'.repeat(202)}01${info}`,
      `0000${'ff'.repeat(202)}00${info}`,
      `0001${'ff'.repeat(202)}00${info.replace('0402010500', '0402020500')}`,
      `0001${'ff'.repeat(204)}00302f300b0609608648016503040201${info.slice(34)}`,
      `0001${'ff'.repeat(201)}00${info}00`,
    ];
    const signed = (encoded: string) => toBytes(power(BigInt(`0x${encoded}`), d!, n!), 256);
    expect(verify(bench, 'rsaVerifyPkcs1', 4, digest, numbers, signed(good))).toBe(0);
    for (const encoded of wrong) {
      expect(encoded.length).toBe(512);
      expect(verify(bench, 'rsaVerifyPkcs1', 4, digest, numbers, signed(encoded)), encoded).toBe(
        ErrorCode.BadSignature,
      );
    }
  });

  it('releases no signature when the key is faulty', () => {
    const { numbers } = rsaKey(2048);
    const digest = digestOf('sha256', 'm');
    for (const index of [0, 3, 4, 5, 6, 7]) {
      const faulty = numbers.map((number) => number.slice());
      faulty[index]![20]! ^= 0x10;
      const { code, signature } = signWith(bench, 'rsaSignPkcs1', 4, digest, faulty);
      // d itself is not used; every other number is caught by the check.
      expect(code, `number ${index}`).toBe(ErrorCode.BadPrivateKey);
      expect(signature.length).toBe(0);
    }
    const swapped = [...numbers];
    [swapped[3], swapped[4]] = [numbers[4]!, numbers[3]!];
    expect(signWith(bench, 'rsaSignPkcs1', 4, digest, swapped).code).toBe(ErrorCode.BadPrivateKey);
    const empty = [...numbers];
    empty[3] = Uint8Array.of(0);
    expect(signWith(bench, 'rsaSignPkcs1', 4, digest, empty).code).toBe(ErrorCode.BadPrivateKey);
  });

  it('refuses hashes that it does not know', () => {
    const { numbers } = rsaKey(2048);
    const code = verify(bench, 'rsaVerifyPkcs1', 9, new Uint8Array(64), numbers, new Uint8Array(256));
    expect(code).toBe(ErrorCode.BadArgument);
  });

  type Group = { publicKey: { modulus: string; publicExponent: string } };
  const groups = wycheproof<Group>('rsa_signature_2048_sha256');
  test.skipIf(!groups)(groups ? 'Wycheproof' : `Wycheproof: ${absent}`, () => {
    let count = 0;
    for (const { publicKey, tests } of groups!) {
      const numbers = [unhex(publicKey.modulus), unhex(publicKey.publicExponent)];
      for (const { tcId, msg, sig, result, flags } of tests) {
        const digest = digestOf('sha256', unhex(msg as string));
        const code = verify(bench, 'rsaVerifyPkcs1', 4, digest, numbers, unhex(sig as string));
        // The one "acceptable" case lacks the NULL parameters: RFC 8017 §A.2.4 has signers write them, and the encoding
        // is compared as a whole.
        if (result === 'acceptable') expect(flags).toEqual(['MissingNull']);
        expect(code, `case ${tcId}`).toBe(result === 'valid' ? 0 : ErrorCode.BadSignature);
        count++;
      }
    }
    console.log(`Wycheproof rsa_signature_2048_sha256 on ${engine}: ${count} cases`);
    expect(count).toBe(259);
  });
});
