import { createCipheriv, randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { hex, programs, unhex } from '../programs.js';
import { expanded } from './aead.js';

describe.each(await programs('primitives'))('stream ciphers on %s', (engine, bench) => {
  // RFC 6229 §2: key stream at offset 0
  test.each([
    ['0102030405', 'b2396305f03dc027ccc3524a0a1118a8'],
    ['0102030405060708090a0b0c0d0e0f10', '9ac7cc9a609d1ef7b2932899cde41b97'],
  ])('RFC 6229: RC4 under %s', (key, start) => {
    const at = bench.put(new Uint8Array(16));
    bench.exports.rc4!(expanded(bench, 'rc4Init', 258, unhex(key)), at, 16);
    expect(hex(bench.get(at, 16))).toBe(start);
    bench.free();
  });

  test('RC4 goes on where it stopped', () => {
    const key = randomBytes(16);
    const [whole, parts] = [bench.put(new Uint8Array(600)), bench.put(new Uint8Array(600))];
    bench.exports.rc4!(expanded(bench, 'rc4Init', 258, key), whole, 600);
    const state = expanded(bench, 'rc4Init', 258, key);
    for (let at = 0, n = 1; at < 600; at += n, n = Math.min(n * 2, 600 - at))
      bench.exports.rc4!(state, parts + at, n);
    expect(hex(bench.get(parts, 600))).toBe(hex(bench.get(whole, 600)));
    bench.free();
  });

  test('RFC 8439 §2.4.2: ChaCha20 from block 1 on', () => {
    const text = Buffer.from(
      "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would be it.",
    );
    const key = bench.put(Uint8Array.from({ length: 32 }, (_, i) => i));
    const [nonce, at] = [bench.put(unhex('000000000000004a00000000')), bench.put(text)];
    bench.exports.chacha20!(key, nonce, 1, at, text.length);
    expect(hex(bench.get(at, text.length))).toBe(
      '6e2e359a2568f98041ba0728dd0d6981e97e7aec1d4360c20a27afccfd9fae0bf91b65c5524733ab8f593dabcd62b3571639d624e65152ab8f530c359f0861d807ca0dbf500d6a6156a38e088a22b65e52bc514d16ccf806818ce91ab77937365af90bbf74a35be6b40b8eedf2785e42874d',
    );
    bench.free();
  });

  function keyStream(key: Uint8Array, nonce: Uint8Array, counter: number, length: number): Buffer {
    const start = Buffer.concat([Buffer.alloc(4), nonce]);
    start.writeUInt32LE(counter);
    return createCipheriv('chacha20', key, start).update(Buffer.alloc(length));
  }

  function ours(key: Uint8Array, nonce: Uint8Array, counter: number, length: number): Uint8Array {
    const at = bench.put(new Uint8Array(length));
    bench.exports.chacha20!(bench.put(key), bench.put(nonce), counter, at, length);
    const out = bench.get(at, length);
    bench.free();
    return out;
  }

  test('ChaCha20 of every length up to five blocks: what they share is worked out once', () => {
    const [key, nonce] = [randomBytes(32), randomBytes(12)];
    const want = hex(keyStream(key, nonce, 7, 320));
    for (let length = 0; length <= 320; length++)
      expect(hex(ours(key, nonce, 7, length)), `${length}`).toBe(want.slice(0, 2 * length));
  });

  test('ChaCha20 goes on with block 0 behind the last one, as its counter has 32 bits', () => {
    const [key, nonce] = [randomBytes(32), randomBytes(12)];
    const want = [0xfffffffe, 0xffffffff, 0, 1].map((counter) => hex(keyStream(key, nonce, counter, 64)));
    expect(hex(ours(key, nonce, 0xfffffffe, 256))).toBe(want.join(''));
  });

  test('ChaCha20 as OpenSSL has it, at any length and alignment', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 0xffffff00 }),
        fc.integer({ min: 0, max: 700 }),
        fc.integer({ min: 0, max: 7 }),
        (counter, length, offset) => {
          const [key, nonce, data] = [randomBytes(32), randomBytes(12), randomBytes(length)];
          const want = keyStream(key, nonce, counter, length).map((byte, i) => byte ^ data[i]!);
          const at = bench.room(length + offset) + offset;
          bench.program.memory().set(data, at);
          bench.exports.chacha20!(bench.put(key), bench.put(nonce), counter, at, length);
          expect(hex(bench.get(at, length))).toBe(hex(want));
          bench.free();
        },
      ),
      { numRuns: engine === 'V8' ? 150 : 40 },
    );
  });
});
