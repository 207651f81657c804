// The hash over the messages of a handshake so far (RFC 9846 §4.1, RFC 5246 §7.4.9).
import { createHash, type Hash } from 'node:crypto';
import type { HashName } from '../../tls/suites.js';
import type { HandshakeMessage } from './messages.js';

export class Transcript {
  readonly #hash: Hash;

  constructor(hash: HashName) {
    this.#hash = createHash(hash);
  }

  add({ bytes }: HandshakeMessage): void {
    this.#hash.update(bytes);
  }

  addBytes(bytes: Buffer): void {
    this.#hash.update(bytes);
  }

  /** So far; more may follow. */
  digest(): Buffer {
    return this.#hash.copy().digest();
  }
}
