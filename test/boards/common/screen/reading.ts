// What the tests of the layout share: a page read on Node.

import type { Page, TextItem } from '../../../../boards/common/screen/page.js';
import { Pictures } from '../../../../boards/common/screen/pictures.js';
import { Reader } from '../../../../boards/common/screen/reader.js';
import { Paper } from './paper.js';

export const WIDTH = 304;

/** Reads `html` in pieces that end before each of `cuts`. */
export async function read(html: string, { width = WIDTH, cuts = [] as number[] } = {}): Promise<Page> {
  const paper = await new Paper().prepare(html);
  const reader = new Reader(paper, width, new Pictures(paper, width, 568));
  let from = 0;
  for (const cut of [...cuts].sort((a, b) => a - b)) {
    reader.write(html.slice(from, cut));
    from = Math.max(from, cut);
  }
  reader.write(html.slice(from));
  reader.end();
  return reader.page;
}

export const textsOf = (page: Page): TextItem[] =>
  page.items.filter((item): item is TextItem => item.kind === 'text');

/** The lines of text from the top, what stands beside each other parted by a bar. */
export function linesOf(page: Page): string[] {
  const lines = new Map<number, TextItem[]>();
  for (const item of textsOf(page)) {
    const baseline = item.y + item.ascent;
    lines.set(baseline, [...(lines.get(baseline) ?? []), item]);
  }
  return [...lines]
    .sort(([a], [b]) => a - b)
    .map(([, items]) => items.sort((a, b) => a.x - b.x))
    .map((items) =>
      items
        .map(({ text, x }, i) => {
          const before = items[i - 1];
          return before !== undefined && before.x + before.width < x ? `|${text}` : text;
        })
        .join(''),
    );
}
