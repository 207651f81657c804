// What becomes of a response's headers when its content is replaced by other bytes that say the same.
import type { HeaderList } from '../service.js';

/** Header fields that speak of the bytes the origin sent, and of what scripts may do. */
const OUTDATED = [
  'content-length',
  'content-encoding',
  'content-md5',
  'digest',
  'content-digest',
  'repr-digest',
  'accept-ranges',
  'content-security-policy',
  'content-security-policy-report-only',
];

/** Changes `headers` for content of `contentType`. */
export function replacedHeaders(headers: HeaderList, contentType: string): HeaderList {
  for (const name of OUTDATED) headers.delete(name);
  headers.set('Content-Type', contentType);
  // RFC 9110 §14.3: a part of what the origin has is no part of this.
  headers.set('Accept-Ranges', 'none');
  const etag = headers.get('etag');
  // RFC 9110 §8.8.1: the same page in other bytes keeps a weak validator only.
  if (etag !== undefined && !etag.startsWith('W/')) headers.set('ETag', `W/${etag}`);
  return headers;
}
