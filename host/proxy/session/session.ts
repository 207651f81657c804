// One delegable session: a counted relay at first, an active proxy after its delivery, wiped at its end.
import { setTimeout as delay } from 'node:timers/promises';
import { type Delivery, legName } from '../../delegation/delivery.js';
import { Grant, grantName } from '../../delegation/grant.js';
import type { Release } from '../../delegation/message.js';
import type { SessionId } from '../../delegation/session_id.js';
import type { JournalSession } from '../../services/journal.js';
import type { OriginIdentity, TunnelFlow } from '../../services/service.js';
import type { Principal } from '../admission/authentication.js';
import { helloJudge, tunnelRefusal } from '../admission/tunnel_services.js';
import { SessionError, type SessionErrorCode, sessionError, undeliverable } from '../error.js';
import type { Traffic } from '../events.js';
import { http2Refused, isHttp2 } from '../exchange/head.js';
import { Journal, unrecorded } from '../exchange/journal.js';
import { tellClosed } from '../exchange/service_ends.js';
import { ticketOf } from '../handshake/examine.js';
import { RecordStream } from '../record/record_stream.js';
import type { NegotiatedSession, SessionKeys } from '../record/session_keys.js';
import type { ByteStream } from '../streams/byte_stream.js';
import { activate, deliveredKeys } from './activation.js';
import { Carriage } from './carriage.js';
import { type DeliveredFacts, deliveredFacts } from './delivered.js';
import { checkDelivery } from './delivery_check.js';
import { type EpochLeg, giveBack, stopEpochLeg } from './epoch_leg.js';
import type { Observation } from './observation.js';
import { examineObserved, feed, observationOf } from './observation_start.js';
import { originIdentity } from './origin_identity.js';
import type { Activation } from './record_layers.js';
import { Relay, type RelayOutcome } from './relay.js';
import { breakBoth, CUT, type CutCode, endBoth, LINGER, wipe } from './session_end.js';
import { type Deliverer, flowContext, type SessionOptions, type SessionState } from './session_options.js';
import { SessionReports } from './session_reports.js';

/** What a delivery settles for as long as the session lasts. `facts`: undefined where it allows no resumption, as in `observe`. */
interface Delivered {
  readonly deliverer: Deliverer;
  readonly origin: OriginIdentity;
  readonly facts: DeliveredFacts | undefined;
  readonly journal: Journal | undefined;
}

