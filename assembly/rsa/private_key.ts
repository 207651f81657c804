// RSASP1 by the Chinese remainder theorem (RFC 8017 §5.2.1).
import { ErrorCode } from "../alert";
import { give, take } from "../heap";
import { equalBytes } from "../memory";
import { powerModulo, squareOfR, TABLE_PER_LIMB } from "./exponent";
import { bitLength, limbsFor, negativeInverse, readLimbs, subtractOnce, writeLimbs } from "./modular";
import { montgomeryMultiply, wipeMontgomery } from "./montgomery";
import { RSA_MAX, rsaPublic } from "./public_key";

/** Addresses and lengths of the eight numbers, big-endian, as RFC 8017 §A.1.2 orders them. */
@unmanaged
export class RsaPrivateKey {
  n: usize;
  nLength: i32;
  e: usize;
  eLength: i32;
  d: usize;
  dLength: i32;
  p: usize;
  pLength: i32;
  q: usize;
  qLength: i32;
  dp: usize;
  dpLength: i32;
  dq: usize;
  dqLength: i32;
  qinv: usize;
  qinvLength: i32;
}

/** Bytes of an RsaPrivateKey. */
export const RSA_PRIVATE_KEY: i32 = 64;

const check = memory.data(RSA_MAX, 16);

/**
 * Writes message^d mod n and returns its length, the modulus'. `message` is as long as the modulus and below it.
 * BadPrivateKey where the numbers are no RSA key of 2048 to 4096 bits with two primes of like size, or where the result,
 * raised to e, is not the message: no faulty signature ever leaves. NoMemory.
 *
 * Constant-time in d, the primes and what is computed from them; the lengths of n, p and q in bits are public.
 */
export function rsaPrivate(out: usize, key: usize, message: usize): i32 {
  const k = changetype<RsaPrivateKey>(key);
  const bits = bitLength(k.n, k.nLength);
  const length = (bits + 7) >> 3;
  const pBits = bitLength(k.p, k.pLength);
  const qBits = bitLength(k.q, k.qLength);
  const wide = max(pBits, qBits);
  if (length > RSA_MAX || min(pBits, qBits) < 512 || wide - min(pBits, qBits) > 64) return ErrorCode.BadPrivateKey;
  if (pBits + qBits < bits || pBits + qBits > bits + 1) return ErrorCode.BadPrivateKey;
  if (!(load<u8>(k.p + k.pLength - 1) & load<u8>(k.q + k.qLength - 1) & 1)) return ErrorCode.BadPrivateKey;
  // Bytes of an exponent, a multiple of 16 for the sake of what lies behind it.
  const primeLength = ((wide + 127) >> 7) << 4;
  const count = limbsFor(wide);
  const row = count << 2;
  const size = row * 16 + primeLength + TABLE_PER_LIMB * count;
  const area = take(size);
  if (area == 0) return ErrorCode.NoMemory;
  combinePrimes(out, length, k, message, area, pBits, qBits, primeLength, count);
  memory.fill(area, 0, size);
  give(area);
  wipeMontgomery();

  const checked = rsaPublic(check, k.n, k.nLength, k.e, k.eLength, out, length);
  if (checked == length && equalBytes(check, message, length)) return length;
  memory.fill(out, 0, length);
  return ErrorCode.BadPrivateKey;
}

