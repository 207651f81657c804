// An epoch that the client shares (grant `epoch`): its open leg, which is counted and stops at a byte, and the blind relay
// that goes on where the record layers stopped.

import { SessionError } from '../error.js';
import type { RecordStream } from '../record/record_stream.js';
import type { ByteStream } from '../streams/byte_stream.js';
import { within } from '../streams/deadline.js';
import type { ReadAhead } from '../streams/read_ahead.js';
import type { ParkedRelay } from './parked_relay.js';

/** What the client must know to go on by itself. */
export interface EpochCounts {
  clientRecords: number;
  originRecords: number;
  originBytes: number;
}

/** Content between client and proxy, in the conduit's own TLS. */
export class EpochLeg implements ByteStream {
  /** Bytes of content, either way. */
  received = 0;
  sent = 0;
  #stopped: SessionError | undefined;

  constructor(
    private readonly client: ByteStream,
    private readonly bytes: ReadAhead,
  ) {}

  async read(): Promise<Buffer | undefined> {
    for (;;) {
      if (this.#stopped !== undefined) throw this.#stopped;
      const { length } = this.bytes.buffer;
      if (length > 0) {
        this.received += length;
        return this.bytes.take(length);
      }
      if ((await this.bytes.fill()) === false) return undefined;
    }
  }

  async write(bytes: Uint8Array): Promise<void> {
    if (this.#stopped !== undefined) throw this.#stopped;
    this.sent += bytes.length;
    await this.client.write(bytes);
  }

  end(): Promise<void> {
    return this.client.end();
  }

  destroy(): void {
    this.client.destroy();
  }

  get isStopped(): boolean {
    return this.#stopped !== undefined;
  }

  stop(error: SessionError): void {
    this.#stopped = error;
    this.bytes.interrupt();
  }
}

/** Stops both sides at once: nothing is sealed, opened or written by their users. */
export function stopEpochLeg(
  leg: EpochLeg,
  origin: RecordStream,
  relay: ParkedRelay,
  error: SessionError,
): EpochCounts {
  leg.stop(error);
  origin.stop(error);
  relay.originBytes.interrupt();
  return { clientRecords: origin.sealed, originRecords: origin.opened, originBytes: leg.sent };
}

export interface ReturnedSession {
  relay: ParkedRelay;
  client: ByteStream;
  origin: ByteStream;
  leg: EpochLeg;
  /** Records of the origin that were read and not used. */
  unused: () => readonly Buffer[];
  /** Bytes of content that the client wrote in all. */
  clientBytes: number;
}

/** Waits for the client to take its session, and goes on as its relay. Throws SessionError. */
export async function giveBack(
  revoked: Promise<number>,
  milliseconds: number,
  session: Omit<ReturnedSession, 'clientBytes'>,
): Promise<void> {
  const late = () => new SessionError('CLIENT_GONE', 'the client did not take its session back');
  await relayOn({ ...session, clientBytes: await within(revoked, milliseconds, late) });
}

/**
 * Relays what follows the content, blindly, until both sides end. The client speaks first: it knows then where the content
 * ended. Throws UNEXPECTED_MESSAGE where it wrote less than it says.
 */
async function relayOn(session: ReturnedSession): Promise<void> {
  const { relay, client, origin, leg, clientBytes } = session;
  const fromClient = relay.clientBytes;
  for (let left = clientBytes - leg.received; left > 0; ) {
    if (fromClient.buffer.length === 0 && (await fromClient.fill()) === false) {
      throw new SessionError('CLIENT_GONE', 'the client closed before its session came back to it');
    }
    left -= fromClient.take(Math.min(left, fromClient.buffer.length)).length;
  }
  const first = await fromClient.read();
  if (first === undefined) return;
  await origin.write(first);
  const toClient = async () => {
    for (const record of session.unused()) await client.write(record);
    await copy(relay.originBytes, client);
  };
  await Promise.all([copy(fromClient, origin), toClient()]);
}

async function copy(from: ReadAhead, to: ByteStream): Promise<void> {
  for (let bytes = await from.read(); bytes !== undefined; bytes = await from.read()) await to.write(bytes);
  await to.end();
}
