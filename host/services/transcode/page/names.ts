// Links and buttons that show nothing a device could show get a text: what names them for those who can't see them, or
// the address.
import { type Element, ElementFilter, type ElementSink } from '../html/element.js';
import { isSafeAddress, nameOfAddress, resolveAddress } from './address.js';
import type { BaseAddress } from './base_address.js';
import { firstLabel } from './embedded.js';

interface Unnamed {
  element: Element;
  /** What names it so far, the best first. */
  drawing: string | undefined;
  label: string | undefined;
  title: string | undefined;
}

export class Names extends ElementFilter {
  /** The innermost link or button as long as nothing of it shows. */
  #open: Unnamed | undefined;

  /** `pictures`: the device shows some. */
  constructor(
    next: ElementSink,
    private readonly base: BaseAddress,
    private readonly pictures: boolean,
  ) {
    super(next);
  }

  /** A drawing's title. */
  nameDrawing(title: string): void {
    if (this.#open !== undefined) this.#open.drawing ??= firstLabel([title]);
  }

  override start(each: Element): void {
    const { name, attributes } = each;
    if (name === 'a' || name === 'button') {
      const label = firstLabel([attributes.get('aria-label')]);
      const title = firstLabel([attributes.get('title')]);
      this.#open = { element: each, drawing: undefined, label, title };
    } else if (this.#open !== undefined) {
      if (name === 'img' ? this.pictures || firstLabel([attributes.get('alt')]) !== undefined : isField(name))
        this.#open = undefined;
      else {
        this.#open.label ??= firstLabel([attributes.get('aria-label')]);
        this.#open.title ??= firstLabel([attributes.get('title')]);
      }
    }
    this.next.start(each);
  }

  override end(each: Element): void {
    if (each === this.#open?.element) {
      const name = this.#nameOf(this.#open);
      this.#open = undefined;
      if (name !== undefined) this.next.text(name);
    }
    this.next.end(each);
  }

  override text(text: string): void {
    if (this.#open !== undefined && /[^\s\u00a0\u200b]/.test(text)) this.#open = undefined;
    this.next.text(text);
  }

  #nameOf({ element: { name, attributes }, drawing, label, title }: Unnamed): string | undefined {
    const given = drawing ?? label ?? title;
    if (name === 'button') return given;
    const href = attributes.get('href')?.trim();
    // A place in the page needs no name, and a script's link leads nowhere.
    if (href === undefined || href === '' || href.startsWith('#') || !isSafeAddress(href)) return undefined;
    if (attributes.get('aria-hidden') === 'true') return undefined;
    if (given !== undefined) return given;
    const url = resolveAddress(href, this.base.url);
    return url === undefined ? undefined : nameOfAddress(url);
  }
}

const isField = (name: string) => ['input', 'select', 'textarea', 'button'].includes(name);
