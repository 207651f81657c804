// AES encryption of one block after another, each chained to the last, as CBC and CBC-MAC need it: nothing here runs in parallel
// but the sixteen bytes of a block. Plane i holds bit i of every byte in a 32-bit word, as i32 operations are the interpreter's
// cheapest and rotate at no extra cost; a byte of the word is a row, and its bits are the columns 0 to 3 twice over. So the byte
// below and some columns on stands one rotation away. A few columns at the edge of the words go wrong by that, never more than
// half of them, and are written anew at the end of the round. As in aes.ts ShiftRows is never carried out; the S-box is the same.
//
// Constant-time in keys and data.

import { ROUND_KEYS, aesRounds } from "./aes";

/** Bytes of a key for `aesChain`. */
export const CHAIN_KEY: i32 = 488;

// The columns 0 to 3 of every row; read from memory into a local, as a constant would take six bytes of wasm at each use.
const COLUMNS = memory.data<u32>([0x0f0f0f0f]);

/** Makes a key for `aesChain` from one of `aesExpandKey`; `out` may be `key`. */
export function aesChainKey(out: usize, key: usize): void {
  const rounds = aesRounds(key);
  store<i32>(out, rounds);
  out += 8, key += ROUND_KEYS;
  for (const end = out + ((rounds + 1) << 5); out < end; out += 4, key += 8) {
    // All four bits of a nibble are the same: bit c of the nibble of column c goes to bit c of the row.
    let x = load<u64>(key) & 0x8421842184218421;
    x |= x >> 8;
    x |= x >> 4;
    const upper = (x >> 32) as u32, lower = x as u32;
    store<u32>(out, (lower & 0x0f | lower >> 8 & 0x0f00 | upper << 16 & 0x0f0000 | upper << 8 & 0x0f000000) * 17);
  }
}

/**
 * For each block of `length` bytes, a multiple of 16: encrypts the sum of it and of the 16 bytes at `state`, to `state`, and where
 * `write` is 1 also to the place of the block. `key` is one of `aesChainKey`.
 */
