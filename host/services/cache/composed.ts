// Answers that a service made of several responses, as a page with its pictures: what their caching allows together.
// RFC 9111 speaks of one response at a time.
import { HeaderList } from '../../http/header_list.js';
import type { OriginIdentity, OtherFetch } from '../service.js';
import { Freshness } from './freshness.js';
import { isForAll } from './parts.js';

export interface Composed {
  /** Whether other clients may have the answer, as far as its parts go. */
  isForAll: boolean;
  /** Milliseconds for which all parts stay good. */
  freshFor: number;
}

/** Undefined where a part must not be stored. */
export function composed(
  others: readonly OtherFetch[],
  { host, port }: OriginIdentity,
): Composed | undefined {
  const whole: Composed = { isForAll: true, freshFor: Number.POSITIVE_INFINITY };
  for (const { url, answer, whole: isWhole } of others) {
    // Left out by a policy, a filter or a failure, any of which may be another one the next time.
    if (answer === undefined || !isWhole || answer.status >= 500) return undefined;
    // What its origin does not have stays away as long as that says, and for this client alone.
    if (answer.status >= 400) whole.isForAll = false;
    const freshness = Freshness.of(NO_REQUEST, answer, false);
    if (freshness === undefined) return undefined;
    whole.freshFor = Math.min(whole.freshFor, freshness.freshFor);
    // What came from elsewhere, or of a session that only the client vouches for, is not the page's own.
    whole.isForAll &&= answer.verified && isForAll(answer.headers) && isOf(url, host, port);
  }
  return whole;
}

function isOf(address: string, host: string, port: number): boolean {
  const { hostname, port: named } = new URL(address);
  return hostname.replace(/^\[(.*)\]$/, '$1') === host.toLowerCase() && Number(named || 443) === port;
}

const NO_REQUEST = new HeaderList();
