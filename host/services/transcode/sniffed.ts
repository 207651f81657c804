// A response whose type says nothing: its first bytes tell what is made of it.
import zlib from 'node:zlib';
import { codings } from '../content_decoding.js';
import type { Body, HeaderList, ResponseChange, ResponseFlow } from '../service.js';
import { type Content, SNIFFED_BYTES, sniffContent, sniffXml } from './content.js';

/** Bytes that a coded start may become. */
const MAX_START = 64 * 1024;

/**
 * The body as `change` makes it, or as it is. Changes the headers of `flow.response`, which go out with the first chunk.
 */
export async function* sniffed(
  body: Body,
  flow: ResponseFlow,
  content: 'xml' | 'unknown',
  change: (found: Content) => ResponseChange | undefined,
): AsyncGenerator<Uint8Array> {
  const { headers } = flow.response;
  const source = body[Symbol.asyncIterator]();
  const start: Uint8Array[] = [];
  let length = 0;
  while (length < SNIFFED_BYTES) {
    const step = await source.next();
    if (step.done === true) break;
    start.push(step.value);
    length += step.value.length;
  }
  const whole = rejoined(start, source);
  const plain = decodedStart(Buffer.concat(start), headers.get('content-encoding'));
  const found =
    plain === undefined
      ? 'other'
      : content === 'xml'
        ? sniffXml(plain.toString('latin1'))
        : sniffContent(plain);
  const made = found === 'other' || found === 'unknown' ? undefined : change(found);
  if (made?.body === undefined) {
    yield* whole;
    return;
  }
  if (made.headers !== undefined) replaceLines(headers, made.headers);
  yield* made.body(whole);
}

/** The list is the one that goes out: its lines become those of `by`. */
function replaceLines(headers: HeaderList, by: HeaderList): void {
  const lines = [...by];
  for (const [name] of [...headers]) headers.delete(name);
  for (const [name, value] of lines) headers.append(name, value);
}

async function* rejoined(
  start: readonly Uint8Array[],
  rest: AsyncIterator<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  yield* start;
  for (let step = await rest.next(); step.done !== true; step = await rest.next()) yield step.value;
}

/** As far as it can be decoded; undefined where it can't. */
function decodedStart(bytes: Buffer, contentEncoding: string | undefined): Buffer | undefined {
  const applied = codings(contentEncoding);
  if (applied.length === 0) return bytes;
  const { Z_SYNC_FLUSH, BROTLI_OPERATION_FLUSH } = zlib.constants;
  try {
    const [coding] = applied;
    if (applied.length > 1) return undefined;
    if (coding === 'br')
      return zlib.brotliDecompressSync(bytes, {
        finishFlush: BROTLI_OPERATION_FLUSH,
        maxOutputLength: MAX_START,
      });
    return zlib.unzipSync(bytes, { finishFlush: Z_SYNC_FLUSH, maxOutputLength: MAX_START });
  } catch {
    return undefined;
  }
}
