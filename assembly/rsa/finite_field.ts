// Diffie-Hellman in finite fields: the groups of RFC 7919, and those that a server of TLS 1.2 or older brings along.
import { ErrorCode } from "../alert";
import { give, take } from "../heap";
import { powerModulo, TABLE_PER_LIMB } from "./exponent";
import {
  bitLength, enterMontgomery, limbsBelow, limbsFor, negativeInverse, readLimbs, subtractOnce, writeLimbs,
} from "./modular";
import { montgomeryMultiply, wipeMontgomery } from "./montgomery";

/** NamedGroup numbers (RFC 7919 §2). */
export enum FiniteFieldGroup { Ffdhe2048 = 256, Ffdhe3072 = 257, Ffdhe4096 = 258 }

// p of ffdhe4096 (RFC 7919 §A.3), big-endian bytes in little-endian words. All three primes are digits of e between two
// words of ones, so that the smaller ones differ only in their last word but one.
const digits = memory.data<u64>([
  0xffffffffffffffff, 0x9a4abba25854f8ad, 0xf13c3d272056dcaf, 0x95362dce83c5b9d8,
  0xfb3364144136e1a9, 0xf93e9b24ce9d93cc, 0xd8750c6363e32f7d, 0x7a61c4ae02b281f6,
  0x6165fdd5d51edfd3, 0xd06e065f1ff53324, 0xf31aed3d55656385, 0x35c9577f5e1357b5,
  0x778be6e0700c4f98, 0x72e8eff3da89a6e2, 0x35e7ad36a158f11d, 0x7a793a484fcaac30,
  0x61fb24b382b10abc, 0xfbe3c8b24ba908d1, 0x68f4d760b7da6ab9, 0xf44d39dea3424f1d,
  0x19bb7263e7ed56ae, 0x706d0aeec8a7070b, 0xece2f7cde1fc029e, 0x612f3428cd0434c0,
  0xff8385e99cfe7291, 0x8381f2ee32124f8e, 0x73ad6f4c1b3bfec3, 0x520c22ebcfcb53b,
  0xb283167d83f18ec5, 0xfaefb2c1264af3c6, 0xdccf1f6138426b88, 0x5b0319653b5b35de,
  0x38029cf9def434bc, 0x7c9e6d6c96fb461, 0xeef7f791261dd97a, 0x1cd986c1fab08c59,
  0x709213850913feae, 0x447943bc930c13b4, 0xd34dd7e25244fdf4, 0xff4bf5711ee2f264,
  0x9ef69d9cab82ae5c, 0xd3a3622c52b6de8, 0xdaea0d9b9721c5ab, 0x4e48c4d5429abf1d,
  0xefdd53fa6bd0bc0a, 0x7c9dd53fee201b3c, 0xf11e9e662b1de425, 0xfbf44d16c3526f6e,
  0xb65788e5e4e93079, 0x186d9fd6425f7dac, 0x44003551dcf6377, 0x7acc317ea55bf587,
  0x8a31b4ef86c83571, 0x32689e2d011e6aed, 0xc43081910a6007a9, 0x3800ad71f978c76d,
  0x7a8bcb33a3992909, 0x3c0040713db91d1a, 0xcc0a8df9a9ce4e2a, 0xcf7dc9cecd91820a,
  0x6ba4887f5ab5c98e, 0xe18241f451a8b54d, 0x6a5f655e7e008ac6, 0xffffffffffffffff,
]);
/** The last words but one of ffdhe2048 and ffdhe3072. */
const endings = memory.data<u64>([0x975c286138426b88, 0x372ec6662b1de425]);

// @ts-ignore: decorator
@inline
const MIN_BITS = 1024;
// @ts-ignore: decorator
@inline
const MAX_BITS = 4096;

/** Writes the prime of a NamedGroup, big-endian, and returns its length; BadArgument for another group. g is 2. */
export function finiteFieldPrime(group: i32, out: usize): i32 {
  if (group < FiniteFieldGroup.Ffdhe2048 || group > FiniteFieldGroup.Ffdhe4096) return ErrorCode.BadArgument;
  const length = 256 + ((group - FiniteFieldGroup.Ffdhe2048) << 7);
  memory.copy(out, digits, length);
  if (group != FiniteFieldGroup.Ffdhe4096) {
    store<u64>(out + length - 16, load<u64>(endings + ((group - FiniteFieldGroup.Ffdhe2048) << 3)));
    store<u64>(out + length - 8, -1);
  }
  return length;
}

/**
 * Writes base^secret mod p, as long as p without leading zeros, and returns that length: the public key where base is g,
 * the shared secret where it is the peer's key. All numbers are big-endian. IllegalParameter where p is even or not of
 * 1024 to 4096 bits, or base is not in [2, p-2] (RFC 7919 §5.1); whether p is prime and long enough to be safe is the
 * caller's to know. NoMemory. Constant-time in the secret and in the result; p and base are public.
 */
export function finiteFieldPower(
  out: usize, p: usize, pLength: i32, base: usize, baseLength: i32, secret: usize, secretLength: i32,
): i32 {
  const bits = bitLength(p, pLength);
  if (bits < MIN_BITS || bits > MAX_BITS || !(load<u8>(p + pLength - 1) & 1)) return ErrorCode.IllegalParameter;
  if (bitLength(base, baseLength) > bits) return ErrorCode.IllegalParameter;
  const count = limbsFor(bits);
  const row = count << 2;
  const size = 4 * row + TABLE_PER_LIMB * count;
  const area = take(size);
  if (area == 0) return ErrorCode.NoMemory;
  const length = power(out, p, pLength, bits, base, baseLength, secret, secretLength, area, count);
  memory.fill(area, 0, size);
  give(area);
  wipeMontgomery();
  return length;
}

function power(
  out: usize, p: usize, pLength: i32, bits: i32, base: usize, baseLength: i32, secret: usize, secretLength: i32,
  area: usize, count: i32,
): i32 {
  const row = count << 2;
  const modulus = area;
  const number = area + row;
  const one = area + 2 * row;
  const result = area + 3 * row;
  readLimbs(modulus, count, p + pLength - 1, -1, pLength);
  readLimbs(number, count, base + baseLength - 1, -1, baseLength);
  if (!inRange(number, modulus, one, count)) return ErrorCode.IllegalParameter;
  const inverse = negativeInverse(modulus);
  enterMontgomery(number, modulus, bits, count);
  memory.fill(one, 0, row);
  store<u32>(one, 1);
  enterMontgomery(one, modulus, bits, count);
  powerModulo(result, number, secret, secretLength, one, modulus, inverse, count, area + 4 * row);
  memory.fill(one, 0, row);
  store<u32>(one, 1);
  montgomeryMultiply(number, result, one, modulus, inverse, count);
  subtractOnce(number, modulus, count);
  const length = (bits + 7) >> 3;
  writeLimbs(out + length - 1, -1, length, number, count);
  return length;
}

/** 1 where 2 <= number <= n - 2. */
function inRange(number: usize, n: usize, spare: usize, count: i32): i32 {
  memory.fill(spare, 0, count << 2);
  store<u32>(spare, 2);
  if (limbsBelow(number, spare, count)) return 0;
  memory.copy(spare, n, count << 2);
  // n is odd: its lowest bit makes n - 1 without a borrow.
  store<u32>(spare, load<u32>(spare) - 1);
  return limbsBelow(number, spare, count);
}
