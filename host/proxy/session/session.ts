// One delegable session: a relay at first, what its delivery makes of it then, and wiped at its end. The phases own what they
// need; here stands what leads from one to the next.
import type { Delivery } from '../../delegation/delivery.js';
import { Grant } from '../../delegation/grant.js';
import type { Release } from '../../delegation/message.js';
import type { SessionId } from '../../delegation/session_id.js';
import type { TunnelFlow } from '../../services/service.js';
import type { Principal } from '../admission/authentication.js';
import { helloJudge, tunnelRefusal } from '../admission/tunnel_services.js';
import { SessionError, type SessionErrorCode, sessionError, undeliverable } from '../error.js';
import type { Traffic } from '../events.js';
import { type Journal, unrecorded } from '../exchange/journal.js';
import { tellClosed } from '../exchange/service_ends.js';
import type { ByteStream } from '../streams/byte_stream.js';
import type { ActiveSession } from './active_session.js';
import type { Delivered, DeliveredFacts } from './delivered.js';
import { type Delivering, readAlong, takeOver } from './delivering.js';
import type { EpochLeg } from './epoch_leg.js';
import type { ObservedSession } from './observed_session.js';
import { Closed, DELIVERING, type Phase, Relaying, UNDELEGATED } from './phase.js';
import type { Activation } from './record_layers.js';
import { Relay } from './relay.js';
import { ReturnedSession } from './returned_session.js';
import { breakBoth, CUT, type CutCode, endBoth } from './session_end.js';
import type { Deliverer, SessionOptions, SessionState } from './session_options.js';
import { SessionReports } from './session_reports.js';

export class DelegableSession {
  readonly id: SessionId;
  readonly principal: Principal;
  readonly target: { host: string; port: number };
  /** A record layer checks for close_notify. */
  readonly endsProvably = true;
  readonly #options: SessionOptions;
  readonly #relay: Relay;
  readonly #reports: SessionReports;
  readonly #retired = new AbortController();
  #phase: Phase;
  /** Services know that bytes passed, or pass, unread. */
  #isUnread = false;
  #onEnd: () => void = () => {};
  /** Resolves when the session is over and its secrets are wiped. */
  readonly closed = new Promise<void>((resolve) => {
    this.#onEnd = resolve;
  });

  /** Relays until both sides end, or until a delivery takes over. */
  constructor(options: SessionOptions) {
    this.#options = options;
    this.id = options.id;
    this.principal = options.principal;
    this.target = options.target;
    const { limits, log } = options.settings;
    this.#reports = new SessionReports(this.id, options.observers, log);
    this.#relay = new Relay({
      client: options.client,
      origin: options.origin,
      holds: options.mirror,
      strict: options.mustDeliver,
      limits,
      onHandshake: () => this.#reports.handshake(this.#relay.view),
      judgeHello: helloJudge(this.#tunnelFlow('session'), options.settings),
    });
    const directions = { client: this.#relay.relayClient(), origin: this.#relay.relayOrigin() };
    this.#phase = new Relaying(directions, () => void this.#onUndelivered(), limits.deliveryTimeout);
    Promise.all([directions.client, directions.origin]).then(
      (outcomes) => {
        if (outcomes.every((outcome) => outcome === 'ended')) void this.#onRelayed();
      },
      (error) => this.fail(sessionError(error, 'CLIENT_GONE')),
    );
  }

  /** Undefined until the ClientHello has passed. */
  get clientRandom(): Buffer | undefined {
    return this.#relay.view.clientHello?.random;
  }

  get state(): SessionState {
    return this.#phase.state;
  }

  get isDelivered(): boolean {
    return this.state !== 'relaying';
  }

  /** What a resumption of it must agree with; undefined before the delivery. */
  get delivered(): DeliveredFacts | undefined {
    return this.#delivered?.facts;
  }

  /** Undefined where nobody keeps a record, or before the delivery. */
  get journal(): Journal | undefined {
    return this.#delivered?.journal;
  }

  /** The proxy knows itself all that is in it, and with whom it is, and it is no client's own. */
  get isGoodForOthers(): boolean {
    const origin = this.#delivered?.origin;
    return origin !== undefined && this.#options.settings.trust.issued.vouchesFor(origin);
  }

