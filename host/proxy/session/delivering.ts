// From a delivery to the session that it makes: one that the proxy takes over, or one that it reads along with.
import { type Delivery, legName } from '../../delegation/delivery.js';
import { Grant, grantName } from '../../delegation/grant.js';
import type { JournalSession } from '../../services/journal.js';
import type { OriginIdentity } from '../../services/service.js';
import { http2Refused, isHttp2 } from '../exchange/head.js';
import { Journal } from '../exchange/journal.js';
import { activate, deliveredKeys } from './activation.js';
import { ActiveSession } from './active_session.js';
import { type Delivered, deliveredFacts } from './delivered.js';
import { checkDelivery } from './delivery_check.js';
import { examineObserved, feed, observationOf } from './observation_start.js';
import { ObservedSession } from './observed_session.js';
import { originIdentity } from './origin_identity.js';
import type { Directions, Relay } from './relay.js';
import type { CutCode } from './session_end.js';
import { wipe } from './session_end.js';
import type { Deliverer, SessionOptions } from './session_options.js';
import type { SessionReports } from './session_reports.js';

/** What is there when the delivery comes. */
export interface Delivering {
  readonly session: SessionOptions;
  readonly reports: SessionReports;
  readonly relay: Relay;
  readonly directions: Directions;
  readonly deliverer: Deliverer;
}

/** What the session that comes of it needs. */
interface TakeOverOptions {
  /** Aborts when the session takes no further exchange. */
  readonly retired: AbortSignal;
  /** Of the grant `epoch`: the delivered keys can't be used any longer. */
  readonly onEpochOver: (why: CutCode) => void;
}

/** The proxy's record layers take the session over. Its opening is in the journal by then. Rejects with SessionError, and nothing of the keys is left. */
export async function takeOver(
  delivery: Delivery,
  from: Delivering,
  { retired, onEpochOver }: TakeOverOptions,
): Promise<ActiveSession> {
  const { session, reports, relay, directions, deliverer } = from;
  const { client, origin: originTransport, mirror, target, settings } = session;
  const keys = deliveredKeys(delivery, checkDelivery(delivery, relay, mirror), relay, settings.legacy);
  let active: ActiveSession | undefined;
  const layers = await activate(delivery, keys, {
    ...{ relay, directions, target, client, originTransport, mirror },
    trust: settings.trust,
    limits: settings.limits,
    onTicket: (message) => {
      // One that came before was relayed as it was.
      active?.onTicket(message);
      reports.ticket(message);
    },
    onKeyUpdate: (side, generation) => reports.keyUpdate(side, generation),
    ...(delivery.grant === Grant.Epoch && { onEpochOver }),
  });
  try {
    if (isHttp2(layers.examined.facts?.alpn ?? delivery.alpn)) throw http2Refused();
    const origin = originIdentity(target, delivery, relay.view, layers.examined);
    const facts = deliveredFacts(delivery, relay.view, origin);
    const delivered: Delivered = { deliverer, origin, facts, journal: journalOf(delivery, origin, from) };
    await delivered.journal?.record({ kind: 'opened' });
    const { alpn } = relay.view.serverHello ?? {};
    active = new ActiveSession({ session, reports, layers, delivered, retired, alpn });
    return active;
  } catch (error) {
    wipe(layers);
    throw error;
  }
}

/**
 * The session goes on as a relay, and the proxy reads along from its first record under the delivered keys. The caller puts
 * its opening into the journal. Rejects with SessionError.
 */
export async function readAlong(
  delivery: Delivery,
  from: Delivering,
  onUnrecorded: () => void,
): Promise<ObservedSession> {
  const { session: options, relay, deliverer } = from;
  const negotiated = checkDelivery(delivery, relay, options.mirror);
  const examining = examineObserved(delivery, relay, options.target, options.settings);
  const settled = { ...delivery, secrets: Buffer.from(delivery.secrets) };
  try {
    const examined = await examining;
    if (isHttp2(examined.facts?.alpn ?? delivery.alpn)) throw http2Refused();
    const origin = originIdentity(options.target, delivery, relay.view, examined);
    const observation = observationOf(settled, { options, relay, origin, negotiated, onUnrecorded });
    const before = relay.watch((side, record, index) => observation.onRecord(side, record, index));
    feed(observation, before, relay, examined);
    const journal = journalOf(delivery, origin, from);
    return new ObservedSession(observation, { deliverer, origin, facts: undefined, journal });
  } finally {
    settled.secrets.fill(0);
  }
}

function journalOf(
  delivery: Delivery,
  origin: OriginIdentity,
  { session, relay }: Pick<Delivering, 'session' | 'relay'>,
): Journal | undefined {
  const { id, principal, settings } = session;
  const { version, cipherSuite } = relay.view.serverHello!;
  const opened: JournalSession = {
    sessionId: id,
    client: principal.name,
    origin,
    grant: grantName(delivery.grant),
    leg: legName(delivery),
    protocolVersion: version,
    cipherSuite,
  };
  return Journal.of(opened, settings);
}
