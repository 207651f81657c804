import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { type Bench, programs } from '../programs.js';
import { putKey, rsaKey } from '../rsa/keys.js';

/** Where any eight bytes of the secret stand in the program's whole memory, in either byte order. */
function traces(bench: Bench, secret: Uint8Array): number[] {
  const memory = Buffer.from(bench.program.memory());
  const found: number[] = [];
  for (const bytes of [Buffer.from(secret), Buffer.from(secret).reverse()]) {
    for (let at = 0; at + 8 <= bytes.length; at += 4) {
      const position = memory.indexOf(bytes.subarray(at, at + 8));
      if (position >= 0) found.push(position);
    }
  }
  return found;
}

const random = (length: number) => crypto.getRandomValues(new Uint8Array(length));

describe.each(await programs('primitives'))(
  'on %s no public-key operation leaves its secret in memory:',
  (_e, bench) => {
    /** Runs with secrets and a place for the result, gives all borrowed memory back, and looks for secrets and result. */
    function check(
      secrets: Uint8Array[],
      outLength: number,
      run: (out: number) => number,
      publicResult = false,
    ) {
      const out = bench.room(outLength);
      expect(run(out)).toBeGreaterThanOrEqual(0);
      const result = bench.get(out, outLength);
      bench.free();
      for (const secret of publicResult ? secrets : [...secrets, result]) {
        expect(traces(bench, secret)).toEqual([]);
      }
    }

    it('X25519', () => {
      const [scalar, u] = [random(32), random(32)];
      check([scalar], 32, (out) => bench.exports.x25519!(out, bench.put(scalar), bench.put(u)));
    });

    it.each([
      [23, 32],
      [24, 48],
    ])('keys, agreement and signatures on curve %i', (curve, length) => {
      const [scalar, peer] = [random(length), random(length)];
      scalar[0] = peer[0] = 1;
      const point = bench.room(97);
      bench.exports.ecPublicKey!(curve, point, bench.put(peer));
      const peerPoint = bench.get(point, 1 + 2 * length);
      bench.free();
      check(
        [scalar],
        1 + 2 * length,
        (out) => bench.exports.ecPublicKey!(curve, out, bench.put(scalar)),
        true,
      );
      check([scalar], length, (out) =>
        bench.exports.ecdh!(curve, out, bench.put(scalar), bench.put(peerPoint), peerPoint.length),
      );
      const digest = createHash('sha256').update('m').digest();
      check(
        [scalar],
        120,
        (out) => bench.exports.ecdsaSign!(curve, 4, bench.put(digest), 32, bench.put(scalar), out),
        true,
      );
    });

    it('RSA signing', () => {
      const { numbers } = rsaKey(2048);
      const digest = createHash('sha256').update('m').digest();
      const secrets = numbers.slice(2);
      check(
        secrets,
        256,
        (out) => bench.exports.rsaSignPkcs1!(4, bench.put(digest), putKey(bench, numbers), out),
        true,
      );
    });

    it('RSA encryption and finite-field Diffie-Hellman', () => {
      bench.exports.drbgSeed!(bench.put(random(48)), 48);
      const { numbers } = rsaKey(2048);
      const [message, secret] = [random(48), random(32)];
      const [n, e] = [numbers[0]!, numbers[1]!];
      check(
        [message],
        256,
        (out) =>
          bench.exports.rsaEncryptPkcs1!(out, bench.put(n), 256, bench.put(e), 3, bench.put(message), 48),
        true,
      );
      check([secret], 256, (out) =>
        bench.exports.finiteFieldPower!(out, bench.put(n), 256, bench.put(e), 3, bench.put(secret), 32),
      );
    });
  },
);
