// Everything that can be known wrong about a delivery before its secret is looked at: it must be of the handshake that was
// relayed, and claim nothing that was seen to be otherwise.
import { type Delivery, Leg } from '../../delegation/delivery.js';
import { Grant } from '../../delegation/grant.js';
import type { ServerHello } from '../../tls/hello.js';
import { SessionError } from '../error.js';
import { epochIsUnknown, type NegotiatedSession } from '../record/session_keys.js';
import type { Relay } from './relay.js';

export const differs = (what: string) =>
  new SessionError('HANDSHAKE_MISMATCH', `the delivery's ${what} is not that of the handshake seen here`);

/** What was negotiated, as it was seen. Throws SessionError. */
export function checkDelivery(
  delivery: Delivery,
  relay: Pick<Relay, 'view' | 'isStrict'>,
  mirror: boolean,
): NegotiatedSession {
  const { view } = relay;
  const { clientHello, serverHello } = view;
  if (clientHello === undefined || serverHello === undefined) {
    throw new SessionError('HANDSHAKE_MISMATCH', 'no handshake has passed through this session');
  }
  if (relay.isStrict && delivery.grant === Grant.Observe) {
    throw new SessionError(
      'GRANT_UNSUPPORTED',
      'this proxy lets nothing pass that it only observes: grant it epoch or session',
    );
  }
  const unknown = epochIsUnknown(delivery);
  if (!clientHello.random.equals(delivery.clientRandom)) throw differs('client random');
  if (!unknown) checkHandshake(delivery, relay, serverHello);
  if (mirror !== (delivery.leg === Leg.Mirror)) {
    throw new SessionError('LEG_MISMATCH', 'the delivery names another leg than the CONNECT asked for');
  }
  if (unknown && !mirror) {
    throw new SessionError('LEG_MISMATCH', 'a delivery without record counts needs the mirror leg');
  }
  const unfollowed = !view.client.epochIsWhole || !view.origin.epochIsWhole;
  if (clientHello.earlyData || unfollowed) {
    throw new SessionError(
      'NOT_DELEGABLE',
      'this handshake can not be followed: it used 0-RTT, or was too long',
    );
  }
  // The client's flight waits here, and nothing else than its keys tells where it ends.
  if (view.isTls13 && (mirror || relay.isStrict) && delivery.handshakeSecrets.length === 0) {
    throw new SessionError(
      'NOT_DELEGABLE',
      'the handshake secrets are missing: without them nobody can tell the handshake of TLS 1.3 from content',
    );
  }
  return {
    version: serverHello.version,
    cipherSuite: serverHello.cipherSuite,
    clientRandom: clientHello.random,
    serverRandom: serverHello.random,
    encryptThenMac: serverHello.encryptThenMac,
  };
}

function checkHandshake(delivery: Delivery, { view }: Pick<Relay, 'view'>, serverHello: ServerHello): void {
  if (delivery.protocolVersion !== serverHello.version) throw differs('protocol version');
  if (delivery.cipherSuite !== serverHello.cipherSuite) throw differs('cipher suite');
  if (!serverHello.random.equals(delivery.serverRandom)) throw differs('server random');
  // An IP address is verified without being sent as a name (RFC 6066 §3).
  const sni = view.clientHello?.sni ?? '';
  if (sni !== '' && sni !== delivery.sni) throw differs('server name');
  if (view.isTls13) return;
  if (delivery.extendedMasterSecret !== serverHello.extendedMasterSecret) throw differs('master secret');
  if (view.certificateHash && !view.certificateHash.equals(delivery.certificateHash))
    throw differs('certificate');
  if (delivery.clientEpochStart !== view.client.epochStart) throw differs('client epoch');
  if (delivery.originEpochStart !== view.origin.epochStart) throw differs('origin epoch');
}
