// A page has one title (HTML §4.2.2): those after the first show nowhere.
import { type Element, ElementFilter } from '../html/element.js';

export class FirstTitle extends ElementFilter {
  #isThere = false;
  #dropped: Element | undefined;

  override start(each: Element): void {
    if (this.#dropped !== undefined) return;
    if (each.name === 'title' && this.#isThere) {
      this.#dropped = each;
      return;
    }
    this.#isThere ||= each.name === 'title';
    this.next.start(each);
  }

  override end(each: Element): void {
    if (each === this.#dropped) this.#dropped = undefined;
    else if (this.#dropped === undefined) this.next.end(each);
  }

  override text(text: string): void {
    if (this.#dropped === undefined) this.next.text(text);
  }
}
