// One session with an origin, delegated: handshake through the conduit, delivery, the wait for ACTIVE, the hand-over.
import { DeputyError } from '../../delegation/error.js';
import { FrameType } from '../../delegation/frame.js';
import { Grant } from '../../delegation/grant.js';
import type { Active, Message } from '../../delegation/message.js';
import { authority } from '../../delegation/origin.js';
import { type Admission, requireGrant } from '../../delegation/policy.js';
import type { SessionId } from '../../delegation/session_id.js';
import type { StartTlsProtocol } from '../../delegation/start_tls.js';
import type { CancelSignal, Transport } from '../../platform/platform.js';
import type { Context } from '../context.js';
import type { Origin, TlsFacts } from '../observer.js';
import { within } from '../timeout.js';
import type { OriginLink } from '../tls/origin_link.js';
import type { ProxyLink } from '../tls/proxy_link.js';
import type { TlsStream } from '../tls/tls_stream.js';
import { Activation } from './activation.js';
import { Conduit } from './conduit.js';
import { deliver } from './deliver.js';
import { handOver } from './hand_over.js';
import type { MainSession } from './main_session.js';
import { Observed } from './observation.js';
import { OpenLeg } from './open_leg.js';
import { Delivered, type Participation, type ParticipationParts } from './participation.js';
import { SessionFailure } from './session_failure.js';
import { SessionReceipts } from './session_receipts.js';
import { observable, SessionTickets } from './session_tickets.js';

export interface DelegationParts {
  context: Context;
  main: MainSession;
  proxy: ProxyLink;
  origins: OriginLink;
}

/** The content is bytes of some other protocol than HTTP. */
export interface ByteStreamWish {
  /** Protocols to offer (RFC 7301); none for most that are older than ALPN. */
  alpn: readonly string[];
  /** By which the origin turns to TLS; undefined for one that speaks TLS from the first byte on. */
  startTls?: StartTlsProtocol | undefined;
}

export interface DelegationWish {
  /** The origin is who it says; nothing of content was written yet. */
  onVerified?: () => void;
  signal?: CancelSignal | undefined;
  stream?: ByteStreamWish;
  /** Whether the session may be used before the proxy takes part in it. */
  goesAhead?: boolean;
}

/** Milliseconds for what the proxy says of a session that was closed here. */
const LAST_WORDS = 2000;

export class DelegatedSession implements Transport {
  readonly origin: Origin;
  readonly admission: Admission;
  readonly sessionId: SessionId;
  readonly tls: TlsFacts;
  readonly receipts: SessionReceipts;
  #isBusy: () => boolean = () => true;
  readonly #parts: DelegationParts;
  readonly #conduit: Conduit;
  readonly #tickets: SessionTickets;
  readonly #stopListening: () => void;
  #cancelExpiry: () => void = () => {};
  #cancelLastWords: () => void = () => {};
  /** From DELIVER on where the conduit is ordered, else from ACTIVE on. */
  #participation: Participation | undefined;
  readonly #leg: OpenLeg;
  #delivered = { sent: 0, owes: false };
  #isActive = false;
  readonly #activation: Activation;
  readonly #failure: SessionFailure;
  #closed = false;
  #finishing: Promise<void> | undefined;
  /** The proxy has said CLOSE or ERROR, or the grant is over and the session with it. */
  #over = false;

  private constructor(
    parts: DelegationParts,
    origin: Origin,
    admission: Admission,
    conduit: Conduit,
    tls: TlsFacts,
    tickets: SessionTickets,
  ) {
    this.#parts = parts;
    this.origin = origin;
    this.admission = admission;
    this.sessionId = conduit.sessionId;
    this.tls = tls;
    this.#conduit = conduit;
    this.#tickets = tickets;
    this.#leg = new OpenLeg(conduit.transport);
    this.receipts = new SessionReceipts(parts.context, origin, this.sessionId, (fault) =>
      this.#onReceiptFault(fault),
    );
    this.#failure = new SessionFailure(parts.context.platform);
    this.#activation = new Activation(this.#failure);
    this.#stopListening = parts.main.listen(this.sessionId, (message) => this.#onMessage(message));
  }

  /** `user` carries content over it from now on, and tells whether some is under way. */
  carry(user: { readonly busy: boolean }): void {
    this.#isBusy = () => user.busy;
  }

