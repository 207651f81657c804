// What goes to the client: framed, counted, hashed and shown to those who watch.
import { createHash } from 'node:crypto';
import type { HeaderList } from '../../services/service.js';
import type { ByteStream } from '../streams/byte_stream.js';
import type { Framing } from './framing.js';
import type { Tally } from './tally.js';

/** Sees a body as it leaves. */
export interface Watcher {
  chunk(bytes: Uint8Array): void;
  end(): void;
}

/** One response on its way, its content counted and hashed. */
export class Sent {
  readonly #hash = createHash('sha256');

  constructor(
    private readonly stream: Pick<ByteStream, 'write'>,
    previousHash: Uint8Array,
    private readonly tally: Tally,
    private readonly watchers: readonly Watcher[] = [],
  ) {
    this.#hash.update(previousHash);
  }

  get bytes(): number {
    return this.tally.bytes;
  }

  raw(bytes: Uint8Array): Promise<void> {
    return this.stream.write(bytes);
  }

  piece(raw: Uint8Array, content: readonly Uint8Array[]): Promise<void> {
    for (const part of content) {
      this.tally.add(part);
      this.#hash.update(part);
      for (const watcher of this.watchers) watcher.chunk(part);
    }
    return this.stream.write(raw);
  }

  /** The body is complete. */
  end(): void {
    for (const watcher of this.watchers) watcher.end();
  }

  digest(): Buffer {
    return this.#hash.digest();
  }
}

export const knownLength = (framing: Framing) => (framing.kind === 'length' ? framing.length : undefined);

/** Two pieces in one write, which is one record. Those that lie side by side are not copied. */
export function joined(one: Buffer, other: Buffer): Buffer {
  if (one.buffer === other.buffer && one.byteOffset + one.length === other.byteOffset)
    return Buffer.from(one.buffer, one.byteOffset, one.length + other.length);
  return Buffer.concat([one, other]);
}

export const LAST_CHUNK = Buffer.from('0\r\n\r\n');

export const chunkOf = (content: Uint8Array): Buffer =>
  Buffer.concat([Buffer.from(`${content.length.toString(16)}\r\n`), content, Buffer.from('\r\n')]);

/** Puts the framing headers right (RFC 9112 §6): never both, and no trailers announced that don't come. */
export function reframe(headers: HeaderList, framing: number | 'chunked' | 'close'): void {
  if (framing !== 'chunked') headers.delete('Transfer-Encoding').delete('Trailer');
  else if (headers.get('Transfer-Encoding')?.toLowerCase() !== 'chunked')
    headers.set('Transfer-Encoding', 'chunked');
  if (typeof framing === 'number') headers.set('Content-Length', String(framing));
  else headers.delete('Content-Length');
}
