// Ed25519 verification (RFC 8032 §5.1.7). All input is public: nothing here is constant-time.
import { ErrorCode } from "../alert";
import { HASH_CONTEXT, HashId, hashFinal, hashInit, hashUpdate } from "../hash/hash";
import { enterMontgomery, negativeInverse, readLimbs, subtractOnce, writeLimbs } from "../rsa/modular";
import { montgomeryMultiply } from "../rsa/montgomery";
import { isBelow } from "./ec";
import {
  addCached, d, double, e, f, g, h, negateElement, POINT25519 as POINT, setNeutral,
} from "./edwards25519";
import {
  add25519, carry25519, ELEMENT25519 as ELEMENT, freeze25519, multiply25519, square25519, subtract25519,
} from "./field25519";
import { invert } from "./inverse";
import { bytesFromLimbs, limbsFromBytes } from "./limbs";
import { nonAdjacentForm } from "./scalar_multiply";

// Little-endian: p; L, the base point's order; d; a square root of -1; the base point's x and y (RFC 8032 §5.1).
const prime = memory.data<u64>([-19, -1, -1, 0x7fffffffffffffff]);
const groupOrder = memory.data<u64>([0x5812631a5cf5d3ed, 0x14def9dea2f79cd6, 0x0, 0x1000000000000000]);
const numberD = memory.data<u64>([0x75eb4dca135978a3, 0x700a4d4141d8ab, 0x8cc740797779e898, 0x52036cee2b6ffe73]);
const numberI = memory.data<u64>([0xc4ee1b274a0ea0b0, 0x2f431806ad2fe478, 0x2b4d00993dfbd7a7, 0x2b8324804fc1df0b]);
const baseX = memory.data<u64>([0xc9562d608f25d51a, 0x692cc7609525a7b2, 0xc0a4e231fdd6dc5c, 0x216936d3cd6e53fe]);
const baseY = memory.data<u64>([0x6666666666666658, 0x6666666666666666, 0x6666666666666666, 0x6666666666666666]);

// Points of a table are Y - X, Y + X, 2 Z, 2 d T instead of X, Y, Z, T.
const point = memory.data(POINT, 16);
const sum = memory.data(POINT, 16);
const twice = memory.data(POINT, 16);
/** P, 3 P, … 15 P of the base point, then of the negated public key. */
const tables = memory.data(16 * POINT, 16);
const digitsBase = memory.data(264, 16);
const digitsKey = memory.data(264, 16);
const bytes = memory.data(32, 16);
const digest = memory.data(64, 16);
const context = memory.data(HASH_CONTEXT, 16);

/**
 * 0 where the signature (64 bytes) of the message holds for the public key (32 bytes), else BadSignature: also for keys
 * that are no point, encodings that are not canonical, and s of L and above. The equation is the one without cofactor.
 */
export function ed25519Verify(publicKey: usize, message: usize, length: i32, signature: usize): i32 {
  const s = signature + 32;
  if (!isBelow(s, groupOrder, 32) || !decode(point, publicKey)) return ErrorCode.BadSignature;
  hashInit(HashId.Sha512, context);
  hashUpdate(context, signature, 32);
  hashUpdate(context, publicKey, 32);
  hashUpdate(context, message, length);
  hashFinal(context, digest);
  reduceDigest(bytes);
  nonAdjacentForm(digitsBase, s, 32, 5);
  nonAdjacentForm(digitsKey, bytes, 32, 5);
  // R = s B - k A
  negate(point);
  fillTable(tables + 8 * POINT, point);
  loadElement(point, baseX);
  loadElement(point + ELEMENT, baseY);
  completePoint(point);
  fillTable(tables, point);
  setNeutral(sum);
  for (let i = 256; i >= 0; i--) {
    const digit1 = load<i8>(digitsBase + i) as i32;
    const digit2 = load<i8>(digitsKey + i) as i32;
    double(sum, (digit1 | digit2) != 0);
    if (digit1 != 0) addCached(sum, tables + (abs(digit1) >> 1) * POINT, digit1 < 0);
    if (digit2 != 0) addCached(sum, tables + (8 + (abs(digit2) >> 1)) * POINT, digit2 < 0);
  }
  encode(bytes, sum);
  return memory.compare(bytes, signature, 32) == 0 ? 0 : ErrorCode.BadSignature;
}

