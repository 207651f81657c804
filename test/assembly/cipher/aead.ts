// The three AEADs behind one call, so that the tests of each read alike.
import type { Bench } from '../programs.js';

export interface Aead {
  name: string;
  /** Name of the cipher in node:crypto by key length in bits. */
  nodeName: (bits: number) => string;
  tagLengths: number[];
  keyLengths: number[];
  seal(bench: Bench, box: Box): { sealed: Uint8Array; tag: Uint8Array };
  /** The plaintext, or the program's error. */
  open(bench: Bench, box: Box, tag: Uint8Array): Uint8Array | number;
}

/** `offset` shifts the data in memory, so that no alignment is favoured. */
export interface Box {
  key: Uint8Array;
  nonce: Uint8Array;
  additional: Uint8Array;
  data: Uint8Array;
  tagLength?: number;
  offset?: number;
}

type Call = (key: number, box: Placed, tag: number) => number | undefined;
interface Placed {
  nonce: number;
  additional: number;
  data: number;
  box: Box;
}

function run(
  bench: Bench,
  box: Box,
  tag: Uint8Array,
  expand: (b: Bench, key: Uint8Array) => number,
  call: Call,
) {
  try {
    const offset = box.offset ?? 0;
    const data = bench.room(box.data.length + offset) + offset;
    bench.program.memory().set(box.data, data);
    const placed = { nonce: bench.put(box.nonce), additional: bench.put(box.additional), data, box };
    const tagAt = bench.put(tag);
    const result = call(expand(bench, box.key), placed, tagAt) ?? 0;
    return { result, data: bench.get(data, box.data.length), tag: bench.get(tagAt, tag.length) };
  } finally {
    bench.free();
  }
}

function aead(
  about: Omit<Aead, 'seal' | 'open'>,
  expand: (bench: Bench, key: Uint8Array) => number,
  functions: [seal: string, open: string],
): Aead {
  const call =
    (bench: Bench, name: string): Call =>
    (key, { nonce, additional, data, box }, tag) =>
      bench.exports[name]!(
        ...[key, nonce, additional, box.additional.length, data, box.data.length, tag],
        ...(about.tagLengths.length > 1 ? [box.tagLength ?? 16] : []),
      );
  return {
    ...about,
    seal(bench, box) {
      const done = run(bench, box, new Uint8Array(box.tagLength ?? 16), expand, call(bench, functions[0]));
      return { sealed: done.data, tag: done.tag };
    },
    open(bench, box, tag) {
      const done = run(bench, box, tag, expand, call(bench, functions[1]));
      return done.result === 0 ? done.data : done.result;
    },
  };
}

/** Runs an expansion export into fresh memory of `size` bytes. */
export function expanded(
  bench: Bench,
  name: string,
  size: number,
  key: Uint8Array,
  ...more: number[]
): number {
  const at = bench.room(size);
  bench.exports[name]!(at, bench.put(key), key.length, ...more);
  return at;
}

export const gcm = aead(
  { name: 'AES-GCM', nodeName: (bits) => `aes-${bits}-gcm`, tagLengths: [16], keyLengths: [16, 32] },
  (bench, key) => expanded(bench, 'gcmInit', 1232, key),
  ['gcmSeal', 'gcmOpen'],
);

export const ccm = aead(
  { name: 'AES-CCM', nodeName: (bits) => `aes-${bits}-ccm`, tagLengths: [8, 16], keyLengths: [16, 32] },
  (bench, key) => expanded(bench, 'ccmInit', 1456, key),
  ['ccmSeal', 'ccmOpen'],
);

export const chacha20Poly1305 = aead(
  { name: 'ChaCha20-Poly1305', nodeName: () => 'chacha20-poly1305', tagLengths: [16], keyLengths: [32] },
  (bench, key) => bench.put(key),
  ['chacha20Poly1305Seal', 'chacha20Poly1305Open'],
);

export const BAD_RECORD_MAC = -5120;
