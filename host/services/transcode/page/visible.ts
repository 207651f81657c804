// Leaves out what a browser without scripts does not show. `noscript` is markup for just such browsers.
import { type Element, ElementFilter, type ElementSink, EMPTY, element } from '../html/element.js';

/** Elements that go with their content. */
const DROPPED: ReadonlySet<string> = new Set(['script', 'datalist']);

export class Visible extends ElementFilter {
  /** The element that is left out. */
  #hidden: Element | undefined;
  readonly #left = new WeakSet<Element>();
  /** Open forms that show: their fields are sent even where they don't. */
  readonly #forms = new Set<Element>();

  /** `styles`: the device applies style sheets. */
  constructor(
    next: ElementSink,
    private readonly styles: boolean,
  ) {
    super(next);
  }

  override start(each: Element): void {
    const { name } = each;
    const isLeft = this.#hidden !== undefined || this.#isDropped(each) || isHidden(each);
    if (!isLeft) {
      if (name === 'form') this.#forms.add(each);
      this.next.start(each);
      return;
    }
    if (name === 'input') {
      this.#sendHidden(each);
      return;
    }
    if (EMPTY.has(name)) return;
    this.#left.add(each);
    this.#hidden ??= each;
  }

  override end(each: Element): void {
    if (each === this.#hidden) this.#hidden = undefined;
    if (this.#left.has(each)) return;
    this.#forms.delete(each);
    this.next.end(each);
  }

  override text(text: string): void {
    if (this.#hidden === undefined) this.next.text(text);
  }

  #isDropped({ name, attributes }: Element): boolean {
    // A template that a browser without scripts shows, too (HTML §4.12.3, declarative shadow trees).
    if (name === 'template') return !attributes.has('shadowrootmode');
    return DROPPED.has(name) || (name === 'style' && !this.styles);
  }

  /** HTML §4.10.21.4: a field that does not show is sent with its form all the same. */
  #sendHidden({ attributes }: Element): void {
    const name = attributes.get('name') ?? '';
    const isOfForm = this.#forms.size > 0 || attributes.has('form');
    if (name === '' || !isOfForm || attributes.has('disabled') || !isSent(attributes)) return;
    const form = attributes.get('form');
    const value = attributes.get('value') ?? '';
    this.next.start(element('input', { type: 'hidden', name, value, ...(form !== undefined && { form }) }));
  }
}

function isSent(attributes: Element['attributes']): boolean {
  const type = attributes.get('type')?.toLowerCase() ?? 'text';
  if (type === 'checkbox' || type === 'radio') return attributes.has('checked');
  return !['submit', 'image', 'button', 'reset', 'file'].includes(type);
}

/** By the inline style alone: style sheets speak of other screens. */
function isHidden({ name, attributes }: Element): boolean {
  if (name === 'html' || name === 'body') return false;
  const hidden = attributes.get('hidden');
  // What a browser's search would reveal can't be searched for here, and shows.
  if (hidden !== undefined && hidden.toLowerCase() !== 'until-found') return true;
  if (name === 'dialog' && !attributes.has('open')) return true;
  const style = attributes.get('style');
  return style !== undefined && displayOf(style) === 'none';
}

const DISPLAY = /(?:^|;)\s*display\s*:\s*([\w-]+)[^;!]*(!\s*important)?/gi;

/** What an inline style says last, or last as important (CSS Cascading §6.1). */
function displayOf(style: string): string | undefined {
  const said = [...style.matchAll(DISPLAY)];
  const [, display] = said.findLast(([, , important]) => important !== undefined) ?? said.at(-1) ?? [];
  return display?.toLowerCase();
}
