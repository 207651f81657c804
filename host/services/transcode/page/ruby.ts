// Readings beside words (HTML §4.5.10, `ruby`): no device here sets them above, and all get them in brackets.
import { type Element, ElementFilter } from '../html/element.js';

export class Readings extends ElementFilter {
  /** What holds the page's own brackets, which not all of them have. */
  #dropped: Element | undefined;
  readonly #left = new WeakSet<Element>();

  override start(each: Element): void {
    if (each.name === 'rp') this.#dropped ??= each;
    if (this.#dropped !== undefined) {
      this.#left.add(each);
      return;
    }
    if (each.name === 'rt') this.next.text('(');
    this.next.start(each);
  }

  override end(each: Element): void {
    if (each === this.#dropped) this.#dropped = undefined;
    if (this.#left.has(each)) return;
    this.next.end(each);
    if (each.name === 'rt') this.next.text(')');
  }

  override text(text: string): void {
    if (this.#dropped === undefined) this.next.text(text);
  }
}
