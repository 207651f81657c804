// Which exchanges a cache can take part in.
import type { HeaderList } from '../../http/header_list.js';
import type { ResponseFlow } from '../service.js';
import { parseDirectives } from './directives.js';

const MAX_HEADER_BYTES = 65_536;

/** Requests whose answer may come from a cache. Other preconditions are the origin's to judge. */
export function isAnswerable(method: string, headers: HeaderList): boolean {
  if (method !== 'GET' && method !== 'HEAD') return false;
  const outside = ['if-match', 'if-unmodified-since', 'transfer-encoding', 'upgrade'];
  if (outside.some((name) => headers.has(name))) return false;
  return (headers.get('content-length') ?? '0') === '0';
}

/**
 * RFC 9110 §9.3.3: the answer to a POST is kept where it says that it is the content of its address, and for how long.
 * Not where a service has made something for this one exchange of it.
 */
export function isOwnContent({ request, received: { status, headers }, changedBy }: ResponseFlow): boolean {
  if (request.method !== 'POST' || status !== 200 || changedBy.length > 0) return false;
  const location = headers.get('content-location');
  if (location === undefined || !URL.canParse(location, request.url)) return false;
  const directives = parseDirectives(headers.get('cache-control'));
  const isExplicit = ['max-age', 's-maxage'].some((name) => directives.has(name)) || headers.has('expires');
  return isExplicit && new URL(location, request.url).href === new URL(request.url).href;
}

/** Whether a head is small enough to keep. */
export const fits = (headers: HeaderList): boolean => {
  let bytes = 0;
  for (const [name, value] of headers) bytes += name.length + value.length + 4;
  return bytes <= MAX_HEADER_BYTES;
};
