// From a delivery to an active session: checks it against what was seen, and parks the relay at the counted records.
import { type Delivery, Leg } from '../../delegation/delivery.js';
import { Grant } from '../../delegation/grant.js';
import type { RecordEngine } from '../../engine/record.js';
import { SessionError } from '../error.js';
import { ContentType } from '../record/cipher.js';
import type { ServerHello } from '../record/handshake_view.js';
import { isLegacy, legacyKeys } from '../record/legacy.js';
import {
  epochIsUnknown,
  type NegotiatedSession,
  type SessionKeys,
  type Side,
  sessionKeys,
} from '../record/session_keys.js';
import { type Activation, type ActivationOptions, CLIENT_FLIGHT_RECORDS, layers } from './record_layers.js';
import { parked, type Relay } from './relay.js';

/**
 * The session's keys from a delivery, proved on the Finished records where TLS 1.2 shows them. `legacy` opens what
 * OpenSSL lacks. Throws SessionError.
 */
export function deliveredKeys(
  delivery: Delivery,
  session: NegotiatedSession,
  { view }: Relay,
  legacy?: RecordEngine,
): SessionKeys {
  const keys =
    legacy !== undefined && isLegacy(session.version, session.cipherSuite)
      ? legacyKeys(legacy, delivery, session, (side) => view[side].epoch)
      : sessionKeys(delivery, session);
  try {
    proveFinished(keys, 'client', view.client.finished);
    proveFinished(keys, 'origin', view.origin.finished);
    return keys;
  } catch (error) {
    keys.wipe();
    throw error;
  }
}

