// Addresses of the parts of a page that was cut into decks. They are the page's own address and a parameter that the
// proxy takes away again before the origin sees the request. It names the copy of the page that the parts were cut from;
// where that is not kept any more, the page is asked for and cut anew.

import { percentDecoded } from '../page/address.js';

/** Begins the names of all parameters that are the proxy's own. */
export const OWN = 'deputy.';

/** Marks the address of a form whose body the proxy puts right. */
export const FIELDS = `${OWN}fields=1`;

/** Which part of a page is asked for, and of which copy. */
export type Wanted =
  | { deck: number; key?: string | undefined }
  | { anchor: string; key?: string | undefined };

/** Names a copy: random, and of no use to others, as a copy is for one client. */
const KEY = '[A-Za-z0-9_-]{11}';

export interface OwnParameters {
  /** The target without the proxy's own parameters. */
  target: string;
  /** Undefined where the address names no part: the first one is meant. */
  wanted: Wanted | undefined;
  /** Key and number of a deck of a page that can't be asked for again. */
  kept: { key: string; deck: number } | undefined;
  /** The body's fields are named for a device that can't name them as a browser would. */
  hasFields: boolean;
}

const MAX_DECK = 100_000;

const DECK = new RegExp(`^deputy\\.deck=([1-9]\\d{0,5})(?:\\.(${KEY}))?$`);
const PLACE = new RegExp(`^deputy\\.at=(?:(${KEY})~)?([^&]{1,200})$`);
const KEPT = new RegExp(`^deputy\\.kept=(${KEY})\\.([1-9]\\d{0,5})$`);

/** Splits what is the proxy's own from `target` (RFC 9112 §3.2). All other parameters keep their bytes and order. */
export function takeOwnParameters(target: string): OwnParameters {
  const at = target.indexOf('?');
  if (at < 0 || !target.includes(OWN, at))
    return { target, wanted: undefined, kept: undefined, hasFields: false };
  let wanted: Wanted | undefined;
  let kept: OwnParameters['kept'];
  let hasFields = false;
  const rest: string[] = [];
  for (const parameter of target.slice(at + 1).split('&')) {
    const deck = DECK.exec(parameter);
    const place = PLACE.exec(parameter);
    const key = KEPT.exec(parameter);
    if (deck !== null && Number(deck[1]) <= MAX_DECK) wanted = { deck: Number(deck[1]), key: deck[2] };
    else if (place?.[2] !== undefined) wanted = { anchor: percentDecoded(place[2]), key: place[1] };
    else if (key?.[1] !== undefined) kept = { key: key[1], deck: Number(key[2]) };
    else if (parameter === FIELDS) hasFields = true;
    else rest.push(parameter);
  }
  const query = rest.length === 0 ? '' : `?${rest.join('&')}`;
  return { target: target.slice(0, at) + query, wanted, kept, hasFields };
}

/** The address of a part of the page at `url`, relative to that page. */
export function addressOf(url: string, parameter: string): string {
  const at = url.indexOf('?');
  const query = at < 0 ? '' : url.slice(at + 1).replace(/#.*$/s, '');
  return query === '' ? `?${parameter}` : `?${query}&${parameter}`;
}

export const deckParameter = (deck: number, key?: string) =>
  `${OWN}deck=${deck}${key === undefined ? '' : `.${key}`}`;
/** `~` is a character that `encodeURIComponent` leaves: an id that begins like a key and has one is not taken for that. */
export const anchorParameter = (id: string, key?: string) =>
  `${OWN}at=${key === undefined ? '' : `${key}~`}${encodeURIComponent(id).replaceAll('~', '%7E')}`;
export const keptParameter = (key: string, deck: number) => `${OWN}kept=${key}.${deck}`;

/** `address` as short as it can stand in the page at `url`. */
export function relativeAddress(address: string, url: string): string {
  let to: URL;
  let from: URL;
  try {
    to = new URL(address);
    from = new URL(url);
  } catch {
    return address;
  }
  if (to.origin !== from.origin || !/^https?:$/.test(to.protocol)) return to.href;
  const rest = to.search + to.hash;
  // An address that begins with two slashes would name another host.
  if (to.pathname.startsWith('//')) return to.origin + to.pathname + rest;
  const folder = from.pathname.slice(0, from.pathname.lastIndexOf('/') + 1);
  const name = to.pathname.startsWith(folder) ? to.pathname.slice(folder.length) : '';
  const isName = /^[A-Za-z0-9_~!,;=-][A-Za-z0-9._~!,;=/-]*$/.test(name) && !name.includes('//');
  return (isName ? name : to.pathname) + rest;
}

/**
 * As `relativeAddress`, for a device whose pages are cut: a link into a page of the same origin asks for the deck
 * that holds its place.
 */
export function shortAddress(address: string, url: string): string {
  const short = relativeAddress(address, url);
  const at = short.indexOf('#');
  if (at < 0 || at === short.length - 1 || /^[a-z][a-z0-9+.-]*:/i.test(short)) return short;
  const path = short.slice(0, at).replace(/\?.*$/s, '');
  return path + addressOf(short.slice(0, at), anchorParameter(percentDecoded(short.slice(at + 1))));
}
