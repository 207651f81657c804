import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { ErrorCode } from '../../../assembly/alert.js';
import { occurrences, result } from '../hash/hashes.js';
import { type Bench, hex, programs, unhex } from '../programs.js';

const seed = (bench: Bench, entropy: Uint8Array) => {
  try {
    return bench.exports.drbgSeed!(bench.put(entropy), entropy.length);
  } finally {
    bench.free();
  }
};

const generate = (bench: Bench, length: number) =>
  result(bench, length, (out) => expect(bench.exports.drbgGenerate!(out, length)).toBe(0));

/** SP 800-90A Rev. 1 §10.1.2 as it is written. */
class Readable {
  #key: Uint8Array = Buffer.alloc(32, 0);
  #value: Uint8Array = Buffer.alloc(32, 1);

  #mac = (...parts: Uint8Array[]) => createHmac('sha256', this.#key).update(Buffer.concat(parts)).digest();

  update(data: Uint8Array): void {
    this.#key = this.#mac(this.#value, Buffer.of(0), data);
    this.#value = this.#mac(this.#value);
    if (data.length === 0) return;
    this.#key = this.#mac(this.#value, Buffer.of(1), data);
    this.#value = this.#mac(this.#value);
  }

  generate(length: number): Uint8Array {
    let output = Buffer.alloc(0);
    while (output.length < length) {
      this.#value = this.#mac(this.#value);
      output = Buffer.concat([output, this.#value]);
    }
    this.update(Buffer.alloc(0));
    return output.subarray(0, length);
  }
}

describe.each(await programs('primitives'))('HMAC_DRBG on %s', (_, bench) => {
  afterEach(() => {
    bench.exports.drbgWipe!();
  });

  // The second of two requests of 1024 bits is what the vectors give; the seed is entropy input ‖ nonce.
  test('NIST CAVP HMAC_DRBG, SHA-256, no reseeding, COUNT = 0', () => {
    seed(
      bench,
      unhex(
        'ca851911349384bffe89de1cbdc46e6831e44d34a4fb935ee285dd14b71a7488 659ba96c601dc69fc902940805ec0ca8',
      ),
    );
    generate(bench, 128);
    expect(hex(generate(bench, 128))).toBe(
      'e528e9abf2dece54d47c7e75e5fe302149f817ea9fb4bee6f4199697d04d5b89d54fbb978a15b5c443c9ec21036d2460b6f73ebad0dc2aba6e624abf07745bc107694bb7547bb0995f70de25d6b29e2d3011bb19d27676c07162c8b5ccde0668961df86803482cb37ed6d5c0bb8d50cf1f50d476aa0458bdaba806f48be9dcb8',
    );
  });

  test('NIST CAVP HMAC_DRBG, SHA-256, one reseeding, COUNT = 0', () => {
    seed(
      bench,
      unhex(
        '06032cd5eed33f39265f49ecb142c511da9aff2af71203bffaf34a9ca5bd9c0d 0e66f71edc43e42a45ad3c6fc6cdc4df',
      ),
    );
    seed(bench, unhex('01920a4e669ed3a85ae8a33b35a74ad7fb2a6bb4cf395ce00334a9c9a5a5d552'));
    generate(bench, 128);
    expect(hex(generate(bench, 128))).toBe(
      '76fc79fe9b50beccc991a11b5635783a83536add03c157fb30645e611c2898bb2b1bc215000209208cd506cb28da2a51bdb03826aaf2bd2335d576d519160842e7158ad0949d1a9ec3e66ea1b1a064b005de914eac2e9d4f2d72a8616a80225422918250ff66a41bd2f864a6a38cc5b6499dc43f7f2bd09e1e0f8f5885935124',
    );
  });

  test('any run of seeds and requests gives what the standard’s own formula gives', () => {
    const entropy = fc.uint8Array({ minLength: 32, maxLength: 120, size: 'max' });
    fc.assert(
      fc.property(entropy, fc.array(fc.oneof(entropy, fc.nat(300)), { maxLength: 6 }), (first, steps) => {
        bench.exports.drbgWipe!();
        const twin = new Readable();
        for (const step of [first, ...steps]) {
          if (typeof step === 'number') {
            expect(hex(generate(bench, step))).toBe(hex(twin.generate(step)));
          } else {
            expect(seed(bench, step)).toBe(0);
            twin.update(step);
          }
        }
      }),
      { numRuns: 60 },
    );
  });

  test('gives nothing before a seed, and takes none of less than 32 bytes', () => {
    expect(bench.exports.drbgReady!()).toBe(0);
    expect(bench.exports.drbgGenerate!(bench.room(4), 4)).toBe(ErrorCode.NoEntropy);
    bench.free();
    expect(seed(bench, new Uint8Array(31))).toBe(ErrorCode.NoEntropy);
    expect(bench.exports.drbgReady!()).toBe(0);
    expect(seed(bench, new Uint8Array(32))).toBe(0);
    expect(bench.exports.drbgReady!()).toBe(1);
    bench.exports.drbgWipe!();
    expect(bench.exports.drbgReady!()).toBe(0);
  });

  test('gives at most 65536 bytes a request', () => {
    seed(bench, new Uint8Array(32));
    const out = bench.room(65536);
    expect(bench.exports.drbgGenerate!(out, 65536)).toBe(0);
    expect(bench.exports.drbgGenerate!(out, 65537)).toBe(ErrorCode.TooLong);
    expect(bench.exports.drbgGenerate!(out, -1)).toBe(ErrorCode.TooLong);
    bench.free();
  });

  test('keeps neither seed nor output in memory', () => {
    const entropy = Buffer.from('full entropy from the host, 48 bytes of it, no less');
    seed(bench, entropy);
    const output = generate(bench, 64);
    expect(occurrences(bench, entropy.subarray(0, 16))).toEqual([]);
    for (const at of [0, 32]) expect(occurrences(bench, output.subarray(at, at + 16))).toEqual([]);
  });
});
