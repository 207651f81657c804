// The attributes of an element that a small browser has a use for.
import type { PageOptions } from '../format.js';
import type { Element } from '../html/element.js';
import { escapeAttribute } from '../markup.js';
import { isSafeAddress } from '../page/address.js';
import { ADDRESSES, COMMON, KEPT } from './html_elements.js';

/** As they stand in the start tag `name`. */
export function writeAttributes({ attributes }: Element, name: string, options: PageOptions): string {
  const { profile, charset } = options;
  const own = KEPT.get(name) ?? [];
  let written = '';
  for (const [key, value] of attributes) {
    const isKept = own.includes(key) || COMMON.includes(key) || (profile.styles && key === 'class');
    if (!isKept || (ADDRESSES.has(key) && !isSafeAddress(value))) continue;
    written += ` ${key}="${escapeAttribute(value)}"`;
  }
  // A browser sends forms in the character set of the page, which is no longer what the origin expects.
  const isChanged = name === 'form' && profile.charset.toLowerCase() !== charset.toLowerCase();
  return isChanged && !attributes.has('accept-charset')
    ? `${written} accept-charset="${escapeAttribute(charset)}"`
    : written;
}