  /** The proxy uses it itself, for the content of others (R13): it ends with the main session. */
  get isForFetching(): boolean {
    return this.#phase.state === 'active' && this.#phase.isForFetching;
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

  /** Takes no further exchange: ends at once between two, else after the one under way. Other protocols go on. */
  retire(): void {
    this.#retired.abort();
  }

  /**
   * Makes the session active. Rejects with SessionError; where the delivery itself is at fault the session fails
   * with it, unless it had been delivered before.
   */
  async deliver(delivery: Delivery, deliverer: Deliverer): Promise<void> {
    const relaying = this.#phase;
    if (relaying.state !== 'relaying') throw undeliverable(relaying.state);
    relaying.close();
    this.#phase = DELIVERING;
    const { client, mirror } = this.#options;
    const isObserved = delivery.grant === Grant.Observe;
    if (!isObserved && !mirror) client.hold?.();
    this.#reports.delivered(deliverer);
    const { directions } = relaying;
    const from = {
      ...{ session: this.#options, reports: this.#reports, relay: this.#relay, directions, deliverer },
    };
    try {
      await (isObserved ? this.#observe(delivery, from) : this.#activate(delivery, from));
    } catch (error) {
      const failure = sessionError(error, 'CLIENT_GONE');
      this.#reports.notDelivered();
      await this.fail(failure);
      throw failure;
    }
  }

  async #activate(delivery: Delivery, from: Delivering): Promise<void> {
    const active = await takeOver(delivery, from, {
      retired: this.#retired.signal,
      onEpochOver: (why) => this.#endGrant(why),
    });
    this.#enter(active);
    this.#announce(delivery, active, active.layers);
  }

  /** Goes on as a relay, and reads along. */
  async #observe(delivery: Delivery, from: Delivering): Promise<void> {
    const observed = await readAlong(delivery, from, () => void this.fail(unrecorded()));
    this.#enter(observed);
    await observed.delivered.journal?.record({ kind: 'opened' });
    if (!this.#is('closed')) this.#announce(delivery, observed, this.#relay);
  }

  /** What a delivery has made. Throws where the session closed meanwhile. */
  #enter(phase: ActiveSession | ObservedSession): void {
    if (this.#is('closed')) {
      phase.close();
      throw new SessionError('CLIENT_GONE', 'the session closed while it was being delivered');
    }
    this.#phase = phase;
  }

  #announce(
    delivery: Delivery,
    phase: ActiveSession | ObservedSession,
    counts: Pick<Activation, 'clientRecords' | 'originRecords'>,
  ): void {
    phase.expireAfter(delivery.expires, () => this.#endGrant('EXPIRED'));
    this.#reports.active(delivery, counts, phase.delivered.origin);
  }

  /** Keys of records that were kept. Throws SessionError where they are none. The caller wipes them. */
  release(release: Release): void {
    if (this.#phase.state === 'observed') this.#phase.observation.onRelease(release);
  }

  /** Carries the client's own exchanges; the session ends with them. `alpn` is empty where the client can't tell. */
  async carry(delivery: Pick<Delivery, 'alpn' | 'isStream'>): Promise<void> {
    if (this.#phase.state !== 'active') return;
    try {
      await this.#phase.carry(delivery);
      await this.finish(this.#retired.signal.aborted ? 'STOPPING' : 'CLOSED');
    } catch (error) {
      // What was under way when the client took its session back has broken off.
      if (!this.#is('returned')) await this.fail(sessionError(error, 'CLIENT_GONE'));
    }
  }

  /** The plaintext of the origin, for a session that the proxy uses itself (R13). */
  get originStream(): ByteStream {
    if (this.#phase.state !== 'active') throw new SessionError('ORIGIN_GONE', 'the session is over');
    return this.#phase.layers.origin;
  }

  /** Follows the conduit of a session that the proxy uses itself: when the client gives it up, the session ends. */
  watchConduit(): Promise<void> {
    return this.#endWith((active) => active.watchConduit());
  }

  /** The client has said that it leaves. */
  leave(): Promise<void> {
    return this.#endWith((active) => active.leave());
  }

  /** Ends with what an active session does last. */
  async #endWith(last: (active: ActiveSession) => Promise<void>): Promise<void> {
    try {
      if (this.#phase.state === 'active') await last(this.#phase);
    } catch (error) {
      await this.fail(sessionError(error, 'CLIENT_GONE'));
      return;
    }
    await this.finish();
  }

  /** The client takes its grant back. `clientBytes`: what it wrote of content, where the grant was `epoch`. */
  revoke(clientBytes: number): void {
    if (this.#phase.state !== 'returned') this.#endGrant('REVOKED');
    if (this.#phase.state === 'returned') this.#phase.take(clientBytes);
  }

  /** A session delivered for an epoch goes back, where this proxy lets pass what it can't read; any other ends. */
  #endGrant(code: CutCode): void {
    const phase = this.#phase;
    if (phase.state === 'observed') {
      // The session is the client's own, and goes on.
      phase.observation.stop();
      return;
    }
    const leg = phase.state === 'active' ? phase.layers.epochLeg : undefined;
    if (phase.state !== 'active' || leg === undefined || phase.isForFetching || this.#relay.isStrict) {
      void this.cut(code);
      return;
    }
    this.#giveBack(phase, leg, code);
  }

  #giveBack(active: ActiveSession, leg: EpochLeg, code: string): void {
    const returned = new ReturnedSession(active, leg);
    this.#phase = returned;
    this.#reports.returned(code, returned.counts);
    void this.#passesUnread();
    returned.relay(this.#options).then(
      () => this.finish(),
      (error) => this.fail(sessionError(error, 'CLIENT_GONE')),
    );
  }

  /** Both sides of a relay have ended: where it was read along with, keys that are still owed may come now. */
  async #onRelayed(): Promise<void> {
    if (this.#phase.state === 'closed') return;
    if (this.#phase.state !== 'observed') {
      this.#close('CLOSED');
      return;
    }
    await this.#phase.observation.settled(this.#options.settings.limits.releaseTimeout);
    await this.finish();
  }

  async #onUndelivered(): Promise<void> {
    if (this.#phase.state !== 'relaying') return;
    const { mirror, settings } = this.#options;
    if (this.#relay.isStrict || (mirror && settings.undelivered === 'close')) {
      const why = 'no delivery came in time, and undelivered this proxy lets no application data pass';
      await this.fail(new SessionError('DELIVERY_TIMEOUT', why));
      return;
    }
    if (mirror) {
      this.#reports.undelivered();
      this.#phase = UNDELEGATED;
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

  #tunnelFlow(kind: TunnelFlow['kind']): TunnelFlow {
    const { principal } = this.#options;
    return { kind, client: principal.name, ...this.target, sessionId: this.id };
  }

  /** An end that neither side made: in order between two exchanges, else what is under way breaks off and says so. */
  cut(code: CutCode): Promise<void> {
    const isUnderWay = carriageOf(this.#phase)?.isUnderWay ?? false;
    return isUnderWay ? this.fail(new SessionError(code, CUT[code])) : this.finish(code);
  }

  /** An orderly end of both sides: the origin gets close_notify. */
  async finish(code = 'CLOSED'): Promise<void> {
    if (this.#phase.state === 'closed') return;
    // Nothing to wait for elsewhere: the client hears of the end before its main session may go.
    if (this.#phase.state === 'observed') {
      await this.#phase.observation.end();
      if (this.#is('closed')) return;
    }
    const ending = endBoth(this.#options, this.#layers);
    this.#reports.finished(code);
    this.#close(code);
    await ending;
  }

  /** A disorderly end: no side can take what it has for complete. */
  async fail(error: SessionError): Promise<void> {
    if (this.#phase.state === 'closed') return;
    this.#reports.failing(error);
    const breaking = breakBoth(this.#options, this.#layers, error);
    this.#close(error.code);
    this.#reports.failed(error);
    await breaking;
  }

  #close(code: SessionErrorCode | string): void {
    const last = this.#phase;
    if (last.state === 'relaying' && this.#relay.clientRecords > 0) void this.#passesUnread();
    this.#phase = new Closed(deliveredOf(last));
    last.close();
    this.#relay.clear();
    const { services, log } = this.#options.settings;
    tellClosed(services, this.id, log);
    this.#reports.closed(code, this.traffic);
    this.#options.onClosed();
    void recordEnd(last, code).then(this.#onEnd);
  }

  /** Asked anew after a wait, in which anything may have happened. */
  #is(state: SessionState): boolean {
    return this.#phase.state === state;
  }

  get #layers(): Activation | undefined {
    return this.#phase.state === 'active' ? this.#phase.layers : undefined;
  }

  get #delivered(): Delivered | undefined {
    return deliveredOf(this.#phase);
  }
}

const deliveredOf = (phase: Phase): Delivered | undefined =>
  'delivered' in phase ? phase.delivered : undefined;

const carriageOf = (phase: Phase) => ('carriage' in phase ? phase.carriage : undefined);

/** The last entry of a session. A journal that can't keep it has failed the session before, or lost entries then. */
async function recordEnd(last: Phase, code: string): Promise<void> {
  const journal = deliveredOf(last)?.journal;
  if (journal === undefined) return;
  await carriageOf(last)?.ended();
  await journal.record({ kind: 'closed', code }).catch(() => {});
}
