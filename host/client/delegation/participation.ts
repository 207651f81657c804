// How the content of a delegated session travels while the proxy takes part in it, and what becomes of the session when
// the grant ends: one class a kind of grant.
import { DeputyError } from '../../delegation/error.js';
import { FrameType } from '../../delegation/frame.js';
import type { Returned } from '../../delegation/message.js';
import type { SessionId } from '../../delegation/session_id.js';
import type { Transport } from '../../platform/platform.js';
import type { Context } from '../context.js';
import { within } from '../timeout.js';
import type { TlsStream } from '../tls/tls_stream.js';
import type { Conduit } from './conduit.js';
import type { MainSession } from './main_session.js';
import type { OpenLeg } from './open_leg.js';
import type { SessionTickets } from './session_tickets.js';

export interface Participation extends Transport {
  /** Whether the proxy takes part now. */
  readonly shared: boolean;
  /** Takes the grant back. True where the session goes on without the proxy; false where it has to be closed. */
  revoke(reason: string): boolean;
  /** The proxy has stopped. */
  onReturned(message: Returned): void;
  /** An orderly end. Resolves when nothing more is to be said; never rejects. */
  finish(): Promise<void>;
}

export interface ParticipationParts {
  context: Context;
  main: MainSession;
  sessionId: SessionId;
  /** Whether content is under way. */
  isBusy: () => boolean;
  /** Rejects when the proxy has given the session up, or closed it. */
  failed: Promise<never>;
}

/** Until ACTIVE, where the request goes ahead: what is written waits at the proxy. */
export class Delivered implements Participation {
  readonly shared = true;

  constructor(
    private readonly parts: ParticipationParts,
    private readonly leg: OpenLeg,
    private readonly taking: Promise<Participation>,
  ) {}

  async read(): Promise<Uint8Array | undefined> {
    return (await this.taking).read();
  }

  write(bytes: Uint8Array): Promise<void> {
    return this.leg.write(bytes);
  }

  revoke(reason: string): boolean {
    sendRevoke(this.parts, reason, this.leg.sent);
    return false;
  }

  onReturned(message: Returned): void {
    void this.taking.then(
      (participation) => participation.onReturned(message),
      () => {},
    );
  }

  end(): Promise<void> {
    return this.leg.end();
  }

  close(): void {
    this.leg.close();
  }

  async finish(): Promise<void> {
    this.close();
  }
}

/** session, resume, full: the session is the proxy's from the hand-over to its end. */
export class Handed implements Participation {
  readonly shared = true;

  constructor(
    private readonly parts: ParticipationParts,
    private readonly leg: OpenLeg,
  ) {}

  read(): Promise<Uint8Array | undefined> {
    return this.leg.read();
  }

  write(bytes: Uint8Array): Promise<void> {
    return this.leg.write(bytes);
  }

  revoke(reason: string): boolean {
    sendRevoke(this.parts, reason, this.leg.sent);
    return false;
  }

  onReturned(): void {}

  end(): Promise<void> {
    return this.leg.end();
  }

  close(): void {
    this.leg.close();
  }

  async finish(): Promise<void> {
    this.close();
  }
}

/** epoch: the session comes back whenever the client wants it, or the proxy can't go on. */
export class SharedEpoch implements Participation {
  shared = true;
  #leg: Transport;
  /** While the session comes back. Rejects where it does not. */
  #returning: Promise<void> | undefined;
  #onReturned: ((message: Returned) => void) | undefined;

  constructor(
    private readonly parts: ParticipationParts,
    private readonly open: OpenLeg,
    private readonly inner: TlsStream,
    private readonly conduit: Pick<Conduit, 'pass'>,
    private readonly tickets: Pick<SessionTickets, 'adopt'>,
  ) {
    this.#leg = open;
  }

  async read(): Promise<Uint8Array | undefined> {
    await this.#returning;
    return this.#leg.read();
  }

  async write(bytes: Uint8Array): Promise<void> {
    await this.#returning;
    return this.#leg.write(bytes);
  }

  revoke(reason: string): boolean {
    if (this.shared) this.#begin(reason, 'REVOKED');
    return !this.parts.isBusy();
  }

  onReturned(message: Returned): void {
    if (this.#onReturned !== undefined) this.#onReturned(message);
    else if (this.shared) this.#begin('the session comes back', message.code, message);
  }

  async end(): Promise<void> {
    await this.#returning;
    await this.#leg.end?.();
  }

  close(): void {
    this.#leg.close();
    // It never came back: its keys are of no more use, and tickets that are still under way need none of them.
    if (this.#returning !== undefined || this.inner.closed) return;
    try {
      this.tickets.adopt(this.inner.retire().connection);
    } catch {
      // The engine has given it up before.
      this.inner.abort();
    }
  }

  async finish(): Promise<void> {
    await this.#returning?.catch(() => {});
    this.close();
  }

  /** What was under way breaks off with `code`; what comes next is the device's own. */
  #begin(reason: string, code: string, returned?: Returned): void {
    this.shared = false;
    const text = code === 'KEY_UPDATE' ? 'the origin changed its keys' : 'the proxy takes part no more';
    this.open.stop(new DeputyError(code, `this answer broke off: ${text}; ask again`));
    const wasBusy = this.parts.isBusy();
    if (wasBusy) void this.open.drain().catch(() => {});
    this.#returning = this.#takeBack(reason, returned);
    this.#returning.then(
      () => wasBusy && this.inner.close(),
      () => this.inner.abort(),
    );
  }

  async #takeBack(reason: string, unasked: Returned | undefined): Promise<void> {
    const { context } = this.parts;
    const answer = new Promise<Returned>((resolve) => {
      this.#onReturned = resolve;
      if (unasked !== undefined) resolve(unasked);
    });
    sendRevoke(this.parts, reason, this.open.sent);
    const milliseconds = context.timeouts.active;
    const error = () =>
      new DeputyError('NOT_RETURNED', 'the proxy did not give the session back: it was closed');
    const { clientRecords, originRecords, originBytes } = await within(
      context.platform,
      Promise.race([answer, this.parts.failed]),
      {
        milliseconds,
        error,
      },
    );
    const unread = await within(context.platform, this.open.endAt(originBytes), { milliseconds, error });
    if (!this.conduit.pass()) {
      throw new DeputyError(
        'HANDOVER_MISMATCH',
        'the content does not end where the proxy gave the session back',
      );
    }
    await this.inner.takeBack(clientRecords, originRecords, unread);
    this.#leg = this.inner;
  }
}

export function sendRevoke({ main, sessionId }: ParticipationParts, reason: string, clientBytes = 0): void {
  main.send({ type: FrameType.Revoke, sessionId, reason, clientBytes });
}
