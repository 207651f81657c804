// Headers between an old browser and a site of today: what belongs to one hop stays there, and what would send the browser
// where it can't go is put right.

import type { HeaderList } from '../http/header_list.js';
import { type AddressForm, OWN_HOST, parseAddress, readTarget, urlOf, type WebAddress } from './address.js';
import type { AddressRewriter } from './rewriting/address_rewriter.js';

/** RFC 9110 §7.6.1, and what a proxy setting makes browsers add. */
const HOP_BY_HOP = new Set([
  'connection',
  'host',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** The gateway's own business, or the client's. */
const NOT_SENT_ON = new Set([...HOP_BY_HOP, 'accept-encoding', 'content-length', 'cookie', 'expect', 'via']);

/** They speak of HTTPS, or of addresses as the site knows them, to a browser that has neither. */
const NOT_GIVEN_BACK = new Set([
  ...HOP_BY_HOP,
  'alt-svc',
  'content-security-policy',
  'content-security-policy-report-only',
  'expect-ct',
  'public-key-pins',
  'set-cookie',
  'strict-transport-security',
  'www-authenticate-info',
]);

/**
 * By path all sites share the gateway's origin, and so its password: a site must neither ask for it, nor let other pages
 * read what was fetched with cookies, nor wipe what the browser keeps of the others.
 */
const NOT_GIVEN_BACK_BY_PATH =
  /^(www-authenticate|authentication-info|clear-site-data|service-worker-allowed|access-control-.*)$/;

const ADDRESSES = new Set(['location', 'content-location', 'uri']);

export interface RequestHeaders {
  /** Of the browser, in its order. */
  raw: readonly string[];
  form: AddressForm;
  address: WebAddress;
  /** Of the site, and of the browser where it may keep its own; empty for none. */
  cookie: string;
  isSelf: (host: string, port: number) => boolean;
}

/** What the site is asked with. By path `Authorization` holds the gateway's own password, which no site may see. */
export function requestHeaders({ raw, form, address, cookie, isSelf }: RequestHeaders): [string, string][] {
  const named = new Set(listed(headerValue(raw, 'connection') ?? ''));
  const headers: [string, string][] = [];
  for (const [name, value] of pairs(raw)) {
    const key = name.toLowerCase();
    if (NOT_SENT_ON.has(key) || named.has(key)) continue;
    if (form === 'path' && key === 'authorization') continue;
    if (key === 'referer' || key === 'origin') {
      const from = refererOf(value, isSelf);
      if (from === undefined) continue;
      const seen =
        from.host === address.host ? { ...from, scheme: address.scheme, port: address.port } : from;
      headers.push([name, key === 'origin' ? urlOf({ ...seen, path: '' }) : urlOf(seen)]);
    } else {
      headers.push([name, printable(value)]);
    }
  }
  if (cookie !== '') headers.push(['Cookie', printable(cookie)]);
  return headers;
}

/** Some wrote line ends and other controls into values; RFC 9110 §5.5 lets a recipient put a space for each. */
const printable = (value: string): string => value.replace(/[^\t\x20-\x7e\x80-\xff]/g, ' ');

/** The page that the browser came from, as the site knows it; undefined where it is none, or the gateway's own. */
export function refererOf(
  value: string,
  isSelf: (host: string, port: number) => boolean,
): WebAddress | undefined {
  const target = parseAddress(value) && readTarget(value, isSelf);
  if (target?.kind !== 'page' || target.address.host === OWN_HOST) return undefined;
  return target.address;
}

/**
 * What the browser gets. `isRewritten`: the body's length and validators are no longer the site's. `hasJarCookies`: the
 * request had cookies of which the browser knows nothing.
 */
export function responseHeaders(
  headers: HeaderList,
  addresses: AddressRewriter,
  { isRewritten, hasJarCookies }: { isRewritten: boolean; hasJarCookies: boolean },
): [string, string][] {
  const named = new Set(headers.tokens('connection'));
  const given: [string, string][] = [];
  for (const [name, value] of headers) {
    const key = name.toLowerCase();
    if (NOT_GIVEN_BACK.has(key) || named.has(key) || key === 'content-length') continue;
    if (addresses.isByPath && NOT_GIVEN_BACK_BY_PATH.test(key)) continue;
    // A browser that sent no cookies lets every page read such an answer (Fetch Standard, CORS check).
    if (hasJarCookies && key === 'access-control-allow-origin' && value.trim() === '*') continue;
    if (isRewritten && (key === 'content-md5' || key === 'accept-ranges' || key === 'digest')) continue;
    const written = capitalised(name);
    if (ADDRESSES.has(key)) given.push([written, addresses.rewrite(value)]);
    else if (key === 'refresh') given.push([written, addresses.rewriteRefresh(value)]);
    else given.push([written, value]);
  }
  return given;
}

/** As servers wrote names when browsers still looked at their case. */
const capitalised = (name: string): string =>
  name.replace(/(?<![A-Za-z])[a-z]/g, (letter) => letter.toUpperCase());

export function* pairs(raw: readonly string[]): Generator<[name: string, value: string]> {
  for (let at = 0; at + 1 < raw.length; at += 2) yield [raw[at] as string, raw[at + 1] as string];
}

export function headerValue(raw: readonly string[], name: string): string | undefined {
  for (const [key, value] of pairs(raw)) if (key.toLowerCase() === name) return value;
  return undefined;
}

/** All values of a name that may come several times. */
export const headerValues = (raw: readonly string[], name: string): string[] =>
  [...pairs(raw)].filter(([key]) => key.toLowerCase() === name).map(([, value]) => value);

const listed = (value: string): string[] =>
  value
    .toLowerCase()
    .split(/[\s,]+/)
    .filter((token) => token !== '');
