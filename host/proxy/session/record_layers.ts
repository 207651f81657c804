// The record layers of an active session: the right keys at the right sequence number on each side.
import { SessionError } from '../error.js';
import type { Limits } from '../options.js';
import { nonceBaseOf } from '../record/aead.js';
import { ContentType, MAX_PLAINTEXT, type RecordCipher } from '../record/cipher.js';
import type { ClientHello } from '../record/handshake_view.js';
import { RecordStream, type RecordStreamOptions } from '../record/record_stream.js';
import type { SessionKeys, Side } from '../record/session_keys.js';
import { MAC_LENGTH, type Suite } from '../record/suite.js';
import type { ByteStream, CountedStream } from '../streams/byte_stream.js';
import { INTERRUPTED } from '../streams/read_ahead.js';
import { LentLeg } from './epoch_leg.js';
import type { Relay, RelayOutcome } from './relay.js';

/** Records of a client's last handshake flight: Certificate, CertificateVerify, Finished, however they are cut. */
export const CLIENT_FLIGHT_RECORDS = 16;
/** Keeps a mirror's explicit nonces apart from those of the peer whose key it uses. */
const MIRROR_NONCES = 1n << 63n;

export interface Activation {
  keys: SessionKeys;
  origin: RecordStream;
  leg: ByteStream;
  /** Set for a lent epoch, where it is the leg. */
  lent?: LentLeg;
  clientRecords: number;
  originRecords: number;
}

export interface ActivationOptions {
  relay: Relay;
  /** The two directions of the relay, running. */
  directions: { client: Promise<RelayOutcome>; origin: Promise<RelayOutcome> };
  client: CountedStream;
  originTransport: ByteStream;
  mirror: boolean;
  limits: Limits;
  onTicket: (message: Buffer) => void;
  onKeyUpdate: (side: Side, generation: number) => void;
  /** For a lent epoch. */
  onEpochOver?: (why: 'KEY_UPDATE' | 'KEY_WORN') => void;
}

/** One record layer a side, each at its sequence number. `unknown`: nobody said where the epochs begin. */
export function layers(
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
  const lent = options.onEpochOver && new LentLeg(client, relay.clientReader.bytes);
  const opening = keys.cipher('origin', { sequence: sequences.origin });
  const origin = new RecordStream({
    version,
    role: 'client',
    recordSizeLimit: Math.min(originLimit(view.clientHello!), mirror ? MAX_PLAINTEXT : DEVICE_RECORD),
    opening,
    sealing: sealing('client'),
    nextRecord: () => nextOfOrigin(relay, () => lent?.isStopped === true),
    recordNow: () => relay.originHeld.shift() ?? relay.originReader.nextNow(),
    transport: originTransport,
    ...(options.onEpochOver && { onEpochOver: options.onEpochOver }),
    onTicket: options.onTicket,
    onKeyUpdate: (direction, generation) =>
      options.onKeyUpdate(direction === 'opening' ? 'origin' : 'client', generation),
    // The client's encrypted flight was seen before the relay parked, so the origin's is over (RFC 8446 §4.4.4).
    ...(searches && { beforeEpoch: () => Promise.reject(wrongSecret()) }),
  });
  const activation = { keys, origin, clientRecords: relay.clientRecords, originRecords: relay.originRecords };
  if (searches) sequences.origin = followPassed(origin, opening, relay);
  relay.passed.length = 0;
  if (lent !== undefined) return { ...activation, leg: lent, lent };
  if (!mirror) return { ...activation, leg: withReader(client, relay) };
  const leg = new RecordStream({
    version,
    role: 'server',
    recordSizeLimit: clientLimit(view.clientHello!, version),
    opening: keys.cipher('client', { sequence: sequences.client }),
    sealing: sealing('origin'),
    nextRecord: async () => relay.held.shift() ?? (await nextOf(relay.clientReader)),
    recordNow: () => relay.held.shift() ?? relay.clientReader.nextNow(),
    transport: client,
    ...(searches && { beforeEpoch: clientFlight(suite, relay, originTransport) }),
  });
  return { ...activation, leg };
}

/** A client that offers RFC 8449 may have been told any limit from 64 up, out of sight. */
const originLimit = (hello: ClientHello): number =>
  hello.recordSizeLimit === undefined ? (hello.maxFragmentLength ?? MAX_PLAINTEXT) : 63;

/** A device seals no longer records (SEND_PAYLOAD of its program): longer ones would tell the origin of the proxy. */
const DEVICE_RECORD = 4096;

const clientLimit = (hello: ClientHello, version: number): number | undefined =>
  hello.recordSizeLimit === undefined
    ? hello.maxFragmentLength
    : hello.recordSizeLimit - (version === 0x0304 ? 1 : 0);

/** How many records of its epoch the origin has sealed that the client already has; the layer follows them. */
function followPassed(origin: RecordStream, opening: RecordCipher, relay: Relay): number {
  let records = 0;
  for (const record of relay.passed) {
    try {
      origin.follow(record);
      records++;
    } catch (error) {
      if (records > 0 || !(error instanceof SessionError) || error.code !== 'BAD_RECORD_MAC') throw error;
    }
  }
  if (opening.sequence === records) return records;
  throw new SessionError('NOT_DELEGABLE', 'the origin changed its keys before the delivery');
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
    relay.countHandshake(record);
    await origin.write(record);
    relay.clientRecords++;
  };
}

const wrongSecret = () =>
  new SessionError('WRONG_SECRET', 'the delivered secret does not open the records of this session');

/** The next record; undefined also where somebody stopped the reading. */
async function nextOfOrigin(relay: Relay, isStopped: () => boolean): Promise<Buffer | undefined> {
  const held = relay.originHeld.shift();
  if (held !== undefined) return held;
  for (;;) {
    const record = await relay.originReader.next();
    if (record !== INTERRUPTED) return record;
    if (isStopped()) return undefined;
  }
}

async function nextOf(reader: Relay['clientReader']): Promise<Buffer | undefined> {
  for (;;) {
    const record = await reader.next();
    if (record !== INTERRUPTED) return record;
  }
}

/** The open leg: after the counted records the conduit itself carries the bytes. */
const withReader = (client: ByteStream, relay: Relay): ByteStream => ({
  read: () => relay.clientReader.bytes.read(),
  readNow: () => relay.clientReader.bytes.readNow(),
  write: (bytes) => client.write(bytes),
  end: () => client.end(),
  destroy: () => client.destroy(),
});
