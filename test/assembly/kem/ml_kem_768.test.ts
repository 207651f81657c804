// ML-KEM-768 beside its readable twin and beside @noble/post-quantum: keys, ciphertexts and secrets, good and bad.
import { createHash, randomBytes } from 'node:crypto';
import { ml_kem768 } from '@noble/post-quantum/ml-kem.js';
import { describe, expect, test } from 'vitest';
import { ErrorCode } from '../../../assembly/alert.js';
import { type Bench, hex, programs } from '../programs.js';
import { compress, decapsulate, encapsulate, keyPair } from './twin.js';

const [KEY, PRIVATE_KEY, CIPHERTEXT, SECRET] = [1184, 2400, 1088, 32];

class Kem {
  constructor(readonly bench: Bench) {}

  keyPair(seed: Uint8Array) {
    const [key, privateKey] = [this.bench.room(KEY), this.bench.room(PRIVATE_KEY)];
    expect(this.bench.exports.mlKemKeyPair?.(key, privateKey, this.bench.put(seed))).toBe(0);
    return this.#give({ key: [key, KEY], privateKey: [privateKey, PRIVATE_KEY] });
  }

  encapsulate(publicKey: Uint8Array, message: Uint8Array) {
    const [ciphertext, secret] = [this.bench.room(CIPHERTEXT), this.bench.room(SECRET)];
    const { bench } = this;
    const code = bench.exports.mlKemEncapsulate?.(
      ciphertext,
      secret,
      bench.put(publicKey),
      bench.put(message),
    );
    return { code, ...this.#give({ ciphertext: [ciphertext, CIPHERTEXT], secret: [secret, SECRET] }) };
  }

  decapsulate(privateKey: Uint8Array, ciphertext: Uint8Array) {
    const secret = this.bench.room(SECRET);
    const { bench } = this;
    expect(bench.exports.mlKemDecapsulate?.(secret, bench.put(privateKey), bench.put(ciphertext))).toBe(0);
    return this.#give({ secret: [secret, SECRET] }).secret;
  }

  #give<T extends Record<string, [number, number]>>(places: T): Record<keyof T, Uint8Array> {
    const entries = Object.entries(places).map(([name, place]) => [name, this.bench.get(...place)]);
    this.bench.free();
    return Object.fromEntries(entries);
  }
}

test('the twin and @noble/post-quantum agree', () => {
  const [seed, message] = [randomBytes(64), randomBytes(32)];
  const noble = ml_kem768.keygen(seed);
  const twin = keyPair(seed);
  expect(hex(twin.key)).toBe(hex(noble.publicKey));
  expect(hex(twin.privateKey)).toBe(hex(noble.secretKey));
  const { cipherText, sharedSecret } = ml_kem768.encapsulate(noble.publicKey, message);
  const mine = encapsulate(twin.key, message);
  expect(hex(mine.ciphertext)).toBe(hex(cipherText));
  expect(hex(mine.secret)).toBe(hex(sharedSecret));
  expect(hex(decapsulate(twin.privateKey, cipherText))).toBe(hex(sharedSecret));
});

test('rounding without a division rounds as the definition does, for every coefficient', () => {
  for (let x = 0; x < 3329; x++) {
    expect(Number((BigInt((x << 10) + 1665) * 1290167n) >> 32n) & 1023).toBe(compress(10, x));
    expect((Math.imul((x << 4) + 1665, 80635) >>> 28) & 15).toBe(compress(4, x));
    expect((Math.imul((x << 1) + 1665, 80635) >>> 28) & 1).toBe(compress(1, x));
  }
});

describe.each(await programs('primitives'))('ML-KEM-768 on %s', (engine, bench) => {
  const kem = new Kem(bench);
  const times = engine === 'V8' ? 40 : 4;

  test('keys, ciphertexts and secrets are those of others', () => {
    for (let i = 0; i < times; i++) {
      const seed = createHash('sha512').update(`seed ${i}`).digest();
      const message = createHash('sha256').update(`message ${i}`).digest();
      const noble = ml_kem768.keygen(seed);
      const { key, privateKey } = kem.keyPair(seed);
      expect(hex(key)).toBe(hex(noble.publicKey));
      expect(hex(privateKey)).toBe(hex(noble.secretKey));
      const expected = ml_kem768.encapsulate(key, message);
      const { code, ciphertext, secret } = kem.encapsulate(key, message);
      expect(code).toBe(0);
      expect(hex(ciphertext)).toBe(hex(expected.cipherText));
      expect(hex(secret)).toBe(hex(expected.sharedSecret));
      expect(hex(kem.decapsulate(privateKey, ciphertext))).toBe(hex(secret));
    }
  });

  test('a bent ciphertext gives the secret of the rejection, whichever bit it is', () => {
    const seed = createHash('sha512').update('bent').digest();
    const { key, privateKey } = kem.keyPair(seed);
    const { ciphertext, secret } = kem.encapsulate(key, seed.subarray(0, 32));
    for (const bit of [0, 7, 2559, 7680, 8703]) {
      const bent = ciphertext.slice();
      bent[bit >> 3] = (bent[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      const found = hex(kem.decapsulate(privateKey, bent));
      expect(found).not.toBe(hex(secret));
      expect(found).toBe(hex(ml_kem768.decapsulate(bent, privateKey)));
    }
    const noise = createHash('shake256', { outputLength: CIPHERTEXT }).update('noise').digest();
    expect(hex(kem.decapsulate(privateKey, noise))).toBe(hex(decapsulate(privateKey, noise)));
  });

  test('a key with a coefficient that is none is refused (FIPS 203 §7.2)', () => {
    const { key } = kem.keyPair(createHash('sha512').update('key').digest());
    for (const at of [0, 1, 767]) {
      const bent = key.slice();
      const byte = 3 * (at >> 1);
      // 3329 itself, the least that is too much.
      if (at % 2 === 0) [bent[byte], bent[byte + 1]] = [0x01, ((bent[byte + 1] ?? 0) & 0xf0) | 0x0d];
      else [bent[byte + 1], bent[byte + 2]] = [((bent[byte + 1] ?? 0) & 0x0f) | 0x10, 0xd0];
      expect(kem.encapsulate(bent, new Uint8Array(32)).code, `coefficient ${at}`).toBe(ErrorCode.BadKeyShare);
    }
  });

  test('nothing secret is left in the memory of the program', () => {
    const seed = createHash('sha512').update('left behind').digest();
    const { key, privateKey } = kem.keyPair(seed);
    const { ciphertext, secret } = kem.encapsulate(key, seed.subarray(0, 32));
    kem.decapsulate(privateKey, ciphertext);
    const memory = Buffer.from(bench.program.memory());
    for (const part of [
      seed,
      seed.subarray(32),
      privateKey.subarray(0, 32),
      secret,
      ciphertext.subarray(0, 32),
    ])
      expect(memory.includes(Buffer.from(part))).toBe(false);
  });
});
