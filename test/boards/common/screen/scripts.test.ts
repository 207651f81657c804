// Text from right to left, and text without spaces: as it stands on the screen, from the left.
import { expect, test } from 'vitest';
import { visualText } from '../../../../boards/common/screen/bidi.js';
import { linesOf, read, textsOf, WIDTH } from './reading.js';

const shownLines = async (html: string, width = WIDTH) => linesOf(await read(html, { width }));

test.each([
  ['a line of Hebrew', 'שלום עולם', 'םלוע םולש'],
  ['Latin, numbers and brackets in it', 'שלום abc (1) עולם 45', '45 םלוע abc (1) םולש'],
  ['a mark at its end', 'שלום, עולם.', '.םלוע ,םולש'],
])('%s', async (_, text, shown) => {
  expect(await shownLines(`<p dir=rtl>${text}`)).toEqual([shown]);
});

test('Hebrew in a line of Latin stands where it is in that, its own words from the right', async () => {
  expect(await shownLines('<p>Latin with שלום עולם in it.')).toEqual(['Latin with םלוע םולש in it.']);
  expect(visualText('ab שלום')).toBe('ab םולש');
});

test('lines from right to left begin at the right, and so do their lists and tables', async () => {
  const page = await read(
    '<html dir=rtl><body><p>שלום<ul><li>אב</ul><table><tr><td>גד<td>הו</table><p dir=ltr>left</p><p><center>אמצע',
  );
  const find = (wanted: string) => textsOf(page).find(({ text }) => text === wanted)!;
  const right = ({ x, width }: { x: number; width: number }) => x + width;
  expect(right(find('םולש'))).toBe(WIDTH);
  expect(find('•').x).toBeGreaterThan(right(find('בא')));
  expect(right(find('•'))).toBeLessThanOrEqual(WIDTH);
  expect(right(find('דג'))).toBe(WIDTH);
  expect(right(find('וה'))).toBeLessThan(find('דג').x);
  expect(find('left').x).toBe(0);
  expect(find('עצמא').x).toBeGreaterThan(100);
});

test('a link in such a line keeps its place in the order of the words', async () => {
  const page = await read('<p dir=rtl>אחד <a href="/x">שתיים</a> שלוש');
  const link = textsOf(page).find((item) => item.link === 0)!;
  const [first, last] = ['דחא ', ' שולש'].map(
    (wanted) => textsOf(page).find(({ text }) => text.trim() === wanted.trim())!,
  );
  expect(link.text).toBe('םייתש');
  expect(link.x + link.width).toBeLessThanOrEqual(first!.x);
  expect(last!.x + last!.width).toBeLessThanOrEqual(link.x);
});

test('lines of Japanese are full, and none begins with a mark or ends in an opening bracket', async () => {
  const text =
    '日本語のテキストは、空白なしで書かれます。「東京」は日本の首都であり、多くの人々が住んでいます。ラーメン、チャーハン';
  const lines = await shownLines(`<p>${text}`, 125);
  expect(lines.join('')).toBe(text);
  for (const line of lines.slice(0, -1)) expect(line.length).toBeGreaterThanOrEqual(8);
  for (const line of lines) expect(line).not.toMatch(/^[、。」ャー]|「$/);
});

test('what has no glyph of its own leaves no sign: marks over letters, and those that say how text goes', async () => {
  expect(await shownLines('<p>שָׁלוֹם e\u0301 a\u200e\u202bb\u2069')).toEqual(['םולש e ab']);
});

test('the mark of an item stands before its text, however narrow its cell', async () => {
  const page = await read(
    `<table><tr><td><ul><li>a</ul><td><ol start=1998><li>b<li>c</ol><td>${'word '.repeat(60)}</table>`,
  );
  for (const [mark, text] of [
    ['•', 'a'],
    ['1998.', 'b'],
    ['1999.', 'c'],
  ]) {
    const [before, after] = [mark, text].map((wanted) => textsOf(page).find((item) => item.text === wanted)!);
    expect(before!.x).toBeGreaterThanOrEqual(0);
    expect(before!.x + before!.width).toBeLessThan(after!.x);
  }
});
