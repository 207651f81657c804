// With whom a session's client shook hands, as its services learn it.
import type { Delivery } from '../../delegation/delivery.js';
import type { Resumption } from '../../delegation/resumption.js';
import type { OriginIdentity } from '../../services/service.js';
import type { ExaminedSession } from '../handshake/examine.js';
import { canonicalHost, sentName, type Target } from '../handshake/identify.js';
import type { IssuedTickets } from '../handshake/issued_tickets.js';
import type { HandshakeView } from '../record/handshake_view.js';

/**
 * Of a connection that the proxy opens by resumption: the origin that gave the ticket to a verified session is the same again. What
 * came from elsewhere is the client's word.
 */
export function resumedIdentity(
  { host: asked, port }: Target,
  { serverName, certificateHash, ticket, sessionId }: Resumption,
  issued: IssuedTickets,
): OriginIdentity {
  const name = serverName.toLowerCase();
  const found = issued.find(ticket.length > 0 ? ticket : sessionId, canonicalHost(asked), port);
  if (found !== undefined && name === sentName(found.host)) {
    const { certificate, clientCertificate, judgedBy } = found;
    const { host } = found;
    return { host, port, serverName: name, certificate, clientCertificate, verified: true, judgedBy };
  }
  return {
    host: canonicalHost(asked),
    port,
    serverName: name,
    certificate: Buffer.from(certificateHash).toString('hex'),
    clientCertificate: '',
    verified: false,
    unverified: 'it resumes a session that this proxy did not see, or could not verify',
  };
}

/** What the proxy read itself comes before what it saw in passing, and that before what the client says. */
export function originIdentity(
  { host: asked, port }: Target,
  delivery: Pick<Delivery, 'certificateHash'>,
  view: Pick<HandshakeView, 'clientHello' | 'certificateHash'>,
  examined: ExaminedSession,
): OriginIdentity {
  const serverName = (view.clientHello?.sni ?? '').toLowerCase();
  if (examined.kind === 'verified') {
    const { certificate, clientCertificate, judgedBy } = examined.identity;
    const { host } = examined.identity;
    return { host, port, serverName, certificate, clientCertificate, verified: true, judgedBy };
  }
  const hash = Buffer.from(view.certificateHash ?? delivery.certificateHash);
  return {
    host: canonicalHost(asked),
    port,
    serverName,
    certificate: hash.every((byte) => byte === 0) ? '' : hash.toString('hex'),
    clientCertificate: '',
    verified: false,
    unverified: examined.unverified,
  };
}
