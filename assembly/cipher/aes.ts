// AES (FIPS 197) without tables: the bits of four blocks lie side by side in eight 64-bit planes, and the S-box is a circuit
// of ANDs and XORs over them. Plane i holds bit i of every byte; within a plane, byte (row r, column c) of block b is bit
// 16r + 4c + b. ShiftRows is never carried out: after round i the state is still unshifted i times, so that MixColumns
// gathers from other columns (fixslicing: Adomnicai and Peyrin, https://eprint.iacr.org/2020/1123), by one of four
// patterns of rotation, and the round keys are stored unshifted alike.
//
// Constant-time in keys and data: neither indexes memory nor decides a branch.

import { wipe } from "../memory";
import { slice, unsliceXor } from "./slice";

/** Bytes of an expanded key of either size. */
export const AES_KEY: i32 = 968;

// Fields of an expanded key (aes_key.ts): the number of rounds, and the round keys as planes, 64 bytes each.
export const ROUNDS: usize = 0;
export const ROUND_KEYS: usize = 8;

// Masks of the columns 0 to 3 - n, and of the rest, for n of 1 to 3. Read from memory into locals, as a constant would take ten
// bytes of wasm at each use.
export const COLUMNS = memory.data<u64>([
  0x0fff0fff0fff0fff, 0xf000f000f000f000, 0x00ff00ff00ff00ff, 0xff00ff00ff00ff00, 0x000f000f000f000f, 0xfff0fff0fff0fff0,
], 8);

/** The byte one row below, in the same column. */
// @ts-ignore: decorator
@inline
export function below0(x: u64): u64 {
  return rotr<u64>(x, 16);
}

/**
 * The byte one row below and n columns to the right: turned by `far`, 16 + 4n, for the columns that `inside` masks, and by `near`,
 * 4n, for those of `outside`.
 */
// @ts-ignore: decorator
@inline
export function below(x: u64, far: u64, inside: u64, near: u64, outside: u64): u64 {
  return rotr<u64>(x, far) & inside | rotr<u64>(x, near) & outside;
}

/** The byte two rows below, in the same column: for columns that stand as they are or two back. */
// @ts-ignore: decorator
@inline
export function opposite(x: u64): u64 {
  return rotr<u64>(x, 32);
}

/** The byte two rows below and two columns to the right: for those one or three back. */
// @ts-ignore: decorator
@inline
export function oppositeAcross(x: u64, in2: u64, out2: u64): u64 {
  return rotr<u64>(x, 40) & in2 | rotr<u64>(x, 24) & out2;
}

/** Rounds of an expanded key: 10 or 14. */
// @ts-ignore: decorator
@inline
export function aesRounds(key: usize): i32 {
  return load<i32>(key, ROUNDS);
}

/**
 * Encrypts `groups` groups of four blocks, in place, as planes, from round `first` on (1, or 2 where the caller did the first).
 * The round key before it is XORed in here as well. The outcome stands unshifted twice (10 and 14 rounds leave the same),
 * which `unsliceXor` puts right.
 */
