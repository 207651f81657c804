// One session with an origin, delegated: handshake through the conduit, delivery, the wait for ACTIVE, the hand-over.
import { Leg } from '../delegation/delivery.js';
import { DeputyError } from '../delegation/error.js';
import { FrameType } from '../delegation/frame.js';
import { Grant } from '../delegation/grant.js';
import type { Active, Deliver, Message, Receipt } from '../delegation/message.js';
import { authority } from '../delegation/origin.js';
import { requireGrant } from '../delegation/policy.js';
import type { SessionId } from '../delegation/session_id.js';
import type { CancelSignal, Transport } from '../platform/platform.js';
import { type Conduit, openConduit } from './conduit.js';
import type { Context } from './context.js';
import { deliveryFacts } from './delivery_facts.js';
import type { MainSession } from './main_session.js';
import type { Origin, TlsFacts } from './observer.js';
import type { OriginLink } from './origin_link.js';
import type { ProxyLink } from './proxy_link.js';
import { within } from './timeout.js';
import { tlsFailure } from './tls_failure.js';
import type { TlsStream } from './tls_stream.js';

export interface DelegationParts {
  context: Context;
  main: MainSession;
  proxy: ProxyLink;
  origins: OriginLink;
}

/** Milliseconds that a broken leg waits for the ERROR frame that explains it: it travels on another connection. */
const EXPLANATION_WAIT = 300;
/** The newest; a session may serve for long. */
const RECEIPTS_KEPT = 256;

export class DelegatedSession implements Transport {
  readonly origin: Origin;
  readonly grant: Grant;
  readonly sessionId: SessionId;
  readonly tls: TlsFacts;
  /** What the proxy says that it did, in order. */
  readonly receipts: Receipt[] = [];
  readonly #parts: DelegationParts;
  readonly #conduit: Conduit;
  readonly #stopListening: () => void;
  #active: ((active: Active) => void) | undefined;
  #fail: (error: DeputyError) => void = () => {};
  readonly #failed: Promise<never>;
  /** Why the proxy ended the session, where it said so. */
  #failure: DeputyError | undefined;
  /** Came before the hand-over, or was read together with it. */
  #early: Uint8Array[] = [];
  #closed = false;
  /** The proxy has said CLOSE or ERROR. */
  #over = false;

  private constructor(parts: DelegationParts, origin: Origin, grant: Grant, conduit: Conduit, tls: TlsFacts) {
    this.#parts = parts;
    this.origin = origin;
    this.grant = grant;
    this.sessionId = conduit.sessionId!;
    this.tls = tls;
    this.#conduit = conduit;
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
    grant: Grant,
    requestId: number,
    signal?: CancelSignal,
  ): Promise<DelegatedSession> {
    const { context, proxy, origins } = parts;
    const conduit = await openConduit(context, proxy, origin, true, signal);
    let inner: TlsStream | undefined;
    let session: DelegatedSession | undefined;
    try {
      inner = await origins.open(origin, conduit.transport, signal);
      const tls = inner.facts();
      context.observer.onStep?.({ step: 'origin-verified', origin, sessionId: conduit.sessionId, tls });
      requireGrant(grant, tls.version, origin.host, origin.port);
      session = new DelegatedSession(parts, origin, grant, conduit, tls);
      await session.#delegate(inner, requestId, signal);
      return session;
    } catch (error) {
      session?.revoke('the session was given up');
      inner?.abort();
      conduit.abort();
      throw error;
    }
  }

  /** False once either side has ended it. */
  get usable(): boolean {
    return !this.#closed && !this.#over;
  }

