// Exponentiation with a secret exponent, for RSA's primes and for Diffie-Hellman.
//
// Constant-time in base, exponent and modulus; their lengths are public.
import { doubleOnce, subtractOnce } from "./modular";
import { montgomeryMultiply, montgomerySquare } from "./montgomery";

/** Bytes of table that `powerModulo` wants for each limb. */
export const TABLE_PER_LIMB: i32 = 18 * 4;

/** out = R^2 mod n for n of exactly `bits` bits; `spare` is as long as `out`. */
export function squareOfR(out: usize, spare: usize, n: usize, inverse: u64, bits: i32, count: i32): void {
  memory.fill(out, 0, count << 2);
  // 2^(bits - 1) is below n; doubled up to R, and on to 2^t R with 16 t = 28 count; four squarings make that 2^(16 t) R.
  const top = bits - 1;
  store<u32>(out + ((top / 28) << 2), 1 << (top % 28));
  for (let i = 28 * count - top + 7 * (count >> 2); i > 0; i--) doubleOnce(out, n, count);
  montgomerySquare(spare, out, n, inverse, count);
  montgomerySquare(out, spare, n, inverse, count);
  montgomerySquare(spare, out, n, inverse, count);
  montgomerySquare(out, spare, n, inverse, count);
  subtractOnce(out, n, count);
}

/**
 * out = base^exponent, both in Montgomery form; `exponent` is big-endian. `one` is R mod n; `table` has
 * TABLE_PER_LIMB · count bytes, which the caller wipes. Windows of four bits; every window reads the whole table.
 */
export function powerModulo(
  out: usize, base: usize, exponent: usize, length: i32, one: usize, n: usize, inverse: u64, count: i32, table: usize,
): void {
  const row = count << 2;
  const chosen = table + 16 * row;
  const spare = table + 17 * row;
  memory.copy(table, one, row);
  memory.copy(table + row, base, row);
  for (let i = 2; i < 16; i++) montgomeryMultiply(table + i * row, table + (i - 1) * row, base, n, inverse, count);
  memory.copy(out, one, row);
  for (let i = 0; i < 2 * length; i++) {
    montgomerySquare(spare, out, n, inverse, count);
    montgomerySquare(out, spare, n, inverse, count);
    montgomerySquare(spare, out, n, inverse, count);
    montgomerySquare(out, spare, n, inverse, count);
    choose(chosen, table, (load<u8>(exponent + (i >> 1)) >> (4 - ((i & 1) << 2))) & 15, row);
    montgomeryMultiply(spare, out, chosen, n, inverse, count);
    memory.copy(out, spare, row);
  }
}

/** out = table[index], reading all sixteen rows. */
function choose(out: usize, table: usize, index: i32, row: i32): void {
  memory.fill(out, 0, row);
  for (let i = 0; i < 16; i++) {
    const mask = (((i ^ index) - 1) >> 31) as i64;
    const entry = table + i * row;
    for (let k = 0; k < row; k += 16) {
      store<i64>(out + k, load<i64>(out + k) | (load<i64>(entry + k) & mask));
      store<i64>(out + k, load<i64>(out + k, 8) | (load<i64>(entry + k, 8) & mask), 8);
    }
  }
}
