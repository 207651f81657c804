// What the tests of the layout share: a page read on Node.

import type { DisplayList, TextItem } from '../../../../boards/common/screen/display_list.js';
import { PageBuilder } from '../../../../boards/common/screen/page_builder.js';
import { Pictures } from '../../../../boards/common/screen/pictures.js';
import { Paper } from './paper.js';

export const WIDTH = 304;

/** Reads `html` in pieces that end before each of `cuts`. */
export async function read(
  html: string,
  { width = WIDTH, cuts = [] as number[] } = {},
): Promise<DisplayList> {
  const paper = await new Paper().prepare(html);
  const builder = new PageBuilder(paper, width, new Pictures(paper, width, 568));
  let from = 0;
  for (const cut of [...cuts].sort((a, b) => a - b)) {
    builder.write(html.slice(from, cut));
    from = Math.max(from, cut);
  }
  builder.write(html.slice(from));
  builder.end();
  return builder.page;
}

export const textsOf = (page: DisplayList): TextItem[] =>
  page.items.filter((item): item is TextItem => item.kind === 'text');

/** The lines of text from the top, what stands beside each other parted by a bar. */
export function linesOf(page: DisplayList): string[] {
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
