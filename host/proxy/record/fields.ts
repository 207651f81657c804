// Reads the fields of a TLS message; every length is checked before it is used.
import { SessionError } from '../error.js';

export class Fields {
  #at = 0;

  constructor(readonly bytes: Buffer) {}

  get left(): number {
    return this.bytes.length - this.#at;
  }

  take(length: number): Buffer {
    if (length > this.left) throw new SessionError('DECODE_ERROR', 'a handshake message ends early');
    this.#at += length;
    return this.bytes.subarray(this.#at - length, this.#at);
  }

  /** Big-endian, of `size` bytes. */
  integer(size: number): number {
    return this.take(size).readUIntBE(0, size);
  }

  /** A byte string with its length before it, in `size` bytes. */
  vector(size: number): Buffer {
    return this.take(this.integer(size));
  }
}
