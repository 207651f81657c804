// From a delivery to an observation: what it may read at once, and whom it tells.
import type { Delivery } from '../../delegation/delivery.js';
import type { OriginIdentity } from '../../services/service.js';
import { SessionError } from '../error.js';
import type { NegotiatedSession } from '../record/session_keys.js';
import { Observation } from './observation.js';
import { liveReader, releasedKeys } from './observed_keys.js';
import type { Relay } from './relay.js';
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
    keys: ({ secrets }) => releasedKeys(secrets, negotiated),
    onUnrecorded,
  });
}
