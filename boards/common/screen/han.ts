// Where a line may end in text that is written without spaces: between most characters of Chinese and Japanese.

/** Kana, kanji, their punctuation, and full-width forms. */
export const HAN = /[\u3000-\u30ff\u3400-\u9fff\uf900-\ufaff\uff00-\uffef]/;
/** No line begins with one of these (JIS X 4051, characters not starting a line), nor ends with one of those. */
const NOT_FIRST =
  /[、。，．・：；？！）］｝〕〉》」』】〗ー々ヽヾゝゞぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮヵヶ,.:;?!)\]}”’%]/;
const NOT_LAST = /[（［｛〔〈《「『【〖([{“‘￥$]/;

/** Whether a line may end after the text `before`, and the next begin with `after`. */
export function mayBreak(before: string, after: string): boolean {
  const [last, first] = [before.slice(-1), after.slice(0, 1)];
  return (HAN.test(last) || HAN.test(first)) && !NOT_FIRST.test(first) && !NOT_LAST.test(last);
}

/** Each such character by itself, and what stands between them. */
export const hanPieces = (text: string): string[] => text.match(PIECES) ?? [];

const PIECES = new RegExp(`${HAN.source}|[^${HAN.source.slice(1, -1)}]+`, 'g');
