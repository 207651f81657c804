// One observed session: its records pass as they are, and the proxy reads along. With a CBC suite it reads at once; elsewhere it
// keeps what passes, within bounds, until the client releases the keys of an epoch that is over.
import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Release } from '../../delegation/message.js';
import type { SessionId } from '../../delegation/session_id.js';
import type { ObservedExchange, OriginIdentity, Service } from '../../services/service.js';
import { HeaderList } from '../../services/service.js';
import type { ProxyEventEmitter } from '../events.js';
import type { RequestHead } from '../exchange/head.js';
import { Watch, whyOf } from '../exchange/service_timeout.js';
import type { Log } from '../log.js';
import type { Limits } from '../options.js';
import { ContentType } from '../record/cipher.js';
import type { SessionKeys, Side } from '../record/session_keys.js';
import { ReadAhead } from '../streams/read_ahead.js';
import { KeptRecords } from './kept_records.js';
import { type ReadExchange, readExchanges } from './observed_exchanges.js';
import { Pipe } from './observed_pipe.js';

/** Opens single records, in whatever order they pass. */
export interface LiveReader {
  open(side: Side, record: Buffer): { type: ContentType; content: Buffer };
  wipe(): void;
}

export interface ObservationOptions {
  sessionId: SessionId;
  client: string;
  origin: OriginIdentity;
  services: readonly Service[];
  /** A service whose record is required could not keep it. */
  onUnrecorded: () => void;
  limits: Pick<Limits, 'requestHeadBytes' | 'responseHeadBytes' | 'observedBytes' | 'serviceTimeout'>;
  observers: ProxyEventEmitter;
  log: Log;
  /** Absent where the keys come later. */
  live?: LiveReader;
  /** To the keys of each epoch, in order. */
  commitments: readonly Uint8Array[];
  /** The keys of one epoch. Throws SessionError where they are not what they should be. */
  keys: (release: Pick<Release, 'secrets'>) => SessionKeys;
}

const CLOSE_NOTIFY = 0;

const unverified = (origin: OriginIdentity, why: string): OriginIdentity => ({
  ...origin,
  verified: false,
  unverified: why,
});

export class Observation {
  readonly #options: ObservationOptions;
  readonly #pipes: Record<Side, Pipe>;
  readonly #kept: Record<Side, KeptRecords> = { client: new KeptRecords(), origin: new KeptRecords() };
  readonly #reading: Promise<void>;
  #keptBytes = 0;
  #exchanges = 0;
  #over = false;
  #missed = 0;
  #releases = 0;
  #isCommitted = true;
  #onReleased = () => {};

