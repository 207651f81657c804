// What the proxy says that it did on one session, and whether that fits.
import { DeputyError } from '../../delegation/error.js';
import type { Receipt } from '../../delegation/message.js';
import { authority } from '../../delegation/origin.js';
import type { SessionId } from '../../delegation/session_id.js';
import type { Context } from '../context.js';
import type { Origin } from '../observer.js';
import { ReceiptCheck } from './receipt_check.js';

/** The newest; a session may serve for long. */
const KEPT = 256;

export class SessionReceipts {
  /** In order. */
  readonly kept: Receipt[] = [];
  readonly check: ReceiptCheck;
  /** What does not fit in them. */
  fault: DeputyError | undefined;

  constructor(
    private readonly context: Context,
    private readonly origin: Origin,
    private readonly sessionId: SessionId,
    private readonly onFault: (fault: DeputyError) => void,
  ) {
    this.check = new ReceiptCheck(context.platform, (reason) => this.#onFault(reason));
  }

  add(receipt: Receipt): void {
    if (this.kept.push(receipt) > KEPT) this.kept.shift();
    this.context.observer.onStep?.({ step: 'receipt', message: receipt });
    this.check.onReceipt(receipt);
  }

  #onFault(reason: string): void {
    const { origin, sessionId } = this;
    const name = authority(origin.host, origin.port);
    this.fault ??= new DeputyError(
      'RECEIPT_MISMATCH',
      `the proxy's receipts for ${name} do not fit: ${reason}; trust it no more with this origin`,
    );
    this.context.observer.onStep?.({ step: 'receipt-fault', origin, sessionId, reason });
    this.onFault(this.fault);
  }
}
