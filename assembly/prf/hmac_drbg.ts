// The random generator: HMAC_DRBG with SHA-256 (NIST SP 800-90A Rev. 1 §10.1.2), seeded by the host.
//
// Constant-time in its state and its seed: the time depends on the lengths alone.
import { ErrorCode } from "../alert";
import { HashId } from "../hash/hash";
import { HMAC_CONTEXT, hmacFinal, hmacInit, hmacUpdate } from "../hash/hmac";
import { wipe } from "../memory";

const SIZE: i32 = 32;
// SP 800-90A table 2: 2^19 bits a request.
const REQUEST_MAX: i32 = 0x10000;

const mac = memory.data(HMAC_CONTEXT, 8); // armed with K
const key = memory.data(32, 8);
const value = memory.data(32, 8); // V
const separator = memory.data(1, 1);
let seeded: i32 = 0;

/**
 * Seeds with `length` bytes of entropy, at least 32 of full entropy (48 with the nonce of §8.6.7); reseeds with them when
 * already seeded. Returns 0, or NoEntropy where they are too few.
 */
export function drbgSeed(entropy: usize, length: i32): i32 {
  if (length < SIZE) return ErrorCode.NoEntropy;
  if (!seeded) {
    // §10.1.2.3: K = 00…, V = 01…
    memory.fill(key, 0, SIZE);
    hmacInit(mac, HashId.Sha256, key, SIZE);
    memory.fill(value, 1, SIZE);
  }
  update(entropy, length);
  seeded = 1;
  return 0;
}

/** Writes `length` random bytes. Returns 0, NoEntropy before the first seed, TooLong over 65536 bytes. */
export function drbgGenerate(out: usize, length: i32): i32 {
  if (!seeded) return ErrorCode.NoEntropy;
  if (length < 0 || length > REQUEST_MAX) return ErrorCode.TooLong;
  while (length > 0) {
    hmacUpdate(mac, value, SIZE);
    hmacFinal(mac, value);
    const take = min(SIZE, length);
    memory.copy(out, value, take);
    out += take;
    length -= take;
  }
  // Moves on, so that a state caught later does not tell what was given out before.
  update(0, 0);
  return 0;
}

/** 1 where the generator is seeded. */
export function drbgReady(): i32 {
  return seeded;
}

/** Forgets the state; the generator must be seeded again. */
export function drbgWipe(): void {
  wipe(mac, HMAC_CONTEXT);
  wipe(value, SIZE);
  seeded = 0;
}

// HMAC_DRBG_Update (§10.1.2.2).
function update(data: usize, length: i32): void {
  rekey(0, data, length);
  if (length > 0) rekey(1, data, length);
}

function rekey(round: i32, data: usize, length: i32): void {
  store<u8>(separator, round);
  hmacUpdate(mac, value, SIZE);
  hmacUpdate(mac, separator, 1);
  hmacUpdate(mac, data, length);
  hmacFinal(mac, key);
  hmacInit(mac, HashId.Sha256, key, SIZE);
  wipe(key, SIZE);
  hmacUpdate(mac, value, SIZE);
  hmacFinal(mac, value);
}