  constructor(options: ObservationOptions) {
    const { limits, log, sessionId } = options;
    this.#options = options;
    this.#pipes = { client: new Pipe(limits.observedBytes), origin: new Pipe(limits.observedBytes) };
    this.#reading = readExchanges(new ReadAhead(this.#pipes.client), new ReadAhead(this.#pipes.origin), {
      limits,
      onRequest: (head) => this.#onRequest(head),
      onExchange: (exchange) => this.#onExchange(exchange),
    }).catch((error) => {
      log.info({ session: sessionId, why: whyOf(error) }, 'observation ended');
      this.stop();
    });
  }

  /** Waits for keys of records that are kept, where there are such, and no longer. */
  async settled(milliseconds: number): Promise<void> {
    if (this.#over || this.#kept.client.count + this.#kept.origin.count === 0) return;
    const released = new Promise<void>((resolve) => {
      this.#onReleased = resolve;
    });
    await Promise.race([released, delay(milliseconds, undefined, { ref: false })]);
  }

  /** A record passes; `index` counts those of its direction from 0. */
  onRecord(side: Side, record: Buffer, index: number): void {
    if (this.#over) return;
    const { live, limits } = this.#options;
    if (live !== undefined) {
      try {
        const { type, content } = live.open(side, record);
        this.#onContent(side, type, content);
      } catch {
        // A record that no endpoint takes either, or the padding of one that somebody forged.
        this.#missed++;
      }
    } else if (this.#keptBytes + record.length > limits.observedBytes) {
      this.#missed++;
    } else {
      this.#keptBytes += record.length;
      this.#kept[side].add(index, record);
    }
  }

  /** Opens what was kept of an epoch. The caller wipes the secrets. */
  onRelease(release: Release): void {
    if (this.#over || this.#options.live !== undefined) return;
    this.#isCommitted &&= this.#opens(release);
    const keys = this.#options.keys(release);
    try {
      const { clientEpochStart, originEpochStart } = release;
      const starts = { client: clientEpochStart, origin: originEpochStart };
      for (const side of ['client', 'origin'] as const) {
        const { freed, unread } = this.#kept[side].openEpoch(
          starts[side],
          (sequence) => keys.cipher(side, { sequence }),
          (type, content) => this.#onContent(side, type, content),
        );
        this.#keptBytes -= freed;
        this.#missed += unread;
      }
    } finally {
      keys.wipe();
    }
    this.#onReleased();
  }

  /** Whether keys are those that the client committed to before it sealed anything with them. */
  #opens({ random, secrets }: Release): boolean {
    const commitment = this.#options.commitments[this.#releases++];
    const hash = createHash('sha256').update(random).update(secrets).digest();
    return commitment !== undefined && hash.equals(commitment);
  }

  /** With whom it is, as far as what was read proves that it is what passed. */
  #identity(): OriginIdentity {
    const { origin, live } = this.#options;
    if (!origin.verified) return origin;
    // Anyone who only has encryption keys reads what nobody may have written.
    if (live !== undefined) return unverified(origin, 'its records are read without their MACs');
    if (this.#missed > 0) return unverified(origin, 'records of it could not be read');
    return this.#isCommitted ? origin : unverified(origin, 'its keys are not those that were committed to');
  }

  /** Nothing more comes. Resolves when all that could be read has been reported. */
  async end(): Promise<void> {
    for (const pipe of Object.values(this.#pipes)) pipe.end();
    await this.#reading;
    if (this.#over) return;
    const { sessionId, log, observers } = this.#options;
    const unread = this.#missed + this.#kept.client.count + this.#kept.origin.count;
    const facts = { sessionId, exchanges: this.#exchanges, unread };
    log.info({ session: sessionId, exchanges: this.#exchanges, unread }, 'session observed');
    observers.emit('observed', facts);
    this.stop();
  }

  /** Reads no more, and forgets keys and records. */
  stop(): void {
    this.#over = true;
    this.#options.live?.wipe();
    for (const side of ['client', 'origin'] as const) {
      this.#kept[side].clear();
      this.#pipes[side].end();
    }
  }

  #onContent(side: Side, type: ContentType, content: Buffer): void {
    const pipe = this.#pipes[side];
    if (type === ContentType.Alert && content.at(-1) === CLOSE_NOTIFY) pipe.end();
    if (type !== ContentType.ApplicationData || pipe.push(content)) return;
    this.#options.log.info({ session: this.#options.sessionId }, 'observation fell behind, and ended');
    this.stop();
  }

  #onRequest({ method, target }: RequestHead): void {
    if (this.#over && this.#options.live !== undefined) return;
    const { sessionId, observers } = this.#options;
    observers.emit('request', { sessionId, method, url: target });
  }

  #onExchange(read: ReadExchange): void {
    const { sessionId, observers, services, log, limits } = this.#options;
    this.#exchanges++;
    if (read.response !== undefined) {
      const bytes = read.responseBody.length;
      const { status } = read.response;
      observers.emit('response', { sessionId, status, services: [], bytesBefore: bytes, bytesAfter: bytes });
    }
    for (const service of services) {
      if (service.observed === undefined) continue;
      // Each its own copy of the headers, and none waits for another.
      const told = (async () => service.observed!(this.#told(read)))();
      new Watch(limits.serviceTimeout).guard(told).catch((error) => {
        log.warn(
          { session: sessionId, service: service.name, why: whyOf(error) },
          'service failed to observe',
        );
        if (service.required === true) this.#options.onUnrecorded();
      });
    }
  }

  #told({ request, requestBody, response, responseBody }: ReadExchange): ObservedExchange {
    const { sessionId, client, live } = this.#options;
    const origin = this.#identity();
    const host = request.headers.get('host') ?? origin.host;
    return {
      sessionId,
      client,
      origin,
      when: live === undefined ? 'deferred' : 'live',
      request: {
        method: request.method,
        target: request.target,
        url: request.target.startsWith('/') ? `https://${host}${request.target}` : request.target,
        headers: new HeaderList(request.headers),
        body: requestBody,
      },
      response: response && {
        status: response.status,
        reason: response.reason,
        headers: new HeaderList(response.headers),
        body: responseBody,
      },
    };
  }
}
