// RSA keys for the tests, made by node:crypto and laid out as the program wants them.
import { createHash, generateKeyPairSync, type KeyObject } from 'node:crypto';
import type { Bench } from '../programs.js';

export const hashIds = { md5: 1, sha1: 2, sha256: 4, sha384: 5, sha512: 6 } as const;
export type Hash = keyof typeof hashIds;
export const digestOf = (hash: Hash, message: Uint8Array | string) =>
  new Uint8Array(createHash(hash).update(message).digest());

/** n, e, d, p, q, dp, dq, qi: RFC 8017 §A.1.2's order. */
export type Numbers = Uint8Array[];

export interface Key {
  privateKey: KeyObject;
  publicKey: KeyObject;
  numbers: Numbers;
}

const made = new Map<string, Key>();

/** A key of so many bits; the same one each time. */
export function rsaKey(modulusLength: number, publicExponent = 65537): Key {
  const name = `${modulusLength} ${publicExponent}`;
  let key = made.get(name);
  if (!key) {
    const pair = generateKeyPairSync('rsa', { modulusLength, publicExponent });
    const jwk = pair.privateKey.export({ format: 'jwk' }) as Record<string, string>;
    const numbers = ['n', 'e', 'd', 'p', 'q', 'dp', 'dq', 'qi'].map(
      (field) => new Uint8Array(Buffer.from(jwk[field]!, 'base64url')),
    );
    key = { ...pair, numbers };
    made.set(name, key);
  }
  return key;
}

/** Lays out an RsaPrivateKey: eight pairs of address and length. */
export function putKey(bench: Bench, numbers: Numbers): number {
  const pairs = new DataView(new ArrayBuffer(64));
  for (const [i, number] of numbers.entries()) {
    pairs.setUint32(8 * i, bench.put(number), true);
    pairs.setUint32(8 * i + 4, number.length, true);
  }
  return bench.put(new Uint8Array(pairs.buffer));
}

/** Calls one of the two verifications. */
export function verify(
  bench: Bench,
  name: 'rsaVerifyPkcs1' | 'rsaVerifyPss',
  hashId: number,
  digest: Uint8Array,
  [n, e]: Numbers,
  signature: Uint8Array,
): number {
  const code = bench.exports[name]!(
    hashId,
    bench.put(digest),
    bench.put(n!),
    n!.length,
    bench.put(e!),
    e!.length,
    bench.put(signature),
    signature.length,
  );
  bench.free();
  return code;
}

/** Calls one of the two signings. */
export function signWith(
  bench: Bench,
  name: 'rsaSignPkcs1' | 'rsaSignPss',
  hashId: number,
  digest: Uint8Array,
  numbers: Numbers,
) {
  const out = bench.room(512);
  const code = bench.exports[name]!(hashId, bench.put(digest), putKey(bench, numbers), out);
  const signature = bench.get(out, Math.max(0, code));
  bench.free();
  return { code, signature };
}

export const toBigInt = (bytes: Uint8Array) => BigInt(`0x0${Buffer.from(bytes).toString('hex')}`);
export const toBytes = (value: bigint, length: number) =>
  new Uint8Array(Buffer.from(value.toString(16).padStart(2 * length, '0'), 'hex'));

/** The readable twin of all RSA: base^exponent mod n. */
export function power(base: bigint, exponent: bigint, n: bigint): bigint {
  let result = 1n;
  for (base %= n; exponent > 0n; exponent >>= 1n) {
    if (exponent & 1n) result = (result * base) % n;
    base = (base * base) % n;
  }
  return result;
}
