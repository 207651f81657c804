// What goes to the client: framed, counted, hashed and shown to those who watch.
import { createHash } from 'node:crypto';
import type { BodyWatcher, HeaderList } from '../../services/service.js';
import type { ByteStream } from '../stream.js';
import type { Framing, Piece } from './framing.js';
import type { Tally } from './tally.js';

/** One response on its way, its content counted and hashed. */
export class Sent {
  readonly #hash = createHash('sha256');

  constructor(
    private readonly stream: Pick<ByteStream, 'write'>,
    previousHash: Uint8Array,
    private readonly tally: Tally,
    private readonly watchers: readonly BodyWatcher[] = [],
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

export async function* contents(
  pieces: AsyncGenerator<Piece, void, void>,
): AsyncGenerator<Uint8Array, void, void> {
  for await (const { content } of pieces) yield* content;
}

export async function* counted(
  pieces: AsyncGenerator<Piece, void, void>,
  tally: Tally,
): AsyncGenerator<Piece, void, void> {
  for await (const piece of pieces) {
    for (const part of piece.content) tally.add(part);
    yield piece;
  }
}

export const knownLength = (framing: Framing) => (framing.kind === 'length' ? framing.length : undefined);

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
