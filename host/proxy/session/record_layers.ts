// The record layers of an active session: the right keys at the right sequence number on each side.

import type { Delivery } from '../../delegation/delivery.js';
import type { ClientHello } from '../../tls/hello.js';
import { Version } from '../../tls/numbers.js';
import type { ExaminedSession } from '../handshake/examine.js';
import type { Target, Trust } from '../handshake/identify.js';
import type { Limits } from '../options.js';
import { nonceBaseOf } from '../record/aead.js';
import { MAX_PLAINTEXT, type RecordCipher } from '../record/cipher.js';
import { RecordStream } from '../record/record_stream.js';
import type { SessionKeys, Side } from '../record/session_keys.js';
import type { ByteStream, CountedStream } from '../streams/byte_stream.js';
import { EpochLeg } from './epoch_leg.js';
import type { ParkedRelay } from './parked_relay.js';
import type { Directions, Relay } from './relay.js';

/** Keeps a mirror's explicit nonces apart from those of the peer whose key it uses. */
const MIRROR_NONCES = 1n << 63n;

export interface Activation {
  keys: SessionKeys;
  /** What the proxy found out about the session. */
  examined: ExaminedSession;
  relay: ParkedRelay;
  origin: RecordStream;
  leg: ByteStream;
  /** Set for the grant `epoch`, where it is the leg. */
  epochLeg?: EpochLeg;
  clientRecords: number;
  originRecords: number;
}

export interface ActivationOptions {
  relay: Relay;
  directions: Directions;
  target: Target;
  trust: Trust;
  client: CountedStream;
  originTransport: ByteStream;
  mirror: boolean;
  limits: Limits;
  onTicket: (message: Buffer) => void;
  onKeyUpdate: (side: Side, generation: number) => void;
  /** For the grant `epoch`. */
  onEpochOver?: (why: 'KEY_UPDATE' | 'KEY_WORN') => void;
}

/** Where the record layers begin. */
export interface HandOver {
  relay: ParkedRelay;
  /** Records of the client that went on after it had parked. */
  flight: number;
  examined: ExaminedSession;
  /** Believed where the proxy could not read by itself where the epochs begin. */
  delivery: Pick<Delivery, 'clientEpochStart' | 'originEpochStart'>;
}

/** One record layer a side, each at its sequence number. */
export function layers(keys: SessionKeys, handOver: HandOver, options: ActivationOptions): Activation {
  const { relay, flight, examined } = handOver;
  const { mirror, client, originTransport } = options;
  const { view } = relay;
  const { suite } = keys;
  const clientRecords = relay.clientRecords + flight;
  const { originRecords } = relay;
  const starts = epochStarts(handOver, mirror);
  const sequences = { client: clientRecords - starts.client, origin: originRecords - starts.origin };
  const sealing = (side: Side): RecordCipher => {
    const { finished } = side === 'client' ? view.client : view.origin;
    const seen = finished === undefined ? 0n : nonceBaseOf(suite, finished, 0);
    return keys.cipher(side, { sequence: sequences[side], nonceBase: mirror ? seen + MIRROR_NONCES : seen });
  };
  const version = view.serverHello?.version ?? 0;
  const epochLeg = options.onEpochOver && new EpochLeg(client, relay.clientBytes);
  // A message of the origin may have begun before the change: the layer follows what the client has got already.
  const behind = view.isTls13 && starts.areRead ? (relay.records?.origin.slice(starts.origin) ?? []) : [];
  // What a program logs is proved by the first record that opens; TLS 1.2 has proved it on Finished.
  const unproved = mirror && view.isTls13;
  const origin = new RecordStream({
    version,
    role: 'client',
    recordSizeLimit: Math.min(originLimit(view.clientHello), mirror ? MAX_PLAINTEXT : DEVICE_RECORD),
    opening: keys.cipher('origin', { sequence: sequences.origin - behind.length }),
    sealing: sealing('client'),
    nextRecord: () => relay.nextOfOrigin(() => epochLeg?.isStopped === true),
    recordNow: () => relay.originNow(),
    transport: originTransport,
    unproved,
    ...(options.onEpochOver && { onEpochOver: options.onEpochOver }),
    onTicket: options.onTicket,
    onKeyUpdate: (direction, generation) =>
      options.onKeyUpdate(direction === 'opening' ? 'origin' : 'client', generation),
  });
  for (const record of behind) origin.follow(record);
  const activation = { keys, examined, relay, origin, clientRecords, originRecords };
  if (epochLeg !== undefined) return { ...activation, leg: epochLeg, epochLeg };
  if (!mirror) return { ...activation, leg: withReader(client, relay) };
  const leg = new RecordStream({
    version,
    role: 'server',
    recordSizeLimit: clientLimit(view.clientHello, version),
    opening: keys.cipher('client', { sequence: sequences.client }),
    sealing: sealing('origin'),
    nextRecord: () => relay.nextOfClient(),
    recordNow: () => relay.clientNow(),
    transport: client,
    unproved,
  });
  return { ...activation, leg };
}

/**
 * Index of the first record of each direction under the delivered keys. Of a session that went on before its delivery only the
 * client knows which epoch it delivered.
 */
function epochStarts({ relay, examined, delivery }: HandOver, mirror: boolean) {
  const { view } = relay;
  const { facts } = examined;
  if (!view.isTls13) {
    const { client, origin } = view;
    return { client: client.epochStart ?? 0, origin: origin.epochStart ?? 0, areRead: true };
  }
  if (facts !== undefined && (mirror || examined.kind !== 'unseen')) {
    return { client: facts.clientEnd, origin: facts.originEnd, areRead: true };
  }
  return { client: delivery.clientEpochStart, origin: delivery.originEpochStart, areRead: false };
}

/** A client that offers RFC 8449 may have been told any limit from 64 up, out of sight. */
const originLimit = (hello: ClientHello | undefined): number =>
  hello?.recordSizeLimit === undefined ? (hello?.maxFragmentLength ?? MAX_PLAINTEXT) : 63;

/** A device seals no longer records (SEND_PAYLOAD of its program): longer ones would tell the origin of the proxy. */
const DEVICE_RECORD = 4096;

const clientLimit = (hello: ClientHello | undefined, version: number): number | undefined =>
  hello?.recordSizeLimit === undefined
    ? hello?.maxFragmentLength
    : hello.recordSizeLimit - (version === Version.Tls13 ? 1 : 0);

/** The open leg: after the counted records the conduit itself carries the bytes. */
const withReader = (client: ByteStream, { clientBytes }: ParkedRelay): ByteStream => ({
  read: () => clientBytes.read(),
  readNow: () => clientBytes.readNow(),
  write: (bytes) => client.write(bytes),
  end: () => client.end(),
  destroy: () => client.destroy(),
});
