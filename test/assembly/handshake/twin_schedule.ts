// Both key schedules by node:crypto, SHA-256 unless told: the slow and readable twin of assembly/handshake's.
import {
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  type KeyObject,
} from 'node:crypto';
import { ml_kem768 } from '@noble/post-quantum/ml-kem.js';
import { TwinProtection } from './twin_record.js';
import { join, u8, u16, vec8 } from './wire.js';

export const digest = (data: Uint8Array, hash = 'sha256') => createHash(hash).update(data).digest();
export const hmac = (key: Uint8Array, data: Uint8Array, hash = 'sha256') =>
  createHmac(hash, key).update(data).digest();

export function expand(secret: Uint8Array, info: Uint8Array, length: number, hash = 'sha256'): Buffer {
  let block: Buffer = Buffer.alloc(0);
  let out: Buffer = Buffer.alloc(0);
  for (let i = 1; out.length < length; i++) {
    block = hmac(secret, join(block, info, u8(i)), hash);
    out = join(out, block);
  }
  return out.subarray(0, length);
}

export const expandLabel = (
  secret: Uint8Array,
  label: string,
  context: Uint8Array,
  length: number,
  hash = 'sha256',
) => expand(secret, join(u16(length), vec8(Buffer.from(`tls13 ${label}`)), vec8(context)), length, hash);

export const deriveSecret = (secret: Uint8Array, label: string, messages: Uint8Array, hash = 'sha256') => {
  const context = digest(messages, hash);
  return expandLabel(secret, label, context, context.length, hash);
};

export const nextSecret = (secret: Uint8Array, input: Uint8Array) =>
  hmac(deriveSecret(secret, 'derived', Buffer.alloc(0)), input);

export const finishedMac = (baseKey: Uint8Array, messages: Uint8Array) =>
  hmac(expandLabel(baseKey, 'finished', Buffer.alloc(0), 32), digest(messages));

export const trafficKeys = (secret: Uint8Array) =>
  new TwinProtection(
    0x0304,
    expandLabel(secret, 'key', Buffer.alloc(0), 16),
    expandLabel(secret, 'iv', Buffer.alloc(0), 12),
  );

export function prf(
  secret: Uint8Array,
  label: string,
  seed: Uint8Array,
  length: number,
  hash = 'sha256',
): Buffer {
  const labelled = join(Buffer.from(label), seed);
  let a: Buffer = labelled;
  let out: Buffer = Buffer.alloc(0);
  while (out.length < length) {
    a = hmac(secret, a, hash);
    out = join(out, hmac(secret, join(a, labelled), hash));
  }
  return out.subarray(0, length);
}

const x25519Prefix = Buffer.from('302a300506032b656e032100', 'hex');
const pointPrefix = Buffer.from('3059301306072a8648ce3d020106082a8648ce3d030107034200', 'hex');

/** An ephemeral key of X25519 (29) or P-256 (23). */
/** X25519MLKEM768. */
export const HYBRID = 4588;

/** Key agreement of a server: one of the groups, or X25519MLKEM768 (RFC 10024). */
export class TwinShare {
  readonly #key: KeyObject;
  /** The server's share; of the hybrid it is there once the client's is. */
  public: Buffer;

  constructor(readonly group: number) {
    const pair =
      group === 23 ? generateKeyPairSync('ec', { namedCurve: 'prime256v1' }) : generateKeyPairSync('x25519');
    this.#key = createPrivateKey(pair.privateKey.export({ type: 'pkcs8', format: 'pem' }));
    const spki = pair.publicKey.export({ type: 'spki', format: 'der' });
    this.public = spki.subarray(this.group === 23 ? -65 : -32);
  }

  agree(peer: Uint8Array): Buffer {
    if (this.group !== HYBRID) return this.#agreeOnCurve(peer);
    const { cipherText, sharedSecret } = ml_kem768.encapsulate(peer.subarray(0, 1184));
    this.public = join(cipherText, this.public.subarray(-32));
    return join(sharedSecret, this.#agreeOnCurve(peer.subarray(1184)));
  }

  #agreeOnCurve(peer: Uint8Array): Buffer {
    const prefix = this.group === 23 ? pointPrefix : x25519Prefix;
    const publicKey = createPublicKey({ key: join(prefix, peer), format: 'der', type: 'spki' });
    return diffieHellman({ privateKey: this.#key, publicKey });
  }
}
