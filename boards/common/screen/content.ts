// What a reader of markup tells, to be laid out at once or later.
import type { Table } from './table.js';

export interface Style {
  readonly face: number;
  readonly colour: number;
  readonly link: number | undefined;
  readonly align: 'left' | 'center' | 'right';
  /** Whether line breaks and spaces stand as they are. */
  readonly preformatted: boolean;
}

/** What a reader of markup tells: to a Flow, which lays it out at once, or to a Recording, for later. */
export interface Content {
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
export class Recording implements Content {
  readonly #steps: ((to: Content) => void)[] = [];

  get length(): number {
    return this.#steps.length;
  }

  play(to: Content): void {
    for (const step of this.#steps) step(to);
  }

  text: Content['text'] = (text, style) => this.#add((to) => to.text(text, style));
  picture: Content['picture'] = (picture, style) => this.#add((to) => to.picture(picture, style));
  newLine: Content['newLine'] = (style) => this.#add((to) => to.newLine(style));
  block: Content['block'] = (margin) => this.#add((to) => to.block(margin));
  indent: Content['indent'] = (pixels) => this.#add((to) => to.indent(pixels));
  marker: Content['marker'] = (text, style) => this.#add((to) => to.marker(text, style));
  rule: Content['rule'] = () => this.#add((to) => to.rule());
  anchor: Content['anchor'] = (name) => this.#add((to) => to.anchor(name));
  table: Content['table'] = (table) => this.#add((to) => to.table(table));

  #add(step: (to: Content) => void): void {
    if (this.#steps.length < MAX_STEPS) this.#steps.push(step);
  }
}
