// Where a client's subscriptions are taken and reported on: between its main session and the service that keeps them.
import { DeputyError } from '../../delegation/error.js';
import { FrameType } from '../../delegation/frame.js';
import type { Message } from '../../delegation/message.js';
import type { SessionId } from '../../delegation/session_id.js';
import type { Service, Subscription } from '../../services/service.js';

export class SubscriptionDesk {
  readonly #service: Service | undefined;

  constructor(
    services: readonly Service[],
    private readonly client: () => string,
    private readonly send: (message: Message) => void,
  ) {
    this.#service = services.find(({ subscribe }) => subscribe !== undefined);
  }

  /** `subscription` is undefined where nothing was granted. The client gets its state, or why it is refused. */
  begin(sessionId: SessionId, subscription: Subscription | undefined): void {
    try {
      if (this.#service === undefined) {
        throw new DeputyError('NO_PREFETCH', 'this proxy keeps no subscriptions');
      }
      if (subscription === undefined) {
        throw new DeputyError(
          'NOTHING_GRANTED',
          'no resumption of this session was granted: grant resume, with as many uses as there are rounds',
        );
      }
      this.#service.subscribe!(subscription);
      this.report();
    } catch (error) {
      subscription?.end();
      const { code, message: text } =
        error instanceof DeputyError ? error : new DeputyError('PREFETCH_FAILED', 'the service failed');
      this.send({ type: FrameType.Subscribed, sessionId, code, text, next: 0, left: 0 });
    }
  }

  end(sessionId: SessionId): void {
    this.#service?.unsubscribe?.(this.client(), sessionId);
  }

  /** Tells the client, which is there, what was done while it was not. */
  report(): void {
    for (const { id, receipts, code, text, next, left } of this.#service?.reports?.(this.client()) ?? []) {
      for (const { number, mark, ...receipt } of receipts) {
        this.send({
          type: FrameType.Receipt,
          sessionId: id,
          response: number,
          status: receipt.status,
          verified: receipt.verified,
          bytesBefore: receipt.bytesBefore,
          bytesAfter: receipt.bytesAfter,
          services: receipt.services,
          hash: receipt.hash,
          log: mark?.log ?? new Uint8Array(16),
          entry: mark?.entry ?? 0,
          head: mark?.head ?? new Uint8Array(32),
        });
      }
      this.send({ type: FrameType.Subscribed, sessionId: id, code, text, next, left });
    }
  }
}
