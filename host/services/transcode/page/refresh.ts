// A page that sends its reader on by itself (HTML §4.2.5.3, `http-equiv=refresh`) leaves a link, for who can't be sent.
import { type Element, ElementFilter, type ElementSink, element } from '../html/element.js';
import { documentAddress, nameOfAddress } from './address.js';
import type { BaseAddress } from './base_address.js';

const IN_HEAD: ReadonlySet<string> = new Set('html head meta title link base style noscript'.split(' '));

export interface Refresh {
  seconds: number;
  /** Absolute. */
  url: string;
}

export class Refreshes extends ElementFilter {
  #waiting: Refresh | undefined;
  #isTold = false;

  constructor(
    next: ElementSink,
    private readonly base: BaseAddress,
  ) {
    super(next);
  }

  override start(each: Element): void {
    if (each.name === 'meta') {
      const refresh = refreshOf(each, this.base);
      if (refresh === undefined || this.#isTold) return;
      this.#isTold = true;
      this.#waiting = refresh;
      // As it stands for the writers: with an absolute address.
      const content = `${refresh.seconds}; url=${refresh.url}`;
      this.next.start(element('meta', { 'http-equiv': 'refresh', content }));
      return;
    }
    if (!IN_HEAD.has(each.name) && each.name !== 'body' && each.name !== 'frameset') this.#write();
    this.next.start(each);
    if (each.name === 'body') this.#write();
  }

  override finish(): void {
    this.#write();
    this.next.finish();
  }

  #write(): void {
    const refresh = this.#waiting;
    if (refresh === undefined) return;
    this.#waiting = undefined;
    const paragraph = element('p');
    this.next.start(paragraph);
    this.writeLink(refresh.url, nameOfAddress(refresh.url));
    this.next.end(paragraph);
  }
}

/** Undefined for anything else, and for a page that only wants to be loaded again. */
function refreshOf({ attributes }: Element, base: BaseAddress): Refresh | undefined {
  if (attributes.get('http-equiv')?.trim().toLowerCase() !== 'refresh') return undefined;
  const found = /^\s*(\d{0,6})[\d.]*[\s;,]*(?:url\s*=\s*)?(?:"([^"]*)"?|'([^']*)'?|(.*))$/is.exec(
    attributes.get('content') ?? '',
  );
  const url = documentAddress(found?.[2] ?? found?.[3] ?? found?.[4], base.url);
  if (url === undefined || url.replace(/#.*/s, '') === base.page.replace(/#.*/s, '')) return undefined;
  return { seconds: Number(found?.[1] ?? 0), url };
}
