// Signatures by scheme, and the private keys that make them in every format of file, against node:crypto.
import { constants, createPublicKey, type KeyObject, verify as nodeVerify, randomBytes } from 'node:crypto';
import { beforeAll, describe, expect, test } from 'vitest';
import { generateKey, type KeyType } from '../../../host/cli/demo/authority/authority.js';
import {
  algorithmIdentifier,
  pssIdentifier,
  publicKeyInfo,
  signWith,
} from '../../../host/cli/demo/authority/certificate.js';
import * as der from '../../../host/platform/node/der.js';
import { programs } from '../programs.js';
import { codeName } from './verifier.js';

type Hash = 'sha256' | 'sha384' | 'sha512';
const rsaKeys: KeyType[] = ['rsa-2048', 'rsa-3072', 'rsa-4096'];
const ecKeys: KeyType[] = ['ec-p256', 'ec-p384'];
/** TLS SignatureScheme, hash, keys that it goes with. */
const schemes: [string, number, Hash, KeyType[]][] = [
  ['rsa_pkcs1_sha256', 0x0401, 'sha256', rsaKeys],
  ['rsa_pkcs1_sha384', 0x0501, 'sha384', rsaKeys],
  ['rsa_pkcs1_sha512', 0x0601, 'sha512', rsaKeys],
  ['ecdsa_secp256r1_sha256', 0x0403, 'sha256', ecKeys],
  ['ecdsa_secp384r1_sha384', 0x0503, 'sha384', ecKeys],
  ['ECDSA with SHA-512', 0x0603, 'sha512', ecKeys],
  ['rsa_pss_rsae_sha256', 0x0804, 'sha256', rsaKeys],
  ['rsa_pss_rsae_sha384', 0x0805, 'sha384', rsaKeys],
  ['rsa_pss_rsae_sha512', 0x0806, 'sha512', rsaKeys],
  ['rsa_pss_pss_sha256', 0x0809, 'sha256', ['rsa-pss-2048']],
  ['rsa_pss_pss_sha384', 0x080a, 'sha384', ['rsa-pss-2048']],
  ['rsa_pss_pss_sha512', 0x080b, 'sha512', ['rsa-pss-2048']],
];
const refusedSchemes = [
  0x0201, 0x0203, 0x0101, 0x0301, 0x0402, 0x0807, 0x0808, 0x0803, 0x080c, 0x0704, 0, 0xffff,
];
const keyTypes: KeyType[] = [...ecKeys, ...rsaKeys, 'rsa-pss-2048'];
const keys = {} as Record<KeyType, KeyObject>;
const message = der.ascii('the message that is signed');

beforeAll(async () => {
  for (const type of [...keyTypes, 'rsa-1024', 'ed25519'] as KeyType[]) keys[type] = await generateKey(type);
});

const algorithm = (scheme: number, type: KeyType, hash: Hash) =>
  type.startsWith('ec')
    ? (`ecdsa-${hash}` as const)
    : scheme >> 8 === 8
      ? (`rsa-pss-${hash}` as const)
      : (`rsa-${hash}` as const);

const bytesOf = (key: KeyObject, type: 'pkcs8' | 'pkcs1' | 'sec1') =>
  new Uint8Array(key.export({ type: type as 'pkcs8', format: 'der' }));

