import { describe, expect, test } from 'vitest';
import { hex, programs } from '../programs.js';
import { digest } from './hashes.js';

// NIST, "Examples with Intermediate Values" for FIPS 180; RFC 3174 §7.3
const VECTORS: [string, string][] = [
  ['', 'da39a3ee5e6b4b0d3255bfef95601890afd80709'],
  ['abc', 'a9993e364706816aba3e25717850c26c9cd0d89d'],
  ['abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq', '84983e441c3bd26ebaae4aa1f95129e5e54670f1'],
  ['01234567'.repeat(80), 'dea356a2cddd90c7a7ecedc5ebb563934f460452'],
];

describe.each(await programs('primitives'))('SHA-1 on %s', (_, bench) => {
  test.each(VECTORS)('FIPS 180: %j', (text, want) => {
    expect(hex(digest(bench, 'sha1', Buffer.from(text)))).toBe(want);
  });
});
