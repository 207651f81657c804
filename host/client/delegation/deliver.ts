// DELIVER: the secret leaves the engine and goes to the proxy, with all that the proxy needs to take part.

import { Leg } from '../../delegation/delivery.js';
import { FrameType } from '../../delegation/frame.js';
import { Grant } from '../../delegation/grant.js';
import type { Deliver } from '../../delegation/message.js';
import type { Admission } from '../../delegation/policy.js';
import type { SessionId } from '../../delegation/session_id.js';
import { Version } from '../../tls/numbers.js';
import type { Context } from '../context.js';
import type { Origin } from '../observer.js';
import { tlsFailure } from '../tls/tls_failure.js';
import type { TlsStream } from '../tls/tls_stream.js';
import { deliveryFacts } from './delivery_facts.js';
import type { MainSession } from './main_session.js';

/** Observed epochs of TLS 1.3 that have a commitment. */
const EPOCHS = 4;

export interface DeliverParts {
  context: Context;
  main: MainSession;
  inner: TlsStream;
  admission: Admission;
  origin: Origin;
  sessionId: SessionId;
  requestId: number;
  isStream: boolean;
}

/**
 * Delivers. Save for `observe`, the device seals nothing for the origin from here on. Gives the records that it sent in all,
 * and whether keys are owed still (observe without CBC).
 */
export async function deliver(parts: DeliverParts): Promise<{ sent: number; owes: boolean }> {
  const { context, main, inner, admission, origin, sessionId, requestId, isStream } = parts;
  const { connection } = inner;
  const { grant, expires } = admission;
  const info = connection.info();
  const { secrets, handshakeSecrets } = secretsOf(inner, grant);
  const commitments = grant === Grant.Observe ? commitmentsOf(inner) : [];
  try {
    // A KeyUpdate that was due stands before the place where the proxy takes over.
    if (connection.flags.outputPending) await inner.flush();
    const records = connection.records();
    const message: Deliver = {
      type: FrameType.Deliver,
      sessionId,
      protocolVersion: info.version,
      cipherSuite: info.cipherSuite,
      grant,
      extendedMasterSecret: info.extendedMasterSecret,
      leg: Leg.Open,
      clientRandom: info.clientRandom,
      serverRandom: info.serverRandom,
      certificateHash: info.certificateHash,
      sni: origin.host,
      alpn: info.alpn,
      clientEpochStart: records.clientEpochStart,
      originEpochStart: records.originEpochStart,
      clientRecords: records.sent,
      requestId,
      ...(isStream && { isStream }),
      expires,
      secrets,
      handshakeSecrets,
      commitments,
      binding: main.binding(sessionId, info.clientRandom),
    };
    main.send(message);
    const delivery = deliveryFacts(message);
    context.observer.onStep?.({ step: 'delivered', origin, grant, delivery });
    return { sent: records.sent, owes: grant === Grant.Observe && secrets.length === 0 };
  } finally {
    secrets.fill(0);
    handshakeSecrets.fill(0);
  }
}

/** To the keys of every epoch that will be released (observation.ts takes new ones three times at the most). */
function commitmentsOf({ connection }: TlsStream): Uint8Array[] {
  const epochs = connection.info().version === Version.Tls13 ? EPOCHS : 1;
  const all = Array.from({ length: epochs }, (_, ahead) => connection.commitObserved(ahead));
  return all.filter(({ length }) => length > 0);
}

function secretsOf(
  { connection, link }: TlsStream,
  grant: Grant,
): Pick<Deliver, 'secrets' | 'handshakeSecrets'> {
  try {
    const secrets = connection.deliver(grant);
    return { secrets, handshakeSecrets: connection.deliverHandshake() };
  } catch (error) {
    throw tlsFailure(error, link);
  }
}
