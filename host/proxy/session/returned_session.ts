// A session that its client took back (grant `epoch`): its record layers are wiped, and what follows is relayed blindly.
import { SessionError } from '../error.js';
import type { ActiveSession } from './active_session.js';
import type { Carriage } from './carriage.js';
import type { Delivered } from './delivered.js';
import { type EpochCounts, type EpochLeg, giveBack, stopEpochLeg } from './epoch_leg.js';
import type { Activation } from './record_layers.js';
import type { SessionOptions } from './session_options.js';

export class ReturnedSession {
  readonly state = 'returned';
  readonly delivered: Delivered;
  /** Of the exchanges until then. */
  readonly carriage: Carriage;
  /** What the client must know to go on by itself. */
  readonly counts: EpochCounts;
  readonly #layers: Activation;
  #onTaken: (clientBytes: number) => void = () => {};
  readonly #taken = new Promise<number>((resolve) => {
    this.#onTaken = resolve;
  });

  /** The active session stops. */
  constructor(
    active: ActiveSession,
    private readonly leg: EpochLeg,
  ) {
    this.#layers = active.layers;
    this.delivered = active.delivered;
    this.carriage = active.carriage;
    const why = new SessionError('REVOKED', 'the session went back to the client');
    this.counts = stopEpochLeg(leg, active.layers.origin, active.layers.relay, why);
    active.stop();
  }

  /** The client goes on by itself: it wrote `clientBytes` bytes of content in all. */
  take(clientBytes: number): void {
    this.#onTaken(clientBytes);
  }

  /** Relays what follows, until both sides have ended. Rejects with SessionError. */
  relay({ client, origin, settings }: SessionOptions): Promise<void> {
    const { relay, origin: records } = this.#layers;
    const { leg } = this;
    const unused = () => records.unused;
    return giveBack(this.#taken, settings.limits.deliveryTimeout, { relay, client, origin, leg, unused });
  }

  close(): void {
    this.#layers.relay.clear();
  }
}
