// DES and 3DES (FIPS 46-3) in CBC mode, for devices and origins of 1999: legacy suites only.
//
// NOT constant-time: the S-boxes are looked up by secret bits.

import { ErrorCode } from "../alert";
import { take } from "../heap";
import { load32be, store32be, wipe } from "../memory";

/** Bytes of a key schedule of either: the count of DES passes, then two words a round. */
export const DES_KEY: i32 = 392;

const KEYS: usize = 8;

// S_1 to S_8, a nibble an entry in the order of the standard: rows of sixteen.
const S = memory.data<u64>([
  0xe4d12fb83a6c5907, 0x0f74e2d1a6cb9538, 0x41e8d62bfc973a50, 0xfc8249175b3ea06d,
  0xf18e6b34972dc05a, 0x3d47f28ec01a69b5, 0x0e7ba4d158c6932f, 0xd8a13f42b67c05e9,
  0xa09e63f51dc7b428, 0xd709346a285ecbf1, 0xd6498f30b12c5ae7, 0x1ad069874fe3b52c,
  0x7de3069a1285bc4f, 0xd8b56f03472c1ae9, 0xa690cb7df13e5284, 0x3f06a1d8945bc72e,
  0x2c417ab6853fd0e9, 0xeb2c47d150fa3986, 0x421bad78f9c5630e, 0xb8c71e2d6f09a453,
  0xc1af92680d34e75b, 0xaf427c9561de0b38, 0x9ef528c3704a1db6, 0x432c95fabe17608d,
  0x4b2ef08d3c975a61, 0xd0b7491ae35c2f86, 0x14bdc37eaf680592, 0x6bd814a7950fe23c,
  0xd2846fb1a93e50c7, 0x1fd8a374c56b0e92, 0x7b419ce206adf358, 0x21e74a8dfc90356b,
], 8);
// The permutations P, PC-1 and PC-2, by the number of the bit taken, counted from 1 at the top.
const P = memory.data<u8>([
  16, 7, 20, 21, 29, 12, 28, 17, 1, 15, 23, 26, 5, 18, 31, 10, 2, 8, 24, 14, 32, 27, 3, 9, 19, 13, 30, 6,
  22, 11, 4, 25,
]);
const PC1 = memory.data<u8>([
  57, 49, 41, 33, 25, 17, 9, 1, 58, 50, 42, 34, 26, 18, 10, 2, 59, 51, 43, 35, 27, 19, 11, 3, 60, 52, 44, 36,
  63, 55, 47, 39, 31, 23, 15, 7, 62, 54, 46, 38, 30, 22, 14, 6, 61, 53, 45, 37, 29, 21, 13, 5, 28, 20, 12, 4,
]);
const PC2 = memory.data<u8>([
  14, 17, 11, 24, 1, 5, 3, 28, 15, 6, 21, 10, 23, 19, 12, 4, 26, 8, 16, 7, 27, 20, 13, 2, 41, 52, 31, 37,
  47, 55, 30, 40, 51, 45, 33, 48, 44, 49, 39, 56, 34, 53, 46, 42, 50, 36, 29, 32,
]);

// Tables of S-boxes with P behind them. Halves are kept turned right by one, so that the six bits of the boxes 1, 3, 5, 7 stand
// at the top of the four bytes, and those of 2, 4, 6, 8 after a turn left by four.
//
// Boxes of neighbouring bytes are looked up together: 4096 words a pair, at the address that both bytes make. That address has
// holes, as two bits of each byte are not the boxes': four tables fit into one another, and fill 64 KiB. They halve the
// interpreter's operations, and are more than a data cache holds; memory for them is taken when the first key comes. Where the
// program is to be small, each box has a table of its own, 2 KiB in all.
const PAIRS: i32 = 0x10000;
const BOXES = ASC_SHRINK_LEVEL > 1 ? memory.data(2048, 8) : 0;
let tables: usize = 0;

