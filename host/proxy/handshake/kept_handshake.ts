// The records of a handshake as they pass, kept until a delivery lets the proxy read them. What is too long to be a handshake is
// not kept.
import type { Side } from '../record/session_keys.js';
import type { SessionRecords } from './facts.js';

export class KeptHandshake {
  readonly #records: Record<Side, Buffer[]> = { client: [], origin: [] };
  readonly #left: Record<Side, number>;
  #isOver = false;

  /** Bytes of each direction. */
  constructor(limits: Readonly<Record<Side, number>>) {
    this.#left = { ...limits };
  }

  /** The next record of its direction. */
  add(side: Side, record: Buffer): void {
    if (this.#isOver) return;
    this.#left[side] -= record.length;
    if (this.#left[side] < 0) this.clear();
    else this.#records[side].push(Buffer.from(record));
  }

  /** All records so far; undefined where they are not all here. */
  get records(): SessionRecords | undefined {
    if (this.#isOver) return undefined;
    return { client: [...this.#records.client], origin: [...this.#records.origin] };
  }

  /** Forgets them, and keeps no more. */
  clear(): void {
    this.#isOver = true;
    this.#records.client.length = 0;
    this.#records.origin.length = 0;
  }
}
