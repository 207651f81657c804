// The client's side of subscriptions (R25): asks for them on a main session, and keeps what the proxy reports.
import { DeputyError } from '../../delegation/error.js';
import { FrameType } from '../../delegation/frame.js';
import type { Message, Receipt, Subscribed } from '../../delegation/message.js';
import type { SessionId } from '../../delegation/session_id.js';
import type { DailyWindow, SubscriptionState, SubscriptionWish } from '../../delegation/subscription.js';
import type { Platform } from '../../platform/platform.js';
import { within } from '../timeout.js';

export interface SubscribeOptions {
  /** Seconds from one round to the next. */
  every: number;
  /** When rounds may begin, UTC. Any time unless told. */
  window?: DailyWindow;
  /** Beside what every request of this client carries. */
  headers?: readonly (readonly [name: string, value: string])[];
}

/** How a subscription stands, with what was fetched since the last report. `code` is empty while it lasts. */
export interface SubscriptionStatus extends SubscriptionState {
  id: SessionId;
  /** Numbered on from visit to visit: one an address and round, in the order of the addresses. */
  receipts: readonly Receipt[];
}

/** Receipts of subscriptions that are kept for a report, and reports that nobody asked for. */
const RECEIPTS_LIMIT = 1024;
const REPORTS_LIMIT = 64;
/** Milliseconds between two looks for the origin's ticket, which comes on another way than its answer. */
const TICKET_WAIT = 100;
const TICKET_TRIES = 30;

export interface SubscriptionLink {
  platform: Pick<Platform, 'setTimer'>;
  send: (message: Message) => void;
  /** For the proxy's answer. */
  milliseconds: number;
}

export class Subscriptions {
  #receipts: Receipt[] = [];
  readonly #reports = new Map<SessionId, SubscriptionStatus>();
  readonly #waiting = new Map<SessionId, (status: SubscriptionStatus) => void>();

  constructor(private readonly link: SubscriptionLink) {}

  /** What the proxy has reported on this main session. */
  get reports(): SubscriptionStatus[] {
    return [...this.#reports.values()];
  }

  /** A receipt of no session that is open. */
  onReceipt(receipt: Receipt): void {
    if (this.#receipts.length < RECEIPTS_LIMIT) this.#receipts.push(receipt);
  }

  onSubscribed({ type: _, sessionId, ...state }: Subscribed): void {
    const receipts = this.#receipts.filter((receipt) => receipt.sessionId === sessionId);
    this.#receipts = this.#receipts.filter((receipt) => receipt.sessionId !== sessionId);
    const before = this.#reports.get(sessionId)?.receipts ?? [];
    const status = { ...state, id: sessionId, receipts: [...before, ...receipts] };
    if (this.#reports.size < REPORTS_LIMIT || this.#reports.has(sessionId))
      this.#reports.set(sessionId, status);
    this.#waiting.get(sessionId)?.(status);
  }

  /** Subscribes over what resumes this session. Throws DeputyError with the proxy's reason, or NO_ANSWER. */
  async begin(sessionId: SessionId, wish: SubscriptionWish): Promise<SubscriptionStatus> {
    for (let tries = 1; ; tries++) {
      const status = await this.#ask(sessionId, wish);
      if (status.code === '') return status;
      this.#reports.delete(sessionId);
      if (status.code !== 'NOTHING_GRANTED' || tries === TICKET_TRIES) {
        throw new DeputyError(status.code, `the proxy does not subscribe: ${status.text || status.code}`);
      }
      await new Promise<void>((resolve) => {
        this.link.platform.setTimer(TICKET_WAIT, resolve);
      });
    }
  }

  end(sessionId: SessionId, reason: string): void {
    this.link.send({ type: FrameType.Revoke, sessionId, reason, clientBytes: 0 });
    this.#reports.delete(sessionId);
  }

  async #ask(sessionId: SessionId, wish: SubscriptionWish): Promise<SubscriptionStatus> {
    const { platform, send, milliseconds } = this.link;
    const answer = new Promise<SubscriptionStatus>((resolve) => this.#waiting.set(sessionId, resolve));
    send({ type: FrameType.Subscribe, sessionId, wish });
    try {
      return await within(platform, answer, {
        milliseconds,
        error: () =>
          new DeputyError('NO_ANSWER', `the proxy did not answer SUBSCRIBE within ${milliseconds} ms`),
      });
    } finally {
      this.#waiting.delete(sessionId);
    }
  }
}
