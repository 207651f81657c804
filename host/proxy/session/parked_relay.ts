// A relay that stands still, each direction between two records: what became of it, and what waits.
import type { SessionRecords } from '../handshake/facts.js';
import type { HandshakeView } from '../record/handshake_view.js';
import type { RecordReader } from '../record/reader.js';
import { INTERRUPTED, type ReadAhead } from '../streams/read_ahead.js';

export interface ParkedState {
  view: HandshakeView;
  /** All records that went on, each direction's; undefined where they were too many to keep. */
  records: SessionRecords | undefined;
  /** How many went on, each direction. */
  clientRecords: number;
  originRecords: number;
  clientReader: RecordReader;
  originReader: RecordReader;
  /** Records that were read and did not go on. */
  held: readonly Buffer[];
  originHeld: readonly Buffer[];
}

export class ParkedRelay {
  readonly view: HandshakeView;
  readonly records: SessionRecords | undefined;
  readonly clientRecords: number;
  readonly originRecords: number;
  /** What follows the held records, as bytes. */
  readonly clientBytes: ReadAhead;
  readonly originBytes: ReadAhead;
  readonly #clientReader: RecordReader;
  readonly #originReader: RecordReader;
  readonly #held: Buffer[];
  readonly #originHeld: Buffer[];

  constructor(state: ParkedState) {
    this.view = state.view;
    this.records = state.records;
    this.clientRecords = state.clientRecords;
    this.originRecords = state.originRecords;
    this.#clientReader = state.clientReader;
    this.#originReader = state.originReader;
    this.clientBytes = state.clientReader.bytes;
    this.originBytes = state.originReader.bytes;
    this.#held = [...state.held];
    this.#originHeld = [...state.originHeld];
    Object.freeze(this);
  }

  /** Whether something of the client is here that did not go on. */
  get isClientWaiting(): boolean {
    return this.#held.length > 0 || this.clientBytes.buffer.length > 0;
  }

  /** The client's next record; undefined at its end. */
  async nextOfClient(): Promise<Buffer | undefined> {
    return this.#held.shift() ?? (await nextOf(this.#clientReader, () => false));
  }

  /** The same where it is here already. */
  clientNow(): Buffer | undefined {
    return this.#held.shift() ?? this.#clientReader.nextNow();
  }

  /** The origin's next record; undefined at its end, and where somebody stopped the reading. */
  async nextOfOrigin(isStopped: () => boolean): Promise<Buffer | undefined> {
    return this.#originHeld.shift() ?? (await nextOf(this.#originReader, isStopped));
  }

  originNow(): Buffer | undefined {
    return this.#originHeld.shift() ?? this.#originReader.nextNow();
  }

  /** Forgets what waits. */
  clear(): void {
    this.#held.length = 0;
    this.#originHeld.length = 0;
  }
}

async function nextOf(reader: RecordReader, isStopped: () => boolean): Promise<Buffer | undefined> {
  for (;;) {
    const record = await reader.next();
    if (record !== INTERRUPTED) return record;
    if (isStopped()) return undefined;
  }
}
