// Words into lines and lines into a column: the layout of what stands one below the other.

import type { Item, PictureItem, TextItem } from './display_list.js';
import type { LayoutSink, Recording, Style, Table } from './layout_sink.js';
import { FAINT, type Screen } from './screen.js';
import { type Column, layTable } from './table.js';

/** Takes what a line layout has placed. */
export interface ItemSink {
  item(item: Item): void;
  anchor(name: string, y: number): void;
}

export type Metrics = Pick<Screen, 'ascent' | 'descent' | 'measure'>;

/** Pixels between the lines of a paragraph, beside what the font asks for. */
const LEADING = 2;
const TAB = 8;
/** However deep lists lie, this much of a line is left. */
const MIN_LINE = 60;

/** Characters that only say where a word may break, or nothing at all. */
const INVISIBLE = /[\u00ad\u200b-\u200f\u2060\ufeff]/;
const INVISIBLE_ALL = new RegExp(INVISIBLE, 'g');

/** ASCII white space (Infra Standard §4.6) but for the space. */
const OTHER_SPACES = ['\n', '\t', '\r', '\f'];

/** Belongs to the layout until its line is whole: words are joined in place, for copies cost a board much. */
type Inline = TextItem | PictureItem;

/** A column `width` pixels wide; without an end to it, a measurement of what the content would take. */
export class LineLayout implements LayoutSink {
  /** Pixels below the top at which the next line begins. */
  y = 0;
  /** The longest word, and the longest line. */
  minWidth = 0;
  maxWidth = 0;
  #left = 0;
  #margin = 0;
  #line: Inline[] = [];
  /** Where the next word begins, from the left edge of the column. */
  #pen = 0;
  #align: Style['align'] = 'left';
  #word: Inline[] = [];
  #wordWidth = 0;
  #space: Style | undefined;
  #marker: { text: string; style: Style } | undefined;

  constructor(
    readonly metrics: Metrics,
    readonly width: number,
    readonly sink: ItemSink,
  ) {}

  text(text: string, style: Style): void {
    if (style.preformatted) this.#preformatted(text, style);
    else this.#words(text, style);
  }

  #words(text: string, style: Style): void {
    let shown = INVISIBLE.test(text) ? text.replace(INVISIBLE_ALL, '') : text;
    for (const space of OTHER_SPACES) if (shown.includes(space)) shown = shown.replaceAll(space, ' ');
    // Words are found by the engine's own search: a look at each character costs a board many times as much.
    for (let from = 0; ; ) {
      const end = shown.indexOf(' ', from);
      const word = end < 0 ? shown.slice(from) : shown.slice(from, end);
      const isJoined = end >= 0 && word !== '' && this.#join(word, style);
      if (!isJoined && word !== '') this.#addText(word, style);
      if (end < 0) return;
      if (!isJoined) this.#endWord();
      if (this.#line.length > 0) this.#space ??= style;
      from = end + 1;
    }
  }

