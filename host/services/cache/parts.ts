// The parts of the cache: one for each client and its credentials, and one for what an origin gives to everybody. Both are kept
// apart by the origin's identity: host, port, the name in the hello and the certificate. A response that came under another
// certificate is another origin's. What is given to other clients comes of sessions that the proxy verified itself,
// and in which answers can't be taken for each other.
import { createHash } from 'node:crypto';
import type { HeaderList } from '../../http/header_list.js';
import type { Flow } from '../service.js';
import { parseDirectives } from './directives.js';
import { type Shelf, shelfOf } from './library.js';

const CONDITIONS = ['range', 'if-range', 'if-none-match', 'if-modified-since'];

/**
 * Request fields that no answer for others depends on: those that this cache reads itself (RFC 9111 §5.2, RFC 9110 §13, §14), and
 * `Host`, which is the origin's own. A client can tell an origin what it likes in any other one, so each keeps answers apart; so
 * does a directive that is none.
 */
const HARMLESS = new Set(['host', ...CONDITIONS]);
const DIRECTIVE =
  '(no-cache|no-store|no-transform|only-if-cached|(max-age|max-stale|min-fresh|stale-if-error)(=\\d+)?)';
const HARMLESS_LINE = new RegExp(
  `^(connection: (close|keep-alive)|content-length: 0|pragma: no-cache|cache-control: ${DIRECTIVE}(, *${DIRECTIVE})*)$`,
  'i',
);

/** Where an answer to a request may lie. */
export interface Shelves {
  own: Shelf;
  shared: Shelf | undefined;
}

export function shelvesOf({ client, origin, inStep, request }: Flow, url: string, share: boolean): Shelves {
  const { host, port, serverName, certificate, clientCertificate, verified, judgedBy = '' } = origin;
  const { headers } = request;
  const place = [host, String(port), serverName, certificate, url];
  // One client may be several users: each has the credentials that its requests and its session bear. What only the client
  // vouches for is not mixed with what the proxy knows.
  const credentials = [clientCertificate, digestOf(headers, (name) => CREDENTIAL.test(name))];
  // A client's certificate shows in no header.
  const isShareable = share && verified && inStep && clientCertificate === '';
  return {
    own: shelfOf('own', client, judgedBy, String(verified), ...credentials, ...place),
    shared: isShareable ? { ...shelfOf('shared', judgedBy, ...place), traits: digestOf(headers) } : undefined,
  };
}

/** Fields that say who asks, by the names that sites give them: an answer to one of them is no answer to another. */
const CREDENTIAL =
  /auth|cookie|token|key|session|secret|credential|password|signature|account|identity|(^|-)user(-?(id|name))?$/;

/** Digest of what a request says beside its address, in the fields that `counts` takes. */
function digestOf(headers: HeaderList, counts: (name: string) => boolean = () => true): string {
  const lines = [...headers]
    .map(([name, value]) => [name.toLowerCase(), value] as const)
    .filter(([name]) => counts(name))
    .filter(([name, value]) => !HARMLESS.has(name) && !HARMLESS_LINE.test(`${name}: ${value}`))
    // The order of different fields says nothing (RFC 9110 §5.3); that of equal ones does, and sorting keeps it.
    .sort(([one], [other]) => (one < other ? -1 : one > other ? 1 : 0));
  return createHash('sha256').update(JSON.stringify(lines)).digest('hex');
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

/** The same of an answer: one to a request with conditions is not for those who made none, whatever it says of itself. */
export const isAnswerForAll = (request: HeaderList, { headers }: { headers: HeaderList }): boolean =>
  isForAll(headers) && !CONDITIONS.some((name) => request.has(name));

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