/** Everything that can be known wrong about a delivery before its secret is looked at. Throws SessionError. */
export function checkDelivery(delivery: Delivery, relay: Relay, mirror: boolean): NegotiatedSession {
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
  const differs = (what: string) =>
    new SessionError('HANDSHAKE_MISMATCH', `the delivery's ${what} is not that of the handshake seen here`);
  if (!clientHello.random.equals(delivery.clientRandom)) throw differs('client random');
  if (!unknown) checkHandshake(delivery, relay, serverHello, differs);
  if (mirror !== (delivery.leg === Leg.Mirror)) {
    throw new SessionError('LEG_MISMATCH', 'the delivery names another leg than the CONNECT asked for');
  }
  if (unknown && !mirror) {
    throw new SessionError('LEG_MISMATCH', 'a delivery without record counts needs the mirror leg');
  }
  const unfollowed = !view.client.epochIsWhole || !view.origin.epochIsWhole;
  if (clientHello.earlyData || relay.passedTooMuch || unfollowed) {
    throw new SessionError(
      'NOT_DELEGABLE',
      'this handshake can not be followed: it used 0-RTT, or was too long',
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

function checkHandshake(
  delivery: Delivery,
  { view }: Relay,
  serverHello: ServerHello,
  differs: (what: string) => SessionError,
): void {
  if (delivery.protocolVersion !== serverHello.version) throw differs('protocol version');
  if (delivery.cipherSuite !== serverHello.cipherSuite) throw differs('cipher suite');
  if (!serverHello.random.equals(delivery.serverRandom)) throw differs('server random');
  // An IP address is verified without being sent as a name (RFC 6066 §3).
  if (view.clientHello!.sni !== '' && view.clientHello!.sni !== delivery.sni) throw differs('server name');
  if (view.isTls13) return;
  if (delivery.extendedMasterSecret !== serverHello.extendedMasterSecret) throw differs('master secret');
  if (view.certificateHash && !view.certificateHash.equals(delivery.certificateHash))
    throw differs('certificate');
  if (delivery.clientEpochStart !== view.client.epochStart) throw differs('client epoch');
  if (delivery.originEpochStart !== view.origin.epochStart) throw differs('origin epoch');
}

/** TLS 1.2 shows which record is Finished: a wrong secret is found before anything depends on it. */
function proveFinished(keys: SessionKeys, side: Side, finished: Buffer | undefined): void {
  if (finished === undefined) return;
  const cipher = keys.cipher(side, { sequence: 0 });
  try {
    cipher.open(finished);
  } catch {
    throw new SessionError(
      'WRONG_SECRET',
      'the delivered secret does not open the handshake of this session',
    );
  } finally {
    cipher.wipe();
  }
}

/** Parks the relay and builds the record layers. Takes `keys` over: wipes them if it throws. */
export async function activate(
  delivery: Delivery,
  keys: SessionKeys,
  options: ActivationOptions,
): Promise<Activation> {
  try {
    const unknown = epochIsUnknown(delivery);
    await (unknown ? parkAtHold(options) : parkAtCount(delivery, keys, options));
    const starts = unknown ? epochStarts(options.relay) : delivery;
    return layers(keys, starts, unknown, options);
  } catch (error) {
    keys.wipe();
    throw error;
  }
}

/** The client has sent `clientRecords` records in all: exactly these go on. */
async function parkAtCount(delivery: Delivery, keys: SessionKeys, options: ActivationOptions): Promise<void> {
  const { relay, directions, limits } = options;
  const exceeded = () =>
    new SessionError('RECORDS_EXCEEDED', 'more records were relayed than the client says it sent');
  if (relay.clientRecords > delivery.clientRecords) throw exceeded();
  if (relay.isStrict) await parkStrictly(delivery, keys, options);
  relay.parkClient(() => relay.clientRecords >= delivery.clientRecords);
  relay.release();
  await parked(directions.client, 'CLIENT_GONE', limits.deliveryTimeout);
  relay.parkOrigin(() => true);
  await parked(directions.origin, 'ORIGIN_GONE', limits.deliveryTimeout);
  const isRead = relay.clientReader.bytes.buffer.length + relay.held.length === 0;
  // In a stream of the main session what the client sent behind DELIVER waits at its place.
  if (!options.mirror && !(isRead && (options.client.pass?.() ?? true))) {
    throw new SessionError('SENT_BEFORE_ACTIVE', 'the client sent more before the session was active');
  }
  if (delivery.clientRecords < delivery.clientEpochStart || relay.originRecords < delivery.originEpochStart) {
    throw new SessionError('HANDSHAKE_MISMATCH', 'the delivered keys begin after the records seen here');
  }
}

/**
 * Where the delivery is required: the client's last flight goes on now, and nothing of the delivered epoch. The origin
 * is parked first, for with the client's Finished it may begin to speak.
 */
async function parkStrictly(
  delivery: Delivery,
  keys: SessionKeys,
  { relay, directions, limits }: ActivationOptions,
): Promise<void> {
  const early = () =>
    new SessionError(
      'SENT_BEFORE_ACTIVE',
      'the client sent application data before the session was delivered',
    );
  // TLS 1.2 counts Finished to the delivered epoch.
  const finished = relay.view.isTls13 ? 0 : 1;
  if (delivery.clientRecords > delivery.clientEpochStart + finished) throw early();
  relay.parkOrigin(() => true);
  await parked(directions.origin, 'ORIGIN_GONE', limits.deliveryTimeout);
  let encrypted = 0;
  relay.inspect = (record) => {
    if (!relay.view.isTls13 || record[0] !== ContentType.ApplicationData) return;
    if (++encrypted > CLIENT_FLIGHT_RECORDS || opens(keys, record)) throw early();
  };
}

/** Whether a record is the first of the client's delivered epoch. */
function opens(keys: SessionKeys, record: Buffer): boolean {
  const cipher = keys.cipher('client', { sequence: 0 });
  try {
    cipher.open(Buffer.from(record));
    return true;
  } catch {
    return false;
  } finally {
    cipher.wipe();
  }
}

/**
 * A key-log client counts nothing. TLS 1.3: its first encrypted record is held, so both epochs begin after this
 * point or inside what was kept. TLS 1.2: both Finished messages must have passed, which ChangeCipherSpec shows.
 */
async function parkAtHold({ relay, directions, limits }: ActivationOptions): Promise<void> {
  const { view } = relay;
  const passed = (start: number | undefined, records: number) => start !== undefined && records > start;
  relay.parkClient(() => relay.isHolding || passed(view.client.epochStart, relay.clientRecords));
  await parked(directions.client, 'CLIENT_GONE', limits.deliveryTimeout);
  relay.parkOrigin(() => view.isTls13 || passed(view.origin.epochStart, relay.originRecords));
  await parked(directions.origin, 'ORIGIN_GONE', limits.deliveryTimeout);
}

/** For TLS 1.3 the count at which the search begins: the first record that opens has sequence number 0. */
function epochStarts(relay: Relay): { clientEpochStart: number; originEpochStart: number } {
  const { view } = relay;
  return {
    clientEpochStart: view.isTls13 ? relay.clientRecords : view.client.epochStart!,
    originEpochStart: view.isTls13 ? relay.originRecords : view.origin.epochStart!,
  };
}
