// A platform whose connections go over a link: real TCP on this machine, held back as the link would.
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { CancelSignal, Platform, Transport } from '../../../host/platform/platform.js';
import { Flow } from './flow.js';
import type { Link } from './link.js';

/** Of bytes that wait to be sent: what a small system's socket takes before it blocks its writer. */
const SEND_BUFFER = 16_384;

/** What went over the link. */
export interface Tally {
  /** By port. */
  connections: Map<number, number>;
  /** The longest wait of bytes toward the device behind others of their connection and of the link, in milliseconds. */
  longestWait: number;
}

/** All names lead to this machine. */
export function overLink(platform: Platform, link: Link): Platform & { tally: Tally } {
  const tally: Tally = { connections: new Map(), longestWait: 0 };
  return {
    ...platform,
    tally,
    async connect(_host: string, port: number, signal?: CancelSignal): Promise<Transport> {
      tally.connections.set(port, (tally.connections.get(port) ?? 0) + 1);
      const socket = connect(port, '127.0.0.1');
      socket.on('error', () => {});
      await once(socket, 'connect');
      socket.setNoDelay(true);
      // SYN and SYN-ACK; what acknowledges that goes with the first bytes.
      await new Promise<void>((resolve) => link.up.send(0, () => link.down.send(0, resolve)));
      if (signal?.aborted) {
        socket.destroy();
        throw signal.reason;
      }
      return new LinkTransport(socket, link, tally);
    },
  };
}

class LinkTransport implements Transport {
  readonly #up: Flow;
  readonly #arrived: (Uint8Array | undefined)[] = [];
  #reader: ((bytes: Uint8Array | undefined) => void) | undefined;
  #writers: (() => void)[] = [];
  #closed = false;

  constructor(socket: Socket, link: Link, tally: Tally) {
    const { up, down, segment, clock } = link;
    const give = (bytes: Uint8Array | undefined) => {
      if (this.#reader === undefined) this.#arrived.push(bytes);
      else {
        this.#reader(bytes);
        this.#reader = undefined;
      }
    };
    this.#up = new Flow({
      ...{ there: up, back: down, segment, clock },
      onBytes: (bytes) => {
        socket.write(bytes);
        if (this.#up.waiting < SEND_BUFFER) for (const resume of this.#writers.splice(0)) resume();
      },
      onEnd: () => socket.end(),
    });
    const fromWorld = new Flow({
      ...{ there: down, back: up, segment, clock },
      onBytes: (bytes) => {
        tally.longestWait = Math.max(tally.longestWait, fromWorld.longestWait);
        give(bytes);
      },
      onEnd: () => give(undefined),
    });
    socket.on('data', (bytes) => fromWorld.write(bytes));
    socket.on('close', () => fromWorld.end());
  }

  async read(): Promise<Uint8Array | undefined> {
    if (this.#arrived.length > 0) {
      // The end stays.
      return this.#arrived[0] === undefined ? undefined : this.#arrived.shift();
    }
    if (this.#closed) return undefined;
    return new Promise((resolve) => {
      this.#reader = resolve;
    });
  }

  async write(bytes: Uint8Array): Promise<void> {
    if (this.#closed) throw new Error('the connection is closed');
    this.#up.write(bytes);
    if (this.#up.waiting >= SEND_BUFFER) await new Promise<void>((resolve) => this.#writers.push(resolve));
  }

  async end(): Promise<void> {
    this.#up.end();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#up.end();
    this.#reader?.(undefined);
    this.#reader = undefined;
    for (const resume of this.#writers.splice(0)) resume();
  }
}
