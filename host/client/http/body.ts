// Where a response body ends, and its bytes up to there (RFC 9112 §6, §7).
import type { HeaderList } from '../../http/header_list.js';
import type { ByteReader } from './byte_reader.js';
import {
  HEAD_LIMITS,
  type HeadLimits,
  headEnd,
  headLines,
  httpError,
  parseHeaderLines,
  type ResponseHead,
} from './head.js';

export type BodyFraming =
  | { kind: 'none' }
  | { kind: 'length'; length: number }
  | { kind: 'chunked' }
  /** Until the peer closes; whole only when it said close_notify. */
  | { kind: 'close' };

/** How the body of this response is delimited, by RFC 9112 §6.3. Ambiguous framing is refused, not resolved. */
export function bodyFraming(method: string, head: ResponseHead): BodyFraming {
  const coding = head.headers.get('transfer-encoding');
  const lengths = new Set(head.headers.all('content-length'));
  if (coding !== undefined && (lengths.size > 0 || head.minorVersion === 0)) {
    throw httpError('HTTP_BAD_FRAMING', 'a response must not bear both Transfer-Encoding and Content-Length');
  }
  if (lengths.size > 1) throw httpError('HTTP_BAD_FRAMING', 'a response carries different Content-Lengths');
  const [lengthText] = lengths;
  const length = lengthText === undefined ? undefined : parseLength(lengthText);
  if (method === 'HEAD' || head.status === 204 || head.status === 304) return { kind: 'none' };
  if (coding !== undefined) {
    if (coding.toLowerCase() !== 'chunked') {
      throw httpError('HTTP_BAD_FRAMING', 'a transfer coding other than chunked is not understood');
    }
    return { kind: 'chunked' };
  }
  return length === undefined ? { kind: 'close' } : { kind: 'length', length };
}

function parseLength(text: string): number {
  const length = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(length)) throw httpError('HTTP_BAD_FRAMING', 'a Content-Length is no length');
  return length;
}

/** Whether both sides may use the connection again after this exchange (RFC 9112 §9.3). */
export function keepsAlive(head: ResponseHead, framing: BodyFraming): boolean {
  const connection = head.headers.tokens('connection');
  if (framing.kind === 'close' || connection.includes('close')) return false;
  return head.minorVersion === 1 || connection.includes('keep-alive');
}

/** The content of a body. Ends exactly where it ends; throws HTTP_TRUNCATED if the stream does so before. */
export async function* readBody(
  reader: ByteReader,
  framing: BodyFraming,
  onTrailers: (trailers: HeaderList) => void = () => {},
  limits: HeadLimits = HEAD_LIMITS,
): AsyncGenerator<Uint8Array, void, void> {
  switch (framing.kind) {
    case 'none':
      return;
    case 'length':
      yield* readLength(reader, framing.length);
      return;
    case 'chunked':
      yield* readChunks(reader, onTrailers, limits);
      return;
    case 'close':
      // A stream without close_notify throws in read(): it never looks like an end.
      for (let bytes = await reader.some(); bytes; bytes = await reader.some()) yield bytes;
  }
}

async function* readLength(reader: ByteReader, length: number): AsyncGenerator<Uint8Array, void, void> {
  let left = length;
  while (left > 0) {
    const bytes = await reader.some(left);
    if (bytes === undefined) throw truncated(left);
    left -= bytes.length;
    yield bytes;
  }
}

/** Size, extensions and line end of a chunk; longer lines are refused. */
const CHUNK_LINE_LIMIT = 1024;
const CHUNK_LINE = /^([0-9A-Fa-f]{1,13})[\t ]*(?:;[\t\x20-\x7e\x80-\xff]*)?\r\n$/;

async function* readChunks(
  reader: ByteReader,
  onTrailers: (trailers: HeaderList) => void,
  limits: HeadLimits,
): AsyncGenerator<Uint8Array, void, void> {
  for (;;) {
    const line = await reader.until(lineEnd, CHUNK_LINE_LIMIT);
    if (line === undefined && reader.waiting < CHUNK_LINE_LIMIT) throw truncated();
    const match = CHUNK_LINE.exec(String.fromCharCode(...(line ?? [])));
    if (match === null) throw httpError('HTTP_BAD_CHUNK', 'a chunk of the body starts with no valid size');
    const size = Number.parseInt(match[1]!, 16);
    if (size === 0) break;
    yield* readLength(reader, size);
    const end = await reader.until((bytes) => (bytes.length >= 2 ? 2 : -1), 2);
    if (end === undefined) throw truncated();
    if (end[0] !== 13 || end[1] !== 10) throw httpError('HTTP_BAD_CHUNK', 'a chunk is longer than its size');
  }
  const trailers = await reader.until(trailerEnd, limits.bytes);
  if (trailers === undefined) {
    if (reader.waiting >= limits.bytes)
      throw httpError('HTTP_HEAD_TOO_LONG', 'the trailers exceed their limit');
    throw truncated();
  }
  // Without trailers the section is its empty line alone.
  if (trailers.length > 2) onTrailers(parseHeaderLines(headLines(trailers, limits)));
}

const lineEnd = (bytes: Uint8Array, from: number): number => bytes.indexOf(10, from) + 1 || -1;

const trailerEnd = (bytes: Uint8Array, from: number): number =>
  bytes[0] === 13 && bytes[1] === 10 ? 2 : headEnd(bytes, from);

const truncated = (left?: number) =>
  httpError(
    'HTTP_TRUNCATED',
    `the response ended early${left ? `, ${left} bytes are missing` : ''}: try again`,
  );
