// The character set of text that nobody declares, by its letters (HTML §13.2.3.2, step 8, as browsers take it).
import { analyse } from 'chardet';

/** Of what is not ASCII, the share that must be right for UTF-8: one broken character makes no other text of a page. */
const UTF8_SHARE = 0.8;
/** Percent of certainty, for scripts of many characters, whose pairs of bytes are telling, and for alphabets. */
const CERTAIN = 90;
const LIKELY = 40;
/** Bytes of such a script without which nothing is guessed. */
const FEWEST = 8;
const OF_PAIRS: ReadonlySet<string> = new Set(['Shift_JIS', 'EUC-JP', 'GB18030', 'Big5', 'EUC-KR']);
/** Alphabets that no one takes for Latin with marks; those with marks are too much alike. */
const ALPHABETS: ReadonlyMap<string, string> = new Map([
  ['windows-1251', 'windows-1251'],
  ['KOI8-R', 'koi8-r'],
  ['ISO-8859-5', 'iso-8859-5'],
  ['ISO-8859-7', 'iso-8859-7'],
  ['windows-1253', 'windows-1253'],
  // In the order in which it is read, as pages have it.
  ['ISO-8859-8', 'windows-1255'],
  ['windows-1255', 'windows-1255'],
  ['ISO-8859-6', 'iso-8859-6'],
  ['windows-1256', 'windows-1256'],
]);

/** An encoding's name; undefined where it could be anything. `isAll`: no more of the text follows. */
export function guessedCharset(bytes: Uint8Array, isAll: boolean): string | undefined {
  const text = new TextDecoder('utf-8').decode(bytes, { stream: !isAll });
  const broken = text.match(/\ufffd/g)?.length ?? 0;
  const right = text.match(/[^\0-\x7f\ufffd]/gu)?.length ?? 0;
  if (right >= UTF8_SHARE * (right + broken)) return 'utf-8';
  return guessedByLetters(bytes);
}

function guessedByLetters(bytes: Uint8Array): string | undefined {
  const telling = withoutAscii(bytes);
  if (telling.length < FEWEST) return undefined;
  const [best] = analyse(telling);
  if (best === undefined) return undefined;
  if (OF_PAIRS.has(best.name)) return best.confidence >= CERTAIN ? best.name.toLowerCase() : undefined;
  return best.confidence >= LIKELY ? ALPHABETS.get(best.name) : undefined;
}

/** Markup and English words would speak for Latin: what has no other byte is left out, but for the bounds of words. */
function withoutAscii(bytes: Uint8Array): Uint8Array {
  const words = Buffer.from(bytes)
    .toString('latin1')
    .replace(/<[^<>]*>/g, ' ')
    .split(/[\t\n\f\r ]+/)
    .filter((word) => /[\x80-\xff]/.test(word));
  return Buffer.from(words.join(' '), 'latin1');
}
