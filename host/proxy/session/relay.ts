// The blind relay of a session that may be delegated: whole records pass untouched and are counted, until a delivery
// parks each direction between two records.
import type { SessionErrorCode } from '../error.js';
import { SessionError } from '../error.js';
import type { Limits } from '../options.js';
import { HandshakeView } from '../record/handshake_view.js';
import { type RecordReader, recordReader } from '../record/reader.js';
import type { ByteStream } from '../streams/byte_stream.js';
import { INTERRUPTED } from '../streams/read_ahead.js';

/** `parked`: stopped between two records, at the count that was asked for. `ended`: the side closed. */
export type RelayOutcome = 'parked' | 'ended';

export interface RelayOptions {
  client: ByteStream;
  origin: ByteStream;
  /** Whether the client sends its request without waiting for ACTIVE, so that it must be held. */
  holds: boolean;
  /**
   * The delivery is required: whatever may be application data waits for it, in both directions, and what passes as
   * handshake is bounded. In TLS 1.2 the record after ChangeCipherSpec is Finished, and nothing passes beyond it. TLS
   * 1.3 gives the client's last flight the same content type as data (RFC 8446 §5.2), so all that the client encrypts
   * waits; without its Finished the origin sends nothing but its own flight and what it may say before (§4.4.4).
   */
  strict: boolean;
  limits: Pick<Limits, 'heldBytes' | 'handshakeBytes' | 'clientHandshakeBytes'>;
  /** Both hellos have passed. */
  onHandshake: () => void;
}

export class Relay {
  readonly view = new HandshakeView();
  readonly clientReader: RecordReader;
  readonly originReader: RecordReader;
  /** Whole records that have gone on, each direction. */
  clientRecords = 0;
  originRecords = 0;
  /** What the client sent that may be application data, in order. */
  readonly held: Buffer[] = [];
  /** The same of the origin. Where the delivery is required, and nowhere else. */
  readonly originHeld: Buffer[] = [];
  /** TLS 1.3: the origin's encrypted records, which the client has got, kept to find the first of the epoch. */
  readonly passed: Buffer[] = [];
  /** Reads along: sees each record as it goes on, and its index in its direction. */
  watch: ((side: 'client' | 'origin', record: Buffer, index: number) => void) | undefined;
  /** Sees each record of the client before it goes on, and throws where it must not. */
  inspect: (record: Buffer) => void = () => {};
  /** The kept records are not all there are: the epoch can't be found. */
  passedTooMuch = false;
  readonly #options: RelayOptions;
  #holding = false;
  #released = false;
  #heldBytes = 0;
  #passedBytes = 0;
  #clientBytes = 0;
  #originBytes = 0;
  #clientStop: (() => boolean) | undefined;
  #originStop: (() => boolean) | undefined;
  #wakeHeld: (() => void) | undefined;
  #wakeOrigin: (() => void) | undefined;
  #announced = false;

  constructor(options: RelayOptions) {
    this.#options = options;
    this.clientReader = recordReader(options.client);
    this.originReader = recordReader(options.origin);
  }

  get isStrict(): boolean {
    return this.#options.strict;
  }

  get isHolding(): boolean {
    return this.#holding;
  }

  /** Lets go on what is held, and holds nothing more. */
  release(): void {
    this.#released = true;
    this.#holding = false;
    this.#wake();
  }

  /** Parks the client's direction as soon as `stop` says so, which is asked between records. */
  parkClient(stop: () => boolean): void {
    this.#clientStop = stop;
    this.#wake();
  }

  parkOrigin(stop: () => boolean): void {
    this.#originStop = stop;
    this.#wakeOrigin?.();
    this.originReader.bytes.interrupt();
  }

  /** Relays what the client sends. Rejects with SessionError. */
  async relayClient(): Promise<RelayOutcome> {
    const { origin, limits } = this.#options;
    for (;;) {
      if (this.#clientStop?.()) return 'parked';
      if (!this.#holding && this.held.length > 0) {
        await this.#forward(this.held.shift()!);
        continue;
      }
      if (this.#heldBytes > limits.heldBytes && this.#holding) {
        await new Promise<void>((resolve) => {
          this.#wakeHeld = resolve;
        });
        continue;
      }
      const record = await this.clientReader.next();
      if (record === INTERRUPTED) continue;
      if (record === undefined) {
        if (!this.#options.strict) {
          this.release();
          while (this.held.length > 0) await this.#forward(this.held.shift()!);
        }
        await origin.end();
        return 'ended';
      }
      this.view.client.record(record);
      if (this.#options.strict && this.view.clientHello?.earlyData) {
        throw new SessionError('NOT_DELEGABLE', 'this proxy lets no data pass undelivered: do without 0-RTT');
      }
      if (this.#holds(record)) {
        this.held.push(record);
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
      const record = await this.originReader.next();
      if (record === INTERRUPTED) continue;
      if (record === undefined) {
        await client.end();
        return 'ended';
      }
      if (this.#options.strict && this.view.mayHideOriginData(record)) {
        this.originHeld.push(record);
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
      this.#keep(record);
      this.#originBytes += record.length;
      this.#bound(this.#originBytes, this.#options.limits.handshakeBytes);
      this.watch?.('origin', record, this.originRecords);
      await client.write(record);
      this.originRecords++;
    }
  }

  /** Counts what passes of the client's handshake. Throws where the delivery is required and it is too much. */
  countHandshake(record: Buffer): void {
    this.#clientBytes += record.length;
    this.#bound(this.#clientBytes, this.#options.limits.clientHandshakeBytes);
  }

  #bound(bytes: number, limit: number): void {
    if (!this.#options.strict || bytes <= limit) return;
    throw new SessionError(
      'UNDELIVERED',
      `a handshake of more than ${limit} bytes does not pass undelivered`,
    );
  }

  async #forward(record: Buffer): Promise<void> {
    this.countHandshake(record);
    this.inspect(record);
    this.watch?.('client', record, this.clientRecords);
    await this.#options.origin.write(record);
    this.clientRecords++;
  }

  #holds(record: Buffer): boolean {
    const { holds, strict } = this.#options;
    if (!(holds || strict) || this.#released) return false;
    const { view } = this;
    if (strict ? view.mayHideClientData(record) : view.mayBeApplicationData(record)) this.#holding = true;
    return this.#holding;
  }

  #keep(record: Buffer): void {
    if (!this.#options.holds || this.#released || !this.view.isTls13 || record[0] !== 23) return;
    this.#passedBytes += record.length;
    if (this.#passedBytes > this.#options.limits.handshakeBytes) {
      this.passedTooMuch = true;
      this.passed.length = 0;
    } else {
      this.passed.push(Buffer.from(record));
    }
  }

  #wake(): void {
    this.#wakeHeld?.();
    this.#wakeHeld = undefined;
    this.clientReader.bytes.interrupt();
  }
}

/** Rejects when one direction has ended where it should have parked, or when `milliseconds` pass first. */
export async function parked(
  direction: Promise<RelayOutcome>,
  gone: SessionErrorCode,
  milliseconds: number,
): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () =>
        reject(new SessionError('RECORDS_MISSING', 'the records before the delivery did not arrive in time')),
      milliseconds,
    );
  });
  try {
    if ((await Promise.race([direction, late])) === 'ended') {
      throw new SessionError(gone, 'a side closed before the session became active');
    }
  } finally {
    clearTimeout(timer);
  }
}
