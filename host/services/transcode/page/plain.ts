// Plain text as a page: paragraphs that wrap where a screen is narrow, or the text as it is set where its spaces count.
import { escapeText } from '../markup.js';

/** Characters by which it is known. */
const LOOKED_AT = 8192;

export async function* pageOfText(text: AsyncIterable<string>, name: string): AsyncGenerator<string> {
  yield `<!DOCTYPE html><html><head><title>${escapeText(name)}</title></head><body>`;
  let start = '';
  let isSet: boolean | undefined;
  let left = '';
  for await (const piece of text) {
    if (isSet === undefined) {
      start += piece;
      if (start.length < LOOKED_AT) continue;
      isSet = isTypeset(start);
      if (isSet) yield '<pre>\n';
      left = start;
    } else left += piece;
    // A line end that is cut in two would be two.
    const end = left.endsWith('\r') ? left.length - 1 : left.length;
    yield written(left.slice(0, end), isSet);
    left = left.slice(end);
  }
  if (isSet === undefined) {
    isSet = isTypeset(start);
    if (isSet) yield '<pre>\n';
    left = start;
  }
  yield `${written(left, isSet)}${isSet ? '</pre>' : ''}</body></html>`;
}

/** Columns and drawings need their spaces: lines that begin with some, or hold several in a row. */
function isTypeset(text: string): boolean {
  const lines = text
    .slice(0, LOOKED_AT)
    .split(/\r\n?|\n/)
    .filter((line) => line.trim() !== '');
  const set = lines.filter((line) => /^(?: {2,}|\t)\S|\S {3,}\S|\S\t/.test(line));
  return set.length > 2 && set.length > lines.length / 10;
}

const written = (text: string, isSet: boolean) => {
  const escaped = escapeText(text.replace(/\r\n?/g, '\n').replaceAll('\f', '\n'));
  return isSet ? escaped : escaped.replace(/\n{2,}/g, '<p>').replace(/\n/g, '<br>');
};
