// For how long a stored response may be used (RFC 9111 §4.2), by http-cache-semantics. It is given headers in one
// canonical form, since it reads them more leniently than RFC 9111 lets a cache.

import CachePolicy from 'http-cache-semantics';
import type { HeaderList } from '../../http/header_list.js';
import { now } from './clock.js';
import { type Directives, FOR_EVER, formatDirectives, parseDirectives, secondsOf } from './directives.js';
import { parseHttpDate } from './http_date.js';

/** `fresh`: may be used. `stale`: only after the origin said so. `refresh`: now, while the origin is asked. */
export type Verdict = 'fresh' | 'refresh' | 'stale';

export interface FreshnessRecord {
  policy: CachePolicy.CachePolicyObject;
  mustRevalidate: boolean;
  staleIfError: number;
}

/** RFC 9110 §15.1, without 206: statuses that may be used without explicit freshness. */
const HEURISTIC = new Set([200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 501]);
/** Statuses whose meaning for caching this cache knows; must-understand asks for it (RFC 9111 §5.2.2.3). */
const UNDERSTOOD = new Set([...HEURISTIC, 302, 303, 307, 400, 401, 403, 409, 422, 500, 502, 503, 504]);

/** Reckons by the cache's own clock. */
class SteadyPolicy extends CachePolicy {
  now(): number {
    return now();
  }
}

export class Freshness {
  private constructor(
    private readonly policy: CachePolicy,
    /** RFC 9111 §5.2.2.2: never used stale. */
    private readonly mustRevalidate: boolean,
    private readonly staleIfError: number,
  ) {}

  /** Undefined where the response must not be stored. */
  static of(
    request: HeaderList,
    response: { status: number; headers: HeaderList },
    shared: boolean,
  ): Freshness | undefined {
    const { status, headers } = response;
    const directives = parseDirectives(headers.get('cache-control'));
    if (!isStorableStatus(status, headers, directives)) return undefined;
    const mustRevalidate =
      directives.has('must-revalidate') ||
      (shared && (directives.has('proxy-revalidate') || directives.has('s-maxage')));
    const policy = new SteadyPolicy(
      policyRequest(request),
      // Whether the status can be cached is settled; a status that the package does not know must not unsettle it.
      { status: 200, headers: policyHeaders(headers, directives, mustRevalidate) },
      { shared },
    );
    if (!policy.storable()) return undefined;
    return new Freshness(policy, mustRevalidate, secondsOf(directives, 'stale-if-error'));
  }

  static from({ policy, mustRevalidate, staleIfError }: FreshnessRecord): Freshness {
    return new Freshness(
      SteadyPolicy.fromObject(policy) as SteadyPolicy,
      mustRevalidate === true,
      Number(staleIfError) || 0,
    );
  }

  toRecord(): FreshnessRecord {
    const { policy, mustRevalidate, staleIfError } = this;
    return { policy: policy.toObject(), mustRevalidate, staleIfError };
  }

  verdict(request: HeaderList): Verdict {
    const asked = policyRequest(request);
    // RFC 9111 §4.2.4: what must be revalidated is not used stale, whatever the client would take.
    if (this.mustRevalidate && this.policy.stale()) return 'stale';
    const { response, revalidation } = this.policy.evaluateRequest(asked);
    if (response === undefined) return 'stale';
    return revalidation === undefined ? 'fresh' : 'refresh';
  }

  /** RFC 5861 §4: whether it may stand in for an error. */
  get survivesErrors(): boolean {
    return !this.mustRevalidate && this.policy.maxAge() + this.staleIfError > this.policy.age();
  }

  /** Whole seconds. */
  get age(): number {
    return Math.min(FOR_EVER, Math.max(0, Math.floor(this.policy.age())));
  }

  /** Milliseconds for which it stays fresh. */
  get freshFor(): number {
    return Math.max(0, this.policy.maxAge() - this.policy.age()) * 1000;
  }

  /** Milliseconds for which it can be of use without the origin. */
  get timeToLive(): number {
    return this.policy.timeToLive();
  }
}

function isStorableStatus(status: number, headers: HeaderList, directives: Directives): boolean {
  if (status === 206 || status === 304 || status < 200) return false;
  if (directives.has('must-understand') && !UNDERSTOOD.has(status)) return false;
  if (directives.has('no-store') && !directives.has('must-understand')) return false;
  const explicit =
    headers.has('expires') || ['max-age', 's-maxage', 'public'].some((name) => directives.has(name));
  return explicit || HEURISTIC.has(status);
}

const policyRequest = (headers: HeaderList): CachePolicy.HttpRequest => ({
  method: 'GET',
  headers: {
    host: '',
    'cache-control': formatDirectives(parseDirectives(headers.get('cache-control'))),
    // RFC 9111 §5.4: only where Cache-Control is silent.
    ...(!headers.has('cache-control') &&
      /(^|,)\s*no-cache\s*(,|$)/i.test(headers.get('pragma') ?? '') && { pragma: 'no-cache' }),
  },
});

/** Directives that are settled here, before the package would read them more strictly or more loosely. */
const SETTLED = new Set(['must-revalidate', 'proxy-revalidate', 'immutable', 'no-store', 'must-understand']);

function policyHeaders(
  headers: HeaderList,
  directives: Directives,
  mustRevalidate: boolean,
): CachePolicy.Headers {
  const kept = [...directives].filter(
    ([name]) => !SETTLED.has(name) && !(mustRevalidate && name === 'stale-while-revalidate'),
  );
  const date = parseHttpDate(headers.get('date') ?? '');
  const modified = parseHttpDate(headers.get('last-modified') ?? '');
  return {
    ...(headers.has('cache-control') && { 'cache-control': formatDirectives(kept) }),
    ...(/(^|,)\s*no-cache\s*(,|$)/i.test(headers.get('pragma') ?? '') && { pragma: 'no-cache' }),
    ...(headers.has('expires') && { expires: expiresOf(headers) }),
    ...(date !== undefined && { date: new Date(date).toUTCString() }),
    ...(modified !== undefined && { 'last-modified': new Date(modified).toUTCString() }),
    age: String(initialAge(headers, date)),
  };
}

/** RFC 9111 §5.3: an invalid date, `0` above all, lies in the past. */
function expiresOf(headers: HeaderList): string {
  const [first, ...others] = headers.all('expires');
  const expires = others.length === 0 ? parseHttpDate(first!) : undefined;
  return expires === undefined ? '0' : new Date(expires).toUTCString();
}

/** RFC 9111 §4.2.3 and §5.1. An Age that can't be read makes the response stale. */
function initialAge(headers: HeaderList, date: number | undefined): number {
  const ages = headers.all('age');
  const stated = ages.length === 0 ? 0 : /^\d+$/.test(ages.join()) ? Number(ages[0]) : FOR_EVER;
  const apparent = date === undefined ? 0 : Math.max(0, Math.floor((now() - date) / 1000));
  return Math.min(FOR_EVER, Math.max(stated, apparent));
}
