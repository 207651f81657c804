// From a delivery to an active session: parks the relay, reads the handshake that passed through it, and builds the record layers.

import { createHash } from 'node:crypto';
import type { Delivery } from '../../delegation/delivery.js';
import { Grant } from '../../delegation/grant.js';
import type { RecordEngine } from '../../engine/record.js';
import { Version } from '../../tls/numbers.js';
import { SessionError } from '../error.js';
import { type ExaminedSession, examine, type HandshakeKeys } from '../handshake/examine.js';
import type { HandshakeFacts } from '../handshake/facts.js';
import { FlightReader, Unseen } from '../handshake/messages.js';
import { type HandshakeSecrets, handshakeSecretsOf, wipeHandshakeSecrets } from '../handshake/tls13.js';
import { Tls13Cipher } from '../record/aead.js';
import { isLegacy, legacyKeys } from '../record/legacy.js';
import {
  epochIsUnknown,
  type NegotiatedSession,
  type SessionKeys,
  type Side,
  sessionKeys,
} from '../record/session_keys.js';
import type { Suite } from '../record/suite.js';
import { differs } from './delivery_check.js';
import type { ParkedRelay } from './parked_relay.js';
import { type Activation, type ActivationOptions, layers } from './record_layers.js';
import { arriving, parked, type Relay, tooLong } from './relay.js';

/**
 * The session's keys from a delivery, proved on the Finished records where TLS 1.2 shows them. `legacy` opens what
 * OpenSSL lacks. Throws SessionError.
 */
