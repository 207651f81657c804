// The blind relay of a session that may be delegated: whole records pass untouched and are counted, until a delivery
// parks each direction between two records.

import type { ClientHello } from '../../tls/hello.js';
import type { JudgeHello } from '../admission/hello_gate.js';
import type { SessionErrorCode } from '../error.js';
import { SessionError } from '../error.js';
import type { SessionRecords } from '../handshake/facts.js';
import { KeptHandshake } from '../handshake/kept_handshake.js';
import type { Limits } from '../options.js';
import { HandshakeView } from '../record/handshake_view.js';
import { type RecordReader, recordReader } from '../record/reader.js';
import type { Side } from '../record/session_keys.js';
import type { ByteStream } from '../streams/byte_stream.js';
import { INTERRUPTED } from '../streams/read_ahead.js';
import { ParkedRelay } from './parked_relay.js';

/** `parked`: stopped between two records, at the count that was asked for. `ended`: the side closed. */
export type RelayOutcome = 'parked' | 'ended';

/** The two directions of a relay, running. */
export interface Directions {
  readonly client: Promise<RelayOutcome>;
  readonly origin: Promise<RelayOutcome>;
}

export interface RelayOptions {
  client: ByteStream;
  origin: ByteStream;
  /** Whether the client sends its request without waiting for ACTIVE, so that it must be held. */
  holds: boolean;
  /**
   * The delivery is required: whatever may be application data waits for it, in both directions, and what passes as
   * handshake is bounded. In TLS 1.2 the record after ChangeCipherSpec is Finished, and nothing passes beyond it. TLS
   * 1.3 gives the client's last flight the same content type as data (RFC 9846 §5.2), so all that the client encrypts
   * waits; without its Finished the origin sends nothing but its own flight and what it may say before (§4.5.3).
   */
  strict: boolean;
  limits: Pick<Limits, 'heldBytes' | 'handshakeBytes' | 'clientHandshakeBytes'>;
  /** Both hellos have passed. */
  onHandshake: () => void;
  /** Before a hello goes on. Undefined where nobody minds. */
  judgeHello: JudgeHello | undefined;
}

export class Relay {
  readonly view = new HandshakeView();
  readonly isStrict: boolean;
  readonly #options: RelayOptions;
  readonly #clientReader: RecordReader;
  readonly #originReader: RecordReader;
  readonly #kept: KeptHandshake;
  /** Whole records that have gone on. */
  readonly #records: Record<Side, number> = { client: 0, origin: 0 };
  /** What the client sent that may be application data, in order. */
  readonly #held: Buffer[] = [];
  /** The same of the origin. Where the delivery is required, and nowhere else. */
  readonly #originHeld: Buffer[] = [];
  #watch: ((side: Side, record: Buffer, index: number) => void) | undefined;
  #holding = false;
  #released = false;
  #heldBytes = 0;
  #bytes: Record<Side, number> = { client: 0, origin: 0 };
  #clientStop: (() => boolean) | undefined;
  #originStop: (() => boolean) | undefined;
  #wakeHeld: (() => void) | undefined;
  #wakeOrigin: (() => void) | undefined;
  #announced = false;
  #judged: ClientHello | undefined;
  #isParked = false;
  #awaited: { count: number; resolve: () => void } | undefined;

  constructor(options: RelayOptions) {
    this.#options = options;
    this.isStrict = options.strict;
    this.#clientReader = recordReader(options.client);
    this.#originReader = recordReader(options.origin);
    const { clientHandshakeBytes, handshakeBytes } = options.limits;
    this.#kept = new KeptHandshake({ client: clientHandshakeBytes, origin: handshakeBytes });
  }

  /** Whole records that have gone on, each direction. */
  get clientRecords(): number {
    return this.#records.client;
  }

  get originRecords(): number {
    return this.#records.origin;
  }

  get isHolding(): boolean {
    return this.#holding;
  }

  /** Reads along: `see` gets each record as it goes on, and its index in its direction. Gives what went on before. */
  watch(see: (side: Side, record: Buffer, index: number) => void): SessionRecords | undefined {
    this.#watch = see;
    return this.#kept.records;
  }

  /** All records so far; undefined where they are too many to keep. */
  get records(): SessionRecords | undefined {
    return this.#kept.records;
  }

