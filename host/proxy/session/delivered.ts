// What the proxy knows of a delivered session that a resumption of it must agree with.
import type { Delivery } from '../../delegation/delivery.js';
import type { Grant } from '../../delegation/grant.js';
import type { OriginIdentity } from '../../services/service.js';
import type { HandshakeView } from '../record/handshake_view.js';

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
