// Which character set a page is in, and its way into the character set that the device reads.
import iconv from 'iconv-lite';

/** How far a page is searched for its own declaration (HTML Living Standard, "prescan a byte stream"). */
export const PRESCAN_BYTES = 1024;

const byteOrderMarks: [string, number[]][] = [
  ['utf-8', [0xef, 0xbb, 0xbf]],
  ['utf-16be', [0xfe, 0xff]],
  ['utf-16le', [0xff, 0xfe]],
];

/**
 * The page's character set, as a label that `charsetDecoder` accepts: byte order mark first, then the header's
 * `charset` parameter, then a `<meta>` within the first 1024 bytes, then windows-1252, as browsers do.
 */
export function detectCharset(contentType: string | undefined, start: Uint8Array): string {
  for (const [label, mark] of byteOrderMarks) {
    if (mark.every((byte, i) => start[i] === byte)) return label;
  }
  const ofHeader = /;\s*charset\s*=\s*"?([^\s;"]+)/i.exec(contentType ?? '')?.[1];
  if (ofHeader !== undefined && isKnown(ofHeader)) return ofHeader.toLowerCase();
  const head = new TextDecoder('latin1').decode(start.subarray(0, PRESCAN_BYTES));
  const ofMeta = /<meta\b[^>]*?\bcharset\s*=\s*["']?([^\s"'/>;]+)/i.exec(head)?.[1];
  if (ofMeta !== undefined && isKnown(ofMeta)) {
    // A page whose <meta> was readable as ASCII is not in UTF-16, whatever it says.
    return /^utf-?16/i.test(ofMeta) ? 'utf-8' : ofMeta.toLowerCase();
  }
  return 'windows-1252';
}

const isKnown = (label: string) => iconv.encodingExists(label);

/** Labels that browsers read as a larger set (Encoding Standard §4.2). */
const SUPERSETS: Readonly<Record<string, string>> = {
  'iso-8859-1': 'windows-1252',
  latin1: 'windows-1252',
  ascii: 'windows-1252',
  'us-ascii': 'windows-1252',
  'iso-8859-9': 'windows-1254',
  gb2312: 'gbk',
};

/** Decodes a page chunk by chunk; an empty call ends it. A byte that fits nowhere becomes U+FFFD. */
export function charsetDecoder(charset: string): (bytes?: Uint8Array) => string {
  const decoder = iconv.getDecoder(SUPERSETS[charset] ?? charset);
  return (bytes) => (bytes === undefined ? (decoder.end() ?? '') : decoder.write(Buffer.from(bytes)));
}

/** Encodes HTML text for the device; what its character set lacks becomes a numeric character reference. */
export function htmlEncoder(charset: string): (text: string) => Uint8Array {
  if (/^utf-?8$/i.test(charset)) return (text) => Buffer.from(text, 'utf8');
  if (!iconv.encodingExists(charset)) {
    throw new RangeError(`the device asks for the unknown character set '${String(charset).slice(0, 40)}'`);
  }
  const written = substitutes(charset, (character) => `&#${character.codePointAt(0)};`);
  return (text) => iconv.encode(written(text), charset);
}

/** Characters whose substitutes are remembered: more than most pages have. */
const MAX_REMEMBERED = 4096;

/** Text in which `charset` has every character: `substitute` stands for those that it lacks. ASCII is in all of them. */
function substitutes(charset: string, substitute: (character: string) => string): (text: string) => string {
  const known = new Map<string, string>();
  const written = (character: string): string => {
    const before = known.get(character);
    if (before !== undefined) return before;
    const kept = iconv.decode(iconv.encode(character, charset), charset) === character;
    const now = kept ? character : substitute(character);
    if (known.size < MAX_REMEMBERED) known.set(character, now);
    return now;
  };
  return (text) => text.replace(/[^\0-\x7f]/gu, written);
}

/** Encodes plain text for the device; what its character set lacks becomes the nearest that it has. */
export function plainEncoder(charset: string): (text: string) => Uint8Array {
  if (/^utf-?8$/i.test(charset)) return (text) => Buffer.from(text, 'utf8');
  if (!iconv.encodingExists(charset)) {
    throw new RangeError(`the device asks for the unknown character set '${String(charset).slice(0, 40)}'`);
  }
  const keeps = (text: string) => iconv.decode(iconv.encode(text, charset), charset) === text;
  const written = substitutes(charset, (character) => {
    const plain = LOOKALIKES[character] ?? character.normalize('NFKD').replace(/\p{Mark}/gu, '');
    return keeps(plain) ? plain : '?';
  });
  return (text) => iconv.encode(written(text), charset);
}

const LOOKALIKES: Readonly<Record<string, string>> = {
  '\u00a0': ' ',
  '‘': "'",
  '’': "'",
  '‚': ',',
  '“': '"',
  '”': '"',
  '„': '"',
  '«': '<<',
  '»': '>>',
  '–': '-',
  '—': '--',
  '•': '*',
  '·': '*',
  '…': '...',
  '→': '->',
  '←': '<-',
  '×': 'x',
  '€': 'EUR',
  '©': '(c)',
  '®': '(R)',
  '¶': '',
  ß: 'ss',
  æ: 'ae',
  ø: 'o',
  œ: 'oe',
};
