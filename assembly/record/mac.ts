// The MAC of records without an AEAD: HMAC (RFC 5246 §6.2.3.1) and SSL 3.0's keyed hash (RFC 6101 §5.2.3.1).
//
// Constant-time in keys and data. `macOfSecretLength` is constant-time in the length as well, between the bounds given: it runs
// the same number of compressions and touches the same bytes whatever the length, so that CBC's padding doesn't show (Lucky13).

import { HASH_CONTEXT, HashId, hashBlockSize, hashBlocks, hashFinal, hashInit, hashResume, hashSize, hashUpdate } from "../hash/hash";
import { HMAC_CONTEXT, hmacInit } from "../hash/hmac";
import { load16be, store16be, wipe } from "../memory";
import { INNER, MAC_HASH, MAC_SIZE, OUTER, SSL30, VERSION, additionalData } from "./context";

// Where HMAC_CONTEXT keeps its two chaining values.
const HMAC_INNER: usize = 224;

const hash = memory.data(HMAC_CONTEXT, 8);
const header = memory.data(80, 8);
const block = memory.data(128, 8);
const kept = memory.data(64, 8);
const digest = memory.data(64, 8);

/** Keeps the key: HMAC's chaining values, or in SSL 3.0 the key itself. */
export function macInit(context: usize, key: usize): void {
  const id = load<i32>(context, MAC_HASH);
  const size = hashSize(id);
  store<i32>(context, size, MAC_SIZE);
  if (load<i32>(context, VERSION) == SSL30) {
    memory.copy(context + INNER, key, size);
    return;
  }
  hmacInit(hash, id, key, size);
  memory.copy(context + INNER, hash + HMAC_INNER, 128);
  wipe(hash, HMAC_CONTEXT);
}

/** Starts the inner hash; returns the bytes it has taken in, a whole block or none. */
function startInner(context: usize): i32 {
  const id = load<i32>(context, MAC_HASH);
  if (load<i32>(context, VERSION) == SSL30) {
    hashInit(id, hash);
    return 0;
  }
  hashResume(id, hash, context + INNER, hashBlockSize(id));
  return hashBlockSize(id);
}

/** Writes what is hashed before the data to `header` and returns its length. `length` may be secret. */
function writeHeader(context: usize, type: i32, length: i32): i32 {
  const version = load<i32>(context, VERSION);
  if (version != SSL30) {
    additionalData(context, header, type, version, length);
    return 13;
  }
  // Key, pad_1, sequence number, type, length; no version.
  const at = ssl3Pad(context, 0x36);
  additionalData(context, header + at, type, 0, 0);
  store16be(header + at + 9, length);
  return at + 11;
}

function ssl3Pad(context: usize, byte: u8): i32 {
  const size = load<i32>(context, MAC_SIZE);
  const pad = load<i32>(context, MAC_HASH) == HashId.Md5 ? 48 : 40;
  memory.copy(header, context + INNER, size);
  memory.fill(header + size, byte, pad);
  return size + pad;
}

/** The outer hash over the inner one in `digest`, to `out`. */
function finishOuter(context: usize, out: usize): void {
  const id = load<i32>(context, MAC_HASH);
  if (load<i32>(context, VERSION) == SSL30) {
    hashInit(id, hash);
    hashUpdate(hash, header, ssl3Pad(context, 0x5c));
  } else {
    hashResume(id, hash, context + OUTER, hashBlockSize(id));
  }
  hashUpdate(hash, digest, load<i32>(context, MAC_SIZE));
  hashFinal(hash, out);
  wipe(hash, HASH_CONTEXT);
  wipe(header, 80);
  wipe(digest, 64);
}

/** The MAC of `length` bytes at `data`, to `out`. */
export function recordMac(context: usize, type: i32, data: usize, length: i32, out: usize): void {
  const headerLength = writeHeader(context, type, length);
  startInner(context);
  hashUpdate(hash, header, headerLength);
  hashUpdate(hash, data, length);
  hashFinal(hash, digest);
  finishOuter(context, out);
}

/** 1 where a < b, 0 otherwise, of small non-negative numbers. */
// @ts-ignore: decorator
@inline
function less(a: i32, b: i32): u32 {
  return ((a - b) as u32) >>> 31;
}

/**
 * The MAC of `length` bytes at `data`, to `out`, where `length` is secret but lies between `least` and `most`, and `most` bytes
 * can be read.
 */
