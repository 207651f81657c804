// The elements of markup that are open, each inside of the one before it, and how what is in them looks.

import { BOUNDARIES, type Effect, LISTS } from './element_styles.js';
import { fontOf, type Look } from './font.js';
import type { Style } from './layout_sink.js';
import { INK } from './screen.js';

interface Element {
  readonly name: string;
  readonly look: Look;
  readonly style: Style;
  readonly onEnd: () => void;
}

export const PLAIN: Look = { bold: false, italic: false, fixed: false, size: 'text' };

const BODY: Style = {
  font: fontOf(PLAIN),
  colour: INK,
  link: undefined,
  align: 'start',
  direction: 'ltr',
  preformatted: false,
};

export class OpenElements {
  readonly #elements: Element[] = [];

  get #look(): Look {
    return this.#elements.at(-1)?.look ?? PLAIN;
  }

  /** Of what stands in the innermost of them. */
  get style(): Style {
    return this.#elements.at(-1)?.style ?? BODY;
  }

  /** Opens one inside of the innermost. */
  open(name: string, effect: Effect, onEnd: () => void, changes: Partial<Style> = {}): void {
    const look = effect.look === undefined ? this.#look : { ...this.#look, ...effect.look };
    const isPlain = effect.look === undefined && !effect.align && !effect.preformatted;
    if (isPlain && Object.keys(changes).length === 0) {
      this.#elements.push({ name, look, style: this.style, onEnd });
      return;
    }
    const style = {
      ...this.style,
      font: fontOf(look),
      ...(effect.align && { align: effect.align }),
      ...(effect.preformatted && { preformatted: true }),
      ...changes,
    };
    this.#elements.push({ name, look, style, onEnd });
  }

  /** Where the last open element of that name stands; −1 where there is none, or none that may be ended from here. */
  lastOpen(name: string, endedTogether: readonly string[] = []): number {
    for (let at = this.#elements.length - 1; at >= 0; at--) {
      const open = this.#elements[at]!.name;
      if (open === name) return at;
      if (BOUNDARIES.has(open) && name !== 'table' && !(name === 'td' && open === 'th')) return -1;
      // An item ends the one before it, and not the one that holds its list.
      if (LISTS.has(open) && endedTogether.length > 0) return -1;
    }
    return -1;
  }

  /** Ends the element at that place, and those that it leaves open. */
  endFrom(at: number): void {
    while (at >= 0 && this.#elements.length > at) {
      this.#elements.at(-1)!.onEnd();
      this.#elements.pop();
    }
  }
}
