// One session with an origin, delegated: handshake through the conduit, delivery, the wait for ACTIVE, the hand-over.
import { DeputyError } from '../delegation/error.js';
import { FrameType } from '../delegation/frame.js';
import { Grant } from '../delegation/grant.js';
import type { Active, Message, Receipt } from '../delegation/message.js';
import { authority } from '../delegation/origin.js';
import { type Admission, requireGrant } from '../delegation/policy.js';
import type { SessionId } from '../delegation/session_id.js';
import type { CancelSignal, Transport } from '../platform/platform.js';
import { type Conduit, openConduit } from './conduit.js';
import type { Context } from './context.js';
import { deliver } from './deliver.js';
import type { MainSession } from './main_session.js';
import { Observed } from './observation.js';
import type { Origin, TlsFacts } from './observer.js';
import { OpenLeg } from './open_leg.js';
import type { OriginLink } from './origin_link.js';
import { Handed, Lent, type Participation, type ParticipationParts } from './participation.js';
import type { ProxyLink } from './proxy_link.js';
import { ReceiptCheck } from './receipt_check.js';
import { observable, SessionTickets } from './session_tickets.js';
import { within } from './timeout.js';
import type { TlsStream } from './tls_stream.js';

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
}

/** Milliseconds that a broken leg waits for the ERROR frame that explains it: it travels on another connection. */
const EXPLANATION_WAIT = 300;
/** Milliseconds for what the proxy says of a session that was closed here. */
const LAST_WORDS = 2000;
/** The newest; a session may serve for long. */
const RECEIPTS_KEPT = 256;

