// Another page in the place of the one that an origin sent: when that is allowed, and what becomes of its headers.
import { chosenCoding, encode, varyBy } from './content_coding.js';
import { canDecode, codings, decode } from './content_decoding.js';
import type { Body, ResponseChange, ResponseFlow } from './service.js';

/** Header fields that speak of the bytes which the origin sent. */
const OF_BYTES = [
  'content-length',
  'content-encoding',
  'content-md5',
  'digest',
  'content-digest',
  'repr-digest',
  'accept-ranges',
];

/** Whether this is a page of HTML, whole and readable, that its origin lets a proxy change. */
export function isPage({ response: { status, headers } }: ResponseFlow): boolean {
  const type = (headers.get('content-type') ?? '').split(';')[0]!.trim().toLowerCase();
  if (type !== 'text/html' && type !== 'application/xhtml+xml') return false;
  // A part of a page can't be read alone; a download is for a disk (RFC 6266 §4.2).
  if (status === 206 || /^\s*attachment\b/i.test(headers.get('content-disposition') ?? '')) return false;
  // RFC 9111 §5.2.2.6.
  if (/(^|,)\s*no-transform\s*(,|$)/i.test(headers.get('cache-control') ?? '')) return false;
  return codings(headers.get('content-encoding')).every(canDecode);
}

/** `make` gets the page without content coding; what it gives is coded where the page was, as the device can decode. */
export function changePage(flow: ResponseFlow, make: (page: Body) => Body): ResponseChange {
  const { headers } = flow.response;
  const applied = headers.get('content-encoding');
  for (const name of OF_BYTES) headers.delete(name);
  const etag = headers.get('etag');
  // RFC 9110 §8.8.1: another page must not pass for the same bytes.
  if (etag !== undefined && !etag.startsWith('W/')) headers.set('ETag', `W/${etag}`);
  const change = (body: Body) => make(decode(body, applied));
  if (codings(applied).length === 0) return { headers, body: change };
  varyBy(headers, 'Accept-Encoding');
  const coding = chosenCoding(flow.request.headers.get('accept-encoding'));
  if (coding === undefined) return { headers, body: change };
  headers.set('Content-Encoding', coding);
  return { headers, body: (body) => encode(change(body), coding) };
}
