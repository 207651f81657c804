// Content of one direction on its way from the records that pass to the reader: bounded, and nobody waits for it.
import type { ByteStream } from '../streams/byte_stream.js';

export class Pipe implements Pick<ByteStream, 'read'> {
  readonly #chunks: Buffer[] = [];
  #bytes = 0;
  #ended = false;
  #wake: () => void = () => {};

  constructor(private readonly limit: number) {}

  /** False where it is full: the reader has fallen behind. */
  push(bytes: Buffer): boolean {
    if (this.#ended || bytes.length === 0) return true;
    this.#bytes += bytes.length;
    if (this.#bytes > this.limit) return false;
    this.#chunks.push(bytes);
    this.#wake();
    return true;
  }

  end(): void {
    this.#ended = true;
    this.#wake();
  }

  async read(): Promise<Buffer | undefined> {
    for (;;) {
      const chunk = this.#chunks.shift();
      if (chunk !== undefined) {
        this.#bytes -= chunk.length;
        return chunk;
      }
      if (this.#ended) return undefined;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}