  /** The short way for most words: a whole one after a space, in a line that ends in the same style. */
  #join(word: string, style: Style): boolean {
    const last = this.#line.at(-1);
    if (this.#space !== style || this.#word.length > 0 || last?.kind !== 'text') return false;
    if (last.font !== style.font || last.colour !== style.colour || last.link !== style.link) return false;
    const width = this.metrics.measure(style.font, ` ${word}`);
    if (this.#pen + width > this.#room) return false;
    last.text += ` ${word}`;
    last.width += width;
    this.#pen += width;
    if (width > this.minWidth) this.#measured(width - this.metrics.measure(style.font, ' '), 0);
    return true;
  }

  picture({ index, width, height }: Parameters<LayoutSink['picture']>[0], style: Style): void {
    this.#endWord();
    this.#align = style.align;
    this.#word.push({ kind: 'picture', x: 0, y: 0, width, height, picture: index, link: style.link });
    this.#wordWidth = width;
    this.#endWord();
  }

  newLine(style: Style): void {
    this.#endWord();
    if (this.#line.length === 0) this.#down(this.#height(style.font));
    else this.#endLine();
  }

  block(margin: number): void {
    this.#endWord();
    if (this.#line.length > 0) this.#endLine();
    this.#space = undefined;
    this.#margin = Math.max(this.#margin, margin);
  }

  indent(pixels: number): void {
    this.#left += pixels;
  }

  marker(text: string, style: Style): void {
    this.#marker = { text, style };
  }

  rule(): void {
    this.block(6);
    this.#down(0);
    const width = Number.isFinite(this.width) ? this.width - this.#start : 0;
    this.sink.item({ kind: 'bar', x: this.#start, y: this.y, width, height: 1, colour: FAINT });
    this.y++;
    this.#margin = 6;
  }

  anchor(name: string): void {
    this.sink.anchor(name, this.y);
  }

  table(table: Table): void {
    this.block(6);
    this.#down(0);
    const { items, height, minWidth, maxWidth } = layTable(
      table,
      (content, width) => layOut(content, this.metrics, width),
      this.width - this.#start,
    );
    for (const item of items) {
      item.x += this.#start;
      item.y += this.y;
      this.sink.item(item);
    }
    this.#measured(minWidth, maxWidth);
    this.y += height;
    this.#margin = 6;
  }

  /** Ends what has begun, and gives the height of it all. */
  end(): number {
    this.block(0);
    return this.y;
  }

  get #start(): number {
    return Math.max(0, Math.min(this.#left, this.width - MIN_LINE));
  }

  get #room(): number {
    return this.width - this.#start;
  }

  #height(font: number): number {
    return this.metrics.ascent(font) + this.metrics.descent(font) + LEADING;
  }

  /** Moves down by what was asked to be kept free, and by `pixels`. */
  #down(pixels: number): void {
    if (this.y > 0) this.y += this.#margin;
    this.#margin = 0;
    this.y += pixels;
  }

  #preformatted(text: string, style: Style): void {
    for (const [index, line] of text.split('\n').entries()) {
      if (index > 0) this.newLine(style);
      for (const [stop, part] of line.replace(/\r/g, '').split('\t').entries()) {
        // Where the line stands once all before has its place: it may have gone over several.
        if (stop > 0) this.#addPreformatted(' '.repeat(TAB - (this.#column % TAB)), style);
        this.#addPreformatted(part, style);
      }
    }
  }

  /** Characters in the line so far. */
  get #column(): number {
    return this.#line.reduce((sum, item) => sum + (item.kind === 'text' ? item.text.length : 0), 0);
  }

  #addPreformatted(text: string, style: Style): void {
    this.#addText(text, style);
    this.#endWord();
    // The line as far as it goes, and not this piece of it: text comes in pieces that mean nothing.
    this.#measured(this.#pen, 0);
  }

  #addText(text: string, style: Style): void {
    if (text === '') return;
    this.#align = style.align;
    let rest = text;
    for (;;) {
      const room = this.#room - this.#wordWidth - (style.preformatted ? this.#pen : 0);
      const width = this.metrics.measure(style.font, rest);
      if (width <= room) {
        this.#addPiece(rest, width, style);
        return;
      }
      // Longer than any line: it goes over several.
      const part = rest.slice(0, this.#fitting(rest, style.font, room));
      if (part !== '') this.#addPiece(part, this.metrics.measure(style.font, part), style);
      rest = rest.slice(part.length);
      this.#endWord();
      this.#endLine();
    }
  }

  /** How many units of `text` fit into `room` pixels: at least one character where the line is still empty. */
  #fitting(text: string, font: number, room: number): number {
    let [units, used] = [0, 0];
    for (const character of text) {
      used += this.metrics.measure(font, character);
      if (used > room && (units > 0 || this.#wordWidth > 0 || this.#line.length > 0)) break;
      units += character.length;
    }
    return units;
  }

  #addPiece(text: string, width: number, { font, colour, link }: Style): void {
    const ascent = this.metrics.ascent(font);
    this.#word.push({ kind: 'text', x: 0, y: 0, width, height: 0, ascent, font, text, colour, link });
    this.#wordWidth += width;
  }

