// A session whose record layers are the proxy's: it carries the client's own exchanges, or serves the proxy itself (R13).
import { setTimeout as delay } from 'node:timers/promises';
import type { Delivery } from '../../delegation/delivery.js';
import { SessionError } from '../error.js';
import { ticketOf } from '../handshake/examine.js';
import { RecordStream } from '../record/record_stream.js';
import { Carriage } from './carriage.js';
import type { Delivered } from './delivered.js';
import { Expiry } from './expiry.js';
import type { Activation } from './record_layers.js';
import { LINGER, wipe } from './session_end.js';
import { flowContext, type SessionOptions } from './session_options.js';
import type { SessionReports } from './session_reports.js';

export interface ActiveOptions {
  readonly session: SessionOptions;
  readonly reports: SessionReports;
  readonly layers: Activation;
  readonly delivered: Delivered;
  /** Aborts when it takes no further exchange. */
  readonly retired: AbortSignal;
  /** Of the ServerHello, where it can be seen there. */
  readonly alpn: string | undefined;
}

export class ActiveSession {
  readonly state = 'active';
  readonly layers: Activation;
  readonly delivered: Delivered;
  readonly carriage: Carriage;
  readonly #options: ActiveOptions;
  #isForFetching = false;
  #expiry: Expiry | undefined;

  constructor(options: ActiveOptions) {
    this.#options = options;
    this.layers = options.layers;
    this.delivered = options.delivered;
    this.carriage = new Carriage(options.retired);
  }

  /** The proxy uses it itself, for the content of others. */
  get isForFetching(): boolean {
    return this.#isForFetching;
  }

  /** The client may have set its grant an end. */
  expireAfter(seconds: number, onExpired: () => void): void {
    this.#expiry = new Expiry(seconds, onExpired);
  }

  /** Carries the client's own exchanges to their end. `alpn` is empty where the client can't tell. */
  async carry({ alpn, isStream = false }: Pick<Delivery, 'alpn' | 'isStream'>): Promise<void> {
    const { session, reports } = this.#options;
    const { leg, origin, examined } = this.layers;
    const { deliverer, journal } = this.delivered;
    const { limits } = session.settings;
    await this.carriage.run({
      leg,
      origin,
      isStream,
      onStream: () => {
        for (const side of [session.client, session.origin]) side.setIdleTimeout?.(limits.streamIdleTimeout);
      },
      alpn: examined.facts?.alpn ?? (alpn || this.#options.alpn),
      flow: flowContext(session, this.delivered.origin, deliverer),
      limits,
      onRequest: (method, target) => reports.request(method, target),
      journal,
      onResponse: (report) => reports.response(report),
    });
  }

  /** Follows the conduit of a session that the proxy uses itself: resolves when the client gives it up. */
  async watchConduit(): Promise<void> {
    this.#isForFetching = true;
    if ((await this.layers.leg.read()) === undefined) return;
    throw new SessionError('UNEXPECTED_MESSAGE', 'the client wrote on a session that it gave to the proxy');
  }

  /**
   * The client has said that it leaves, on another connection than the bytes that it wrote before: those still go out. What
   * has not gone by then breaks off, for the origin must not take a part for the whole.
   */
  async leave(): Promise<void> {
    const { carriage } = this;
    if (!carriage.isStream) return;
    await Promise.race([carriage.ended(), delay(LINGER, undefined, { ref: false })]);
    if (!carriage.isUnderWay) return;
    throw new SessionError('CLIENT_GONE', 'the client left before all of its bytes had gone on');
  }

  /** R12. A mirror client gets the ticket itself, since its own TLS stack will use it. */
  onTicket(message: Buffer): void {
    const { leg, examined } = this.layers;
    if (leg instanceof RecordStream) void leg.writeHandshake(message).catch(() => {});
    if (examined.kind !== 'verified') return;
    // What a verified origin gives to resume with shows later that it is the same one.
    this.#options.session.settings.trust.issued.add(ticketOf(message), examined.identity);
  }

  /** Its keys go; what waits to be relayed stays. */
  stop(): void {
    this.#expiry?.stop();
    wipe(this.layers);
  }

  close(): void {
    this.stop();
    this.layers.relay.clear();
  }
}
