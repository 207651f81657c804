// R11, R13: how services fetch what their own session does not bring them. From an origin whose session the client let
// the proxy resume, over further connections. From any other the proxy asks the client by TUNNEL; the client's policy
// answers with a session of its own making, or with DENY.
import { FrameType } from '../../delegation/frame.js';
import type { Tunnel } from '../../delegation/message.js';
import { authority, isHost } from '../../delegation/origin.js';
import { NULL_SESSION_ID, type SessionId } from '../../delegation/session_id.js';
import type { OtherOptions, OtherResponse } from '../../services/service.js';
import { SessionError, sessionError } from '../error.js';
import type { ProxyEventEmitter } from '../events.js';
import type { Journal } from '../exchange/journal.js';
import type { Limits } from '../options.js';
import type { DelegableSession } from '../session/session.js';
import { within } from '../streams/deadline.js';
import { type Carrier, OtherConnection, type OtherHooks } from './fetch_connection.js';
import { OtherPool } from './origin_pool.js';
import type { OpenedFurther, Resumptions } from './resumption_grants.js';

/** One other origin. */
interface Other {
  host: string;
  port: number;
  pool: OtherPool;
  /** The TUNNEL under way; 0 for none. */
  requestId: number;
  timer: NodeJS.Timeout | undefined;
  /** Further connections that are being opened. */
  opening: number;
  /** It got its place just now, for somebody who has not come yet. */
  isClaimed: boolean;
}

export interface OtherSurroundings {
  limits: Limits;
  resumptions: Pick<Resumptions, 'state' | 'open' | 'vouchesFor'>;
  observers: ProxyEventEmitter;
  /** Of a further connection; undefined where nobody keeps a record. */
  journalOf: (further: OpenedFurther) => Journal | undefined;
  /** Asks the client; undefined where it is not there. */
  ask: ((tunnel: Tunnel) => void) | undefined;
}

const MAX_DENIALS = 1024;
const MAX_UNFIT = 256;
/** How often one fetch is begun anew: on a connection that closed as it was used, and away from further connections. */
const MAX_ATTEMPTS = 3;

export class OtherOrigins {
  readonly #others = new Map<string, Other>();
  /** Origins refused for a session: they are not asked for again for the same content. */
  readonly #denials = new Map<string, SessionError>();
  /** Origins whose answers are not for further connections. */
  readonly #unfit = new Set<string>();
  readonly #waitingForRoom: (() => void)[] = [];
  /** Sessions with other origins that the client has room for. */
  #room = Number.POSITIVE_INFINITY;
  #lastRequestId = 0;
  #lastFailure: SessionError | undefined;
  #closed = false;

  constructor(private readonly surroundings: OtherSurroundings) {}

  /** The client said for how many sessions with other origins it has room. */
  boundTo(sessions: number): void {
    this.#room = sessions;
  }

  async fetch(forSession: SessionId, address: string, options: OtherOptions = {}): Promise<OtherResponse> {
    const url = parseHttps(address);
    checkMethod(options);
    const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
    const port = url.port === '' ? 443 : Number(url.port);
    for (let attempt = 1; ; attempt++) {
      const connection = await this.#acquire(forSession, host, port, options);
      const { hasServed, carrier } = connection;
      try {
        return await connection.fetch(url, options);
      } catch (error) {
        const code = error instanceof SessionError ? error.code : undefined;
        // RFC 9112 §9.3.1: a kept connection may close just as it is used again; what is safe may be asked twice.
        const isSafe = options.method === undefined || options.method === 'GET' || options.method === 'HEAD';
        const isStale = isSafe && code === 'ORIGIN_GONE' && hasServed;
        const isUnproved = isSafe && code === 'END_UNPROVED';
        if ((!isStale && !isUnproved) || attempt === MAX_ATTEMPTS) throw error;
        if (isUnproved) this.#avoidFurther(authority(host, port));
        await carrier.closed;
      }
    }
  }

  /** Whether a delivery for `target` answers this request. */
  expects(requestId: number, target: { host: string; port: number }): boolean {
    const other = this.#byRequest(requestId);
    return other !== undefined && other.host === target.host.toLowerCase() && other.port === target.port;
  }

