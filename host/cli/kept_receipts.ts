// What the proxy says that it did: waited for, and with `--receipts FILE` kept as a witness to its audit log.
import { appendFileSync } from 'node:fs';
import type { Observer, Step } from '../client/observer.js';
import type { Receipt } from '../delegation/message.js';
import { authority } from '../delegation/origin.js';
import type { SessionId } from '../delegation/session_id.js';
import { toHex } from '../delegation/text.js';
import type { KeptReceipt } from '../services/audit/receipts.js';

/** Milliseconds to wait for receipts that are still to come: they travel on another connection than the content. */
const PATIENCE = 2000;

export class ReceiptKeeper implements Observer {
  readonly #origins = new Map<SessionId, string>();
  readonly #kept: KeptReceipt[] = [];
  /** Responses by session that have no receipt yet. */
  #owed = 0;
  #faulty = false;
  #wake: () => void = () => {};
  readonly #delegated = new Set<string>();

  constructor(
    private readonly proxy: string,
    private readonly next: Observer | undefined,
  ) {}

  onStep(step: Step): void {
    this.next?.onStep?.(step);
    switch (step.step) {
      case 'active':
        this.#delegated.add(nameOf(step.origin));
        this.#origins.set(step.active.sessionId, nameOf(step.origin));
        break;
      case 'response':
        if (this.#delegated.has(nameOf(step.origin))) this.#owed++;
        break;
      case 'receipt':
        this.#kept.push(this.#toKeep(step.message));
        this.#owed--;
        this.#wake();
        break;
      case 'receipt-fault':
        this.#faulty = true;
        this.#wake();
        break;
    }
  }

  onWire: NonNullable<Observer['onWire']> = (...event) => this.next?.onWire?.(...event);

  /** Resolves once all receipts have come that are due, or one doesn't fit, or patience is at its end. */
  async settled(): Promise<void> {
    if (this.#owed <= 0 || this.#faulty) return;
    await new Promise<void>((resolve) => {
      const patience = setTimeout(resolve, PATIENCE);
      this.#wake = () => {
        if (this.#owed > 0 && !this.#faulty) return;
        clearTimeout(patience);
        resolve();
      };
    });
  }

  /** Adds the receipts to `file`. */
  write(file: string): void {
    appendFileSync(file, this.#kept.map((receipt) => `${JSON.stringify(receipt)}\n`).join(''), {
      mode: 0o600,
    });
  }

  #toKeep({ sessionId, response, status, bytesBefore, bytesAfter, services, ...rest }: Receipt): KeptReceipt {
    return {
      proxy: this.proxy,
      origin: this.#origins.get(sessionId) ?? '',
      session: sessionId,
      response,
      status,
      bytesBefore,
      bytesAfter,
      services: [...services],
      verified: rest.verified,
      hash: toHex(rest.hash),
      log: toHex(rest.log),
      entry: rest.entry,
      head: toHex(rest.head),
    };
  }
}

const nameOf = ({ host, port }: { host: string; port: number }) => authority(host, port);
