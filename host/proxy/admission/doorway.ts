// Where connections come in, before anybody knows whose they are. They wait here for their first bytes, and then for their
// turn: a handshake costs a millisecond or two of signing, and between some of them all that is admitted goes on.
import type { Socket } from 'node:net';
import { FairQueue } from './fair_queue.js';
import { type Stranger, type StrangerBounds, Strangers } from './strangers.js';

export interface DoorwayOptions extends StrangerBounds {
  /** Milliseconds from the connection to its first byte. */
  firstByteTimeout: number;
  /** Takes a connection whose first bytes are in its buffer. */
  begin: (socket: Socket) => void;
}

/** Handshakes that begin before others have a turn. */
const AT_ONCE = 4;

export class Doorway {
  readonly #options: DoorwayOptions;
  readonly #strangers: Strangers;
  readonly #waiting = new FairQueue<Socket>();
  /** By the other end's address and port: what is secured is another object than what came in. */
  readonly #known = new Map<string, Stranger>();
  #isTurnDue = false;

  constructor(options: DoorwayOptions) {
    this.#options = options;
    this.#strangers = new Strangers(options);
  }

  enter(socket: Socket): void {
    const key = endOf(socket);
    const stranger = this.#strangers.enter(socket.remoteAddress ?? '', () => socket.destroy());
    const { address } = stranger;
    this.#known.set(key, stranger);
    const timer = setTimeout(() => socket.destroy(), this.#options.firstByteTimeout);
    const onError = () => socket.destroy();
    const onReadable = () => {
      // Its end is readable too.
      if (socket.readableLength === 0) return socket.destroy();
      clearTimeout(timer);
      socket.off('readable', onReadable);
      this.#strangers.reach(stranger, 'heard');
      this.#waiting.add(address, socket);
      this.#turn();
    };
    socket.on('error', onError);
    socket.once('close', () => {
      clearTimeout(timer);
      this.#waiting.remove(address, socket);
      this.#strangers.leave(stranger);
      if (this.#known.get(key) === stranger) this.#known.delete(key);
    });
    if (socket.readableLength > 0) onReadable();
    else socket.on('readable', onReadable);
  }

  /** Its TLS is established. */
  secured(socket: Socket): void {
    const stranger = this.#known.get(endOf(socket));
    if (stranger !== undefined) this.#strangers.reach(stranger, 'secured');
  }

  /** Its client is known. */
  admitted(socket: Socket): void {
    const stranger = this.#known.get(endOf(socket));
    if (stranger !== undefined) this.#strangers.leave(stranger);
  }

  /** Drops a stranger, where there are more connections than there may be. False where all are known. */
  giveWay(): boolean {
    return this.#strangers.giveWay();
  }

  #turn(): void {
    if (this.#isTurnDue) return;
    this.#isTurnDue = true;
    setImmediate(() => {
      this.#isTurnDue = false;
      for (let begun = 0; begun < AT_ONCE; begun++) {
        const socket = this.#waiting.next();
        if (socket === undefined) return;
        if (!socket.destroyed) this.#options.begin(socket);
      }
      if (!this.#waiting.isEmpty) this.#turn();
    });
  }
}

const endOf = ({ remoteAddress, remotePort }: Socket) => `${remoteAddress} ${remotePort}`;
