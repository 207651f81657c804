// From a delivery to an observation: what it may read at once, and whom it tells.
import type { Delivery } from '../../delegation/delivery.js';
import type { OriginIdentity } from '../../services/service.js';
import { SessionError } from '../error.js';
import { assure, type ExaminedSession, readHandshake } from '../handshake/examine.js';
import type { SessionRecords } from '../handshake/facts.js';
import type { Target } from '../handshake/identify.js';
import { Unseen } from '../handshake/messages.js';
import { handshakeSecretsOf, wipeHandshakeSecrets } from '../handshake/tls13.js';
import type { Settings } from '../options.js';
import type { NegotiatedSession } from '../record/session_keys.js';
import { suiteOf } from '../record/suite.js';
import { Observation } from './observation.js';
import { liveReader, releasedKeys } from './observed_keys.js';
import { arriving, type Relay } from './relay.js';
import type { SessionOptions } from './session_options.js';

/** What a session has to read along with. */
export interface Observable {
  options: SessionOptions;
  relay: Relay;
  origin: OriginIdentity;
  negotiated: NegotiatedSession;
  /** A service whose record is required could not keep it. */
  onUnrecorded: () => void;
}

/** Throws SessionError where the proxy may not only observe, or the keys are not what they should be. */
export function observationOf(
  delivery: Delivery,
  { options, relay, origin, negotiated, onUnrecorded }: Observable,
): Observation {
  const { id, principal, mirror, settings, observers } = options;
  if (mirror || relay.isStrict || delivery.requestId !== 0) {
    const why = 'here the proxy has to take the session over: it does not only observe';
    throw new SessionError('GRANT_UNSUPPORTED', why);
  }
  const live = liveReader(delivery, negotiated, relay.view);
  const { services, limits, log } = settings;
  return new Observation({
    sessionId: id,
    client: principal.name,
    origin,
    ...{ services, limits, observers, log },
    ...(live && { live }),
    commitments: delivery.commitments,
    keys: ({ secrets }) => releasedKeys(secrets, negotiated),
    onUnrecorded,
  });
}

/** With whom a session is that is to be read along, from its handshake alone: all that follows is read later. Throws SessionError. */
export async function examineObserved(
  delivery: Delivery,
  relay: Relay,
  target: Target,
  { trust, limits }: Settings,
): Promise<ExaminedSession> {
  const suite = suiteOf(relay.view.serverHello?.cipherSuite ?? 0);
  const secrets = suite && handshakeSecretsOf(suite, delivery.handshakeSecrets);
  try {
    const by = relay.view.isTls13 ? suite && secrets && { suite, secrets } : NO_KEYS;
    await arriving(relay.reached(delivery.clientRecords), limits.deliveryTimeout);
    const { records } = relay;
    if (records === undefined) throw new Unseen('more passed before the delivery than is kept');
    const facts = readHandshake(records, by);
    // A commitment to keys is one where nothing was sealed with them before.
    if (records.client.length > facts.clientEnd) throw new Unseen('the client went on before it delivered');
    return await assure(facts, target, trust);
  } catch (error) {
    if (!(error instanceof Unseen)) throw error;
    return { kind: 'unseen', unverified: error.message, facts: undefined };
  } finally {
    if (secrets !== undefined) wipeHandshakeSecrets(secrets);
  }
}

/** Finished can't be opened yet: its keys come later, or without their MACs. */
const NO_KEYS = { keys: undefined, masterSecret: undefined };

/** What passed under the observed keys before anybody read along. */
export function feed(
  observation: Observation,
  records: SessionRecords | undefined,
  { view }: Pick<Relay, 'view'>,
  examined: ExaminedSession,
): void {
  const { facts } = examined;
  if (records === undefined || facts === undefined) return;
  // TLS 1.2 counts Finished to the epoch.
  const finished = view.isTls13 ? 0 : 1;
  const starts = { client: facts.clientEnd - finished, origin: facts.originEnd - finished };
  for (const side of ['client', 'origin'] as const) {
    for (const [index, record] of records[side].entries()) {
      if (index >= starts[side]) observation.onRecord(side, record, index);
    }
  }
}
