// One case for each primitive that claims constant time, and for those that never can.
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { CONTEXT } from '../assembly/record/direction.js';
import { hashIds, rsaKey } from '../assembly/rsa/keys.js';
import type { Script } from './script.js';

export interface Case {
  run(script: Script): void;
  /** Functions that may branch on what memcheck takes for secret, and why that is right. */
  shows?: Record<string, string>;
}

const fill = (length: number, first = 1) => Uint8Array.from({ length }, (_, i) => (first + 7 * i) & 255);
const [AES_KEY, GCM_KEY, CCM_KEY, DES_KEY, RC4_STATE, PRIVATE_KEY] = [968, 1232, 1600, 392, 258, 128];
const { sha1, sha256, sha384, sha512 } = hashIds;
const text = (words: string) => Buffer.from(words);
const P256 = 23;
const P384 = 24;

const base64 = (words = '') => Buffer.from(words, 'base64url');

/** Hides those numbers of a key that stand in its DER. */
function secretKey(script: Script, key: KeyObject, fields: string[]) {
  const der = key.export({ type: 'pkcs8', format: 'der' });
  const jwk = key.export({ format: 'jwk' }) as Record<string, string>;
  const room = script.bytes(der);
  const parsed = script.room(PRIVATE_KEY);
  // Where the numbers stand in the DER is public: that is read first.
  script.call('parsePrivateKey', room, der.length, parsed);
  for (const field of fields) {
    const number = base64(jwk[field]);
    // The first byte of a prime tells its length in bits, which is public.
    const first = field === 'p' || field === 'q' ? 1 : 0;
    script.hide(room, der.indexOf(number) + first, number.length - first);
  }
  return parsed;
}

const sign =
  (scheme: number, key: () => KeyObject, fields: string[], seeded = false): Case['run'] =>
  (script) => {
    if (seeded) script.call('drbgSeed', script.bytes(fill(48)), 48);
    const parsed = secretKey(script, key(), fields);
    const message = text('what is signed');
    script.call('signMessage', scheme, parsed, script.bytes(message), message.length, script.room(512));
  };

const ecKey = (namedCurve: string) => () => generateKeyPairSync('ec', { namedCurve }).privateKey;
const rsaFields = ['d', 'p', 'q', 'dp', 'dq', 'qi'];

/** A record sealed and opened with secret keys and secret content. */
const record =
  (suite: number, version: number, keyLength: number, ivLength: number, macLength: number): Case['run'] =>
  (script) => {
    const [key, iv, mac] = [keyLength, ivLength, macLength].map((length) =>
      script.secret(fill(Math.max(1, length))),
    );
    const [writing, reading] = [script.room(CONTEXT), script.room(CONTEXT)];
    if (key === undefined || iv === undefined || mac === undefined) throw new Error('three keys were made');
    // Explicit IVs are drawn.
    script.call('drbgSeed', script.bytes(fill(48)), 48);
    script.call('protectionInit', writing, suite, version, key, iv, mac, 1);
    script.call('protectionInit', reading, suite, version, key, iv, mac, 0);
    const sealed = script.room(512);
    script.hide(sealed, 48, 100);
    script.call('sealRecord', writing, 22, sealed, 100);
    // The record goes over the wire; its content is secret again by the key that opens it.
    script.show(sealed);
    script.call('openRecord', reading, sealed, recordLength(suite, version));
  };

/** Of 100 bytes. */
function recordLength(suite: number, version: number): number {
  if (suite === 0xc027) return 5 + 16 + 144;
  if (suite === 0xc013) return version === 0x0301 ? 5 + 128 : 5 + 16 + 128;
  return version === 0x0304 ? 5 + 101 + 16 : 5 + 8 + 100 + 16;
}

const aead =
  (init: string, context: number, keyLength: number, name: string, tag: number[] = []): Case['run'] =>
  (script) => {
    const key = script.room(context);
    script.call(init, key, script.secret(fill(keyLength)), keyLength);
    const [nonce, aad, data, out] = [
      script.bytes(fill(12)),
      script.bytes(fill(13)),
      script.secret(fill(200)),
      script.room(16),
    ];
    script.call(`${name}Seal`, key, nonce, aad, 13, data, 200, out, ...tag);
    script.show(out);
    script.call(`${name}Open`, key, nonce, aad, 13, data, 200, out, ...tag);
  };

