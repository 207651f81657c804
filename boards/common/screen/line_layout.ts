// Words into lines and lines into a column: the layout of what stands one below the other.

import type { Inline, Item } from './display_list.js';
import { HAN, hanPieces, mayBreak } from './han.js';
import type { LayoutSink, Recording, Style, Table } from './layout_sink.js';
import { LEADING, Line, type Metrics } from './line.js';
import { FAINT } from './screen.js';
import { type Column, layTable } from './table.js';

/** Takes what a line layout has placed. */
export interface ItemSink {
  item(item: Item): void;
  anchor(name: string, y: number): void;
}

const TAB = 8;
/** Between the mark of an item and its text. */
const MARKER_GAP = 6;
/** However deep lists lie, this much of a line is left. */
const MIN_LINE = 60;

/** Characters that only say where a word may break or how it goes on, marks that no font here has, or nothing at all. */
const UNSEEN = [
  '\\u00ad',
  '\\u0300-\\u036f',
  '\\u0591-\\u05bd\\u05bf-\\u05c7',
  '\\u200b-\\u200f\\u202a-\\u202e\\u2060-\\u2069',
  '\\ufe00-\\ufe0f\\ufeff',
];
const INVISIBLE = new RegExp(`[${UNSEEN.join('')}]`);
const INVISIBLE_ALL = new RegExp(INVISIBLE, 'g');

/** ASCII white space (Infra Standard §4.6) but for the space. */
const OTHER_SPACES = ['\n', '\t', '\r', '\f'];

/** A column `width` pixels wide; without an end to it, a measurement of what the content would take. */
export class LineLayout implements LayoutSink {
  /** Pixels below the top at which the next line begins. */
  y = 0;
  /** The longest word, and the longest line. */
  minWidth = 0;
  maxWidth = 0;
  #left = 0;
  #margin = 0;
  readonly #line: Line;
  #word: Inline[] = [];
  #wordWidth = 0;
  #space: Style | undefined;
  #marker: { text: string; style: Style; width: number } | undefined;

  constructor(
    readonly metrics: Metrics,
    readonly width: number,
    readonly sink: ItemSink,
  ) {
    this.#line = new Line(metrics);
  }

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
      if (!isJoined && word !== '') this.#addWord(word, style);
      if (end < 0) return;
      if (!isJoined) this.#endWord();
      if (!this.#line.isEmpty) this.#space ??= style;
      from = end + 1;
    }
  }

  /** The short way for most words: a whole one after a space, in a line that ends in the same style. */
  #join(word: string, style: Style): boolean {
    if (this.#space !== style || this.#word.length > 0 || HAN.test(word) || !this.#line.endsIn(style))
      return false;
    const width = this.metrics.measure(style.font, ` ${word}`);
    if (this.#line.width + width > this.#room) return false;
    this.#line.extend(` ${word}`, width);
    if (width > this.minWidth) this.#measured(width - this.metrics.measure(style.font, ' '), 0);
    return true;
  }

  picture({ index, width, height }: Parameters<LayoutSink['picture']>[0], style: Style): void {
    this.#endWord();
    this.#line.takeSides(style);
    this.#word.push({ kind: 'picture', x: 0, y: 0, width, height, picture: index, link: style.link });
    this.#wordWidth = width;
    this.#endWord();
  }

  newLine(style: Style): void {
    this.#endWord();
    if (this.#line.isEmpty) this.#down(this.#height(style.font));
    else this.#endLine();
  }

  block(margin: number): void {
    this.#endWord();
    if (!this.#line.isEmpty) this.#endLine();
    this.#space = undefined;
    this.#margin = Math.max(this.#margin, margin);
  }

  indent(pixels: number): void {
    this.#left += pixels;
  }

  marker(text: string, style: Style): void {
    this.#marker = { text, style, width: this.metrics.measure(style.font, text) };
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
    const room = this.width - this.#start;
    const laid = layTable(table, (content, width) => layOut(content, this.metrics, width), room);
    const { items, height, minWidth, maxWidth } = laid;
    const isAtRight = table.direction === 'rtl' && Number.isFinite(room);
    const left = isAtRight ? Math.max(0, room - laid.width) : this.#start;
    for (const item of items) {
      item.x += left;
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
    const indent = Math.min(this.#left, Math.max(this.width - MIN_LINE, this.width / 2));
    return Math.max(0, Math.floor(indent), this.#markerWidth);
  }

  /** Of the mark that the next line has, with its distance: text begins behind it, however narrow the column. */
  get #markerWidth(): number {
    return this.#marker === undefined ? 0 : this.#marker.width + MARKER_GAP;
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
        if (stop > 0) this.#addPreformatted(' '.repeat(TAB - (this.#line.characters % TAB)), style);
        this.#addPreformatted(part, style);
      }
    }
  }

  #addPreformatted(text: string, style: Style): void {
    this.#addText(text, style);
    this.#endWord();
    // The line as far as it goes, and not this piece of it: text comes in pieces that mean nothing.
    this.#measured(this.#line.width, 0);
  }

  /** The whole of a word, or what has come of it. */
  #addWord(text: string, style: Style): void {
    if (!HAN.test(text) && !HAN.test(this.#lastOfWord)) {
      this.#addText(text, style);
      return;
    }
    for (const piece of hanPieces(text)) {
      if (this.#word.length > 0 && mayBreak(this.#lastOfWord, piece)) this.#endWord();
      this.#addText(piece, style);
    }
  }

  get #lastOfWord(): string {
    const last = this.#word.at(-1);
    return last?.kind === 'text' ? last.text.slice(-1) : '';
  }

  #addText(text: string, style: Style): void {
    if (text === '') return;
    this.#line.takeSides(style);
    let rest = text;
    for (;;) {
      const room = this.#room - this.#wordWidth - (style.preformatted ? this.#line.width : 0);
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
      if (used > room && (units > 0 || this.#wordWidth > 0 || !this.#line.isEmpty)) break;
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
    const gap = space && !this.#line.isEmpty ? this.metrics.measure(space.font, ' ') : 0;
    if (!this.#line.isEmpty && this.#line.width + gap + this.#wordWidth > this.#room) this.#endLine();
    else if (gap > 0) this.#line.addSpace(gap, space!);
    this.#measured(this.#wordWidth, 0);
    for (const piece of this.#word) this.#line.place(piece);
    this.#word = [];
    this.#wordWidth = 0;
    this.#space = undefined;
  }

  #endLine(): void {
    const { items, width, ascent, height } = this.#line.take();
    this.#down(0);
    this.#measured(0, width);
    const { isRightToLeft } = this.#line;
    const free = Number.isFinite(this.width) ? Math.max(0, this.#room - width) : 0;
    // Indents are at the side where lines begin.
    const shift = (isRightToLeft && Number.isFinite(this.width) ? 0 : this.#start) + this.#line.shift(free);
    this.#writeMarker(ascent, height);
    for (const item of items) {
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
    this.#space = undefined;
  }

  #writeMarker(ascent: number, height: number): void {
    if (this.#marker === undefined) return;
    const { text, style, width } = this.#marker;
    const { font, colour } = style;
    const x = style.direction === 'rtl' ? this.#room + MARKER_GAP : this.#start - width - MARKER_GAP;
    this.#marker = undefined;
    this.sink.item({ kind: 'text', x, y: this.y, width, height, ascent, font, text, colour });
  }

  #measured(min: number, max: number): void {
    const indent = Math.max(this.#left, this.#markerWidth);
    this.minWidth = Math.max(this.minWidth, min + indent);
    this.maxWidth = Math.max(this.maxWidth, max + indent, this.minWidth);
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
