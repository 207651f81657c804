import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { result } from '../hash/hashes.js';
import { type Bench, hex, programs, unhex } from '../programs.js';

function prf(bench: Bench, secret: Uint8Array, label: string, seed: Uint8Array, length: number) {
  const bytes = Buffer.from(label);
  return result(bench, length, (out) =>
    bench.exports.tls10Prf!(
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

/** RFC 2246 §5 as it is written. */
function readable(secret: Uint8Array, label: string, seed: Uint8Array, length: number) {
  const half = Math.ceil(secret.length / 2);
  const labelAndSeed = Buffer.concat([Buffer.from(label), seed]);
  const pHash = (name: string, key: Uint8Array) => {
    const mac = (...parts: Uint8Array[]) => createHmac(name, key).update(Buffer.concat(parts)).digest();
    let a: Uint8Array = labelAndSeed;
    let output = Buffer.alloc(0);
    while (output.length < length) {
      a = mac(a);
      output = Buffer.concat([output, mac(a, labelAndSeed)]);
    }
    return output;
  };
  const md5 = pHash('md5', secret.subarray(0, half));
  const sha1 = pHash('sha1', secret.subarray(secret.length - half));
  return Uint8Array.from({ length }, (_, i) => md5[i]! ^ sha1[i]!);
}

describe.each(await programs('primitives'))('TLS 1.0 PRF on %s', (_, bench) => {
  test('NIST CAVP tls kdf, TLS 1.0 and 1.1: the master secret and the key block', () => {
    const preMaster = unhex(
      'bded7fa5c1699c010be23dd06ada3a48349f21e5f86263d512c0c5cc379f0e780ec55d9844b2f1db02a96453513568d0',
    );
    const clientHello = unhex('e5acaf549cd25c22d964c0d930fa4b5261d2507fad84c33715b7b9a864020693');
    const serverHello = unhex('135e4d557fdf3aa6406d82975d5c606a9734c9334b42136e96990fbd5358cdb2');
    const master = prf(bench, preMaster, 'master secret', Buffer.concat([clientHello, serverHello]), 48);
    expect(hex(master)).toBe(
      '2f6962dfbc744c4b2138bb6b3d33054c5ecc14f24851d9896395a44ab3964efc2090c5bf51a0891209f46c1e1e998f62',
    );
    const client = unhex('d58a7b1cd4fedaa232159df652ce188f9d997e061b9bf48e83b62990440931f6');
    const server = unhex('67267e650eb32444119d222a368c191af3082888dc35afe8368e638c828874be');
    expect(hex(prf(bench, master, 'key expansion', Buffer.concat([server, client]), 104))).toBe(
      '3088825988e77fce68d19f756e18e43eb7fe672433504feaf99b3c503d9091b164f166db301d70c9fc0870b4a94563907bee1a61fb786cb717576890bcc51cb9ead97e01d0a2fea99c953377b195205ff07b369589178796edc963fd80fdbe518a2fc1c35c18ae8d',
    );
  });

  test('any secret (halves that share a byte too), label, seed and length give what the RFC’s formula gives', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 150, size: 'max' }),
        fc.string({ unit: 'binary-ascii', maxLength: 40 }),
        fc.uint8Array({ maxLength: 150, size: 'max' }),
        fc.nat(160),
        (secret, label, seed, length) => {
          expect(hex(prf(bench, secret, label, seed, length))).toBe(
            hex(readable(secret, label, seed, length)),
          );
        },
      ),
      { numRuns: 80 },
    );
  });
});
