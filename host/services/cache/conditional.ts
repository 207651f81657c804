// What a request asks of a stored response: preconditions (RFC 9110 §13) and ranges (RFC 9110 §14).
import type { HeaderList } from '../../http/header_list.js';
import { splitList } from './directives.js';
import type { Entry } from './entry.js';
import { parseHttpDate } from './http_date.js';

/** A request that states its own conditions. */
export const isConditional = (request: HeaderList): boolean =>
  request.has('if-none-match') || request.has('if-modified-since');

/** Whether the client has what is stored (RFC 9110 §13.2.2, steps 3 and 4). */
export function clientHasIt(request: HeaderList, { status, headers, storedAt }: Entry): boolean {
  if (status !== 200) return false;
  const tags = request.get('if-none-match');
  if (tags !== undefined) return tags.trim() === '*' || hasTag(tags, headers.get('etag'));
  const since = parseHttpDate(request.get('if-modified-since') ?? '');
  if (since === undefined) return false;
  const modified = parseHttpDate(headers.get('last-modified') ?? headers.get('date') ?? '') ?? storedAt;
  return modified <= since;
}

/** RFC 9110 §8.8.3.2: weak comparison. */
export function hasTag(list: string, tag: string | undefined): boolean {
  if (tag === undefined) return false;
  const opaque = (each: string) => each.replace(/^W\//, '');
  return splitList(list).some((each) => opaque(each) === opaque(tag));
}

/** Puts the stored validators into a request to the origin. False where there are none. */
export function addValidators(request: HeaderList, received: HeaderList): boolean {
  const etag = received.get('etag');
  const modified = received.get('last-modified');
  if (etag !== undefined) request.set('If-None-Match', etag);
  if (modified !== undefined && parseHttpDate(modified) !== undefined) {
    request.set('If-Modified-Since', modified);
    return true;
  }
  return etag !== undefined;
}

/** A part of the body: `end` is the byte after the last. `unsatisfiable`: none of it exists. */
export type Part = { start: number; end: number } | 'unsatisfiable';

/** The part that is asked for; undefined where the whole is the answer, as for several parts at once. */
export function partOf(request: HeaderList, entry: Entry): Part | undefined {
  const range = request.get('range');
  if (range === undefined || entry.status !== 200) return undefined;
  const match = /^bytes=\s*(\d{0,15})-(\d{0,15})\s*$/i.exec(range);
  if (match === null || (match[1] === '' && match[2] === '')) return undefined;
  if (!mayBeParted(request, entry)) return undefined;
  const size = entry.body.length;
  const [, first, last] = match as unknown as [string, string, string];
  const start = first === '' ? Math.max(0, size - Number(last)) : Number(first);
  const end = first === '' || last === '' ? size : Math.min(size, Number(last) + 1);
  if (first !== '' && last !== '' && Number(last) < start) return undefined;
  return start >= size || (first === '' && Number(last) === 0) ? 'unsatisfiable' : { start, end };
}

/** RFC 9110 §13.1.5: If-Range compares strongly. */
function mayBeParted(request: HeaderList, { headers }: Entry): boolean {
  const condition = request.get('if-range');
  if (condition === undefined) return true;
  if (condition.startsWith('W/')) return false;
  return condition.startsWith('"')
    ? condition === headers.get('etag')
    : condition === headers.get('last-modified');
}
