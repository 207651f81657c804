// A session that stays its client's own: a relay, and an observation that reads along.
import type { Delivered } from './delivered.js';
import { Expiry } from './expiry.js';
import type { Observation } from './observation.js';

export class ObservedSession {
  readonly state = 'observed';
  #expiry: Expiry | undefined;

  constructor(
    readonly observation: Observation,
    readonly delivered: Delivered,
  ) {}

  /** The client may have set its grant an end. */
  expireAfter(seconds: number, onExpired: () => void): void {
    this.#expiry = new Expiry(seconds, onExpired);
  }

  close(): void {
    this.#expiry?.stop();
    this.observation.stop();
  }
}
