// A feed (RSS, Atom) as a page: its titles are links, each with what it says.
import { parseFeed } from 'htmlparser2';
import { escapeAttribute, escapeText } from '../markup.js';

/** Characters of a feed that are read. */
export const MAX_FEED = 4 << 20;
const MAX_ITEMS = 500;
const MAX_SUMMARY = 2000;

/** HTML of the feed at `url`; undefined where `text` is none. */
export function pageOfFeed(text: string, url: string): string | undefined {
  const feed = parseFeed(text, { xmlMode: true, decodeEntities: true });
  if (feed === null) return undefined;
  const { title = 'Feed', link, description, items } = feed;
  const entries = items.slice(0, MAX_ITEMS).map((item) => {
    const named =
      plain(item.title ?? '') || plain(item.description ?? '').slice(0, 80) || item.link || 'No title';
    const address = item.link ?? (item.id !== undefined && /^https?:/.test(item.id) ? item.id : undefined);
    const heading = address === undefined ? escapeText(named) : linked(address, named, url);
    const date =
      item.pubDate === undefined || Number.isNaN(+item.pubDate)
        ? ''
        : ` (${item.pubDate.toISOString().slice(0, 10)})`;
    const summary = shortened(plain(item.description ?? ''));
    return `<li>${heading}${date}${summary === '' ? '' : `<p>${escapeText(summary)}</p>`}</li>`;
  });
  const about = plain(description ?? '');
  return [
    `<!DOCTYPE html><html><head><title>${escapeText(plain(title))}</title></head><body>`,
    `<h1>${link === undefined ? escapeText(plain(title)) : linked(link, plain(title), url)}</h1>`,
    about === '' ? '' : `<p>${escapeText(about)}</p>`,
    `<ul>${entries.join('\n')}</ul></body></html>`,
  ].join('\n');
}

function linked(address: string, label: string, url: string): string {
  const href = URL.canParse(address.trim(), url) ? new URL(address.trim(), url).href : '';
  return /^https?:/.test(href)
    ? `<a href="${escapeAttribute(href)}">${escapeText(label)}</a>`
    : escapeText(label);
}

/** Items hold HTML, of which the words are wanted here. */
const plain = (html: string) =>
  html
    .replace(/<(script|style)\b[\s\S]*?(?:<\/\1\s*>|$)/gi, ' ')
    .replace(/<(?:br|p|div|li|tr|h[1-6])\b[^>]*>/gi, ' ')
    .replace(/<\/?[a-z!][^>]*>/gi, '')
    .replace(/&(#?\w+);/g, (whole, name: string) => ENTITIES[name] ?? whole)
    .replace(/\s+/g, ' ')
    .trim();

const ENTITIES: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  nbsp: ' ',
  '#39': "'",
  '#8217': '’',
  '#8220': '“',
  '#8221': '”',
  '#8211': '–',
};

const shortened = (text: string) => (text.length <= MAX_SUMMARY ? text : `${text.slice(0, MAX_SUMMARY)} …`);
