// How a session ends for those who took part in it.
import { setTimeout as delay } from 'node:timers/promises';
import { Alert } from '../../../assembly/alert.js';
import type { SessionError } from '../error.js';
import { RecordStream } from '../record/record_stream.js';
import type { ByteStream } from '../streams/byte_stream.js';
import type { Activation } from './record_layers.js';

/** Milliseconds that a side may take to close after the last byte. */
export const LINGER = 5000;

/** Ends that neither side of a session makes, and what they say to the client where they cut something off. */
export const CUT = {
  REVOKED: 'the grant was taken back, and what was under way broke off',
  EXPIRED: 'the grant has expired, and what was under way broke off',
  KEY_UPDATE: 'the delivered keys are no longer in use, and what was under way broke off',
  KEY_WORN: 'the delivered keys must not be used again, and what was under way broke off',
  STOPPING: 'the proxy stops, and what was under way broke off',
  ENDED: 'the operator of the proxy ended the session, and what was under way broke off',
} as const;
export type CutCode = keyof typeof CUT;

/** The transports of a session. */
interface Transports {
  client: ByteStream;
  origin: ByteStream;
}

/** An orderly end of both sides, which begins at once: the origin gets close_notify. */
export async function endBoth({ client, origin }: Transports, active: Activation | undefined): Promise<void> {
  const { leg, origin: originRecords } = active ?? { leg: client, origin };
  const ending = Promise.allSettled([leg.end(), originRecords.end()]);
  // A socket that is closed with bytes unread resets the connection, and the peer may lose what it has not read.
  const drained = ending.then(() => Promise.allSettled([drain(client), drain(origin)]));
  await Promise.race([drained, delay(LINGER, undefined, { ref: false })]);
  client.destroy();
  origin.destroy();
}

/** A disorderly end, which begins at once: no side can take what it has for complete. */
export async function breakBoth(
  { client, origin }: Transports,
  active: Activation | undefined,
  error: SessionError,
): Promise<void> {
  const telling = active === undefined ? Promise.resolve() : tell(active, error);
  await Promise.race([telling, delay(LINGER / 5, undefined, { ref: false })]);
  client.destroy();
  origin.destroy();
}

/** Tells each side what it may know: its own fault to the one at fault, its peer's alert to a mirror client. */
async function tell({ leg, origin }: Activation, error: SessionError): Promise<void> {
  const mirror = leg instanceof RecordStream ? leg : undefined;
  const passedOn = error.received ?? Alert.InternalError;
  const forClient = error.side === 'client' ? error.alert : passedOn;
  const forOrigin = error.side === 'origin' ? error.alert : passedOn;
  const isOver = error.code === 'PEER_ALERT' || error.code === 'TRUNCATED' ? error.side : undefined;
  const clientLeft = isOver === 'client' || error.code === 'CLIENT_GONE';
  const originLeft = isOver === 'origin' || error.code === 'ORIGIN_GONE';
  await Promise.allSettled([
    // An origin whose client vanishes hears no more of it than it would of the client itself.
    originLeft || (clientLeft && error.code !== 'PEER_ALERT') ? undefined : origin.fail(forOrigin),
    clientLeft ? undefined : mirror?.fail(forClient),
  ]);
}

/** Reads what still comes, to the end. */
export async function drain(stream: ByteStream): Promise<void> {
  while ((await stream.read()) !== undefined);
}

/** Overwrites every key of the session. */
export function wipe({ keys, leg, origin }: Activation): void {
  keys.wipe();
  origin.wipe();
  if (leg instanceof RecordStream) leg.wipe();
}
