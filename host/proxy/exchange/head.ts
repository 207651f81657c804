// The heads of HTTP/1.x messages (RFC 9112 §2 to §5): read for what they say, kept byte for byte.
import { type HeaderLine, HeaderList } from '../../services/headers.js';
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

const REQUEST_LINE = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+) ([^\s]+) HTTP\/1\.([01])$/;
const STATUS_LINE = /^HTTP\/1\.([01]) ([1-9]\d\d)(?: ([^\r\n]*))?$/;
const HEADER_LINE = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[\t ]*([\t\x20-\x7e\x80-\xff]*?)[\t ]*$/;
const FOLDED_LINE = /^[\t ][\t\x20-\x7e\x80-\xff]*$/;
/** RFC 9112 §5.1: white space before the colon of a response's line is taken away. */
const RESPONSE_HEADER_LINE = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+)[\t ]*:[\t ]*([\t\x20-\x7e\x80-\xff]*?)[\t ]*$/;
const END_OF_HEAD = Buffer.from('\r\n\r\n');
const [CR, LF] = [0x0d, 0x0a];

/**
 * A request line as lenient servers read it: any blanks, a bare line feed, blank lines before it, and HTTP/0.9. What is no strict
 * HTTP is refused as such, and passes for nothing else.
 */
const LIKE_REQUEST_LINE = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+[\t ]+\S.*[\t ]HTTP\/\d|^GET[\t ]+(\/|https?:)/i;

/** Whether a first line is that of an HTTP request; undefined while it can't be told. */
export function beginsLikeHttp(bytes: Buffer): boolean | undefined {
  const text = bytes.toString('latin1', 0, 8192).replace(/^[\r\n]+/, '');
  const end = text.indexOf('\n');
  if (end >= 0) return LIKE_REQUEST_LINE.test(text.slice(0, end));
  if (bytes.length >= 8192) return undefined;
  return /^[!#$%&'*+\-.^_`|~0-9A-Za-z]{0,32}($|[\t ][^\n]*$)/.test(text) ? undefined : false;
}

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
  const match = REQUEST_LINE.exec(first);
  if (match === null) throw new SessionError('BAD_REQUEST', 'a request line is malformed');
  const [, method, target, minor] = match as unknown as [string, string, string, string];
  const headers = lines.map((line) => {
    const header = HEADER_LINE.exec(line);
    if (header === null) throw new SessionError('BAD_REQUEST', 'a header line of a request is malformed');
    return [header[1]!, header[2]!] as const;
  });
  return { raw, method, target, minorVersion: Number(minor), headers: HeaderList.ofChecked(headers) };
}

/**
 * Lines that are no header lines go on as they are, unless they could be taken for framing. What two readers could read
 * differently goes on as it was read here: with CRLF, and without white space before a colon.
 */
export function parseResponseHead(raw: Buffer): ResponseHead {
  const [first = '', ...lines] = linesOf(raw, /\r?\n/);
  const match = STATUS_LINE.exec(first);
  if (match === null) throw new SessionError('BAD_RESPONSE', 'a status line is malformed');
  const [, minor, status, reason = ''] = match as unknown as [string, string, string, string | undefined];
  const headers: HeaderLine[] = [];
  let isStrict = !/(^|[^\r])\n/.test(raw.toString('latin1'));
  for (const line of lines) {
    const header = RESPONSE_HEADER_LINE.exec(line);
    if (header !== null && !HEADER_LINE.test(line)) isStrict = false;
    if (header !== null) headers.push([header[1]!, header[2]!]);
    else if (FOLDED_LINE.test(line) && headers.length > 0) headers.push(unfolded(headers.pop()!, line));
    else if (/transfer-encoding|content-length|[\r\n]/i.test(line)) {
      throw new SessionError('BAD_RESPONSE', 'a header line of a response is malformed');
    }
  }
  return {
    raw: isStrict ? raw : writeHead(first, headers),
    status: Number(status),
    reason,
    minorVersion: Number(minor),
    headers: HeaderList.ofChecked(headers),
  };
}

/** RFC 9112 §5.2: a folded line goes on with the value before. Of framing nobody may read half. */
function unfolded([name, value]: HeaderLine, line: string): HeaderLine {
  if (/^(transfer-encoding|content-length)$/i.test(name)) {
    throw new SessionError('BAD_RESPONSE', 'the framing of a response is in a folded line');
  }
  return [name, `${value} ${line.trim()}`];
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
