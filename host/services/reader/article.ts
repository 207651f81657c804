// The article of a page: its main content, found by @mozilla/readability in the tree that linkedom makes.
import { TextDecoder } from '@exodus/bytes/encoding.js';
import { Readability } from '@mozilla/readability';
import { parseHTML } from 'linkedom';
import { declaredCharset, FALLBACK, lateCharset } from '../charset_sniffing.js';

export interface PageSource {
  bytes: Uint8Array;
  /** The label of its Content-Type. */
  charset: string | undefined;
  url: string;
  /** Address of the page as it is. */
  wholeUrl: string;
}

/** Elements of a page that are read, at most: its cost grows faster than their number. */
const MAX_ELEMENTS = 20_000;
/** Characters of text below which it is no article. */
const SHORTEST = 300;

/** A page of the article alone, as HTML; undefined where there is none. */
export function articleOf({ bytes, charset, url, wholeUrl }: PageSource): string | undefined {
  const document = documentOf(decoded(bytes, charset));
  const base = document.querySelector('base[href]')?.getAttribute('href') ?? '';
  const baseURI = URL.canParse(base, url) ? new URL(base, url).href : url;
  // A browser's document has these; links are made absolute by them.
  Object.defineProperties(document, { baseURI: { value: baseURI }, documentURI: { value: url } });
  const language = document.documentElement.getAttribute('lang');
  const article = new Readability(document, {
    maxElemsToParse: MAX_ELEMENTS,
    charThreshold: SHORTEST,
    keepClasses: false,
  }).parse();
  if (!article?.content || (article.textContent ?? '').trim().length < SHORTEST) return undefined;
  const { title, byline, dir, content } = article;
  const attributes = [
    language ? ` lang="${escaped(language)}"` : '',
    dir ? ` dir="${escaped(dir)}"` : '',
  ].join('');
  return [
    `<!DOCTYPE html><html${attributes}><head><meta charset="utf-8"><title>${escaped(title ?? '')}</title></head><body>`,
    title ? `<h1>${escaped(title)}</h1>` : '',
    byline ? `<p>${escaped(byline)}</p>` : '',
    content,
    `<p><a href="${escaped(wholeUrl)}">Whole page</a></p></body></html>`,
  ].join('\n');
}

const escaped = (text: string) =>
  text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/"/g, '&quot;');

function decoded(bytes: Uint8Array, charset: string | undefined): string {
  const type = charset === undefined ? undefined : `text/html; charset=${charset}`;
  const name = declaredCharset(type, bytes, 'html') ?? lateCharset(bytes, true) ?? FALLBACK;
  return new TextDecoder(name).decode(bytes);
}

/** With a head and a body, as every page has them whose tags for them are left out (HTML §13.2.6.4). */
function documentOf(text: string): Document {
  const { document } = parseHTML(/<html[\s>]/i.test(text) ? text : `<html>${text}</html>`);
  const root = document.documentElement;
  const head = document.querySelector('head') ?? document.createElement('head');
  const body = document.querySelector('body') ?? document.createElement('body');
  for (const node of [...root.childNodes]) {
    if (node === head || node === body) continue;
    const isOfHead = /^(?:title|meta|link|style|base|script)$/i.test(node.nodeName);
    (isOfHead ? head : body).appendChild(node);
  }
  root.append(head, body);
  return document;
}