export function aesEncryptPlanes(key: usize, planes: usize, groups: i32, first: i32): void {
  const rounds = aesRounds(key);
  const in1 = load<u64>(COLUMNS), out1 = load<u64>(COLUMNS, 8), in2 = load<u64>(COLUMNS, 16), out2 = load<u64>(COLUMNS, 24);
  const in3 = load<u64>(COLUMNS, 32), out3 = load<u64>(COLUMNS, 40);
  const firstKey = key + ROUND_KEYS + ((first - 1) << 6);
  const end = planes + (groups << 6);
  for (; planes < end; planes += 64) {
    let roundKey = firstKey;
    let q0 = load<u64>(planes), q1 = load<u64>(planes, 8), q2 = load<u64>(planes, 16), q3 = load<u64>(planes, 24);
    let q4 = load<u64>(planes, 32), q5 = load<u64>(planes, 40), q6 = load<u64>(planes, 48), q7 = load<u64>(planes, 56);
    for (let round = first; ; round++) {
      const u7 = load<u64>(roundKey) ^ q0, u6 = load<u64>(roundKey, 8) ^ q1;
      const u5 = load<u64>(roundKey, 16) ^ q2, u4 = load<u64>(roundKey, 24) ^ q3;
      const u3 = load<u64>(roundKey, 32) ^ q4, u2 = load<u64>(roundKey, 40) ^ q5;
      const u1 = load<u64>(roundKey, 48) ^ q6, u0 = load<u64>(roundKey, 56) ^ q7;
      roundKey += 64;

      // SubBytes, but for its constant 0x63, which is part of the round keys. The circuit is that of Boyar, Peralta and Calik
      // with 113 gates; a gate whose value serves once is written where it serves.
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
      if (round == rounds) {
        q0 = s7, q1 = s6, q2 = s5, q3 = s4, q4 = s3, q5 = s2, q6 = s1, q7 = s0;
        break;
      }

      // MixColumns: b is the byte below, c the sum of both; 2c + b + the c opposite (Kaesper and Schwabe).
      let b0: u64, b1: u64, b2: u64, b3: u64, b4: u64, b5: u64, b6: u64, b7: u64;
      const n = round & 3;
      if (n == 0) {
        b0 = below0(s7), b1 = below0(s6), b2 = below0(s5), b3 = below0(s4);
        b4 = below0(s3), b5 = below0(s2), b6 = below0(s1), b7 = below0(s0);
      } else if (ASC_SHRINK_LEVEL > 1) {
        const at = COLUMNS + (n - 1 << 4);
        const inside = load<u64>(at), outside = load<u64>(at, 8), near = u64(n << 2), far = near + 16;
        b0 = below(s7, far, inside, near, outside), b1 = below(s6, far, inside, near, outside);
        b2 = below(s5, far, inside, near, outside), b3 = below(s4, far, inside, near, outside);
        b4 = below(s3, far, inside, near, outside), b5 = below(s2, far, inside, near, outside);
        b6 = below(s1, far, inside, near, outside), b7 = below(s0, far, inside, near, outside);
      } else if (n == 1) {
        b0 = below(s7, 20, in1, 4, out1), b1 = below(s6, 20, in1, 4, out1);
        b2 = below(s5, 20, in1, 4, out1), b3 = below(s4, 20, in1, 4, out1);
        b4 = below(s3, 20, in1, 4, out1), b5 = below(s2, 20, in1, 4, out1);
        b6 = below(s1, 20, in1, 4, out1), b7 = below(s0, 20, in1, 4, out1);
      } else if (n == 2) {
        b0 = below(s7, 24, in2, 8, out2), b1 = below(s6, 24, in2, 8, out2);
        b2 = below(s5, 24, in2, 8, out2), b3 = below(s4, 24, in2, 8, out2);
        b4 = below(s3, 24, in2, 8, out2), b5 = below(s2, 24, in2, 8, out2);
        b6 = below(s1, 24, in2, 8, out2), b7 = below(s0, 24, in2, 8, out2);
      } else {
        b0 = below(s7, 28, in3, 12, out3), b1 = below(s6, 28, in3, 12, out3);
        b2 = below(s5, 28, in3, 12, out3), b3 = below(s4, 28, in3, 12, out3);
        b4 = below(s3, 28, in3, 12, out3), b5 = below(s2, 28, in3, 12, out3);
        b6 = below(s1, 28, in3, 12, out3), b7 = below(s0, 28, in3, 12, out3);
      }
      const c0 = s7 ^ b0, c1 = s6 ^ b1, c2 = s5 ^ b2, c3 = s4 ^ b3, c4 = s3 ^ b4, c5 = s2 ^ b5, c6 = s1 ^ b6, c7 = s0 ^ b7;
      if (round & 1) {
        q0 = oppositeAcross(c0, in2, out2) ^ b0 ^ c7, q1 = oppositeAcross(c1, in2, out2) ^ b1 ^ c0 ^ c7;
        q2 = oppositeAcross(c2, in2, out2) ^ b2 ^ c1, q3 = oppositeAcross(c3, in2, out2) ^ b3 ^ c2 ^ c7;
        q4 = oppositeAcross(c4, in2, out2) ^ b4 ^ c3 ^ c7, q5 = oppositeAcross(c5, in2, out2) ^ b5 ^ c4;
        q6 = oppositeAcross(c6, in2, out2) ^ b6 ^ c5, q7 = oppositeAcross(c7, in2, out2) ^ b7 ^ c6;
      } else {
        q0 = opposite(c0) ^ b0 ^ c7, q1 = opposite(c1) ^ b1 ^ c0 ^ c7;
        q2 = opposite(c2) ^ b2 ^ c1, q3 = opposite(c3) ^ b3 ^ c2 ^ c7;
        q4 = opposite(c4) ^ b4 ^ c3 ^ c7, q5 = opposite(c5) ^ b5 ^ c4;
        q6 = opposite(c6) ^ b6 ^ c5, q7 = opposite(c7) ^ b7 ^ c6;
      }
    }
    store<u64>(planes, load<u64>(roundKey) ^ q0), store<u64>(planes, load<u64>(roundKey, 8) ^ q1, 8);
    store<u64>(planes, load<u64>(roundKey, 16) ^ q2, 16), store<u64>(planes, load<u64>(roundKey, 24) ^ q3, 24);
    store<u64>(planes, load<u64>(roundKey, 32) ^ q4, 32), store<u64>(planes, load<u64>(roundKey, 40) ^ q5, 40);
    store<u64>(planes, load<u64>(roundKey, 48) ^ q6, 48), store<u64>(planes, load<u64>(roundKey, 56) ^ q7, 56);
  }
}

/** Bytes of scratch: the planes of eight groups. Only one function at a time is at work on them, and wipes them. */
export const SCRATCH: i32 = 512;
export const scratch = memory.data(SCRATCH, 8);

// A round key of zeros before and after one round without MixColumns: SubBytes alone.
const subBytes = memory.data(136, 8);
const planes = scratch, blocks = scratch + 64;

/** SubBytes, but for its constant, on the planes of four blocks. */
export function aesSubPlanes(planes: usize): void {
  store<i32>(subBytes, 1, ROUNDS);
  aesEncryptPlanes(subBytes, planes, 1, 1);
}

/** Encrypts one to four blocks, `length` bytes in all, from `input` to `out` (which may be the same). */
export function aesEncryptBlocks(key: usize, out: usize, input: usize, length: i32): void {
  memory.copy(blocks, input, length);
  slice(planes, blocks, 1, 0);
  aesEncryptPlanes(key, planes, 1, 1);
  memory.fill(blocks, 0, 64);
  unsliceXor(blocks, planes, 1, 1);
  memory.copy(out, blocks, length);
  wipe(scratch, 128);
}
