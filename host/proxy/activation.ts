// From a delivery to an active session: checks it against what was seen, parks the relay at the counted records, and
// puts a record layer with the right keys and sequence numbers on each side.
import { type Delivery, Leg } from '../delegation/delivery.js';
import { SessionError } from './error.js';
import type { Limits } from './options.js';
import { nonceBaseOf } from './record/aead.js';
import { ContentType, type RecordCipher } from './record/cipher.js';
import type { ClientHello, ServerHello } from './record/handshake_view.js';
import { RecordStream, type RecordStreamOptions } from './record/record_stream.js';
import { epochIsUnknown, type SessionKeys, type Side, sessionKeys } from './record/session_keys.js';
import { MAC_LENGTH, type Suite } from './record/suite.js';
import { parked, type Relay, type RelayOutcome } from './relay.js';
import { type ByteStream, INTERRUPTED } from './stream.js';

/** Records of a client's last handshake flight: Certificate, CertificateVerify, Finished, however they are cut. */
const CLIENT_FLIGHT_RECORDS = 16;
/** Keeps a mirror's explicit nonces apart from those of the peer whose key it uses. */
const MIRROR_NONCES = 1n << 63n;

export interface Activation {
  keys: SessionKeys;
  origin: RecordStream;
  leg: ByteStream;
  clientRecords: number;
  originRecords: number;
}

export interface ActivationOptions {
  relay: Relay;
  /** The two directions of the relay, running. */
  directions: { client: Promise<RelayOutcome>; origin: Promise<RelayOutcome> };
  client: ByteStream;
  originTransport: ByteStream;
  mirror: boolean;
  limits: Limits;
  onTicket: (message: Buffer) => void;
  onKeyUpdate: (side: Side, generation: number) => void;
}

/**
 * Everything that can be known wrong about a delivery before a record is touched. Returns the session's keys, proved
 * on the Finished records where TLS 1.2 shows them. Throws SessionError.
 */
export function checkDelivery(delivery: Delivery, relay: Relay, mirror: boolean): SessionKeys {
  const { view } = relay;
  const { clientHello, serverHello } = view;
  if (clientHello === undefined || serverHello === undefined) {
    throw new SessionError('HANDSHAKE_MISMATCH', 'no handshake has passed through this session');
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
  if (clientHello.earlyData || relay.passedTooMuch) {
    throw new SessionError(
      'NOT_DELEGABLE',
      'this handshake can not be followed: it used 0-RTT, or was too long',
    );
  }
  const keys = sessionKeys(delivery, {
    version: serverHello.version,
    cipherSuite: serverHello.cipherSuite,
    clientRandom: clientHello.random,
    serverRandom: serverHello.random,
    encryptThenMac: serverHello.encryptThenMac,
  });
  try {
    proveFinished(keys, 'client', view.client.finished);
    proveFinished(keys, 'origin', view.origin.finished);
    return keys;
  } catch (error) {
    keys.wipe();
    throw error;
  }
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
    await (unknown ? parkAtHold(options) : parkAtCount(delivery, options));
    const starts = unknown ? epochStarts(options.relay) : delivery;
    return layers(keys, starts, unknown, options);
  } catch (error) {
    keys.wipe();
    throw error;
  }
}

