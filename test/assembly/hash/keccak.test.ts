// SHA-3 and SHAKE beside OpenSSL's, at every length around the blocks, whole and in pieces.
import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { hex, programs } from '../programs.js';

const functions = {
  sha3256: ['sha3-256', 32],
  sha3512: ['sha3-512', 64],
  shake128: ['shake128', 500],
  shake256: ['shake256', 300],
} as const;

describe.each(await programs('primitives'))('Keccak on %s', (_, bench) => {
  test.each(Object.entries(functions))('%s', (name, [openssl, length]) => {
    const lengths = [0, 1, 71, 72, 73, 135, 136, 137, 167, 168, 169, 400];
    for (const size of lengths) {
      const message = Uint8Array.from({ length: size }, (_, i) => (i * 37 + size) & 255);
      const expected = createHash(openssl, name.startsWith('shake') ? { outputLength: length } : {})
        .update(message)
        .digest('hex');
      for (const piece of [1000, 5]) {
        const { exports } = bench;
        const [data, out] = [bench.put(message), bench.room(length)];
        exports[`${name}Init`]?.();
        for (let at = 0; at < size; at += piece)
          exports.keccakAbsorb?.(data + at, Math.min(piece, size - at));
        exports.keccakFinish?.();
        for (let at = 0; at < length; at += piece)
          exports.keccakSqueeze?.(out + at, Math.min(piece, length - at));
        expect(hex(bench.get(out, length)), `${size} bytes by ${piece}`).toBe(expected);
        exports.keccakWipe?.();
        bench.free();
      }
    }
  });
});
