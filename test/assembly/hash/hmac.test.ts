import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { wycheproof } from '../../vectors/wycheproof.js';
import { hex, programs, unhex } from '../programs.js';
import { feed, HASHES, type HashName, HMAC_CONTEXT, hmac, message, occurrences, result } from './hashes.js';

interface Vector {
  key: Buffer;
  data: Buffer;
  tags: Partial<Record<HashName, string>>;
}
const text = (value: string) => Buffer.from(value);
const COUNT_25 = Buffer.from(Array.from({ length: 25 }, (_, i) => i + 1));

// RFC 4231 §4 and RFC 2202 §2, §3; a tag that the RFC truncates is given as far as it goes.
const VECTORS: [string, Vector][] = [
  [
    'RFC 4231 test case 1',
    {
      key: Buffer.alloc(20, 0x0b),
      data: text('Hi There'),
      tags: {
        sha256: 'b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7',
        sha384:
          'afd03944d84895626b0825f4ab46907f15f9dadbe4101ec682aa034c7cebc59cfaea9ea9076ede7f4af152e8b2fa9cb6',
        sha512:
          '87aa7cdea5ef619d4ff0b4241a1d6cb02379f4e2ce4ec2787ad0b30545e17cdedaa833b7d6b8a702038b274eaea3f4e4be9d914eeb61f1702e696c203a126854',
        sha1: 'b617318655057264e28bc0b6fb378c8ef146be00',
      },
    },
  ],
  [
    'RFC 4231 test case 2',
    {
      key: text('Jefe'),
      data: text('what do ya want for nothing?'),
      tags: {
        sha256: '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
        sha384:
          'af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649',
        sha512:
          '164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737',
        sha1: 'effcdf6ae5eb2fa2d27416d5f184df9c259a7c79',
        md5: '750c783e6ab0b503eaa86e310a5db738',
      },
    },
  ],
  [
    'RFC 4231 test case 3',
    {
      key: Buffer.alloc(20, 0xaa),
      data: Buffer.alloc(50, 0xdd),
      tags: {
        sha256: '773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe',
        sha384:
          '88062608d3e6ad8a0aa2ace014c8a86f0aa635d947ac9febe83ef4e55966144b2a5ab39dc13814b94e3ab6e101a34f27',
        sha512:
          'fa73b0089d56a284efb0f0756c890be9b1b5dbdd8ee81a3655f83e33b2279d39bf3e848279a722c806b485a47e67c807b946a337bee8942674278859e13292fb',
        sha1: '125d7342b9ac11cd91a39af48aa17b4f63f175d3',
      },
    },
  ],
  [
    'RFC 4231 test case 4',
    {
      key: COUNT_25,
      data: Buffer.alloc(50, 0xcd),
      tags: {
        sha256: '82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b',
        sha384:
          '3e8a69b7783c25851933ab6290af6ca77a9981480850009cc5577c6e1f573b4e6801dd23c4a7d679ccf8a386c674cffb',
        sha512:
          'b0ba465637458c6990e5a8c5f61d4af7e576d97ff94b872de76f8050361ee3dba91ca5c11aa25eb4d679275cc5788063a5f19741120c4f2de2adebeb10a298dd',
        sha1: '4c9007f4026250c6bc8414f9bf50c86c2d7235da',
        md5: '697eaf0aca3a3aea3a75164746ffaa79',
      },
    },
  ],
  [
    'RFC 4231 test case 5, 128 bits of the tag',
    {
      key: Buffer.alloc(20, 0x0c),
      data: text('Test With Truncation'),
      tags: {
        sha256: 'a3b6167473100ee06e0c796c2955552b',
        sha384: '3abf34c3503b2a23a46efc619baef897',
        sha512: '415fad6271580a531d4179bc891d87a6',
      },
    },
  ],
  [
    'RFC 4231 test case 6, a key longer than a block',
    {
      key: Buffer.alloc(131, 0xaa),
      data: text('Test Using Larger Than Block-Size Key - Hash Key First'),
      tags: {
        sha256: '60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54',
        sha384:
          '4ece084485813e9088d2c63a041bc5b44f9ef1012a2b588f3cd11f05033ac4c60c2ef6ab4030fe8296248df163f44952',
        sha512:
          '80b24263c7c1a3ebb71493c1dd7be8b49b46d1f41b4aeec1121b013783f8f3526b56d037e05f2598bd0fd2215d6a1e5295e64f73f63f0aec8b915a985d786598',
      },
    },
  ],
  [
    'RFC 4231 test case 7, key and data longer than a block',
    {
      key: Buffer.alloc(131, 0xaa),
      data: text(
        'This is a test using a larger than block-size key and a larger than block-size data. The key needs to be hashed before being used by the HMAC algorithm.',
      ),
      tags: {
        sha256: '9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2',
        sha384:
          '6617178e941f020d351e2f254e8fd32c602420feb0b8fb9adccebb82461e99c5a678cc31e799176d3860e6110c46523e',
        sha512:
          'e37b6a775dc87dbaa4dfa9f96e5e3ffddebd71f8867289865df5a32d20cdc944b6022cac3c4982b10d5eeb55c3e4de15134676fb6de0446065c97440fa8c6a58',
      },
    },
  ],
  [
    'RFC 2202 §2 test case 1',
    {
      key: Buffer.alloc(16, 0x0b),
      data: text('Hi There'),
      tags: { md5: '9294727a3638bb1c13f48ef8158bfc9d' },
    },
  ],
  [
    'RFC 2202 §2 test case 3',
    {
      key: Buffer.alloc(16, 0xaa),
      data: Buffer.alloc(50, 0xdd),
      tags: { md5: '56be34521d144c88dbb8c733f0e8b3f6' },
    },
  ],
  [
    'RFC 2202 §2 and §3 test case 6, a key longer than a block',
    {
      key: Buffer.alloc(80, 0xaa),
      data: text('Test Using Larger Than Block-Size Key - Hash Key First'),
      tags: {
        sha1: 'aa4ae5e15272d00e95705637ce8a3b55ed402112',
        md5: '6b1ab7fe4bd7bf8f0b62e6ce61b9d0cd',
      },
    },
  ],
  [
    'RFC 2202 §2 and §3 test case 7',
    {
      key: Buffer.alloc(80, 0xaa),
      data: text('Test Using Larger Than Block-Size Key and Larger Than One Block-Size Data'),
      tags: {
        sha1: 'e8e99d0f45237d786d6bbaa7965c7808bbff1a91',
        md5: '6f630fad67cda0ee1fb1f562db3aa53e',
      },
    },
  ],
];

