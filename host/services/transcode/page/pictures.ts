// Which picture an `<img>` means: pages keep the address from browsers until scripts ask for it, and offer several.
import { type Element, ElementFilter, type ElementSink, element } from '../html/element.js';
import { resolveAddress } from './address.js';
import type { BaseAddress } from './base_address.js';
import { bestCandidate } from './srcset.js';
import { isUnseen } from './unseen.js';

/** Where scripts find the address of a picture that is to be loaded late. */
const LATE = ['data-src', 'data-original', 'data-lazy-src', 'data-lazy', 'data-hi-res-src', 'data-url'];
const LATE_SETS = ['data-srcset', 'data-lazy-srcset', 'data-original-set'];
/** Pictures whose twins in `<noscript>` are known. */
const MAX_REMEMBERED = 512;

export class Pictures extends ElementFilter {
  /** Candidates of the `<picture>` around. */
  #sources: string[] = [];
  #picture: Element | undefined;
  readonly #noscripts = new Set<Element>();
  readonly #shown = new Set<string>();

  /** `width` of the screen in pixels. */
  constructor(
    next: ElementSink,
    private readonly base: BaseAddress,
    private readonly width: number,
  ) {
    super(next);
  }

  override start(each: Element): void {
    const { name, attributes } = each;
    if (name === 'img') {
      this.#picked(each);
      return;
    }
    if (name === 'picture') {
      this.#picture = each;
      this.#sources = [];
    } else if (name === 'noscript') this.#noscripts.add(each);
    else if (name === 'source') {
      const source = this.#ofSets(attributes, ['srcset', ...LATE_SETS]);
      if (this.#picture !== undefined && source !== undefined && isReadable(attributes.get('type')))
        this.#sources.push(source);
      return;
    }
    this.next.start(each);
  }

  override end(each: Element): void {
    if (each === this.#picture) this.#picture = undefined;
    this.#noscripts.delete(each);
    this.next.end(each);
  }

  /** Passes on `<img src alt>` with an absolute address, or without one where there is none. */
  #picked({ attributes, oversized }: Element): void {
    // Pixels that count visitors and hold layouts open show nothing.
    if (isUnseen(attributes)) return;
    const alt = attributes.get('alt');
    const said = alt === undefined ? {} : { alt };
    const chosen = this.#addressOf(attributes);
    const url = chosen === undefined ? undefined : resolveAddress(chosen, this.base.url);
    if (url === undefined) {
      const isTooLarge = oversized?.has('src') === true;
      this.next.start({ ...element('img', said), oversized: isTooLarge ? oversized : undefined });
      return;
    }
    if (!url.startsWith('data:')) {
      if (this.#noscripts.size > 0 && this.#shown.has(url)) return;
      if (this.#shown.size < MAX_REMEMBERED) this.#shown.add(url);
    }
    const mapped = attributes.get('ismap') === undefined ? {} : { ismap: '' };
    this.next.start(element('img', { src: url, ...said, ...mapped }));
  }

  #addressOf(attributes: Element['attributes']): string | undefined {
    const late = LATE.map((name) => attributes.get(name)).find(isAddress);
    const src = attributes.get('src');
    const isReal = isAddress(src) && !/^\s*data:/i.test(src);
    const fallback = [
      this.#ofSets(attributes, LATE_SETS),
      isReal ? src : undefined,
      this.#ofSets(attributes, ['srcset']),
    ];
    return late ?? fallback.find(isAddress) ?? this.#sources.at(0) ?? (isAddress(src) ? src : undefined);
  }

  #ofSets(attributes: Element['attributes'], names: readonly string[]): string | undefined {
    return names
      .map((name) => bestCandidate(attributes.get(name), this.width))
      .find((address) => isAddress(address) && !/^data:/i.test(address));
  }
}

const isAddress = (text: string | undefined): text is string =>
  text !== undefined && text.trim() !== '' && !/^\s*(?:about:|javascript:|\{|\[)/i.test(text);

/** What is made here of it is another matter: the proxy reads all of these. */
const isReadable = (type: string | undefined) => type === undefined || !/jxl|heic|jp2/i.test(type);
