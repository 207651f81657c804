// The sessions with origins that one client has open: how many at once, and which can be used again.
import { authority } from '../../delegation/origin.js';
import type { CancelSignal, Platform } from '../../platform/platform.js';
import type { HttpConnection } from '../http/connection.js';
import type { Origin } from '../observer.js';
import { within } from '../timeout.js';

/** Something open that can be closed. */
export interface Held {
  origin: Origin;
  /** Resolves when all is said that is due at the end. */
  close(): void | Promise<void>;
  /** Whether nobody needs it just now; absent where the pool itself knows. */
  isIdle?(): boolean;
  /** Takes the grant back; absent where none was given. True where the session goes on without the proxy. */
  revoke?(reason: string): boolean;
}

/** An HTTP connection that rests in the pool, with what its caller wants to know about it. */
export interface Pooled<T> extends Held {
  http: HttpConnection;
  facts: T;
  /** False once the other side has said that it ended the session. */
  readonly usable: boolean;
  /** Closes at once, whatever is under way. */
  abort(): void;
}

const isSame = (one: Origin, other: Origin) =>
  authority(one.host, one.port) === authority(other.host, other.port);

/** Counts sessions against a limit, and keeps idle connections for the next request to the same origin. */
export class SessionPool<T> {
  readonly #platform: Pick<Platform, 'setTimer'>;
  readonly #limit: number;
  readonly #idle: Pooled<T>[] = [];
  readonly #open = new Set<Held>();
  readonly #waiting: (() => void)[] = [];
  /** Ends that are under way. */
  readonly #closing = new Set<Promise<void>>();
  #reserved = 0;

  constructor(platform: Pick<Platform, 'setTimer'>, limit: number) {
    this.#platform = platform;
    this.#limit = limit;
  }

  /** An idle connection to `origin`, now its caller's. */
  takeIdle(origin: Origin): Pooled<T> | undefined {
    for (;;) {
      const index = this.#idle.findLastIndex((pooled) => isSame(pooled.origin, origin));
      if (index < 0) return undefined;
      const [pooled] = this.#idle.splice(index, 1);
      if (pooled!.http.reusable && pooled!.usable) return pooled!;
      this.drop(pooled!);
    }
  }

  /** Gives a connection back: kept where it can be used again. */
  giveBack(pooled: Pooled<T>): void {
    if (pooled.http.reusable && pooled.usable && this.#open.has(pooled)) {
      this.#idle.push(pooled);
      this.#wakeOne();
    } else {
      this.drop(pooled);
    }
  }

  /** Makes room for one more session, closing an idle one if it must; undefined when all are in use. */
  tryReserve(): Reservation | undefined {
    if (this.#open.size + this.#reserved >= this.#limit) {
      const oldest = this.#idle.shift() ?? [...this.#open].find((held) => held.isIdle?.());
      if (oldest === undefined) return undefined;
      this.#open.delete(oldest);
      this.#close(oldest);
    }
    this.#reserved++;
    let settled = false;
    const settle = (held?: Held) => {
      if (settled) return;
      settled = true;
      this.#reserved--;
      if (held !== undefined) this.#open.add(held);
      else this.#wakeOne();
    };
    return { hold: settle, cancel: () => settle() };
  }

  /** As tryReserve, but waits for room. */
  async reserve(signal?: CancelSignal): Promise<Reservation> {
    for (;;) {
      const reservation = this.tryReserve();
      if (reservation !== undefined) return reservation;
      let wake = () => {};
      const room = new Promise<void>((resolve) => {
        wake = resolve;
      });
      this.#waiting.push(wake);
      const onGivenUp = () => {
        const index = this.#waiting.indexOf(wake);
        if (index >= 0) this.#waiting.splice(index, 1);
      };
      await within(this.#platform, room, { signal, onGivenUp });
    }
  }

  drop(held: Held): void {
    const index = this.#idle.indexOf(held as Pooled<T>);
    if (index >= 0) this.#idle.splice(index, 1);
    this.#close(held);
    if (this.#open.delete(held)) this.#wakeOne();
  }

  #close(held: Held): void {
    const closed = held.close();
    if (closed === undefined) return;
    const closing: Promise<void> = closed.finally(() => this.#closing.delete(closing));
    this.#closing.add(closing);
  }

  /** Revokes the grants of all sessions with `origin`, or of all sessions. */
  revoke(reason: string, origin: Origin | undefined): void {
    for (const held of [...this.#open]) {
      if (held.revoke === undefined || (origin !== undefined && !isSame(held.origin, origin))) continue;
      if (!held.revoke(reason)) this.drop(held);
    }
  }

  /** Resolves when all is said that is due at the ends. */
  async closeAll(): Promise<void> {
    for (const held of [...this.#open]) this.drop(held);
    await Promise.all(this.#closing);
  }

  get size(): number {
    return this.#open.size;
  }

  #wakeOne(): void {
    this.#waiting.shift()?.();
  }
}

/** A place in the pool, taken before the session that will fill it is open. */
export interface Reservation {
  hold(held: Held): void;
  cancel(): void;
}
