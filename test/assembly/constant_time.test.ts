// Counts the instructions that the emulated board executes: they must be the same for many random secrets. Equal counts show
// that no branch and no division depends on a secret; addresses they don't show, and the code has no tables for them.
import { createCipheriv, createHmac, randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { Plan, runPlan } from '../../boards/bench/plan.mjs';
import { findBoard, missingTools } from '../../boards/parts/firmware.mjs';
import { type Bench, programs } from './programs.js';
import { rsaKey } from './rsa/keys.js';

const board = await findBoard('mps2-an500');
const program =
  process.env.DEPUTY_PRIMITIVES ?? fileURLToPath(new URL('../../build/primitives.wasm', import.meta.url));
// Compiler and emulator of a board are heavy: node test/setup/packages.mjs --boards installs them.
const absent = missingTools(board);
const skipped = absent ? ` (skipped: ${absent})` : '';
const [[, v8]] = (await programs('primitives')) as [[string, Bench]];

const SECRETS = 12;
/** The board's timer ticks every so many instructions. */
const TICK = 40;

/** Lays out a call for the first secret; gives the arguments and how to exchange the secret for another. */
type Prepare = (plan: Plan) => { args: (number | string)[]; next: (plan: Plan, number: number) => void };

/** Instructions of a call for each of `secrets` secrets, after one that makes wasm3 compile what it needs. */
function counts(name: string, prepare: Prepare, secrets = SECRETS): number[] {
  const found: number[] = [];
  const plan = new Plan().program(program);
  const { args, next } = prepare(plan);
  plan.call(name, ...args);
  for (let i = 0; i < secrets; i++) {
    next(plan, i);
    plan.countFirst((count) => found.push(count), name, ...args);
  }
  runPlan(board, plan);
  return found;
}

const spread = (found: number[]) => Math.max(...found) - Math.min(...found);

/** A call whose arguments are areas of random bytes, which change each time, and numbers. */
const fresh =
  (args: (number | Uint8Array | { secret: number } | { room: number })[]): Prepare =>
  (plan) => {
    const secrets: [string, number][] = [];
    const placed = args.map((arg) => {
      if (typeof arg === 'number') return arg;
      if ('room' in arg) return plan.room(arg.room);
      if (!('secret' in arg)) return given(plan, arg);
      const room = given(plan, randomBytes(arg.secret));
      secrets.push([room, arg.secret]);
      return room;
    });
    const next = (plan: Plan) => {
      for (const [room, length] of secrets) plan.bytes(room, randomBytes(length));
    };
    return { args: placed, next };
  };

function given(plan: Plan, bytes: Uint8Array): string {
  const room = plan.room(bytes.length);
  plan.bytes(room, bytes);
  return room;
}

const secret = (length: number) => ({ secret: length });
const room = (length: number) => ({ room: length });
const label = new TextEncoder().encode('key expansion');
// Below both curves' orders, whatever the other bytes are.
const scalar = (length: number) => Uint8Array.of(0x7f, ...randomBytes(length - 1));

function publicPoint(curve: number, length: number): Uint8Array {
  const out = v8.room(97);
  const size = v8.exports.ecPublicKey!(curve, out, v8.put(scalar(length)));
  const point = v8.get(out, size);
  v8.free();
  return point;
}

/** A call with one secret scalar among its arguments. */
const scalarCall =
  (length: number, args: (scalar: string, plan: Plan) => (number | string)[]): Prepare =>
  (plan) => {
    const at = given(plan, scalar(length));
    const next = (plan: Plan) => plan.bytes(at, scalar(length));
    return { args: args(at, plan), next: (plan) => void next(plan) };
  };

const simple: [string, string, Prepare][] = [
  ['HMAC-SHA-256', 'hmacDigest', fresh([4, secret(32), 32, secret(200), 200, room(64)])],
  ['HMAC-SHA-384', 'hmacDigest', fresh([5, secret(48), 48, secret(200), 200, room(64)])],
  ['HMAC-SHA-1', 'hmacDigest', fresh([2, secret(20), 20, secret(200), 200, room(64)])],
  ['HMAC-MD5', 'hmacDigest', fresh([1, secret(16), 16, secret(200), 200, room(64)])],
  ['TLS 1.2 PRF', 'tls12Prf', fresh([4, secret(48), 48, label, 13, randomBytes(64), 64, room(104), 104])],
  ['TLS 1.0 PRF', 'tls10Prf', fresh([secret(48), 48, label, 13, randomBytes(64), 64, room(104), 104])],
  ['SSL 3.0 PRF', 'ssl3Prf', fresh([secret(48), 48, randomBytes(64), 64, room(104), 104])],
  ['HKDF-Expand-Label', 'hkdfExpandLabel', fresh([4, secret(32), label, 3, 0, 0, room(16), 16])],
  ['AES-128 key', 'aesExpandKey', fresh([room(1000), secret(16), 16])],
  ['AES-256 key', 'aesExpandKey', fresh([room(1000), secret(32), 32])],
  ['AES-128-GCM key', 'gcmInit', fresh([room(1500), secret(16), 16])],
  [
    'ChaCha20-Poly1305 seal',
    'chacha20Poly1305Seal',
    fresh([secret(32), secret(12), secret(13), 13, secret(300), 300, room(16)]),
  ],
  ['X25519', 'x25519', fresh([room(32), secret(32), publicPoint(29, 32)])],
  ['X25519 public key', 'x25519Base', fresh([room(32), secret(32)])],
  ['P-256 public key', 'ecPublicKey', scalarCall(32, (at, plan) => [23, plan.room(65), at])],
  ['P-384 public key', 'ecPublicKey', scalarCall(48, (at, plan) => [24, plan.room(97), at])],
  [
    'P-256 ECDH',
    'ecdh',
    scalarCall(32, (at, plan) => [23, plan.room(32), at, given(plan, publicPoint(23, 32)), 65]),
  ],
  [
    'P-384 ECDH',
    'ecdh',
    scalarCall(48, (at, plan) => [24, plan.room(48), at, given(plan, publicPoint(24, 48)), 97]),
  ],
];

/** A call on an expanded AES key: the key, what the call takes besides, and the data all change. */
const keyed =
  (init: string, keyLength: number, args: (number | { secret: number } | { room: number })[]): Prepare =>
  (plan) => {
    const context = plan.room(1500);
    const key = given(plan, randomBytes(keyLength));
    const rest = fresh(args)(plan);
    const expand = (plan: Plan) => plan.call(init, context, key, keyLength);
    expand(plan);
    const next = (plan: Plan, number: number) => {
      plan.bytes(key, randomBytes(keyLength));
      expand(plan);
      rest.next(plan, number);
    };
    return { args: [context, ...rest.args], next };
  };

for (const bits of [128, 256]) {
  const size = bits / 8;
  const seal = [secret(12), secret(13), 13, secret(400), 400, room(16)];
  simple.push(
    [`AES-${bits}-GCM seal`, 'gcmSeal', keyed('gcmInit', size, seal)],
    [`AES-${bits}-CCM seal`, 'ccmSeal', keyed('aesExpandKey', size, [...seal, 16])],
    [`AES-${bits}-CBC encrypt`, 'aesCbcEncrypt', keyed('aesExpandKey', size, [secret(16), secret(160), 160])],
    [`AES-${bits}-CBC decrypt`, 'aesCbcDecrypt', keyed('aesExpandKey', size, [secret(176), 160])],
  );
}

describe.skipIf(absent)(`Equal instructions on the emulated board${skipped}`, { timeout: 300_000 }, () => {
  test.each(simple)('%s', (_, name, prepare) => {
    expect(spread(counts(name, prepare))).toBeLessThanOrEqual(TICK);
  });

  // Same modulus for all: what its divisions cost, n decides. The messages are below n by their first byte.
  const raised = (name: string) => {
    const [n, e] = rsaKey(2048).numbers;
    return counts(name, (plan) => {
      const input = given(plan, new Uint8Array(256).fill(1));
      const args = [plan.room(256), given(plan, n!), 256, given(plan, e!), e!.length, input, 256];
      return { args, next: (plan) => void plan.bytes(input, Uint8Array.of(0, 2, ...randomBytes(254))) };
    });
  };

  test('RSA encryption', () => {
    expect(spread(raised('rsaPublicOfSecret'))).toBeLessThanOrEqual(TICK);
    // The faster way for public numbers divides them: this is what a difference looks like.
    expect(spread(raised('rsaPublic'))).toBeGreaterThan(TICK);
  });

  test('finite-field Diffie-Hellman', () => {
    const prime = v8.room(256);
    v8.exports.finiteFieldPrime!(256, prime);
    const p = v8.get(prime, 256);
    v8.free();
    const base = Uint8Array.of(2);
    const found = counts('finiteFieldPower', fresh([room(256), p, 256, base, 1, secret(32), 32]), 4);
    expect(spread(found)).toBeLessThanOrEqual(TICK);
  });

  // Records of one length whose padding is 0 to 255 bytes beyond the least, so that the plaintexts differ in length.
  test.each([
    ['HMAC-SHA-1', 0xc013, 'sha1', 20],
    ['HMAC-SHA-256', 0xc027, 'sha256', 32],
  ])('AES-128-CBC + %s open, whatever the padding', (_, suite, hash, macLength) => {
    const [key, iv, macKey] = [randomBytes(16), randomBytes(16), randomBytes(macLength)];
    const body = 640;
    const record = (sequence: number, padding: number) => {
      const data = randomBytes(body - macLength - 1 - padding);
      const header = Buffer.alloc(13);
      header.writeUInt32BE(sequence, 4);
      header.set([23, 3, 3], 8);
      header.writeUInt16BE(data.length, 11);
      const mac = createHmac(hash, macKey).update(header).update(data).digest();
      const cipher = createCipheriv('aes-128-cbc', key, iv).setAutoPadding(false);
      const plain = Buffer.concat([data, mac, Buffer.alloc(padding + 1, padding)]);
      const fragment = Buffer.concat([iv, cipher.update(plain), cipher.final()]);
      return Buffer.concat([Uint8Array.of(23, 3, 3, fragment.length >> 8, fragment.length & 255), fragment]);
    };
    const paddings = [0, 1, 15, 16, 31, 63, 64, 100, 128, 200, 254, 255];
    const found = counts(
      'openRecord',
      (plan) => {
        const context = plan.room(4096);
        const at = given(plan, record(0, 7));
        const keys = [key, iv, macKey].map((bytes) => given(plan, bytes));
        plan.call('protectionInit', context, suite, 0x0303, ...keys, 0).expect(0);
        const next = (plan: Plan, number: number) => {
          plan.expect(body - macLength - 1 - (number === 0 ? 7 : paddings[number - 1]!));
          plan.bytes(at, record(number + 1, paddings[number]!));
        };
        return { args: [context, at, body + 21], next };
      },
      paddings.length,
    );
    expect(spread(found)).toBeLessThanOrEqual(TICK);
  });
});
