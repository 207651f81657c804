// What simplified HTML keeps: the elements and attributes that a small browser understands.
import type { StartTag } from 'parse5-sax-parser';

/** Elements whose content goes with them. */
export const dropped: ReadonlySet<string> = new Set(
  'script style template iframe frame frameset svg math embed applet dialog map'.split(' '),
);

/** Elements kept, each with its own attributes beside the common ones. */
export const kept: ReadonlyMap<string, readonly string[]> = new Map(
  Object.entries({
    html: '',
    head: '',
    title: '',
    body: '',
    base: 'href',
    h1: '',
    h2: '',
    h3: '',
    h4: '',
    h5: '',
    h6: '',
    p: '',
    br: '',
    hr: '',
    div: '',
    span: '',
    blockquote: '',
    pre: '',
    code: '',
    em: '',
    strong: '',
    b: '',
    i: '',
    u: '',
    small: '',
    sub: '',
    sup: '',
    tt: '',
    kbd: '',
    samp: '',
    var: '',
    cite: '',
    abbr: '',
    address: '',
    del: '',
    ins: '',
    q: '',
    ul: '',
    ol: 'start type',
    li: 'value',
    dl: '',
    dt: '',
    dd: '',
    table: 'border',
    caption: '',
    thead: '',
    tbody: '',
    tfoot: '',
    tr: '',
    td: 'colspan rowspan align',
    th: 'colspan rowspan align',
    center: '',
    a: 'href name accesskey',
    form: 'action method enctype accept-charset',
    fieldset: '',
    legend: '',
    label: 'for',
    input: 'type name value checked size maxlength disabled readonly placeholder accesskey',
    select: 'name multiple size disabled',
    optgroup: 'label disabled',
    option: 'value selected label disabled',
    textarea: 'name rows cols disabled readonly',
    button: 'type name value disabled',
  }).map(([name, attributes]) => [name, attributes.split(' ').filter((a) => a !== '')]),
);

/** Sectioning that older browsers don't know becomes a `div`. */
export const renamed: ReadonlyMap<string, string> = new Map(
  'article section nav header footer main aside figure figcaption details summary hgroup search'
    .split(' ')
    .map((name) => [name, 'div']),
);

export const common: readonly string[] = ['id', 'lang', 'dir', 'title'];

/** Attributes that hold an address. */
export const addresses: ReadonlySet<string> = new Set(['href', 'src', 'action']);

/** Elements without an end tag (HTML Living Standard §13.1.2). */
export const empty: ReadonlySet<string> = new Set(
  'area base br col embed hr img input link meta source track wbr param'.split(' '),
);

/** Addresses a simplified page may point to; a script's is not one. Control characters and spaces hide no scheme. */
export function isSafeAddress(address: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: browsers ignore these characters in a scheme
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(address.replace(/[\u0000-\u0020]/g, ''))?.[1]?.toLowerCase();
  return scheme === undefined || ['http', 'https', 'mailto', 'tel', 'ftp', 'sms'].includes(scheme);
}

/** An absolute address, or undefined for what is none. */
export function resolveAddress(address: string, base: string): string | undefined {
  try {
    return new URL(address.trim(), base).href;
  } catch {
    return undefined;
  }
}

export const attribute = (tag: StartTag, name: string): string | undefined =>
  tag.attrs.find((a) => a.name === name)?.value;

/** The first address of a `srcset`. */
export const firstCandidate = (srcset: string | undefined): string | undefined =>
  srcset?.trim().split(/[\s,]+/)[0] || undefined;

export const escapeText = (text: string) =>
  text.replace(/[&<>]/g, (c) => (c === '&' ? '&amp;' : c === '<' ? '&lt;' : '&gt;'));

export const escapeAttribute = (text: string) => escapeText(text).replace(/"/g, '&quot;');
