// X25519 (RFC 7748).
import { ErrorCode } from "../alert";
import { invert } from "./inverse";
import { ladder25519 } from "./ladder25519";
import { bytesFromLimbs, limbsFromBytes } from "./limbs";

// @ts-ignore: decorator
@inline
const BITS = 29;
// @ts-ignore: decorator
@inline
const COUNT = 9;
// @ts-ignore: decorator
@inline
const MASK: i64 = 0x1fffffff;
// @ts-ignore: decorator
@inline
const TOP: i64 = 0x7fffff;

/** p = 2^255 - 19, little-endian. */
const prime = memory.data<u64>([-19, -1, -1, 0x7fffffffffffffff]);
const clamped = memory.data(32, 16);
const point = memory.data(COUNT * 8, 16);
/** X, then Z. */
const ratio = memory.data(2 * COUNT * 8, 16);
const product = memory.data(2 * COUNT * 8, 16);
const bytes = memory.data(32, 16);

/**
 * Writes the u-coordinate of scalar · point; all three are 32 bytes as RFC 7748 §5 encodes them. BadKeyShare where the
 * result is zero, as RFC 8446 §7.4.2 and RFC 8422 §5.11 demand a check for; `out` is zeros then.
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
  ladder25519(ratio, clamped, point, base);
  freeze(ratio + COUNT * 8);
  bytesFromLimbs(bytes, 1, 32, ratio + COUNT * 8, BITS, COUNT);
  invert(bytes, bytes, prime, 32);
  limbsFromBytes(ratio + COUNT * 8, BITS, COUNT, bytes, 1, 32);
  multiplyOnce(ratio, ratio + COUNT * 8);
  freeze(ratio);
  bytesFromLimbs(out, 1, 32, ratio, BITS, COUNT);
  memory.fill(clamped, 0, 32);
  memory.fill(point, 0, COUNT * 8);
  memory.fill(ratio, 0, 2 * COUNT * 8);
  memory.fill(product, 0, 2 * COUNT * 8);
  memory.fill(bytes, 0, 32);
}

/** a = a b, for the one product after the ladder: short rather than fast. */
function multiplyOnce(a: usize, b: usize): void {
  memory.fill(product, 0, 2 * COUNT * 8);
  for (let i = 0; i < COUNT; i++) {
    const x = load<i64>(a + (i << 3));
    for (let j = 0; j < COUNT; j++) {
      const column = product + ((i + j) << 3);
      store<i64>(column, load<i64>(column) + x * load<i64>(b + (j << 3)));
    }
  }
  let carry: i64 = 0;
  for (let i = 0; i < COUNT; i++) {
    carry += load<i64>(product + ((i + COUNT) << 3));
    store<i64>(product + ((i + COUNT) << 3), carry & MASK);
    carry >>= BITS;
  }
  carry = 0;
  for (let i = 0; i < COUNT; i++) {
    carry += load<i64>(product + (i << 3)) + load<i64>(product + ((i + COUNT) << 3)) * 1216;
    store<i64>(a + (i << 3), carry & MASK);
    carry >>= BITS;
  }
  // 2^261 = 1216 once more; what is left above is taken in by `freeze`.
  store<i64>(a, load<i64>(a) + carry * 1216);
}

/** The canonical representative in [0, p), each limb within its bits. */
function freeze(a: usize): void {
  // Three rounds bring any product, negative ones too, to [0, 2^255).
  for (let round = 0; round < 3; round++) propagate(a);
  // a >= p exactly if a + 19 reaches 2^255; then the sum without that bit is a - p.
  store<i64>(a, load<i64>(a) + 19);
  let carry: i64 = 0;
  for (let i = 0; i < COUNT; i++) {
    carry += load<i64>(a + (i << 3));
    store<i64>(a + (i << 3), i < COUNT - 1 ? carry & MASK : carry);
    carry >>= BITS;
  }
  const top = load<i64>(a, 64);
  const over = top >> 23;
  store<i64>(a, top & TOP, 64);
  // Without the bit, the 19 has to go again.
  carry = (over - 1) & 19;
  carry = -carry;
  for (let i = 0; i < COUNT; i++) {
    carry += load<i64>(a + (i << 3));
    store<i64>(a + (i << 3), carry & MASK);
    carry >>= BITS;
  }
}

/** Carries through all limbs; what passes 2^255 comes back as its 19-fold. */
function propagate(a: usize): void {
  let carry: i64 = 0;
  for (let i = 0; i < COUNT; i++) {
    carry += load<i64>(a + (i << 3));
    store<i64>(a + (i << 3), i < COUNT - 1 ? carry & MASK : carry & TOP);
    carry >>= i < COUNT - 1 ? BITS : 23;
  }
  store<i64>(a, load<i64>(a) + carry * 19);
}
