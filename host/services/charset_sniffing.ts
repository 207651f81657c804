// Which character set a text is in: the sniffing of the HTML and Encoding Standards, and what browsers do beyond it.
import { labelToName } from '@exodus/bytes/encoding.js';
import { guessedCharset } from './charset_guess.js';
import { sniffedEncoding } from './sniffed_encoding.js';

/** How far a page is searched for its own declaration before it is looked for like a parser would (HTML §13.2.3.2). */
export const PRESCAN_BYTES = 1024;
/** How far it is searched then, and how much text must be right for UTF-8 that nobody declares. */
export const LATE_BYTES = 64 * 1024;

/** What browsers of the West take for the character set of a page of which nothing says it. */
export const FALLBACK = 'windows-1252';

export type TextKind = 'html' | 'xml' | 'css' | 'plain';

/** The encoding's name (Encoding Standard §4.2) for a label that is one, in small letters. */
export const encodingOf = (label: string | undefined): string | undefined =>
  (label === undefined ? null : labelToName(label))?.toLowerCase();

/** What the first bytes and the header say; undefined where they say nothing. */
export function declaredCharset(
  contentType: string | undefined,
  start: Uint8Array,
  kind: TextKind,
): string | undefined {
  const ofHeader = /;\s*charset\s*=\s*"?([^\s;"]+)/i.exec(contentType ?? '')?.[1];
  // Byte order mark first, then the header; the prescan looks at the rest.
  const certain = sniffedEncoding(
    kind === 'html' ? withoutRawText(start.subarray(0, PRESCAN_BYTES)) : start.subarray(0, 3),
    {
      label: ofHeader,
      otherwise: '',
    },
  );
  if (certain !== '') return certain.toLowerCase();
  return ofContent(start, kind);
}

function ofContent(start: Uint8Array, kind: TextKind): string | undefined {
  if (kind === 'plain') return undefined;
  const text = Buffer.from(start.subarray(0, PRESCAN_BYTES)).toString('latin1');
  if (kind === 'css') {
    // CSS Syntax §3.2: UTF-8 where nothing is said.
    return readable(encodingOf(/^@charset "([^"]{1,40})";/.exec(text)?.[1])) ?? 'utf-8';
  }
  // XML 1.0, appendix F.1: without a mark, the first characters show the width of all.
  if (text.startsWith('<\0?\0')) return 'utf-16le';
  if (text.startsWith('\0<\0?')) return 'utf-16be';
  const declaration = /^\s*<\?xml\s[^>]{0,200}?\bencoding\s*=\s*["']([^"'>]{1,40})["']/.exec(text)?.[1];
  // XML 1.0 §4.3.3: UTF-8 where nothing is said.
  return readable(encodingOf(declaration)) ?? (kind === 'xml' ? 'utf-8' : undefined);
}

/** A declaration that could be read as ASCII does not stand in UTF-16, whatever it says. */
const readable = (encoding: string | undefined) => (encoding?.startsWith('utf-16') ? 'utf-8' : encoding);

const RAW_TEXT = /<(script|style|title|textarea|xmp|iframe|noembed)\b[^>]*>[\s\S]*?(?:<\/\1\b|$)/gi;

/** What a script writes is no declaration: browsers' prescan passes over it, where the standard's does not. */
function withoutRawText(start: Uint8Array): Uint8Array {
  const text = Buffer.from(start).toString('latin1');
  return Buffer.from(
    text.replace(RAW_TEXT, (found) => ' '.repeat(found.length)),
    'latin1',
  );
}

const COMMENT_OR_RAW_TEXT_OR_META =
  /<!--[\s\S]*?(?:-->|$)|<(script|style|title|textarea|xmp|iframe|noembed)\b[\s\S]*?(?:<\/\1\b|$)|<meta\b[^>]{0,1024}>/gi;

/**
 * The character set of a page whose first bytes say nothing, from as much of it as is there: that of a late `<meta>`
 * (HTML §13.2.3.4, "changing the encoding while parsing"), or what the letters look like. `isAll`: no more follows.
 */
export function lateCharset(bytes: Uint8Array, isAll: boolean): string | undefined {
  const text = Buffer.from(bytes).toString('latin1');
  for (const [found] of text.matchAll(COMMENT_OR_RAW_TEXT_OR_META)) {
    if (!/^<meta/i.test(found)) continue;
    const declared = sniffedEncoding(Buffer.from(found, 'latin1'), { otherwise: '' });
    if (declared !== '') return declared.toLowerCase();
  }
  return guessedCharset(bytes, isAll);
}
