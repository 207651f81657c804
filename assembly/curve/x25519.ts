// X25519 (RFC 7748).
import { ErrorCode } from "../alert";
import { baseMultiple25519 } from "./base25519";
import { freeze25519, multiply25519 } from "./field25519";
import { invert } from "./inverse";
import { ladder25519 } from "./ladder25519";
import { bytesFromLimbs, limbsFromBytes } from "./limbs";

// @ts-ignore: decorator
@inline
const BITS = 29;
// @ts-ignore: decorator
@inline
const COUNT = 9;

/** p = 2^255 - 19, little-endian. */
const prime = memory.data<u64>([-19, -1, -1, 0x7fffffffffffffff]);
const clamped = memory.data(32, 16);
const point = memory.data(COUNT * 8, 16);
/** X, then Z. */
const ratio = memory.data(2 * COUNT * 8, 16);
const bytes = memory.data(32, 16);

/**
 * Writes the u-coordinate of scalar · point; all three are 32 bytes as RFC 7748 §5 encodes them. BadKeyShare where the
 * result is zero, as RFC 9846 §7.4.2 and RFC 8422 §5.11 demand a check for; `out` is zeros then.
 * Constant-time in the scalar and the point; whether the result is zero is public.
 */
export function x25519(out: usize, scalar: usize, u: usize): i32 {
  memory.copy(bytes, u, 32);
  // RFC 7748 §5: the unused top bit is masked; u-coordinates of p and above are taken modulo p.
  store<u8>(bytes, load<u8>(bytes, 31) & 0x7f, 31);
  limbsFromBytes(point, BITS, COUNT, bytes, 1, 32);
  multiply(out, scalar, false);
  const sum = load<u64>(out) | load<u64>(out, 8) | load<u64>(out, 16) | load<u64>(out, 24);
  return sum == 0 ? ErrorCode.BadKeyShare : 0;
}

/** Writes the public key of `scalar`: scalar · 9. Constant-time in the scalar. */
export function x25519Base(out: usize, scalar: usize): void {
  multiply(out, scalar, true);
}

function multiply(out: usize, scalar: usize, base: bool): void {
  memory.copy(clamped, scalar, 32);
  store<u8>(clamped, load<u8>(clamped) & 0xf8);
  store<u8>(clamped, (load<u8>(clamped, 31) & 0x7f) | 0x40, 31);
  if (base) baseMultiple25519(ratio, clamped);
  else ladder25519(ratio, clamped, point);
  freeze25519(ratio + COUNT * 8);
  bytesFromLimbs(bytes, 1, 32, ratio + COUNT * 8, BITS, COUNT);
  invert(bytes, bytes, prime, 32);
  limbsFromBytes(ratio + COUNT * 8, BITS, COUNT, bytes, 1, 32);
  multiply25519(ratio, ratio, ratio + COUNT * 8);
  freeze25519(ratio);
  bytesFromLimbs(out, 1, 32, ratio, BITS, COUNT);
  memory.fill(clamped, 0, 32);
  memory.fill(point, 0, COUNT * 8);
  memory.fill(ratio, 0, 2 * COUNT * 8);
  memory.fill(bytes, 0, 32);
}
