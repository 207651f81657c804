import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import { ErrorCode } from '../../../assembly/alert.js';
import { type Bench, programs } from '../programs.js';
import { digestOf } from './keys.js';

type Numbers = Record<'p' | 'q' | 'g' | 'y', Uint8Array>;

/** The four INTEGERs of a DSA SubjectPublicKeyInfo (RFC 3279 §2.3.2), in the order of the file. */
function numbersOf(key: KeyObject): Numbers {
  const der = key.export({ format: 'der', type: 'spki' });
  const found: Uint8Array[] = [];
  const walk = (from: number, to: number): void => {
    for (let at = from; at < to; ) {
      const tag = der[at]!;
      let size = der[at + 1]!;
      let start = at + 2;
      if (size > 127) {
        start += size & 127;
        size = der.readUIntBE(at + 2, size & 127);
      }
      if (tag === 0x30) walk(start, start + size);
      else if (tag === 3) walk(start + 1, start + size);
      else if (tag === 2) found.push(new Uint8Array(der.subarray(start, start + size)));
      at = start + size;
    }
  };
  walk(0, der.length);
  const [p, q, g, y] = found;
  return { p: p!, q: q!, g: g!, y: y! };
}

function verify(bench: Bench, digest: Uint8Array, { p, q, g, y }: Numbers, signature: Uint8Array): number {
  const pairs = new DataView(new ArrayBuffer(32));
  for (const [i, number] of [p, q, g, y].entries()) {
    pairs.setUint32(8 * i, bench.put(number), true);
    pairs.setUint32(8 * i + 4, number.length, true);
  }
  const key = bench.put(new Uint8Array(pairs.buffer));
  const code = bench.exports.dsaVerify!(
    bench.put(digest),
    digest.length,
    key,
    bench.put(signature),
    signature.length,
  );
  bench.free();
  return code;
}

const keys = [
  [1024, 160],
  [2048, 224],
  [2048, 256],
] as const;

describe.each(await programs('primitives'))('DSA on %s', (_engine, bench) => {
  afterEach(() => bench.free());

  it.each(keys)('verifies what node:crypto signs with %i and %i bits, and nothing else', (l, n) => {
    const { privateKey, publicKey } = generateKeyPairSync('dsa', { modulusLength: l, divisorLength: n });
    const numbers = numbersOf(publicKey);
    for (const hash of ['sha1', 'sha256', 'sha512'] as const) {
      const signature = new Uint8Array(sign(hash, Buffer.from('message'), privateKey));
      expect(verify(bench, digestOf(hash, 'message'), numbers, signature)).toBe(0);
      expect(verify(bench, digestOf(hash, 'another'), numbers, signature)).toBe(ErrorCode.BadSignature);
      for (const position of [5, signature.length - 3]) {
        const changed = signature.slice();
        changed[position]! ^= 2;
        expect(verify(bench, digestOf(hash, 'message'), numbers, changed)).toBe(ErrorCode.BadSignature);
      }
      const y = numbers.y.slice();
      y[y.length - 1]! ^= 1;
      const code = verify(bench, digestOf(hash, 'message'), { ...numbers, y }, signature);
      expect(code).toBe(ErrorCode.BadSignature);
    }
  });

  it('refuses zeros, numbers of q and above, unfit keys and encodings that are not DER', () => {
    const { privateKey, publicKey } = generateKeyPairSync('dsa', { modulusLength: 1024, divisorLength: 160 });
    const numbers = numbersOf(publicKey);
    const digest = digestOf('sha1', 'm');
    const good = new Uint8Array(sign('sha1', Buffer.from('m'), privateKey));
    expect(verify(bench, digest, numbers, good)).toBe(0);
    const q = [2, numbers.q.length, ...numbers.q];
    for (const wrong of [
      [0x30, 6, 2, 1, 0, 2, 1, 1],
      [0x30, 6, 2, 1, 1, 2, 1, 0],
      [0x30, q.length + 3, ...q, 2, 1, 1],
      [0x30, q.length + 3, 2, 1, 1, ...q],
      [...good, 0],
      [0x30, 0x81, ...good.slice(1)],
      [],
    ]) {
      expect(verify(bench, digest, numbers, Uint8Array.from(wrong))).toBe(ErrorCode.BadSignature);
    }
    const even = numbers.p.slice();
    even[even.length - 1]! &= 0xfe;
    for (const unfit of [
      { ...numbers, p: even },
      { ...numbers, p: numbers.p.slice(0, 100) },
      { ...numbers, q: Uint8Array.of(1) },
      { ...numbers, g: Uint8Array.of(1) },
      { ...numbers, g: numbers.p },
      { ...numbers, y: Uint8Array.of(0) },
      { ...numbers, y: new Uint8Array(600).fill(1) },
    ]) {
      expect(verify(bench, digest, unfit, good)).toBe(ErrorCode.CertificateKey);
    }
  });
});