export function deliveredKeys(
  delivery: Delivery,
  session: NegotiatedSession,
  { view }: Pick<Relay, 'view'>,
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

/** Parks the relay, examines what passed, and builds the record layers. Takes `keys` over: wipes them if it throws. */
export async function activate(
  delivery: Delivery,
  keys: SessionKeys,
  options: ActivationOptions,
): Promise<Activation> {
  const reading = new Reading(delivery, keys, options.relay.view.isTls13);
  try {
    const waits = options.relay.view.isTls13 && (options.mirror || options.relay.isStrict);
    const relay = waits ? await parkAtFlight(options) : await parkAtCount(delivery, options);
    const flight = waits ? await flightOf(relay, reading, options) : [];
    const { records } = relay;
    const all = records && { client: [...records.client, ...flight], origin: records.origin };
    const { target, trust } = options;
    const examined = await examine(all, reading.by, keys, target, trust);
    checkExamined(examined, delivery, relay.clientRecords + flight.length, options);
    // In a stream of the main session what the client sent behind DELIVER waits at its place.
    if (!options.mirror && (relay.isClientWaiting || options.client.pass?.() === false)) throw early();
    for (const record of flight) await options.originTransport.write(record);
    return layers(keys, { relay, flight: flight.length, examined, delivery }, options);
  } catch (error) {
    keys.wipe();
    throw error;
  } finally {
    reading.wipe();
  }
}

const early = () =>
  new SessionError('SENT_BEFORE_ACTIVE', 'the client sent more before the session was active');

/** By what the handshake is read; copies of secrets. */
class Reading {
  readonly by: HandshakeKeys;
  readonly suite: Suite;
  readonly secrets: HandshakeSecrets | undefined;
  readonly #masterSecret: Buffer | undefined;

  /** Throws BAD_SECRETS. */
  constructor({ grant, secrets, handshakeSecrets }: Delivery, keys: SessionKeys, isTls13: boolean) {
    this.suite = keys.suite;
    if (!isTls13) {
      this.#masterSecret = grant >= Grant.Resume ? Buffer.from(secrets) : undefined;
      this.by = { keys, masterSecret: this.#masterSecret };
      return;
    }
    if (handshakeSecrets.length === 0) return;
    this.secrets = handshakeSecretsOf(keys.suite, handshakeSecrets);
    if (this.secrets === undefined) {
      keys.wipe();
      throw new SessionError('BAD_SECRETS', 'the handshake secrets are not two of the suite');
    }
    this.by = { suite: keys.suite, secrets: this.secrets };
  }

  wipe(): void {
    this.#masterSecret?.fill(0);
    if (this.secrets !== undefined) wipeHandshakeSecrets(this.secrets);
  }
}

/** TLS 1.3, where the client's encrypted flight waits here: the relay stands before its first record. */
async function parkAtFlight({ relay, directions, limits }: ActivationOptions): Promise<ParkedRelay> {
  relay.parkClient(() => relay.isHolding);
  await parked(directions.client, 'CLIENT_GONE', limits.deliveryTimeout);
  relay.parkOrigin(() => true);
  await parked(directions.origin, 'ORIGIN_GONE', limits.deliveryTimeout);
  return relay.park();
}

/** The client's flight, which goes on once it is read: up to Finished, and within bounds. Throws SessionError. */
async function flightOf(
  relay: ParkedRelay,
  { suite, secrets }: Reading,
  { limits }: ActivationOptions,
): Promise<Buffer[]> {
  if (secrets === undefined) return [];
  const cipher = new Tls13Cipher(suite, { secret: secrets.client }, 0);
  const reader = new FlightReader(cipher);
  const flight: Buffer[] = [];
  let bytes = 0;
  try {
    for (;;) {
      const record = await arriving(relay.nextOfClient(), limits.deliveryTimeout);
      if (record === undefined) {
        throw new SessionError('CLIENT_GONE', 'a side closed before the session became active');
      }
      bytes += record.length;
      if (bytes > limits.clientHandshakeBytes) throw tooLong(limits.clientHandshakeBytes);
      flight.push(record);
      if (reader.push(record)) return flight;
    }
  } catch (error) {
    if (error instanceof Unseen) throw notKnown(error.message);
    if (error instanceof SessionError && error.code === 'BAD_RECORD_MAC') {
      throw new SessionError(
        'WRONG_SECRET',
        'the delivered secrets do not open the handshake of this session',
      );
    }
    throw error;
  } finally {
    cipher.wipe();
  }
}

const notKnown = (why: string) =>
  new SessionError('UNDELIVERED', `something may have passed before the delivery: ${why}`);

/** The client has sent `clientRecords` records in all: exactly these go on. A client that logs keys counts nothing. */
async function parkAtCount(delivery: Delivery, options: ActivationOptions): Promise<ParkedRelay> {
  const { relay, directions, limits } = options;
  const { view } = relay;
  const behindFinished = (start: number | undefined, records: number) =>
    start !== undefined && records > start;
  if (epochIsUnknown(delivery)) {
    // TLS 1.2: both Finished messages must have passed, which ChangeCipherSpec shows.
    relay.parkClient(() => relay.isHolding || behindFinished(view.client.epochStart, relay.clientRecords));
    await parked(directions.client, 'CLIENT_GONE', limits.deliveryTimeout);
    relay.parkOrigin(() => behindFinished(view.origin.epochStart, relay.originRecords));
    await parked(directions.origin, 'ORIGIN_GONE', limits.deliveryTimeout);
    return relay.park();
  }
  if (relay.clientRecords > delivery.clientRecords) throw exceeded();
  // What is more than Finished waits here, and would wait for ever.
  if (relay.isStrict && delivery.clientRecords > delivery.clientEpochStart + 1) throw early();
  relay.parkClient(() => relay.clientRecords >= delivery.clientRecords);
  if (!relay.isStrict) relay.release();
  await parked(directions.client, 'CLIENT_GONE', limits.deliveryTimeout);
  relay.parkOrigin(() => true);
  await parked(directions.origin, 'ORIGIN_GONE', limits.deliveryTimeout);
  if (delivery.clientRecords < delivery.clientEpochStart || relay.originRecords < delivery.originEpochStart) {
    throw new SessionError('HANDSHAKE_MISMATCH', 'the delivered keys begin after the records seen here');
  }
  return relay.park();
}

const exceeded = () =>
  new SessionError('RECORDS_EXCEEDED', 'more records were relayed than the client says it sent');

/** What the client claims must agree with what was read, and what is required must be there. Throws SessionError. */
function checkExamined(
  examined: ExaminedSession,
  delivery: Delivery,
  clientRecords: number,
  { relay, mirror }: ActivationOptions,
): void {
  const { isTls13 } = relay.view;
  if (examined.kind === 'unseen') {
    // Without both flights nobody knows where the epochs of TLS 1.3 begin.
    if (relay.isStrict || (mirror && isTls13 && examined.facts === undefined)) {
      throw notKnown(examined.unverified);
    }
    return;
  }
  if (epochIsUnknown(delivery)) return;
  if (!mirror && delivery.clientRecords > clientRecords) throw early();
  if (!mirror && delivery.clientRecords < clientRecords) throw exceeded();
  checkClaims(delivery, examined.facts);
}

function checkClaims(delivery: Delivery, facts: HandshakeFacts): void {
  const [leaf] = facts.certificates;
  const hash = leaf && createHash('sha256').update(leaf).digest();
  if (hash !== undefined && !hash.equals(delivery.certificateHash)) throw differs('certificate');
  if (facts.alpn !== delivery.alpn) throw differs('application protocol');
  if (facts.version !== Version.Tls13) return;
  if (delivery.clientEpochStart !== facts.clientEnd) throw differs('client epoch');
  if (delivery.originEpochStart !== facts.originEnd) throw differs('origin epoch');
}