describe.each(await programs('primitives'))('signatures on %s', (_, bench) => {
  const { exports } = bench;
  // The salts of PSS come from the program's own generator.
  beforeAll(() => {
    exports.drbgSeed!(bench.put(randomBytes(48)), 48);
    bench.free();
  });

  function verify(scheme: number, info: Uint8Array, signature: Uint8Array, text = message): string {
    const key = bench.room(64);
    const read = exports.parsePublicKey!(bench.put(info), key);
    const code =
      read < 0
        ? read
        : exports.verifySignature!(
            scheme,
            key,
            bench.put(text),
            text.length,
            bench.put(signature),
            signature.length,
          );
    bench.free();
    return codeName(code);
  }

  function parse(bytes: Uint8Array): string {
    const code = exports.parsePrivateKey!(bench.put(bytes), bytes.length, bench.room(256));
    bench.free();
    return codeName(code);
  }

  function sign(scheme: number, bytes: Uint8Array): Uint8Array | string {
    const key = bench.room(256);
    const out = bench.room(512);
    let code = exports.parsePrivateKey!(bench.put(bytes), bytes.length, key);
    if (code === 0) code = exports.signMessage!(scheme, key, bench.put(message), message.length, out);
    const signature = code < 0 ? codeName(code) : bench.get(out, code);
    bench.free();
    return signature;
  }

  test.each(schemes)('%s verifies what OpenSSL signed, and nothing else', (_, scheme, hash, types) => {
    for (const type of types) {
      const signature = signWith(keys[type], algorithm(scheme, type, hash), message);
      const info = publicKeyInfo(keys[type]);
      expect(verify(scheme, info, signature)).toBe('None');
      expect(verify(scheme, info, signature, der.ascii('another message'))).toBe('BadSignature');
      expect(verify(scheme, info, signature.with(-9, signature.at(-9)! ^ 1))).toBe('BadSignature');
      expect(verify(scheme, info, signature.slice(0, -1))).toBe('BadSignature');
      expect(verify(scheme, info, der.concat(signature, Uint8Array.of(0)))).toBe('BadSignature');
      expect(verify(scheme, info, new Uint8Array(0))).toBe('BadSignature');
    }
  });

  test.each(schemes)('%s goes with its kinds of keys alone', (_, scheme, _hash, types) => {
    for (const type of keyTypes.filter((type) => !types.includes(type))) {
      expect(verify(scheme, publicKeyInfo(keys[type]), new Uint8Array(64))).toBe('BadSignatureScheme');
      expect(sign(scheme, bytesOf(keys[type], 'pkcs8'))).toBe('BadSignatureScheme');
    }
  });

  test('schemes of old hashes and other algorithms are refused for every key', () => {
    for (const scheme of refusedSchemes) {
      for (const type of keyTypes) {
        expect(verify(scheme, publicKeyInfo(keys[type]), new Uint8Array(64))).toBe('BadSignatureScheme');
      }
    }
  });

  test.each(schemes)('%s signs what OpenSSL verifies, from each format of key', (_, scheme, hash, types) => {
    for (const type of types) {
      const formats = type.startsWith('ec')
        ? (['pkcs8', 'sec1'] as const)
        : type === 'rsa-pss-2048'
          ? (['pkcs8'] as const)
          : (['pkcs8', 'pkcs1'] as const);
      for (const format of formats) {
        const signature = sign(scheme, bytesOf(keys[type], format));
        expect(signature).toBeInstanceOf(Uint8Array);
        const padding =
          scheme >> 8 === 8
            ? { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST }
            : {};
        const key = { key: createPublicKey(keys[type]), ...padding };
        expect(nodeVerify(hash, message, key, signature as Uint8Array)).toBe(true);
      }
    }
  });

  test('TLS 1.3 takes PSS, and each ECDSA scheme with its own curve', () => {
    const fits = (scheme: number, kind: number, curve = 0) => exports.schemeFitsTls13!(scheme, kind, curve);
    const [rsa, ec, pss, p256, p384] = [1, 2, 3, 23, 24];
    expect([fits(0x0403, ec, p256), fits(0x0503, ec, p384), fits(0x0804, rsa), fits(0x080b, pss)]).toEqual([
      1, 1, 1, 1,
    ]);
    expect([fits(0x0403, ec, p384), fits(0x0503, ec, p256), fits(0x0603, ec, p256)]).toEqual([0, 0, 0]);
    expect([fits(0x0401, rsa), fits(0x0804, pss), fits(0x0809, rsa), fits(0x0804, ec, p256)]).toEqual([
      0, 0, 0, 0,
    ]);
  });

  test('an RSASSA-PSS key that is bound to a hash takes no other', () => {
    const info = publicKeyInfo(keys['rsa-pss-2048']);
    const bits = info.slice(info.indexOf(0x03));
    const bound = der.sequence(pssIdentifier('sha384', 'sha384', 48), bits);
    const sha384 = signWith(keys['rsa-pss-2048'], 'rsa-pss-sha384', message);
    const sha256 = signWith(keys['rsa-pss-2048'], 'rsa-pss-sha256', message);
    expect(verify(0x080a, bound, sha384)).toBe('None');
    expect(verify(0x0809, bound, sha256)).toBe('BadSignatureScheme');
  });

  test.each([
    ['SHA-256 throughout', pssIdentifier('sha256', 'sha256', 32), 'None'],
    ['SHA-512 throughout', pssIdentifier('sha512', 'sha512', 64), 'None'],
    ['the defaults, SHA-1', pssIdentifier('sha1', 'sha1', 20), 'CertificateWeakSignature'],
    ['another hash for the mask', pssIdentifier('sha256', 'sha384', 32), 'CertificateAlgorithm'],
    ['the default mask, SHA-1', pssIdentifier('sha256', 'sha1', 32), 'CertificateAlgorithm'],
    // RFC 4055 §3.3: in a key it is the least that a signature may have; those of TLS have the hash's length.
    ['a short salt', pssIdentifier('sha256', 'sha256', 0), 'None'],
    ['a salt of a byte more', pssIdentifier('sha256', 'sha256', 33), 'CertificateAlgorithm'],
    ['a long salt', pssIdentifier('sha256', 'sha256', 222), 'CertificateAlgorithm'],
    ['the default salt', pssIdentifier('sha256', 'sha256', 20), 'None'],
    ['a NULL', der.sequence(der.oid('1.2.840.113549.1.1.10'), der.nullValue()), 'CertificateDer'],
  ])('parameters of RSASSA-PSS: %s', (_, identifier, verdict) => {
    const info = publicKeyInfo(keys['rsa-pss-2048']);
    const key = der.sequence(identifier, info.slice(info.indexOf(0x03)));
    expect(codeName(exports.parsePublicKey!(bench.put(key), bench.room(64), 0))).toBe(verdict);
    bench.free();
  });

  test('keys that are too small, or of another kind', () => {
    expect(parse(bytesOf(keys['rsa-1024'], 'pkcs8'))).toBe('UnsupportedKey');
    expect(parse(bytesOf(keys['rsa-1024'], 'pkcs1'))).toBe('UnsupportedKey');
    expect(parse(bytesOf(keys.ed25519, 'pkcs8'))).toBe('UnsupportedKey');
  });

  test('files that are no keys', () => {
    const pkcs8 = bytesOf(keys['ec-p256'], 'pkcs8');
    const scalar = new Uint8Array(32).fill(7);
    const p256 = der.oid('1.2.840.10045.3.1.7');
    const sec1 = (...fields: Uint8Array[]) => der.sequence(der.integer(1), ...fields);
    expect(parse(sec1(der.octetString(scalar), der.explicit(0, p256)))).toBe('None');
    expect(parse(sec1(der.octetString(scalar)))).toBe('UnsupportedKey');
    expect(parse(sec1(der.octetString(scalar.slice(1)), der.explicit(0, p256)))).toBe('BadPrivateKey');
    expect(parse(sec1(der.octetString(scalar), der.explicit(0, der.oid('1.3.132.0.35'))))).toBe(
      'UnsupportedKey',
    );
    expect(parse(new Uint8Array(0))).toBe('BadPrivateKey');
    expect(parse(pkcs8.slice(0, -1))).toBe('BadPrivateKey');
    expect(parse(der.concat(pkcs8, Uint8Array.of(0)))).toBe('BadPrivateKey');
    expect(parse(der.sequence(der.integer(0)))).toBe('BadPrivateKey');
    expect(parse(der.sequence(der.integer(0), algorithmIdentifier('rsa-sha256')))).toBe('BadPrivateKey');
    expect(parse(publicKeyInfo(keys['ec-p256']))).toBe('BadPrivateKey');
    const numbers = (count: number) =>
      Array.from({ length: count }, () => der.integer(new Uint8Array(256).fill(0x55)));
    expect(parse(der.sequence(der.integer(0), ...numbers(8)))).toBe('None');
    expect(parse(der.sequence(der.integer(0), ...numbers(7)))).toBe('BadPrivateKey');
    expect(parse(der.sequence(der.integer(0), ...numbers(9)))).toBe('BadPrivateKey');
    expect(parse(der.sequence(der.integer(1), ...numbers(8)))).toBe('UnsupportedKey');
  });
});
