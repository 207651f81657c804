// The heads of HTTP/1.x messages (RFC 9112 §2 to §5): read for what they say, kept byte for byte.
import {
  FieldLineError,
  type FieldLines,
  readFieldLines,
  readRequestLine,
  readStatusLine,
  type Strictness,
} from '../../http/grammar.js';
import { type HeaderLine, HeaderList } from '../../http/header_list.js';
import { SessionError, type SessionErrorCode } from '../error.js';
import type { ReadAhead } from '../streams/read_ahead.js';

export interface Head {
  /** As it came, with the empty line. */
  raw: Buffer;
  /** 0 or 1: HTTP/1.0 or HTTP/1.1. */
  minorVersion: number;
  headers: HeaderList;
}

export interface RequestHead extends Head {
  method: string;
  target: string;
}

export interface ResponseHead extends Head {
  status: number;
  reason: string;
}

/** Among lines that end in CRLF, what a bare LF begins may have been put into the value before it. */
const HIDDEN_FRAMING = /[^\r]\n(?:content-length|transfer-encoding)[\t ]*:/i;
const END_OF_HEAD = Buffer.from('\r\n\r\n');
const [CR, LF] = [0x0d, 0x0a];

/** What an HTTP/2 client says first (RFC 9113 §3.4). */
const HTTP2_PREFACE = Buffer.from('PRI * HTTP/2.0\r\n');

export const beginsLikeHttp2 = (bytes: Buffer): boolean =>
  bytes.length >= HTTP2_PREFACE.length && bytes.subarray(0, HTTP2_PREFACE.length).equals(HTTP2_PREFACE);

/** RFC 9113 §3.2, §3.4: the names of HTTP/2 in ALPN and in Upgrade. */
export const isHttp2 = (protocol: string): boolean => /^(h2|h2c|h2-\d+|h2c-\d+)$/i.test(protocol.trim());

export const http2Refused = () =>
  new SessionError(
    'HTTP2_UNSUPPORTED',
    'HTTP/2 was agreed upon inside the session, and this proxy works on HTTP/1.1 alone: offer no h2 (curl --http1.1)',
  );

/**
 * The bytes of a head; undefined where the stream ends before it begins. Throws `code` when it is longer than `limit`
 * bytes, TRUNCATED when the stream ends inside.
 */
export async function readRawHead(
  from: ReadAhead,
  limit: number,
  code: SessionErrorCode,
): Promise<Buffer | undefined> {
  for (let searched = 0; ; ) {
    const end =
      code === 'BAD_RESPONSE' ? endOfResponseHead(from.buffer, searched) : endOfHead(from.buffer, searched);
    if (end >= 0 && end <= limit) return from.take(end);
    if (from.buffer.length > limit)
      throw new SessionError(code, `the head of a message exceeds ${limit} bytes`);
    searched = Math.max(0, from.buffer.length - END_OF_HEAD.length);
    if ((await from.fill()) !== false) continue;
    if (from.buffer.length === 0) return undefined;
    throw new SessionError('TRUNCATED', 'a side ended inside the head of a message');
  }
}

function endOfHead(bytes: Buffer, from: number): number {
  const at = bytes.indexOf(END_OF_HEAD, from);
  return at < 0 ? at : at + END_OF_HEAD.length;
}

/** RFC 9112 §2.2: a line of a response may end in LF alone. */
function endOfResponseHead(bytes: Buffer, from: number): number {
  for (let at = bytes.indexOf(LF, from); at >= 0; at = bytes.indexOf(LF, at + 1)) {
    if (bytes[at + 1] === LF) return at + 2;
    if (bytes[at + 1] === CR && bytes[at + 2] === LF) return at + 3;
  }
  return -1;
}

/** Strict: what two readers could read differently is refused (RFC 9112 §11.2). */
export function parseRequestHead(raw: Buffer): RequestHead {
  const [first = '', ...lines] = linesOf(raw);
  const start = readRequestLine(first);
  if (start === undefined) throw new SessionError('BAD_REQUEST', 'a request line is malformed');
  const { fields } = fieldsOf(lines, 'strict', 'BAD_REQUEST');
  return { raw, ...start, headers: HeaderList.ofChecked(fields) };
}

/**
 * As a recipient of responses may read them. What two readers could read differently goes on as it was read here, with
 * CRLF: the device reads the same.
 */
export function parseResponseHead(raw: Buffer): ResponseHead {
  const text = raw.toString('latin1');
  if (text.includes('\r\n') && HIDDEN_FRAMING.test(text))
    throw new SessionError('BAD_RESPONSE', 'the framing of a response stands behind a bare line feed');
  const [first = '', ...lines] = linesOf(raw, /\r?\n/);
  const start = readStatusLine(first, 'recipient');
  if (start === undefined) throw new SessionError('BAD_RESPONSE', 'a status line is malformed');
  const { fields, isStrict } = fieldsOf(lines, 'recipient', 'BAD_RESPONSE');
  const isCanonical = isStrict && !/(^|[^\r])\n/.test(text) && readStatusLine(first, 'strict') !== undefined;
  const { minorVersion, status, reason } = start;
  const written = () => writeHead(`HTTP/1.${minorVersion} ${status} ${reason}`, fields);
  return { raw: isCanonical ? raw : written(), ...start, headers: HeaderList.ofChecked(fields) };
}

function fieldsOf(lines: readonly string[], strictness: Strictness, code: SessionErrorCode): FieldLines {
  try {
    return readFieldLines(lines, strictness);
  } catch (error) {
    if (error instanceof FieldLineError) throw new SessionError(code, error.message);
    throw error;
  }
}

/** A head as bytes, with every line where it was. */
export function writeHead(startLine: string, headers: Iterable<HeaderLine>): Buffer {
  let text = `${startLine}\r\n`;
  for (const [name, value] of headers) text += `${name}: ${value}\r\n`;
  return Buffer.from(`${text}\r\n`, 'latin1');
}

/** RFC 9112 §2.2: an empty line before a request is let pass. */
function linesOf(raw: Buffer, end: RegExp | string = '\r\n'): string[] {
  const lines = raw
    .toString('latin1')
    .replace(/\r?\n\r?\n$/, '')
    .split(end);
  while (lines.length > 1 && lines[0] === '') lines.shift();
  return lines;
}

/** Transfer codings other than chunked are not undone here: such a body passes as it is. */
export const hasPlainFraming = ({ headers }: ResponseHead): boolean =>
  (headers.get('transfer-encoding') ?? 'chunked').toLowerCase() === 'chunked';

/** RFC 9112 §9.3. */
export function persists({ headers, minorVersion }: RequestHead | ResponseHead): boolean {
  const options = headers.get('connection');
  if (options === undefined) return minorVersion === 1;
  const tokens = options.toLowerCase().split(/\s*,\s*/);
  return minorVersion === 1 ? !tokens.includes('close') : tokens.includes('keep-alive');
}
