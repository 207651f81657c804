// Deputy's client: requests to HTTPS origins, through sessions to which the policy admits the proxy.

import { HANDHELD } from '../delegation/device.js';
import { DeputyError } from '../delegation/error.js';
import { authority } from '../delegation/origin.js';
import { type Admission, DelegationPolicy } from '../delegation/policy.js';
import type { SessionId } from '../delegation/session_id.js';
import type { HeaderLine } from '../http/header_list.js';
import type { CancelSignal } from '../platform/platform.js';
import { ByteStream, type StreamOptions } from './byte_stream.js';
import { MainSession } from './delegation/main_session.js';
import type { SubscribeOptions, SubscriptionStatus } from './delegation/subscriptions.js';

import { REDIRECT_LIMIT, type RequestPlan, redirected, requestUrl } from './http/redirect.js';
import type { RequestBody } from './http/request.js';
import { withDefaults } from './http/request_headers.js';
import { drain } from './http/response_body.js';
import type { Observer, Origin } from './observer.js';
import { type ClientOptions, TIMEOUTS } from './options.js';
import { type Running, start } from './running.js';
import { type ClientResponse, Exchanges } from './sessions/exchange.js';
import type { SessionFacts } from './sessions/session_opener.js';
import { type Held, type Pooled, type Reservation, SessionPool } from './sessions/session_pool.js';
import { TunnelAnswerer } from './sessions/tunnels.js';
import { cancelled, within } from './timeout.js';
import type { ProxyLink } from './tls/proxy_link.js';

export interface RequestOptions {
  /** GET unless told. */
  method?: string;
  headers?: Iterable<HeaderLine>;
  body?: RequestBody;
  signal?: CancelSignal;
  redirect?: 'follow' | 'manual' | 'error';
}

const DEFAULT_SESSIONS = 8;
/** Milliseconds that a TUNNEL waits until the proxy has ended a session that it does not need any more. */
const ROOM_WAIT = 10_000;
const noRoom = () => new DeputyError('TUNNEL_DENIED', 'this client has no room for another session');

export class Client {
  readonly #options: ClientOptions;
  readonly #policy: DelegationPolicy;
  readonly #observer: Observer;
  readonly #maxSessions: number;
  readonly #pool: SessionPool<SessionFacts>;
  readonly #exchanges: Exchanges;
  readonly #tunnels: TunnelAnswerer;
  #running: Promise<Running> | undefined;
  #main: Promise<MainSession> | undefined;
  #closed = false;

