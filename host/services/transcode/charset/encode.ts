// A page's way into the character set that the device reads.
import anyAscii from 'any-ascii';
import iconv from 'iconv-lite';

/** Encodes HTML text for the device; what its character set lacks becomes a numeric character reference. */
export function htmlEncoder(charset: string): (text: string) => Uint8Array {
  if (/^utf-?8$/i.test(charset)) return (text) => Buffer.from(text, 'utf8');
  if (!iconv.encodingExists(charset)) {
    throw new RangeError(`the device asks for the unknown character set '${String(charset).slice(0, 40)}'`);
  }
  const written = substitutes(charset, (character) => `&#${character.codePointAt(0)};`);
  return quickForAscii(charset, (text) => iconv.encode(written(text), charset));
}

/** Most text of a page is markup, and that is ASCII, which most character sets write as it is. */
function quickForAscii(charset: string, encode: (text: string) => Uint8Array): (text: string) => Uint8Array {
  const isSuperset = iconv.encode(ASCII, charset).equals(Buffer.from(ASCII, 'latin1'));
  if (!isSuperset) return encode;
  return (text) => (/^[\0-\x7f]*$/.test(text) ? Buffer.from(text, 'latin1') : encode(text));
}

/** Bytes that `encode` makes of a text: counted without making them where its characters are known to take one each. */
export function encodedSize(encode: (text: string) => Uint8Array): (text: string) => number {
  const isSuperset = Buffer.from(encode(ASCII)).equals(Buffer.from(ASCII, 'latin1'));
  if (!isSuperset) return (text) => encode(text).length;
  return (text) => (/^[\0-\x7f]*$/.test(text) ? text.length : encode(text).length);
}

const ASCII = String.fromCharCode(...Array.from({ length: 0x80 }, (_, code) => code));

/** U+FFFD stands for bytes that mean nothing: to be read back as that, it is written as such bytes. */
const holds = (charset: string, text: string): boolean =>
  !text.includes('\ufffd') && iconv.decode(iconv.encode(text, charset), charset) === text;

/** Characters whose substitutes are remembered: more than most pages have. */
const MAX_REMEMBERED = 4096;

/** Text in which `charset` has every character: `substitute` stands for those that it lacks. ASCII is in all of them. */
function substitutes(charset: string, substitute: (character: string) => string): (text: string) => string {
  const known = new Map<string, string>();
  const written = (character: string): string => {
    const before = known.get(character);
    if (before !== undefined) return before;
    const now = holds(charset, character) ? character : substitute(character);
    if (known.size < MAX_REMEMBERED) known.set(character, now);
    return now;
  };
  return (text) => text.replace(/[^\0-\x7f]/gu, written);
}

/** Encodes plain text for the device; what its character set lacks is written in Latin letters. */
export function plainEncoder(charset: string): (text: string) => Uint8Array {
  if (/^utf-?8$/i.test(charset)) return (text) => Buffer.from(text, 'utf8');
  if (!iconv.encodingExists(charset)) {
    throw new RangeError(`the device asks for the unknown character set '${String(charset).slice(0, 40)}'`);
  }
  const written = substitutes(charset, (character) => {
    if (UNSEEN.test(character)) return '';
    return anyAscii(character) || '?';
  });
  return quickForAscii(charset, (text) => iconv.encode(written(text), charset));
}

/** Says only where words may break, how letters join, or which way they go; or stands behind each heading of a manual. */
const UNSEEN = /[¶\p{Default_Ignorable_Code_Point}\p{Mark}\p{Cf}]/u;
