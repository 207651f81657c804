// Opens sessions with origins: directly, end to end through the proxy, or delegated to it.
import { DeputyError } from '../../delegation/error.js';
import type { Grant } from '../../delegation/grant.js';
import type { Receipt } from '../../delegation/message.js';
import { authority } from '../../delegation/origin.js';
import type { Admission } from '../../delegation/policy.js';
import type { SessionId } from '../../delegation/session_id.js';
import type { CancelSignal, Transport } from '../../platform/platform.js';
import { type Context, openTransport } from '../context.js';
import { Conduit } from '../delegation/conduit.js';
import {
  type ByteStreamWish,
  DelegatedSession,
  type DelegationWish,
} from '../delegation/delegated_session.js';
import type { MainSession } from '../delegation/main_session.js';
import type { ReceiptCheck } from '../delegation/receipt_check.js';
import { HttpConnection } from '../http/connection.js';
import type { Origin, TlsFacts } from '../observer.js';
import { within } from '../timeout.js';
import type { OriginLink } from '../tls/origin_link.js';
import type { ProxyLink } from '../tls/proxy_link.js';
import { startTls } from '../tls/start_tls.js';
import type { TlsStream } from '../tls/tls_stream.js';
import type { Pooled } from './session_pool.js';

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
  /** What in them does not fit what came, once that is found. */
  readonly receiptFault: DeputyError | undefined;
  /** Undefined for a session without a proxy. */
  readonly receiptCheck: ReceiptCheck | undefined;
}

/** A session with an origin, of whatever kind. */
export interface Opened {
  /** Its content. */
  transport: Transport;
  facts: SessionFacts;
  /** False once the other side has said that it ended the session. */
  usable(): boolean;
  /** Closes at once, whatever is under way. */
  abort(): void;
  /** Takes the grant back; absent where none was given. True where the session goes on without the proxy. */
  revoke?(reason: string): boolean;
  /** Undefined for one in which the proxy takes no part. */
  delegated?: DelegatedSession;
}

interface Wish {
  signal: CancelSignal | undefined;
  stream?: ByteStreamWish;
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

  /** A new session with `origin` that speaks HTTP: direct, blind through the proxy, or delegated where there is a grant. */
  async open(
    origin: Origin,
    admission: Admission | undefined,
    signal: CancelSignal | undefined,
  ): Promise<Pooled<SessionFacts>> {
    const opened = await this.#open(origin, admission, { signal });
    const { transport, facts, abort, revoke, delegated } = opened;
    const http = new HttpConnection(transport, delegated && { isLast: () => delegated.endsWithAnswer });
    delegated?.carry(http);
    return {
      origin,
      http,
      facts,
      get usable() {
        return opened.usable();
      },
      close() {
        http.close();
        return delegated?.finish();
      },
      abort,
      ...(revoke && { revoke }),
    };
  }

  /** The same for bytes of any other protocol. */
  openStream(
    origin: Origin,
    admission: Admission | undefined,
    stream: ByteStreamWish,
    signal: CancelSignal | undefined,
  ): Promise<Opened> {
    return this.#open(origin, admission, { signal, stream });
  }

  async #open(origin: Origin, admission: Admission | undefined, wish: Wish): Promise<Opened> {
    const { proxy, allowsUndelegated, context } = this.#parts;
    if (proxy === undefined) return this.#openDirect(origin, wish);
    if (admission === undefined) return this.#openBlind(proxy, origin, wish);
    let isVerified = false;
    const onVerified = () => {
      isVerified = true;
    };
    try {
      return await this.#openDelegated(proxy, origin, admission, { ...wish, onVerified });
    } catch (error) {
      // Whatever the proxy's reason: the origin itself was fine, and no request has left.
      if (!isVerified || !allowsUndelegated || wish.signal?.aborted) throw error;
      const { message } = error as DeputyError;
      context.observer.onStep?.({ step: 'undelegated', origin, reason: message });
      return this.#openBlind(proxy, origin, wish);
    }
  }

  async #openDelegated(
    proxy: ProxyLink,
    origin: Origin,
    admission: Admission,
    wish: Wish & Pick<DelegationWish, 'onVerified'>,
  ): Promise<Opened> {
    const { context, origins, mainSession, allowsUndelegated } = this.#parts;
    const main = await within(context.platform, mainSession(), { signal: wish.signal });
    const parts = { context, origins, proxy, main };
    // One that may go on undelegated, or speaks first whatever the proxy does, waits for the proxy's word.
    const goesAhead = !allowsUndelegated && wish.stream === undefined;
    const session = await DelegatedSession.open(parts, origin, admission, 0, { ...wish, goesAhead });
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
      receipts: receipts.kept,
      receiptCheck: receipts.check,
      get receiptFault() {
        return receipts.fault;
      },
    };
    return {
      transport: session,
      facts,
      delegated: session,
      usable: () => session.usable,
      abort: () => session.abort(),
      revoke: (reason) => session.revoke(reason),
    };
  }

  /** End to end through the proxy: it carries records that it can't read. */
  async #openBlind(proxy: ProxyLink, origin: Origin, wish: Wish): Promise<Opened> {
    const { context, mainSession } = this.#parts;
    const { signal, stream } = wish;
    const main =
      context.conduits === 'streams' ? await within(context.platform, mainSession(), { signal }) : undefined;
    const conduit = await Conduit.open(context, proxy, origin, {
      delegable: false,
      startTls: stream?.startTls,
      main,
      signal,
    });
    return this.#overTls(origin, await this.#toOrigin(origin, conduit.transport, wish), conduit);
  }

  async #openDirect(origin: Origin, wish: Wish): Promise<Opened> {
    const link = { kind: 'origin' as const, name: authority(origin.host, origin.port) };
    const { context } = this.#parts;
    const { signal, stream } = wish;
    const transport = await openTransport(context, link, origin.host, origin.port, signal);
    const protocol = stream?.startTls;
    if (protocol !== undefined) {
      const { platform, timeouts } = context;
      const milliseconds = timeouts.handshake;
      await within(platform, startTls(transport, protocol), {
        milliseconds,
        error: () => new DeputyError('START_TLS_FAILED', `no TLS within ${milliseconds} ms; try again`),
        signal,
        onGivenUp: () => transport.close(),
      });
    }
    return this.#overTls(origin, await this.#toOrigin(origin, transport, wish));
  }

  #toOrigin(origin: Origin, below: Transport, { signal, stream }: Wish): Promise<TlsStream> {
    return this.#parts.origins.open(origin, below, { signal, alpn: stream?.alpn });
  }

  #overTls(origin: Origin, stream: TlsStream, conduit?: { abort(): void }): Opened {
    const tls = stream.facts();
    this.#parts.context.observer.onStep?.({ step: 'origin-verified', origin, sessionId: undefined, tls });
    return {
      transport: stream,
      facts: {
        delegated: false,
        grant: undefined,
        sessionId: undefined,
        tls,
        receipts: [],
        receiptFault: undefined,
        receiptCheck: undefined,
      },
      usable: () => !stream.closed,
      abort() {
        stream.abort();
        conduit?.abort();
      },
    };
  }
}
