// With whom a session's client shook hands, as its services are told.
import type { Delivery } from '../../delegation/delivery.js';
import type { OriginIdentity } from '../../services/service.js';
import type { HandshakeView } from '../record/handshake_view.js';

/** What the proxy saw itself comes before what the client says (TLS 1.3 hides the certificate from the proxy). */
export function originIdentity(
  { host, port }: { host: string; port: number },
  delivery: Pick<Delivery, 'certificateHash'>,
  view: Pick<HandshakeView, 'clientHello' | 'certificateHash'>,
): OriginIdentity {
  const hash = Buffer.from(view.certificateHash ?? delivery.certificateHash);
  return {
    host: host.toLowerCase(),
    port,
    serverName: (view.clientHello?.sni ?? '').toLowerCase(),
    certificate: hash.every((byte) => byte === 0) ? '' : hash.toString('hex'),
  };
}
