// What a session is in at a time. A phase owns what only it needs, and the next one gets what that goes on with.
import type { ActiveSession } from './active_session.js';
import type { Delivered } from './delivered.js';
import type { ObservedSession } from './observed_session.js';
import type { Directions } from './relay.js';
import type { ReturnedSession } from './returned_session.js';

export type Phase =
  | Relaying
  | Plain<'delivering'>
  | ActiveSession
  | ObservedSession
  | ReturnedSession
  | Plain<'undelegated'>
  | Closed;

/** A relay, until a delivery comes or its time is over. */
export class Relaying {
  readonly state = 'relaying';
  readonly #timer: NodeJS.Timeout;

  constructor(
    readonly directions: Directions,
    onLate: () => void,
    milliseconds: number,
  ) {
    this.#timer = setTimeout(onLate, milliseconds);
  }

  close(): void {
    clearTimeout(this.#timer);
  }
}

/** A phase that owns nothing. */
export class Plain<State extends string> {
  constructor(readonly state: State) {}

  close(): void {}
}

export const DELIVERING = new Plain('delivering');
export const UNDELEGATED = new Plain('undelegated');

/** What was delivered can still be asked for. */
export class Closed {
  readonly state = 'closed';

  constructor(readonly delivered: Delivered | undefined) {}

  close(): void {}
}
