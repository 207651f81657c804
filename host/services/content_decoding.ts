// Content codings (RFC 9110 §8.4): a page is decoded before it is read.
import { Readable } from 'node:stream';
import zlib from 'node:zlib';

/** Most bytes that one compressed byte may become before the stream is taken for a decompression bomb. */
const MAX_EXPANSION = 200;
const EXPANSION_FLOOR = 1 << 20;

export class CodingError extends Error {
  readonly code = 'TRANSCODE_CODING';
}

/** IANA's HTTP Content Coding Registry, and the names of old. What is no coding says nothing, as browsers have it. */
const REGISTERED: ReadonlySet<string> = new Set(
  'aes128gcm br compress dcb dcz deflate exi gzip pack200-gzip x-compress x-gzip zstd'.split(' '),
);

/** The codings of a Content-Encoding value, outermost last; `identity` and what is none are dropped. */
export function codings(contentEncoding: string | undefined): string[] {
  return (contentEncoding ?? '')
    .split(',')
    .map((coding) => coding.trim().toLowerCase())
    .filter((coding) => REGISTERED.has(coding));
}

export const canDecode = (coding: string) => ['gzip', 'x-gzip', 'deflate', 'br'].includes(coding);

/** Undoes every coding of `contentEncoding`. Throws CodingError for a coding that is unknown here or data that is broken. */
export function decode(
  body: AsyncIterable<Uint8Array>,
  contentEncoding: string | undefined,
): AsyncIterable<Uint8Array> {
  const applied = codings(contentEncoding);
  if (applied.length > 3) throw new CodingError('more than three content codings');
  let plain = body;
  for (const coding of applied.reverse()) plain = decodeOne(plain, coding);
  return plain;
}

async function* decodeOne(body: AsyncIterable<Uint8Array>, coding: string): AsyncGenerator<Uint8Array> {
  const input = body[Symbol.asyncIterator]();
  const first = await input.next();
  if (first.done === true) return;
  const decoder = decoderFor(coding, first.value);
  let received = first.value.length;
  async function* rest() {
    yield first.value as Uint8Array;
    for (let next = await input.next(); next.done !== true; next = await input.next()) {
      received += next.value.length;
      yield next.value;
    }
  }
  const source = Readable.from(rest(), { objectMode: false });
  source.on('error', (error) => decoder.destroy(error));
  source.pipe(decoder);
  let produced = 0;
  try {
    for await (const chunk of decoder as AsyncIterable<Uint8Array>) {
      produced += chunk.length;
      if (produced > EXPANSION_FLOOR && produced > received * MAX_EXPANSION) {
        throw new CodingError('the body expands beyond reason: a decompression bomb');
      }
      yield chunk;
    }
  } catch (error) {
    if (isZlibError(error)) throw new CodingError(`the ${coding} body is broken: ${error.message}`);
    throw error;
  } finally {
    source.destroy();
    decoder.destroy();
  }
}

function decoderFor(coding: string, start: Uint8Array) {
  if (coding === 'gzip' || coding === 'x-gzip') return zlib.createGunzip();
  if (coding === 'br') return zlib.createBrotliDecompress();
  if (coding === 'deflate') {
    // RFC 9110 §8.4.1.2: zlib format; some senders leave its header out. CMF 0x?8 marks a zlib stream.
    return (start[0]! & 0x0f) === 8 ? zlib.createInflate() : zlib.createInflateRaw();
  }
  throw new CodingError(`the content coding '${coding.slice(0, 40)}' is unknown`);
}

function isZlibError(error: unknown): error is NodeJS.ErrnoException {
  const code = (error as NodeJS.ErrnoException)?.code;
  return (
    typeof code === 'string' && (code.startsWith('Z_') || code.startsWith('ERR_') || code.startsWith('ERR__'))
  );
}
