import { hkdfSync } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ErrorCode } from '../../../assembly/alert.js';
import { wycheproof } from '../../vectors/wycheproof.js';
import { digest, HASHES, type HashName, hashNamed, occurrences, result } from '../hash/hashes.js';
import { type Bench, hex, programs, unhex } from '../programs.js';

const extract = (bench: Bench, name: HashName, salt: Uint8Array, ikm: Uint8Array) => {
  const { id, size } = hashNamed(name);
  return result(bench, size, (out) =>
    bench.exports.hkdfExtract!(id, bench.put(salt), salt.length, bench.put(ikm), ikm.length, out),
  );
};

const expand = (bench: Bench, name: HashName, prk: Uint8Array, info: Uint8Array, length: number) =>
  result(bench, length, (out) =>
    bench.exports.hkdfExpand!(
      hashNamed(name).id,
      bench.put(prk),
      prk.length,
      bench.put(info),
      info.length,
      out,
      length,
    ),
  );

const expandLabel = (
  bench: Bench,
  name: HashName,
  secret: Uint8Array,
  label: string,
  context: Uint8Array,
  length: number,
) =>
  result(bench, length, (out) =>
    bench.exports.hkdfExpandLabel!(
      hashNamed(name).id,
      bench.put(secret),
      bench.put(Buffer.from(label)),
      label.length,
      bench.put(context),
      context.length,
      out,
      length,
    ),
  );

const range = (first: number, last: number) =>
  hex(Uint8Array.from({ length: last - first + 1 }, (_, i) => first + i));

// RFC 5869 appendix A: hash, IKM, salt, info, PRK, OKM
const VECTORS: [string, HashName, string, string, string, string, string][] = [
  [
    'A.1',
    'sha256',
    '0b'.repeat(22),
    range(0, 0x0c),
    range(0xf0, 0xf9),
    '077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5',
    '3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865',
  ],
  [
    'A.2',
    'sha256',
    range(0, 0x4f),
    range(0x60, 0xaf),
    range(0xb0, 0xff),
    '06a6b88c5853361a06104c9ceb35b45cef760014904671014a193f40c15fc244',
    'b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87',
  ],
  [
    'A.3',
    'sha256',
    '0b'.repeat(22),
    '',
    '',
    '19ef24a32c717b167f33a91d6f648bdf96596776afdb6377ac434c1c293ccb04',
    '8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8',
  ],
  [
    'A.4',
    'sha1',
    '0b'.repeat(11),
    range(0, 0x0c),
    range(0xf0, 0xf9),
    '9b6c18c432a7bf8f0e71c8eb88f4b30baa2ba243',
    '085a01ea1b10f36933068b56efa5ad81a4f14b822f5b091568a9cdd4f155fda2c22e422478d305f3f896',
  ],
  [
    'A.6',
    'sha1',
    '0b'.repeat(22),
    '',
    '',
    'da8c8a73c7fa77288ec6f5e7c297786aa0d32d01',
    '0ac1af7002b3d761d1e55298da9d0506b9ae52057220a306e07b6b87e8df21d0ea00033de03984d34918',
  ],
];

const CASES = wycheproof<{ ikm: string; salt: string; info: string; size: number; okm: string }>(
  'hkdf_sha256',
);

