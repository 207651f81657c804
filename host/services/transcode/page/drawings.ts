// Drawings of SVG: their words stay, and their titles name the links that hold nothing else.
import { type Element, ElementFilter, type ElementSink, element } from '../html/element.js';

export class Drawings extends ElementFilter {
  #drawing: Element | undefined;
  /** The open elements of the drawing whose text shows. */
  readonly #words = new Set<Element>();
  #title: Element | undefined;
  readonly #links = new Map<Element, Element>();

  /** `onTitle` gets the name of a drawing, which does not show. */
  constructor(
    next: ElementSink,
    private readonly onTitle: (title: string) => void,
  ) {
    super(next);
  }

  override start(each: Element): void {
    if (this.#drawing === undefined && each.name !== 'svg') {
      this.next.start(each);
      return;
    }
    const { name, attributes } = each;
    if (this.#drawing === undefined) {
      this.#drawing = each;
      const label = attributes.get('aria-label');
      if (label !== undefined) this.onTitle(label);
    }
    if (name === 'title') this.#title = each;
    if (name === 'text' || name === 'foreignobject') {
      if (this.#words.size === 0) this.next.text(' ');
      this.#words.add(each);
    }
    const href = name === 'a' ? (attributes.get('href') ?? attributes.get('xlink:href')) : undefined;
    if (href === undefined) return;
    const link = element('a', { href });
    this.#links.set(each, link);
    this.next.start(link);
  }

  override end(each: Element): void {
    if (this.#drawing === undefined) {
      this.next.end(each);
      return;
    }
    if (each === this.#title) this.#title = undefined;
    if (this.#words.delete(each)) this.next.text(' ');
    const link = this.#links.get(each);
    if (link !== undefined) {
      this.#links.delete(each);
      this.next.end(link);
    }
    if (each === this.#drawing) this.#drawing = undefined;
  }

  override text(text: string): void {
    if (this.#drawing === undefined) this.next.text(text);
    else if (this.#title !== undefined) this.onTitle(text);
    else if (this.#words.size > 0) this.next.text(text);
  }
}
