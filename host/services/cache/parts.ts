// The parts of the cache: one for each client, and one for what an origin gives to everybody. Both are kept apart by
// the origin's identity: host, port, the name in the hello and the certificate. A response that came under another
// certificate is another origin's.
import type { HeaderList } from '../headers.js';
import type { Flow } from '../service.js';
import { parseDirectives } from './directives.js';
import { type Shelf, shelfOf } from './library.js';

/**
 * Fields in which a client can tell an origin behind a gateway what it likes, and that its caches don't tell apart:
 * what was asked with one of them is given to no other client.
 */
const FORGEABLE =
  /^(forwarded|x-forwarded-.*|x-host|x-original-.*|x-rewrite-url|x-http-method.*|x-method-override)$/i;

/** Where an answer to a request may lie. */
export interface Shelves {
  own: Shelf;
  shared: Shelf | undefined;
}

export function shelvesOf(flow: Flow, url: string, share: boolean): Shelves {
  const { host, port, serverName, certificate } = flow.origin;
  const origin = [host, String(port), serverName, certificate, url];
  // Without a certificate nobody else can know that it was the same origin.
  const isShareable =
    share && certificate !== '' && ![...flow.request.headers].some(([name]) => FORGEABLE.test(name));
  return {
    // One client may be several users: each has the credentials that its requests bear.
    own: shelfOf('own', flow.client, flow.request.headers.get('authorization') ?? '', ...origin),
    shared: isShareable ? shelfOf('shared', ...origin) : undefined,
  };
}

/**
 * Whether the origin itself has said that others may have it. RFC 9111 would let a shared cache keep more: but the
 * connection may have been opened with a client's certificate, which shows in no header.
 */
export function isForAll(headers: HeaderList): boolean {
  const directives = parseDirectives(headers.get('cache-control'));
  if (headers.has('set-cookie') || headers.has('set-cookie2')) return false;
  if (directives.has('private') || directives.has('no-store')) return false;
  return directives.has('public') || directives.has('s-maxage');
}

/** The URL under which it is stored: undefined where the request may be for another site than the connection's. */
export function urlOf({ origin, request }: Flow): string | undefined {
  if (!request.target.startsWith('/') || request.target.length > 8192) return undefined;
  const hosts = request.headers.all('host');
  if (hosts.length !== 1) return undefined;
  const host = origin.host.includes(':') ? `[${origin.host}]` : origin.host;
  const named = hosts[0]!.toLowerCase();
  const isOwn = named === `${host}:${origin.port}` || (origin.port === 443 && named === host);
  return isOwn ? request.url : undefined;
}
