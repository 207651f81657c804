// Documents that stand in an attribute of a page (HTML §4.8.5, `srcdoc`) stand in the page, in the place of their frame.
import { type Element, ElementFilter, type ElementSink, element } from '../html/element.js';
import { OpenElements } from '../html/open_elements.js';
import { TokenReader } from '../html/tokens.js';
import { isUnseen } from './unseen.js';

/** Documents in documents. */
const MAX_DEPTH = 3;
/** What says how a frame looks says it of what stands in its place. */
const KEPT = ['hidden', 'style', 'id', 'title'];
/** Parts of a document that a page has once. */
const OUTER: ReadonlySet<string> = new Set('html head body base meta link'.split(' '));
const DROPPED: ReadonlySet<string> = new Set('title style'.split(' '));

export class InlineDocuments extends ElementFilter {
  #frame: Element | undefined;

  constructor(
    next: ElementSink,
    private readonly depth = 0,
  ) {
    super(next);
  }

  override start(each: Element): void {
    if (this.#frame !== undefined) return;
    const text = each.name === 'iframe' ? each.attributes.get('srcdoc') : undefined;
    if (text === undefined || isUnseen(each.attributes) || this.depth >= MAX_DEPTH) {
      this.next.start(each);
      return;
    }
    this.#frame = each;
    const kept = KEPT.flatMap((name) => {
      const value = each.attributes.get(name);
      return value === undefined ? [] : [[name, value]];
    });
    const place = element('div', Object.fromEntries(kept));
    this.next.start(place);
    this.#read(text);
    this.next.end(place);
  }

  override end(each: Element): void {
    if (each === this.#frame) this.#frame = undefined;
    else if (this.#frame === undefined) this.next.end(each);
  }

  override text(text: string): void {
    if (this.#frame === undefined) this.next.text(text);
  }

  #read(text: string): void {
    const inner = new InlineDocuments(new InnerDocument(this.next), this.depth + 1);
    const elements = new OpenElements(inner);
    const tokens = new TokenReader(elements);
    tokens.write(text);
    tokens.end();
    elements.finish();
  }
}

/** A document as a part of another. */
class InnerDocument extends ElementFilter {
  #dropped: Element | undefined;

  override start(each: Element): void {
    if (DROPPED.has(each.name)) this.#dropped ??= each;
    if (this.#dropped === undefined && !OUTER.has(each.name)) this.next.start(each);
  }

  override end(each: Element): void {
    if (each === this.#dropped) this.#dropped = undefined;
    else if (this.#dropped === undefined && !OUTER.has(each.name)) this.next.end(each);
  }

  override text(text: string): void {
    if (this.#dropped === undefined) this.next.text(text);
  }

  /** The page around goes on. */
  override finish(): void {}
}