  #endWord(): void {
    if (this.#word.length === 0) return;
    const space = this.#space;
    const gap = space && this.#line.length > 0 ? this.metrics.measure(space.font, ' ') : 0;
    if (this.#line.length > 0 && this.#pen + gap + this.#wordWidth > this.#room) this.#endLine();
    else if (gap > 0) this.#addSpace(gap, space!);
    this.#measured(this.#wordWidth, 0);
    for (const piece of this.#word) {
      this.#place(piece);
      this.#pen += piece.width;
    }
    this.#word = [];
    this.#wordWidth = 0;
    this.#space = undefined;
  }

  #addSpace(width: number, { font, colour, link }: Style): void {
    const last = this.#line.at(-1);
    if (last?.kind === 'text' && last.font === font && last.colour === colour && last.link === link) {
      last.text += ' ';
      last.width += width;
      this.#pen += width;
      return;
    }
    const ascent = this.metrics.ascent(font);
    this.#place({ kind: 'text', x: 0, y: 0, width, height: 0, ascent, font, text: ' ', colour, link });
    this.#pen += width;
  }

  /** At the pen; text that looks like what it follows becomes one with it. */
  #place(piece: Inline): void {
    const last = this.#line.at(-1);
    const isAlike =
      last?.kind === 'text' &&
      piece.kind === 'text' &&
      last.font === piece.font &&
      last.colour === piece.colour &&
      last.link === piece.link;
    if (isAlike) {
      last.text += piece.text;
      last.width += piece.width;
    } else {
      piece.x = this.#pen;
      this.#line.push(piece);
    }
  }

  #endLine(): void {
    const line = this.#line;
    this.#down(0);
    let [ascent, descent] = [0, 0];
    for (const item of line) {
      const isText = item.kind === 'text';
      ascent = Math.max(ascent, isText ? item.ascent : item.height + LEADING);
      descent = Math.max(descent, isText ? this.metrics.descent(item.font) : 0);
    }
    const height = ascent + descent + LEADING;
    this.#measured(0, this.#pen);
    const free = Number.isFinite(this.width) ? Math.max(0, this.#room - this.#pen) : 0;
    const shift = this.#start + (this.#align === 'right' ? free : this.#align === 'center' ? free >> 1 : 0);
    this.#writeMarker(ascent, height);
    for (const item of line) {
      item.x += shift;
      item.y = this.y;
      if (item.kind === 'picture') item.y += ascent - item.height;
      else {
        item.height = height;
        item.ascent = ascent;
      }
      this.sink.item(item);
    }
    this.y += height;
    this.#line = [];
    this.#pen = 0;
    this.#space = undefined;
  }

  #writeMarker(ascent: number, height: number): void {
    if (this.#marker === undefined) return;
    const { text, style } = this.#marker;
    const { font, colour } = style;
    this.#marker = undefined;
    const width = this.metrics.measure(font, text);
    const x = Math.max(0, this.#start - width - 6);
    this.sink.item({ kind: 'text', x, y: this.y, width, height, ascent, font, text, colour });
  }

  #measured(min: number, max: number): void {
    this.minWidth = Math.max(this.minWidth, min + this.#left);
    this.maxWidth = Math.max(this.maxWidth, max + this.#left, this.minWidth);
  }
}

/** Lays out `content` in a column of its own. */
export function layOut(content: Recording, metrics: Metrics, width: number): Column {
  const items: Item[] = [];
  const layout = new LineLayout(metrics, width, { item: (item) => items.push(item), anchor() {} });
  content.play(layout);
  const height = layout.end();
  return { items, height, minWidth: layout.minWidth, maxWidth: layout.maxWidth };
}
