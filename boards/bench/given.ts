// Inputs of the benchmark, alike for every peer, and what node:crypto makes of them.
import { type CipherGCMTypes, createCipheriv, createHash, createHmac } from 'node:crypto';

/** The bytes that the plan's verb `fill` writes for this seed. */
export function filledBytes(length: number, seed: number): Uint8Array<ArrayBuffer> {
  let state = (seed | 1) >>> 0;
  return Uint8Array.from({ length }, () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state & 255;
  });
}

/** An answer for `Plan.show` that refuses any other bytes than these. */
export const mustBe = (expected: Uint8Array) => (bytes: Uint8Array) => {
  if (Buffer.compare(bytes, expected) !== 0) throw new Error('the result is not what node:crypto gives');
};

export type Aead = CipherGCMTypes | 'chacha20-poly1305';

/** Ciphertext, then the 16 bytes of the tag. */
export function sealed(
  cipher: Aead,
  key: Uint8Array,
  nonce: Uint8Array,
  aad: Uint8Array,
  data: Uint8Array,
): Buffer {
  const seal = createCipheriv(cipher as CipherGCMTypes, key, nonce, { authTagLength: 16 });
  seal.setAAD(aad);
  return Buffer.concat([seal.update(data), seal.final(), seal.getAuthTag()]);
}

export const digested = (name: string, data: Uint8Array): Buffer => createHash(name).update(data).digest();
export const authenticated = (name: string, key: Uint8Array, data: Uint8Array): Buffer =>
  createHmac(name, key).update(data).digest();

export function cbcEncrypted(cipher: string, key: Uint8Array, iv: Uint8Array, data: Uint8Array): Buffer {
  const encrypt = createCipheriv(cipher, key, iv).setAutoPadding(false);
  return Buffer.concat([encrypt.update(data), encrypt.final()]);
}

/** P_hash of RFC 5246 §5. */
export function expanded(name: string, secret: Uint8Array, labelAndSeed: Uint8Array, length: number): Buffer {
  let a = labelAndSeed;
  let out: Buffer = Buffer.alloc(0);
  while (out.length < length) {
    a = authenticated(name, secret, a);
    out = Buffer.concat([out, authenticated(name, secret, Buffer.concat([a, labelAndSeed]))]);
  }
  return out.subarray(0, length);
}

export interface CbcRecord {
  key: Uint8Array;
  iv: Uint8Array;
  macKey: Uint8Array;
  mac: string;
  sequence: number;
  type: number;
  data: Uint8Array;
  padding?: number;
  alter?: (plain: Buffer) => void;
}

/**
 * A record of TLS 1.2 under AES-CBC, MAC-then-encrypt (RFC 5246 §6.2.3.2). `padding` is the count of all its bytes, the least
 * possible where not given; `alter` may spoil the plaintext before it is encrypted.
 */
export function cbcRecord({ key, iv, macKey, mac, sequence, type, data, padding, alter }: CbcRecord): Buffer {
  const header = Buffer.from([type, 3, 3, data.length >> 8, data.length & 255]);
  const number = Buffer.alloc(8);
  number.writeBigUInt64BE(BigInt(sequence));
  const content = Buffer.concat([data, authenticated(mac, macKey, Buffer.concat([number, header, data]))]);
  const count = padding ?? 16 - (content.length % 16);
  const plain = Buffer.concat([content, Buffer.alloc(count, count - 1)]);
  alter?.(plain);
  const body = cbcEncrypted(`aes-${8 * key.length}-cbc`, key, iv, plain);
  header.writeUInt16BE(16 + body.length, 3);
  return Buffer.concat([header, iv, body]);
}