  constructor(options: ClientOptions) {
    const { policy } = options;
    this.#options = options;
    this.#policy = policy instanceof DelegationPolicy ? policy : new DelegationPolicy(policy);
    this.#observer = options.observer ?? {};
    this.#maxSessions = options.maxSessions ?? DEFAULT_SESSIONS;
    this.#pool = new SessionPool(options.platform, this.#maxSessions);
    this.#exchanges = new Exchanges(options.platform, this.#observer, this.#timeouts, this.#pool);
    this.#tunnels = new TunnelAnswerer({
      policy: this.#policy,
      isInUse: (session) => this.#exchanges.isInUse(session),
      reserve: () =>
        within(options.platform, this.#pool.reserve(), { milliseconds: ROOM_WAIT, error: noRoom }),
      drop: (held) => this.#pool.drop(held),
    });
  }

  /** Sends a request and gives its response as soon as the head is there. Throws DeputyError, or the signal's reason. */
  async request(url: string, init: RequestOptions = {}): Promise<ClientResponse> {
    const { platform } = this.#options;
    let plan: RequestPlan = {
      url: requestUrl(platform, url),
      method: init.method ?? 'GET',
      headers: withDefaults(this.#options.platform, init.headers ?? []),
      body: init.body,
    };
    for (let redirects = 0; ; redirects++) {
      const response = await this.#follow(plan, init.signal, redirects > 0);
      const next = init.redirect === 'manual' ? undefined : this.#redirect(plan, response, init, redirects);
      if (next === undefined) return response;
      await drain(platform, response.body);
      plan = next;
    }
  }

  /**
   * Opens a stream of bytes to an origin: TLS from the first byte on, verified as for `request`, delegated as the policy
   * says. Throws DeputyError, or the signal's reason.
   */
  async connect(host: string, port: number, options: StreamOptions = {}): Promise<ByteStream> {
    const { alpn = [], startTls, signal } = options;
    const origin: Origin = { host: host.toLowerCase(), port };
    const { reservation, result } = await this.#reserved(origin, signal, ({ opener }, admission) =>
      opener.openStream(origin, admission, { alpn, startTls }, signal),
    );
    const { transport, delegated, revoke } = result;
    const held: Held = {
      origin,
      close: () => (delegated === undefined ? transport.close() : delegated.finish()),
      ...(revoke && { revoke }),
    };
    reservation.hold(held);
    const drop = () => void this.#pool.drop(held);
    if (this.#closed) drop();
    return new ByteStream(result, drop);
  }

  /** The engine that runs the device program, its linear memory, and what went through its ciphers; all in bytes. */
  async engine(): Promise<{ kind: 'v8' | 'wasm3'; memoryBytes: number; cryptoBytes: number }> {
    const { kind, memoryBytes, cryptoBytes } = (await this.#start()).context.engine;
    return { kind, memoryBytes, cryptoBytes };
  }

  /**
   * Takes the grants of all sessions with `origin` back, or of all sessions. The proxy must forget their secrets, and
   * responses that are under way break off, save those that it observes; the next request decides by policy anew. A
   * session delivered for an epoch, and one that was observed, goes on without the proxy. Tickets of the origin are kept for this client alone.
   */
  revoke(reason: string, origin?: Origin): void {
    this.#pool.revoke(reason, origin);
    void this.#running?.then(({ origins }) => origins.unsave(origin)).catch(() => {});
  }

  /**
   * Has the proxy fetch `urls`, all of one origin, while this client is away (R25). The policy must grant `resume`, with a use
   * for each round; the first address is fetched now. Throws DeputyError.
   */
  async subscribe(
    urls: readonly [string, ...string[]],
    { every, window, headers = [] }: SubscribeOptions,
  ): Promise<SubscriptionStatus> {
    const { platform } = this.#options;
    const addresses = urls.map((url) => requestUrl(platform, url));
    const [first] = addresses as [(typeof addresses)[number]];
    const origin = authority(first.host, first.port);
    if (addresses.some(({ host, port }) => authority(host, port) !== origin)) {
      throw new DeputyError('SEVERAL_ORIGINS', 'the addresses of one subscription are of one origin');
    }
    const response = await this.request(urls[0], { headers, redirect: 'error' });
    for await (const _ of response.body);
    const { sessionId, delegated } = response.session;
    const main = await this.#main;
    if (sessionId === undefined || !delegated || main === undefined) {
      throw new DeputyError(
        'NOT_DELEGATED',
        `the policy does not admit the proxy to ${origin}: grant resume`,
      );
    }
    return main.subscriptions.begin(sessionId, {
      every,
      window,
      headers: withDefaults(this.#options.platform, headers),
      targets: addresses.map(({ path }) => path),
    });
  }

  /** What the proxy reports of earlier subscriptions; each report is given once. */
  async subscriptions(): Promise<SubscriptionStatus[]> {
    return (await this.#openMain()).subscriptions.reports;
  }

  async unsubscribe(id: SessionId, reason = 'the client takes it back'): Promise<void> {
    (await this.#openMain()).subscriptions.end(id, reason);
  }

  /** Ends every session, tells the proxy, and wipes what was kept. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#pool.closeAll();
    const main = await this.#main?.catch(() => undefined);
    main?.close();
    const running = await this.#running?.catch(() => undefined);
    await running?.kept.close();
    running?.proxy?.free();
    running?.origins.free();
  }

  async #openMain(): Promise<MainSession> {
    const { proxy, ...running } = await this.#start();
    if (proxy === undefined) throw new DeputyError('NO_PROXY', 'subscriptions are kept by a proxy: name one');
    const main = await this.#mainSession(running, proxy);
    // WELCOME comes behind the reports.
    await main.greeted;
    return main;
  }

  #redirect(
    plan: RequestPlan,
    response: ClientResponse,
    init: RequestOptions,
    redirects: number,
  ): RequestPlan | undefined {
    const next = redirected(this.#options.platform, plan, response);
    if (next === undefined) return undefined;
    if (init.redirect === 'error')
      throw new DeputyError('REDIRECTED', `the origin redirects to ${next.url.href}`);
    if (redirects >= REDIRECT_LIMIT) {
      throw new DeputyError(
        'REDIRECT_LOOP',
        `more than ${REDIRECT_LIMIT} redirects: the last led to ${next.url.href}`,
      );
    }
    return next;
  }

  /** One request, on an idle session where there is one. */
  async #follow(
    plan: RequestPlan,
    signal: CancelSignal | undefined,
    hasMoved: boolean,
  ): Promise<ClientResponse> {
    const origin: Origin = { host: plan.url.host, port: plan.url.port };
    for (;;) {
      if (signal?.aborted) throw cancelled(signal);
      const idle = this.#pool.takeIdle(origin);
      const pooled = idle ?? (await this.#open(origin, signal));
      try {
        return await this.#exchanges.run(pooled, plan, { reused: idle !== undefined, hasMoved, signal });
      } catch (error) {
        this.#exchanges.release(pooled);
        if (signal?.aborted) throw cancelled(signal);
        // The other side may have closed an idle session just now (RFC 9112 §9.3.1): ask once more on a new one.
        const isSafe = (plan.method === 'GET' || plan.method === 'HEAD') && plan.body === undefined;
        const stale = ['HTTP_NO_RESPONSE', 'TLS_TRUNCATED', 'CONNECTION_FAILED', 'CLOSED'];
        if (idle === undefined || !isSafe || !stale.includes((error as DeputyError).code)) throw error;
      }
    }
  }

  /** A new session with `origin`, of the kind that the policy wants. */
  async #open(origin: Origin, signal: CancelSignal | undefined): Promise<Pooled<SessionFacts>> {
    const { reservation, result } = await this.#reserved(origin, signal, ({ opener }, admission) =>
      opener.open(origin, admission, signal),
    );
    reservation.hold(result);
    if (this.#closed) void this.#pool.drop(result);
    return result;
  }

  /** What `open` gives, with the place in the pool that was taken for it before. */
  async #reserved<T>(
    origin: Origin,
    signal: CancelSignal | undefined,
    open: (running: Running, admission: Admission | undefined) => Promise<T>,
  ): Promise<{ reservation: Reservation; result: T }> {
    const running = await this.#start();
    const admission = await this.#admissionFor(origin);
    const reservation = await this.#pool.reserve(signal);
    try {
      return { reservation, result: await open(running, admission) };
    } catch (error) {
      reservation.cancel();
      if ((error as DeputyError).code === 'TLS_ENGINE_STOPPED') this.#forgetEngine();
      throw error;
    }
  }

  async #admissionFor(origin: Origin): Promise<Admission | undefined> {
    if (this.#options.proxy === undefined) return undefined;
    const admission = await this.#policy.decide({ ...origin, asker: 'request', reason: '' });
    if (admission === undefined && !this.#policy.allowsUndelegated) {
      throw new DeputyError(
        'POLICY_DENIED',
        `the policy does not admit the proxy to ${authority(origin.host, origin.port)}: ` +
          'add a rule with a grant, or allow undelegated requests',
      );
    }
    return admission;
  }

  /** The main session, one for all who ask: opened for the first delivery, and again where the last one has ended. */
  #mainSession(
    { context, origins, manager }: Pick<Running, 'context' | 'origins' | 'manager'>,
    proxy: ProxyLink,
  ): Promise<MainSession> {
    if (this.#main !== undefined) return this.#main;
    const forget = () => {
      if (this.#main === opening) this.#main = undefined;
    };
    const opening = MainSession.open(context, proxy, this.#options.profile ?? HANDHELD, {
      onTunnel: (tunnel) => {
        opening
          .then((main) => this.#tunnels.answer({ context, origins, proxy, main }, tunnel))
          // A session that never opened has its error told to the caller that asked for it.
          .catch(() => {});
      },
      manager,
      // A proxy that does not know this client has not seen either what origins gave it to resume with, and would not believe it.
      onNew: () => origins.forgetAll(),
      onEnd: forget,
      maxSessions: this.#maxSessions,
    });
    opening.catch(forget);
    this.#main = opening;
    return opening;
  }

  #start(): Promise<Running> {
    if (this.#closed)
      return Promise.reject(new DeputyError('CLOSED', 'this client was closed: make a new one'));
    this.#running ??= start(this.#options, {
      observer: this.#observer,
      timeouts: this.#timeouts,
      allowsUndelegated: this.#policy.allowsUndelegated,
      mainSession: (running, proxy) => this.#mainSession(running, proxy),
    });
    return this.#running;
  }

  /** A program that has stopped takes its connections with it: the next request loads a new one. */
  #forgetEngine(): void {
    this.#running = undefined;
    this.#main = undefined;
    void this.#pool.closeAll();
  }

  get #timeouts() {
    return { ...TIMEOUTS, ...this.#options.timeouts };
  }
}
