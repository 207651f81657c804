// From where a request comes, as far as an old browser tells: it decides which cookies go along.
import type { IncomingMessage } from 'node:http';
import { getPublicSuffix } from 'tough-cookie';
import type { WebAddress } from './address.js';
import type { SiteContext } from './cookies.js';
import { headerValue, refererOf } from './headers.js';

/** RFC 6265bis §5.2. */
export function contextOf(
  request: IncomingMessage,
  address: WebAddress,
  isSelf: (host: string, port: number) => boolean,
): SiteContext {
  const isSafe = request.method === 'GET' || request.method === 'HEAD';
  const origin = headerValue(request.rawHeaders, 'origin');
  const referer = headerValue(request.rawHeaders, 'referer') ?? origin;
  const from = referer === undefined ? undefined : refererOf(referer, isSelf);
  // A page can hide where it is, but not that its script asks: then `Origin` is there, or `null` (RFC 6454 §7).
  if (origin !== undefined && from === undefined) return 'none';
  if (from === undefined) return isSafe ? 'strict' : 'none';
  if (siteOf(from.host) === siteOf(address.host)) return 'strict';
  return isSafe ? 'lax' : 'none';
}

/** The registrable domain: hosts below it are one site. */
const siteOf = (host: string): string => getPublicSuffix(host, { ignoreError: true }) ?? host;
