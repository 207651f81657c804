// What the tests of hash/ and prf/ share: names, and calls that take and give bytes.
import fc from 'fast-check';
import type { Bench } from '../programs.js';

/** HashId of assembly/hash/hash.ts, and node:crypto's name of each. */
export const HASHES = [
  { id: 1, name: 'md5', size: 16, block: 64 },
  { id: 2, name: 'sha1', size: 20, block: 64 },
  { id: 4, name: 'sha256', size: 32, block: 64 },
  { id: 5, name: 'sha384', size: 48, block: 128 },
  { id: 6, name: 'sha512', size: 64, block: 128 },
] as const;

export type Hash = (typeof HASHES)[number];
export type HashName = Hash['name'];

export const hashNamed = (name: HashName): Hash => HASHES.find((hash) => hash.name === name)!;

export const HASH_CONTEXT = 208;
export const HMAC_CONTEXT = 352;

/** Runs `call` with room for `length` bytes of result, and gives back all memory that it borrowed. */
export function result(bench: Bench, length: number, call: (out: number) => void): Uint8Array {
  try {
    const out = bench.room(length);
    call(out);
    return bench.get(out, length);
  } finally {
    bench.free();
  }
}

export function digest(bench: Bench, name: HashName, data: Uint8Array): Uint8Array {
  const { id, size } = hashNamed(name);
  return result(bench, size, (out) => bench.exports.hashDigest!(id, bench.put(data), data.length, out));
}

export function hmac(bench: Bench, name: HashName, key: Uint8Array, data: Uint8Array): Uint8Array {
  const { id, size } = hashNamed(name);
  return result(bench, size, (out) =>
    bench.exports.hmacDigest!(id, bench.put(key), key.length, bench.put(data), data.length, out),
  );
}

/** A message at any alignment, and the places where it is cut into updates. */
export const message = (maxLength: number) =>
  fc.record({
    data: fc.uint8Array({ maxLength, size: 'max' }),
    offset: fc.nat(15),
    cuts: fc.array(fc.nat(maxLength), { maxLength: 6 }),
  });

/** Feeds `data` in the pieces that `cuts` make, each piece from an address of its own. */
export function feed(
  bench: Bench,
  { data, offset, cuts }: { data: Uint8Array; offset: number; cuts: number[] },
  update: (pointer: number, length: number) => void,
): void {
  const places = [0, ...cuts.map((cut) => Math.min(cut, data.length)).sort((a, b) => a - b), data.length];
  for (let i = 1; i < places.length; i++) {
    const piece = data.subarray(places[i - 1]!, places[i]!);
    const pointer = bench.room(piece.length + 16) + ((offset + i) & 15);
    bench.program.memory().set(piece, pointer);
    update(pointer, piece.length);
  }
}

/** Addresses at which `needle` lies in the program's memory. */
export function occurrences(bench: Bench, needle: Uint8Array): number[] {
  const memory = Buffer.from(bench.program.memory());
  const found: number[] = [];
  for (let at = memory.indexOf(needle); at >= 0; at = memory.indexOf(needle, at + 1)) found.push(at);
  return found;
}