export class DelegableSession {
  readonly id: SessionId;
  readonly principal: Principal;
  readonly target: { host: string; port: number };
  readonly #options: SessionOptions;
  readonly #relay: Relay;
  #state: SessionState = 'relaying';
  #isForFetching = false;
  #directions: { client: Promise<RelayOutcome>; origin: Promise<RelayOutcome> } | undefined;
  readonly #reports: SessionReports;
  #active: Activation | undefined;
  #observation: Observation | undefined;
  #delivered: Delivered | undefined;
  readonly #carriage = new Carriage();
  /** A record layer checks for close_notify. */
  readonly endsProvably = true;
  /** Services know that bytes passed, or pass, unread. */
  #isUnread = false;
  #deliveryTimer: NodeJS.Timeout | undefined;
  #expiryTimer: NodeJS.Timeout | undefined;
  #onRevoked: (clientBytes: number) => void = () => {};
  /** Resolves with the count of the client's bytes when it takes its grant back. */
  readonly #revoked = new Promise<number>((resolve) => {
    this.#onRevoked = resolve;
  });
  #onEnd: () => void = () => {};
  /** Resolves when the session is over and its secrets are wiped. */
  readonly closed = new Promise<void>((resolve) => {
    this.#onEnd = resolve;
  });

  constructor(options: SessionOptions) {
    this.#options = options;
    this.id = options.id;
    this.principal = options.principal;
    this.target = options.target;
    this.#reports = new SessionReports(this.id, options.observers, options.settings.log);
    this.#relay = new Relay({
      client: options.client,
      origin: options.origin,
      holds: options.mirror,
      strict: options.mustDeliver,
      limits: options.settings.limits,
      onHandshake: () => this.#reports.handshake(this.#relay.view),
      judgeHello: helloJudge(this.#tunnelFlow('session'), options.settings),
    });
  }

  /** Undefined until the ClientHello has passed. */
  get clientRandom(): Buffer | undefined {
    return this.#relay.view.clientHello?.random;
  }

  /** What a resumption of it must agree with; undefined before the delivery. */
  get delivered(): DeliveredFacts | undefined {
    return this.#delivered?.facts;
  }

  get state(): SessionState {
    return this.#state;
  }

  get traffic(): Traffic {
    const { client, origin } = this.#options;
    return {
      fromClient: client.received,
      toClient: client.sent,
      fromOrigin: origin.received,
      toOrigin: origin.sent,
    };
  }

  /** The proxy uses it itself, for the content of others (R13): it ends with the main session. */
  get isForFetching(): boolean {
    return this.#isForFetching;
  }

  /** Takes no further exchange: ends at once between two, else after the one under way. Other protocols go on. */
  retire(): void {
    this.#carriage.retire();
  }

  /** Asked anew after a wait, in which anything may have happened. */
  #is(state: SessionState): boolean {
    return this.#state === state;
  }

  get isDelivered(): boolean {
    return this.#state !== 'relaying';
  }

  /** Relays until both sides end, or until a delivery takes over. */
  start(): void {
    const client = this.#relay.relayClient();
    const origin = this.#relay.relayOrigin();
    this.#directions = { client, origin };
    const { limits } = this.#options.settings;
    this.#deliveryTimer = setTimeout(() => void this.#onUndelivered(), limits.deliveryTimeout);
    Promise.all([client, origin]).then(
      (outcomes) => {
        if (!outcomes.every((outcome) => outcome === 'ended')) return;
        if (this.#observation === undefined) this.#close('CLOSED');
        else void this.#observed();
      },
      (error) => this.fail(sessionError(error, 'CLIENT_GONE')),
    );
  }

  /**
   * Makes the session active. Rejects with SessionError; where the delivery itself is at fault the session fails
   * with it, unless it had been delivered before.
   */
  async deliver(delivery: Delivery, deliverer: Deliverer): Promise<void> {
    if (this.#state !== 'relaying') throw undeliverable(this.#state);
    this.#state = 'delivering';
    const reads = delivery.grant === Grant.Observe || this.#options.mirror;
    if (!reads) this.#options.client.hold?.();
    this.#reports.delivered(deliverer);
    clearTimeout(this.#deliveryTimer);
    try {
      const { mirror, settings } = this.#options;
      const { legacy } = settings;
      const negotiated = checkDelivery(delivery, this.#relay, mirror);
      if (delivery.grant === Grant.Observe) return await this.#observe(delivery, negotiated, deliverer);
      const keys = deliveredKeys(delivery, negotiated, this.#relay, legacy);
      const active = await this.#activate(delivery, keys);
      if (isHttp2(active.examined.facts?.alpn ?? delivery.alpn)) {
        wipe(active);
        throw http2Refused();
      }
      const origin = originIdentity(this.target, delivery, this.#relay.view, active.examined);
      const facts = deliveredFacts(delivery, this.#relay.view, origin);
      const journal = this.#journalFor(delivery, origin);
      this.#delivered = { deliverer, origin, facts, journal };
      await journal?.record({ kind: 'opened' }).catch((error) => {
        wipe(active);
        throw error;
      });
      if (this.#is('closed')) {
        wipe(active);
        throw new SessionError('CLIENT_GONE', 'the session closed while it was being delivered');
      }
      this.#state = 'active';
      this.#active = active;
      this.#announce(delivery, active, origin);
    } catch (error) {
      const failure = sessionError(error, 'CLIENT_GONE');
      this.#reports.notDelivered();
      await this.fail(failure);
      throw failure;
    }
  }

  /** Goes on as a relay, and reads along. */
  async #observe(delivery: Delivery, negotiated: NegotiatedSession, deliverer: Deliverer): Promise<void> {
    const options = this.#options;
    const relay = this.#relay;
    const examining = examineObserved(delivery, relay, this.target, options.settings);
    const settled = { ...delivery, secrets: Buffer.from(delivery.secrets) };
    const examined = await examining.catch((error) => {
      settled.secrets.fill(0);
      throw error;
    });
    if (isHttp2(examined.facts?.alpn ?? delivery.alpn)) throw http2Refused();
    const origin = originIdentity(this.target, delivery, relay.view, examined);
    const onUnrecorded = () => void this.fail(unrecorded());
    const observation = observationOf(settled, { options, relay, origin, negotiated, onUnrecorded });
    settled.secrets.fill(0);
    const journal = this.#journalFor(delivery, origin);
    this.#delivered = { deliverer, origin, facts: undefined, journal };
    this.#observation = observation;
    this.#state = 'observed';
    const before = relay.watch((side, record, index) => observation.onRecord(side, record, index));
    feed(observation, before, relay, examined);
    await journal?.record({ kind: 'opened' });
    if (!this.#is('closed')) this.#announce(delivery, relay, origin);
  }

  /** Keys of records that were kept. Throws SessionError where they are none. The caller wipes them. */
  release(release: Release): void {
    this.#observation?.onRelease(release);
  }

  /** Both sides have ended: keys that are still owed may come now. */
  async #observed(): Promise<void> {
    await this.#observation!.settled(this.#options.settings.limits.releaseTimeout);
    await this.finish();
  }

  /** Carries the client's own exchanges; the session ends with them. `alpn` is empty where the client can't tell. */
  async carry({ alpn, isStream = false }: Pick<Delivery, 'alpn' | 'isStream'>): Promise<void> {
    if (this.#active === undefined || this.#delivered === undefined) return;
    const { leg, origin, examined } = this.#active;
    const { deliverer, journal } = this.#delivered;
    const { settings } = this.#options;
    try {
      await this.#carriage.run({
        leg,
        origin,
        isStream,
        onStream: () => this.#onStream(),
        alpn: examined.facts?.alpn ?? (alpn || this.#relay.view.serverHello?.alpn),
        flow: flowContext(this.#options, this.#delivered.origin, deliverer),
        limits: settings.limits,
        onRequest: (method, target) => this.#reports.request(method, target),
        journal,
        onResponse: (report) => this.#reports.response(report),
      });
      await this.finish(this.#carriage.isRetired ? 'STOPPING' : 'CLOSED');
    } catch (error) {
      // What was under way when the client took its session back has broken off.
      if (!this.#is('returned')) await this.fail(sessionError(error, 'CLIENT_GONE'));
    }
  }

  #onStream(): void {
    const { client, origin, settings } = this.#options;
    for (const side of [client, origin]) side.setIdleTimeout?.(settings.limits.streamIdleTimeout);
  }

  /** The client takes its grant back. `clientBytes`: what it wrote of content, where the grant was `epoch`. */
  revoke(clientBytes: number): void {
    this.#onRevoked(clientBytes);
    if (this.#state !== 'returned') this.#endGrant('REVOKED');
  }

  /** A session delivered for an epoch goes back, where this proxy lets pass what it can't read; any other ends. */
  #endGrant(code: CutCode): void {
    const leg = this.#active?.epochLeg;
    if (this.#observation !== undefined) {
      // The session is the client's own, and goes on.
      this.#observation.stop();
      return;
    }
    if (leg === undefined || this.#isForFetching || this.#relay.isStrict) void this.cut(code);
    else this.#giveBack(this.#active!, leg, code);
  }

  #giveBack(active: Activation, leg: EpochLeg, code: string): void {
    const { client, origin, settings } = this.#options;
    const why = new SessionError('REVOKED', 'the session went back to the client');
    const counts = stopEpochLeg(leg, active.origin, active.relay, why);
    this.#state = 'returned';
    this.#active = undefined;
    wipe(active);
    clearTimeout(this.#expiryTimer);
    this.#reports.returned(code, counts);
    void this.#passesUnread();
    const unused = () => active.origin.unused;
    giveBack(this.#revoked, settings.limits.deliveryTimeout, {
      ...{ relay: active.relay, client, origin, leg, unused },
    }).then(
      () => this.finish(),
      (error) => this.fail(sessionError(error, 'CLIENT_GONE')),
    );
  }

  /** The plaintext of the origin, for a session that the proxy uses itself (R13). */
  get originStream(): ByteStream {
    return this.#active!.origin;
  }

  /** The proxy knows itself all that is in it, and with whom it is, and it is no client's own. */
  get isGoodForOthers(): boolean {
    const origin = this.#delivered?.origin;
    return origin !== undefined && this.#options.settings.trust.issued.vouchesFor(origin);
  }

  /** Undefined where nobody keeps a record, or before the delivery. */
  get journal(): Journal | undefined {
    return this.#delivered?.journal;
  }

  /** Follows the conduit of a session that the proxy uses itself: when the client gives it up, the session ends. */
  async watchConduit(): Promise<void> {
    const { leg } = this.#active!;
    this.#isForFetching = true;
    try {
      if ((await leg.read()) !== undefined) {
        throw new SessionError(
          'UNEXPECTED_MESSAGE',
          'the client wrote on a session that it gave to the proxy',
        );
      }
    } catch (error) {
      await this.fail(sessionError(error, 'CLIENT_GONE'));
      return;
    }
    await this.finish();
  }

  /**
   * The client has said so, on another connection than the bytes that it wrote before: those still go out. What has not
   * gone by then breaks off, for the origin must not take a part for the whole.
   */
  async leave(): Promise<void> {
    if (!this.#carriage.isStream) return this.finish();
    await Promise.race([this.#carriage.ended(), delay(LINGER, undefined, { ref: false })]);
    if (!this.#carriage.isUnderWay) return this.finish();
    await this.fail(new SessionError('CLIENT_GONE', 'the client left before all of its bytes had gone on'));
  }

  /** An end that neither side made: in order between two exchanges, else what is under way breaks off and says so. */
  cut(code: CutCode): Promise<void> {
    return this.#carriage.isUnderWay ? this.fail(new SessionError(code, CUT[code])) : this.finish(code);
  }

  /** An orderly end of both sides: the origin gets close_notify. */
  async finish(code = 'CLOSED'): Promise<void> {
    if (this.#state === 'closed') return;
    // Nothing to wait for elsewhere: the client hears of the end before its main session may go.
    if (this.#observation !== undefined) {
      await this.#observation.end();
      if (this.#is('closed')) return;
    }
    const ending = endBoth(this.#options, this.#active);
    this.#reports.finished(code);
    this.#close(code);
    await ending;
  }

  /** A disorderly end: no side can take what it has for complete. */
  async fail(error: SessionError): Promise<void> {
    if (this.#state === 'closed') return;
    this.#reports.failing(error);
    const breaking = breakBoth(this.#options, this.#active, error);
    this.#close(error.code);
    this.#reports.failed(error);
    await breaking;
  }

  #activate(delivery: Delivery, keys: SessionKeys): Promise<Activation> {
    const { client, origin, mirror, settings } = this.#options;
    const isEpoch = delivery.grant === Grant.Epoch;
    return activate(delivery, keys, {
      relay: this.#relay,
      directions: this.#directions!,
      target: this.target,
      trust: settings.trust,
      client,
      originTransport: origin,
      mirror,
      limits: settings.limits,
      onTicket: (message) => this.#onTicket(message),
      onKeyUpdate: (side, generation) => this.#reports.keyUpdate(side, generation),
      ...(isEpoch && { onEpochOver: (why) => this.#endGrant(why) }),
    });
  }

  #announce(
    delivery: Delivery,
    counts: Pick<Activation, 'clientRecords' | 'originRecords'>,
    origin: OriginIdentity,
  ): void {
    if (delivery.expires > 0) {
      this.#expiryTimer = setTimeout(() => this.#endGrant('EXPIRED'), delivery.expires * 1000).unref();
    }
    this.#reports.active(delivery, counts, origin);
  }

  /** R12. A mirror client gets the ticket itself, since its own TLS stack will use it. */
  #onTicket(message: Buffer): void {
    const leg = this.#active?.leg;
    if (leg instanceof RecordStream) void leg.writeHandshake(message).catch(() => {});
    this.#reports.ticket(message);
    this.#remember(message);
  }

  /** What a verified origin gives to resume with shows later that it is the same one. */
  #remember(message: Buffer): void {
    const examined = this.#active?.examined;
    if (examined?.kind === 'verified') {
      this.#options.settings.trust.issued.add(ticketOf(message), examined.identity);
    }
  }

  #journalFor(delivery: Delivery, origin: OriginIdentity): Journal | undefined {
    const { id, principal, settings } = this.#options;
    const { version, cipherSuite } = this.#relay.view.serverHello!;
    const session: JournalSession = {
      sessionId: id,
      client: principal.name,
      origin,
      grant: grantName(delivery.grant),
      leg: legName(delivery),
      protocolVersion: version,
      cipherSuite,
    };
    return Journal.of(session, settings);
  }

  #tunnelFlow(kind: TunnelFlow['kind']): TunnelFlow {
    const { principal } = this.#options;
    return { kind, client: principal.name, ...this.target, sessionId: this.id };
  }

  async #onUndelivered(): Promise<void> {
    if (this.#state !== 'relaying') return;
    const { mirror, settings } = this.#options;
    if (this.#relay.isStrict || (mirror && settings.undelivered === 'close')) {
      const why = 'no delivery came in time, and undelivered this proxy lets no application data pass';
      await this.fail(new SessionError('DELIVERY_TIMEOUT', why));
      return;
    }
    if (mirror) {
      this.#reports.undelivered();
      this.#state = 'undelegated';
      this.#relay.forget();
    }
    if (!(await this.#passesUnread())) return;
    if (mirror) this.#relay.release();
  }

  /** Bytes pass from here on that the proxy does not read. False where a service minds, and the session has failed. */
  async #passesUnread(): Promise<boolean> {
    if (this.#isUnread) return true;
    this.#isUnread = true;
    const reason = await tunnelRefusal(this.#tunnelFlow('undelivered'), this.#options.settings);
    if (reason !== undefined) await this.fail(new SessionError('STREAM_REFUSED', reason));
    return reason === undefined;
  }

  #close(code: SessionErrorCode | string): void {
    if (this.#state === 'relaying' && this.#relay.clientRecords > 0) void this.#passesUnread();
    this.#state = 'closed';
    clearTimeout(this.#deliveryTimer);
    clearTimeout(this.#expiryTimer);
    if (this.#active !== undefined) wipe(this.#active);
    this.#observation?.stop();
    this.#active?.relay.clear();
    this.#relay.clear();
    const { services, log } = this.#options.settings;
    tellClosed(services, this.id, log);
    this.#reports.closed(code, this.traffic);
    this.#options.onClosed();
    void this.#recordEnd(code).then(this.#onEnd);
  }

  /** After all that it did. Who can't be told of the end has failed the session already, or lost what was before. */
  async #recordEnd(code: string): Promise<void> {
    const journal = this.#delivered?.journal;
    if (journal === undefined) return;
    await this.#carriage.ended();
    await journal.record({ kind: 'closed', code }).catch(() => {});
  }
}