function loadElement(out: usize, number: usize): void {
  limbsFromBytes(out, 29, 9, number, 1, 32);
}

/** Z and T of a point whose x and y are there. */
function completePoint(p: usize): void {
  memory.fill(p + 2 * ELEMENT, 0, ELEMENT);
  store<i64>(p + 2 * ELEMENT, 1);
  multiply25519(p + 3 * ELEMENT, p, p + ELEMENT);
}

function isZero(a: usize): bool {
  freeze25519(a);
  let bits: i64 = 0;
  for (let i = 0; i < ELEMENT; i += 8) bits |= load<i64>(a + i);
  return bits == 0;
}

function negate(p: usize): void {
  negateElement(p);
  negateElement(p + 3 * ELEMENT);
}

/** RFC 8032 §5.1.3; 0 where the bytes are no point's encoding. */
function decode(p: usize, encoded: usize): i32 {
  memory.copy(bytes, encoded, 32);
  const sign = (load<u8>(bytes, 31) >> 7) as i32;
  store<u8>(bytes, load<u8>(bytes, 31) & 0x7f, 31);
  if (!isBelow(bytes, prime, 32)) return 0;
  const y = p + ELEMENT;
  loadElement(y, bytes);
  // u = y^2 - 1, v = d y^2 + 1
  const u = d;
  const v = e;
  square25519(u, y);
  loadElement(v, numberD);
  multiply25519(v, v, u);
  store<i64>(v, load<i64>(v) + 1);
  store<i64>(u, load<i64>(u) - 1);
  // x = u v^3 (u v^7)^((p - 5) / 8)
  square25519(f, v);
  multiply25519(f, f, v);
  multiply25519(f, f, u);
  square25519(g, v);
  square25519(g, g);
  multiply25519(g, g, f);
  powerSmall(g);
  multiply25519(p, f, g);
  // v x^2 is u, or -u where the root of -1 is missing, or u is no square.
  square25519(f, p);
  multiply25519(f, f, v);
  subtract25519(g, f, u);
  if (!isZero(g)) {
    add25519(g, f, u);
    if (!isZero(g)) return 0;
    loadElement(g, numberI);
    multiply25519(p, p, g);
  }
  freeze25519(p);
  const odd = (load<i64>(p) & 1) as i32;
  memory.copy(g, p, ELEMENT);
  if (isZero(g) && sign) return 0;
  if (odd != sign) negateElement(p);
  completePoint(p);
  return 1;
}

/** a = a^((p - 5) / 8) = a^(2^252 - 3), by powers 2^n - 1. Uses h and sum. */
function powerSmall(a: usize): void {
  const t = sum;
  const one = sum + ELEMENT;
  const five = sum + 2 * ELEMENT;
  const kept = sum + 3 * ELEMENT;
  memory.copy(one, a, ELEMENT);
  square25519(t, a);
  multiply25519(t, t, a); // 2^2 - 1
  square25519(t, t);
  multiply25519(t, t, a); // 2^3 - 1
  memory.copy(h, t, ELEMENT);
  squareTimes(t, 2);
  // 2^5 - 1 = (2^3 - 1) 2^2 + 2^2 - 1
  square25519(five, one);
  multiply25519(five, five, one);
  multiply25519(five, five, t);
  extend(t, five, five, 5); // 2^10 - 1
  memory.copy(kept, t, ELEMENT);
  extend(t, kept, kept, 10); // 2^20 - 1
  memory.copy(h, t, ELEMENT);
  extend(t, h, h, 20); // 2^40 - 1
  extend(t, t, kept, 10); // 2^50 - 1
  memory.copy(kept, t, ELEMENT);
  extend(t, kept, kept, 50); // 2^100 - 1
  memory.copy(h, t, ELEMENT);
  extend(t, h, h, 100); // 2^200 - 1
  extend(t, t, kept, 50); // 2^250 - 1
  squareTimes(t, 2);
  multiply25519(a, t, one);
}

