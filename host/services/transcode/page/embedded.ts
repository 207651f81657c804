// Other documents and recordings that stand in a page: the devices here don't show them in their place, and get a link.
import { type Element, ElementFilter, type ElementSink, element } from '../html/element.js';
import { HeldPage } from '../html/held.js';
import { documentAddress, nameOfAddress } from './address.js';
import type { BaseAddress } from './base_address.js';
import { isUnseen } from './unseen.js';

/** Their content is for browsers that don't know them: those here don't play them, but have the link, where there is one. */
const RECORDINGS: ReadonlySet<string> = new Set(['video', 'audio']);
const MAX_LABEL = 80;

/** A recording under way: its address may stand in a `<source>`. */
interface Recording {
  element: Element;
  source: string | undefined;
  content: HeldPage;
}

export class Embedded extends ElementFilter {
  #frame: Element | undefined;
  readonly #left = new WeakSet<Element>();
  #recording: Recording | undefined;
  /** Of the object around: an `<embed>` in it says the same. */
  #objects: { element: Element; url: string }[] = [];

  constructor(
    next: ElementSink,
    private readonly base: BaseAddress,
  ) {
    super(next);
  }

  override start(each: Element): void {
    if (this.#frame !== undefined) {
      this.#left.add(each);
      return;
    }
    if (this.#recording !== undefined) {
      if (each.name === 'source') this.#recording.source ??= each.attributes.get('src');
      else this.#recording.content.start(each);
      return;
    }
    const { name, attributes } = each;
    if (name === 'iframe') {
      this.#frame = each;
      this.#left.add(each);
      this.#writeFrame(each);
    } else if (RECORDINGS.has(name)) {
      this.#left.add(each);
      this.#recording = { element: each, source: attributes.get('src'), content: new HeldPage() };
    } else if (name === 'frame') this.#writeFrame(each);
    else if (name === 'object') this.#object(each);
    else if (name === 'embed') this.#embed(each);
    else if (name === 'area') this.#area(each);
    else this.next.start(each);
  }

  override end(each: Element): void {
    if (each === this.#frame) this.#frame = undefined;
    if (each === this.#recording?.element) this.#endRecording(this.#recording);
    else if (this.#recording !== undefined) {
      this.#recording.content.end(each);
      return;
    }
    if (this.#objects.at(-1)?.element === each) this.#objects.pop();
    if (!this.#left.has(each)) this.next.end(each);
  }

  override text(text: string): void {
    if (this.#recording !== undefined) this.#recording.content.text(text);
    else if (this.#frame === undefined) this.next.text(text);
  }

  /** Without an address that a reader could follow, what the page says in its place is all that there is. */
  #endRecording({ element: { name, attributes }, source, content }: Recording): void {
    this.#recording = undefined;
    if (documentAddress(source, this.base.url) === undefined) content.play(this);
    else {
      for (const open of content.leave(this.next)) this.#left.add(open);
      this.#write({ name, attributes }, source, name);
    }
  }

  #writeFrame(frame: Element): void {
    const { attributes } = frame;
    if (isUnseen(attributes)) return;
    const source = [attributes.get('src'), attributes.get('data-src')].find(
      (address) => documentAddress(address, this.base.url) !== undefined,
    );
    this.#write(frame, source, 'frame');
  }

  #object(object: Element): void {
    const data = object.attributes.get('data');
    const url = documentAddress(data, this.base.url);
    if (url !== undefined && this.#objects.length < 8) this.#objects.push({ element: object, url });
    this.#left.add(object);
    // Its content stands for it where it can't be shown: it follows the link.
    this.#write(object, data, kindOf(object.attributes.get('type'), 'object'));
  }

  #embed(embed: Element): void {
    const source = embed.attributes.get('src');
    const url = documentAddress(source, this.base.url);
    if (url !== undefined && !this.#objects.some((object) => object.url === url))
      this.#write(embed, source, kindOf(embed.attributes.get('type'), 'object'));
  }

  /** The links of an image map stand where the map does. */
  #area({ attributes }: Element): void {
    const href = attributes.get('href');
    if (href === undefined || href.trim() === '') return;
    const label = firstLabel([attributes.get('alt'), attributes.get('aria-label'), attributes.get('title')]);
    const url = documentAddress(href, this.base.url);
    if (label === undefined && url === undefined) return;
    this.next.text(' ');
    this.writeLink(href, label ?? nameOfAddress(url ?? ''));
    this.next.text(' ');
  }

  #write({ name, attributes }: Element, source: string | undefined, kind: string): void {
    const url = documentAddress(source, this.base.url);
    if (url === undefined || source === undefined) return;
    const own = firstLabel([attributes.get('title'), attributes.get('aria-label'), attributes.get('alt')]);
    const ofFrame = name === 'frame' ? firstLabel([attributes.get('name')]) : undefined;
    const label = own ?? ofFrame ?? `${kind}: ${nameOfAddress(url)}`;
    const isBlock = name === 'frame';
    const paragraph = element('p');
    if (isBlock) this.next.start(paragraph);
    else this.next.text(' ');
    this.writeLink(source, label);
    if (isBlock) this.next.end(paragraph);
    else this.next.text(' ');
  }
}

/** `video` for `video/mp4`; `fallback` where the type says nothing to people. */
function kindOf(type: string | undefined, fallback: string): string {
  const kind = /^(image|video|audio)\//i.exec(type ?? '')?.[1];
  return kind?.toLowerCase() ?? fallback;
}

export const firstLabel = (labels: readonly (string | undefined)[]): string | undefined =>
  labels
    .map((label) => label?.replace(/\s+/g, ' ').trim().slice(0, MAX_LABEL) ?? '')
    .find((label) => label !== '');