describe.each(await programs('primitives'))('HKDF on %s', (_, bench) => {
  test.each(VECTORS)('RFC 5869 %s', (_name, hash, ikm, salt, info, prk, okm) => {
    expect(hex(extract(bench, hash, unhex(salt), unhex(ikm)))).toBe(prk);
    expect(hex(expand(bench, hash, unhex(prk), unhex(info), okm.length / 2))).toBe(okm);
  });

  test('Wycheproof hkdf_sha256', ({ skip }) => {
    if ('skipped' in CASES) return skip(CASES.skipped);
    for (const { tests } of CASES.groups) {
      for (const { tcId, ikm, salt, info, size, okm, result: verdict } of tests) {
        // The bound of 255 blocks is the caller's: TLS never asks for more than a key.
        if (size > 255 * 32) {
          expect(verdict, `case ${tcId}`).toBe('invalid');
          continue;
        }
        const prk = extract(bench, 'sha256', unhex(salt), unhex(ikm));
        expect(hex(expand(bench, 'sha256', prk, unhex(info), size)), `case ${tcId}`).toBe(okm);
      }
    }
  });

  test.each(HASHES)('$name of any input is node:crypto’s', ({ name, size }) => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 200, size: 'max' }),
        fc.uint8Array({ maxLength: 200, size: 'max' }),
        fc.uint8Array({ maxLength: 200, size: 'max' }),
        fc.integer({ min: 1, max: 10 * size }),
        (ikm, salt, info, length) => {
          const got = expand(bench, name, extract(bench, name, salt, ikm), info, length);
          expect(hex(got)).toBe(hex(new Uint8Array(hkdfSync(name, ikm, salt, info, length))));
        },
      ),
      { numRuns: 40 },
    );
  });

  // RFC 8448 §3, "Simple 1-RTT Handshake": each value from the one before.
  test('the key schedule of RFC 8448 §3', () => {
    const derive = (secret: Uint8Array, label: string, transcript: Uint8Array) =>
      expandLabel(bench, 'sha256', secret, label, transcript, 32);
    const nothing = digest(bench, 'sha256', new Uint8Array());
    const zeros = new Uint8Array(32);

    const early = extract(bench, 'sha256', new Uint8Array(), zeros);
    expect(hex(early)).toBe('33ad0a1c607ec03b09e6cd9893680ce210adf300aa1f2660e1b22e10f170f92a');
    const earlyDerived = derive(early, 'derived', nothing);
    expect(hex(earlyDerived)).toBe('6f2615a108c702c5678f54fc9dbab69716c076189c48250cebeac3576c3611ba');

    const shared = unhex('8bd4054fb55b9d63fdfbacf9f04b9f0d35e6d63f537563efd46272900f89492d');
    const handshake = extract(bench, 'sha256', earlyDerived, shared);
    expect(hex(handshake)).toBe('1dc826e93606aa6fdc0aadc12f741b01046aa6b99f691ed221a9f0ca043fbeac');

    const hello = unhex('860c06edc07858ee8e78f0e7428c58edd6b43f2ca3e6e95f02ed063cf0e1cad8');
    expect(hex(derive(handshake, 'c hs traffic', hello))).toBe(
      'b3eddb126e067f35a780b3abf45e2d8f3b1a950738f52e9600746a0e27a55a21',
    );
    const serverHandshake = derive(handshake, 's hs traffic', hello);
    expect(hex(serverHandshake)).toBe('b67b7d690cc16c4e75e54213cb2d37b4e9c912bcded9105d42befd59d391ad38');
    expect(hex(expandLabel(bench, 'sha256', serverHandshake, 'key', new Uint8Array(), 16))).toBe(
      '3fce516009c21727d0f2e4e86ee403bc',
    );
    expect(hex(expandLabel(bench, 'sha256', serverHandshake, 'iv', new Uint8Array(), 12))).toBe(
      '5d313eb2671276ee13000b30',
    );
    expect(hex(expandLabel(bench, 'sha256', serverHandshake, 'finished', new Uint8Array(), 32))).toBe(
      '008d3b66f816ea559f96b537e885c31fc068bf492c652f01f288a1d8cdc19fc8',
    );

    const master = extract(bench, 'sha256', derive(handshake, 'derived', nothing), zeros);
    expect(hex(master)).toBe('18df06843d13a08bf2a449844c5f8a478001bc4d4c627984d5a41da8d0402919');
    const finished = unhex('9608102a0f1ccc6db6250b7b7e417b1a000eaada3daae4777a7686c9ff83df13');
    expect(hex(derive(master, 'c ap traffic', finished))).toBe(
      '9e40646ce79a7f9dc05af8889bce6552875afa0b06df0087f792ebb7c17504a5',
    );
    expect(hex(derive(master, 's ap traffic', finished))).toBe(
      'a11af9f05531f856ad47116b45a950328204b4f44bfb6b3a4b4f1f3fcb631643',
    );
    expect(hex(derive(master, 'exp master', finished))).toBe(
      'fe22f881176eda18eb8f44529e6792c50c9a3f89452f68d8ae311b4309d3cf50',
    );
    const client = unhex('209145a96ee8e2a122ff810047cc952684658d6049e86429426db87c54ad143d');
    const resumption = derive(master, 'res master', client);
    expect(hex(resumption)).toBe('7df235f2031d2a051287d02b0241b0bfdaf86cc856231f2d5aba46c434ec196c');
    expect(hex(expandLabel(bench, 'sha256', resumption, 'resumption', unhex('0000'), 32))).toBe(
      '4ecd0eb6ec3b4d87f5d6028f922ca4c5851a277fd41311c9e62d2c9492e1c4f3',
    );
  });

  test('labels and contexts of the greatest length', () => {
    const secret = Buffer.alloc(48, 9);
    const label = 'l'.repeat(249);
    const context = Buffer.alloc(255, 3);
    const info = Buffer.concat([
      Buffer.of(1, 4, 255),
      Buffer.from(`tls13 ${label}`),
      Buffer.of(255),
      context,
    ]);
    expect(hex(expandLabel(bench, 'sha384', secret, label, context, 260))).toBe(
      hex(expand(bench, 'sha384', secret, info, 260)),
    );
  });

  test('longer labels and contexts, and more output than the counter has blocks for, are refused', () => {
    const { exports } = bench;
    const secret = bench.put(Buffer.alloc(48, 9));
    const text = bench.put(Buffer.alloc(65536, 1));
    const out = bench.put(Buffer.alloc(64, 0xee));
    const label = (labelLength: number, contextLength: number) =>
      exports.hkdfExpandLabel!(4, secret, text, labelLength, text, contextLength, out, 32);
    for (const lengths of [
      [250, 0],
      [65536, 0],
      [-1, 0],
      [1, 256],
      [1, 65536],
      [1, -1],
    ] as const) {
      expect(label(lengths[0], lengths[1])).toBe(ErrorCode.BadArgument);
    }
    expect(exports.hkdfExpand!(4, secret, 32, text, 3, out, 255 * 32 + 1)).toBe(ErrorCode.BadArgument);
    expect(bench.get(out, 64)).toEqual(new Uint8Array(64).fill(0xee));
    expect(label(249, 255)).toBe(0);
    bench.free();
  });

  test('leaves neither secret nor output in memory', () => {
    const secret = Buffer.from('a traffic secret, of 32 bytes...');
    const output = expandLabel(bench, 'sha256', secret, 'key', new Uint8Array(), 32);
    expect(occurrences(bench, secret.subarray(0, 16))).toEqual([]);
    expect(occurrences(bench, output.subarray(0, 16))).toEqual([]);
  });
});