/** out = a^(2^times) b */
function extend(out: usize, a: usize, b: usize, times: i32): void {
  if (out != a) memory.copy(out, a, ELEMENT);
  squareTimes(out, times);
  multiply25519(out, out, b);
}

function squareTimes(a: usize, times: i32): void {
  while (times-- > 0) square25519(a, a);
}

function encode(out: usize, p: usize): void {
  freeze25519(p + 2 * ELEMENT);
  bytesFromLimbs(out, 1, 32, p + 2 * ELEMENT, 29, 9);
  invert(out, out, prime, 32);
  loadElement(g, out);
  multiply25519(f, p, g);
  freeze25519(f);
  multiply25519(g, p + ELEMENT, g);
  freeze25519(g);
  bytesFromLimbs(out, 1, 32, g, 29, 9);
  store<u8>(out, (load<u8>(out, 31) as i32) | ((load<i64>(f) as i32 & 1) << 7), 31);
}

/** The 64 bytes of the digest, little-endian, modulo L. */
function reduceDigest(out: usize): void {
  // Twelve limbs of 28 bits: R = 2^336, and the digest is high R + low.
  const n = sum;
  const squared = sum + 64;
  const cubed = sum + 128;
  const wide = twice;
  const low = twice + 128;
  const high = twice + 192;
  readLimbs(n, 12, groupOrder, 1, 32);
  readLimbs(wide, 24, digest, 1, 64);
  const inverse = negativeInverse(n);
  memory.fill(squared, 0, 48);
  store<u32>(squared, 1);
  enterMontgomery(squared, n, 253, 12);
  enterMontgomery(squared, n, 253, 12);
  montgomeryMultiply(cubed, squared, squared, n, inverse, 12);
  montgomeryMultiply(low, wide, squared, n, inverse, 12);
  montgomeryMultiply(high, wide + 48, cubed, n, inverse, 12);
  let carry: u32 = 0;
  for (let i = 0; i < 48; i += 4) {
    carry += load<u32>(low + i) + load<u32>(high + i);
    store<u32>(low + i, carry & 0xfffffff);
    carry >>= 28;
  }
  memory.fill(squared, 0, 48);
  store<u32>(squared, 1);
  montgomeryMultiply(high, low, squared, n, inverse, 12);
  subtractOnce(high, n, 12);
  writeLimbs(out, 1, 32, high, 12);
}

/** p, 3 p, … 15 p, each as Y - X, Y + X, 2 Z, 2 d T. */
function fillTable(table: usize, p: usize): void {
  memory.copy(twice, p, POINT);
  double(twice, true);
  memory.copy(sum, p, POINT);
  for (let i = 0; i < 8; i++) {
    const row = table + i * POINT;
    cache(row, sum);
    if (i == 0) cache(twiceCached, twice);
    addCached(sum, twiceCached, false);
  }
}

const twiceCached = memory.data(POINT, 16);

function cache(out: usize, p: usize): void {
  subtract25519(out, p + ELEMENT, p);
  add25519(out + ELEMENT, p + ELEMENT, p);
  carry25519(out + ELEMENT);
  add25519(out + 2 * ELEMENT, p + 2 * ELEMENT, p + 2 * ELEMENT);
  carry25519(out + 2 * ELEMENT);
  loadElement(d, numberD);
  multiply25519(d, d, p + 3 * ELEMENT);
  add25519(out + 3 * ELEMENT, d, d);
  carry25519(out + 3 * ELEMENT);
}
