// What a message says of how it may be changed, and of parts of it.
import type { HeaderList } from '../http/header_list.js';

/** RFC 9111 §5.2.1.6 and §5.2.2.6. */
export const forbidsTransforming = (headers: HeaderList): boolean =>
  /(^|,)\s*no-transform\s*(,|$)/i.test(headers.get('cache-control') ?? '');

/**
 * The headers without a range that depends on a date or a weak tag: what is made here has no other validator, and the
 * origin would take the date for one of its own bytes (RFC 9110 §13.1.5). Undefined where nothing changes.
 */
export function withoutWeakRange(headers: HeaderList): HeaderList | undefined {
  const condition = headers.get('if-range')?.trim();
  if (condition === undefined || condition.startsWith('"') || forbidsTransforming(headers)) return undefined;
  return headers.clone().delete('range').delete('if-range');
}
