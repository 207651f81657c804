// AES key expansion (FIPS 197 §5.2), first in words, then as the planes that aes.ts wants.
//
// Constant-time in the key.

import { ErrorCode } from "../alert";
import { wipe } from "../memory";
import { ROUNDS, ROUND_KEYS, SCRATCH, scratch } from "./aes";
import { aesChain } from "./aes_chain";
import { slice } from "./slice";

// The rows 1 and 3, 0, 2, 1, and 3 of the columns in a word of 64 bits. Read from memory into locals, as a constant would take ten
// bytes of wasm at each use.
const ROWS = memory.data<u64>([
  0xff00ff00ff00ff00, 0x000000ff000000ff, 0x00ff000000ff0000, 0x0000ff000000ff00, 0xff000000ff000000,
], 8);
// A key of `aesChain`: one round, and round keys of zeros before and after it.
const subBytes = memory.data(72, 8);
const planes = scratch, blocks = scratch + 64, words = scratch + 128;

/** Expands a key of 16 or 32 bytes into `out`, AES_KEY bytes aligned to 8. 0, or BadArgument for another length. */
export function aesExpandKey(out: usize, key: usize, length: i32): i32 {
  if (length != 16 && length != 32) return ErrorCode.BadArgument;
  const rounds = (length >> 2) + 6;
  store<i32>(out, rounds, ROUNDS);
  memory.copy(words, key, length);
  let rcon: u32 = 1;
  let at = words + length;
  let w = load<u32>(at - 4);
  for (let i = length >> 4; i <= rounds; i++, at += 16) {
    // Of a key of 32 bytes, every other four words begin without the turn and the constant.
    const turn = length == 16 || (i & 1) == 0;
    w = subWord(turn ? rotr<u32>(w, 8) : w);
    if (turn) w ^= rcon, rcon = rcon << 1 ^ (rcon >> 7) * 0x11b;
    const before = at - length;
    store<u32>(at, w ^= load<u32>(before)), store<u32>(at, w ^= load<u32>(before, 4), 4);
    store<u32>(at, w ^= load<u32>(before, 8), 8), store<u32>(at, w ^= load<u32>(before, 12), 12);
  }

  unshift(words + 16, rounds);
  // Four round keys go through `slice` at once, one to each bit of a nibble.
  let keys = out + ROUND_KEYS, left = rounds + 1;
  for (let from = words; left > 0; from += 64, keys += 256, left -= 4) {
    slice(planes, from, 1, 0);
    let bit: usize = 0;
    do {
      const x = load<u64>(planes + bit), p = keys + bit;
      store<u64>(p, (x & 0x1111111111111111) * 15), store<u64>(p, (x >> 1 & 0x1111111111111111) * 15, 64);
      store<u64>(p, (x >> 2 & 0x1111111111111111) * 15, 128);
      if (left > 3) store<u64>(p, (x >> 3 & 0x1111111111111111) * 15, 192);
    } while ((bit += 8) != 64);
  }
  wipe(scratch, SCRATCH);
  return ErrorCode.None;
}

/** Takes ShiftRows back, i times from the key of round i, and adds SubBytes' constant, which MixColumns leaves as it is. */
function unshift(at: usize, rounds: i32): void {
  const rows13 = load<u64>(ROWS), row0 = load<u64>(ROWS, 8), row2 = load<u64>(ROWS, 16);
  const row1 = load<u64>(ROWS, 24), row3 = load<u64>(ROWS, 32);
  for (let i = 1; i <= rounds; i++, at += 16) {
    let a = load<u64>(at) ^ 0x6363636363636363, b = load<u64>(at, 8) ^ 0x6363636363636363;
    if (i & 2) {
      const t = (a ^ b) & rows13;
      a ^= t, b ^= t;
    }
    if (i & 1) {
      // Row 1 comes from a column before, row 3 from a column behind: of all columns in a row, the same two words.
      const before = a << 32 | b >> 32, behind = b << 32 | a >> 32, c = a;
      a = a & row0 | b & row2 | before & row1 | behind & row3;
      b = b & row0 | c & row2 | behind & row1 | before & row3;
    }
    store<u64>(at, a), store<u64>(at, b, 8);
  }
}

/** SubBytes of the four bytes of a word. */
// @ts-ignore: decorator
@inline
function subWord(w: u32): u32 {
  if (ASC_SHRINK_LEVEL > 1) {
    // One round of aes_chain.ts without MixColumns, on four columns that are the same, as ShiftRows then changes nothing. CBC
    // has that circuit anyhow, and it is the suite that takes most memory.
    store<i32>(subBytes, 1);
    for (let i = 0; i < 16; i += 4) store<u32>(blocks + i, w);
    memory.fill(planes, 0, 16);
    aesChain(subBytes, planes, blocks, 16, 0);
    return load<u32>(planes) ^ 0x63636363;
  }
  // The circuit of aes.ts. Bit i of each byte is the lowest of its byte in the word shifted right by i: that is plane i.
  const u7 = w, u6 = w >> 1, u5 = w >> 2, u4 = w >> 3, u3 = w >> 4, u2 = w >> 5, u1 = w >> 6, u0 = w >> 7;
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
  const low = 0x01010101;
  return (s7 & low | (s6 & low) << 1 | (s5 & low) << 2 | (s4 & low) << 3
    | (s3 & low) << 4 | (s2 & low) << 5 | (s1 & low) << 6 | (s0 & low) << 7) ^ 0x63636363;
}