export function macOfSecretLength(context: usize, type: i32, data: usize, length: i32, least: i32, most: i32, out: usize): void {
  const id = load<i32>(context, MAC_HASH);
  const blockSize = hashBlockSize(id);
  const shift = blockSize == 128 ? 7 : 6;
  const countSize = blockSize >>> 3;
  const headerLength = writeHeader(context, type, length);
  const before = startInner(context);
  const total = headerLength + length;

  // Blocks that are whole whatever the length.
  let first = (headerLength + least) >>> shift;
  if (first << shift < headerLength) first = 0;
  if (first > 0) {
    hashUpdate(hash, header, headerLength);
    hashUpdate(hash, data, (first << shift) - headerLength);
  }

  // The others: data, the bit after them, zeros, and in the last one the count of bits. Each is compressed; the chaining value
  // is kept at the last.
  const last = (headerLength + most + countSize) >>> shift;
  const lastOfMessage = (total + countSize) >>> shift;
  const bits = (before + total) << 3;
  memory.fill(kept, 0, 64);
  for (let n = first; n <= last; n++) {
    let at = n << shift;
    const isLast = less(n, lastOfMessage) ^ less(n, lastOfMessage + 1);
    for (let i = 0; i < blockSize; i++, at++) {
      const byte: u32 = at < headerLength ? load<u8>(header + at)
        : at < headerLength + most ? load<u8>(data + (at - headerLength)) : 0;
      const within = less(at, total);
      store<u8>(block + i, byte & (0 - within) | 0x80 & (0 - (within ^ less(at, total + 1))));
    }
    const count = (id == HashId.Md5 ? bits : bswap<u32>(bits)) & (0 - isLast);
    const place = block + blockSize - (id == HashId.Md5 ? 8 : 4);
    store<u32>(place, load<u32>(place) | count);
    hashBlocks(id, hash, block, 1);
    const keep = 0 - (isLast as u64);
    for (let i = 0; i < 64; i += 8) store<u64>(kept + i, load<u64>(kept + i) | load<u64>(hash + i) & keep);
  }

  // The chaining value as bytes.
  const size = load<i32>(context, MAC_SIZE);
  if (id == HashId.Md5) {
    memory.copy(digest, kept, size);
  } else if (blockSize == 128) {
    for (let i = 0; i < size; i += 8) store<u64>(digest + i, bswap<u64>(load<u64>(kept + i)));
  } else {
    for (let i = 0; i < size; i += 4) store<u32>(digest + i, bswap<u32>(load<u32>(kept + i)));
  }
  wipe(kept, 64);
  wipe(block, 128);
  finishOuter(context, out);
}

const found = memory.data(64, 8);
const turned = memory.data(64, 8);

/**
 * Constant-time in `start`: 1 where the MAC at `data + start` equals that at `mac`. `start` is secret and lies between `least`
 * and `end - size`.
 */
export function equalMacAt(data: usize, start: i32, least: i32, end: i32, mac: usize, size: i32): i32 {
  // Gathered byte by byte into a ring, then turned until its first byte stands first.
  memory.fill(found, 0, 64);
  let turn: u32 = 0;
  let slot = 0;
  for (let at = least; at < end; at++) {
    const reached = less(start, at + 1), ended = less(start + size, at + 1);
    turn |= (slot as u32) & (0 - (less(at, start + 1) & reached));
    const p = found + slot;
    store<u8>(p, load<u8>(p) | load<u8>(data + at) & (0 - (reached & (ended ^ 1))));
    slot = slot + 1 == size ? 0 : slot + 1;
  }
  for (let step = 1; step < size; step <<= 1, turn >>>= 1) {
    const mask: u32 = 0 - (turn & 1);
    for (let i = 0; i < size; i++) {
      const from = i + step < size ? i + step : i + step - size;
      const stay: u32 = load<u8>(found + i);
      store<u8>(turned + i, stay ^ (stay ^ (load<u8>(found + from) as u32)) & mask);
    }
    memory.copy(found, turned, size);
  }
  let difference: u32 = 0;
  for (let i = 0; i < size; i++) difference |= (load<u8>(found + i) ^ load<u8>(mac + i)) as u32;
  wipe(found, 64);
  wipe(turned, 64);
  return (1 - ((difference | (0 - difference)) >>> 31)) as i32;
}
