// NIST's vectors for hashes and HMAC, and those of RFC 1321, RFC 2202 and RFC 4231 in the same form.
import { afterEach, describe, expect } from 'vitest';
import { type NistCase, nist } from '../../vectors/nist.js';
import { hex, programs } from '../programs.js';

const hashes = [
  ['SHA1', 2, 20],
  ['SHA256', 4, 32],
  ['SHA384', 5, 48],
  ['SHA512', 6, 64],
] as const;

/** The message: `Len` bits of it, as none at all is written as a byte of zero. */
const message = (one: NistCase) => one.bytes('Msg').subarray(0, one.number('Len') / 8);

describe.each(await programs('primitives'))('CAVP for hashes on %s', (engine, bench) => {
  afterEach(() => bench.free());

  const digest = (id: number, size: number, data: Uint8Array) => {
    const out = bench.room(64);
    bench.exports.hashDigest!(id, bench.put(data), data.length, out);
    const result = bench.get(out, size);
    bench.free();
    return result;
  };

  for (const [name, id, size] of [...hashes, ['MD5', 1, 16] as const]) {
    const folder = name === 'SHA1' ? 'SHA1' : 'SHA2';
    const files = ['Short', 'Long'].map((length) => `hashes/${folder}/${name}${length}Msg.rsp`);
    nist(engine, {
      name,
      files: name === 'MD5' ? ['hashes/MD5/rfc-1321.txt'] : files,
      last: 'MD',
      check: (one) => expect(hex(digest(id, size, message(one)))).toBe(one.text('MD')),
    });
  }

  for (const [name, id, size] of hashes) {
    let seed: Uint8Array | undefined;
    // Each case hashes the last three digests a thousand times and seeds the next one (SHAVS §6.4).
    nist(engine, {
      name: `${name}, Monte Carlo`,
      files: [`hashes/${name === 'SHA1' ? 'SHA1' : 'SHA2'}/${name}Monte.rsp`],
      last: 'MD',
      skip: (one) =>
        engine === 'wasm3' && one.number('COUNT') > 0 ? 'a thousand hashes each, in a chain' : undefined,
      check(one) {
        seed = one.number('COUNT') === 0 ? one.bytes('Seed') : seed!;
        let last = [seed, seed, seed];
        for (let i = 0; i < 1000; i++) last = [last[1]!, last[2]!, digest(id, size, Buffer.concat(last))];
        seed = last[2]!;
        expect(hex(seed)).toBe(one.text('MD'));
      },
    });
  }

  const macs = [
    ['MD5', 1, 'rfc-2202-md5'],
    ['SHA-1', 2, 'rfc-2202-sha1'],
    ['SHA-256', 4, 'rfc-4231-sha256'],
    ['SHA-384', 5, 'rfc-4231-sha384'],
    ['SHA-512', 6, 'rfc-4231-sha512'],
  ] as const;
  for (const [name, id, file] of macs) {
    nist(engine, {
      name: `HMAC-${name}`,
      files: [`HMAC/${file}.txt`],
      last: 'MD',
      check(one) {
        const [key, data, out] = [one.bytes('Key'), message(one), bench.room(64)];
        bench.exports.hmacDigest!(id, bench.put(key), key.length, bench.put(data), data.length, out);
        const expected = one.bytes('MD');
        expect(hex(bench.get(out, expected.length))).toBe(hex(expected));
        bench.free();
      },
    });
  }
});