  /** Resolves when so many records of the client have gone on. */
  reached(count: number): Promise<void> {
    if (this.#records.client >= count) return Promise.resolve();
    return new Promise((resolve) => {
      this.#awaited = { count, resolve };
    });
  }

  /** Lets go on what is held, and holds nothing more. */
  release(): void {
    this.#released = true;
    this.#holding = false;
    this.#wake();
  }

  /** No delivery comes any more. */
  forget(): void {
    this.#kept.clear();
  }

  /** Parks the client's direction as soon as `stop` says so, which is asked between records. */
  parkClient(stop: () => boolean): void {
    this.#clientStop = stop;
    this.#wake();
  }

  parkOrigin(stop: () => boolean): void {
    this.#originStop = stop;
    this.#wakeOrigin?.();
    this.#originReader.bytes.interrupt();
  }

  /** What both directions have come to, once they are parked. The relay is of no use afterwards. */
  park(): ParkedRelay {
    if (this.#isParked) throw new Error('a relay is parked once');
    this.#isParked = true;
    const parked = new ParkedRelay({
      view: this.view,
      records: this.#kept.records,
      clientRecords: this.#records.client,
      originRecords: this.#records.origin,
      clientReader: this.#clientReader,
      originReader: this.#originReader,
      held: this.#held,
      originHeld: this.#originHeld,
    });
    this.clear();
    return parked;
  }

  /** Forgets what is held and kept. */
  clear(): void {
    this.#kept.clear();
    this.#held.length = 0;
    this.#originHeld.length = 0;
  }

  /** Relays what the client sends. Rejects with SessionError. */
  async relayClient(): Promise<RelayOutcome> {
    const { origin, limits } = this.#options;
    for (;;) {
      if (this.#clientStop?.()) return 'parked';
      const waiting = this.#holding ? undefined : this.#held.shift();
      if (waiting !== undefined) {
        await this.#forward(waiting);
        continue;
      }
      if (this.#heldBytes > limits.heldBytes && this.#holding) {
        await new Promise<void>((resolve) => {
          this.#wakeHeld = resolve;
        });
        continue;
      }
      const record = await this.#clientReader.next();
      if (record === INTERRUPTED) continue;
      if (record === undefined) {
        if (!this.isStrict) {
          this.release();
          for (const held of this.#held.splice(0)) await this.#forward(held);
        }
        await origin.end();
        return 'ended';
      }
      this.view.client.record(record);
      if (this.isStrict && this.view.clientHello?.earlyData) {
        throw new SessionError('NOT_DELEGABLE', 'this proxy lets no data pass undelivered: do without 0-RTT');
      }
      await this.#judge();
      if (this.#holds(record)) {
        this.#held.push(record);
        this.#heldBytes += record.length;
      } else {
        await this.#forward(record);
      }
    }
  }

  /** Relays what the origin sends. */
  async relayOrigin(): Promise<RelayOutcome> {
    const { client } = this.#options;
    for (;;) {
      if (this.#originStop?.()) return 'parked';
      const record = await this.#originReader.next();
      if (record === INTERRUPTED) continue;
      if (record === undefined) {
        await client.end();
        return 'ended';
      }
      if (this.isStrict && this.view.mayHideOriginData(record)) {
        this.#originHeld.push(record);
        while (!this.#originStop?.()) {
          await new Promise<void>((resolve) => {
            this.#wakeOrigin = resolve;
          });
        }
        return 'parked';
      }
      this.view.origin.record(record);
      if (this.view.serverHello !== undefined && !this.#announced) {
        this.#announced = true;
        this.#options.onHandshake();
      }
      this.#pass('origin', record);
      await client.write(record);
      this.#records.origin++;
    }
  }

  /** The record may have brought a hello: a first, or a second one. */
  async #judge(): Promise<void> {
    const { clientHello } = this.view;
    if (clientHello === undefined || clientHello === this.#judged) return;
    this.#judged = clientHello;
    await this.#options.judgeHello?.(clientHello);
  }

  async #forward(record: Buffer): Promise<void> {
    this.#pass('client', record);
    await this.#options.origin.write(record);
    this.#records.client++;
    if (this.#awaited !== undefined && this.#records.client >= this.#awaited.count) this.#awaited.resolve();
  }

  /** A record goes on. Throws where the delivery is required and it is too much for a handshake. */
  #pass(side: Side, record: Buffer): void {
    const { clientHandshakeBytes, handshakeBytes } = this.#options.limits;
    const limit = side === 'client' ? clientHandshakeBytes : handshakeBytes;
    this.#bytes[side] += record.length;
    if (this.isStrict && this.#bytes[side] > limit) throw tooLong(limit);
    this.#kept.add(side, record);
    this.#watch?.(side, record, this.#records[side]);
  }

  #holds(record: Buffer): boolean {
    const { holds, strict } = this.#options;
    if (!(holds || strict) || this.#released) return false;
    const { view } = this;
    if (strict ? view.mayHideClientData(record) : view.mayBeApplicationData(record)) this.#holding = true;
    return this.#holding;
  }

  #wake(): void {
    this.#wakeHeld?.();
    this.#wakeHeld = undefined;
    this.#clientReader.bytes.interrupt();
  }
}

/** Where the delivery is required: more than a handshake. */
export const tooLong = (limit: number) =>
  new SessionError('UNDELIVERED', `a handshake of more than ${limit} bytes does not pass undelivered`);

/** Rejects when one direction has ended where it should have parked, or when `milliseconds` pass first. */
export async function parked(
  direction: Promise<RelayOutcome>,
  gone: SessionErrorCode,
  milliseconds: number,
): Promise<void> {
  if ((await arriving(direction, milliseconds)) === 'ended') {
    throw new SessionError(gone, 'a side closed before the session became active');
  }
}

/** What comes in time. Rejects with RECORDS_MISSING. */
export async function arriving<T>(coming: Promise<T>, milliseconds: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () =>
        reject(new SessionError('RECORDS_MISSING', 'the records before the delivery did not arrive in time')),
      milliseconds,
    );
  });
  try {
    return await Promise.race([coming, late]);
  } finally {
    clearTimeout(timer);
  }
}
