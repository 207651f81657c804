// What the addresses of a page are relative to: where it lies, or what its first `<base>` says (HTML §4.2.3).
import type { Element } from '../html/element.js';
import { resolveAddress } from './address.js';

export class BaseAddress {
  #url: string;
  #isSet = false;

  constructor(readonly page: string) {
    this.#url = page;
  }

  get url(): string {
    return this.#url;
  }

  /** Whether the page says it itself. */
  get isSet(): boolean {
    return this.#isSet;
  }

  see({ name, attributes }: Element): void {
    const href = name === 'base' ? attributes.get('href') : undefined;
    if (href === undefined || this.#isSet) return;
    const url = resolveAddress(href, this.page);
    if (url === undefined || !/^https?:/i.test(url)) return;
    this.#url = url;
    this.#isSet = true;
  }
}