/** m = m2 + q ((m1 - m2) qInv mod p). */
function combinePrimes(
  out: usize, length: i32, k: RsaPrivateKey, message: usize, area: usize, pBits: i32, qBits: i32, primeLength: i32,
  count: i32,
): void {
  const row = count << 2;
  const p = area;
  const q = area + row;
  const rSquared = area + 2 * row;
  const m1 = area + 3 * row;
  const m2 = area + 4 * row;
  const wideMessage = area + 5 * row;
  const scratch = area + 7 * row;
  const product = area + 11 * row;
  const exponent = area + 16 * row;
  const table = exponent + primeLength;
  readLimbs(wideMessage, 2 * count, message + length - 1, -1, length);

  // m2 first: what p needs then stays in rSquared for the combination.
  readLimbs(q, count, k.q + k.qLength - 1, -1, k.qLength);
  alignRight(exponent, primeLength, k.dq, k.dqLength);
  powerPrime(m2, wideMessage, exponent, primeLength, q, rSquared, qBits, count, scratch, table);
  // Out of Montgomery form: the product with 1.
  memory.fill(scratch, 0, row);
  store<u32>(scratch, 1);
  montgomeryMultiply(scratch + row, m2, scratch, q, negativeInverse(q), count);
  memory.copy(m2, scratch + row, row);
  subtractOnce(m2, q, count);

  readLimbs(p, count, k.p + k.pLength - 1, -1, k.pLength);
  const inverse = negativeInverse(p);
  alignRight(exponent, primeLength, k.dp, k.dpLength);
  powerPrime(m1, wideMessage, exponent, primeLength, p, rSquared, pBits, count, scratch, table);
  subtractOnce(m1, p, count);
  // m1 - m2 in Montgomery form of p, made positive by one p; the product with the plain qInv leaves that form.
  montgomeryMultiply(scratch, m2, rSquared, p, inverse, count);
  subtractOnce(scratch, p, count);
  let carry: i64 = 0;
  for (let i = 0; i < row; i += 4) {
    carry += (load<u32>(m1 + i) as i64) + (load<u32>(p + i) as i64) - (load<u32>(scratch + i) as i64);
    store<u32>(scratch + i, (carry & 0xfffffff) as u32);
    carry >>= 28;
  }
  readLimbs(scratch + row, count, k.qinv + k.qinvLength - 1, -1, k.qinvLength);
  montgomeryMultiply(m1, scratch, scratch + row, p, inverse, count);
  subtractOnce(m1, p, count);
  multiplyAdd(product, m1, q, m2, count);
  writeLimbs(out + length - 1, -1, length, product, 2 * count);
}

/** out = message^exponent in Montgomery form modulo a prime; leaves R^2 mod prime in rSquared. */
function powerPrime(
  out: usize, wideMessage: usize, exponent: usize, exponentLength: i32, prime: usize, rSquared: usize, bits: i32,
  count: i32, scratch: usize, table: usize,
): void {
  const row = count << 2;
  const inverse = negativeInverse(prime);
  const one = scratch + row;
  const base = scratch + 2 * row;
  const high = scratch + 3 * row;
  squareOfR(rSquared, scratch, prime, inverse, bits, count);
  // The message is high · R + low: high R^2 + low R by the products with R^3 and R^2.
  montgomeryMultiply(scratch, rSquared, rSquared, prime, inverse, count);
  montgomeryMultiply(high, wideMessage + row, scratch, prime, inverse, count);
  subtractOnce(high, prime, count);
  montgomeryMultiply(base, wideMessage, rSquared, prime, inverse, count);
  subtractOnce(base, prime, count);
  let carry: u32 = 0;
  for (let i = 0; i < row; i += 4) {
    carry += load<u32>(base + i) + load<u32>(high + i);
    store<u32>(base + i, carry & 0xfffffff);
    carry >>= 28;
  }
  subtractOnce(base, prime, count);
  memory.fill(scratch, 0, row);
  store<u32>(scratch, 1);
  montgomeryMultiply(one, scratch, rSquared, prime, inverse, count);
  powerModulo(out, base, exponent, exponentLength, one, prime, inverse, count, table);
}

/** out = a b + c, of 2 count limbs. Constant-time. */
function multiplyAdd(out: usize, a: usize, b: usize, c: usize, count: i32): void {
  const row = count << 2;
  memory.fill(out, 0, 2 * row);
  memory.copy(out, c, row);
  for (let i = 0; i < row; i += 4) {
    const digit = load<u32>(a + i) as u64;
    let carry: u64 = 0;
    for (let j = 0; j < row; j += 4) {
      carry += digit * (load<u32>(b + j) as u64) + (load<u32>(out + i + j) as u64);
      store<u32>(out + i + j, (carry & 0xfffffff) as u32);
      carry >>= 28;
    }
    store<u32>(out + i + row, carry as u32);
  }
}

/** Copies a big-endian number to exactly `length` bytes; a longer one loses leading bytes, which are zero in a key. */
function alignRight(out: usize, length: i32, number: usize, numberLength: i32): void {
  memory.fill(out, 0, length);
  const taken = min(length, numberLength);
  memory.copy(out + length - taken, number + numberLength - taken, taken);
}
