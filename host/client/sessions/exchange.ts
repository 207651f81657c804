// One request and its response on a session that is open.

import { DeputyError } from '../../delegation/error.js';
import { authority } from '../../delegation/origin.js';
import type { SessionId } from '../../delegation/session_id.js';
import type { HeaderList } from '../../http/header_list.js';
import type { CancelSignal, Platform } from '../../platform/platform.js';
import { checkedBody } from '../delegation/receipt_check.js';
import type { HttpResponse } from '../http/connection.js';
import { decodedBody } from '../http/content_coding.js';

import type { RequestPlan } from '../http/redirect.js';
import { ResponseBody } from '../http/response_body.js';
import type { Observer } from '../observer.js';
import type { Timeouts } from '../options.js';
import { cancelled, within } from '../timeout.js';
import type { SessionFacts } from './session_opener.js';
import type { Pooled, SessionPool } from './session_pool.js';

export interface ClientResponse {
  url: string;
  redirected: boolean;
  status: number;
  statusText: string;
  headers: HeaderList;
  /** Content codings undone where the platform can. Read it to its end or leave it: either frees the session. */
  body: AsyncIterable<Uint8Array>;
  session: SessionFacts;
}

export interface ExchangeCircumstances {
  /** Whether the session has served before. */
  reused: boolean;
  /** Whether a redirect led here. */
  hasMoved: boolean;
  signal: CancelSignal | undefined;
}

export class Exchanges {
  readonly #platform: Platform;
  readonly #observer: Observer;
  readonly #timeouts: Timeouts;
  readonly #pool: SessionPool<SessionFacts>;
  /** Sessions whose responses the application still reads. */
  readonly #inUse = new Map<SessionId, number>();

  constructor(platform: Platform, observer: Observer, timeouts: Timeouts, pool: SessionPool<SessionFacts>) {
    this.#platform = platform;
    this.#observer = observer;
    this.#timeouts = timeouts;
    this.#pool = pool;
  }

  isInUse(session: SessionId): boolean {
    return this.#inUse.has(session);
  }

  /** Sends `plan` and waits for the head of its response. When this throws, `release` is the caller's to call. */
  async run(
    pooled: Pooled<SessionFacts>,
    plan: RequestPlan,
    { reused, hasMoved, signal }: ExchangeCircumstances,
  ): Promise<ClientResponse> {
    const response = await this.#send(pooled, plan, reused, signal);
    return this.#toResponse(pooled, plan, response, hasMoved, signal);
  }

  async #send(
    pooled: Pooled<SessionFacts>,
    plan: RequestPlan,
    reused: boolean,
    signal: CancelSignal | undefined,
  ): Promise<HttpResponse> {
    const { origin, facts } = pooled;
    const { sessionId } = facts;
    if (sessionId !== undefined) this.#inUse.set(sessionId, (this.#inUse.get(sessionId) ?? 0) + 1);
    const { method, headers, body } = plan;
    const { path } = plan.url;
    this.#observer.onStep?.({ step: 'request-sent', origin, method, path, reused });
    const milliseconds = this.#timeouts.response;
    const name = authority(origin.host, origin.port);
    const response = await within(
      this.#platform,
      pooled.http.exchange({ method, host: origin.host, port: origin.port, path, headers, body }),
      {
        milliseconds,
        error: () =>
          new DeputyError('RESPONSE_TIMEOUT', `${name} did not answer within ${milliseconds} ms; try again`),
        signal,
        onGivenUp: () => pooled.abort(),
      },
    );
    this.#observer.onStep?.({ step: 'response', origin, status: response.status });
    return response;
  }

  #toResponse(
    pooled: Pooled<SessionFacts>,
    plan: RequestPlan,
    response: HttpResponse,
    hasMoved: boolean,
    signal: CancelSignal | undefined,
  ): ClientResponse {
    const onAbort = () => pooled.abort();
    signal?.addEventListener('abort', onAbort);
    const check = pooled.facts.receiptCheck?.body();
    const content = check === undefined ? response.body : checkedBody(response.body, check);
    const raw = new ResponseBody(content, {
      onEnd: (bytes) => {
        signal?.removeEventListener('abort', onAbort);
        this.#observer.onStep?.({ step: 'response-end', origin: pooled.origin, bytes });
        // Leaving a body closes its connection only after this: judge it then.
        void Promise.resolve().then(() => this.release(pooled));
      },
      explain: (error) => (signal?.aborted ? cancelled(signal) : error),
      within: (next) => this.#bodyWithin(pooled, next),
    });
    // Nothing to read: the session is free at once, whether or not anybody looks.
    if (!pooled.http.busy) void raw.next();
    const { status, statusText, headers } = response;
    const body = decodedBody(this.#platform, plan.method, response, raw, plan.url.path);
    return {
      url: plan.url.href,
      redirected: hasMoved,
      status,
      statusText,
      headers,
      body,
      session: pooled.facts,
    };
  }

  #bodyWithin<T>(pooled: Pooled<SessionFacts>, next: Promise<T>): Promise<T> {
    const milliseconds = this.#timeouts.body;
    if (milliseconds === undefined) return next;
    const name = authority(pooled.origin.host, pooled.origin.port);
    return within(this.#platform, next, {
      milliseconds,
      error: () =>
        new DeputyError(
          'RESPONSE_TIMEOUT',
          `nothing more came from ${name} within ${milliseconds} ms; try again`,
        ),
      onGivenUp: () => pooled.abort(),
    });
  }

  /** Gives a session back after an exchange, however that ended. */
  release(pooled: Pooled<SessionFacts>): void {
    const { sessionId } = pooled.facts;
    const users = sessionId === undefined ? 0 : (this.#inUse.get(sessionId) ?? 0);
    if (users > 1) this.#inUse.set(sessionId!, users - 1);
    else if (sessionId !== undefined) this.#inUse.delete(sessionId);
    this.#pool.giveBack(pooled);
  }
}
