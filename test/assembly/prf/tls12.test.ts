import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type HashName, hashNamed, occurrences, result } from '../hash/hashes.js';
import { type Bench, hex, programs, unhex } from '../programs.js';

function prf(
  bench: Bench,
  name: HashName,
  secret: Uint8Array,
  label: string,
  seed: Uint8Array,
  length: number,
) {
  const bytes = Buffer.from(label);
  return result(bench, length, (out) =>
    bench.exports.tls12Prf!(
      hashNamed(name).id,
      bench.put(secret),
      secret.length,
      bench.put(bytes),
      bytes.length,
      bench.put(seed),
      seed.length,
      out,
      length,
    ),
  );
}

/** RFC 5246 §5 as it is written: A(0) = seed, A(i) = HMAC(secret, A(i-1)), output HMAC(secret, A(i) + seed). */
function readable(name: string, secret: Uint8Array, label: string, seed: Uint8Array, length: number) {
  const mac = (...parts: Uint8Array[]) => createHmac(name, secret).update(Buffer.concat(parts)).digest();
  const labelAndSeed = Buffer.concat([Buffer.from(label), seed]);
  let a: Uint8Array = labelAndSeed;
  let output = Buffer.alloc(0);
  while (output.length < length) {
    a = mac(a);
    output = Buffer.concat([output, mac(a, labelAndSeed)]);
  }
  return output.subarray(0, length);
}

// "Test vectors for TLS 1.2 PRF", posted to the TLS working group's list.
const VECTORS: [HashName, string, string, string][] = [
  [
    'sha256',
    '9bbe436ba940f017b17652849a71db35',
    'a0ba9f936cda311827a6f796ffd5198c',
    'e3f229ba727be17b8d122620557cd453c2aab21d07c3d495329b52d4e61edb5a6b301791e90d35c9c9a46b4e14baf9af0fa022f7077def17abfd3797c0564bab4fbc91666e9def9b97fce34f796789baa48082d122ee42c5a72e5a5110fff70187347b66',
  ],
  [
    'sha384',
    'b80b733d6ceefcdc71566ea48e5567df',
    'cd665cf6a8447dd6ff8b27555edb7465',
    '7b0c18e9ced410ed1804f2cfa34a336a1c14dffb4900bb5fd7942107e81c83cde9ca0faa60be9fe34f82b1233c9146a0e534cb400fed2700884f9dc236f80edd8bfa961144c9e8d792eca722a7b32fc3d416d473ebc2c5fd4abfdad05d9184259b5bf8cd4d90fa0d31e2dec479e4f1a26066f2eea9a69236a3e52655c9e9aee691c8f3a26854308d5eaa3be85e0990703d73e56f',
  ],
  [
    'sha512',
    'b0323523c1853599584d88568bbb05eb',
    'd4640e12e4bcdbfb437f03e6ae418ee5',
    '1261f588c798c5c201ff036e7a9cb5edcd7fe3f94c669a122a4638d7d508b283042df6789875c7147e906d868bc75c45e20eb40c1cf4a1713b27371f68432592f7dc8ea8ef223e12ea8507841311bf68653d0cfc4056d811f025c45ddfa6e6fec702f054b409d6f28dd0a3233e498da41a3e75c5630eedbe22fe254e33a1b0e9f6b9826675bec7d01a845658dc9c397545401d40b9f46c7a400ee1b8f81ca0a60d1a397a1028bff5d2ef5066126842fb8da4197632bdb54ff6633f86bbc836e640d4d898',
  ],
];

describe.each(await programs('primitives'))('TLS 1.2 PRF on %s', (_, bench) => {
  test.each(VECTORS)('test vector, %s', (name, secret, seed, output) => {
    const got = prf(bench, name, unhex(secret), 'test label', unhex(seed), output.length / 2);
    expect(hex(got)).toBe(output);
  });

  test('NIST CAVP tls kdf, TLS 1.2 with SHA-256: the master secret', () => {
    const preMaster = unhex(
      'f8938ecc9edebc5030c0c6a441e213cd24e6f770a50dda07876f8d55da062bcadb386b411fd4fe4313a604fce6c17fbc',
    );
    const clientRandom = unhex('36c129d01a3200894b9179faac589d9835d58775f9b5ea3587cb8fd0364cae8c');
    const serverRandom = unhex('f6c9575ed7ddd73e1f7d16eca115415812a43c2b747daaaae043abfb50053fce');
    const seed = Buffer.concat([clientRandom, serverRandom]);
    expect(hex(prf(bench, 'sha256', preMaster, 'master secret', seed, 48))).toBe(
      '202c88c00f84a17a20027079604787461176455539e705be730890602c289a5001e34eeb3a043e5d52a65e66125188bf',
    );
  });

  test('any secret, label, seed and length give what the RFC’s own formula gives', () => {
    fc.assert(
      fc.property(
        fc.constantFrom<HashName>('sha256', 'sha384'),
        fc.uint8Array({ maxLength: 150, size: 'max' }),
        fc.string({ unit: 'binary-ascii', maxLength: 40 }),
        fc.uint8Array({ maxLength: 200, size: 'max' }),
        fc.nat(200),
        (name, secret, label, seed, length) => {
          const want = readable(name, secret, label, seed, length);
          expect(hex(prf(bench, name, secret, label, seed, length))).toBe(hex(want));
        },
      ),
      { numRuns: 100 },
    );
  });

  test('leaves neither secret, nor chain, nor output in memory', () => {
    const secret = Buffer.from('the pre-master secret of 48 bytes, known to two.');
    const seed = Buffer.alloc(64, 7);
    const output = prf(bench, 'sha256', secret, 'master secret', seed, 104);
    const chain = createHmac('sha256', secret).update('master secret').update(seed).digest();
    expect(occurrences(bench, secret.subarray(0, 16))).toEqual([]);
    expect(occurrences(bench, chain.subarray(0, 16))).toEqual([]);
    for (const at of [0, 32, 64, 88]) expect(occurrences(bench, output.subarray(at, at + 16))).toEqual([]);
  });
});