const verdict = 'whether a tag or MAC is right shows in the alert';
const encoded = 'the signature is public, and so is the length of its numbers';
const accepted = 'whether a number is acceptable is told: for one drawn at random it always is';
const content = 'type and length of the content are what the caller is given';
const faultless = 'whether a signature verifies is told: a faulty one would give the key away';
const opens = { gcmOpen: verdict, openAead: content };
const closes = { openCbc: verdict, openRecord: content };
const signs = { ecdsaSign: accepted, writeInteger: encoded };
const raises = { rsaPrivate: faultless, raise: accepted };

export const cases: Record<string, Case> = {
  equalBytes: { run: (s) => s.call('equalBytes', s.secret(fill(40)), s.secret(fill(40, 2)), 40) },
  ...Object.fromEntries(
    Object.entries({ md5: hashIds.md5, sha1, sha256, sha384, sha512 }).map(([name, id]): [string, Case] => [
      `hmac-${name}`,
      {
        run: (s) => {
          s.call('hmacDigest', id, s.secret(fill(64)), 64, s.secret(fill(300)), 300, s.room(64));
          s.call('hmacDigest', id, s.secret(fill(200)), 200, s.secret(fill(3)), 3, s.room(64));
        },
      },
    ]),
  ),
  hkdf: {
    run: (s) => {
      const prk = s.room(48);
      s.call('hkdfExtract', sha384, s.secret(fill(48)), 48, s.secret(fill(48)), 48, prk);
      const label = text('derived');
      s.call(
        'hkdfExpandLabel',
        sha384,
        prk,
        s.bytes(label),
        label.length,
        s.bytes(fill(48)),
        48,
        s.room(64),
        64,
      );
    },
  },
  'tls12-prf': {
    run: (s) =>
      s.call(
        'tls12Prf',
        sha256,
        s.secret(fill(48)),
        48,
        s.bytes(fill(13)),
        13,
        s.bytes(fill(64)),
        64,
        s.room(104),
        104,
      ),
  },
  'tls10-prf': {
    run: (s) =>
      s.call(
        'tls10Prf',
        s.secret(fill(47)),
        47,
        s.bytes(fill(13)),
        13,
        s.bytes(fill(64)),
        64,
        s.room(104),
        104,
      ),
  },
  'ssl3-prf': {
    run: (s) => s.call('ssl3Prf', s.secret(fill(48)), 48, s.bytes(fill(64)), 64, s.room(104), 104),
  },
  drbg: {
    run: (s) => {
      s.call('drbgSeed', s.secret(fill(48)), 48);
      s.call('drbgGenerate', s.room(100), 100);
      s.call('drbgWipe');
    },
  },
  chacha20: {
    run: (s) => s.call('chacha20', s.secret(fill(32)), s.secret(fill(12)), 1, s.secret(fill(300)), 300),
  },
  poly1305: {
    run: (s) => {
      s.call('poly1305Init', s.secret(fill(32)));
      s.call('poly1305Padded', s.secret(fill(100)), 100);
      s.call('poly1305Final', s.room(16));
    },
  },
  'chacha20-poly1305': {
    run: (s) => {
      const [key, nonce, aad] = [s.secret(fill(32)), s.bytes(fill(12)), s.bytes(fill(13))];
      const [data, tag] = [s.secret(fill(200)), s.room(16)];
      s.call('chacha20Poly1305Seal', key, nonce, aad, 13, data, 200, tag);
      s.show(tag);
      s.call('chacha20Poly1305Open', key, nonce, aad, 13, data, 200, tag);
    },
    shows: { chacha20Poly1305Open: verdict },
  },
  'aes-128-gcm': { run: aead('gcmInit', GCM_KEY, 16, 'gcm'), shows: { gcmOpen: verdict } },
  'aes-256-gcm': { run: aead('gcmInit', GCM_KEY, 32, 'gcm'), shows: { gcmOpen: verdict } },
  'aes-128-ccm': { run: aead('ccmInit', CCM_KEY, 16, 'ccm', [16]), shows: { ccmOpen: verdict } },
  'aes-cbc': {
    run: (s) => {
      const key = s.room(AES_KEY);
      s.call('aesExpandKey', key, s.secret(fill(32)), 32);
      s.call('aesCbcDecrypt', key, s.secret(fill(176)), 160);
      s.call('aesEncryptBlocks', key, s.room(64), s.secret(fill(64)), 64);
    },
  },
  'record-tls13-gcm': { run: record(0x1301, 0x0304, 16, 12, 0), shows: opens },
  'record-tls12-gcm': { run: record(0xc02f, 0x0303, 16, 4, 0), shows: opens },
  'record-tls12-cbc': { run: record(0xc027, 0x0303, 16, 0, 32), shows: closes },
  'record-tls11-cbc': { run: record(0xc013, 0x0302, 16, 0, 20), shows: closes },
  'x25519-base': { run: (s) => s.call('x25519Base', s.room(32), s.secret(fill(32))) },
  x25519: { run: (s) => s.call('x25519', s.room(32), s.secret(fill(32)), s.secret(fill(32, 9))) },
  ...Object.fromEntries(
    (
      [
        ['p256', P256, 32],
        ['p384', P384, 48],
      ] as const
    ).flatMap(([name, curve, size]): [string, Case][] => [
      [
        `${name}-public`,
        {
          run: (s) => s.call('ecPublicKey', curve, s.room(2 * size + 1), s.secret(fill(size))),
          shows: { ecPublicKey: accepted },
        },
      ],
      [
        `${name}-ecdh`,
        {
          run: (s) => {
            const point = s.room(2 * size + 1);
            s.call('ecPublicKey', curve, point, s.bytes(fill(size, 3)));
            s.call('ecdh', curve, s.room(size), s.secret(fill(size)), point, 2 * size + 1);
          },
          shows: { ecdh: accepted },
        },
      ],
    ]),
  ),
  invert: {
    run: (s) => {
      const prime = Buffer.alloc(32, 0xff);
      prime[0] = 0xed;
      prime[31] = 0x7f;
      s.call('invert', s.room(32), s.secret(fill(32)), s.bytes(prime), 32);
    },
  },
  'ecdsa-p256': { run: sign(0x0403, ecKey('prime256v1'), ['d']), shows: signs },
  'ecdsa-p384': { run: sign(0x0503, ecKey('secp384r1'), ['d']), shows: signs },
  'rsa-pkcs1': { run: sign(0x0401, () => rsaKey(2048).privateKey, rsaFields, true), shows: raises },
  'rsa-pss': { run: sign(0x0804, () => rsaKey(2048).privateKey, rsaFields, true), shows: raises },
  'rsa-of-secret': {
    run: (s) => {
      const [n = fill(1), e = fill(1)] = rsaKey(2048).numbers;
      const message = Uint8Array.of(0, 2, ...fill(254));
      s.call(
        'rsaPublicOfSecret',
        s.room(256),
        s.bytes(n),
        n.length,
        s.bytes(e),
        e.length,
        s.secret(message),
        256,
      );
    },
    shows: { raise: accepted },
  },
  'ml-kem-key-pair': {
    run: (s) => s.call('mlKemKeyPair', s.room(1184), s.room(2400), s.secret(fill(64))),
    // To memcheck the whole hash of the seed is secret; half of it goes over the wire, and makes the matrix.
    shows: { sampleUniform: 'the matrix follows from a seed that is part of the public key' },
  },
  'ml-kem-encapsulate': {
    run: (s) => {
      const key = s.room(1184);
      s.call('mlKemKeyPair', key, s.room(2400), s.bytes(fill(64)));
      s.call('mlKemEncapsulate', s.room(1088), s.room(32), key, s.secret(fill(32)));
    },
  },
  'ml-kem-decapsulate': {
    run: (s) => {
      const [key, privateKey, ciphertext] = [s.room(1184), s.room(2400), s.room(1088)];
      s.call('mlKemKeyPair', key, privateKey, s.bytes(fill(64)));
      s.call('mlKemEncapsulate', ciphertext, s.room(32), key, s.bytes(fill(32)));
      s.hide(privateKey, 0, 1152);
      s.hide(privateKey, 2368, 32);
      s.call('mlKemDecapsulate', s.room(32), privateKey, ciphertext);
    },
  },
  'finite-field': {
    run: (s) => {
      const p = s.room(256);
      s.call('finiteFieldPrime', 256, p);
      s.call('finiteFieldPower', s.room(256), p, 256, s.bytes(Uint8Array.of(2)), 1, s.secret(fill(32)), 32);
    },
  },
};

/** What must be found: two that say themselves that they look up tables by secrets, and two that are planted. */
export const leaky: Record<string, Case['run']> = {
  rc4: (s) => {
    const state = s.room(RC4_STATE);
    s.call('rc4Init', state, s.secret(fill(16)), 16);
  },
  des: (s) => {
    const key = s.room(DES_KEY);
    s.call('desExpandKey', key, s.bytes(fill(24)), 24, 0);
    s.call('desCbcEncrypt', key, s.bytes(fill(8)), s.secret(fill(8)), 8);
  },
  'planted-lookup': (s) => s.call('plantedLookup', s.bytes(fill(256)), s.secret(fill(1))),
  'planted-branch': (s) => s.call('plantedBranch', s.secret(fill(1))),
};
