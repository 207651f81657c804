// The start line and headers of an HTTP/1.1 response, read strictly: what two parsers could read in two ways is refused.
import { DeputyError } from '../../delegation/error.js';
import { FIELD_LINES_LIMIT, FieldLineError, readFieldLines, readStatusLine } from '../../http/grammar.js';
import { HeaderList } from '../../http/header_list.js';

/** Bounds on a response head; a head over them is an error, never a longer buffer. */
export interface HeadLimits {
  /** Bytes of start line and headers together. */
  bytes: number;
  /** Header lines. */
  lines: number;
}

export const HEAD_LIMITS: HeadLimits = { bytes: 65_536, lines: FIELD_LINES_LIMIT };

export interface ResponseHead {
  /** 0 or 1, of HTTP/1.x. */
  minorVersion: number;
  status: number;
  statusText: string;
  /** Names in lower case. */
  headers: HeaderList;
}

/** A response broke HTTP/1.1, or went over a limit. */
export const httpError = (code: string, message: string) => new DeputyError(code, message);

const CR = 13;
const LF = 10;

/** Where the empty line ends that closes a head, or -1. Lines may end in LF alone. The search may start at `from`. */
export function headEnd(bytes: Uint8Array, from = 0): number {
  for (let at = bytes.indexOf(LF, from); at >= 0; at = bytes.indexOf(LF, at + 1)) {
    const before = bytes[at - 1] === CR ? at - 2 : at - 1;
    if (before >= 0 && bytes[before] === LF) return at + 1;
  }
  return -1;
}

export { isFieldValue, isToken } from '../../http/grammar.js';

/**
 * Parses a whole head, its empty line included (RFC 9112 §4, §5). Lines may end in LF alone, and white space before a
 * colon is none, as a recipient of responses may have it (§2.2, §5.1). Refused: bare CR, folded lines, framing with such
 * white space, names that are no tokens, control characters.
 */
export function parseResponseHead(bytes: Uint8Array, limits: HeadLimits = HEAD_LIMITS): ResponseHead {
  const [first = '', ...lines] = headLines(bytes, limits);
  const start = readStatusLine(first, 'strict');
  if (start === undefined)
    throw httpError('HTTP_BAD_HEAD', 'the answer does not start with an HTTP/1.1 status line');
  const { minorVersion, status, reason } = start;
  return { minorVersion, status, statusText: reason, headers: parseHeaderLines(lines) };
}

/** Cuts a head or a trailer section into its lines, without the empty one. */
export function headLines(bytes: Uint8Array, limits: HeadLimits): string[] {
  if (bytes.length > limits.bytes) throw httpError('HTTP_HEAD_TOO_LONG', 'the headers exceed their limit');
  // RFC 9110 §5.5: obs-text is opaque; one character a byte keeps it as it was.
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  // Among lines that end in CRLF, what a bare LF begins may have been put into the value before it.
  if (text.includes('\r\n') && /[^\r]\n(?:content-length|transfer-encoding)[\t ]*:/i.test(text))
    throw httpError('HTTP_BAD_HEAD', 'framing stands behind a bare line feed');
  const lines = text.split(/\r?\n/);
  if (lines.length > limits.lines + 3) throw httpError('HTTP_HEAD_TOO_LONG', 'there are too many headers');
  if (lines.pop() !== '' || lines.pop() !== '') {
    throw httpError('HTTP_BAD_HEAD', 'the headers do not end in an empty line');
  }
  return lines;
}

/** Header or trailer lines as names and values (RFC 9112 §5). */
export function parseHeaderLines(lines: readonly string[]): HeaderList {
  try {
    const { fields } = readFieldLines(lines, 'careful');
    return HeaderList.ofChecked(fields.map(([name, value]) => [name.toLowerCase(), value]));
  } catch (error) {
    if (error instanceof FieldLineError) throw httpError('HTTP_BAD_HEAD', error.message);
    throw error;
  }
}
