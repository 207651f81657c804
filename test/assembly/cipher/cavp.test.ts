// NIST's vectors for AES and 3DES, and those of RFC 6229, RFC 7539, OpenSSL and BoringSSL in the same form. NIST has none for CCM
// with nonces of twelve bytes and at most thirty of additional data, which is all that TLS has.
import { afterEach, describe, expect } from 'vitest';
import { type NistCase, nist } from '../../vectors/nist.js';
import { type Bench, hex, programs } from '../programs.js';
import { BAD_RECORD_MAC, type Box, chacha20Poly1305, gcm } from './aead.js';

const sizes = [128, 256];

/** Encrypts and decrypts: what is given in one direction holds in the other. */
function checkCbc(bench: Bench, one: NistCase, cipher: 'aes' | 'des', key: Uint8Array): void {
  const [iv, plain, encrypted] = [one.bytes('IV'), one.bytes('PLAINTEXT'), one.bytes('CIPHERTEXT')];
  const expanded = bench.room(1024);
  const expand = (decrypt: number) => {
    if (cipher === 'aes') bench.exports.aesExpandKey!(expanded, bench.put(key), key.length);
    else bench.exports.desExpandKey!(expanded, bench.put(key), key.length, decrypt);
  };
  expand(0);
  const data = bench.put(plain);
  bench.exports[`${cipher}CbcEncrypt`]!(expanded, bench.put(iv), data, plain.length);
  expect(hex(bench.get(data, plain.length))).toBe(hex(encrypted));
  expand(1);
  const behindIv = bench.put(Buffer.concat([iv, encrypted]));
  bench.exports[`${cipher}CbcDecrypt`]!(expanded, behindIv, encrypted.length);
  expect(hex(bench.get(behindIv, plain.length))).toBe(hex(plain));
  bench.free();
}

/** Fields in quotes are text. */
const octets = (one: NistCase, name: string) =>
  one.text(name).startsWith('"') ? Buffer.from(one.text(name).slice(1, -1)) : one.bytes(name);

const boxOf = (one: NistCase, data: string): Box => ({
  key: one.bytes('Key'),
  nonce: one.bytes('IV'),
  additional: one.bytes('AAD'),
  data: one.bytes(data),
});

const read = (opened: Uint8Array | number) => (typeof opened === 'number' ? opened : hex(opened));

