// Accepts clients and hands each to the worker that it belongs to, before TLS begins.
//
// A conduit must reach the worker that has its main session. It resumes from that session's ticket, and a ticket begins
// with the name of the keys that sealed it (RFC 5077 §4): each worker's is its own, so the ClientHello says where to go,
// and nothing has to be remembered.
//
// Clients without a ticket of ours go by their address. For programs that log their keys, and for the main session of
// the `deputy keylog` beside them (which offers HTTP, too), that is a rule: one must find the other. For other main
// sessions it is a preference that gives way to load: who comes back finds what its worker has kept for it.
//
// It costs the accepting process some 0.4 ms of CPU time a connection, beside the 0.7 ms that a resumed TLS 1.2 handshake
// costs a worker (x86-64, 2 cores, Node 20).
import { createHash } from 'node:crypto';
import { createServer, type Server, type Socket } from 'node:net';
import { MAIN_PROTOCOL } from '../delegation/message.js';
import { type StrangerBounds, Strangers } from '../proxy/admission/strangers.js';
import { HELLO_LIMIT, type HelloFacts, readClientHello } from './client_hello.js';

export interface Destination {
  /** From 1; a worker that takes the place of another has its number. */
  readonly number: number;
  /** Hexadecimal; what its tickets begin with. */
  readonly ticketName: string;
  readonly connections: number;
  /** Takes the connection over. */
  serve(socket: Socket, head: Buffer): void;
}

export interface DispatcherOptions {
  /** Those that are ready, in any order. */
  destinations: () => readonly Destination[];
  /** False for a port without TLS. */
  readsHello: boolean;
  /** Milliseconds from a connection to its first byte, and to its whole ClientHello. */
  firstByteTimeout: number;
  timeout: number;
  /** Clients at once whose first bytes are awaited. */
  waiting: StrangerBounds;
}

/** How many more connections than the idlest a preferred worker may have: a quarter, and these. */
const SLACK = 2;

export function dispatcher(options: DispatcherOptions): Server {
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true });
  const strangers = new Strangers(options.waiting);
  server.on('connection', async (socket: Socket) => {
    socket.on('error', () => socket.destroy());
    const address = socket.remoteAddress ?? '';
    const stranger = strangers.enter(address, () => socket.destroy());
    const onHeard = () => strangers.reach(stranger, 'heard');
    const head = options.readsHello ? await firstBytes(socket, options, onHeard) : Buffer.alloc(0);
    strangers.leave(stranger);
    if (head === undefined) return;
    const worker = choose(options.destinations(), readClientHello(head), address);
    if (worker === undefined) socket.destroy();
    else worker.serve(socket, head);
  });
  return server;
}

/** Undefined where there is none. */
export function choose(
  workers: readonly Destination[],
  { ticketNames, protocols }: HelloFacts = { ticketNames: [], protocols: [] },
  address: string,
): Destination | undefined {
  for (const name of ticketNames) {
    const worker = workers.find(({ ticketName }) => ticketName === name.toString('hex'));
    if (worker !== undefined) return worker;
  }
  const preferred = byAddress(workers, address);
  if (preferred === undefined || protocols.some((name) => name !== MAIN_PROTOCOL)) return preferred;
  if (protocols.length === 0) return preferred;
  const idlest = workers.reduce((one, other) => (other.connections < one.connections ? other : one));
  return preferred.connections <= idlest.connections * 1.25 + SLACK ? preferred : idlest;
}

/** Rendezvous hashing: a worker that dies moves its own clients, and no other's. */
function byAddress(workers: readonly Destination[], address: string): Destination | undefined {
  let best: { worker: Destination; weight: string } | undefined;
  for (const worker of workers) {
    const weight = createHash('sha256').update(`${worker.number} ${address}`).digest('hex');
    if (best === undefined || weight > best.weight) best = { worker, weight };
  }
  return best?.worker;
}

/** A ClientHello, or what can't become one; undefined where the client left or was too slow, and is gone. */
function firstBytes(
  socket: Socket,
  { timeout, firstByteTimeout }: Pick<DispatcherOptions, 'timeout' | 'firstByteTimeout'>,
  onHeard: () => void,
): Promise<Buffer | undefined> {
  return new Promise((resolve) => {
    let head: Buffer = Buffer.alloc(0);
    const done = (result: Buffer | undefined) => {
      clearTimeout(timer);
      clearTimeout(silence);
      socket.off('readable', onReadable).off('end', onGone).off('close', onGone);
      if (result === undefined) socket.destroy();
      resolve(result);
    };
    const onGone = () => done(undefined);
    const onReadable = () => {
      for (let bytes = socket.read() as Buffer | null; bytes !== null; bytes = socket.read() as Buffer | null)
        head = Buffer.concat([head, bytes]);
      if (head.length > 0) {
        clearTimeout(silence);
        onHeard();
      }
      if (head.length === 0 || (readClientHello(head) === undefined && head.length < HELLO_LIMIT)) return;
      // From here on the kernel keeps what comes, for the process that takes the socket over.
      stopReading(socket);
      done(head);
    };
    const timer = setTimeout(onGone, timeout);
    const silence = setTimeout(onGone, firstByteTimeout);
    socket.on('readable', onReadable).on('end', onGone).on('close', onGone);
  });
}

/** Node reads ahead on a paused socket, and has no public way to stop it. */
function stopReading(socket: Socket): void {
  const { _handle } = socket as unknown as { _handle: { readStop(): number } | null };
  _handle?.readStop();
}
