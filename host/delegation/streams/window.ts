// How many bytes the peer may send: about as many as the link carries in a second, so that its queue stays short.

/** Bytes that may always be on their way. */
export const CREDIT_FLOOR = 2560;
/** The same for one stream at its beginning: streams that nobody reads hold no other up before this. */
export const STREAM_CREDIT = 16_384;
/** Credit that a sender can have; more is a lie. */
export const CREDIT_LIMIT = 0x7fff_ffff;

/** Milliseconds of the link's own speed. */
const IN_FLIGHT = 1000;

export interface WindowOptions {
  /** Bytes. */
  floor: number;
  limit: number;
  /** Milliseconds, steadily. */
  now: () => number;
}

/** The receiver's side of credit. */
export class ReceiveWindow {
  /** Bytes that the peer may have under way. */
  size: number;
  readonly #options: WindowOptions;
  /** Credit that was given and not used. */
  #open: number;
  /** Used, and not consumed yet. */
  #kept = 0;
  /** Since when `#arrived` is counted. */
  #since: number;
  #arrived = 0;

  constructor(options: WindowOptions) {
    this.#options = options;
    this.size = options.floor;
    this.#open = options.floor;
    this.#since = options.now();
  }

  /** So many bytes came. False where the peer had no credit for them. */
  take(bytes: number): boolean {
    if (bytes > this.#open) return false;
    this.#open -= bytes;
    this.#kept += bytes;
    this.#arrived += bytes;
    return true;
  }

  /** So many of them were consumed. Returns the credit to be given now; 0 for none yet. */
  give(bytes: number): number {
    this.#kept -= bytes;
    this.#measure();
    const credit = this.size - this.#open - this.#kept;
    // By the half: one frame for many.
    if (2 * credit < this.size) return 0;
    this.#open += credit;
    return credit;
  }

  /** A window's worth shows how fast the link is: twice as much may come at most, or half, from one to the next. */
  #measure(): void {
    if (this.#arrived < this.size) return;
    const now = this.#options.now();
    const { floor, limit } = this.#options;
    const elapsed = now - this.#since;
    const carried = elapsed > 0 ? (this.#arrived * IN_FLIGHT) / elapsed : Number.POSITIVE_INFINITY;
    const wanted = Math.max(this.size / 2, Math.min(carried, this.size * 2));
    this.size = Math.floor(Math.max(floor, Math.min(wanted, limit)));
    this.#since = now;
    this.#arrived = 0;
  }
}
