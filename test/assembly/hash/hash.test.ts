// All five hashes through their one face: against node:crypto, and against a twin written as the standards are.
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { hex, programs, unhex } from '../programs.js';
import { twin } from '../twins.js';
import { digest, feed, HASH_CONTEXT, HASHES, message, occurrences, result } from './hashes.js';

const node = (name: string, data: Uint8Array) => createHash(name).update(data).digest('hex');
const reference = await twin('hash');

describe.each(await programs('primitives'))('hashes on %s', (engine, bench) => {
  test.each(HASHES)('$name has the sizes of its standard', ({ id, size, block }) => {
    expect(bench.exports.hashSize!(id)).toBe(size);
    expect(bench.exports.hashBlockSize!(id)).toBe(block);
  });

  test.each(HASHES)('$name of every length around its blocks and paddings', ({ name, block }) => {
    const data = Buffer.from(Array.from({ length: 3 * block + 2 }, (_, i) => i * 7 + 1));
    for (let length = 0; length <= data.length; length++) {
      const part = data.subarray(0, length);
      expect(hex(digest(bench, name, part)), `${length} bytes`).toBe(node(name, part));
    }
  });

  test.each(HASHES)('$name of any message, alignment and split is node:crypto’s', ({ id, name, size }) => {
    fc.assert(
      fc.property(message(1500), (input) => {
        const got = result(bench, size, (out) => {
          const context = bench.room(HASH_CONTEXT);
          bench.exports.hashInit!(id, context);
          feed(bench, input, (pointer, length) => bench.exports.hashUpdate!(context, pointer, length));
          bench.exports.hashFinal!(context, out);
        });
        expect(hex(got)).toBe(node(name, input.data));
      }),
      { numRuns: engine === 'V8' ? 300 : 100 },
    );
  });

  test.each(HASHES)('$name of any message is its twin’s', ({ name }) => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400, size: 'max' }), (data) => {
        expect(hex(digest(bench, name, data))).toBe(hex(readable(name, data)));
      }),
      { numRuns: 40 },
    );
  });

  // NIST's third example, in chunks that are no multiple of a block.
  test.each([
    ['sha1', '34aa973cd4c4daa4f61eeb2bdbad27316534016f'],
    ['sha256', 'cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0'],
    [
      'sha384',
      '9d0e1809716474cb086e834e310a4a1ced149e9c00f248527972cec5704c2a5b07b8b3dc38ecc4ebae97ddd87f3d8985',
    ],
    [
      'sha512',
      'e718483d0ce769644e2e42c7bc15b4638e1f98b13b2044285632a803afa973ebde0ff244877ea60a4cb0432ce577c31beb009c5c2c49aa2e4eadb217ad8cc09b',
    ],
  ])('%s of a million times "a"', (name, want) => {
    const { id, size } = HASHES.find((hash) => hash.name === name)!;
    const got = result(bench, size, (out) => {
      const context = bench.room(HASH_CONTEXT);
      const chunk = bench.put(Buffer.alloc(40_001, 'a'));
      bench.exports.hashInit!(id, context);
      for (let left = 1_000_000; left > 0; left -= 40_001) {
        bench.exports.hashUpdate!(context, chunk, Math.min(left, 40_001));
      }
      bench.exports.hashFinal!(context, out);
    });
    expect(hex(got)).toBe(want);
  });

  test.each(HASHES)('$name goes on after a snapshot of its context', ({ id, name, size, block }) => {
    const data = Buffer.alloc(2 * block + 30, 0xa5);
    const out = bench.room(size);
    const [running, snapshot] = [bench.room(HASH_CONTEXT), bench.room(HASH_CONTEXT)];
    const pointer = bench.put(data);
    bench.exports.hashInit!(id, running);
    bench.exports.hashUpdate!(running, pointer, block + 10);
    bench.program.memory().copyWithin(snapshot, running, running + HASH_CONTEXT);
    bench.exports.hashFinal!(snapshot, out);
    expect(hex(bench.get(out, size))).toBe(node(name, data.subarray(0, block + 10)));
    bench.exports.hashUpdate!(running, pointer + block + 10, block + 20);
    bench.exports.hashFinal!(running, out);
    expect(hex(bench.get(out, size))).toBe(node(name, data));
    bench.free();
  });

  test('the bare compression of one padded block is the hash of the message', () => {
    const state = bench.room(32);
    const block = unhex(`61626380${'00'.repeat(59)}18`);
    bench.exports.sha256Init!(state);
    bench.exports.sha256Blocks!(state, bench.put(block), 0);
    bench.exports.sha256Blocks!(state, bench.put(block), 1);
    const words = new Uint32Array(bench.get(state, 32).buffer);
    bench.free();
    const text = Array.from(words, (word) => word.toString(16).padStart(8, '0')).join('');
    expect(text).toBe(node('sha256', Buffer.from('abc')));
  });

  test.each(HASHES)('$name of a secret leaves nothing of it in memory', ({ name }) => {
    const secret = Buffer.from(`${name}: a message whose end stays in the buffer`);
    digest(bench, name, secret);
    expect(occurrences(bench, secret.subarray(0, 20))).toEqual([]);
    expect(occurrences(bench, secret.subarray(-20))).toEqual([]);
  });
});

