// RC4, for devices and origins of 1999. Broken, and forbidden in TLS (RFC 7465): legacy suites only.
//
// NOT constant-time, and it can't be: the state is looked up by secret bytes.

/** Bytes of a running state: the permutation, then i and j. */
export const RC4_STATE: i32 = 258;

/** Schedules a key of 1 to 256 bytes into `state`. */
export function rc4Init(state: usize, key: usize, length: i32): void {
  for (let i = 0; i < 256; i++) store<u8>(state + i, i);
  for (let i = 0, j = 0, k = 0; i < 256; i++) {
    const x: i32 = load<u8>(state + i);
    j = j + x + load<u8>(key + k) & 255;
    store<u8>(state + i, load<u8>(state + j));
    store<u8>(state + j, x);
    if (++k == length) k = 0;
  }
  store<u16>(state, 0, 256);
}

/** XORs the next `length` bytes of key stream onto `data`. */
export function rc4(state: usize, data: usize, length: i32): void {
  let i: i32 = load<u8>(state, 256), j: i32 = load<u8>(state, 257);
  for (const end = data + length; data < end; data++) {
    i = i + 1 & 255;
    const x: i32 = load<u8>(state + i);
    j = j + x & 255;
    const y: i32 = load<u8>(state + j);
    store<u8>(state + i, y);
    store<u8>(state + j, x);
    store<u8>(data, load<u8>(state + (x + y & 255)) ^ load<u8>(data));
  }
  store<u8>(state, i, 256);
  store<u8>(state, j, 257);
}