/** The client has sent `clientRecords` records in all: exactly these go on. */
async function parkAtCount(delivery: Delivery, options: ActivationOptions): Promise<void> {
  const { relay, directions, limits } = options;
  const exceeded = () =>
    new SessionError('RECORDS_EXCEEDED', 'more records were relayed than the client says it sent');
  if (relay.clientRecords > delivery.clientRecords) throw exceeded();
  relay.parkClient(() => relay.clientRecords >= delivery.clientRecords);
  relay.release();
  await parked(directions.client, 'CLIENT_GONE', limits.deliveryTimeout);
  relay.parkOrigin(() => true);
  await parked(directions.origin, 'ORIGIN_GONE', limits.deliveryTimeout);
  if (!options.mirror && relay.clientReader.bytes.buffer.length + relay.held.length > 0) {
    throw new SessionError('SENT_BEFORE_ACTIVE', 'the client sent more before the session was active');
  }
  if (delivery.clientRecords < delivery.clientEpochStart || relay.originRecords < delivery.originEpochStart) {
    throw new SessionError('HANDSHAKE_MISMATCH', 'the delivered keys begin after the records seen here');
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

function layers(
  keys: SessionKeys,
  starts: { clientEpochStart: number; originEpochStart: number },
  unknown: boolean,
  options: ActivationOptions,
): Activation {
  const { relay, mirror, client, originTransport } = options;
  const { view } = relay;
  const { suite } = keys;
  const searches = unknown && view.isTls13;
  const sequences = {
    client: relay.clientRecords - starts.clientEpochStart,
    origin: relay.originRecords - starts.originEpochStart,
  };
  const sealing = (side: Side): RecordCipher => {
    const { finished } = side === 'client' ? view.client : view.origin;
    const seen = finished === undefined ? 0n : nonceBaseOf(suite, finished, 0);
    return keys.cipher(side, { sequence: sequences[side], nonceBase: mirror ? seen + MIRROR_NONCES : seen });
  };
  const { version } = view.serverHello!;
  const origin = new RecordStream({
    version,
    role: 'client',
    recordSizeLimit: originLimit(view.clientHello!),
    opening: keys.cipher('origin', { sequence: sequences.origin }),
    sealing: sealing('client'),
    nextRecord: () => nextOf(relay.originReader),
    transport: originTransport,
    onTicket: options.onTicket,
    onKeyUpdate: (direction, generation) =>
      options.onKeyUpdate(direction === 'opening' ? 'origin' : 'client', generation),
    // The client's encrypted flight was seen before the relay parked, so the origin's is over (RFC 8446 §4.4.4).
    ...(searches && { beforeEpoch: () => Promise.reject(wrongSecret()) }),
  });
  const activation = { keys, origin, clientRecords: relay.clientRecords, originRecords: relay.originRecords };
  if (!mirror) return { ...activation, leg: withReader(client, relay) };
  if (searches) followPassed(origin, relay);
  relay.passed.length = 0;
  const leg = new RecordStream({
    version,
    role: 'server',
    recordSizeLimit: clientLimit(view.clientHello!, version),
    opening: keys.cipher('client', { sequence: sequences.client }),
    sealing: sealing('origin'),
    nextRecord: async () => relay.held.shift() ?? (await nextOf(relay.clientReader)),
    transport: client,
    ...(searches && { beforeEpoch: clientFlight(suite, relay, originTransport) }),
  });
  return { ...activation, leg };
}

/** A client that offers RFC 8449 may have been told any limit from 64 up, out of sight. */
const originLimit = (hello: ClientHello): number | undefined =>
  hello.recordSizeLimit === undefined ? hello.maxFragmentLength : 63;

const clientLimit = (hello: ClientHello, version: number): number | undefined =>
  hello.recordSizeLimit === undefined
    ? hello.maxFragmentLength
    : hello.recordSizeLimit - (version === 0x0304 ? 1 : 0);

/** Sequence numbers that the origin has used on records that the client already has. */
function followPassed(origin: RecordStream, relay: Relay): void {
  let inEpoch = false;
  for (const record of relay.passed.splice(0)) {
    try {
      origin.follow(record);
      inEpoch = true;
    } catch (error) {
      if (inEpoch || !(error instanceof SessionError) || error.code !== 'BAD_RECORD_MAC') throw error;
    }
  }
}

/** Passes the rest of the client's handshake on as it is. After its Finished the next record must open. */
function clientFlight(
  suite: Suite,
  relay: Relay,
  origin: ByteStream,
): NonNullable<RecordStreamOptions['beforeEpoch']> {
  const finishedLength = 5 + 4 + MAC_LENGTH[suite.hash] + 1 + suite.tagLength;
  let records = 0;
  let finished = false;
  return async (record) => {
    if (record[0] === ContentType.ApplicationData) {
      if (finished || ++records > CLIENT_FLIGHT_RECORDS) throw wrongSecret();
      finished = record.length === finishedLength;
    }
    await origin.write(record);
    relay.clientRecords++;
  };
}

const wrongSecret = () =>
  new SessionError('WRONG_SECRET', 'the delivered secret does not open the records of this session');

async function nextOf(reader: Relay['clientReader']): Promise<Buffer | undefined> {
  for (;;) {
    const record = await reader.next();
    if (record !== INTERRUPTED) return record;
  }
}

/** The open leg: after the counted records the conduit itself carries the bytes. */
const withReader = (client: ByteStream, relay: Relay): ByteStream => ({
  read: () => relay.clientReader.bytes.read(),
  write: (bytes) => client.write(bytes),
  end: () => client.end(),
  destroy: () => client.destroy(),
});
