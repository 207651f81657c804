// What of a request or a response may stand in the log. Default deny: what is not named here does not.
import type { HeaderList } from '../../http/header_list.js';

/** Headers that say what was carried, and nothing about who asked. */
export const HEADERS: readonly string[] = [
  'accept',
  'cache-control',
  'content-encoding',
  'content-language',
  'content-length',
  'content-type',
  'date',
  'host',
  'last-modified',
  'server',
  'transfer-encoding',
  'upgrade',
  'user-agent',
  'vary',
];

/** Never logged, whatever a configuration says: what they hold opens doors. */
const SECRET =
  /^(authorization|proxy-authorization|(set-)?cookie2?|authentication-info|(x|proxy)-.*(token|key|auth).*)$/i;

const VALUE_LIMIT = 256;
const URL_LIMIT = 2048;

export const isSecretHeader = (name: string): boolean => SECRET.test(name);

/** The headers that may be logged, as [name, value], in lower case and their own order. Long values are cut. */
export function allowedHeaders(headers: HeaderList, allowed: ReadonlySet<string>): [string, string][] {
  const kept: [string, string][] = [];
  for (const [name, value] of headers) {
    const key = name.toLowerCase();
    if (allowed.has(key) && !isSecretHeader(key)) kept.push([key, cut(value, VALUE_LIMIT)]);
  }
  return kept;
}

/** A URL without user, password and fragment. Of its query the names stay, unless `keepsQuery`: values may be secrets. */
export function loggedUrl(url: string, keepsQuery: boolean): string {
  const [, start = '', , rest = ''] = /^([a-z][a-z0-9+.-]*:\/\/)?([^/?#@]*@)?([^#]*)/i.exec(url) ?? [];
  const at = rest.indexOf('?');
  if (at < 0 || keepsQuery) return cut(start + rest, URL_LIMIT);
  const names = rest
    .slice(at + 1)
    .split('&')
    .map((item) => (item.includes('=') ? `${item.slice(0, item.indexOf('='))}=*` : item === '' ? '' : '*'));
  return cut(`${start}${rest.slice(0, at)}?${names.join('&')}`, URL_LIMIT);
}

const cut = (text: string, limit: number) => (text.length <= limit ? text : `${text.slice(0, limit)}…`);
