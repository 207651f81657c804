// One line under way: words and pictures from its beginning on, and where they stand once it is whole.

import { type Direction, inVisualOrder, RIGHT_TO_LEFT } from './bidi.js';
import type { Inline } from './display_list.js';
import type { Style } from './layout_sink.js';
import type { Screen } from './screen.js';

/** How text measures on a screen. */
export type Metrics = Pick<Screen, 'ascent' | 'descent' | 'measure'>;

/** Pixels between the lines of a paragraph, beside what the font asks for. */
export const LEADING = 2;

export interface WholeLine {
  /** From the left. */
  readonly items: Inline[];
  readonly width: number;
  readonly ascent: number;
  readonly height: number;
}

export class Line {
  /** Where the next word begins, from the beginning of the line. */
  width = 0;
  #items: Inline[] = [];
  #align: Style['align'] = 'start';
  #direction: Direction = 'ltr';

  constructor(readonly metrics: Metrics) {}

  get isEmpty(): boolean {
    return this.#items.length === 0;
  }

  /** Characters so far. */
  get characters(): number {
    return this.#items.reduce((sum, item) => sum + (item.kind === 'text' ? item.text.length : 0), 0);
  }

  get isRightToLeft(): boolean {
    return this.#direction === 'rtl';
  }

  /** What comes next says at which side this line and those after it stand. */
  takeSides({ align, direction }: Style): void {
    this.#align = align;
    this.#direction = direction;
  }

  /** Whether text of that style would be one with the last. */
  endsIn({ font, colour, link }: Pick<Style, 'font' | 'colour' | 'link'>): boolean {
    const last = this.#items.at(-1);
    return last?.kind === 'text' && last.font === font && last.colour === colour && last.link === link;
  }

  /** Joins text to the last: in place, for copies cost a board much. */
  extend(text: string, width: number): void {
    const last = this.#items.at(-1);
    if (last?.kind !== 'text') return;
    last.text += text;
    last.width += width;
    this.width += width;
  }

  place(piece: Inline): void {
    if (piece.kind === 'text' && this.endsIn({ ...piece, link: piece.link })) {
      this.extend(piece.text, piece.width);
      return;
    }
    piece.x = this.width;
    this.#items.push(piece);
    this.width += piece.width;
  }

  addSpace(width: number, { font, colour, link }: Style): void {
    const ascent = this.metrics.ascent(font);
    this.place({ kind: 'text', x: 0, y: 0, width, height: 0, ascent, font, text: ' ', colour, link });
  }

  /** The whole of it, in the order of the screen; the next line begins. */
  take(): WholeLine {
    const { width } = this;
    const items = this.#inVisualOrder();
    let [ascent, descent] = [0, 0];
    for (const item of items) {
      const isText = item.kind === 'text';
      ascent = Math.max(ascent, isText ? item.ascent : item.height + LEADING);
      descent = Math.max(descent, isText ? this.metrics.descent(item.font) : 0);
    }
    this.#items = [];
    this.width = 0;
    return { items, width, ascent, height: ascent + descent + LEADING };
  }

  /** How far it stands from the side where it would begin, of so many pixels that are free. */
  shift(free: number): number {
    const isAtRight = this.#align === 'start' ? this.isRightToLeft : this.#align === 'right';
    return isAtRight ? free : this.#align === 'center' ? free >> 1 : 0;
  }

  #inVisualOrder(): Inline[] {
    const items = this.#items;
    const isPlain = items.every((item) => item.kind !== 'text' || !RIGHT_TO_LEFT.test(item.text));
    if (isPlain && !this.isRightToLeft) return items;
    let pen = 0;
    return inVisualOrder(items, this.#direction).map((item) => {
      if (item.kind === 'text') item.width = this.metrics.measure(item.font, item.text);
      item.x = pen;
      pen += item.width;
      return item;
    });
  }
}
