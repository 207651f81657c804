// What a delivery settles, and what of it a resumption must agree with.
import type { Delivery } from '../../delegation/delivery.js';
import type { Grant } from '../../delegation/grant.js';
import type { OriginIdentity } from '../../services/service.js';
import type { Journal } from '../exchange/journal.js';
import type { HandshakeView } from '../record/handshake_view.js';
import type { Deliverer } from './session_options.js';

/** For as long as the session lasts. `facts`: undefined where it allows no resumption, as in `observe`. */
export interface Delivered {
  readonly deliverer: Deliverer;
  readonly origin: OriginIdentity;
  readonly facts: DeliveredFacts | undefined;
  readonly journal: Journal | undefined;
}

/** What the proxy knows of a delivered session that a resumption of it must agree with. */
export interface DeliveredFacts {
  grant: Grant;
  protocolVersion: number;
  cipherSuite: number;
  extendedMasterSecret: boolean;
  origin: OriginIdentity;
  /** When the client's grant ends by itself, Unix milliseconds; infinite where it said nothing. */
  until: number;
}

/** The handshake as it was seen here: a delivery is believed where nothing was to be seen alone. */
export function deliveredFacts(
  { grant, expires }: Pick<Delivery, 'grant' | 'expires'>,
  { serverHello }: Pick<HandshakeView, 'serverHello'>,
  origin: OriginIdentity,
): DeliveredFacts {
  const { version, cipherSuite, extendedMasterSecret } = serverHello!;
  const until = expires === 0 ? Number.POSITIVE_INFINITY : Date.now() + expires * 1000;
  return {
    grant,
    until,
    protocolVersion: version,
    cipherSuite,
    extendedMasterSecret,
    origin,
  };
}
