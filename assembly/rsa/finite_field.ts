// Diffie-Hellman in finite fields: the groups of RFC 7919, and those that a server of TLS 1.2 or older brings along.
import { ErrorCode } from "../alert";
import { give, take } from "../heap";
import { powerModulo, TABLE_PER_LIMB } from "./exponent";
import {
  bitLength, enterMontgomery, limbsBelow, limbsFor, negativeInverse, readLimbs, subtractOnce, writeLimbs,
} from "./modular";
import { montgomeryMultiply, wipeMontgomery } from "./montgomery";

/** NamedGroup numbers (RFC 7919 §2). */
export enum FiniteFieldGroup { Ffdhe2048 = 256, Ffdhe3072 = 257, Ffdhe4096 = 258, Ffdhe6144 = 259, Ffdhe8192 = 260 }

// p of ffdhe8192 (RFC 7919 §A.5), big-endian bytes in little-endian words. All five primes are digits of e between two
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
  0x6ba4887f5ab5c98e, 0xe18241f451a8b54d, 0x2d90d5e7e008ac6, 0x7a6c0345b664fd0b,
  0x3a2a53382c7d674e, 0xa63ef5ca4244ba23, 0xc824769b3254b43b, 0x4cfdc0b164dd7b91,
  0x3a1c704c338c8eb3, 0x71eccffc5706adcd, 0x1f04464e3e5c1f9b, 0x77b4fd4cfb478138,
  0x1069a9a9f77124a5, 0xd84063db2e3255b8, 0xe311053592f00ea0, 0x6ea2e3f9ffc1be0a,
  0xc32330188c9fb27f, 0xb4d97700da387e58, 0xc1bbb2944b4e3e76, 0x92f9ca771e65c694,
  0xf61b282a23c0aaee, 0x82166122c139a7b3, 0xbe7ca64758dbe80a, 0x8c532d461b09c9f9,
  0x5e7fe76a74032bd7, 0x46a86215312c2962, 0x8a3354b82dc85d50, 0x17915bc935529fe4,
  0x3f4cecad52dcf8c, 0x42b27c610189dec, 0xd6806bdcf9713b5b, 0x691edb9a8e4add3f,
  0xc16131d42695a662, 0xd4da38790d571da4, 0xaa6af4cf9c320ea4, 0x38c800f64c00ad36,
  0x64ae51d9315a421e, 0x439d50c9ce3fb2fd, 0x5eccd1ed69eb7f68, 0xef104bf6bdc38c0b,
  0x2988aba34231b686, 0x6526937c742f5b55, 0x2d71bc01c0f2ccb, 0xe405afd239883829,
  0x8282758bc74a5054, 0x5c5fc335bac04628, 0x5182fd46c00c1659, 0x22b0869c8cc61f54,
  0x740e466a879970bb, 0xee3f700931a9a851, 0x2ce526386c7e211c, 0xfc3c420e1e69aa51,
  0x7b21c15016e3e999, 0xf9959aadcd164862, 0xa0c0d9889401b8d5, 0x31e277a57530fea1,
  0x57a42f3f4a1df883, 0xe84f8abae08cfc1e, 0x6ea6b072fe5d85b6, 0x308ae5fbabfbd2de,
  0x7ea8715d1cbefafa, 0xfe86fec1f81e742f, 0xd7f6730e5fdbba6, 0x3d44a8f7491dd197,
  0x4e61f4a906e52208, 0x8cf88f83942a1e01, 0x4c42c6c5b78b8cd6, 0xffffffffffffffff,
]);
/** The last words but one of ffdhe2048, ffdhe3072, ffdhe4096, ffdhe6144. */
const endings = memory.data<u64>([0x975c286138426b88, 0x372ec6662b1de425, 0x6a5f655e7e008ac6, 0x650ee4d09c320ea4]);

// @ts-ignore: decorator
@inline
const MIN_BITS = 1024;
// @ts-ignore: decorator
@inline
const MAX_BITS = 8192;

/** Writes the prime of a NamedGroup, big-endian, and returns its length; BadArgument for another group. g is 2. */
export function finiteFieldPrime(group: i32, out: usize): i32 {
  if (group < FiniteFieldGroup.Ffdhe2048 || group > FiniteFieldGroup.Ffdhe8192) return ErrorCode.BadArgument;
  const place = group - FiniteFieldGroup.Ffdhe2048;
  // 2, 3, 4, 6 and 8 times 1024 bits.
  const length = (2 + place + (place > 2 ? place - 2 : 0)) << 7;
  memory.copy(out, digits, length);
  if (group != FiniteFieldGroup.Ffdhe8192) {
    store<u64>(out + length - 16, load<u64>(endings + (place << 3)));
    store<u64>(out + length - 8, -1);
  }
  return length;
}

/**
 * Writes base^secret mod p, as long as p without leading zeros, and returns that length: the public key where base is g,
 * the shared secret where it is the peer's key. All numbers are big-endian. IllegalParameter where p is even or not of
 * 1024 to 8192 bits, or base is not in [2, p-2] (RFC 7919 §5.1); whether p is prime and long enough to be safe is the
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
