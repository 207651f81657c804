// ML-KEM-768 (FIPS 203): a key pair, a secret for it, and the secret again. Randomness comes from the caller.
//
// Constant-time in all but the matrix, which is public. What is secret on the way is wiped.
import { ErrorCode } from "../alert";
import {
  keccakAbsorb, keccakFinish, keccakSqueeze, keccakWipe, sha3256Init, sha3512Init, shake256Init,
} from "../hash/keccak";
import { give, take } from "../heap";
import {
  BYTES_10, BYTES_12, BYTES_4, SEED, compressTo10, compressTo4, compressToMessage, decode12, decompress10, decompress4,
  decompressMessage, encode12, sampleBinomial, sampleUniform,
} from "./encoding";
import {
  POLYNOMIAL, SUMS, add, multiplyAdd, preparePowers, reduceAll, reduceSums, subtractFrom, transform, transformBack,
} from "./polynomial";

const K: i32 = 3;
/** Bytes of an encapsulation key, a decapsulation key, a ciphertext, and the secret. */
export const ML_KEM_KEY: i32 = K * BYTES_12 + SEED;
export const ML_KEM_PRIVATE_KEY: i32 = K * BYTES_12 + ML_KEM_KEY + 2 * SEED;
export const ML_KEM_CIPHERTEXT: i32 = K * BYTES_10 + BYTES_4;
export const ML_KEM_SECRET: i32 = 32;
/** Bytes of randomness for a key pair, and where the encapsulation key stands in the decapsulation key. */
export const ML_KEM_SEED: i32 = 2 * SEED;
export const ML_KEM_KEY_OFFSET: i32 = K * BYTES_12;

/** One block of the heap while a function runs: three polynomials, two more, the sums of products, and seeds. */
const FIRST: i32 = K * POLYNOMIAL;
const SECOND: i32 = FIRST + POLYNOMIAL;
const PRODUCTS: i32 = SECOND + POLYNOMIAL;
const SEEDS: i32 = PRODUCTS + SUMS;
const ROOM: i32 = SEEDS + 128;
/** A ciphertext to compare with, where `decapsulate` needs it. */
const AGAIN: i32 = ROOM;
const ROOM_AGAIN: i32 = AGAIN + ML_KEM_CIPHERTEXT;

/**
 * ML-KEM.KeyGen_internal (algorithm 16): `seed` is d and z, 64 bytes. Writes the encapsulation key and the decapsulation key.
 * Returns 0, or NoMemory.
 */
export function mlKemKeyPair(key: usize, privateKey: usize, seed: usize): i32 {
  const room = take(ROOM);
  if (room == 0) return ErrorCode.NoMemory;
  preparePowers();
  // K-PKE.KeyGen (algorithm 13): ρ and σ from d and k.
  const seeds = room + SEEDS;
  memory.copy(seeds, seed, SEED);
  store<u8>(seeds + SEED, K);
  sha3512Init();
  keccakAbsorb(seeds, SEED + 1);
  keccakFinish();
  keccakSqueeze(seeds, 2 * SEED);
  memory.copy(key + K * BYTES_12, seeds, SEED);
  const sigma = seeds + SEED;
  for (let i = 0; i < K; i++) {
    const s = room + i * POLYNOMIAL;
    sampleBinomial(s, sigma, i);
    transform(s);
  }
  for (let row = 0; row < K; row++) {
    multiplyRow(room, key + K * BYTES_12, row, 0);
    reduceSums(room + FIRST, room + PRODUCTS);
    sampleBinomial(room + SECOND, sigma, K + row);
    transform(room + SECOND);
    reduceAll(room + SECOND);
    add(room + FIRST, room + SECOND);
    encode12(key + row * BYTES_12, room + FIRST);
  }
  for (let i = 0; i < K; i++) {
    reduceAll(room + i * POLYNOMIAL);
    encode12(privateKey + i * BYTES_12, room + i * POLYNOMIAL);
  }
  const rest = privateKey + K * BYTES_12;
  memory.copy(rest, key, ML_KEM_KEY);
  hashKey(rest + ML_KEM_KEY, key);
  memory.copy(rest + ML_KEM_KEY + SEED, seed + SEED, SEED);
  finish(room, ROOM);
  return 0;
}

/**
 * ML-KEM.Encaps_internal (algorithm 17) with the 32 bytes of `message`, after the check of §7.2. Writes ciphertext and secret.
 * Returns 0, BadKeyShare for a key that is none, or NoMemory.
 */
export function mlKemEncapsulate(ciphertext: usize, secret: usize, key: usize, message: usize): i32 {
  const room = take(ROOM);
  if (room == 0) return ErrorCode.NoMemory;
  preparePowers();
  let isKey = 1;
  for (let i = 0; i < K; i++) isKey &= decode12(room + FIRST, key + i * BYTES_12);
  if (isKey) {
    const seeds = room + SEEDS;
    hashKey(seeds + SEED, key);
    memory.copy(seeds, message, SEED);
    secretAndCoins(seeds);
    encrypt(ciphertext, key, message, seeds + SEED, room);
    memory.copy(secret, seeds, ML_KEM_SECRET);
  }
  finish(room, ROOM);
  return isKey ? 0 : ErrorCode.BadKeyShare;
}

