// Between the bytes of four AES blocks and their eight bit planes (see aes.ts): a transposition by exchanging, level by level,
// one bit of the word's number with one bit of the place in the word.
//
// Constant-time: data moves by shifts and masks alone.

// Masks of the levels. Read from memory into locals, as a constant would take ten bytes of wasm at each use.
export const MASKS = memory.data<u64>([
  0x5555555555555555, 0x3333333333333333, 0x0f0f0f0f0f0f0f0f, 0xffffffff00000000, 0x0000ffff0000ffff, 0x00ff00ff00ff00ff,
  0xff00ff00ff00ff00,
], 8);

/**
 * Slices `groups` times 64 bytes of blocks into as many bytes of planes. `turned` 1 gives the state as it stands two
 * ShiftRows back, where decryption starts.
 */
export function slice(planes: usize, blocks: usize, groups: i32, turned: i32): void {
  const m1 = load<u64>(MASKS), m2 = load<u64>(MASKS, 8), m3 = load<u64>(MASKS, 16), m4 = load<u64>(MASKS, 24);
  const m5 = load<u64>(MASKS, 32), m6 = load<u64>(MASKS, 40), m7 = load<u64>(MASKS, 48);
  const end = planes + (groups << 6);
  let t: u64;
  for (; planes < end; planes += 64, blocks += 64) {
    // Word q(b) has columns 0 and 1 of block b, q(4 + b) columns 2 and 3.
    let q0 = load<u64>(blocks, 0), q4 = load<u64>(blocks, 8);
    let q1 = load<u64>(blocks, 16), q5 = load<u64>(blocks, 24);
    let q2 = load<u64>(blocks, 32), q6 = load<u64>(blocks, 40);
    let q3 = load<u64>(blocks, 48), q7 = load<u64>(blocks, 56);
    if (turned) {
      // Rows 1 and 3 change places with the columns opposite.
      t = (q0 ^ q4) & m7, q0 ^= t, q4 ^= t;
      t = (q1 ^ q5) & m7, q1 ^= t, q5 ^= t;
      t = (q2 ^ q6) & m7, q2 ^= t, q6 ^= t;
      t = (q3 ^ q7) & m7, q3 ^= t, q7 ^= t;
    }
    // Bytes from (column, row) to (row, column)
    t = (q0 >> 8 ^ q4) & m6, q4 ^= t, q0 ^= t << 8;
    t = (q1 >> 8 ^ q5) & m6, q5 ^= t, q1 ^= t << 8;
    t = (q2 >> 8 ^ q6) & m6, q6 ^= t, q2 ^= t << 8;
    t = (q3 >> 8 ^ q7) & m6, q7 ^= t, q3 ^= t << 8;
    t = (q0 >> 16 ^ q4) & m5, q4 ^= t, q0 ^= t << 16;
    t = (q1 >> 16 ^ q5) & m5, q5 ^= t, q1 ^= t << 16;
    t = (q2 >> 16 ^ q6) & m5, q6 ^= t, q2 ^= t << 16;
    t = (q3 >> 16 ^ q7) & m5, q7 ^= t, q3 ^= t << 16;
    t = q0 >> 32 | q4 & m4, q0 = q0 & 0xffffffff | q4 << 32, q4 = t;
    t = q1 >> 32 | q5 & m4, q1 = q1 & 0xffffffff | q5 << 32, q5 = t;
    t = q2 >> 32 | q6 & m4, q2 = q2 & 0xffffffff | q6 << 32, q6 = t;
    t = q3 >> 32 | q7 & m4, q3 = q3 & 0xffffffff | q7 << 32, q7 = t;
    // Bits of a byte to the planes
    t = (q0 >> 4 ^ q4) & m3, q4 ^= t, q0 ^= t << 4;
    t = (q1 >> 4 ^ q5) & m3, q5 ^= t, q1 ^= t << 4;
    t = (q2 >> 4 ^ q6) & m3, q6 ^= t, q2 ^= t << 4;
    t = (q3 >> 4 ^ q7) & m3, q7 ^= t, q3 ^= t << 4;
    t = (q0 >> 2 ^ q2) & m2, q2 ^= t, q0 ^= t << 2;
    t = (q1 >> 2 ^ q3) & m2, q3 ^= t, q1 ^= t << 2;
    t = (q4 >> 2 ^ q6) & m2, q6 ^= t, q4 ^= t << 2;
    t = (q5 >> 2 ^ q7) & m2, q7 ^= t, q5 ^= t << 2;
    t = (q0 >> 1 ^ q1) & m1, q1 ^= t, q0 ^= t << 1;
    t = (q2 >> 1 ^ q3) & m1, q3 ^= t, q2 ^= t << 1;
    t = (q4 >> 1 ^ q5) & m1, q5 ^= t, q4 ^= t << 1;
    t = (q6 >> 1 ^ q7) & m1, q7 ^= t, q6 ^= t << 1;
    store<u64>(planes, q0), store<u64>(planes, q1, 8), store<u64>(planes, q2, 16), store<u64>(planes, q3, 24);
    store<u64>(planes, q4, 32), store<u64>(planes, q5, 40), store<u64>(planes, q6, 48), store<u64>(planes, q7, 56);
  }
}

