// Sessions that have become active, either leg, ready for a test to speak HTTP in them.

import { once } from 'node:events';
import { type AddressInfo, createServer as createTcpServer, type Server } from 'node:net';
import type { Duplex } from 'node:stream';
import {
  type ConnectionOptions,
  createServer as createTlsServer,
  type TLSSocket,
  type TlsOptions,
} from 'node:tls';
import { type Delivery, Leg } from '../../../host/delegation/delivery.js';
import { FrameType } from '../../../host/delegation/frame.js';
import type { Active } from '../../../host/delegation/message.js';
import { NULL_SESSION_ID } from '../../../host/delegation/session_id.js';
import {
  type Bench,
  connectVia,
  dial,
  InnerClient,
  type ProxyAddress,
  TestMainSession,
  TOKEN,
  testAuthority,
} from './bench.js';

export interface Delegated {
  main: TestMainSession;
  conduit: TLSSocket;
  inner: InnerClient;
  sessionId: string;
  /** Plain application bytes: the conduit on the open leg, the inner TLS on the mirror. */
  stream: Duplex;
}

export type LegName = 'open' | 'mirror';

/** A session whose handshake is done and of which nothing is delivered. */
export async function undelivered(
  bench: Bench,
  target: string,
  leg: LegName,
  options: ConnectionOptions = {},
) {
  const main = await TestMainSession.open(bench);
  const conduit = await dial(bench, 'http/1.1');
  const wish = leg === 'mirror' ? 'request; leg=mirror' : 'request';
  const { sessionId } = await connectVia(conduit, target, { 'Deputy-Session': wish });
  const inner = await InnerClient.open(conduit, { ca: bench.ca, ...options });
  return { main, conduit, sessionId, inner };
}

/** An active session with `target`. */
export async function delegate(
  bench: ProxyAddress,
  target: string,
  leg: LegName = 'open',
  {
    token = TOKEN,
    ...options
  }: ConnectionOptions & { main?: TestMainSession; delivery?: Partial<Delivery>; token?: string } = {},
): Promise<Delegated> {
  const main = options.main ?? (await TestMainSession.open(bench, { token }));
  const conduit = await dial(bench, 'http/1.1');
  const { sessionId } = await connectVia(conduit, target, {
    'Deputy-Session': leg === 'mirror' ? 'request; leg=mirror' : 'request',
    'Proxy-Authorization': `Bearer ${token}`,
  });
  const inner = await InnerClient.open(conduit, { ca: bench.ca, ...options });
  if (leg === 'mirror') {
    main.deliver(NULL_SESSION_ID, inner.logged());
    await activeOf(main, sessionId);
    return { main, conduit, inner, sessionId, stream: inner.socket };
  }
  main.deliver(sessionId, inner.delivery(Leg.Open, options.delivery));
  const active = await activeOf(main, sessionId);
  await inner.detach(active.originRecords);
  return { main, conduit, inner, sessionId, stream: conduit };
}

async function activeOf(main: TestMainSession, sessionId: string): Promise<Active> {
  const own = (message: { sessionId: string }) => message.sessionId === sessionId;
  const failed = main.wait(FrameType.Error, own).then(({ code, text }) => {
    throw new Error(`${code}: ${text}`);
  });
  failed.catch(() => {});
  return Promise.race([main.wait(FrameType.Active, own), failed]);
}

export interface RawOrigin {
  target: string;
  port: number;
  /** Connections so far, in order. */
  connections: TLSSocket[];
  /** What each connection has sent, decrypted. */
  received: Buffer[];
  close(): Promise<void>;
}

/** A TLS server whose application is `handler`: bytes in, bytes out, nothing made of them. */
export async function rawOrigin(
  handler: (socket: TLSSocket, index: number) => void,
  options: TlsOptions = {},
): Promise<RawOrigin> {
  const { issued } = await testAuthority();
  const connections: TLSSocket[] = [];
  const received: Buffer[] = [];
  const server = createTlsServer({ cert: issued.chainPem, key: issued.keyPem, ...options }, (socket) => {
    const index = connections.push(socket) - 1;
    received.push(Buffer.alloc(0));
    socket.on('error', () => {});
    socket.on('data', (chunk: Buffer) => {
      received[index] = Buffer.concat([received[index]!, chunk]);
    });
    handler(socket, index);
  });
  const port = await listen(server);
  return {
    target: `127.0.0.1:${port}`,
    port,
    connections,
    received,
    close: async () => {
      for (const socket of connections) socket.destroy();
      server.close();
    },
  };
}

export async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** An origin that gives `answer` to every request head that comes, and ends where `close`. */
export function answering(answer: string | Buffer, { close = false, requests = 1 } = {}) {
  return (socket: TLSSocket) => {
    let text = '';
    let answered = 0;
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1');
      while (text.split('\r\n\r\n').length - 1 > answered) {
        answered++;
        socket.write(answer);
        if (close && answered === requests) socket.end();
      }
    });
  };
}

/** A TCP server that accepts and says nothing. */
export async function silentServer(): Promise<{ port: number; close(): void }> {
  const server = createTcpServer((socket) => socket.on('error', () => {}));
  const port = await listen(server);
  return { port, close: () => server.close() };
}

/** What sockets of the kernel and of Node hold on four connections in a row, and no proxy that keeps on reading. */
export const HELD_AT_MOST = 48 * 1024 * 1024;

/** Writes until nothing more is taken for half a second; the bytes that went. Gives up at four times the bound. */
export async function writeUntilHeld(stream: Duplex): Promise<number> {
  const chunk = Buffer.alloc(65_536);
  let sent = 0;
  while (sent < 4 * HELD_AT_MOST) {
    sent += chunk.length;
    if (stream.write(chunk)) continue;
    const held = new Promise((resolve) => setTimeout(resolve, 500, 'held'));
    if ((await Promise.race([once(stream, 'drain'), held])) === 'held') break;
  }
  return sent;
}
