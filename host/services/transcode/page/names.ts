// Links and buttons that show nothing a device could show get a text: what names them for those who can't see them, or
// the address.
import { type Element, ElementFilter, type ElementSink } from '../html/element.js';
import { HeldPage } from '../html/held.js';
import { isSafeAddress, nameOfAddress, resolveAddress } from './address.js';
import type { BaseAddress } from './base_address.js';
import { firstLabel } from './embedded.js';

interface Unnamed {
  element: Element;
  /** What names it so far, the best first. */
  drawing: string | undefined;
  label: string | undefined;
  title: string | undefined;
  /** From a picture without a text on, the first of which gets the name where nothing else shows. */
  pictured: { picture: Element; after: HeldPage } | undefined;
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
      this.#shows();
      this.#open = { element: each, drawing: undefined, label, title, pictured: undefined };
    } else if (this.#open !== undefined) {
      const isPicture = name === 'img';
      const isNamed = isPicture && firstLabel([attributes.get('alt')]) !== undefined;
      if (isNamed || isField(name)) this.#shows();
      else if (isPicture && this.pictures && this.#open.pictured === undefined) {
        this.#open.pictured = { picture: each, after: new HeldPage() };
        return;
      } else {
        this.#open.label ??= firstLabel([attributes.get('aria-label')]);
        this.#open.title ??= firstLabel([attributes.get('title')]);
      }
    }
    if (this.#open?.pictured !== undefined) this.#open.pictured.after.start(each);
    else this.next.start(each);
  }

  override end(each: Element): void {
    if (each === this.#open?.element) {
      const name = this.#nameOf(this.#open);
      if (this.#open.pictured !== undefined) this.#shows(name);
      else if (name !== undefined) this.next.text(name);
      this.#open = undefined;
    }
    if (this.#open?.pictured !== undefined) this.#open.pictured.after.end(each);
    else this.next.end(each);
  }

  override text(text: string): void {
    if (this.#open !== undefined && /[^\s\u00a0\u200b]/.test(text)) this.#shows();
    if (this.#open?.pictured !== undefined) this.#open.pictured.after.text(text);
    else this.next.text(text);
  }

  /** Something of it does: what was held back for that goes on, its picture with that name where it has none. */
  #shows(name?: string): void {
    const held = this.#open?.pictured;
    this.#open = undefined;
    if (held === undefined) return;
    const { picture, after } = held;
    const named =
      name === undefined
        ? picture
        : { ...picture, attributes: new Map([...picture.attributes, ['alt', name]]) };
    this.next.start(named);
    after.play(this.next);
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
