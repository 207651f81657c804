// R13: what the proxy does when an answer needs another origin. It asks the client by TUNNEL; the client's policy
// answers with a session of its own making, or with DENY. One session an origin, used one request after the other.
import { FrameType } from '../delegation/frame.js';
import type { Message } from '../delegation/message.js';
import { authority, isHost } from '../delegation/origin.js';
import { NULL_SESSION_ID, type SessionId } from '../delegation/session_id.js';
import type { OtherOptions, OtherResponse } from '../services/service.js';
import { within } from './deadline.js';
import { SessionError } from './error.js';
import type { Observers } from './events.js';
import type { Limits } from './options.js';
import { OtherConnection } from './other_connection.js';
import type { DelegableSession } from './session.js';

interface Waiter {
  forSession: SessionId;
  reason: string;
  resolve: (connection: OtherConnection) => void;
  reject: (error: Error) => void;
}

/** One other origin: asked for, in use, or idle. */
interface Other {
  host: string;
  port: number;
  connection: OtherConnection | undefined;
  busy: boolean;
  waiting: Waiter[];
  /** The TUNNEL under way; 0 for none. */
  requestId: number;
  timer: NodeJS.Timeout | undefined;
}

const MAX_WAITING = 256;
const MAX_DENIALS = 1024;

export class OtherOrigins {
  readonly #others = new Map<string, Other>();
  /** Origins refused for a session: they are not asked for again for the same content. */
  readonly #denials = new Map<string, SessionError>();
  #lastRequestId = 0;
  #closed = false;

  constructor(
    private readonly limits: Limits,
    private readonly send: (message: Message) => void,
    private readonly observers: Observers,
  ) {}

