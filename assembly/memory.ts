// Linear memory: what the host borrows, and the few byte operations that every folder needs.
import { give, take } from "./heap";

/** Gives the host `length` zeroed bytes, or 0 where the bound on one request is exceeded, or memory is. */
export function allocate(length: i32): usize {
  if (length <= 0 || length > 0x20000) return 0;
  const pointer = take(length);
  if (pointer != 0) memory.fill(pointer, 0, length);
  return pointer;
}

/** Wipes and takes back what `allocate` gave. */
export function release(pointer: usize, length: i32): void {
  if (pointer == 0) return;
  wipe(pointer, length);
  give(pointer);
}

/** Overwrites a secret. Linear memory is observable by the host, so the store is never elided. */
export function wipe(pointer: usize, length: i32): void {
  memory.fill(pointer, 0, length);
}

/** Constant-time in the content: 1 where both areas hold the same bytes, 0 otherwise. */
export function equalBytes(a: usize, b: usize, length: i32): i32 {
  let difference: u32 = 0;
  for (let i = 0; i < length; i++) {
    difference |= (load<u8>(a + i) as u32) ^ (load<u8>(b + i) as u32);
  }
  return 1 - (((difference | (0 - difference)) >>> 31) as i32);
}

// @ts-ignore: decorator
@inline
export function load16be(pointer: usize): i32 {
  return (load<u8>(pointer) as i32) << 8 | (load<u8>(pointer, 1) as i32);
}

// @ts-ignore: decorator
@inline
export function load24be(pointer: usize): i32 {
  return (load<u8>(pointer) as i32) << 16 | (load<u8>(pointer, 1) as i32) << 8 | (load<u8>(pointer, 2) as i32);
}

// @ts-ignore: decorator
@inline
export function load32be(pointer: usize): u32 {
  return bswap<u32>(load<u32>(pointer));
}

// @ts-ignore: decorator
@inline
export function store16be(pointer: usize, value: i32): void {
  store<u8>(pointer, value >> 8);
  store<u8>(pointer, value, 1);
}

// @ts-ignore: decorator
@inline
export function store24be(pointer: usize, value: i32): void {
  store<u8>(pointer, value >> 16);
  store<u8>(pointer, value >> 8, 1);
  store<u8>(pointer, value, 2);
}

// @ts-ignore: decorator
@inline
export function store32be(pointer: usize, value: u32): void {
  store<u32>(pointer, bswap<u32>(value));
}
