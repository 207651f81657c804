// From delivered secrets to record keys: the TLS 1.2 PRF (RFC 5246 §5, §6.3) and HKDF-Expand-Label (RFC 9846 §7).
import { createHmac } from 'node:crypto';
import { type HashName, MAC_LENGTH, type Suite } from './suite.js';

/** P_hash with the label before the seed (RFC 5246 §5). Constant time in the secret as far as OpenSSL's HMAC is. */
export function tls12Prf(
  hash: HashName | 'md5',
  secret: Uint8Array,
  label: string,
  seed: Uint8Array,
  length: number,
): Buffer {
  const labelled = Buffer.concat([Buffer.from(label, 'latin1'), seed]);
  const out = outsideHeap(length);
  let a: Buffer = labelled;
  for (let at = 0; at < length; ) {
    a = createHmac(hash, secret).update(a).digest();
    const block = createHmac(hash, secret).update(a).update(labelled).digest();
    at += block.copy(out, at);
    block.fill(0);
  }
  a.fill(0);
  return out;
}

/** The PRF of TLS 1.0 and 1.1 (RFC 2246 §5), for secrets of even length. */
export function tls10Prf(secret: Uint8Array, label: string, seed: Uint8Array, length: number): Buffer {
  const half = secret.length / 2;
  const out = tls12Prf('md5', secret.subarray(0, half), label, seed, length);
  const other = tls12Prf('sha1', secret.subarray(half), label, seed, length);
  for (let i = 0; i < length; i++) out[i]! ^= other[i]!;
  other.fill(0);
  return out;
}

/** HKDF-Expand-Label with an empty context (RFC 9846 §7.1). `length` at most one hash. */
export function hkdfExpandLabel(hash: HashName, secret: Uint8Array, label: string, length: number): Buffer {
  const name = Buffer.from(`tls13 ${label}`, 'latin1');
  const info = Buffer.concat([
    Buffer.from([length >> 8, length & 255, name.length]),
    name,
    Buffer.from([0, 1]),
  ]);
  const block = createHmac(hash, secret).update(info).digest();
  const out = outsideHeap(length);
  block.copy(out);
  block.fill(0);
  return out;
}

/** Short buffers lie in V8's heap, whose collector copies them and leaves the old copy behind; these do not. */
const outsideHeap = (length: number): Buffer => Buffer.from(new ArrayBuffer(length));

export interface RecordKeys {
  key: Buffer;
  iv: Buffer;
  /** Empty for AEAD suites. */
  macKey: Buffer;
}

export function wipeKeys(keys: RecordKeys): void {
  keys.key.fill(0);
  keys.iv.fill(0);
  keys.macKey.fill(0);
}

export const keyBlockLength = (suite: Suite): number =>
  2 * ((suite.mac ? MAC_LENGTH[suite.mac] : 0) + suite.keyLength + suite.ivLength);

/** The key block of RFC 5246 §6.3 from the master secret. */
export const keyBlock = (
  suite: Suite,
  masterSecret: Uint8Array,
  clientRandom: Uint8Array,
  serverRandom: Uint8Array,
): Buffer =>
  tls12Prf(
    suite.hash,
    masterSecret,
    'key expansion',
    Buffer.concat([serverRandom, clientRandom]),
    keyBlockLength(suite),
  );

/** Copies of one direction's share of a key block. */
export function keysFromBlock(suite: Suite, block: Uint8Array, side: 'client' | 'origin'): RecordKeys {
  const macLength = suite.mac ? MAC_LENGTH[suite.mac] : 0;
  let at = 0;
  const share = (length: number) => {
    const from = at + (side === 'client' ? 0 : length);
    at += 2 * length;
    return Buffer.from(block.subarray(from, from + length));
  };
  const macKey = share(macLength);
  const key = share(suite.keyLength);
  const iv = share(suite.ivLength);
  return { key, iv, macKey };
}

/** Key and IV of a traffic secret (RFC 9846 §7.3). */
export const keysFromTrafficSecret = (suite: Suite, secret: Uint8Array): RecordKeys => ({
  key: hkdfExpandLabel(suite.hash, secret, 'key', suite.keyLength),
  iv: hkdfExpandLabel(suite.hash, secret, 'iv', suite.ivLength),
  macKey: Buffer.alloc(0),
});

/** The secret after a KeyUpdate (RFC 9846 §7.2). */
export const nextTrafficSecret = (suite: Suite, secret: Uint8Array): Buffer =>
  hkdfExpandLabel(suite.hash, secret, 'traffic upd', MAC_LENGTH[suite.hash]);