  async fetch(forSession: SessionId, address: string, options: OtherOptions = {}): Promise<OtherResponse> {
    const url = parseHttps(address);
    const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
    const port = url.port === '' ? 443 : Number(url.port);
    const connection = await this.#acquire(forSession, host, port, options);
    const { hasServed } = connection;
    try {
      return await connection.get(url, options);
    } catch (error) {
      // RFC 9112 §9.3.1: a kept connection may close just as it is used again; a GET may be asked twice.
      if (!hasServed || !(error instanceof SessionError) || error.code !== 'ORIGIN_GONE') throw error;
      await connection.session.closed;
      return (await this.#acquire(forSession, host, port, options)).get(url, options);
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
    const connection: OtherConnection = new OtherConnection(session, this.limits, {
      onIdle: () => this.#onIdle(other, connection),
      onAnswer: (status, bytes) =>
        this.observers.emit('otherResponse', { sessionId: session.id, status, bytes }),
    });
    other.connection = connection;
    void session.watchConduit();
    void session.closed.then(() => this.#onClosed(other, connection));
    this.#onIdle(other, connection);
  }

  onDenied(requestId: number, reason: string): void {
    const other = this.#byRequest(requestId);
    if (other === undefined) return;
    this.#fail(other, new SessionError('TUNNEL_DENIED', `the client refused: ${reason}`));
  }

  /** The delivery that answered failed. */
  onFailed(requestId: number, error: SessionError): void {
    const other = this.#byRequest(requestId);
    if (other !== undefined) this.#fail(other, error);
  }

  close(): void {
    this.#closed = true;
    for (const other of [...this.#others.values()]) {
      void other.connection?.session.finish();
      this.#fail(other, new SessionError('CLIENT_GONE', 'the main session has ended'));
    }
  }

  async #acquire(
    forSession: SessionId,
    host: string,
    port: number,
    { reason = 'the content refers to it', signal }: OtherOptions,
  ): Promise<OtherConnection> {
    const key = authority(host, port);
    const denied = this.#denials.get(`${forSession} ${key}`);
    if (denied !== undefined) throw denied;
    if (this.#closed) throw new SessionError('TUNNEL_REFUSED', 'the main session has ended');
    const other = this.#others.get(key) ?? this.#add(key, host, port);
    if (other.waiting.length >= MAX_WAITING) {
      throw new SessionError('TUNNEL_REFUSED', `too many requests wait for ${key}`);
    }
    let waiter: Waiter | undefined;
    const turn = new Promise<OtherConnection>((resolve, reject) => {
      waiter = { forSession, reason, resolve, reject };
      other.waiting.push(waiter);
    });
    this.#advance(other);
    const limit = this.limits.tunnelTimeout + this.limits.otherOriginTimeout;
    const late = () => new SessionError('TUNNEL_TIMEOUT', `no turn on ${key} came in time`);
    try {
      return await within(turn, limit, late, signal);
    } catch (error) {
      const at = other.waiting.indexOf(waiter!);
      if (at >= 0) other.waiting.splice(at, 1);
      // The turn came in the same moment as the abort: it goes to the next.
      else turn.then((connection) => this.#onIdle(other, connection)).catch(() => {});
      if (error instanceof SessionError && error.code === 'TUNNEL_DENIED')
        this.#remember(forSession, key, error);
      throw error;
    }
  }

  #add(key: string, host: string, port: number): Other {
    if (this.#others.size >= this.limits.otherOrigins) this.#evict();
    const other: Other = {
      host: host.toLowerCase(),
      port,
      connection: undefined,
      busy: false,
      waiting: [],
      requestId: 0,
      timer: undefined,
    };
    this.#others.set(key, other);
    return other;
  }

  /** Makes room: the origin that was idle for longest goes. */
  #evict(): void {
    for (const [key, other] of this.#others) {
      if (other.busy || other.requestId !== 0 || other.waiting.length > 0) continue;
      this.#others.delete(key);
      void other.connection?.session.finish();
      return;
    }
    throw new SessionError('TUNNEL_REFUSED', 'too many other origins are in use at once');
  }

  /** Gives the connection to the next in line, or asks for one. */
  #advance(other: Other): void {
    if (other.connection !== undefined) {
      if (!other.busy) this.#onIdle(other, other.connection);
      return;
    }
    const first = other.waiting[0];
    if (other.requestId !== 0 || first === undefined) return;
    const pending = [...this.#others.values()].filter(({ requestId }) => requestId !== 0).length;
    if (pending >= this.limits.pendingTunnels) {
      this.#fail(other, new SessionError('TUNNEL_REFUSED', 'too many TUNNELs wait for an answer'));
      return;
    }
    const { forSession, reason } = first;
    const requestId = ++this.#lastRequestId;
    const { host, port } = other;
    other.requestId = requestId;
    other.timer = setTimeout(() => {
      this.#fail(
        other,
        new SessionError('TUNNEL_TIMEOUT', `the client did not answer for ${authority(host, port)}`),
      );
    }, this.limits.tunnelTimeout);
    this.observers.emit('otherOrigin', { forSession, requestId, host, port });
    this.send({
      type: FrameType.Tunnel,
      sessionId: NULL_SESSION_ID,
      requestId,
      host,
      port,
      reason,
      forSession,
    });
  }

  #onIdle(other: Other, connection: OtherConnection): void {
    if (other.connection !== connection) return;
    const next = other.waiting.shift();
    other.busy = next !== undefined;
    if (next !== undefined) next.resolve(connection);
    else connection.watchIdle(() => other.connection === connection && !other.busy);
  }

  /** The session is over. Whoever still waits asks anew. */
  #onClosed(other: Other, connection: OtherConnection): void {
    if (other.connection !== connection) return;
    other.connection = undefined;
    other.busy = false;
    if (this.#closed || other.waiting.length === 0) this.#others.delete(authority(other.host, other.port));
    else this.#advance(other);
  }

  #fail(other: Other, error: SessionError): void {
    clearTimeout(other.timer);
    other.requestId = 0;
    for (const { reject } of other.waiting.splice(0)) reject(error);
    if (other.connection === undefined) this.#others.delete(authority(other.host, other.port));
  }

  #byRequest(requestId: number): Other | undefined {
    return [...this.#others.values()].find((other) => other.requestId === requestId && requestId !== 0);
  }

  #remember(forSession: SessionId, key: string, error: SessionError): void {
    if (this.#denials.size >= MAX_DENIALS) this.#denials.clear();
    this.#denials.set(`${forSession} ${key}`, error);
  }
}

function parseHttps(address: string): URL {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url?.protocol !== 'https:' || !isHost(url.hostname.replace(/^\[(.*)\]$/, '$1'))) {
    throw new SessionError('TUNNEL_REFUSED', 'only https addresses can be fetched over a delegated session');
  }
  return url;
}
