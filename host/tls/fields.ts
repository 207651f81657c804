// Reads the fields of a TLS message; every length is checked before it is used.

/** A message is not what RFC 9846 §3 and §4 let it be. */
export class DecodeError extends Error {}

/** Throws DecodeError where a field is not there as a whole. */
export class Fields {
  #at = 0;

  constructor(readonly bytes: Buffer) {}

  get left(): number {
    return this.bytes.length - this.#at;
  }

  take(length: number): Buffer {
    if (length > this.left) throw new DecodeError('a handshake message ends early');
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
