// The hand-over of a session to the proxy, without a guess: both ends have counted its records.

import { DeputyError } from '../../delegation/error.js';
import { Grant } from '../../delegation/grant.js';
import type { Active } from '../../delegation/message.js';
import type { CancelSignal } from '../../platform/platform.js';
import { Version } from '../../tls/numbers.js';
import type { TlsFacts } from '../observer.js';
import { within } from '../timeout.js';
import type { TlsStream } from '../tls/tls_stream.js';
import type { Conduit } from './conduit.js';
import type { OpenLeg } from './open_leg.js';
import { Handed, type Participation, type ParticipationParts, SharedEpoch } from './participation.js';
import type { SessionTickets } from './session_tickets.js';

export interface HandedOver {
  /** The session with the origin as the client made it. */
  inner: TlsStream;
  /** Records that the client sent in all. */
  sent: number;
  tls: TlsFacts;
  grant: Grant;
  tickets: SessionTickets;
  conduit: Pick<Conduit, 'pass' | 'isOrdered'>;
  /** Written to before, where the conduit is ordered; read from now on. */
  leg: OpenLeg;
  signal: CancelSignal | undefined;
}

/**
 * The records that the proxy relayed before the change go through the device's engine; all that follows is the open
 * leg. Throws HANDOVER_MISMATCH.
 */
export async function handOver(
  parts: ParticipationParts,
  { inner, sent, tls: { alpn, version }, grant, tickets, conduit, leg, signal }: HandedOver,
  { clientRecords, originRecords }: Active,
): Promise<Participation> {
  if (clientRecords !== sent) {
    throw mismatch(`the proxy took over after ${clientRecords} records of ours, not ${sent}`);
  }
  const { received } = inner.connection.records();
  if (received > originRecords) {
    throw mismatch(
      `the proxy says that ${originRecords} records came before the change, but ${received} did`,
    );
  }
  const { platform, timeouts } = parts.context;
  const early = await within(platform, inner.receiveRecords(originRecords), {
    milliseconds: timeouts.active,
    error: () => mismatch('the last records before the change never came'),
    signal,
  });
  const lead = (unread: Uint8Array) => {
    // In a stream ACTIVE stands where the records end: the count must say the same.
    if (!conduit.pass() || (conduit.isOrdered && unread.length > 0)) {
      throw mismatch('the records before the change do not end where the proxy took over');
    }
    leg.begin(early, unread);
    return leg;
  };
  if (grant === Grant.Epoch) {
    tickets.onActive(alpn, { connection: inner.connection, isOwned: false });
    return new SharedEpoch(parts, lead(inner.suspend()), inner, conduit, tickets);
  }
  // Only TLS 1.3 brings tickets after the handshake.
  if (version < Version.Tls13) {
    tickets.onActive(alpn, undefined);
    return new Handed(parts, lead(inner.release()));
  }
  const { unread, connection } = inner.retire();
  tickets.onActive(alpn, { connection, isOwned: true });
  return new Handed(parts, lead(unread));
}

const mismatch = (text: string) => new DeputyError('HANDOVER_MISMATCH', text);
