// ML-KEM-768 as FIPS 203 writes it, to be read beside it: plain numbers, true divisions, nothing saved.
import { createHash } from 'node:crypto';

const q = 3329;
const k = 3;
const n = 256;
export type Polynomial = number[];

const shake = (bits: 128 | 256, length: number, ...parts: Uint8Array[]) =>
  createHash(`shake${bits}`, { outputLength: length }).update(Buffer.concat(parts)).digest();
const sha3 = (bits: 256 | 512, ...parts: Uint8Array[]) =>
  createHash(`sha3-${bits}`).update(Buffer.concat(parts)).digest();

const mod = (x: number) => ((x % q) + q) % q;
const reversed = (i: number) =>
  Number.parseInt(i.toString(2).padStart(7, '0').split('').reverse().join(''), 2);

function power(base: number, exponent: number): number {
  let result = 1;
  for (let i = 0; i < exponent; i++) result = mod(result * base);
  return result;
}
const zetas = Array.from({ length: 128 }, (_, i) => power(17, reversed(i)));
const gammas = Array.from({ length: 128 }, (_, i) => power(17, 2 * reversed(i) + 1));

const at = (f: Polynomial, i: number): number => f[i] ?? 0;

/** Algorithm 9. */
export function ntt(f: Polynomial): Polynomial {
  const result = [...f];
  let i = 1;
  for (let length = 128; length >= 2; length /= 2) {
    for (let start = 0; start < n; start += 2 * length) {
      const zeta = at(zetas, i++);
      for (let j = start; j < start + length; j++) {
        const t = mod(zeta * at(result, j + length));
        result[j + length] = mod(at(result, j) - t);
        result[j] = mod(at(result, j) + t);
      }
    }
  }
  return result;
}

/** Algorithm 10. */
export function inverseNtt(f: Polynomial): Polynomial {
  const result = [...f];
  let i = 127;
  for (let length = 2; length <= 128; length *= 2) {
    for (let start = 0; start < n; start += 2 * length) {
      const zeta = at(zetas, i--);
      for (let j = start; j < start + length; j++) {
        const t = at(result, j);
        result[j] = mod(t + at(result, j + length));
        result[j + length] = mod(zeta * (at(result, j + length) - t));
      }
    }
  }
  return result.map((x) => mod(x * 3303));
}

/** Algorithms 11 and 12. */
export const multiply = (f: Polynomial, g: Polynomial): Polynomial =>
  gammas.flatMap((gamma, i) => {
    const [a0, a1, b0, b1] = [at(f, 2 * i), at(f, 2 * i + 1), at(g, 2 * i), at(g, 2 * i + 1)];
    return [mod(a0 * b0 + mod(a1 * b1) * gamma), mod(a0 * b1 + a1 * b0)];
  });

const sum = (f: Polynomial, g: Polynomial) => f.map((x, i) => mod(x + at(g, i)));
const dot = (f: Polynomial[], g: Polynomial[]) =>
  f.map((x, i) => multiply(x, g[i] ?? [])).reduce(sum, new Array<number>(n).fill(0));

/** Algorithm 5, as one large number of bits. */
export function byteEncode(bits: number, f: Polynomial): Buffer {
  const text = f.map((x) => x.toString(2).padStart(bits, '0').split('').reverse().join('')).join('');
  return Buffer.from(
    (text.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte.split('').reverse().join(''), 2)),
  );
}

export function byteDecode(bits: number, bytes: Uint8Array): Polynomial {
  const text = [...bytes]
    .map((byte) => byte.toString(2).padStart(8, '0').split('').reverse().join(''))
    .join('');
  return (text.match(new RegExp(`.{${bits}}`, 'g')) ?? []).map((part) =>
    Number.parseInt(part.split('').reverse().join(''), 2),
  );
}

/** Equations 4.7 and 4.8; halves round up. */
export const compress = (bits: number, x: number) => Math.floor((x * 2 ** bits) / q + 0.5) % 2 ** bits;
export const decompress = (bits: number, y: number) => Math.floor((y * q) / 2 ** bits + 0.5);

