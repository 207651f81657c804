import { describe, expect, test } from 'vitest';
import { hex, programs } from '../programs.js';
import { digest } from './hashes.js';

// NIST, "Examples with Intermediate Values" for FIPS 180, and additional examples of lengths near a block
const VECTORS: [Buffer, string][] = [
  [Buffer.from(''), 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
  [Buffer.from('abc'), 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
  [
    Buffer.from('abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq'),
    '248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1',
  ],
  [Buffer.from('bd', 'hex'), '68325720aabd7c82f30f554b313d0570c95accbb7dc4b5aae11204c08ffe732b'],
  [Buffer.from('c98c8e55', 'hex'), '7abc22c0ae5af26ce93dbb94433a0e0b2e119d014f8e7f65bd56c61ccccd9504'],
  [Buffer.alloc(55), '02779466cdec163811d078815c633f21901413081449002f24aa3e80f0b88ef7'],
  [Buffer.alloc(56), 'd4817aa5497628e7c77e6b606107042bbba3130888c5f47a375e6179be789fbb'],
  [Buffer.alloc(64), 'f5a5fd42d16a20302798ef6ed309979b43003d2320d9f0e8ea9831a92759fb4b'],
  [Buffer.alloc(1000, 0x41), 'c2e686823489ced2017f6059b8b239318b6364f6dcd835d0a519105a1eadd6e4'],
];

describe.each(await programs('primitives'))('SHA-256 on %s', (_, bench) => {
  test.each(VECTORS)('FIPS 180: %s', (data, want) => {
    expect(hex(digest(bench, 'sha256', data))).toBe(want);
  });
});