/** The twin's digest, with constants computed from their definitions. */
function readable(name: string, data: Uint8Array): Uint8Array {
  const { size } = HASHES.find((hash) => hash.name === name)!;
  const entry = name === 'sha384' ? 'sha512' : name;
  return result(reference, 64, (out) => {
    const [initial, k] = constants(name).map((words) => reference.put(words)) as [number, number];
    reference.exports[entry]!(initial, k, reference.put(data), data.length, out);
  }).subarray(0, size);
}

function constants(name: string): [Uint8Array, Uint8Array] {
  const from = (first: number, count: number) => primes(first + count).slice(first);
  switch (name) {
    case 'md5': {
      // RFC 1321 §3.4: the integer part of 4294967296 times abs(sin(i)), i in radians.
      const sines = Array.from({ length: 64 }, (_, i) => Math.floor(2 ** 32 * Math.abs(Math.sin(i + 1))));
      return [words32(COUNTING.slice(0, 4)), words32(sines)];
    }
    case 'sha1':
      // FIPS 180: 2^30 times the square roots of 2, 3, 5 and 10.
      return [words32(COUNTING), words32([2, 3, 5, 10].map((n) => Math.floor(2 ** 30 * Math.sqrt(n))))];
    case 'sha256':
      return [
        words32(from(0, 8).map((p) => Number(fraction(p, 2n, 32n)))),
        words32(from(0, 64).map((p) => Number(fraction(p, 3n, 32n)))),
      ];
    default:
      return [
        words64(from(name === 'sha384' ? 8 : 0, 8).map((p) => fraction(p, 2n, 64n))),
        words64(from(0, 80).map((p) => fraction(p, 3n, 64n))),
      ];
  }
}

// The nibbles counted up and down (RFC 1321 §3.3), and SHA-1's fifth word.
const COUNTING = [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0];

const words32 = (words: number[]) => new Uint8Array(Uint32Array.from(words).buffer);
const words64 = (words: bigint[]) => new Uint8Array(BigUint64Array.from(words).buffer);

function primes(count: number): bigint[] {
  const found: bigint[] = [];
  for (let n = 2n; found.length < count; n++) if (found.every((p) => n % p !== 0n)) found.push(n);
  return found;
}

/** FIPS 180-4 §4.2: the first `bits` bits of the fractional part of the `degree`-th root of `n`. */
function fraction(n: bigint, degree: bigint, bits: bigint): bigint {
  const scaled = n << (degree * bits);
  let root = 0n;
  for (let bit = 1n << (bits + 10n); bit > 0n; bit >>= 1n) {
    if ((root + bit) ** degree <= scaled) root += bit;
  }
  return root & ((1n << bits) - 1n);
}