/** What box 1 to 8, counted from 0, gives for six bits: four, sent by P to their places. */
function substitute(box: i32, six: i32): u32 {
  const row = six >> 4 & 2 | six & 1, column = six >> 1 & 15;
  const four = (load<u64>(S + (box << 5) + (row << 3)) >> (60 - (column << 2)) & 15) as u32;
  const placed = four << (28 - (box << 2));
  let word: u32 = 0;
  for (let bit = 0; bit < 32; bit++) word |= (placed >> (32 - load<u8>(P + bit)) & 1) << (31 - bit);
  return rotr<u32>(word, 1);
}

/** Makes the tables, once. False where there is no memory for them. */
function makeTables(): bool {
  if (tables != 0) return true;
  if (ASC_SHRINK_LEVEL > 1) {
    tables = BOXES;
    for (let i = 0; i < 512; i++) store<u32>(tables + (i << 2), substitute(i >> 6, i & 63));
    return true;
  }
  tables = take(PAIRS);
  if (tables == 0) return false;
  // Boxes 5 and 7, 1 and 3, 6 and 8, 2 and 4: from the lower half of a word, then from the upper one.
  for (let pair = 0; pair < 4; pair++) {
    const table = tables + (pair << 8), upper = (pair & 1 ? 0 : 4) + (pair >> 1);
    for (let six = 0; six < 64; six++) store<u32>(table + (six << 2), substitute(upper + 2, six));
    for (let row = 63; row >= 0; row--) {
      const word = substitute(upper, row);
      for (let at = table; at < table + 256; at += 4) store<u32>(at + (row << 10), load<u32>(at) ^ word);
    }
  }
  return true;
}

/**
 * Schedules a key of 8 bytes (DES) or 24 (3DES, encrypt-decrypt-encrypt) into `out`, DES_KEY bytes aligned to 8.
 * `decrypt` 1 gives the schedule for `desCbcDecrypt`, 0 that for `desCbcEncrypt`.
 * @returns 0, or NoMemory
 */
export function desExpandKey(out: usize, key: usize, length: i32, decrypt: i32): i32 {
  if (!makeTables()) return ErrorCode.NoMemory;
  const passes = length >> 3;
  store<i32>(out, passes);
  for (let pass = 0; pass < passes; pass++) {
    const backwards = decrypt ^ (pass & 1);
    schedule(out + KEYS + (pass << 7), key + ((decrypt ? passes - 1 - pass : pass) << 3), backwards);
  }
  return ErrorCode.None;
}

function schedule(out: usize, key: usize, backwards: i32): void {
  const k = (load32be(key) as u64) << 32 | load32be(key + 4);
  let cd: u64 = 0;
  for (let i = 0; i < 56; i++) cd = cd << 1 | k >> (64 - load<u8>(PC1 + i)) & 1;
  for (let round = 0; round < 16; round++) {
    // C and D turn left by two, by one in rounds 1, 2, 9 and 16.
    const turn = u64(0x8103 >> round & 1 ? 1 : 2);
    const c = cd >> 28, d = cd & 0xfffffff;
    cd = ((c << turn | c >> (28 - turn)) & 0xfffffff) << 28 | (d << turn | d >> (28 - turn)) & 0xfffffff;
    let odd: u32 = 0, even: u32 = 0;
    for (let box = 0; box < 8; box++) {
      let six: u32 = 0;
      for (let i = 0; i < 6; i++) six = six << 1 | (cd >> (56 - load<u8>(PC2 + box * 6 + i)) & 1) as u32;
      if (box & 1) even = even << 8 | six << 2;
      else odd = odd << 8 | six << 2;
    }
    const at = out + ((backwards ? 15 - round : round) << 3);
    store<u32>(at, odd);
    store<u32>(at, even, 4);
  }
}

