// Records under a block cipher in CBC mode with a MAC: MAC-then-encrypt (RFC 5246 §6.2.3.2, RFC 2246, RFC 6101) and
// encrypt-then-MAC (RFC 7366). TLS 1.1 and later carry the IV; before, each record's IV is the last block of the one before.
//
// Opening is constant-time in padding and MAC: bad padding and a bad MAC give one error after the same work.

import { ErrorCode } from "../alert";
import { aesChain } from "../cipher/aes_chain";
import { aesCbcDecrypt } from "../cipher/cbc";
import { desCbcDecrypt, desCbcEncrypt } from "../cipher/des";
import { equalBytes, load16be, wipe } from "../memory";
import {
  BLOCK, ENCRYPT_THEN_MAC, IV, KEY, MAC_SIZE, OPENED_START, OPENED_TYPE, PLAINTEXT_MAX, SEQUENCE, SSL30, TLS11, VERSION, recordHeader,
} from "./context";
import { equalMacAt, macOfSecretLength, recordMac } from "./mac";

const chain = memory.data(16, 8);
const firstBlock = memory.data(32, 8);
const mac = memory.data(64, 8);

/** Encrypts in place and leaves the last block of ciphertext at `iv`. */
function encrypt(context: usize, iv: usize, data: usize, length: i32): void {
  if (load<i32>(context, BLOCK) == 16) aesChain(context + KEY, iv, data, length, 1);
  else desCbcEncrypt(context + KEY, iv, data, length);
}

/** Decrypts `length` bytes that follow the IV at `data`; the plaintext starts where the IV did. */
function decrypt(context: usize, data: usize, length: i32): void {
  if (load<i32>(context, BLOCK) == 16) aesCbcDecrypt(context + KEY, data, length);
  else desCbcDecrypt(context + KEY, data, length);
}

/** Seals `length` bytes at `payload` into a record at `out`; the payload lies behind where it is to go. */
export function sealCbc(context: usize, type: i32, out: usize, payload: usize, length: i32): i32 {
  const version = load<i32>(context, VERSION);
  const blockSize = load<i32>(context, BLOCK);
  const macSize = load<i32>(context, MAC_SIZE);
  const macLast = load<i32>(context, ENCRYPT_THEN_MAC);
  const explicit = version >= TLS11 ? blockSize : 0;
  const fragment = out + 5;
  const data = fragment + explicit;
  memory.copy(data, payload, length);
  if (!macLast) {
    recordMac(context, type, data, length, data + length);
    length += macSize;
  }
  const padding = blockSize - (length & (blockSize - 1));
  memory.fill(data + length, (padding - 1) as u8, padding);
  length += padding;
  length += explicit;
  if (explicit) {
    // The IV is the sequence number encrypted, which nobody can predict or see twice (NIST SP 800-38A, appendix C): the first
    // block of a chain that starts with zeros.
    memory.fill(fragment, 0, explicit);
    store<u64>(fragment, load<u64>(context, SEQUENCE));
    memory.fill(chain, 0, 16);
    encrypt(context, chain, fragment, length);
  } else {
    encrypt(context, context + IV, data, length);
  }
  if (macLast) {
    recordMac(context, type, fragment, length, fragment + length);
    length += macSize;
  }
  recordHeader(out, type, version, length);
  return 5 + length;
}

/** Opens the record; the caller has checked its header. */
export function openCbc(context: usize, record: usize): i32 {
  const blockSize = load<i32>(context, BLOCK);
  const macSize = load<i32>(context, MAC_SIZE);
  const macLast = load<i32>(context, ENCRYPT_THEN_MAC);
  const explicit = load<i32>(context, VERSION) >= TLS11 ? blockSize : 0;
  const type = load<u8>(record) as i32;
  const fragment = record + 5;
  let length = load16be(record + 3);
  if (macLast) length -= macSize;
  // Whole blocks, and room for a byte of padding beside the MAC: known from the wire, so a secret to nobody.
  const least = macLast ? 1 : macSize + 1;
  if (length - explicit < least || (length & (blockSize - 1)) != 0) return ErrorCode.BadRecordMac;
  if (macLast) {
    recordMac(context, type, fragment, length, mac);
    const good = equalBytes(mac, fragment + length, macSize);
    wipe(mac, 64);
    if (!good) return ErrorCode.BadRecordMac;
  }
  length -= explicit;
  if (explicit) decrypt(context, fragment, length);
  else decryptChained(context, fragment, length);

  const result = macLast ? unpad(context, fragment, length) : unpadAndVerify(context, type, fragment, length);
  if (result < 0) {
    wipe(fragment, length);
    return result;
  }
  store<usize>(context, fragment, OPENED_START);
  store<i32>(context, type, OPENED_TYPE);
  return result > PLAINTEXT_MAX ? ErrorCode.RecordOverflow : result;
}

/** The record's IV is in the context, not before the data: its first block goes by itself, the others move up behind it. */
function decryptChained(context: usize, data: usize, length: i32): void {
  const blockSize = load<i32>(context, BLOCK);
  memory.copy(firstBlock, context + IV, blockSize);
  memory.copy(firstBlock + blockSize, data, blockSize);
  memory.copy(context + IV, data + (length - blockSize), blockSize);
  decrypt(context, firstBlock, blockSize);
  decrypt(context, data, length - blockSize);
  memory.copy(data + blockSize, data, length - blockSize);
  memory.copy(data, firstBlock, blockSize);
  wipe(firstBlock, 32);
}

/** 1 where a < b, 0 otherwise, of small non-negative numbers. */
// @ts-ignore: decorator
@inline
function less(a: i32, b: i32): u32 {
  return ((a - b) as u32) >>> 31;
}

/**
 * Constant-time: 1 where the padding of `length` bytes at `data` is right and leaves room for `reserved` bytes, else 0.
 * Every byte that could be padding is looked at.
 */
function paddingIsGood(context: usize, data: usize, length: i32, reserved: i32): u32 {
  const padding = load<u8>(data + length - 1) as i32;
  let good = less(padding + reserved, length);
  // SSL 3.0 fills with anything, less than a block of it (RFC 6101 §5.2.3.2).
  if (load<i32>(context, VERSION) == SSL30) return good & less(padding, load<i32>(context, BLOCK));
  let difference: u32 = 0;
  const reach = length < 256 ? length : 256;
  for (let i = 1; i <= reach; i++) {
    difference |= ((load<u8>(data + length - i) as i32) ^ padding) & (0 - less(i, padding + 2));
  }
  return good & (1 ^ ((difference | (0 - difference)) >>> 31));
}

/** After encrypt-then-MAC: the padding, already authentic. */
function unpad(context: usize, data: usize, length: i32): i32 {
  if (!paddingIsGood(context, data, length, 0)) return ErrorCode.BadRecordMac;
  return length - 1 - (load<u8>(data + length - 1) as i32);
}

/** Padding and MAC in one step. Where the padding is bad it counts as empty, and the MAC is computed all the same. */
function unpadAndVerify(context: usize, type: i32, data: usize, length: i32): i32 {
  const macSize = load<i32>(context, MAC_SIZE);
  const good = paddingIsGood(context, data, length, macSize);
  const padding = ((load<u8>(data + length - 1) as i32) + 1) & ((0 - good) as i32);
  const most = length - macSize;
  const least = most > 256 ? most - 256 : 0;
  const plain = most - padding;
  macOfSecretLength(context, type, data, plain, least, most, mac);
  const equal = equalMacAt(data, plain, least, length, mac, macSize);
  wipe(mac, 64);
  return (good & equal) != 0 ? plain : ErrorCode.BadRecordMac;
}