  /**
   * Opens a session with `origin` and admits the proxy to it. `requestId` is the TUNNEL that this answers, or 0. Throws
   * DeputyError; what was opened is then closed, and what was delivered is revoked.
   */
  static async open(
    parts: DelegationParts,
    origin: Origin,
    admission: Admission,
    requestId: number,
    { signal, stream, goesAhead = false, onVerified }: DelegationWish = {},
  ): Promise<DelegatedSession> {
    const { context, proxy, origins } = parts;
    const { grant } = admission;
    const { main } = parts;
    const conduit = await Conduit.open(context, proxy, origin, {
      delegable: true,
      startTls: stream?.startTls,
      main: context.conduits === 'streams' ? main : undefined,
      signal,
    });
    const tickets = new SessionTickets(parts, origin, conduit, admission);
    let inner: TlsStream | undefined;
    let session: DelegatedSession | undefined;
    try {
      const resumesShared = grant >= Grant.Resume;
      inner = await origins.open(origin, conduit.transport, {
        signal,
        tickets,
        resumesShared,
        alpn: stream?.alpn,
      });
      const tls = inner.facts();
      onVerified?.();
      context.observer.onStep?.({ step: 'origin-verified', origin, sessionId: conduit.sessionId, tls });
      requireGrant(grant, tls.version, origin.host, origin.port);
      session = new DelegatedSession(parts, origin, admission, conduit, tls, tickets);
      // WELCOME stands before the answer to CONNECT: no secret goes to a proxy that has not greeted.
      await within(context.platform, main.greeted, { signal });
      await session.#deliver(inner, requestId, stream !== undefined);
      const taking = session.#takePart(inner, signal);
      // In an ordered conduit the request may follow at once: the proxy holds it until it takes part.
      if (conduit.isOrdered && goesAhead && grant !== Grant.Observe) session.#goAhead(inner, taking);
      else session.#participation = await taking;
      return session;
    } catch (error) {
      session?.revoke('the session was given up');
      session?.close();
      inner?.abort();
      tickets.close();
      conduit.abort();
      throw error;
    }
  }

