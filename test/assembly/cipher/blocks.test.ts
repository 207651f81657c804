import { createCipheriv, randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Bench, hex, programs, unhex } from '../programs.js';
import { expanded } from './aead.js';

const PLAIN =
  '6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e5130c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710';

interface BlockCipher {
  name: string;
  block: number;
  keyLengths: number[];
  expand(bench: Bench, key: Uint8Array, decrypt: number): number;
  cbc: [encrypt: string, decrypt: string];
  node(key: Uint8Array): [name: string, key: Uint8Array];
}

const CIPHERS: BlockCipher[] = [
  {
    name: 'AES',
    block: 16,
    keyLengths: [16, 32],
    expand: (bench, key) => expanded(bench, 'aesExpandKey', 968, key),
    cbc: ['aesCbcEncrypt', 'aesCbcDecrypt'],
    node: (key) => [`aes-${key.length * 8}-cbc`, key],
  },
  {
    // Node has no single DES: that is 3DES with the same key three times.
    name: 'DES and 3DES',
    block: 8,
    keyLengths: [8, 24],
    expand: (bench, key, decrypt) => expanded(bench, 'desExpandKey', 392, key, decrypt),
    cbc: ['desCbcEncrypt', 'desCbcDecrypt'],
    node: (key) => ['des-ede3-cbc', key.length === 8 ? Buffer.concat([key, key, key]) : key],
  },
];

function cbcEncrypt(
  bench: Bench,
  it: BlockCipher,
  key: Uint8Array,
  iv: Uint8Array,
  data: Uint8Array,
  offset = 0,
) {
  const chain = bench.put(iv);
  const at = bench.room(data.length + offset) + offset;
  bench.program.memory().set(data, at);
  bench.exports[it.cbc[0]]!(it.expand(bench, key, 0), chain, at, data.length);
  const out = { sealed: bench.get(at, data.length), iv: bench.get(chain, it.block) };
  bench.free();
  return out;
}

function cbcDecrypt(
  bench: Bench,
  it: BlockCipher,
  key: Uint8Array,
  iv: Uint8Array,
  data: Uint8Array,
  offset = 0,
) {
  const at = bench.room(it.block + data.length + offset) + offset;
  bench.program.memory().set(Buffer.concat([iv, data]), at);
  bench.exports[it.cbc[1]]!(it.expand(bench, key, 1), at, data.length);
  const out = bench.get(at, data.length);
  bench.free();
  return out;
}

describe.each(await programs('primitives'))('block ciphers on %s', (engine, bench) => {
  test.each([
    ['000102030405060708090a0b0c0d0e0f', '69c4e0d86a7b0430d8cdb78070b4c55a'],
    ['000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f', '8ea2b7ca516745bfeafc49904b496089'],
  ])('FIPS 197, appendix C: key %s', (key, want) => {
    const at = bench.put(unhex('00112233445566778899aabbccddeeff'));
    bench.exports.aesEncryptBlocks!(expanded(bench, 'aesExpandKey', 968, unhex(key)), at, at, 16);
    expect(hex(bench.get(at, 16))).toBe(want);
    bench.free();
  });

  test.each([
    [
      '2b7e151628aed2a6abf7158809cf4f3c',
      '7649abac8119b246cee98e9b12e9197d5086cb9b507219ee95db113a917678b273bed6b8e3c1743b7116e69e222295163ff1caa1681fac09120eca307586e1a7',
    ],
    [
      '603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4',
      'f58c4c04d6e5f1ba779eabfb5f7bfbd69cfc4e967edb808d679f777bc6702c7d39f23369a9d9bacfa530e26304231461b2eb05e2c39be9fcda6c19078c6a9d1b',
    ],
  ])('SP 800-38A, F.2, CBC: key %s', (key, want) => {
    const iv = unhex('000102030405060708090a0b0c0d0e0f');
    expect(hex(cbcEncrypt(bench, CIPHERS[0]!, unhex(key), iv, unhex(PLAIN)).sealed)).toBe(want);
    expect(hex(cbcDecrypt(bench, CIPHERS[0]!, unhex(key), iv, unhex(want)))).toBe(PLAIN);
  });

  test('FIPS 81: DES-CBC of "Now is the time for all "', () => {
    const [key, iv] = [unhex('0123456789abcdef'), unhex('1234567890abcdef')];
    const data = Buffer.from('Now is the time for all ');
    expect(hex(cbcEncrypt(bench, CIPHERS[1]!, key, iv, data).sealed)).toBe(
      'e5c7cdde872bf27c43e934008c389c0f683788499a7c05f6',
    );
  });

  test.each(CIPHERS)('$name: CBC as OpenSSL has it, at any length and alignment', (it) => {
    fc.assert(
      fc.property(
        fc.constantFrom(...it.keyLengths),
        fc.integer({ min: 0, max: 80 }),
        fc.integer({ min: 0, max: 7 }),
        (keyLength, blocks, offset) => {
          const [key, iv, data] = [
            randomBytes(keyLength),
            randomBytes(it.block),
            randomBytes(blocks * it.block),
          ];
          const [name, nodeKey] = it.node(key);
          const cipher = createCipheriv(name, nodeKey, iv).setAutoPadding(false);
          const want = Buffer.concat([cipher.update(data), cipher.final()]);
          const ours = cbcEncrypt(bench, it, key, iv, data, offset);
          expect(hex(ours.sealed)).toBe(hex(want));
          expect(hex(ours.iv)).toBe(hex(blocks > 0 ? want.subarray(-it.block) : iv));
          expect(hex(cbcDecrypt(bench, it, key, iv, want, offset))).toBe(hex(data));
        },
      ),
      { numRuns: engine === 'V8' ? 150 : 40 },
    );
  });

  test('counter mode as OpenSSL has it, from any counter', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(16, 32),
        fc.integer({ min: 0, max: 0x7ffffff0 }),
        fc.integer({ min: 0, max: 1500 }),
        (keyLength, counter, length) => {
          const [key, nonce, data] = [randomBytes(keyLength), randomBytes(12), randomBytes(length)];
          const first = Buffer.alloc(16, nonce);
          first.writeUInt32BE(counter, 12);
          const cipher = createCipheriv(`aes-${keyLength * 8}-ctr`, key, first);
          const mask = cipher.update(Buffer.alloc(16));
          const want = cipher.update(data);
          const [block, maskAt, at] = [
            bench.put(Buffer.concat([nonce, Buffer.alloc(4)])),
            bench.room(16),
            bench.put(data),
          ];
          bench.exports.aesCtr!(
            expanded(bench, 'aesExpandKey', 968, key),
            block,
            counter,
            maskAt,
            at,
            length,
          );
          expect(hex(bench.get(maskAt, 16))).toBe(hex(mask));
          expect(hex(bench.get(at, length))).toBe(hex(want));
          bench.free();
        },
      ),
      { numRuns: engine === 'V8' ? 150 : 40 },
    );
  });
});
