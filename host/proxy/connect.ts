// CONNECT (RFC 9110 §9.3.6) on a connection of its own: blind tunnels for any program, and separate conduits.
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex, Readable } from 'node:stream';
import { TLSSocket } from 'node:tls';
import type { Bucket } from '../services/token_bucket.js';
import { type Authenticator, type Principal, wantsMirror } from './admission/authentication.js';
import { gated, type JudgeHello } from './admission/hello_gate.js';
import { helloJudge } from './admission/tunnel_services.js';
import type { Log } from './log.js';
import { LINGER } from './session/session_end.js';
import { SocketStream } from './streams/byte_stream.js';
import { throttle } from './streams/throttle.js';
import {
  beginSession,
  ConnectRefused,
  isDelegable,
  openTunnel,
  type Refusal,
  rateOf,
  refusalOf,
  refusalText,
  type TunnelContext,
  tellTunnel,
  whenClosed,
} from './tunnel.js';

export interface ConnectContext extends TunnelContext {
  authenticator: Authenticator;
  /** The client of this connection has shown who it is. */
  onKnown: (socket: Socket) => void;
}

/** An HTTP server that is given its connections, and turns CONNECT into tunnels. It never listens itself. */
export function connectServer(context: ConnectContext): Server {
  const server = createServer({ maxHeaderSize: 16_384, keepAlive: true });
  server.on('connection', (socket: Socket) => {
    // Node checks the times of heads only for servers that listen.
    const timer = setTimeout(() => socket.destroy(), context.settings.limits.greetingTimeout);
    const stop = () => clearTimeout(timer);
    socket.once('close', stop).once('deputy:asked', stop);
  });
  server.on('request', (_, response) => {
    response.writeHead(405, { Allow: 'CONNECT', 'Content-Type': 'text/plain', Connection: 'close' });
    response.end('This proxy makes tunnels: ask it with CONNECT host:port.\n');
  });
  server.on('connect', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.emit('deputy:asked');
    socket.on('error', () => socket.destroy());
    void onConnect(request, socket as Socket, head, context);
  });
  return server;
}

/** What a browser means that is given the proxy's user name `mirror`. */
const MIRROR_WISH = 'request; leg=mirror';

async function onConnect(
  request: IncomingMessage,
  socket: Socket,
  head: Buffer,
  context: ConnectContext,
): Promise<void> {
  let principal: Principal | undefined;
  const target = request.url ?? '';
  try {
    principal = authenticate(request, socket, context.authenticator);
    context.onKnown(socket);
    const { headers } = request;
    const isMirror = wantsMirror(headers['proxy-authorization']);
    const wish = headers['deputy-session'] ?? (isMirror ? MIRROR_WISH : undefined);
    const startTls = headers['deputy-start-tls'];
    const isSecure = socket instanceof TLSSocket;
    const closed = whenClosed(socket);
    const tunnel = await openTunnel({ principal, target, wish, startTls, isSecure, closed }, context);
    const { upstream } = tunnel;
    if (socket.destroyed) {
      upstream.destroy();
      return;
    }
    if (head.length > 0) socket.unshift(head);
    guard(socket, context.settings.limits.idleTimeout);
    tellTunnel(tunnel, context);
    socket.write(tunnel.answer);
    if (isDelegable(tunnel)) {
      beginSession(tunnel, new SocketStream(socket, 'CLIENT_GONE'), context);
      return;
    }
    const blind = { closed };
    context.blind.add(blind);
    void blind.closed.then(() => context.blind.delete(blind));
    const flow = { kind: 'blind', client: principal.name, ...tunnel.target, sessionId: undefined } as const;
    const judge = helloJudge(flow, context.settings);
    pipeBoth(socket, upstream, { rate: rateOf(principal, context), judge, log: context.settings.log });
  } catch (error) {
    refuse(socket, refusalOf(error, { target, principal }, context));
  }
}

function authenticate(request: IncomingMessage, socket: Socket, authenticator: Authenticator): Principal {
  const header = request.headers['proxy-authorization'];
  const principal =
    header === undefined && socket instanceof TLSSocket
      ? authenticator.byCertificate(socket)
      : authenticator.byHeader(header);
  if (principal !== undefined) return principal;
  throw new ConnectRefused({
    status: 407,
    phrase: 'Proxy Authentication Required',
    reason: 'a token, as Bearer or as the password of Basic, or a client certificate is needed',
    headers: ['Proxy-Authenticate: Bearer realm="deputy"', 'Proxy-Authenticate: Basic realm="deputy"'],
  });
}

function refuse(socket: Socket, refusal: Refusal): void {
  socket.end(refusalText(refusal));
  // Read what still comes, so that the answer is not lost to a reset.
  socket.resume();
  setTimeout(() => socket.destroy(), 2000).unref();
}

/** The connection goes when nothing moves. */
function guard(socket: Socket, idleTimeout: number): void {
  socket.setNoDelay(true);
  socket.setTimeout(idleTimeout, () => socket.destroy(new Error('idle')));
}

interface Piping {
  rate: Bucket | undefined;
  /** Undefined where no service minds. */
  judge: JudgeHello | undefined;
  log: Log;
}

/** A blind tunnel. Each direction ends by itself; an error ends both. */
function pipeBoth(client: Socket, origin: Socket, { rate, judge, log }: Piping): void {
  const destroy = () => {
    client.destroy();
    origin.destroy();
  };
  let fromClient: Readable = client;
  if (judge !== undefined) {
    const gate = gated(judge).on('error', (error) => {
      log.info({ why: error.message }, 'a blind tunnel was cut');
      destroy();
    });
    fromClient = fromClient.pipe(gate);
  }
  if (rate === undefined) {
    fromClient.pipe(origin);
    origin.pipe(client);
  } else {
    fromClient.pipe(throttle(rate)).pipe(origin);
    origin.pipe(throttle(rate)).pipe(client);
  }
  client.on('error', destroy);
  origin.on('error', destroy);
  client.on('close', destroyUnlessFlushing(client, origin));
  origin.on('close', destroyUnlessFlushing(origin, client));
}

/** A side that closed in order may have left bytes that are still on their way to the other. */
const destroyUnlessFlushing = (closed: Socket, other: Socket) => () => {
  if (!closed.readableEnded) other.destroy();
  // Nobody is left to read what it might still say.
  else other.end(() => setTimeout(() => other.destroy(), LINGER).unref());
};