  /** The session is used before ACTIVE. */
  #goAhead(inner: TlsStream, taking: Promise<Participation>): void {
    this.#participation = new Delivered(this.#participationParts, this.#leg, taking);
    taking.then(
      (participation) => {
        this.#participation = participation;
      },
      ({ code, message }: DeputyError) => {
        this.#failure.note(code, message);
        this.revoke('the session was given up');
        this.abort();
        inner.abort();
      },
    );
  }

  /** False once either side has ended it. */
  get usable(): boolean {
    return !this.#closed && !this.#over;
  }

  /** Whether the proxy takes part; not so once its grant has been taken back and the session goes on without it. */
  get delegated(): boolean {
    return this.#participation?.shared ?? true;
  }

  /** Whether each answer had better be the last of its session: the keys of an old AEAD are released at its end alone. */
  get endsWithAnswer(): boolean {
    return this.delegated && this.#participation instanceof Observed && this.#participation.endsWithAnswer;
  }

  async read(): Promise<Uint8Array | undefined> {
    const { why } = this.#failure;
    if (this.#closed && why === undefined) return undefined;
    if (this.#closed) throw why!;
    const bytes = await this.#participation!.read().catch((error) => this.#explained(error));
    if (bytes === undefined && this.#failure.why !== undefined) throw this.#failure.why;
    return bytes;
  }

  async write(bytes: Uint8Array): Promise<void> {
    await this.#participation!.write(bytes).catch((error) => this.#explained(error));
  }

  /** The last byte was written; what the origin still sends is read. */
  async end(): Promise<void> {
    await this.#participation!.end?.().catch((error) => this.#explained(error));
  }

  close(): void {
    void this.finish();
  }

  /** An orderly end. Resolves when all is said that is due at the end. */
  finish(): Promise<void> {
    this.#closed = true;
    this.#finishing ??= this.#finish();
    return this.#finishing;
  }

  async #finish(): Promise<void> {
    this.#cancelExpiry();
    await this.#participation?.finish();
    const { sessionId } = this;
    const { context, main } = this.#parts;
    main.send({ type: FrameType.Close, sessionId, code: 'DONE', text: '' });
    this.#conduit.transport.close();
    if (this.#over || main.ended !== undefined) return this.#forget();
    // Tickets that the proxy has sent may still be under way: its CLOSE comes behind them.
    const cancel = context.platform.setTimer(LAST_WORDS, () => this.#forget());
    const forgetEnd = main.onEnded(() => this.#forget());
    this.#cancelLastWords = () => {
      cancel();
      forgetEnd();
    };
  }

  #forget(): void {
    this.#cancelLastWords();
    this.#stopListening();
    this.#tickets.close();
  }

  /** Closes at once, whatever is queued. */
  abort(): void {
    this.close();
    this.#conduit.abort();
  }

  /**
   * Takes the grant back: the proxy must forget what it got. True where the session goes on without it (observe, and an
   * epoch between two exchanges); else it is to be closed.
   */
  revoke(reason: string): boolean {
    if (this.#closed) return false;
    this.#cancelExpiry();
    if (this.#participation?.revoke(reason)) return true;
    this.#failure.note('REVOKED', `${reason}: the grant was taken back, and what was under way broke off`);
    if (this.#participation !== undefined) return false;
    const { sessionId } = this;
    this.#parts.main.send({ type: FrameType.Revoke, sessionId, reason, clientBytes: 0 });
    return false;
  }

  /** Resolves when the proxy or the origin ends an idle session. Bytes that come unasked end it too. */
  async ended(): Promise<void> {
    try {
      await this.read();
    } catch {
      // However it ended.
    }
    this.close();
  }

  async #deliver(inner: TlsStream, requestId: number, isStream: boolean): Promise<void> {
    const { context, main } = this.#parts;
    const { admission, origin, sessionId } = this;
    this.#delivered = await deliver({
      context,
      main,
      inner,
      admission,
      origin,
      sessionId,
      requestId,
      isStream,
    });
    this.#tickets.onDelivered(this.tls.version);
  }

  get #participationParts(): ParticipationParts {
    const { context, main } = this.#parts;
    return {
      context,
      main,
      sessionId: this.sessionId,
      isBusy: () => this.#isBusy(),
      failed: this.#failure.told,
    };
  }

  /** Waits for ACTIVE, and hands the session over. */
  async #takePart(inner: TlsStream, signal?: CancelSignal): Promise<Participation> {
    const { context, main } = this.#parts;
    const { admission, origin } = this;
    const { owes, sent } = this.#delivered;
    const active = await this.#activation.within(context, main, origin, signal);
    context.observer.onStep?.({ step: 'active', origin: this.origin, active });
    const participation = await this.#participate(inner, { owes, sent }, active, signal);
    if (admission.expires > 0) {
      const expire = () => this.#onExpired();
      this.#cancelExpiry = context.platform.setTimer(admission.expires * 1000, expire);
    }
    return participation;
  }

  async #participate(
    inner: TlsStream,
    { owes, sent }: { owes: boolean; sent: number },
    active: Active,
    signal: CancelSignal | undefined,
  ): Promise<Participation> {
    const parts = this.#participationParts;
    const { grant } = this.admission;
    const tls = this.tls;
    if (grant !== Grant.Observe) {
      const tickets = this.#tickets;
      const conduit = this.#conduit;
      const leg = this.#leg;
      return handOver(parts, { inner, sent, tls, grant, tickets, conduit, leg, signal }, active);
    }
    this.#tickets.onActive(tls.alpn, undefined);
    return new Observed(parts, inner, tls.version, owes);
  }

  #onMessage(message: Message): void {
    const { observer } = this.#parts.context;
    switch (message.type) {
      case FrameType.Active:
        if (this.admission.grant !== Grant.Observe && !this.#isActive) this.#conduit.hold();
        this.#isActive = true;
        this.#activation.onActive(message);
        break;
      case FrameType.Returned:
        observer.onStep?.({ step: 'returned', message });
        if (this.#isActive && this.admission.grant === Grant.Epoch) this.#conduit.hold();
        this.#participation?.onReturned(message);
        break;
      case FrameType.Receipt:
        this.receipts.add(message);
        break;
      case FrameType.CipherChanged:
        observer.onStep?.({ step: 'cipher-changed', message: observable(message) });
        this.#tickets.onCipherChanged(message);
        break;
      case FrameType.Error:
        observer.onStep?.({ step: 'session-error', message });
        this.#giveUp(
          message.code,
          `the proxy gave up the session with ${authority(this.origin.host, this.origin.port)}: ` +
            (message.text || message.code),
        );
        break;
      case FrameType.Close:
        this.#over = true;
        observer.onStep?.({ step: 'session-closed', message });
        this.#failure.reject(
          new DeputyError('SESSION_CLOSED', `the proxy closed the session: ${message.text || message.code}`),
        );
        break;
    }
    if (this.#closed && this.#over) this.#forget();
  }

  /** The proxy ends it too, by its own clock. */
  #onExpired(): void {
    const name = authority(this.origin.host, this.origin.port);
    if (this.revoke('the grant has expired')) return;
    this.#giveUp('GRANT_EXPIRED', `the grant for ${name} has expired: ask again for a new session`);
    this.close();
  }

  #onReceiptFault({ code, message }: DeputyError): void {
    if (this.revoke('the receipts do not fit')) return;
    this.#giveUp(code, message);
    this.close();
  }

  #giveUp(code: string, text: string): void {
    this.#over = true;
    this.#failure.reject(this.#failure.note(code, text));
  }

  #explained(error: unknown): Promise<never> {
    return this.#failure.explain(error, !this.#closed);
  }
}
