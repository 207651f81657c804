// ChaCha20 (RFC 8439 §2.3 and §2.4).
//
// Constant-time: additions, rotations and XORs only.

import { wipe } from "../memory";

const edge = memory.data(64, 8);

/** XORs the key stream from block `counter` on onto `length` bytes. Key of 32, nonce of 12 bytes. */
export function chacha20(key: usize, nonce: usize, counter: u32, data: usize, length: i32): void {
  const k0 = load<u32>(key), k1 = load<u32>(key, 4), k2 = load<u32>(key, 8), k3 = load<u32>(key, 12);
  const k4 = load<u32>(key, 16), k5 = load<u32>(key, 20), k6 = load<u32>(key, 24), k7 = load<u32>(key, 28);
  const n0 = load<u32>(nonce), n1 = load<u32>(nonce, 4), n2 = load<u32>(nonce, 8);

  // In the first round only column 0 sees the counter. The others, and what the second round makes of them alone, are the same in
  // every block.
  let x0: u32 = 0x61707865, x1: u32 = 0x3320646e, x2: u32 = 0x79622d32, x3: u32 = 0x6b206574;
  let x4 = k0, x5 = k1, x6 = k2, x7 = k3, x8 = k4, x9 = k5, x10 = k6, x11 = k7;
  let x12 = counter, x13 = n0, x14 = n1, x15 = n2;
  x13 = rotl<u32>(x13 ^ (x1 = x1 + x5), 16), x5 = rotl<u32>(x5 ^ (x9 = x9 + x13), 12);
  x13 = rotl<u32>(x13 ^ (x1 = x1 + x5), 8), x5 = rotl<u32>(x5 ^ (x9 = x9 + x13), 7);
  x14 = rotl<u32>(x14 ^ (x2 = x2 + x6), 16), x6 = rotl<u32>(x6 ^ (x10 = x10 + x14), 12);
  x14 = rotl<u32>(x14 ^ (x2 = x2 + x6), 8), x6 = rotl<u32>(x6 ^ (x10 = x10 + x14), 7);
  x15 = rotl<u32>(x15 ^ (x3 = x3 + x7), 16), x7 = rotl<u32>(x7 ^ (x11 = x11 + x15), 12);
  x15 = rotl<u32>(x15 ^ (x3 = x3 + x7), 8), x7 = rotl<u32>(x7 ^ (x11 = x11 + x15), 7);
  const f0 = x0 + k0, f1 = x1 + x6, f2 = x2 + x7, f3 = x3, f5 = x5, f6 = x6, f7 = x7;
  const f9 = x9, f10 = x10, f11 = x11, f13 = rotl<u32>(x13 ^ f2, 16), f14 = x14, f15 = x15;

  for (; length > 0; length -= 64) {
    // A block that is not whole goes by the edge buffer.
    let p = data;
    if (length < 64) {
      memory.copy(edge, data, length);
      p = edge;
    }
    x12 = rotl<u32>(f0 ^ counter, 16), x4 = rotl<u32>(k0 ^ (x8 = k4 + x12), 12);
    x12 = rotl<u32>(x12 ^ (x0 = f0 + x4), 8), x4 = rotl<u32>(x4 ^ (x8 = x8 + x12), 7);
    x15 = rotl<u32>(f15 ^ (x0 = x0 + f5), 16), x5 = rotl<u32>(f5 ^ (x10 = f10 + x15), 12);
    x15 = rotl<u32>(x15 ^ (x0 = x0 + x5), 8), x5 = rotl<u32>(x5 ^ (x10 = x10 + x15), 7);
    x12 = rotl<u32>(x12 ^ f1, 16), x6 = rotl<u32>(f6 ^ (x11 = f11 + x12), 12);
    x12 = rotl<u32>(x12 ^ (x1 = f1 + x6), 8), x6 = rotl<u32>(x6 ^ (x11 = x11 + x12), 7);
    x7 = rotl<u32>(f7 ^ (x8 = x8 + f13), 12);
    x13 = rotl<u32>(f13 ^ (x2 = f2 + x7), 8), x7 = rotl<u32>(x7 ^ (x8 = x8 + x13), 7);
    x14 = rotl<u32>(f14 ^ (x3 = f3 + x4), 16), x4 = rotl<u32>(x4 ^ (x9 = f9 + x14), 12);
    x14 = rotl<u32>(x14 ^ (x3 = x3 + x4), 8), x4 = rotl<u32>(x4 ^ (x9 = x9 + x14), 7);
    let rounds = 9;
    do {
      x12 = rotl<u32>(x12 ^ (x0 = x0 + x4), 16), x4 = rotl<u32>(x4 ^ (x8 = x8 + x12), 12);
      x12 = rotl<u32>(x12 ^ (x0 = x0 + x4), 8), x4 = rotl<u32>(x4 ^ (x8 = x8 + x12), 7);
      x13 = rotl<u32>(x13 ^ (x1 = x1 + x5), 16), x5 = rotl<u32>(x5 ^ (x9 = x9 + x13), 12);
      x13 = rotl<u32>(x13 ^ (x1 = x1 + x5), 8), x5 = rotl<u32>(x5 ^ (x9 = x9 + x13), 7);
      x14 = rotl<u32>(x14 ^ (x2 = x2 + x6), 16), x6 = rotl<u32>(x6 ^ (x10 = x10 + x14), 12);
      x14 = rotl<u32>(x14 ^ (x2 = x2 + x6), 8), x6 = rotl<u32>(x6 ^ (x10 = x10 + x14), 7);
      x15 = rotl<u32>(x15 ^ (x3 = x3 + x7), 16), x7 = rotl<u32>(x7 ^ (x11 = x11 + x15), 12);
      x15 = rotl<u32>(x15 ^ (x3 = x3 + x7), 8), x7 = rotl<u32>(x7 ^ (x11 = x11 + x15), 7);
      x15 = rotl<u32>(x15 ^ (x0 = x0 + x5), 16), x5 = rotl<u32>(x5 ^ (x10 = x10 + x15), 12);
      x15 = rotl<u32>(x15 ^ (x0 = x0 + x5), 8), x5 = rotl<u32>(x5 ^ (x10 = x10 + x15), 7);
      x12 = rotl<u32>(x12 ^ (x1 = x1 + x6), 16), x6 = rotl<u32>(x6 ^ (x11 = x11 + x12), 12);
      x12 = rotl<u32>(x12 ^ (x1 = x1 + x6), 8), x6 = rotl<u32>(x6 ^ (x11 = x11 + x12), 7);
      x13 = rotl<u32>(x13 ^ (x2 = x2 + x7), 16), x7 = rotl<u32>(x7 ^ (x8 = x8 + x13), 12);
      x13 = rotl<u32>(x13 ^ (x2 = x2 + x7), 8), x7 = rotl<u32>(x7 ^ (x8 = x8 + x13), 7);
      x14 = rotl<u32>(x14 ^ (x3 = x3 + x4), 16), x4 = rotl<u32>(x4 ^ (x9 = x9 + x14), 12);
      x14 = rotl<u32>(x14 ^ (x3 = x3 + x4), 8), x4 = rotl<u32>(x4 ^ (x9 = x9 + x14), 7);
    } while (--rounds);
    store<u32>(p, x0 + 0x61707865 ^ load<u32>(p, 0), 0);
    store<u32>(p, x1 + 0x3320646e ^ load<u32>(p, 4), 4);
    store<u32>(p, x2 + 0x79622d32 ^ load<u32>(p, 8), 8);
    store<u32>(p, x3 + 0x6b206574 ^ load<u32>(p, 12), 12);
    store<u32>(p, x4 + k0 ^ load<u32>(p, 16), 16);
    store<u32>(p, x5 + k1 ^ load<u32>(p, 20), 20);
    store<u32>(p, x6 + k2 ^ load<u32>(p, 24), 24);
    store<u32>(p, x7 + k3 ^ load<u32>(p, 28), 28);
    store<u32>(p, x8 + k4 ^ load<u32>(p, 32), 32);
    store<u32>(p, x9 + k5 ^ load<u32>(p, 36), 36);
    store<u32>(p, x10 + k6 ^ load<u32>(p, 40), 40);
    store<u32>(p, x11 + k7 ^ load<u32>(p, 44), 44);
    store<u32>(p, x12 + counter ^ load<u32>(p, 48), 48);
    store<u32>(p, x13 + n0 ^ load<u32>(p, 52), 52);
    store<u32>(p, x14 + n1 ^ load<u32>(p, 56), 56);
    store<u32>(p, x15 + n2 ^ load<u32>(p, 60), 60);
    if (length < 64) {
      memory.copy(data, edge, length);
      wipe(edge, 64);
    }
    data += 64;
    counter++;
  }
}
