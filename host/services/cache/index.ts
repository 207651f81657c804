// The caching service (R21): answers from what the origin has allowed to be kept (RFC 9111). Stands last among the
// services, so that it keeps what they made, device by device.

import { createHash } from 'node:crypto';
import type { DeviceProfile } from '../../delegation/device.js';
import type { HeaderList } from '../../http/header_list.js';
import type {
  Answer,
  Flow,
  FlowResponse,
  OtherFetch,
  RequestChange,
  ResponseChange,
  ResponseFlow,
  Service,
  SettledFlow,
} from '../service.js';
import { answerFrom, nothingStored } from './answer.js';
import { now } from './clock.js';
import { type Composed, composed } from './composed.js';
import { addValidators, hasTag, isConditional } from './conditional.js';
import { parseDirectives } from './directives.js';
import { fits, isAnswerable, isOwnContent } from './eligible.js';
import { type Entry, mergeHeaders, storedHeaders } from './entry.js';
import { Freshness } from './freshness.js';
import { type Found, Library, type Selection } from './library.js';
import { isAnswerForAll, type Shelves, shelvesOf, urlOf } from './parts.js';
import { Pool } from './pool.js';
import type { Store } from './store.js';

export interface CacheOptions {
  store: Store;
  /** Whether clients share what an origin marks `public` or gives `s-maxage`. */
  share?: boolean;
  /** Whether responses are kept apart by device: needed where other services change them. */
  byDevice?: boolean;
  /** The services before the cache, and how they are set: a store outlives them. */
  madeBy?: string;
  /** Largest body that is kept. */
  objectBytes?: number;
  /** Bodies that are being collected, all together. */
  collectingBytes?: number;
}

/** What the cache has decided for one exchange. */
interface Plan {
  request: HeaderList;
  selection: Selection;
  shelves: Shelves;
  /** Stored, and not to be used without the origin. */
  found: Found | undefined;
  /** The origin was asked whether `found` is still good: a 304 says so to the cache, not to the client. */
  validates: boolean;
}

/** What is to be kept. */
interface Kept {
  /** As the client got it, and as the origin sent it. */
  response: FlowResponse;
  received: FlowResponse;
  changed: boolean;
  body: Uint8Array;
  /** Where other responses are in it. */
  composed?: Composed | undefined;
}

const SAFE = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PROPFIND', 'REPORT', 'SEARCH', 'QUERY']);
const ERRORS = new Set([500, 502, 503, 504]);
/** How long a stale response is worth keeping: with a validator, and for those who take stale ones without. */
const WEEK = 7 * 86_400_000;
const HOUR = 3_600_000;

export function cache(options: CacheOptions): Service {
  return new Cache(options);
}

class Cache implements Service {
  readonly name = 'cache';
  readonly #library: Library;
  readonly #options: Required<Omit<CacheOptions, 'store'>>;
  readonly #pool: Pool;
  readonly #plans = new WeakMap<object, Plan>();
  /** Shelves whose refresh is under way: one at a time will do. */
  readonly #refreshing = new Set<string>();

