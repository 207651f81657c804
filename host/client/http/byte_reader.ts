// Reads a transport by the piece: heads up to their end, bodies up to their length, never beyond.
import { joined } from '../../delegation/secret_bytes.js';
import type { Transport } from '../../platform/platform.js';

/** A transport's bytes with what was read too early put back. */
export class ByteReader {
  #kept: Uint8Array = new Uint8Array(0);

  constructor(readonly transport: Pick<Transport, 'read'>) {}

  /** Bytes read from the transport that nobody has taken yet. */
  get waiting(): number {
    return this.#kept.length;
  }

  /** Up to `limit` bytes as they come; undefined at the end of the stream. */
  async some(limit = Number.POSITIVE_INFINITY): Promise<Uint8Array | undefined> {
    const bytes = this.#kept.length > 0 ? this.#kept : await this.transport.read();
    if (bytes === undefined || bytes.length <= limit) {
      this.#kept = new Uint8Array(0);
      return bytes;
    }
    this.#kept = bytes.subarray(limit);
    return bytes.subarray(0, limit);
  }

  /** Gives bytes back: the next read returns them first. */
  unread(bytes: Uint8Array): void {
    this.#kept = both(bytes, this.#kept);
  }

  /**
   * Bytes up to and with the place that `find` names (an offset past the end of what is sought, or -1), at most
   * `limit` bytes. Undefined when the stream ends or the limit is reached first; `waiting` then tells which.
   */
  async until(
    find: (bytes: Uint8Array, from: number) => number,
    limit: number,
  ): Promise<Uint8Array | undefined> {
    let searched = 0;
    for (;;) {
      const end = find(this.#kept, searched);
      if (end >= 0 && end <= limit) {
        const found = this.#kept.slice(0, end);
        this.#kept = this.#kept.subarray(end);
        return found;
      }
      if (end >= 0 || this.#kept.length >= limit) return undefined;
      // An end mark may straddle two reads: look again at the last bytes.
      searched = Math.max(0, this.#kept.length - 3);
      const more = await this.transport.read();
      if (more === undefined) return undefined;
      this.#kept = both(this.#kept, more);
    }
  }
}

/** Copies nothing where one of them is empty. */
function both(first: Uint8Array, second: Uint8Array): Uint8Array {
  if (first.length === 0) return second;
  return second.length === 0 ? first : joined([first, second]);
}
