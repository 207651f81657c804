// HKDF as RFC 5869 and pyca/cryptography give it. The package has no vectors for TLS's own PRFs, nor for HMAC_DRBG.
import { afterEach, describe, expect } from 'vitest';
import { nist } from '../../vectors/nist.js';
import { hex, programs } from '../programs.js';

describe.each(await programs('primitives'))('CAVP for key derivation on %s', (engine, bench) => {
  afterEach(() => bench.free());

  nist(engine, {
    name: 'HKDF',
    files: ['KDF/rfc-5869-HKDF-SHA1.txt', 'KDF/rfc-5869-HKDF-SHA256.txt', 'KDF/hkdf-generated.txt'],
    last: 'OKM',
    check(one) {
      const [id, size] = one.text('Hash') === 'SHA-256' ? [4, 32] : [2, 20];
      const [input, salt, info] = ['IKM', 'salt', 'info'].map((name) =>
        one.has(name) ? one.bytes(name) : new Uint8Array(),
      ) as [Uint8Array, Uint8Array, Uint8Array];
      const length = one.number('L');
      const [prk, out] = [bench.room(64), bench.room(length)];
      bench.exports.hkdfExtract!(id, bench.put(salt), salt.length, bench.put(input), input.length, prk);
      if (one.has('PRK')) expect(hex(bench.get(prk, size))).toBe(one.text('PRK'));
      bench.exports.hkdfExpand!(id, prk, size, bench.put(info), info.length, out, length);
      expect(hex(bench.get(out, length))).toBe(one.text('OKM'));
      bench.free();
    },
  });
});