  constructor({ store, ...options }: CacheOptions) {
    this.#library = new Library(store);
    this.#options = {
      share: true,
      byDevice: true,
      madeBy: '',
      objectBytes: 4 << 20,
      collectingBytes: 64 << 20,
      ...options,
    };
    this.#pool = new Pool(this.#options.collectingBytes);
  }

  async request(flow: Flow): Promise<RequestChange | Answer | undefined> {
    const { method, headers } = flow.request;
    const url = urlOf(flow);
    if (url === undefined || !isAnswerable(method, headers)) return undefined;
    const directives = parseDirectives(headers.get('cache-control'));
    if (directives.has('no-store')) return undefined;
    const shelves = shelvesOf(flow, url, this.#options.share);
    const selection = this.#selection(flow);
    let found = await this.#find(shelves, selection);
    const verdict = found?.entry.freshness.verdict(headers);
    if (found?.entry.until !== undefined && verdict !== 'fresh') found = undefined;
    // RFC 9110 §14.2: Range means something to GET alone.
    const asked = method === 'GET' ? headers.clone() : headers.clone().delete('range');
    const plan: Plan = { request: asked, selection, shelves, found, validates: false };
    this.#plans.set(flow.exchange, plan);
    if (found !== undefined && verdict === 'fresh') return answerFrom(found.entry, asked);
    if (found !== undefined && verdict === 'refresh' && method === 'GET') return this.#refresh(plan, flow);
    if (directives.has('only-if-cached')) return nothingStored();
    if (found === undefined || method !== 'GET' || headers.has('range')) return undefined;
    // The client's own conditions stay as they are, unless they ask for just what is stored.
    const etag = found.entry.headers.get('etag');
    if (isConditional(headers) && !hasTag(headers.get('if-none-match') ?? '', etag)) return undefined;
    plan.validates = addValidators(headers, found.entry.received);
    return plan.validates ? { kind: 'change', headers } : undefined;
  }

  async settle(flow: SettledFlow): Promise<Answer | undefined> {
    const { response, request } = flow;
    if (response !== undefined && !SAFE.has(request.method) && response.status < 400) {
      await this.#invalidate(flow, response);
    }
    const plan = this.#plans.get(flow.exchange);
    if (plan === undefined) return undefined;
    const { found } = plan;
    if (response === undefined || ERRORS.has(response.status)) {
      if (found === undefined || !found.entry.freshness.survivesErrors) return undefined;
      flow.log.info('stale answer for an origin in trouble', { status: response?.status ?? null });
      return answerFrom(found.entry, plan.request, 'hit; detail=stale-if-error');
    }
    if (response.status === 304 && plan.validates) return this.#confirm(plan, response);
    if (request.method === 'HEAD' && response.status === 200 && found !== undefined) {
      await this.#compare(plan, response);
    }
    if (request.method === 'GET' && response.status === 204)
      await this.#keep(plan, { response, received: response, changed: false, body: NO_BODY });
    return undefined;
  }

  response(flow: ResponseFlow): ResponseChange | undefined {
    const plan = isOwnContent(flow) ? this.#planOf(flow) : this.#plans.get(flow.exchange);
    if (plan === undefined || flow.request.method === 'HEAD') return undefined;
    const { response, received } = flow;
    if (this.#freshness(plan, received) === undefined || !fits(received.headers)) return undefined;
    if ((response.length ?? 0) > this.#options.objectBytes) return undefined;
    const changed = flow.changedBy.length > 0;
    const keep = (body: Buffer, others: readonly OtherFetch[]) => {
      const made = others.length === 0 ? undefined : composed(others, flow.origin);
      if (others.length > 0 && made === undefined) return;
      void this.#keep(plan, { response, received, changed, body, composed: made });
    };
    return { watch: this.#pool.collector(flow.signal, this.#options.objectBytes, keep) };
  }

  async close(): Promise<void> {
    await this.#library.close();
  }

  async #find({ own, shared }: Shelves, selection: Selection): Promise<Found | undefined> {
    const [mine, ours] = await Promise.all([
      this.#library.find(own, selection),
      shared === undefined ? [] : this.#library.find(shared, selection),
    ]);
    return [...mine, ...ours]
      .filter(({ entry: { until } }) => until === undefined || until > now())
      .sort((one, other) => other.entry.storedAt - one.entry.storedAt)[0];
  }

  /** RFC 5861 §3: answers at once, and asks the origin afterwards, unless somebody does already. */
  #refresh(plan: Plan, flow: Flow): Answer {
    const { shelf, entry } = plan.found!;
    const answer = answerFrom(entry, plan.request);
    if (this.#refreshing.has(shelf.name)) return answer;
    this.#refreshing.add(shelf.name);
    flow.signal.addEventListener('abort', () => this.#refreshing.delete(shelf.name), { once: true });
    const headers = plan.request.clone();
    for (const name of ['if-none-match', 'if-modified-since', 'range', 'if-range']) headers.delete(name);
    plan.validates = addValidators(headers, entry.received);
    // The answer is out: errors of the origin no longer need a stand-in.
    return { ...answer, refresh: headers };
  }

  /** RFC 9111 §4.3.4. */
  async #confirm(plan: Plan, response: FlowResponse): Promise<Answer | undefined> {
    const { entry } = plan.found!;
    const updated = await this.#update(plan, response);
    return answerFrom(updated ?? entry, plan.request, 'hit; fwd=stale; fwd-status=304');
  }

  /** RFC 9111 §4.3.5: HEAD tells whether what is stored for GET is still good. */
  async #compare(plan: Plan, { status, reason, headers }: FlowResponse): Promise<void> {
    const { entry, shelf } = plan.found!;
    const differs = ['etag', 'last-modified', 'content-length'].some((name) => {
      const [told, kept] = [headers.get(name), entry.received.get(name)];
      return told !== undefined && told !== kept;
    });
    if (differs) await this.#library.remove(shelf);
    else await this.#update(plan, { status, reason, headers });
  }

  /** Puts the head that the origin confirmed in the place of the stored one. */
  async #update(plan: Plan, response: FlowResponse): Promise<Entry | undefined> {
    const { entry } = plan.found!;
    const received = mergeHeaders(entry.received, response.headers, false);
    const headers = mergeHeaders(entry.headers, response.headers, entry.changed);
    const head = { status: entry.status, reason: entry.reason };
    return this.#keep(plan, {
      response: { ...head, headers },
      received: { ...head, headers: received },
      changed: entry.changed,
      body: entry.body,
    });
  }

  #freshness(plan: Plan, received: FlowResponse, made?: Composed) {
    const { own, shared } = plan.shelves;
    const isShared =
      shared !== undefined && isAnswerForAll(plan.request, received) && (made?.isForAll ?? true);
    const freshness = Freshness.of(plan.request, received, isShared);
    return freshness && { freshness, shelf: isShared ? shared : own };
  }

  async #keep(
    plan: Plan,
    { response: { status, reason, headers }, received, changed, body, composed: made }: Kept,
  ): Promise<Entry | undefined> {
    const kept = this.#freshness(plan, received, made);
    if (kept === undefined) return undefined;
    const goodFor = made && Math.min(made.freshFor, kept.freshness.freshFor);
    const entry: Entry = {
      status,
      reason,
      headers: dated(storedHeaders(headers)),
      received: storedHeaders(received.headers),
      changed,
      body,
      freshness: kept.freshness,
      until: goodFor === undefined ? undefined : now() + goodFor,
      storedAt: now(),
    };
    const canValidate = received.headers.has('etag') || received.headers.has('last-modified');
    const { timeToLive } = kept.freshness;
    if (goodFor === 0 || (timeToLive === 0 && !canValidate)) return entry;
    const lifetime = goodFor ?? timeToLive + (canValidate ? WEEK : HOUR);
    // The answer is good even where it can't be kept.
    await this.#library.put(kept.shelf, plan.selection, entry, lifetime).catch(() => {});
    return entry;
  }

  /** RFC 9111 §4.4: the URL, and those of the same origin that Location and Content-Location name. */
  async #invalidate(flow: Flow, { headers }: FlowResponse): Promise<void> {
    const { request } = flow;
    const urls = new Set([request.url]);
    for (const name of ['location', 'content-location']) {
      const value = headers.get(name);
      if (value === undefined || !URL.canParse(value, request.url)) continue;
      const url = new URL(value, request.url);
      if (url.origin === new URL(request.url).origin) urls.add(url.href);
    }
    for (const url of urls) {
      const { own, shared } = shelvesOf(flow, url, this.#options.share);
      await this.#library.remove(own);
      if (shared !== undefined) await this.#library.remove(shared);
    }
  }

  /** For what was asked for by another method, and is good for GET. */
  #planOf(flow: Flow): Plan | undefined {
    const url = urlOf(flow);
    if (url === undefined || parseDirectives(flow.request.headers.get('cache-control')).has('no-store'))
      return undefined;
    // The body of the request says more than is looked at here: its answer is good for nobody else.
    const shelves = { ...shelvesOf(flow, url, this.#options.share), shared: undefined };
    const request = flow.request.headers;
    return { request, selection: this.#selection(flow), shelves, found: undefined, validates: false };
  }

  #selection({ profile, request }: Flow): Selection {
    const { byDevice, madeBy } = this.#options;
    return { headers: request.headers.clone(), device: byDevice ? deviceKey(profile, madeBy) : madeBy };
  }
}

const NO_BODY = new Uint8Array(0);

/** RFC 9110 §6.6.1: a recipient with a clock dates what came without. */
const dated = (headers: HeaderList): HeaderList =>
  headers.has('date') ? headers : headers.append('Date', new Date().toUTCString());

/** Two devices of the same abilities get the same content, whatever they are called. */
function deviceKey({ name: _, ...abilities }: DeviceProfile, madeBy: string): string {
  return createHash('sha256')
    .update(JSON.stringify([abilities, madeBy]))
    .digest('hex');
}