export class DelegatedSession implements Transport {
  readonly origin: Origin;
  readonly admission: Admission;
  readonly sessionId: SessionId;
  readonly tls: TlsFacts;
  /** What the proxy says that it did, in order. */
  readonly receipts: Receipt[] = [];
  readonly receiptCheck: ReceiptCheck;
  /** What does not fit in them. */
  receiptFault: DeputyError | undefined;
  /** Whether content is under way: told by who uses the session. */
  isBusy: () => boolean = () => true;
  readonly #parts: DelegationParts;
  readonly #conduit: Conduit;
  readonly #tickets: SessionTickets;
  readonly #stopListening: () => void;
  #cancelExpiry: () => void = () => {};
  #cancelLastWords: () => void = () => {};
  /** From ACTIVE on. */
  #participation: Participation | undefined;
  #active: ((active: Active) => void) | undefined;
  #fail: (error: DeputyError) => void = () => {};
  readonly #failed: Promise<never>;
  /** Why the proxy ended the session, where it said so. */
  #failure: DeputyError | undefined;
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
    this.sessionId = conduit.sessionId!;
    this.tls = tls;
    this.#conduit = conduit;
    this.#tickets = tickets;
    this.receiptCheck = new ReceiptCheck(parts.context.platform, (reason) => this.#onReceiptFault(reason));
    this.#failed = new Promise((_, reject) => {
      this.#fail = reject;
    });
    this.#failed.catch(() => {});
    this.#stopListening = parts.main.listen(this.sessionId, (message) => this.#onMessage(message));
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
    { signal, stream }: { signal?: CancelSignal | undefined; stream?: ByteStreamWish } = {},
  ): Promise<DelegatedSession> {
    const { context, proxy, origins } = parts;
    const { grant } = admission;
    const conduit = await openConduit(context, proxy, origin, true, signal);
    const tickets = new SessionTickets(parts, origin, conduit.sessionId!, admission);
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
      context.observer.onStep?.({ step: 'origin-verified', origin, sessionId: conduit.sessionId, tls });
      requireGrant(grant, tls.version, origin.host, origin.port);
      session = new DelegatedSession(parts, origin, admission, conduit, tls, tickets);
      await session.#delegate(inner, requestId, stream !== undefined, signal);
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
    if (this.#closed && this.#failure === undefined) return undefined;
    if (this.#closed) throw this.#failure!;
    const bytes = await this.#participation!.read().catch((error) => this.#explained(error));
    if (bytes === undefined && this.#failure !== undefined) throw this.#failure;
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
    this.#failure ??= new DeputyError(
      'REVOKED',
      `${reason}: the grant was taken back, and what was under way broke off`,
    );
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

  async #delegate(
    inner: TlsStream,
    requestId: number,
    isStream: boolean,
    signal?: CancelSignal,
  ): Promise<void> {
    const { context, main } = this.#parts;
    const activated = new Promise<Active>((resolve) => {
      this.#active = resolve;
    });
    const { admission, origin, sessionId } = this;
    const { owes, sent } = deliver({
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
    const { active: patience } = context.timeouts;
    const name = authority(this.origin.host, this.origin.port);
    // Taken back below: the main session outlives this one by many.
    const forgetEnd = main.onEnded(this.#fail);
    const active = await within(context.platform, Promise.race([activated, this.#failed]), {
      milliseconds: patience,
      error: () =>
        new DeputyError(
          'NOT_ACTIVATED',
          `the proxy did not take over the session with ${name} within ${patience} ms; ` +
            'try again, or allow undelegated requests by policy',
        ),
      signal,
    }).finally(forgetEnd);
    context.observer.onStep?.({ step: 'active', origin: this.origin, active });
    const parts: ParticipationParts = {
      context,
      main,
      sessionId,
      isBusy: () => this.isBusy(),
      failed: this.#failed,
    };
    if (admission.grant === Grant.Observe) {
      this.#participation = new Observed(parts, inner, this.tls.version, owes);
      this.#tickets.onActive(this.tls.alpn, undefined);
    } else {
      checkCount(active.clientRecords, sent);
      this.#participation = await this.#handOver(parts, inner, active.originRecords, signal);
    }
    if (admission.expires === 0) return;
    const expire = () => this.#onExpired();
    this.#cancelExpiry = context.platform.setTimer(admission.expires * 1000, expire);
  }

  /**
   * The records that the proxy relayed before the change go through the device's engine; all that follows is the open
   * leg. Both ends counted, so nobody guesses.
   */
  async #handOver(
    parts: ParticipationParts,
    inner: TlsStream,
    originRecords: number,
    signal?: CancelSignal,
  ): Promise<Participation> {
    const { context } = this.#parts;
    const received = inner.connection.records().received;
    if (received > originRecords) {
      throw new DeputyError(
        'HANDOVER_MISMATCH',
        `the proxy says that ${originRecords} records came before the change, but ${received} did`,
      );
    }
    const early = await within(context.platform, inner.receiveRecords(originRecords), {
      milliseconds: context.timeouts.active,
      error: () => new DeputyError('HANDOVER_MISMATCH', 'the last records before the change never came'),
      signal,
    });
    const { transport } = this.#conduit;
    const { alpn, version } = this.tls;
    if (this.admission.grant === Grant.Epoch) {
      this.#tickets.onActive(alpn, { connection: inner.connection, isOwned: false });
      return new Lent(parts, new OpenLeg(transport, early, inner.suspend()), inner);
    }
    // Only TLS 1.3 brings tickets after the handshake.
    if (version < 0x0304) {
      this.#tickets.onActive(alpn, undefined);
      return new Handed(parts, new OpenLeg(transport, early, inner.release()));
    }
    const { unread, connection } = inner.retire();
    this.#tickets.onActive(alpn, { connection, isOwned: true });
    return new Handed(parts, new OpenLeg(transport, early, unread));
  }

  #onMessage(message: Message): void {
    const { observer } = this.#parts.context;
    switch (message.type) {
      case FrameType.Active:
        this.#active?.(message);
        break;
      case FrameType.Returned:
        observer.onStep?.({ step: 'returned', message });
        this.#participation?.onReturned(message);
        break;
      case FrameType.Receipt:
        if (this.receipts.push(message) > RECEIPTS_KEPT) this.receipts.shift();
        observer.onStep?.({ step: 'receipt', message });
        this.receiptCheck.onReceipt(message);
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
        this.#fail(
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

  #onReceiptFault(reason: string): void {
    const name = authority(this.origin.host, this.origin.port);
    this.receiptFault ??= new DeputyError(
      'RECEIPT_MISMATCH',
      `the proxy's receipts for ${name} do not fit: ${reason}; trust it no more with this origin`,
    );
    this.#parts.context.observer.onStep?.({
      step: 'receipt-fault',
      origin: this.origin,
      sessionId: this.sessionId,
      reason,
    });
    if (this.revoke('the receipts do not fit')) return;
    this.#giveUp(this.receiptFault.code, this.receiptFault.message);
    this.close();
  }

  #giveUp(code: string, text: string): void {
    this.#over = true;
    this.#failure ??= new DeputyError(code, text);
    this.#fail(this.#failure);
  }

  /** Rethrows `error`, or what the proxy says about it. */
  async #explained(error: unknown): Promise<never> {
    const explained = new Promise<void>((resolve) => {
      const cancel = this.#parts.context.platform.setTimer(EXPLANATION_WAIT, resolve);
      this.#failed.catch(() => {
        cancel();
        resolve();
      });
    });
    if (!this.#closed) await explained;
    throw this.#failure ?? error;
  }
}

function checkCount(relayed: number, sent: number): void {
  if (relayed === sent) return;
  throw new DeputyError(
    'HANDOVER_MISMATCH',
    `the proxy took over after ${relayed} records of ours, not ${sent}`,
  );
}