/** XORs `groups` times 64 bytes of planes into as many bytes of blocks. `turned` 1 where the state stands two ShiftRows back. */
export function unsliceXor(blocks: usize, planes: usize, groups: i32, turned: i32): void {
  const m1 = load<u64>(MASKS), m2 = load<u64>(MASKS, 8), m3 = load<u64>(MASKS, 16), m4 = load<u64>(MASKS, 24);
  const m5 = load<u64>(MASKS, 32), m6 = load<u64>(MASKS, 40), m7 = load<u64>(MASKS, 48);
  const end = planes + (groups << 6);
  let t: u64;
  for (; planes < end; planes += 64, blocks += 64) {
    let q0 = load<u64>(planes), q1 = load<u64>(planes, 8), q2 = load<u64>(planes, 16), q3 = load<u64>(planes, 24);
    let q4 = load<u64>(planes, 32), q5 = load<u64>(planes, 40), q6 = load<u64>(planes, 48), q7 = load<u64>(planes, 56);
    t = (q6 >> 1 ^ q7) & m1, q7 ^= t, q6 ^= t << 1;
    t = (q4 >> 1 ^ q5) & m1, q5 ^= t, q4 ^= t << 1;
    t = (q2 >> 1 ^ q3) & m1, q3 ^= t, q2 ^= t << 1;
    t = (q0 >> 1 ^ q1) & m1, q1 ^= t, q0 ^= t << 1;
    t = (q5 >> 2 ^ q7) & m2, q7 ^= t, q5 ^= t << 2;
    t = (q4 >> 2 ^ q6) & m2, q6 ^= t, q4 ^= t << 2;
    t = (q1 >> 2 ^ q3) & m2, q3 ^= t, q1 ^= t << 2;
    t = (q0 >> 2 ^ q2) & m2, q2 ^= t, q0 ^= t << 2;
    t = (q3 >> 4 ^ q7) & m3, q7 ^= t, q3 ^= t << 4;
    t = (q2 >> 4 ^ q6) & m3, q6 ^= t, q2 ^= t << 4;
    t = (q1 >> 4 ^ q5) & m3, q5 ^= t, q1 ^= t << 4;
    t = (q0 >> 4 ^ q4) & m3, q4 ^= t, q0 ^= t << 4;
    t = q0 >> 32 | q4 & m4, q0 = q0 & 0xffffffff | q4 << 32, q4 = t;
    t = q1 >> 32 | q5 & m4, q1 = q1 & 0xffffffff | q5 << 32, q5 = t;
    t = q2 >> 32 | q6 & m4, q2 = q2 & 0xffffffff | q6 << 32, q6 = t;
    t = q3 >> 32 | q7 & m4, q3 = q3 & 0xffffffff | q7 << 32, q7 = t;
    t = (q0 >> 16 ^ q4) & m5, q4 ^= t, q0 ^= t << 16;
    t = (q1 >> 16 ^ q5) & m5, q5 ^= t, q1 ^= t << 16;
    t = (q2 >> 16 ^ q6) & m5, q6 ^= t, q2 ^= t << 16;
    t = (q3 >> 16 ^ q7) & m5, q7 ^= t, q3 ^= t << 16;
    if (turned) {
      // The same, and rows 1 and 3 change places with the columns opposite.
      t = (q0 ^ q4) & m7 ^ q0, q4 = q0 >> 8 & m6 | q4 << 8 & m7, q0 = t;
      t = (q1 ^ q5) & m7 ^ q1, q5 = q1 >> 8 & m6 | q5 << 8 & m7, q1 = t;
      t = (q2 ^ q6) & m7 ^ q2, q6 = q2 >> 8 & m6 | q6 << 8 & m7, q2 = t;
      t = (q3 ^ q7) & m7 ^ q3, q7 = q3 >> 8 & m6 | q7 << 8 & m7, q3 = t;
    } else {
      t = (q0 >> 8 ^ q4) & m6, q4 ^= t, q0 ^= t << 8;
      t = (q1 >> 8 ^ q5) & m6, q5 ^= t, q1 ^= t << 8;
      t = (q2 >> 8 ^ q6) & m6, q6 ^= t, q2 ^= t << 8;
      t = (q3 >> 8 ^ q7) & m6, q7 ^= t, q3 ^= t << 8;
    }
    store<u64>(blocks, load<u64>(blocks, 0) ^ q0, 0), store<u64>(blocks, load<u64>(blocks, 8) ^ q4, 8);
    store<u64>(blocks, load<u64>(blocks, 16) ^ q1, 16), store<u64>(blocks, load<u64>(blocks, 24) ^ q5, 24);
    store<u64>(blocks, load<u64>(blocks, 32) ^ q2, 32), store<u64>(blocks, load<u64>(blocks, 40) ^ q6, 40);
    store<u64>(blocks, load<u64>(blocks, 48) ^ q3, 48), store<u64>(blocks, load<u64>(blocks, 56) ^ q7, 56);
  }
}
