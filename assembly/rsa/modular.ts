// Numbers modulo an odd n, for montgomery.ts: reading and writing them, and entering Montgomery form.

// @ts-ignore: decorator
@inline
const MASK: u64 = 0xfffffff;

/** Limbs for a modulus of so many bits: a multiple of four, two bits to spare. */
export function limbsFor(bits: i32): i32 {
  return ((bits + 2 + 111) / 112) << 2;
}

/** Bits of a number, by its first nonzero byte: big-endian. The position of the top bit is public. */
export function bitLength(bytes: usize, length: i32): i32 {
  while (length > 0 && load<u8>(bytes) == 0) {
    bytes++;
    length--;
  }
  return length == 0 ? 0 : (length << 3) - (clz<i32>(load<u8>(bytes) as i32) - 24);
}

/**
 * Splits bytes into `count` limbs; `last` is the least significant byte and `step` leads to the next. Bytes beyond the
 * limbs are dropped. Constant-time in the value.
 */
export function readLimbs(out: usize, count: i32, last: usize, step: i32, length: i32): void {
  let held: u64 = 0;
  let have = 0;
  for (let i = 0; i < count; i++) {
    while (have < 28 && length > 0) {
      held |= (load<u8>(last) as u64) << have;
      have += 8;
      last += step;
      length--;
    }
    store<u32>(out + (i << 2), (held & MASK) as u32);
    held >>= 28;
    have = max(0, have - 28);
  }
}

/** The reverse of `readLimbs`. Constant-time in the value. */
export function writeLimbs(last: usize, step: i32, length: i32, limbs: usize, count: i32): void {
  let held: u64 = 0;
  let have = 0;
  for (; length > 0; length--) {
    if (have < 8 && count > 0) {
      held |= (load<u32>(limbs) as u64) << have;
      have += 28;
      limbs += 4;
      count--;
    }
    store<u8>(last, held as u8);
    held >>= 8;
    have -= 8;
    last += step;
  }
}

/** -1 / n mod 2^28 for the odd lowest limb of n. */
export function negativeInverse(n: usize): u64 {
  const low = load<u32>(n);
  // Newton's iteration doubles the correct bits: 3, 6, 12, 24, 48.
  let inverse = low;
  for (let i = 0; i < 4; i++) inverse *= 2 - low * inverse;
  return ((0 - inverse) as u64) & MASK;
}

/** 1 where a < b. Constant-time. */
export function limbsBelow(a: usize, b: usize, count: i32): i32 {
  let borrow: i64 = 0;
  for (let i = 0; i < count; i++) {
    borrow = (borrow + (load<u32>(a + (i << 2)) as i64) - (load<u32>(b + (i << 2)) as i64)) >> 28;
  }
  return (borrow & 1) as i32;
}

/** a -= n where a >= n. Constant-time. */
export function subtractOnce(a: usize, n: usize, count: i32): void {
  const take = (limbsBelow(a, n, count) as i64) - 1;
  let carry: i64 = 0;
  for (let i = 0; i < count; i++) {
    carry += (load<u32>(a + (i << 2)) as i64) - ((load<u32>(n + (i << 2)) as i64) & take);
    store<u32>(a + (i << 2), (carry & MASK) as u32);
    carry >>= 28;
  }
}

/** a = 2 a mod n for a < n. Constant-time. */
export function doubleOnce(a: usize, n: usize, count: i32): void {
  let carry: u64 = 0;
  for (let i = 0; i < count; i++) {
    carry += (load<u32>(a + (i << 2)) as u64) << 1;
    store<u32>(a + (i << 2), (carry & MASK) as u32);
    carry >>= 28;
  }
  subtractOnce(a, n, count);
}

/**
 * a = a R mod n, below 2 n at the end, for a below n of `bits` bits (at least 64). Public numbers only: the time of a
 * division depends on them.
 */
export function enterMontgomery(a: usize, n: usize, bits: i32, count: i32): void {
  // Thirty leading bits of n, and of 2^28 a what stands above the same place; the quotient of the two is a lower bound,
  // at most 2 too small, so that a stays below 4 n.
  const place = bits - 30;
  const word = n + ((place / 28) << 2);
  const shift = (place % 28) as u64;
  const divisor =
    (((load<u32>(word) as u64) >> shift) | ((load<u32>(word, 4) as u64) << (28 - shift)) |
      (shift > 26 ? (load<u32>(word, 8) as u64) << (56 - shift) : 0)) + 1;
  const head = a + ((place / 28) << 2);
  const top = a + ((count - 1) << 2);
  for (let i = 0; i < count; i++) {
    const dividend =
      ((load<u32>(head - 4) as u64) >> shift) + ((load<u32>(head) as u64) << (28 - shift)) +
      ((load<u32>(head, 4) as u64) << (56 - shift)) +
      (shift > 24 ? (load<u32>(head, 8) as u64) << (84 - shift) : 0);
    const quotient = (dividend / divisor) as i64;
    let carry: i64 = 0;
    let previous: i64 = 0;
    let p = a;
    let q = n;
    // Four limbs a turn; each is read before it is overwritten by its lower neighbour.
    while (p <= top) {
      const a0 = load<u32>(p) as i64;
      carry = previous - (load<u32>(q) as i64) * quotient + carry;
      store<u32>(p, (carry & MASK) as u32);
      const a1 = load<u32>(p, 4) as i64;
      carry = a0 - (load<u32>(q, 4) as i64) * quotient + (carry >> 28);
      store<u32>(p, (carry & MASK) as u32, 4);
      const a2 = load<u32>(p, 8) as i64;
      carry = a1 - (load<u32>(q, 8) as i64) * quotient + (carry >> 28);
      store<u32>(p, (carry & MASK) as u32, 8);
      previous = load<u32>(p, 12) as i64;
      carry = a2 - (load<u32>(q, 12) as i64) * quotient + (carry >> 28);
      store<u32>(p, (carry & MASK) as u32, 12);
      carry >>= 28;
      p += 16;
      q += 16;
    }
  }
  subtractOnce(a, n, count);
  subtractOnce(a, n, count);
  subtractOnce(a, n, count);
}
