// Numbers as arrays of limbs: little-endian, one i64 a limb, a fixed count of bits in each.
// All loops depend on public lengths only: constant-time in the values.

/**
 * Splits `length` bytes into `count` limbs of `bits` bits (at most 30). `last` addresses the least significant byte
 * and `step` leads to the next one: +1 for little-endian numbers, -1 for big-endian ones.
 */
export function limbsFromBytes(out: usize, bits: i32, count: i32, last: usize, step: i32, length: i32): void {
  const mask = ((1 as u64) << bits) - 1;
  let held: u64 = 0;
  let have = 0;
  for (let i = 0; i < count; i++) {
    while (have < bits && length > 0) {
      held |= (load<u8>(last) as u64) << have;
      have += 8;
      last += step;
      length--;
    }
    store<u64>(out + (i << 3), held & mask);
    held >>= bits;
    have -= bits;
  }
}

/** The reverse of `limbsFromBytes`; each limb must lie in [0, 2^bits). */
export function bytesFromLimbs(last: usize, step: i32, length: i32, limbs: usize, bits: i32, count: i32): void {
  let held: u64 = 0;
  let have = 0;
  while (length > 0) {
    if (have < 8 && count > 0) {
      held |= load<u64>(limbs) << have;
      limbs += 8;
      have += bits;
      count--;
    }
    store<u8>(last, held as u8);
    held >>= 8;
    have -= 8;
    last += step;
    length--;
  }
}
