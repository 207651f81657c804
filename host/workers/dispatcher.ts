// Accepts clients and hands each to the worker that it belongs to, before TLS begins.
//
// A conduit must reach the worker that has its main session. It resumes from that session's ticket, and a ticket begins
// with the name of the keys that sealed it (RFC 5077 §4): each worker's is its own, so the ClientHello says where to go,
// and nothing has to be remembered. A client without a ticket of ours goes, for a main session, to the worker with the
// fewest connections; else to the one that has the latest main session from its address, for programs that log their
// keys and the `deputy keylog` beside them.
import { createServer, type Server, type Socket } from 'node:net';
import { MAIN_SESSION_PROTOCOL } from '../proxy/listener.js';
import { HELLO_LIMIT, type HelloFacts, readClientHello } from './client_hello.js';

export interface Destination {
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
  /** Milliseconds for the first bytes of a client. */
  timeout: number;
  /** Clients at once whose first bytes are awaited. */
  waiting: number;
}

/** Addresses that are remembered; the one that was seen longest ago is forgotten. */
const ADDRESSES = 10_000;

export function dispatcher(options: DispatcherOptions): Server {
  const lastAt = new Map<string, string>();
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true });
  server.maxConnections = options.waiting;
  server.on('connection', async (socket: Socket) => {
    socket.on('error', () => socket.destroy());
    const address = socket.remoteAddress ?? '';
    const head = options.readsHello ? await firstBytes(socket, options.timeout) : Buffer.alloc(0);
    if (head === undefined) return;
    const facts = readClientHello(head);
    const worker = choose(options.destinations(), facts, lastAt.get(address));
    if (worker === undefined) {
      socket.destroy();
      return;
    }
    if (facts?.protocols.includes(MAIN_SESSION_PROTOCOL)) remember(lastAt, address, worker.ticketName);
    worker.serve(socket, head);
  });
  return server;
}

function choose(
  workers: readonly Destination[],
  facts: HelloFacts | undefined,
  last: string | undefined,
): Destination | undefined {
  const called = (name: string | undefined) => workers.find(({ ticketName }) => ticketName === name);
  for (const name of facts?.ticketNames ?? []) {
    const worker = called(name.toString('hex'));
    if (worker !== undefined) return worker;
  }
  const isMain = facts?.protocols.includes(MAIN_SESSION_PROTOCOL) ?? false;
  const [idlest] = [...workers].sort((one, other) => one.connections - other.connections);
  return (isMain ? undefined : called(last)) ?? idlest;
}

function remember(lastAt: Map<string, string>, address: string, name: string): void {
  lastAt.delete(address);
  lastAt.set(address, name);
  const [oldest] = lastAt.keys();
  if (lastAt.size > ADDRESSES) lastAt.delete(oldest!);
}

/** A ClientHello, or what can't become one; undefined where the client left or was too slow, and is gone. */
function firstBytes(socket: Socket, timeout: number): Promise<Buffer | undefined> {
  return new Promise((resolve) => {
    let head: Buffer = Buffer.alloc(0);
    const done = (result: Buffer | undefined) => {
      clearTimeout(timer);
      socket.off('readable', onReadable).off('end', onGone).off('close', onGone);
      if (result === undefined) socket.destroy();
      resolve(result);
    };
    const onGone = () => done(undefined);
    const onReadable = () => {
      for (let bytes = socket.read() as Buffer | null; bytes !== null; bytes = socket.read() as Buffer | null)
        head = Buffer.concat([head, bytes]);
      if (head.length === 0 || (readClientHello(head) === undefined && head.length < HELLO_LIMIT)) return;
      // From here on the kernel keeps what comes, for the process that takes the socket over.
      stopReading(socket);
      done(head);
    };
    const timer = setTimeout(onGone, timeout);
    socket.on('readable', onReadable).on('end', onGone).on('close', onGone);
  });
}

/** Node reads ahead on a paused socket, and has no public way to stop it. */
function stopReading(socket: Socket): void {
  const { _handle } = socket as unknown as { _handle: { readStop(): number } | null };
  _handle?.readStop();
}
