// Content codings by node:zlib (RFC 9110 §8.4.1).
import { Readable } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate, createInflateRaw } from 'node:zlib';
import type { ContentDecoder } from '../platform.js';

export const contentDecoder: ContentDecoder = {
  codings: ['gzip', 'deflate', 'br'],

  async *decode(coding, body) {
    if (coding === 'deflate') body = await withFirstChunk(body);
    const decompress = decompressor(coding, body);
    const source = Readable.from(body, { objectMode: false });
    source.on('error', (error) => decompress.destroy(error));
    source.pipe(decompress);
    try {
      for await (const chunk of decompress) yield chunk as Uint8Array;
    } finally {
      source.destroy();
    }
  },
};

interface Peeked extends AsyncIterable<Uint8Array> {
  first?: Uint8Array | undefined;
}

function decompressor(coding: string, body: Peeked) {
  switch (coding) {
    case 'gzip':
    case 'x-gzip':
      return createGunzip();
    case 'br':
      return createBrotliDecompress();
    case 'deflate':
      // RFC 9110 §8.4.1.2: some senders leave the zlib wrapper out. Its first byte has compression method 8.
      return ((body.first?.[0] ?? 8) & 15) === 8 ? createInflate() : createInflateRaw();
    default:
      throw new Error(`content coding '${coding}' is not supported`);
  }
}

/** The same body, its first chunk known. */
async function withFirstChunk(body: AsyncIterable<Uint8Array>): Promise<Peeked> {
  const iterator = body[Symbol.asyncIterator]();
  const { value: first, done } = await iterator.next();
  return {
    first: done ? undefined : first,
    async *[Symbol.asyncIterator]() {
      if (done) return;
      try {
        yield first;
        for (;;) {
          const next = await iterator.next();
          if (next.done) return;
          yield next.value;
        }
      } finally {
        await iterator.return?.();
      }
    },
  };
}
