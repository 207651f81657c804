// Secrets of equal length cost the same number of instructions, to the single one, on an emulated board. RC4, DES and 3DES
// look up tables or permute by secret bytes, and are exempt; so is all that verifies, which knows no secret.
import { createHash, generateKeyPairSync, randomBytes, randomInt } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { Plan, runPlan } from '../../../boards/bench/plan.js';
import { assemble } from '../node/wat.js';
import {
  absent,
  board,
  built,
  CONTEXT,
  expectEqual,
  FEW,
  onEachEngine,
  runExactly,
  skipped,
  TIMES,
  withSecrets,
} from './counting.js';

const folder = mkdtempSync(join(tmpdir(), 'deputy-constant-'));
afterAll(() => rmSync(folder, { recursive: true }));

const HashId = { md5: 1, sha1: 2, sha256: 4, sha384: 5, sha512: 6 } as const;
const [P256, P384] = [23, 24];

const start = () => new Plan().program(built('primitives'));
const digest = createHash('sha256').update('sample').digest();

describe.skipIf(absent)(`equal instruction counts${skipped}`, { timeout: 600_000 }, () => {
  test('a branch on a secret shows, by however little', () => {
    const file = join(folder, 'branch.wasm');
    const odd = `(module (memory 1) (func (export "odd") (param i32) (result i32)
      (if (i32.and (local.get 0) (i32.const 1)) (then (local.set 0 (i32.add (local.get 0) (i32.const 7)))))
      (local.get 0)))`;
    writeFileSync(file, assemble(odd));
    const counts: number[] = [];
    const plan = new Plan().program(file).call('odd', 0);
    for (const secret of [2, 4, 3, 1]) plan.countFirst((count) => counts.push(count), 'odd', secret);
    runPlan(board, plan, { exact: true });
    const [even, even2, odd1, odd3] = counts as [number, number, number, number];
    expect([even2, odd3]).toEqual([even, odd1]);
    expect(odd1).not.toBe(even);
    expect(Math.abs(odd1 - even)).toBeLessThan(40);
  });

  onEachEngine(() => {
    test.each([128, 256])('AES-%i: key schedule', (bits) => {
      const counts = withSecrets(TIMES, [bits / 8], (plan, [key]) => [
        'gcmInit',
        plan.room(CONTEXT),
        key!,
        bits / 8,
      ]);
      expectEqual(counts, TIMES);
    });

    test.each([
      [128, 100],
      [256, 1000],
    ])('AES-%i-GCM: key and %i bytes sealed', (bits, length) => {
      let context = '';
      const counts = withSecrets(
        TIMES,
        [bits / 8, length],
        (plan, [, data]) => [
          'gcmSeal',
          context,
          plan.room(12),
          plan.room(16),
          13,
          data!,
          length,
          plan.room(16),
        ],
        (plan, [key]) => {
          context ||= plan.room(CONTEXT);
          plan.call('gcmInit', context, key!, bits / 8);
        },
      );
      expectEqual(counts, TIMES);
    });

    test('AES-128-GCM: key and 100 bytes opened', () => {
      let [context, nonce, tag] = ['', '', ''];
      const counts = withSecrets(
        TIMES,
        [16, 100],
        (_, [, data]) => ['gcmOpen', context, nonce, nonce, 0, data!, 100, tag],
        (plan, [key, data]) => {
          context ||= plan.room(CONTEXT);
          nonce ||= plan.room(12);
          tag ||= plan.room(16);
          plan.call('gcmInit', context, key!, 16);
          plan.call('gcmSeal', context, nonce, nonce, 0, data!, 100, tag);
        },
      );
      expectEqual(counts, TIMES);
    });

    test('AES-128-CCM: key and 100 bytes sealed', () => {
      let key = '';
      const counts = withSecrets(
        TIMES,
        [16, 100],
        (plan, [, data]) => ['ccmSeal', key, plan.room(12), plan.room(16), 13, data!, 100, plan.room(16), 16],
        (plan, [secret]) => {
          key ||= plan.room(CONTEXT);
          plan.call('ccmInit', key, secret!, 16);
        },
      );
      expectEqual(counts, TIMES);
    });

    test('AES-256-CCM_8: key and 100 bytes opened', () => {
      let [key, nonce, tag] = ['', '', ''];
      const counts = withSecrets(
        TIMES,
        [32, 100],
        (_, [, data]) => ['ccmOpen', key, nonce, nonce, 0, data!, 100, tag, 8],
        (plan, [secret, data]) => {
          key ||= plan.room(CONTEXT);
          nonce ||= plan.room(12);
          tag ||= plan.room(16);
          plan.call('ccmInit', key, secret!, 32);
          plan.call('ccmSeal', key, nonce, nonce, 0, data!, 100, tag, 8);
        },
      );
      expectEqual(counts, TIMES);
    });

    test('ChaCha20-Poly1305: key and 300 bytes opened', () => {
      let [nonce, tag] = ['', ''];
      const counts = withSecrets(
        TIMES,
        [32, 300],
        (_, [key, data]) => ['chacha20Poly1305Open', key!, nonce, nonce, 0, data!, 300, tag],
        (plan, [key, data]) => {
          nonce ||= plan.room(12);
          tag ||= plan.room(16);
          plan.call('chacha20Poly1305Seal', key!, nonce, nonce, 0, data!, 300, tag);
        },
      );
      expectEqual(counts, TIMES);
    });

    test('ChaCha20-Poly1305: key and 300 bytes sealed', () => {
      const counts = withSecrets(TIMES, [32, 300], (plan, [key, data]) => [
        ...([
          'chacha20Poly1305Seal',
          key!,
          plan.room(12),
          plan.room(16),
          13,
          data!,
          300,
          plan.room(16),
        ] as const),
      ]);
      expectEqual(counts, TIMES);
    });

    test.each(Object.entries(HashId))('HMAC of %s: key of 32 and data of 200 bytes', (_, id) => {
      const counts = withSecrets(TIMES, [32, 200], (plan, [key, data]) => [
        ...(['hmacDigest', id, key!, 32, data!, 200, plan.room(64)] as const),
      ]);
      expectEqual(counts, TIMES);
    });

    test.each([
      ['tls12Prf', [HashId.sha256], 1],
      ['tls12Prf', [HashId.sha384], 1],
      ['tls10Prf', [], 1],
      // SSL 3.0 has no labels.
      ['ssl3Prf', [], 0],
    ] as const)('%s %o: a master secret', (name, hash, labels) => {
      const counts = withSecrets(TIMES, [48], (plan, [secret]) => {
        const label = labels ? [plan.room(13), 13] : [];
        return [name, ...hash, secret!, 48, ...label, plan.room(64), 64, plan.room(104), 104];
      });
      expectEqual(counts, TIMES);
    });

    test('HMAC_DRBG: seed and output', () => {
      const counts = withSecrets(
        TIMES,
        [48],
        (plan) => ['drbgGenerate', plan.room(100), 100],
        (plan, [seed]) => plan.call('drbgSeed', seed!, 48),
      );
      expectEqual(counts, TIMES);
    });

    test('HKDF: extract and expand-label', () => {
      const extract = withSecrets(TIMES, [32, 32], (plan, [salt, ikm]) => [
        ...(['hkdfExtract', HashId.sha256, salt!, 32, ikm!, 32, plan.room(32)] as const),
      ]);
      expectEqual(extract, TIMES);
      const expand = withSecrets(TIMES, [48], (plan, [secret]) => [
        ...(['hkdfExpandLabel', HashId.sha384, secret!, plan.room(3), 3, 0, 0, plan.room(32), 32] as const),
      ]);
      expectEqual(expand, TIMES);
    });

    test('X25519: scalar and point', () => {
      const counts = withSecrets(FEW, [32, 32], (plan, [scalar, point]) => [
        'x25519',
        plan.room(32),
        scalar!,
        point!,
      ]);
      expectEqual(counts, FEW);
      expectEqual(
        withSecrets(FEW, [32], (plan, [scalar]) => ['x25519Base', plan.room(32), scalar!]),
        FEW,
      );
    });

    test.each([
      [P256, 32],
      [P384, 48],
    ])('elliptic curve %i: agreement and public key', (curve, length) => {
      // A random scalar may exceed the order, one with leading zeros does not; more of them tempt to skip.
      const small = (plan: Plan, [scalar]: string[]) => plan.bytes(scalar!, new Uint8Array(1 + randomInt(4)));
      const times = curve === P256 ? FEW : 4;
      let point = '';
      const agreement = withSecrets(
        times,
        [length],
        (plan, [scalar]) => ['ecdh', curve, plan.room(length), scalar!, point, 2 * length + 1],
        (plan, rooms) => {
          small(plan, rooms);
          point ||= publicPoint(plan, curve, length);
        },
      );
      expectEqual(agreement, times);
      const publicKey = withSecrets(
        times,
        [length],
        (plan, [scalar]) => ['ecPublicKey', curve, plan.room(2 * length + 1), scalar!],
        small,
      );
      expectEqual(publicKey, times);
    });

    function publicPoint(plan: Plan, curve: number, length: number): string {
      const point = plan.room(2 * length + 1);
      plan.call('ecPublicKey', curve, point, plan.given(Uint8Array.from([0, ...randomBytes(length - 1)])));
      return point;
    }

    test.each([
      [P256, 32],
      [P384, 48],
    ])('ECDSA on curve %i: the signing scalar, among signatures of the same encoding', (curve, length) => {
      // How r and s, which are public, are encoded depends on their leading bits alone.
      const seen = new Map<string, number[]>();
      const plan = start();
      const [scalar, out, hashed] = [plan.room(length), plan.room(112), plan.given(digest)];
      for (let i = -1; i < 2 * FEW; i++) {
        plan.bytes(scalar, Uint8Array.from([0, ...randomBytes(length - 1)]));
        let count = 0;
        if (i < 0) plan.call('ecdsaSign', curve, HashId.sha256, hashed, 32, scalar, out);
        else
          plan.countFirst(
            (instructions) => (count = instructions),
            'ecdsaSign',
            curve,
            HashId.sha256,
            hashed,
            32,
            scalar,
            out,
          );
        plan.show(
          (der) => {
            // Length of each, and whether a zero stands before its leading bit.
            const second = 5 + der[3]!;
            const lengths = [der[3], der[4] === 0, der[second], der[second + 1] === 0].join();
            if (i >= 0) seen.set(lengths, [...(seen.get(lengths) ?? []), count]);
          },
          out,
          112,
        );
      }
      runExactly(plan);
      const groups = [...seen.values()];
      expect(Math.max(...groups.map(({ length }) => length))).toBeGreaterThan(2);
      for (const counts of groups) expectEqual(counts, counts.length);
    });

    test('RSA-2048: the signing key, of numbers of equal length', () => {
      const counts = [0, 1, 2].map(() => {
        const jwk = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'jwk' });
        const numbers = (['n', 'e', 'd', 'p', 'q', 'dp', 'dq', 'qi'] as const).map((field) =>
          Buffer.from(jwk[field]!, 'base64url'),
        );
        // One key in some forty has a number that begins with a zero byte, which the encoding leaves out.
        for (const i of [3, 4, 5, 6, 7])
          numbers[i] = Buffer.concat([Buffer.alloc(128 - numbers[i]!.length), numbers[i]!]);
        // Where the heap starts is the same each time: the first run tells.
        let at = 0;
        const probe = start();
        probe.result((address) => (at = address), 'allocate', 4096);
        runExactly(probe);
        const plan = start();
        plan.room(4096);
        const key = new DataView(new ArrayBuffer(64));
        let next = at + 64;
        for (const [i, number] of numbers.entries()) {
          key.setUint32(8 * i, next, true);
          key.setUint32(8 * i + 4, number.length, true);
          plan.bytes(next, number);
          next += number.length;
        }
        plan.bytes(at, new Uint8Array(key.buffer));
        const [hashed, out, check] = [plan.given(digest), plan.room(256), plan.room(256)];
        let [signing, checking] = [0, 0];
        plan.call('rsaSignPkcs1', HashId.sha256, hashed, at, out).expect(256);
        plan.countFirst((count) => (signing = count), 'rsaSignPkcs1', HashId.sha256, hashed, at, out);
        // It ends in raising the signature to e, which is public and divides: not constant-time.
        const [n, e] = [numbers[0]!.length, numbers[1]!.length];
        const raise = ['rsaPublic', check, at + 64, n, at + 64 + n, e, out, 256] as const;
        plan.call(...raise).countFirst((count) => (checking = count), ...raise);
        runExactly(plan);
        return signing - checking;
      });
      expectEqual(counts, 3);
    });
  });
});
