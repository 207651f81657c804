// The connections to one origin over which services fetch, and who waits for one. Each takes one request after the other.
import type { SessionId } from '../../delegation/session_id.js';
import { SessionError } from '../error.js';
import type { OtherConnection } from './fetch_connection.js';

/** A waiting request, and what the client learns of it. */
export interface Waiter {
  forSession: SessionId;
  reason: string;
  resolve: (connection: OtherConnection) => void;
  reject: (error: Error) => void;
}

const MAX_WAITING = 256;

export class OtherPool {
  readonly #idle: OtherConnection[] = [];
  readonly #busy = new Set<OtherConnection>();
  readonly #waiting: Waiter[] = [];

  /** `grow` begins to open connections, where that can be done, for those who wait. */
  constructor(private readonly grow: () => void) {}

  get waiting(): readonly Waiter[] {
    return this.#waiting;
  }

  /** Connections, idle ones and busy ones. */
  get size(): number {
    return this.#idle.length + this.#busy.size;
  }

  get isUnused(): boolean {
    return this.#busy.size === 0 && this.#waiting.length === 0;
  }

  /** Resolves with a connection that is the caller's until `release`. */
  acquire(forSession: SessionId, reason: string): { turn: Promise<OtherConnection>; leave: () => void } {
    if (this.#waiting.length >= MAX_WAITING) {
      throw new SessionError('TUNNEL_REFUSED', 'too many requests wait for this origin');
    }
    let waiter: Waiter | undefined;
    const turn = new Promise<OtherConnection>((resolve, reject) => {
      waiter = { forSession, reason, resolve, reject };
      this.#waiting.push(waiter);
    });
    this.advance();
    const leave = () => {
      const at = this.#waiting.indexOf(waiter!);
      if (at >= 0) this.#waiting.splice(at, 1);
      // The turn came in the same moment as the abort: it goes to the next.
      else turn.then((connection) => this.release(connection)).catch(() => {});
    };
    return { turn, leave };
  }

  add(connection: OtherConnection): void {
    this.#busy.add(connection);
    this.release(connection);
  }

  /** The next request may begin on it. */
  release(connection: OtherConnection): void {
    if (!this.#busy.delete(connection)) return;
    this.#idle.push(connection);
    this.advance();
    if (this.#idle.includes(connection)) connection.watchIdle(() => this.#idle.includes(connection));
  }

  /** It is gone. */
  remove(connection: OtherConnection): void {
    this.#busy.delete(connection);
    const at = this.#idle.indexOf(connection);
    if (at >= 0) this.#idle.splice(at, 1);
  }

  /** Gives what is idle to those who wait, and lets it grow for the others. */
  advance(): void {
    while (this.#waiting.length > 0 && this.#idle.length > 0) {
      const connection = this.#idle.pop()!;
      this.#busy.add(connection);
      this.#waiting.shift()!.resolve(connection);
    }
    if (this.#waiting.length > 0) this.grow();
  }

  /** All that wait hear of it. */
  fail(error: Error): void {
    for (const { reject } of this.#waiting.splice(0)) reject(error);
  }

  /** Ends what is open, in order. */
  close(): void {
    for (const { carrier } of [...this.#idle, ...this.#busy]) void carrier.finish();
  }
}