/**
 * ML-KEM.Decaps_internal (algorithm 18). A ciphertext that nobody made for this key gives a secret that nobody knows; which of
 * both it is, nothing shows. Returns 0, or NoMemory.
 */
export function mlKemDecapsulate(secret: usize, privateKey: usize, ciphertext: usize): i32 {
  const room = take(ROOM_AGAIN);
  if (room == 0) return ErrorCode.NoMemory;
  preparePowers();
  const key = privateKey + K * BYTES_12;
  const seeds = room + SEEDS;
  decrypt(seeds, privateKey, ciphertext, room);
  memory.copy(seeds + SEED, key + ML_KEM_KEY, SEED);
  memory.copy(seeds + 2 * SEED, seeds, SEED); // m': the hash takes its place
  secretAndCoins(seeds);
  const again = room + AGAIN;
  encrypt(again, key, seeds + 2 * SEED, seeds + SEED, room);
  let difference: u32 = 0;
  for (let i = 0; i < ML_KEM_CIPHERTEXT; i += 4) difference |= load<u32>(again + i) ^ load<u32>(ciphertext + i);
  shake256Init();
  keccakAbsorb(key + ML_KEM_KEY + SEED, SEED);
  keccakAbsorb(ciphertext, ML_KEM_CIPHERTEXT);
  keccakFinish();
  keccakSqueeze(seeds + SEED, ML_KEM_SECRET);
  // All ones where the ciphertexts differ.
  const rejected = 0 - ((difference | (0 - difference)) >>> 31);
  for (let i = 0; i < ML_KEM_SECRET; i += 4) {
    const good = load<u32>(seeds + i);
    store<u32>(secret + i, good ^ (rejected & (good ^ load<u32>(seeds + SEED + i))));
  }
  finish(room, ROOM_AGAIN);
  return 0;
}

/** (K, r) = G(m || H(ek)), in place. */
function secretAndCoins(seeds: usize): void {
  sha3512Init();
  keccakAbsorb(seeds, 2 * SEED);
  keccakFinish();
  keccakSqueeze(seeds, 2 * SEED);
}

function hashKey(out: usize, key: usize): void {
  sha3256Init();
  keccakAbsorb(key, ML_KEM_KEY);
  keccakFinish();
  keccakSqueeze(out, SEED);
}

/** The sums of a row of the matrix, or of its transpose, times the vector at `room`. */
function multiplyRow(room: usize, rho: usize, row: i32, transposed: i32): void {
  memory.fill(room + PRODUCTS, 0, SUMS);
  for (let i = 0; i < K; i++) {
    sampleUniform(room + SECOND, rho, transposed ? i : row, transposed ? row : i);
    multiplyAdd(room + PRODUCTS, room + i * POLYNOMIAL, room + SECOND);
  }
}

/** K-PKE.Encrypt (algorithm 14). */
function encrypt(ciphertext: usize, key: usize, message: usize, coins: usize, room: usize): void {
  for (let i = 0; i < K; i++) {
    sampleBinomial(room + i * POLYNOMIAL, coins, i);
    transform(room + i * POLYNOMIAL);
  }
  for (let row = 0; row < K; row++) {
    multiplyRow(room, key + K * BYTES_12, row, 1);
    reduceSums(room + FIRST, room + PRODUCTS);
    transformBack(room + FIRST);
    sampleBinomial(room + SECOND, coins, K + row);
    add(room + FIRST, room + SECOND);
    compressTo10(ciphertext + row * BYTES_10, room + FIRST);
  }
  memory.fill(room + PRODUCTS, 0, SUMS);
  for (let i = 0; i < K; i++) {
    decode12(room + SECOND, key + i * BYTES_12);
    multiplyAdd(room + PRODUCTS, room + i * POLYNOMIAL, room + SECOND);
  }
  reduceSums(room + FIRST, room + PRODUCTS);
  transformBack(room + FIRST);
  sampleBinomial(room + SECOND, coins, 2 * K);
  add(room + FIRST, room + SECOND);
  decompressMessage(room + SECOND, message);
  add(room + FIRST, room + SECOND);
  compressTo4(ciphertext + K * BYTES_10, room + FIRST);
}

/** K-PKE.Decrypt (algorithm 15). */
function decrypt(message: usize, privateKey: usize, ciphertext: usize, room: usize): void {
  memory.fill(room + PRODUCTS, 0, SUMS);
  for (let i = 0; i < K; i++) {
    decompress10(room + FIRST, ciphertext + i * BYTES_10);
    transform(room + FIRST);
    decode12(room + SECOND, privateKey + i * BYTES_12);
    multiplyAdd(room + PRODUCTS, room + FIRST, room + SECOND);
  }
  reduceSums(room + FIRST, room + PRODUCTS);
  transformBack(room + FIRST);
  decompress4(room + SECOND, ciphertext + K * BYTES_10);
  subtractFrom(room + FIRST, room + SECOND);
  compressToMessage(message, room + FIRST);
}

function finish(room: usize, length: i32): void {
  memory.fill(room, 0, length);
  give(room);
  keccakWipe();
}