  async read(): Promise<Uint8Array | undefined> {
    const early = this.#early.shift();
    if (early !== undefined) return early;
    if (this.#closed) return undefined;
    const bytes = await this.#conduit.transport.read().catch((error) => this.#explained(error));
    if (bytes === undefined && this.#failure !== undefined) throw this.#failure;
    return bytes;
  }

  async write(bytes: Uint8Array): Promise<void> {
    await this.#conduit.transport.write(bytes).catch((error) => this.#explained(error));
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#stopListening();
    const { sessionId } = this;
    this.#parts.main.send({ type: FrameType.Close, sessionId, code: 'DONE', text: '' });
    this.#conduit.transport.close();
  }

  /** Closes at once, whatever is queued. */
  abort(): void {
    this.close();
    this.#conduit.abort();
  }

  /** Takes the grant back: the proxy must forget the secret and end the session. */
  revoke(reason: string): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#stopListening();
    this.#parts.main.send({ type: FrameType.Revoke, sessionId: this.sessionId, reason });
    this.#conduit.transport.close();
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

  async #delegate(inner: TlsStream, requestId: number, signal?: CancelSignal): Promise<void> {
    const { context, main } = this.#parts;
    const activated = new Promise<Active>((resolve) => {
      this.#active = resolve;
    });
    const clientRecords = this.#deliver(inner, requestId);
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
    if (active.clientRecords !== clientRecords) {
      throw new DeputyError(
        'HANDOVER_MISMATCH',
        `the proxy took over after ${active.clientRecords} records of ours, not ${clientRecords}`,
      );
    }
    await this.#handOver(inner, active.originRecords, signal);
  }

  /** Takes the secret out of the engine and sends it. From here on the device seals nothing for the origin. */
  #deliver(inner: TlsStream, requestId: number): number {
    const { context, main, origins } = this.#parts;
    const { connection } = inner;
    const info = connection.info();
    const secrets = this.#secrets(inner);
    const records = connection.records();
    const message: Deliver = {
      type: FrameType.Deliver,
      sessionId: this.sessionId,
      protocolVersion: info.version,
      cipherSuite: info.cipherSuite,
      grant: this.grant,
      extendedMasterSecret: info.extendedMasterSecret,
      leg: Leg.Open,
      clientRandom: info.clientRandom,
      serverRandom: info.serverRandom,
      certificateHash: info.certificateHash,
      sni: this.origin.host,
      alpn: info.alpn,
      clientEpochStart: records.clientEpochStart,
      originEpochStart: records.originEpochStart,
      clientRecords: records.sent,
      requestId,
      secrets,
      binding: main.binding(this.sessionId, info.clientRandom),
    };
    try {
      // RFC 5246's master secret makes whoever has it a party to every session resumed from this one.
      if (info.version < 0x0304 && this.grant >= Grant.Resume) origins.forgetTickets(this.origin, inner);
      main.send(message);
      const delivery = deliveryFacts(message);
      context.observer.onStep?.({ step: 'delivered', origin: this.origin, grant: this.grant, delivery });
    } finally {
      secrets.fill(0);
    }
    return records.sent;
  }

  #secrets({ connection, link }: TlsStream): Uint8Array {
    try {
      return connection.deliver(this.grant);
    } catch (error) {
      throw tlsFailure(error, link);
    }
  }

  /**
   * The records that the proxy relayed before the change go through the device's engine; all that follows is the open
   * leg. Both ends counted, so nobody guesses.
   */
  async #handOver(inner: TlsStream, originRecords: number, signal?: CancelSignal): Promise<void> {
    const { context } = this.#parts;
    const received = inner.connection.records().received;
    if (received > originRecords) {
      throw new DeputyError(
        'HANDOVER_MISMATCH',
        `the proxy says that ${originRecords} records came before the change, but ${received} did`,
      );
    }
    this.#early = await within(context.platform, inner.receiveRecords(originRecords), {
      milliseconds: context.timeouts.active,
      error: () => new DeputyError('HANDOVER_MISMATCH', 'the last records before the change never came'),
      signal,
    });
    const { unread } = inner.release();
    if (unread.length > 0) this.#early.push(unread);
  }

  #onMessage(message: Message): void {
    const { observer } = this.#parts.context;
    switch (message.type) {
      case FrameType.Active:
        this.#active?.(message);
        break;
      case FrameType.Receipt:
        if (this.receipts.push(message) > RECEIPTS_KEPT) this.receipts.shift();
        observer.onStep?.({ step: 'receipt', message });
        break;
      case FrameType.CipherChanged:
        observer.onStep?.({ step: 'cipher-changed', message });
        break;
      case FrameType.Error:
        this.#over = true;
        observer.onStep?.({ step: 'session-error', message });
        this.#failure ??= new DeputyError(
          message.code,
          `the proxy gave up the session with ${authority(this.origin.host, this.origin.port)}: ` +
            (message.text || message.code),
        );
        this.#fail(this.#failure);
        break;
      case FrameType.Close:
        this.#over = true;
        observer.onStep?.({ step: 'session-closed', message });
        this.#fail(
          new DeputyError('SESSION_CLOSED', `the proxy closed the session: ${message.text || message.code}`),
        );
        break;
    }
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
