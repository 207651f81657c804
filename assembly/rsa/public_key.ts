// RSAEP and RSAVP1 (RFC 8017 §5.1.1, §5.2.2): s^e mod n.
import { ErrorCode } from "../alert";
import {
  bitLength, enterMontgomery, limbsBelow, limbsFor, negativeInverse, readLimbs, subtractOnce, writeLimbs,
} from "./modular";
import { LIMBS_4096, montgomeryMultiply, montgomerySquare, wipeMontgomery } from "./montgomery";

/** Longest modulus in bytes. */
export const RSA_MAX: i32 = 512;
// @ts-ignore: decorator
@inline
const MIN_BITS = 1024; // what is too short for today is said where keys are read
// @ts-ignore: decorator
@inline
const MAX_BITS = 4096;
// @ts-ignore: decorator
@inline
const ROW = LIMBS_4096 * 4;

const modulus = memory.data(ROW, 16);
const number = memory.data(ROW, 16);
const power = memory.data(ROW, 16);
const accumulator = memory.data(ROW, 16);
const other = memory.data(ROW, 16);

/**
 * Writes input^e mod n, as long as the modulus, and returns that length. All numbers are big-endian; leading zeros of n
 * and e are skipped. CertificateKey for a modulus that is even or not of 1024 to 4096 bits, or an exponent that is even
 * or outside [3, 2^33); BadSignature for an input not as long as the modulus or not below it.
 *
 * For a signature, which is public: time depends on it.
 */
export function rsaPublic(
  out: usize, n: usize, nLength: i32, e: usize, eLength: i32, input: usize, inputLength: i32,
): i32 {
  return raise(out, n, nLength, e, eLength, input, inputLength, 0);
}

/** As `rsaPublic`, and constant-time in the input. Leaves nothing of it behind. */
export function rsaPublicOfSecret(
  out: usize, n: usize, nLength: i32, e: usize, eLength: i32, input: usize, inputLength: i32,
): i32 {
  const length = raise(out, n, nLength, e, eLength, input, inputLength, 1);
  memory.fill(number, 0, ROW);
  memory.fill(power, 0, ROW);
  memory.fill(accumulator, 0, ROW);
  memory.fill(other, 0, ROW);
  wipeMontgomery();
  return length;
}

function raise(
  out: usize, n: usize, nLength: i32, e: usize, eLength: i32, input: usize, inputLength: i32, secret: i32,
): i32 {
  const bits = bitLength(n, nLength);
  if (bits < MIN_BITS || bits > MAX_BITS || !(load<u8>(n + nLength - 1) & 1)) return ErrorCode.CertificateKey;
  const exponent = readExponent(e, eLength);
  if (exponent == 0) return ErrorCode.CertificateKey;
  const length = (bits + 7) >> 3;
  if (inputLength != length) return ErrorCode.BadSignature;

  const count = limbsFor(bits);
  readLimbs(modulus, count, n + nLength - 1, -1, nLength);
  readLimbs(number, count, input + inputLength - 1, -1, inputLength);
  if (!limbsBelow(number, modulus, count)) return ErrorCode.BadSignature;
  const inverse = negativeInverse(modulus);
  if (secret) {
    // The divisions are those of R and R^2, which n alone decides.
    memory.fill(other, 0, count << 2);
    store<u32>(other, 1);
    enterMontgomery(other, modulus, bits, count);
    enterMontgomery(other, modulus, bits, count);
    montgomeryMultiply(power, number, other, modulus, inverse, count);
  } else {
    memory.copy(power, number, count << 2);
    enterMontgomery(power, modulus, bits, count);
  }
  let from = power;
  let to = accumulator;
  for (let bit: i32 = 62 - (clz<u64>(exponent) as i32); bit >= 0; bit--) {
    montgomerySquare(to, from, modulus, inverse, count);
    from = to;
    to = from == accumulator ? other : accumulator;
    if (!((exponent >> bit) & 1)) continue;
    // The exponent is odd: its last bit multiplies by the plain number, and so leaves Montgomery form.
    montgomeryMultiply(to, from, bit == 0 ? number : power, modulus, inverse, count);
    from = to;
    to = from == accumulator ? other : accumulator;
  }
  subtractOnce(from, modulus, count);
  writeLimbs(out + length - 1, -1, length, from, count);
  return length;
}

/** The exponent where it is odd and in [3, 2^33), else 0. */
function readExponent(e: usize, length: i32): u64 {
  let value: u64 = 0;
  for (let i = 0; i < length; i++) {
    value = (value << 8) | (load<u8>(e + i) as u64);
    if (value >= 0x200000000) return 0;
  }
  return value >= 3 && (value & 1) != 0 ? value : 0;
}
