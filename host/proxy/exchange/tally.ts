// What passes of a body: counted, and hashed where somebody keeps a record of it.
import { createHash, type Hash } from 'node:crypto';
import type { JournalContent } from '../../services/journal.js';

export class Tally {
  bytes = 0;
  readonly #hash: Hash | undefined;

  constructor(hashes: boolean) {
    this.#hash = hashes ? createHash('sha256') : undefined;
  }

  add(bytes: Uint8Array): void {
    this.bytes += bytes.length;
    this.#hash?.update(bytes);
  }

  /** Of what has passed so far. All zeros stand for a hash that nobody wanted. */
  content(): JournalContent {
    return { bytes: this.bytes, sha256: this.#hash?.copy().digest() ?? new Uint8Array(32) };
  }
}