/** What a round XORs onto the other half: `u` and `t` are a half and the same turned, under their round keys. */
// @ts-ignore: decorator
@inline
function round(u: u32, t: u32, pairs: u32): u32 {
  if (ASC_SHRINK_LEVEL > 1) {
    return load<u32>(u >> 24 & 252, BOXES) ^ load<u32>(u >> 16 & 252, BOXES + 512)
      ^ load<u32>(u >> 8 & 252, BOXES + 1024) ^ load<u32>(u & 252, BOXES + 1536)
      ^ load<u32>(t >> 24 & 252, BOXES + 256) ^ load<u32>(t >> 16 & 252, BOXES + 768)
      ^ load<u32>(t >> 8 & 252, BOXES + 1280) ^ load<u32>(t & 252, BOXES + 1792);
  }
  return load<u32>((u & 0xfcfc) + pairs) ^ load<u32>((u >> 16 & 0xfcfc) + pairs, 256)
    ^ load<u32>((t & 0xfcfc) + pairs, 512) ^ load<u32>((t >> 16 & 0xfcfc) + pairs, 768);
}

/** Encrypts or decrypts a block of two big-endian words at `block`, as the schedule has it. */
function des(key: usize, block: usize): void {
  let l = load32be(block), r = load32be(block + 4), t: u32, u: u32;
  // IP, by exchanges of bits between the halves.
  t = (l >> 4 ^ r) & 0x0f0f0f0f, r ^= t, l ^= t << 4;
  t = (l >> 16 ^ r) & 0x0000ffff, r ^= t, l ^= t << 16;
  t = (r >> 2 ^ l) & 0x33333333, l ^= t, r ^= t << 2;
  t = (r >> 8 ^ l) & 0x00ff00ff, l ^= t, r ^= t << 8;
  t = (l >> 1 ^ r) & 0x55555555, r ^= t, l ^= t << 1;
  l = rotr<u32>(l, 1), r = rotr<u32>(r, 1);
  const pairs = tables as u32;
  let k = key + KEYS;
  for (let pass = load<i32>(key); pass; pass--) {
    for (const end = k + 128; k < end; k += 16) {
      u = r ^ load<u32>(k, 0), t = rotl<u32>(r, 4) ^ load<u32>(k, 4);
      l ^= round(u, t, pairs);
      u = l ^ load<u32>(k, 8), t = rotl<u32>(l, 4) ^ load<u32>(k, 12);
      r ^= round(u, t, pairs);
    }
    t = l, l = r, r = t;
  }
  l = rotl<u32>(l, 1), r = rotl<u32>(r, 1);
  t = (l >> 1 ^ r) & 0x55555555, r ^= t, l ^= t << 1;
  t = (r >> 8 ^ l) & 0x00ff00ff, l ^= t, r ^= t << 8;
  t = (r >> 2 ^ l) & 0x33333333, l ^= t, r ^= t << 2;
  t = (l >> 16 ^ r) & 0x0000ffff, r ^= t, l ^= t << 16;
  t = (l >> 4 ^ r) & 0x0f0f0f0f, r ^= t, l ^= t << 4;
  store32be(block, l), store32be(block + 4, r);
}

const work = memory.data(8, 8);

/** Encrypts `length` bytes in place, a multiple of 8; `iv` becomes the last block of ciphertext. */
export function desCbcEncrypt(key: usize, iv: usize, data: usize, length: i32): void {
  for (const end = data + length; data < end; data += 8) {
    store<u64>(iv, load<u64>(iv) ^ load<u64>(data));
    des(key, iv);
    store<u64>(data, load<u64>(iv));
  }
}

/**
 * Decrypts `length` bytes, a multiple of 8, that follow 8 bytes of IV at `data`. The plaintext takes the place of the IV and
 * what follows.
 */
export function desCbcDecrypt(key: usize, data: usize, length: i32): void {
  for (const end = data + length; data < end; data += 8) {
    store<u64>(work, load<u64>(data, 8));
    des(key, work);
    store<u64>(data, load<u64>(data) ^ load<u64>(work));
  }
  wipe(work, 8);
}
