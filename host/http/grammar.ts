// The grammar of HTTP/1.x heads (RFC 9110 §5, RFC 9112 §2 to §5): one for the proxy, the device's client, the command line and
// the gateway. Text is Latin-1, one character a byte.

const TOKEN = "[!#$%&'*+\\-.^_`|~0-9A-Za-z]+";
/** RFC 9110 §5.5: visible characters, blanks and obs-text; no CR, LF, NUL or other control. */
const TEXT = '[\\t\\x20-\\x7e\\x80-\\xff]*';

const IS_TOKEN = new RegExp(`^${TOKEN}$`);
const IS_FIELD_VALUE = new RegExp(`^${TEXT}$`);
const REQUEST_LINE = new RegExp(`^(${TOKEN}) (\\S+) HTTP/1\\.([01])$`);
const STATUS_LINE = /^HTTP\/1\.([01]) ([1-9]\d\d)(?: (.*))?$/s;
const FIELD_LINE = new RegExp(`^(${TOKEN})([\\t ]*):[\\t ]*(${TEXT}?)[\\t ]*$`);
const FOLDED_LINE = new RegExp(`^[\\t ]${TEXT}$`);
const FRAMING = /^(content-length|transfer-encoding)$/i;

/** Lines of fields in the head of a response; more are refused by everybody, so that nobody gives on what the next refuses. */
export const FIELD_LINES_LIMIT = 200;

/** RFC 9110 §5.6.2. */
export const isToken = (text: string): boolean => IS_TOKEN.test(text);

export const isFieldValue = (text: string): boolean => IS_FIELD_VALUE.test(text);

export interface RequestLine {
  method: string;
  target: string;
  /** 0 or 1, of HTTP/1.x. */
  minorVersion: number;
}

/** RFC 9112 §3; undefined for a line that is none. */
export function readRequestLine(line: string): RequestLine | undefined {
  const [, method, target, minor] = REQUEST_LINE.exec(line) ?? [];
  return method === undefined || target === undefined
    ? undefined
    : { method, target, minorVersion: Number(minor) };
}

export interface StatusLine {
  minorVersion: number;
  status: number;
  reason: string;
}

/** RFC 9112 §4; undefined for a line that is none. Controls in a reason are cleaned for `recipient`; else it is none. */
export function readStatusLine(line: string, strictness: Strictness): StatusLine | undefined {
  const [, minor, status, reason = ''] = STATUS_LINE.exec(line) ?? [];
  if (status === undefined || (strictness !== 'recipient' && !isFieldValue(reason))) return undefined;
  return {
    minorVersion: Number(minor),
    status: Number(status),
    reason: reason.replace(/[^\t\x20-\x7e\x80-\xff]/g, ' '),
  };
}

/**
 * What is read beside the plain form. `strict`, for requests: nothing, for two readers could read it differently (RFC 9112
 * §11.2). `careful`, for who reads a response last: white space before a colon, save where it could say where the body ends
 * (§5.1). `recipient`, for who writes the head anew before it goes on: folded lines too (§5.2), and lines that are none are
 * passed over; never half of what says where the body ends.
 */
export type Strictness = 'strict' | 'careful' | 'recipient';

export interface FieldLines {
  fields: [name: string, value: string][];
  /** Whether a strict reader reads the same. Otherwise they must be written anew before they go on. */
  isStrict: boolean;
}

/** Throws FieldLineError. */
export function readFieldLines(lines: readonly string[], strictness: Strictness): FieldLines {
  if (strictness !== 'strict' && lines.length > FIELD_LINES_LIMIT)
    throw new FieldLineError('there are too many header lines');
  const fields: [string, string][] = [];
  let isStrict = true;
  for (const line of lines) {
    const [, name, blank = '', value = ''] = FIELD_LINE.exec(line) ?? [];
    if (name !== undefined && blank === '') {
      fields.push([name, value]);
      continue;
    }
    isStrict = false;
    const last = fields.at(-1);
    const isSpaced = name !== undefined && (strictness === 'recipient' || !FRAMING.test(name));
    if (isSpaced && strictness !== 'strict') fields.push([name, value]);
    else if (strictness !== 'recipient' || couldBeFraming(line, last))
      throw new FieldLineError('a header line is malformed');
    else if (last !== undefined && FOLDED_LINE.test(line)) last[1] = `${last[1]} ${line.trim()}`.trim();
  }
  return { fields, isStrict };
}

/** Whether a line that is none could say where the body ends, to somebody who reads it otherwise. */
const couldBeFraming = (line: string, last: readonly [string, string] | undefined): boolean =>
  /content-length|transfer-encoding|[\r\n]/i.test(line) ||
  (/^[\t ]/.test(line) && last !== undefined && FRAMING.test(last[0]));

export class FieldLineError extends Error {}
