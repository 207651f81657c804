// GHASH and Poly1305 again, in AssemblyScript and written as their standards write them: no speed, nothing reordered.
import { u128, u256 } from "as-bignum/assembly";

export function allocate(length: i32): usize {
  return heap.alloc(length);
}

export function release(pointer: usize, length: i32): void {
  heap.free(pointer);
}

function loadBlock(pointer: usize): u128 {
  return new u128(bswap<u64>(load<u64>(pointer, 8)), bswap<u64>(load<u64>(pointer)));
}

// NIST SP 800-38D §6.3: the leftmost bit is the coefficient of x^0.
function multiply(x: u128, y: u128): u128 {
  let z = u128.Zero;
  let v = y;
  for (let i = 127; i >= 0; i--) {
    if (((x >> i).lo & 1) != 0) z = z ^ v;
    const carry = v.lo & 1;
    v = v >> 1;
    if (carry != 0) v = v ^ new u128(0, 0xe100000000000000);
  }
  return z;
}

/** GHASH (§6.4) under `key` of `length` bytes, a multiple of 16. */
export function ghash(key: usize, data: usize, length: i32, out: usize): void {
  const h = loadBlock(key);
  let y = u128.Zero;
  for (let i = 0; i < length; i += 16) y = multiply(y ^ loadBlock(data + i), h);
  store<u64>(out, bswap<u64>(y.hi));
  store<u64>(out, bswap<u64>(y.lo), 8);
}

// u256's own shift to the right (as-bignum 0.3.1) loses bits when it goes by more than 64.
function bit(x: u256, i: i32): u64 {
  return ((i < 64 ? x.lo1 : i < 128 ? x.lo2 : x.hi1) >> (i & 63)) & 1;
}

// Sums modulo p alone, so that nothing exceeds 132 bits: a * b by doubling.
function multiplyModulo(a: u256, b: u256, p: u256): u256 {
  let product = u256.Zero;
  for (let i = 130; i >= 0; i--) {
    product = product + product;
    if (product >= p) product = product - p;
    if (bit(b, i) != 0) {
      product = product + a;
      if (product >= p) product = product - p;
    }
  }
  return product;
}

/** Poly1305 (RFC 8439 §2.5.1). */
export function poly1305(key: usize, data: usize, length: i32, out: usize): void {
  const p = new u256(0xfffffffffffffffb, 0xffffffffffffffff, 3, 0);
  const r = new u256(load<u64>(key) & 0x0ffffffc0fffffff, load<u64>(key, 8) & 0x0ffffffc0ffffffc, 0, 0);
  let accumulator = u256.Zero;
  for (let i = 0; i < length; i += 16) {
    const n = min(16, length - i);
    const block = new StaticArray<u8>(24);
    memory.copy(changetype<usize>(block), data + i, n);
    block[n] = 1;
    const at = changetype<usize>(block);
    accumulator = accumulator + new u256(load<u64>(at), load<u64>(at, 8), load<u64>(at, 16), 0);
    while (accumulator >= p) accumulator = accumulator - p;
    accumulator = multiplyModulo(accumulator, r, p);
  }
  accumulator = accumulator + new u256(load<u64>(key, 16), load<u64>(key, 24), 0, 0);
  store<u64>(out, accumulator.lo1);
  store<u64>(out, accumulator.lo2, 8);
}
