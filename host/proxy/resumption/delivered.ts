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
  /** In lower case; empty where the hello bore none. */
  serverName: string;
  /** SHA-256, hexadecimal; empty where nobody knows. */
  certificate: string;
}

/** The handshake as it was seen here: a delivery is believed where nothing was to be seen alone. */
export function deliveredFacts(
  { grant }: Pick<Delivery, 'grant'>,
  { serverHello }: Pick<HandshakeView, 'serverHello'>,
  { serverName, certificate }: Pick<OriginIdentity, 'serverName' | 'certificate'>,
): DeliveredFacts {
  const { version, cipherSuite, extendedMasterSecret } = serverHello!;
  return { grant, protocolVersion: version, cipherSuite, extendedMasterSecret, serverName, certificate };
}
