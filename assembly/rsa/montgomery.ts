// Montgomery multiplication for any odd modulus up to 8192 bits.
//
// A number is `count` limbs of 28 bits, little-endian, a u32 each; count is a multiple of four with two bits to spare
// (28 count >= bits + 2), R = 2^(28 count). Values stay below 2 n between multiplications and need no subtraction.
// The product is scanned by columns of four limbs: a block of sixteen products adds to seven sums in locals.
//
// No sum reaches 2^64. A limb is below 2^28, so that a block adds at most 1, 2, 3, 4, 3, 2, 1 times 2^56 to c0 … c6; a sum
// may hold 255 times 2^56, and a few carries, each below 2^37. A column meets 74 blocks of a b at most and 74 of m n. They
// come in chunks of 32, behind each of which c0 … c5 are made shorter than 29 bits; behind the last of m n may come one block
// more, and no carry. In units of 2^56, then, a column ends with c4 <= 3 · 33 = 99, c5 <= 2 · 33 = 66, and begins the next
// with c0 <= 99, c1 <= 66, and c2 and c3, which c6 is split into, below 1. So in a product c0 <= 99 + 32, c1 <= 66 + 64,
// c2 <= 3 · 33 + 1, c3 <= 4 · 33 + 1, and c6, which no chunk makes shorter, <= 74 + 74. A squaring doubles its sums of 37
// blocks at most: c0 <= 99 + 74, c1 <= 66 + 148, c2 <= 1 + 222, c4 <= 222, c5 <= 148, c6 <= 74 + 74 at the end. Only d3,
// 4 · 37 = 148, is too much to be doubled, and is made shorter before.
//
// Constant-time in the numbers and the modulus; the count is public.

// @ts-ignore: decorator
@inline
const MASK: u64 = 0xfffffff;

/** Limbs that 4096 bits take: as much as RSA and DSA want. */
export const LIMBS_4096: i32 = 148;
/** Limbs that 8192 bits take. */
const LIMBS_MAX: i32 = 296;
/** From the first block of a chunk of 32 to the last. */
// @ts-ignore: decorator
@inline
const CHUNK = 31 * 16;
/** The Montgomery factors of the multiplication under way. */
const factors = memory.data(LIMBS_MAX * 4, 16);