const SHA1_CASES = wycheproof<{ key: string; msg: string; tag: string }, { tagSize: number }>('hmac_sha1');
const SHA256_CASES = wycheproof<{ key: string; msg: string; tag: string }, { tagSize: number }>(
  'hmac_sha256',
);

describe.each(await programs('primitives'))('HMAC on %s', (engine, bench) => {
  test.each(VECTORS)('%s', (_, { key, data, tags }) => {
    for (const [name, tag] of Object.entries(tags)) {
      const got = hex(hmac(bench, name as HashName, key, data));
      expect(got.slice(0, tag.length), name).toBe(tag);
    }
  });

  test.for([
    ['sha1', SHA1_CASES],
    ['sha256', SHA256_CASES],
  ] as const)('Wycheproof hmac_%s', ([name, vectors], { skip }) => {
    if ('skipped' in vectors) return skip(vectors.skipped);
    for (const { tagSize, tests } of vectors.groups) {
      for (const { tcId, key, msg, tag, result: verdict } of tests) {
        const got = hex(hmac(bench, name, unhex(key), unhex(msg))).slice(0, tagSize / 4);
        expect(got === tag, `case ${tcId}`).toBe(verdict === 'valid');
      }
    }
  });

  test.each(HASHES)(
    '$name with any key, message, alignment and split is node:crypto’s, twice over',
    ({ id, name, size }) => {
      fc.assert(
        fc.property(
          fc.uint8Array({ maxLength: 300, size: 'max' }),
          message(600),
          message(600),
          (key, first, second) => {
            const context = bench.room(HMAC_CONTEXT);
            bench.exports.hmacInit!(context, id, bench.put(key), key.length);
            // The second message needs no second key schedule: the chaining values are kept.
            for (const input of [first, second]) {
              feed(bench, input, (pointer, length) => bench.exports.hmacUpdate!(context, pointer, length));
              const out = bench.room(size);
              bench.exports.hmacFinal!(context, out);
              expect(hex(bench.get(out, size))).toBe(createHmac(name, key).update(input.data).digest('hex'));
            }
            bench.free();
          },
        ),
        { numRuns: engine === 'V8' ? 150 : 60 },
      );
    },
  );

  test.each(HASHES)('$name leaves neither its key nor the padded keys in memory', ({ name, block }) => {
    const key = Buffer.from('a key that nobody may find again');
    hmac(bench, name, key, text('message'));
    for (const pad of [0, 0x36, 0x5c]) {
      const padded = Buffer.alloc(block, pad);
      for (let i = 0; i < key.length; i++) padded[i]! ^= key[i]!;
      expect(occurrences(bench, padded.subarray(0, 16))).toEqual([]);
    }
    // HMAC works on the digest of a long key.
    const long = Buffer.alloc(200, key);
    hmac(bench, name, long, text('message'));
    const short = result(bench, 64, (out) =>
      bench.exports.hashDigest!(
        HASHES.find((hash) => hash.name === name)!.id,
        bench.put(long),
        long.length,
        out,
      ),
    );
    expect(occurrences(bench, short.subarray(0, 16))).toEqual([]);
  });
});
