// The first line of a request, put right: old browsers leave things out of it that today's parsers insist on.

export interface RequestLine {
  /** As a parser of today takes it, with its line end. */
  text: string;
  /** HTTP/0.9: no headers come, and the answer has none. */
  isBare: boolean;
}

/** Bytes; longer lines are answered 414. */
export const REQUEST_LINE_LIMIT = 16_384;

const LINE = /^([A-Za-z]{1,20})[ \t]+(.+?)(?:[ \t]+(HTTP\/\d(?:\.\d)?))?[ \t]*$/;

/**
 * Takes `GET /a b HTTP/1.0`, `get http://host/`, `GET /\u00e9` … and gives a request line of RFC 9112 §3. Undefined for
 * what is no request at all. `line` is Latin-1, without its line end.
 */
export function repairRequestLine(line: string): RequestLine | undefined {
  const match = LINE.exec(line);
  if (match === null) return undefined;
  const [, method = '', target = '', version] = match;
  // RFC 1945 §4.1: HTTP/0.9 knows GET alone.
  if (version === undefined && method.toUpperCase() !== 'GET') return undefined;
  const isOld = version === undefined || /^HTTP\/[01](\.0)?$/.test(version);
  return {
    text: `${method.toUpperCase()} ${encoded(target)} HTTP/1.${isOld ? 0 : 1}\r\n`,
    isBare: version === undefined,
  };
}

/** What may not stand in an address is percent-encoded (RFC 3986 §2.1), byte by byte as it came. */
const encoded = (target: string): string =>
  target.replace(/[^\x21-\x7e]|["<>\\^`{|}]/g, (character) => {
    const code = character.charCodeAt(0).toString(16).toUpperCase();
    return `%${code.padStart(2, '0')}`;
  });

/**
 * A request line as lenient servers read it: any blanks, a bare line feed, blank lines before it, and HTTP/0.9. What is no strict
 * HTTP is refused as such, and passes for nothing else.
 */
const LIKE_REQUEST_LINE = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+[\t ]+\S.*[\t ]HTTP\/\d|^GET[\t ]+(\/|https?:)/i;
/** Bytes at the front of a stream that are looked at. */
const LOOKED_AT = 8192;

/** Whether a stream that begins so, as Latin-1, begins with an HTTP request; undefined while it can't be told. */
export function beginsLikeHttp(beginning: string): boolean | undefined {
  const text = beginning.slice(0, LOOKED_AT).replace(/^[\r\n]+/, '');
  const end = text.indexOf('\n');
  if (end >= 0) return LIKE_REQUEST_LINE.test(text.slice(0, end));
  if (beginning.length >= LOOKED_AT) return undefined;
  return /^[!#$%&'*+\-.^_`|~0-9A-Za-z]{0,32}($|[\t ][^\n]*$)/.test(text) ? undefined : false;
}