/** out = a b / R mod n, below 2 n for a b < R n; inverse = -1/n mod 2^28. `out` is none of the operands. */
export function montgomeryMultiply(out: usize, a: usize, b: usize, n: usize, inverse: u64, count: i32): void {
  const size = count << 2;
  let c0: u64 = 0, c1: u64 = 0, c2: u64 = 0, c3: u64 = 0, c4: u64 = 0, c5: u64 = 0, c6: u64 = 0;
  for (let column = 0; column < 2 * size; column += 16) {
    // Blocks low … high of each factor meet in this column.
    const low = max(0, column - size + 16);
    const high = column - low;
    let p = a + low;
    let q = b + high;
    const end = a + high;
    do {
      const stop = min(end, p + CHUNK);
      // `while` would branch twice a turn.
      if (p <= stop) do {
        const x0 = load<u32>(p) as u64; const x1 = load<u32>(p, 4) as u64;
        const x2 = load<u32>(p, 8) as u64; const x3 = load<u32>(p, 12) as u64;
        const y0 = load<u32>(q) as u64; const y1 = load<u32>(q, 4) as u64;
        const y2 = load<u32>(q, 8) as u64; const y3 = load<u32>(q, 12) as u64;
        c0 = c0 + x0 * y0;
        c1 = c1 + x0 * y1 + x1 * y0;
        c2 = c2 + x0 * y2 + x1 * y1 + x2 * y0;
        c3 = c3 + x0 * y3 + x1 * y2 + x2 * y1 + x3 * y0;
        c4 = c4 + x1 * y3 + x2 * y2 + x3 * y1;
        c5 = c5 + x2 * y3 + x3 * y2;
        c6 = c6 + x3 * y3;
        p += 16;
        q -= 16;
      } while (p <= stop);
      c1 += c0 >>> 28; c0 &= MASK;
      c2 += c1 >>> 28; c1 &= MASK;
      c3 += c2 >>> 28; c2 &= MASK;
      c4 += c3 >>> 28; c3 &= MASK;
      c5 += c4 >>> 28; c4 &= MASK;
      c6 += c5 >>> 28; c5 &= MASK;
    } while (p <= end);
    if (column < size) {
      p = factors; q = n + column;
      while (true) {
        const stop = max(n, q - CHUNK - 16);
        if (q > stop) do {
          const x0 = load<u32>(p) as u64; const x1 = load<u32>(p, 4) as u64;
          const x2 = load<u32>(p, 8) as u64; const x3 = load<u32>(p, 12) as u64;
          const y0 = load<u32>(q) as u64; const y1 = load<u32>(q, 4) as u64;
          const y2 = load<u32>(q, 8) as u64; const y3 = load<u32>(q, 12) as u64;
          c0 = c0 + x0 * y0;
          c1 = c1 + x0 * y1 + x1 * y0;
          c2 = c2 + x0 * y2 + x1 * y1 + x2 * y0;
          c3 = c3 + x0 * y3 + x1 * y2 + x2 * y1 + x3 * y0;
          c4 = c4 + x1 * y3 + x2 * y2 + x3 * y1;
          c5 = c5 + x2 * y3 + x3 * y2;
          c6 = c6 + x3 * y3;
          p += 16;
          q -= 16;
        } while (q > stop);
        if (q == n) break;
        c1 += c0 >>> 28; c0 &= MASK;
        c2 += c1 >>> 28; c1 &= MASK;
        c3 += c2 >>> 28; c2 &= MASK;
        c4 += c3 >>> 28; c3 &= MASK;
        c5 += c4 >>> 28; c4 &= MASK;
        c6 += c5 >>> 28; c5 &= MASK;
      }
      const m = factors + column;
      const n0 = load<u32>(n) as u64; const n1 = load<u32>(n, 4) as u64;
      const n2 = load<u32>(n, 8) as u64; const n3 = load<u32>(n, 12) as u64;
      const m0 = (c0 * inverse) & MASK;
      c0 += m0 * n0;
      c1 += (c0 >>> 28) + m0 * n1;
      const m1 = (c1 * inverse) & MASK;
      c1 += m1 * n0;
      c2 += (c1 >>> 28) + m0 * n2 + m1 * n1;
      const m2 = (c2 * inverse) & MASK;
      c2 += m2 * n0;
      c3 += (c2 >>> 28) + m0 * n3 + m1 * n2 + m2 * n1;
      const m3 = (c3 * inverse) & MASK;
      c3 += m3 * n0;
      store<u32>(m, m0 as u32); store<u32>(m, m1 as u32, 4); store<u32>(m, m2 as u32, 8); store<u32>(m, m3 as u32, 12);
      c4 += (c3 >>> 28) + m1 * n3 + m2 * n2 + m3 * n1;
      c5 += m2 * n3 + m3 * n2;
      c6 += m3 * n3;
    } else {
      p = factors + low; q = n + high;
      const last = factors + high;
      while (true) {
        const stop = min(last, p + CHUNK);
        if (p <= stop) do {
          const x0 = load<u32>(p) as u64; const x1 = load<u32>(p, 4) as u64;
          const x2 = load<u32>(p, 8) as u64; const x3 = load<u32>(p, 12) as u64;
          const y0 = load<u32>(q) as u64; const y1 = load<u32>(q, 4) as u64;
          const y2 = load<u32>(q, 8) as u64; const y3 = load<u32>(q, 12) as u64;
          c0 = c0 + x0 * y0;
          c1 = c1 + x0 * y1 + x1 * y0;
          c2 = c2 + x0 * y2 + x1 * y1 + x2 * y0;
          c3 = c3 + x0 * y3 + x1 * y2 + x2 * y1 + x3 * y0;
          c4 = c4 + x1 * y3 + x2 * y2 + x3 * y1;
          c5 = c5 + x2 * y3 + x3 * y2;
          c6 = c6 + x3 * y3;
          p += 16;
          q -= 16;
        } while (p <= stop);
        if (p > last) break;
        c1 += c0 >>> 28; c0 &= MASK;
        c2 += c1 >>> 28; c1 &= MASK;
        c3 += c2 >>> 28; c2 &= MASK;
        c4 += c3 >>> 28; c3 &= MASK;
        c5 += c4 >>> 28; c4 &= MASK;
        c6 += c5 >>> 28; c5 &= MASK;
      }
      c1 += c0 >>> 28; c2 += c1 >>> 28; c3 += c2 >>> 28; c4 += c3 >>> 28;
      store<u32>(out, (c0 & MASK) as u32); store<u32>(out, (c1 & MASK) as u32, 4);
      store<u32>(out, (c2 & MASK) as u32, 8); store<u32>(out, (c3 & MASK) as u32, 12);
      out += 16;
    }
    c0 = c4; c1 = c5; c2 = c6 & MASK; c3 = c6 >>> 28; c4 = 0; c5 = 0; c6 = 0;
  }
}

