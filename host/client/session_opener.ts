// Opens sessions with origins: directly, end to end through the proxy, or delegated to it.
import type { DeputyError } from '../delegation/error.js';
import type { Grant } from '../delegation/grant.js';
import type { Receipt } from '../delegation/message.js';
import { authority } from '../delegation/origin.js';
import type { Admission } from '../delegation/policy.js';
import type { SessionId } from '../delegation/session_id.js';
import type { CancelSignal } from '../platform/platform.js';
import { openConduit } from './conduit.js';
import { type Context, openTransport } from './context.js';
import { DelegatedSession } from './delegated_session.js';
import { HttpConnection } from './http_connection.js';
import type { MainSession } from './main_session.js';
import type { Origin, TlsFacts } from './observer.js';
import type { OriginLink } from './origin_link.js';
import type { ProxyLink } from './proxy_link.js';
import type { Pooled } from './sessions.js';
import { within } from './timeout.js';
import type { TlsStream } from './tls_stream.js';

/** How a response came: through which kind of session, and what the proxy says it did. */
export interface SessionFacts {
  /** Whether the proxy takes part: no more, once its grant was taken back and the session went on without it. */
  readonly delegated: boolean;
  readonly grant: Grant | undefined;
  sessionId: SessionId | undefined;
  /** Of the handshake with the origin. */
  tls: TlsFacts;
  /** Grows while responses of this session pass the proxy. */
  receipts: readonly Receipt[];
}

export interface OpenerParts {
  context: Context;
  origins: OriginLink;
  /** Undefined for a client without a proxy. */
  proxy: ProxyLink | undefined;
  /** The main session, opened where there is none. */
  mainSession: () => Promise<MainSession>;
  /** Whether a session that the proxy did not take over may go on end to end. */
  allowsUndelegated: boolean;
}

export class SessionOpener {
  readonly #parts: OpenerParts;

  constructor(parts: OpenerParts) {
    this.#parts = parts;
  }

  /** A new session with `origin`: direct, blind through the proxy, or delegated where there is a grant. */
  async open(
    origin: Origin,
    admission: Admission | undefined,
    signal: CancelSignal | undefined,
  ): Promise<Pooled<SessionFacts>> {
    const { proxy, allowsUndelegated, context } = this.#parts;
    if (proxy === undefined) return this.#openDirect(origin, signal);
    if (admission === undefined) return this.#openBlind(proxy, origin, signal);
    try {
      return await this.#openDelegated(proxy, origin, admission, signal);
    } catch (error) {
      const { code, message } = error as DeputyError;
      if (code !== 'NOT_ACTIVATED' || !allowsUndelegated) throw error;
      context.observer.onStep?.({ step: 'undelegated', origin, reason: message });
      return this.#openBlind(proxy, origin, signal);
    }
  }

  async #openDelegated(
    proxy: ProxyLink,
    origin: Origin,
    admission: Admission,
    signal: CancelSignal | undefined,
  ): Promise<Pooled<SessionFacts>> {
    const { context, origins, mainSession } = this.#parts;
    const main = await within(context.platform, mainSession(), { signal });
    const parts = { context, origins, proxy, main };
    const session = await DelegatedSession.open(parts, origin, admission, 0, signal);
    const { sessionId, tls, receipts } = session;
    const facts = {
      get delegated() {
        return session.delegated;
      },
      get grant() {
        return session.delegated ? admission.grant : undefined;
      },
      sessionId,
      tls,
      receipts,
    };
    const http = new HttpConnection(session, { isLast: () => session.endsWithAnswer });
    session.isBusy = () => http.busy;
    return {
      origin,
      http,
      facts,
      get usable() {
        return session.usable;
      },
      close() {
        http.close();
        return session.finish();
      },
      abort: () => session.abort(),
      revoke: (reason) => session.revoke(reason),
    };
  }

  /** End to end through the proxy: it carries records that it can't read. */
  async #openBlind(
    proxy: ProxyLink,
    origin: Origin,
    signal: CancelSignal | undefined,
  ): Promise<Pooled<SessionFacts>> {
    const conduit = await openConduit(this.#parts.context, proxy, origin, false, signal);
    return this.#overTls(
      origin,
      await this.#parts.origins.open(origin, conduit.transport, { signal }),
      conduit,
    );
  }

  async #openDirect(origin: Origin, signal: CancelSignal | undefined): Promise<Pooled<SessionFacts>> {
    const link = { kind: 'origin' as const, name: authority(origin.host, origin.port) };
    const transport = await openTransport(this.#parts.context, link, origin.host, origin.port, signal);
    return this.#overTls(origin, await this.#parts.origins.open(origin, transport, { signal }));
  }

  #overTls(origin: Origin, stream: TlsStream, conduit?: { abort(): void }): Pooled<SessionFacts> {
    const tls = stream.facts();
    this.#parts.context.observer.onStep?.({ step: 'origin-verified', origin, sessionId: undefined, tls });
    const facts = { delegated: false, grant: undefined, sessionId: undefined, tls, receipts: [] };
    const http = new HttpConnection(stream);
    return {
      origin,
      http,
      facts,
      get usable() {
        return !stream.closed;
      },
      close: () => http.close(),
      abort() {
        stream.abort();
        conduit?.abort();
      },
    };
  }
}