export function aesChain(key: usize, state: usize, data: usize, length: i32, write: i32): void {
  const right = load<u32>(COLUMNS);
  const lastKey = key + 8 + (aesRounds(key) << 5);
  let w0 = load<u32>(state), w1 = load<u32>(state, 4), w2 = load<u32>(state, 8), w3 = load<u32>(state, 12), t: u32;
  for (const end = data + length; data < end; data += 16) {
    w0 ^= load<u32>(data), w1 ^= load<u32>(data, 4), w2 ^= load<u32>(data, 8), w3 ^= load<u32>(data, 12);
    // Bits of a byte to the planes, as in slice.ts.
    t = (w0 >> 1 ^ w1) & 0x55555555, w1 ^= t, w0 ^= t << 1;
    t = (w2 >> 1 ^ w3) & 0x55555555, w3 ^= t, w2 ^= t << 1;
    t = (w0 >> 2 ^ w2) & 0x33333333, w2 ^= t, w0 ^= t << 2;
    t = (w1 >> 2 ^ w3) & 0x33333333, w3 ^= t, w1 ^= t << 2;
    let q0 = w0, q1 = w1, q2 = w2, q3 = w3, q4 = w0 >> 4, q5 = w1 >> 4, q6 = w2 >> 4, q7 = w3 >> 4;
    let edge = 0, n = 1;
    for (let roundKey = key + 8; ; roundKey += 32) {
      const u7 = load<u32>(roundKey) ^ (q0 >> edge & right) * 17, u6 = load<u32>(roundKey, 4) ^ (q1 >> edge & right) * 17;
      const u5 = load<u32>(roundKey, 8) ^ (q2 >> edge & right) * 17, u4 = load<u32>(roundKey, 12) ^ (q3 >> edge & right) * 17;
      const u3 = load<u32>(roundKey, 16) ^ (q4 >> edge & right) * 17, u2 = load<u32>(roundKey, 20) ^ (q5 >> edge & right) * 17;
      const u1 = load<u32>(roundKey, 24) ^ (q6 >> edge & right) * 17, u0 = load<u32>(roundKey, 28) ^ (q7 >> edge & right) * 17;
      if (roundKey == lastKey) {
        w0 = u7 & right | u3 & ~right, w1 = u6 & right | u2 & ~right;
        w2 = u5 & right | u1 & ~right, w3 = u4 & right | u0 & ~right;
        break;
      }
      const y14 = u3 ^ u5; const y13 = u0 ^ u6; const y12 = y13 ^ y14; const t1 = u4 ^ y12; const y15 = t1 ^ u5;
      const t2 = y12 & y15; const y6 = y15 ^ u7; const y20 = t1 ^ u1; const y9 = u0 ^ u3; const y11 = y20 ^ y9;
      const t12 = y9 & y11; const y7 = u7 ^ y11; const y8 = u0 ^ u5; const t0 = u1 ^ u2; const y10 = y15 ^ t0;
      const y17 = y10 ^ y11; const t14 = (y14 & y17) ^ t12; const y19 = y10 ^ y8; const t16 = (y8 & y10) ^ t12;
      const y16 = t0 ^ y11; const y21 = y13 ^ y16; const t7 = y13 & y16; const y18 = u0 ^ y16; const y1 = t0 ^ u7;
      const y4 = y1 ^ u3; const t22 = (y4 & u7) ^ t2 ^ t16 ^ y19; const y2 = y1 ^ u0;
      const t24 = (y2 & y7) ^ t7 ^ t16 ^ y18; const y5 = y1 ^ u6; const t23 = (y5 & y1) ^ t7 ^ t14 ^ y21;
      const y3 = y5 ^ y8; const t21 = (y3 & y6) ^ t2 ^ y20 ^ t14; const t26 = t21 & t23; const t27 = t24 ^ t26;
      const t25 = t21 ^ t22; const t29 = (t25 & t27) ^ t22; const t30 = t23 ^ t24;
      const t33 = ((t22 ^ t26) & t30) ^ t24; const t36 = (t27 ^ t33) & t24; const t40 = ((t27 ^ t36) & t29) ^ t25;
      const t43 = t29 ^ t40; const z3 = t43 & y16; const z12 = t43 & y13; const tc6 = (t40 & y1) ^ z3;
      const t37 = t23 ^ t33 ^ t36; const t41 = t40 ^ t37; const z17 = t41 & y8; const t44 = t33 ^ t37;
      const z0 = t44 & y15; const t42 = t29 ^ t33; const t45 = t42 ^ t41; const tc8 = (t45 & y17) ^ tc6;
      const tc16 = (t42 & y11) ^ tc8; const z15 = t42 & y9; const tc1 = (t45 & y14) ^ z15;
      const tc2 = (t37 & y3) ^ tc1; const tc3 = (t44 & y12) ^ tc2; const s0 = tc3 ^ tc16;
      const s3 = (t37 & y6) ^ z0 ^ tc6 ^ tc3; const s1 = s3 ^ tc16; const tc4 = (t33 & u7) ^ z0;
      const tc7 = z12 ^ tc4; const tc10 = (t41 & y10) ^ tc7 ^ tc8; const tc17 = (t29 & y2) ^ tc10;
      const s5 = (t33 & y4) ^ tc2 ^ tc17; const s2 = z15 ^ tc16 ^ tc17 ^ z17; const tc14 = (t29 & y7) ^ z3 ^ tc4;
      const tc18 = (t40 & y5) ^ tc1 ^ tc14; const s6 = tc10 ^ tc18; const s7 = z12 ^ tc18; const s4 = tc14 ^ s3;
      if (roundKey + 32 == lastKey) {
        q0 = s7, q1 = s6, q2 = s5, q3 = s4, q4 = s3, q5 = s2, q6 = s1, q7 = s0, edge = 0;
        continue;
      }
      // The byte below is n columns to the right, or one to the left for three; right are the columns 0 to 3, or then 4 to 7.
      let below = 8 + n, opposite = 16 + (n & 1) * 2;
      edge = 0;
      if (n == 3) below = 7, opposite = 14, edge = 4;
      n = n + 1 & 3;
      const b0 = rotr<u32>(s7, below), b1 = rotr<u32>(s6, below), b2 = rotr<u32>(s5, below), b3 = rotr<u32>(s4, below);
      const b4 = rotr<u32>(s3, below), b5 = rotr<u32>(s2, below), b6 = rotr<u32>(s1, below), b7 = rotr<u32>(s0, below);
      const c0 = s7 ^ b0, c1 = s6 ^ b1, c2 = s5 ^ b2, c3 = s4 ^ b3, c4 = s3 ^ b4, c5 = s2 ^ b5, c6 = s1 ^ b6, c7 = s0 ^ b7;
      q0 = rotr<u32>(c0, opposite) ^ b0 ^ c7, q1 = rotr<u32>(c1, opposite) ^ b1 ^ c0 ^ c7;
      q2 = rotr<u32>(c2, opposite) ^ b2 ^ c1, q3 = rotr<u32>(c3, opposite) ^ b3 ^ c2 ^ c7;
      q4 = rotr<u32>(c4, opposite) ^ b4 ^ c3 ^ c7, q5 = rotr<u32>(c5, opposite) ^ b5 ^ c4;
      q6 = rotr<u32>(c6, opposite) ^ b6 ^ c5, q7 = rotr<u32>(c7, opposite) ^ b7 ^ c6;
    }
    t = (w1 >> 2 ^ w3) & 0x33333333, w3 ^= t, w1 ^= t << 2;
    t = (w0 >> 2 ^ w2) & 0x33333333, w2 ^= t, w0 ^= t << 2;
    t = (w2 >> 1 ^ w3) & 0x55555555, w3 ^= t, w2 ^= t << 1;
    t = (w0 >> 1 ^ w1) & 0x55555555, w1 ^= t, w0 ^= t << 1;
    // The state stands two ShiftRows back: rows 1 and 3 change places with the columns opposite.
    t = (w0 ^ w2) & 0xff00ff00, w0 ^= t, w2 ^= t;
    t = (w1 ^ w3) & 0xff00ff00, w1 ^= t, w3 ^= t;
    if (write) store<u32>(data, w0), store<u32>(data, w1, 4), store<u32>(data, w2, 8), store<u32>(data, w3, 12);
  }
  store<u32>(state, w0), store<u32>(state, w1, 4), store<u32>(state, w2, 8), store<u32>(state, w3, 12);
}