/** out = a^2 / R mod n: as `montgomeryMultiply`, for three quarters of the price. */
export function montgomerySquare(out: usize, a: usize, n: usize, inverse: u64, count: i32): void {
  const size = count << 2;
  let c0: u64 = 0, c1: u64 = 0, c2: u64 = 0, c3: u64 = 0, c4: u64 = 0, c5: u64 = 0, c6: u64 = 0;
  for (let column = 0; column < 2 * size; column += 16) {
    // Blocks low … high of each factor meet in this column.
    const low = max(0, column - size + 16);
    const high = column - low;
    let p = a + low;
    let q = a + high;
    let d0: u64 = 0, d1: u64 = 0, d2: u64 = 0, d3: u64 = 0, d4: u64 = 0, d5: u64 = 0, d6: u64 = 0;
    if (p < q) do {
      const x0 = load<u32>(p) as u64; const x1 = load<u32>(p, 4) as u64;
      const x2 = load<u32>(p, 8) as u64; const x3 = load<u32>(p, 12) as u64;
      const y0 = load<u32>(q) as u64; const y1 = load<u32>(q, 4) as u64;
      const y2 = load<u32>(q, 8) as u64; const y3 = load<u32>(q, 12) as u64;
      d0 = d0 + x0 * y0;
      d1 = d1 + x0 * y1 + x1 * y0;
      d2 = d2 + x0 * y2 + x1 * y1 + x2 * y0;
      d3 = d3 + x0 * y3 + x1 * y2 + x2 * y1 + x3 * y0;
      d4 = d4 + x1 * y3 + x2 * y2 + x3 * y1;
      d5 = d5 + x2 * y3 + x3 * y2;
      d6 = d6 + x3 * y3;
      p += 16;
      q -= 16;
    } while (p < q);
    if (p == q) {
      const x0 = load<u32>(p) as u64; const x1 = load<u32>(p, 4) as u64;
      const x2 = load<u32>(p, 8) as u64; const x3 = load<u32>(p, 12) as u64;
      c0 += x0 * x0;
      d1 += x0 * x1;
      c2 += x1 * x1;
      d2 += x0 * x2;
      d3 = d3 + x0 * x3 + x1 * x2;
      c4 += x2 * x2;
      d4 += x1 * x3;
      d5 += x2 * x3;
      c6 += x3 * x3;
    }
    d4 += d3 >>> 28; d3 &= MASK;
    c0 += d0 << 1; c1 += d1 << 1; c2 += d2 << 1; c3 += d3 << 1; c4 += d4 << 1; c5 += d5 << 1; c6 += d6 << 1;
    c1 += c0 >>> 28; c0 &= MASK;
    c2 += c1 >>> 28; c1 &= MASK;
    c3 += c2 >>> 28; c2 &= MASK;
    c4 += c3 >>> 28; c3 &= MASK;
    c5 += c4 >>> 28; c4 &= MASK;
    c6 += c5 >>> 28; c5 &= MASK;
    if (column < size) {
      p = factors; q = n + column;
      while (true) {
        const stop = max(n, q - CHUNK - 16);
        if (q > stop) do {
          const x0 = load<u32>(p) as u64; const x1 = load<u32>(p, 4) as u64;
          const x2 = load<u32>(p, 8) as u64; const x3 = load<u32>(p, 12) as u64;
          const y0 = load<u32>(q) as u64; const y1 = load<u32>(q, 4) as u64;
          const y2 = load<u32>(q, 8) as u64; const y3 = load<u32>(q, 12) as u64;
          c0 = c0 + x0 * y0;
          c1 = c1 + x0 * y1 + x1 * y0;
          c2 = c2 + x0 * y2 + x1 * y1 + x2 * y0;
          c3 = c3 + x0 * y3 + x1 * y2 + x2 * y1 + x3 * y0;
          c4 = c4 + x1 * y3 + x2 * y2 + x3 * y1;
          c5 = c5 + x2 * y3 + x3 * y2;
          c6 = c6 + x3 * y3;
          p += 16;
          q -= 16;
        } while (q > stop);
        if (q == n) break;
        c1 += c0 >>> 28; c0 &= MASK;
        c2 += c1 >>> 28; c1 &= MASK;
        c3 += c2 >>> 28; c2 &= MASK;
        c4 += c3 >>> 28; c3 &= MASK;
        c5 += c4 >>> 28; c4 &= MASK;
        c6 += c5 >>> 28; c5 &= MASK;
      }
      const m = factors + column;
      const n0 = load<u32>(n) as u64; const n1 = load<u32>(n, 4) as u64;
      const n2 = load<u32>(n, 8) as u64; const n3 = load<u32>(n, 12) as u64;
      const m0 = (c0 * inverse) & MASK;
      c0 += m0 * n0;
      c1 += (c0 >>> 28) + m0 * n1;
      const m1 = (c1 * inverse) & MASK;
      c1 += m1 * n0;
      c2 += (c1 >>> 28) + m0 * n2 + m1 * n1;
      const m2 = (c2 * inverse) & MASK;
      c2 += m2 * n0;
      c3 += (c2 >>> 28) + m0 * n3 + m1 * n2 + m2 * n1;
      const m3 = (c3 * inverse) & MASK;
      c3 += m3 * n0;
      store<u32>(m, m0 as u32); store<u32>(m, m1 as u32, 4); store<u32>(m, m2 as u32, 8); store<u32>(m, m3 as u32, 12);
      c4 += (c3 >>> 28) + m1 * n3 + m2 * n2 + m3 * n1;
      c5 += m2 * n3 + m3 * n2;
      c6 += m3 * n3;
    } else {
      p = factors + low; q = n + high;
      const last = factors + high;
      while (true) {
        const stop = min(last, p + CHUNK);
        if (p <= stop) do {
          const x0 = load<u32>(p) as u64; const x1 = load<u32>(p, 4) as u64;
          const x2 = load<u32>(p, 8) as u64; const x3 = load<u32>(p, 12) as u64;
          const y0 = load<u32>(q) as u64; const y1 = load<u32>(q, 4) as u64;
          const y2 = load<u32>(q, 8) as u64; const y3 = load<u32>(q, 12) as u64;
          c0 = c0 + x0 * y0;
          c1 = c1 + x0 * y1 + x1 * y0;
          c2 = c2 + x0 * y2 + x1 * y1 + x2 * y0;
          c3 = c3 + x0 * y3 + x1 * y2 + x2 * y1 + x3 * y0;
          c4 = c4 + x1 * y3 + x2 * y2 + x3 * y1;
          c5 = c5 + x2 * y3 + x3 * y2;
          c6 = c6 + x3 * y3;
          p += 16;
          q -= 16;
        } while (p <= stop);
        if (p > last) break;
        c1 += c0 >>> 28; c0 &= MASK;
        c2 += c1 >>> 28; c1 &= MASK;
        c3 += c2 >>> 28; c2 &= MASK;
        c4 += c3 >>> 28; c3 &= MASK;
        c5 += c4 >>> 28; c4 &= MASK;
        c6 += c5 >>> 28; c5 &= MASK;
      }
      c1 += c0 >>> 28; c2 += c1 >>> 28; c3 += c2 >>> 28; c4 += c3 >>> 28;
      store<u32>(out, (c0 & MASK) as u32); store<u32>(out, (c1 & MASK) as u32, 4);
      store<u32>(out, (c2 & MASK) as u32, 8); store<u32>(out, (c3 & MASK) as u32, 12);
      out += 16;
    }
    c0 = c4; c1 = c5; c2 = c6 & MASK; c3 = c6 >>> 28; c4 = 0; c5 = 0; c6 = 0;
  }
}

/** Overwrites what the last multiplication left behind. */
export function wipeMontgomery(): void {
  memory.fill(factors, 0, LIMBS_MAX * 4);
}
