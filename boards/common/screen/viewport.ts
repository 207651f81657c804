// What the screen shows: a bar with the title, the part of the page that is in view, how far that is down the page, and
// a line about what goes on.

import { visualText } from './bidi.js';
import type { DisplayList, Item } from './display_list.js';
import { font } from './font.js';
import type { Pictures } from './pictures.js';
import { colour, FAINT, LINK, PAPER, type Screen } from './screen.js';

const TITLE = 20;
const STATUS = 16;
const SIDE = 6;
/** Free on both sides of the page. */
const MARGIN = 5;
const [DARK, SHADE, STATUS_INK, TAG] = [0x1d2b4f, 0xe4e7ef, 0x30364a, 0x1a7f4b].map(colour) as [
  number,
  number,
  number,
  number,
];

export interface Status {
  text: string;
  /** In a box of its own at the right: which power the proxy has. */
  tag?: string | undefined;
}

/** What a page may take of the screen. */
export const pageArea = ({ width, height }: Pick<Screen, 'width' | 'height'>) => ({
  width: width - SIDE - 2 * MARGIN,
  height: height - TITLE - STATUS,
});

export class Viewport {
  /** Pixels of the page above what is shown. */
  top = 0;
  /** Index in the page's links. */
  selected: number | undefined;
  readonly #area: { width: number; height: number };

  constructor(
    readonly screen: Screen,
    readonly page: DisplayList,
    readonly pictures: Pictures,
  ) {
    this.#area = pageArea(screen);
  }

  get bottom(): number {
    return this.top + this.#area.height;
  }

  /** The furthest that it goes down. */
  get end(): number {
    return Math.max(0, this.page.height + MARGIN - this.#area.height);
  }

  scrollTo(top: number): void {
    this.top = Math.max(0, Math.min(top, this.end));
  }

  /** By most of what is shown: the last lines stay to go on from. */
  scrollBy(screens: number): void {
    this.scrollTo(this.top + screens * (this.#area.height - 2 * TITLE));
  }

  /** Selects the next link in view, or the one before it. False where there is none further on. */
  select(step: 1 | -1): boolean {
    const seen = new Set<number>();
    for (const item of this.page.between(this.top, this.bottom))
      if (item.kind !== 'bar' && item.link !== undefined) seen.add(item.link);
    const links = [...seen].sort((a, b) => a - b);
    const at = this.selected === undefined ? -1 : links.indexOf(this.selected);
    const next = at >= 0 ? at + step : step > 0 ? 0 : links.length - 1;
    if (links[next] === undefined) return false;
    this.selected = links[next];
    return true;
  }

  draw(title: string, status: Status): void {
    const { screen } = this;
    screen.fill(0, 0, screen.width, TITLE, DARK);
    screen.write(font('bold'), MARGIN + 1, 15, visualText(title), PAPER, 0, TITLE);
    this.drawPage();
    this.drawStatus(status);
  }

  drawPage(): void {
    const { screen } = this;
    screen.fill(0, TITLE, screen.width - SIDE, this.#area.height, PAPER);
    for (const item of this.page.between(this.top, this.bottom)) this.#drawItem(item);
    this.drawPlace();
  }

  /** The bar at the side: which part of the page is shown. */
  drawPlace(): void {
    const { screen } = this;
    const { height } = this.#area;
    const x = screen.width - SIDE;
    screen.fill(x, TITLE, SIDE, height, SHADE);
    screen.fill(x, TITLE, 1, height, FAINT);
    const whole = Math.max(height, this.page.height + MARGIN);
    const length = Math.max(12, Math.round((height * height) / whole));
    const free = height - length;
    const y = this.end === 0 ? 0 : Math.round((free * this.top) / this.end);
    if (this.end > 0) screen.fill(x + 1, TITLE + y, SIDE - 1, length, DARK);
  }

  drawStatus({ text, tag }: Status): void {
    const { screen } = this;
    const y = screen.height - STATUS;
    const small = font('small');
    screen.fill(0, y, screen.width, STATUS, SHADE);
    screen.fill(0, y, screen.width, 1, FAINT);
    screen.write(small, MARGIN, y + 12, text, STATUS_INK, y, screen.height);
    if (tag === undefined) return;
    const width = screen.measure(small, tag) + 8;
    screen.fill(screen.width - width, y, width, STATUS, TAG);
    screen.write(small, screen.width - width + 4, y + 12, tag, PAPER, y, screen.height);
  }

  #drawItem(item: Item): void {
    const { screen } = this;
    const x = item.x + MARGIN;
    const y = item.y - this.top + TITLE;
    const [top, bottom] = [TITLE, TITLE + this.#area.height];
    const isSelected = item.kind !== 'bar' && item.link !== undefined && item.link === this.selected;
    const fill = (left: number, from: number, width: number, height: number, ink: number) => {
      const [start, end] = [Math.max(from, top), Math.min(from + height, bottom)];
      if (end > start) screen.fill(left, start, width, end - start, ink);
    };
    switch (item.kind) {
      case 'bar':
        fill(x, y, item.width, item.height, item.colour);
        break;
      case 'picture': {
        if (isSelected) fill(x - 2, y - 2, item.width + 4, item.height + 4, LINK);
        screen.show(this.pictures.pixels(item.picture), x, y, top, bottom, screen.width - SIDE);
        break;
      }
      case 'text': {
        if (isSelected) fill(x - 1, y, item.width + 2, item.height, LINK);
        else if (item.link !== undefined) fill(x, y + item.ascent + 2, item.width, 1, item.colour);
        screen.write(item.font, x, y + item.ascent, item.text, isSelected ? PAPER : item.colour, top, bottom);
      }
    }
  }
}