describe.each(await programs('primitives'))('CAVP for ciphers on %s', (engine, bench) => {
  afterEach(() => bench.free());

  for (const bits of sizes) {
    nist(engine, {
      name: `AES-${bits}-CBC`,
      files: ['MMT', 'GFSbox', 'KeySbox', 'VarKey', 'VarTxt'].map(
        (kind) => `ciphers/AES/CBC/CBC${kind}${bits}.rsp`,
      ),
      last: 'COUNT',
      check: (one) => checkCbc(bench, one, 'aes', one.bytes('KEY')),
    });
    const fits = (one: NistCase) =>
      one.text('IVlen') === '96' && one.text('Taglen') === '128'
        ? undefined
        : 'nonces of 96 and tags of 128 bits are all that TLS has';
    nist(engine, {
      name: `AES-${bits}-GCM, decryption`,
      files: [`ciphers/AES/GCM/gcmDecrypt${bits}.rsp`],
      last: 'Count',
      skip: fits,
      check(one) {
        const opened = gcm.open(bench, boxOf(one, 'CT'), one.bytes('Tag'));
        expect(read(opened)).toBe(one.has('FAIL') ? BAD_RECORD_MAC : one.text('PT'));
      },
    });
    nist(engine, {
      name: `AES-${bits}-GCM, encryption`,
      files: [`ciphers/AES/GCM/gcmEncryptExtIV${bits}.rsp`],
      last: 'Count',
      skip: fits,
      check(one) {
        const { sealed, tag } = gcm.seal(bench, boxOf(one, 'PT'));
        expect(hex(sealed) + hex(tag)).toBe(one.text('CT') + one.text('Tag'));
      },
    });
  }

  nist(engine, {
    name: '3DES-CBC, multi-block messages',
    files: [1, 2, 3].map((keys) => `ciphers/3DES/CBC/TCBCMMT${keys}.rsp`),
    last: 'COUNT',
    check: (one) =>
      checkCbc(bench, one, 'des', Buffer.concat(['KEY1', 'KEY2', 'KEY3'].map((name) => one.bytes(name)))),
  });
  nist(engine, {
    name: '3DES-CBC and DES-CBC, known answers',
    files: ['invperm', 'permop', 'subtab', 'varkey', 'vartext'].map(
      (kind) => `ciphers/3DES/CBC/TCBC${kind}.rsp`,
    ),
    last: 'COUNT',
    check(one) {
      const key = one.bytes('KEYs');
      checkCbc(bench, one, 'des', key);
      checkCbc(bench, one, 'des', Buffer.concat([key, key, key]));
    },
  });

  nist(engine, {
    name: 'ChaCha20-Poly1305, OpenSSL',
    files: ['ciphers/ChaCha20Poly1305/openssl.txt'],
    last: 'Ciphertext',
    skip: (one) =>
      one.bytes('IV').length !== 12 || one.bytes('Tag').length !== 16
        ? 'nonces of 96 and tags of 128 bits are all that TLS has'
        : undefined,
    check(one) {
      // The file has pairs of a right tag and a wrong one, unmarked: what seals decides.
      const { sealed, tag } = chacha20Poly1305.seal(bench, boxOf(one, 'Plaintext'));
      expect(hex(sealed)).toBe(one.text('Ciphertext'));
      const opened = chacha20Poly1305.open(bench, boxOf(one, 'Ciphertext'), one.bytes('Tag'));
      expect(read(opened)).toBe(hex(tag) === one.text('Tag') ? one.text('Plaintext') : BAD_RECORD_MAC);
    },
  });
  nist(engine, {
    name: 'ChaCha20-Poly1305, BoringSSL',
    files: ['ciphers/ChaCha20Poly1305/boringssl.txt'],
    last: 'TAG',
    check(one) {
      const [key, nonce, additional, data] = ['KEY', 'NONCE', 'AD', 'IN'].map((name) =>
        octets(one, name),
      ) as [Uint8Array, Uint8Array, Uint8Array, Uint8Array];
      const { sealed, tag } = chacha20Poly1305.seal(bench, { key, nonce, additional, data });
      expect(hex(sealed) + hex(tag)).toBe(hex(octets(one, 'CT')) + hex(octets(one, 'TAG')));
    },
  });
  nist(engine, {
    name: 'ChaCha20',
    files: ['ciphers/ChaCha20/rfc7539.txt'],
    last: 'CIPHERTEXT',
    check(one) {
      const plain = one.bytes('PLAINTEXT');
      const data = bench.put(plain);
      const [key, nonce] = [one.bytes('KEY'), one.bytes('NONCE')].map((bytes) => bench.put(bytes));
      bench.exports.chacha20!(key!, nonce!, one.number('INITIAL_BLOCK_COUNTER'), data, plain.length);
      expect(hex(bench.get(data, plain.length))).toBe(one.text('CIPHERTEXT'));
      bench.free();
    },
  });

  nist(engine, {
    name: 'RC4',
    files: ['arc4', 'rfc-6229-40', 'rfc-6229-56', 'rfc-6229-80', 'rfc-6229-128', 'rfc-6229-256'].map(
      (name) => `ciphers/ARC4/${name}.txt`,
    ),
    last: 'CIPHERTEXT',
    check(one) {
      const [key, plain] = [one.bytes('KEY'), one.bytes('PLAINTEXT')];
      const offset = one.number('OFFSET');
      const state = bench.room(512);
      const data = bench.put(Buffer.concat([new Uint8Array(offset), plain]));
      bench.exports.rc4Init!(state, bench.put(key), key.length);
      bench.exports.rc4!(state, data, offset + plain.length);
      expect(hex(bench.get(data + offset, plain.length))).toBe(one.text('CIPHERTEXT'));
      bench.free();
    },
  });
});
