// What a page builder tells, to be laid out at once or later.
import type { Direction } from './bidi.js';

export interface Style {
  readonly font: number;
  readonly colour: number;
  readonly link: number | undefined;
  /** `start`: where lines of its direction begin. */
  readonly align: 'start' | 'left' | 'center' | 'right';
  readonly direction: Direction;
  /** Whether line breaks and spaces stand as they are. */
  readonly preformatted: boolean;
}

export interface Cell {
  readonly content: Recording;
  readonly columns: number;
  readonly rows: number;
}

export interface Table {
  readonly rows: Cell[][];
  /** Whether lines part the rows. */
  lined: boolean;
  /** Where its first column stands. */
  readonly direction: Direction;
}

/** What a page builder tells: to a LineLayout, which lays it out at once, or to a Recording, for later. */
export interface LayoutSink {
  text(text: string, style: Style): void;
  picture(picture: { index: number; width: number; height: number }, style: Style): void;
  /** Ends the line. */
  newLine(style: Style): void;
  /** Ends the line, if one has begun, and keeps a distance of at least `margin` pixels. */
  block(margin: number): void;
  /** Moves the left edge of the lines that follow. */
  indent(pixels: number): void;
  /** Stands left of the next line. */
  marker(text: string, style: Style): void;
  rule(): void;
  anchor(name: string): void;
  table(table: Table): void;
}

/** Of one recording; further ones are dropped, as a page of them would be. */
const MAX_STEPS = 6000;

/** Content that is laid out later, more than once if need be. */
export class Recording implements LayoutSink {
  readonly #steps: ((to: LayoutSink) => void)[] = [];

  get length(): number {
    return this.#steps.length;
  }

  play(to: LayoutSink): void {
    for (const step of this.#steps) step(to);
  }

  text: LayoutSink['text'] = (text, style) => this.#add((to) => to.text(text, style));
  picture: LayoutSink['picture'] = (picture, style) => this.#add((to) => to.picture(picture, style));
  newLine: LayoutSink['newLine'] = (style) => this.#add((to) => to.newLine(style));
  block: LayoutSink['block'] = (margin) => this.#add((to) => to.block(margin));
  indent: LayoutSink['indent'] = (pixels) => this.#add((to) => to.indent(pixels));
  marker: LayoutSink['marker'] = (text, style) => this.#add((to) => to.marker(text, style));
  rule: LayoutSink['rule'] = () => this.#add((to) => to.rule());
  anchor: LayoutSink['anchor'] = (name) => this.#add((to) => to.anchor(name));
  table: LayoutSink['table'] = (table) => this.#add((to) => to.table(table));

  #add(step: (to: LayoutSink) => void): void {
    if (this.#steps.length < MAX_STEPS) this.#steps.push(step);
  }
}
