// What a response is for a device: by its header where that says something, by its first bytes where it does not.
import type { HeaderList } from '../../http/header_list.js';

/** `unknown` and `xml` show what they are by their first bytes. */
export type Content = 'html' | 'xhtml' | 'feed' | 'plain' | 'picture' | 'xml' | 'unknown' | 'other';

/** Bytes that it takes to know (MIME Sniffing §7.1: a resource header). */
export const SNIFFED_BYTES = 1445;

const FEEDS: ReadonlySet<string> = new Set([
  'application/rss+xml',
  'application/atom+xml',
  'application/rdf+xml',
]);

/** What the head of a response says of its content. */
export function contentOf(headers: HeaderList): Content {
  // RFC 6266 §4.2: it is to be stored as it is; any type but `inline` is taken for that.
  const disposition = headers.get('content-disposition')?.trim().toLowerCase() ?? 'inline';
  if (!/^inline\b|^$|^filename/.test(disposition)) return 'other';
  const type = mediaType(headers);
  if (type === undefined)
    return headers.get('x-content-type-options')?.toLowerCase() === 'nosniff' ? 'other' : 'unknown';
  if (type === 'text/html') return 'html';
  if (type === 'application/xhtml+xml') return 'xhtml';
  if (FEEDS.has(type)) return 'feed';
  if (type === 'text/xml' || type === 'application/xml') return 'xml';
  if (type === 'text/plain') return 'plain';
  if (type.startsWith('image/')) return 'picture';
  return 'other';
}

/** The media type; undefined where there is none that says anything (MIME Sniffing §5.1). */
export function mediaType(headers: HeaderList): string | undefined {
  const said = headers
    .all('content-type')
    .flatMap((value) => value.split(','))
    .map((value) => value.split(';')[0]?.trim().toLowerCase() ?? '')
    .filter((type) => /^[!#$%&'*+\-.^_`|~0-9a-z]+\/[!#$%&'*+\-.^_`|~0-9a-z]+$/.test(type));
  const type = said.at(-1);
  return type === undefined || UNKNOWN.has(type) ? undefined : type;
}

const UNKNOWN: ReadonlySet<string> = new Set(['unknown/unknown', 'application/unknown', '*/*']);

/** MIME Sniffing §7.1, for what is made fit here; `start` without its content coding. */
export function sniffContent(start: Uint8Array): Content {
  const text = Buffer.from(start)
    .toString('latin1')
    .replace(/^(?:\xef\xbb\xbf|\xfe\xff|\xff\xfe)/, '');
  if (HTML.test(text)) return 'html';
  if (/^\s*(?:<\?xml\b|<!--|<!doctype|<[a-z])/i.test(text)) return sniffXml(text);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: a PNG begins like that
  if (/^(?:GIF8[79]a|\x89PNG\r\n\x1a\n|\xff\xd8\xff|RIFF[\s\S]{4}WEBPVP|BM)/.test(text)) return 'picture';
  // §3: bytes that no text holds.
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
  return /[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f]|^%PDF-|^%!PS-Adobe-/.test(text) ? 'other' : 'plain';
}

const HTML =
  /^[\t\n\f\r ]*<(?:!doctype html|html|head|script|iframe|h1|div|font|table|a|style|title|b|body|br|p|!--)(?:[ >]|$)/i;

/** By its outermost element. Whole documents and feeds alone mean something to a reader. */
export function sniffXml(text: string): Content {
  const root =
    /^\s*(?:<\?[\s\S]*?\?>\s*|<!--[\s\S]*?-->\s*|<!doctype[^>[]*(?:\[[^\]]*\])?[^>]*>\s*)*<([\w:.-]+)([^>]*)/i.exec(
      text,
    );
  const name = root?.[1]?.toLowerCase();
  if (name === 'rss' || name === 'feed' || name === 'rdf:rdf') return 'feed';
  return name === 'html' && /\bxmlns\s*=\s*["']http:\/\/www\.w3\.org\/1999\/xhtml["']/.test(root?.[2] ?? '')
    ? 'xhtml'
    : 'other';
}
