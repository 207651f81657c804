// One direction of a TCP connection over a link: slow start from ten segments (RFC 6928), an acknowledgment for every second
// one (RFC 9293 §3.8.6.3), a window of the receiver's. Nothing is lost, so nothing is sent twice.
import type { Clock, Lane } from './link.js';

const INITIAL_WINDOW = 10;
/** What small machines and modems of their time offered. */
const RECEIVE_WINDOW = 32_768;
/** Milliseconds until a single segment is acknowledged by itself. */
const DELAYED_ACK = 200;

export interface FlowOptions {
  /** Where its segments go, and where what acknowledges them comes from. */
  there: Lane;
  back: Lane;
  segment: number;
  clock: Clock;
  onBytes: (bytes: Uint8Array) => void;
  onEnd: () => void;
}

export class Flow {
  /** The longest that bytes waited here before they were sent, in milliseconds. */
  longestWait = 0;
  readonly #options: FlowOptions;
  readonly #queue: { bytes: Uint8Array; since: number }[] = [];
  #window: number;
  #inFlight = 0;
  #unacknowledged = 0;
  #ended = false;
  #over = false;

  constructor(options: FlowOptions) {
    this.#options = options;
    this.#window = INITIAL_WINDOW * options.segment;
  }

  /** Bytes that were written and have not been sent. */
  get waiting(): number {
    return this.#queue.reduce((sum, { bytes }) => sum + bytes.length, 0);
  }

  write(bytes: Uint8Array): void {
    if (this.#ended || bytes.length === 0) return;
    this.#queue.push({ bytes: Uint8Array.from(bytes), since: this.#options.clock.now() });
    this.#send();
  }

  /** Nothing more is written: the other side hears of it behind the last byte. */
  end(): void {
    this.#ended = true;
    this.#send();
  }

  /** Sends what the window has room for, in whole segments where there is enough. */
  #send(): void {
    const { there, segment, onEnd } = this.#options;
    for (let room = this.#room(); room > 0 && this.#queue.length > 0; room = this.#room()) {
      const { since } = this.#queue[0]!;
      const bytes = this.#take(Math.min(segment, room));
      this.#inFlight += bytes.length;
      const leaves = there.send(bytes.length, () => this.#arrived(bytes));
      this.longestWait = Math.max(this.longestWait, leaves - since);
    }
    if (!this.#ended || this.#over || this.#queue.length > 0) return;
    this.#over = true;
    there.send(0, onEnd);
  }

  #room(): number {
    return Math.min(this.#window, RECEIVE_WINDOW) - this.#inFlight;
  }

  /** At most `most` bytes of the queue. */
  #take(most: number): Uint8Array {
    const parts: Uint8Array[] = [];
    let length = 0;
    while (length < most && this.#queue.length > 0) {
      const first = this.#queue[0]!;
      const part = first.bytes.subarray(0, most - length);
      first.bytes = first.bytes.subarray(part.length);
      if (first.bytes.length === 0) this.#queue.shift();
      parts.push(part);
      length += part.length;
    }
    return Buffer.concat(parts);
  }

  #arrived(bytes: Uint8Array): void {
    const { clock, onBytes } = this.#options;
    this.#unacknowledged += bytes.length;
    if (this.#unacknowledged > this.#options.segment) this.#acknowledge();
    else {
      const before = this.#unacknowledged;
      clock.at(clock.now() + DELAYED_ACK, () => {
        if (this.#unacknowledged > 0 && this.#unacknowledged <= before) this.#acknowledge();
      });
    }
    onBytes(bytes);
  }

  #acknowledge(): void {
    const bytes = this.#unacknowledged;
    this.#unacknowledged = 0;
    this.#options.back.send(0, () => {
      this.#inFlight -= bytes;
      // Slow start, which without losses never ends (RFC 5681 §3.1).
      this.#window += bytes;
      this.#send();
    });
  }
}