/** Algorithm 7. */
export function sampleUniform(seed: Uint8Array, row: number, column: number): Polynomial {
  const bytes = shake(128, 4096, seed, Uint8Array.of(column, row));
  const candidates = byteDecode(12, bytes);
  return candidates.filter((x) => x < q).slice(0, n);
}

/** Algorithm 8 with η = 2. */
export function sampleBinomial(seed: Uint8Array, number: number): Polynomial {
  const bits = byteDecode(1, shake(256, 128, seed, Uint8Array.of(number)));
  return Array.from({ length: n }, (_, i) =>
    mod(at(bits, 4 * i) + at(bits, 4 * i + 1) - at(bits, 4 * i + 2) - at(bits, 4 * i + 3)),
  );
}

const three = <T>(make: (i: number) => T): T[] => Array.from({ length: k }, (_, i) => make(i));
const parts = (bytes: Uint8Array, length: number) =>
  three((i) => bytes.subarray(length * i, length * i + length));

/** Algorithm 16: d and z in, ek and dk out. */
export function keyPair(seed: Uint8Array): { key: Buffer; privateKey: Buffer } {
  const [d, z] = [seed.subarray(0, 32), seed.subarray(32)];
  const g = sha3(512, d, Uint8Array.of(k));
  const [rho, sigma] = [g.subarray(0, 32), g.subarray(32)];
  const s = three((i) => ntt(sampleBinomial(sigma, i)));
  const t = three((i) => {
    const row = three((j) => sampleUniform(rho, i, j));
    return sum(dot(row, s), ntt(sampleBinomial(sigma, k + i)));
  });
  const key = Buffer.concat([...t.map((f) => byteEncode(12, f)), rho]);
  const privateKey = Buffer.concat([...s.map((f) => byteEncode(12, f)), key, sha3(256, key), z]);
  return { key, privateKey };
}

/** Algorithm 14. */
function encrypt(key: Uint8Array, message: Uint8Array, coins: Uint8Array): Buffer {
  const t = parts(key, 384).map((bytes) => byteDecode(12, bytes));
  const rho = key.subarray(k * 384);
  const y = three((i) => ntt(sampleBinomial(coins, i)));
  const u = three((i) => {
    const column = three((j) => sampleUniform(rho, j, i));
    return sum(inverseNtt(dot(column, y)), sampleBinomial(coins, k + i));
  });
  const mu = byteDecode(1, message).map((bit) => decompress(1, bit));
  const v = sum(sum(inverseNtt(dot(t, y)), sampleBinomial(coins, 2 * k)), mu);
  const encoded = (bits: number, f: Polynomial) =>
    byteEncode(
      bits,
      f.map((x) => compress(bits, x)),
    );
  return Buffer.concat([...u.map((f) => encoded(10, f)), encoded(4, v)]);
}

/** Algorithm 17. */
export function encapsulate(key: Uint8Array, message: Uint8Array): { ciphertext: Buffer; secret: Buffer } {
  const g = sha3(512, message, sha3(256, key));
  return { ciphertext: encrypt(key, message, g.subarray(32)), secret: g.subarray(0, 32) };
}

/** Algorithm 18. */
export function decapsulate(privateKey: Uint8Array, ciphertext: Uint8Array): Buffer {
  const s = parts(privateKey, 384).map((bytes) => byteDecode(12, bytes));
  const key = privateKey.subarray(1152, 2336);
  const [hash, z] = [privateKey.subarray(2336, 2368), privateKey.subarray(2368)];
  const decoded = (bits: number, bytes: Uint8Array) =>
    byteDecode(bits, bytes).map((y) => decompress(bits, y));
  const u = parts(ciphertext, 320).map((bytes) => ntt(decoded(10, bytes)));
  const v = decoded(4, ciphertext.subarray(960));
  const w = sum(
    v,
    inverseNtt(dot(s, u)).map((x) => q - x),
  );
  const message = byteEncode(
    1,
    w.map((x) => compress(1, x)),
  );
  const g = sha3(512, message, hash);
  const again = encrypt(key, message, g.subarray(32));
  return again.equals(ciphertext) ? g.subarray(0, 32) : shake(256, 32, z, ciphertext);
}