  /** The session of a TUNNEL is active. */
  onDelivered(requestId: number, session: DelegableSession): void {
    const other = this.#byRequest(requestId);
    if (other === undefined) {
      void session.finish();
      return;
    }
    clearTimeout(other.timer);
    other.requestId = 0;
    void session.watchConduit();
    this.#carry(other, session, session.id, {
      journal: session.journal,
      isGoodForOthers: () => session.isGoodForOthers,
    });
    this.#askNext();
  }

  onDenied(requestId: number, code: string, reason: string): void {
    const other = this.#byRequest(requestId);
    if (other === undefined) return;
    this.#fail(
      other,
      code === 'POLICY_DENIED'
        ? new SessionError('TUNNEL_DENIED', `the client refused: ${reason}`)
        : new SessionError('TUNNEL_REFUSED', `the client could not open a session: ${reason}`),
    );
  }

  /** The delivery that answered failed. */
  onFailed(requestId: number, error: SessionError): void {
    const other = this.#byRequest(requestId);
    if (other !== undefined) this.#fail(other, error);
  }

  close(): void {
    this.#closed = true;
    this.#tellRoom();
    for (const other of [...this.#others.values()]) {
      other.pool.close();
      this.#fail(other, new SessionError('CLIENT_GONE', 'the main session has ended'));
    }
  }

  async #acquire(
    forSession: SessionId,
    host: string,
    port: number,
    { reason = 'the content refers to it', signal }: OtherOptions,
  ): Promise<OtherConnection> {
    const { limits } = this.surroundings;
    const key = authority(host, port);
    const denied = this.#denials.get(`${forSession} ${key}`);
    if (denied !== undefined) throw denied;
    if (this.#closed) throw new SessionError('TUNNEL_REFUSED', 'the main session has ended');
    const limit = limits.tunnelTimeout + limits.otherOriginTimeout;
    const late = () => new SessionError('TUNNEL_TIMEOUT', `no turn on ${key} came in time`);
    if (!this.#hasRoom(key, host, port)) await within(this.#roomFor(key, host, port), limit, late, signal);
    if (this.#closed) throw new SessionError('TUNNEL_REFUSED', 'the main session has ended');
    const other = this.#others.get(key) ?? this.#add(key, host, port);
    other.isClaimed = false;
    const { turn, leave } = other.pool.acquire(forSession, reason);
    try {
      return await within(turn, limit, late, signal);
    } catch (error) {
      leave();
      if (error instanceof SessionError && error.code === 'TUNNEL_DENIED')
        this.#remember(forSession, key, error);
      throw error;
    }
  }

  /** Whether that origin has a place, given to it now where there is one: the one idle for longest goes. */
  #hasRoom(key: string, host: string, port: number): boolean {
    if (this.#others.has(key)) return true;
    const most = Math.min(this.surroundings.limits.otherOrigins, this.#room);
    if (most < 1) throw new SessionError('TUNNEL_REFUSED', 'the client has no room for another session');
    if (this.#others.size >= most && !this.#evict()) return false;
    this.#add(key, host, port);
    return true;
  }

  async #roomFor(key: string, host: string, port: number): Promise<void> {
    while (!this.#closed && !this.#hasRoom(key, host, port)) {
      await new Promise<void>((resolve) => this.#waitingForRoom.push(resolve));
    }
  }

  #tellRoom(): void {
    for (const tell of this.#waitingForRoom.splice(0)) tell();
  }

  #add(key: string, host: string, port: number): Other {
    const other: Other = {
      host: host.toLowerCase(),
      port,
      pool: new OtherPool(() => this.#grow(other)),
      requestId: 0,
      timer: undefined,
      opening: 0,
      isClaimed: true,
    };
    this.#others.set(key, other);
    return other;
  }

  /** Makes room: the origin that was used first of those that are idle goes. False where none is. */
  #evict(): boolean {
    for (const [key, other] of this.#others) {
      if (!other.pool.isUnused || other.requestId !== 0 || other.opening > 0 || other.isClaimed) continue;
      this.#others.delete(key);
      other.pool.close();
      return true;
    }
    return false;
  }

  /** Some wait: opens further connections for them, or asks the client where none can be opened. */
  #grow(other: Other): void {
    const { resumptions, limits } = this.surroundings;
    const { host, port, pool } = other;
    let state = this.#unfit.has(authority(host, port)) ? 'never' : resumptions.state(host, port);
    while (state === 'now' && other.opening < pool.waiting.length) {
      if (pool.size + other.opening >= limits.furtherConnections) return;
      void this.#openFurther(other);
      state = resumptions.state(host, port);
    }
    if (state === 'never' && pool.size + other.opening === 0) this.#ask(other);
  }

  async #openFurther(other: Other): Promise<void> {
    other.opening++;
    let carrier: Carrier | undefined;
    try {
      const { resumptions } = this.surroundings;
      const further = await resumptions.open(other.host, other.port);
      carrier = further.connection;
      const journal = this.surroundings.journalOf(further);
      await journal?.record({ kind: 'opened' });
      other.opening--;
      if (this.#closed || this.#others.get(authority(other.host, other.port)) !== other)
        void carrier.finish();
      else {
        const isGoodForOthers = () => resumptions.vouchesFor(further);
        this.#carry(other, carrier, further.sessionId, { journal, isGoodForOthers });
      }
    } catch (error) {
      void carrier?.finish();
      other.opening--;
      // The client's own sessions are what is left, and where it is not there, this is why.
      if (this.surroundings.ask === undefined) this.#lastFailure = sessionError(error, 'ORIGIN_GONE');
      other.pool.advance();
    }
  }

  /** Puts a connection, delivered or resumed, to use. */
  #carry(
    other: Other,
    carrier: Carrier,
    sessionId: SessionId,
    traits: Pick<OtherHooks, 'journal' | 'isGoodForOthers'>,
  ): void {
    const { limits, observers } = this.surroundings;
    const connection: OtherConnection = new OtherConnection(carrier, limits, {
      ...traits,
      onIdle: () => {
        other.pool.release(connection);
        // In the order of use: the one used last is the last to make room.
        const key = authority(other.host, other.port);
        if (this.#others.get(key) === other) {
          this.#others.delete(key);
          this.#others.set(key, other);
        }
        this.#tellRoom();
      },
      onAnswer: (status, bytes) => observers.emit('otherResponse', { sessionId, status, bytes }),
    });
    void carrier.closed.then(() => this.#onClosed(other, connection));
    other.pool.add(connection);
  }

  #ask(other: Other): void {
    const { ask, limits, observers } = this.surroundings;
    const { host, port, pool } = other;
    const first = pool.waiting[0];
    if (other.requestId !== 0 || first === undefined) return;
    if (ask === undefined) {
      const refused = new SessionError('TUNNEL_REFUSED', 'the client is not there');
      this.#fail(other, this.#lastFailure ?? refused);
      return;
    }
    const pending = [...this.#others.values()].filter(({ requestId }) => requestId !== 0).length;
    // It is asked for when one of those is answered.
    if (pending >= limits.pendingTunnels) return;
    const { forSession, reason } = first;
    const requestId = ++this.#lastRequestId;
    other.requestId = requestId;
    other.timer = setTimeout(() => {
      this.#fail(
        other,
        new SessionError('TUNNEL_TIMEOUT', `the client did not answer for ${authority(host, port)}`),
      );
    }, limits.tunnelTimeout);
    observers.emit('otherOrigin', { forSession, requestId, host, port });
    ask({ type: FrameType.Tunnel, sessionId: NULL_SESSION_ID, requestId, host, port, reason, forSession });
  }

  /** The connection is over. Those that still wait go on, or ask anew. */
  #onClosed(other: Other, connection: OtherConnection): void {
    other.pool.remove(connection);
    this.#forgetUnused(other);
    other.pool.advance();
  }

  #fail(other: Other, error: SessionError): void {
    clearTimeout(other.timer);
    other.requestId = 0;
    other.pool.fail(error);
    this.#forgetUnused(other);
    this.#askNext();
  }

  /** Those that wait for a TUNNEL of their own, now that one was answered. */
  #askNext(): void {
    if (this.#closed) return;
    for (const other of this.#others.values()) {
      const { pool, opening, requestId } = other;
      if (requestId === 0 && opening === 0 && pool.size === 0 && pool.waiting.length > 0) pool.advance();
    }
  }

  #forgetUnused(other: Other): void {
    const { pool, opening, host, port } = other;
    const key = authority(host, port);
    const isNeeded = !this.#closed && (pool.waiting.length > 0 || pool.size > 0 || opening > 0);
    if (!isNeeded && this.#others.get(key) === other) this.#others.delete(key);
    this.#tellRoom();
  }

  #byRequest(requestId: number): Other | undefined {
    return [...this.#others.values()].find((other) => other.requestId === requestId && requestId !== 0);
  }

  #avoidFurther(key: string): void {
    if (this.#unfit.size >= MAX_UNFIT) this.#unfit.clear();
    this.#unfit.add(key);
  }

  #remember(forSession: SessionId, key: string, error: SessionError): void {
    if (this.#denials.size >= MAX_DENIALS) this.#denials.clear();
    this.#denials.set(`${forSession} ${key}`, error);
  }
}

/** RFC 9110 §9.3: those that carry a request and its answer; CONNECT and TRACE are of the connection itself. */
const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

function checkMethod({ method = 'GET', body }: OtherOptions): void {
  if (!METHODS.has(method)) throw new SessionError('TUNNEL_REFUSED', `services can't ask by ${method}`);
  if (body !== undefined && (method === 'GET' || method === 'HEAD'))
    throw new SessionError('TUNNEL_REFUSED', `${method} takes no body`);
}

function parseHttps(address: string): URL {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url?.protocol !== 'https:' || !isHost(url.hostname.replace(/^\[(.*)\]$/, '$1'))) {
    throw new SessionError('TUNNEL_REFUSED', 'only https addresses can be fetched over a delegated session');
  }
  return url;
}
