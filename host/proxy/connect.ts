// CONNECT (RFC 9110 §9.3.6): who asks, where to, and whether the tunnel may be delegated later (R3 to R5).
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import { parseAuthority } from '../delegation/origin.js';
import type { Bucket, Buckets } from '../services/token_bucket.js';
import type { Authenticator, Principal } from './admission/authentication.js';
import { TargetError, type TargetPolicy } from './admission/target.js';
import type { GiveBack, TunnelPlaces } from './admission/tunnel_places.js';
import type { Observers } from './events.js';
import type { Settings } from './options.js';
import type { SessionRegistry } from './session/registry.js';
import { DelegableSession } from './session/session.js';
import { LINGER } from './session/session_end.js';
import { SocketStream } from './streams/byte_stream.js';
import { throttle, throttled } from './streams/throttle.js';

export interface ConnectContext {
  settings: Settings;
  authenticator: Authenticator;
  registry: SessionRegistry;
  targets: TargetPolicy;
  places: TunnelPlaces;
  observers: Observers;
  /** Clients' ends of blind tunnels. */
  blind: Set<Socket>;
  /** Bytes a second. */
  rates: Buckets;
}

interface Refusal {
  status: number;
  phrase: string;
  reason: string;
  headers?: string[];
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

async function onConnect(
  request: IncomingMessage,
  socket: Socket,
  head: Buffer,
  context: ConnectContext,
): Promise<void> {
  const { observers, settings } = context;
  let principal: Principal | undefined;
  let giveBack: GiveBack = () => {};
  try {
    principal = authenticate(request, socket, context.authenticator);
    const target = parseTarget(request);
    const wish = parseWish(request.headers['deputy-session']);
    if (wish !== undefined) checkWish(socket);
    else if (settings.requireDelegation) throw new ConnectRefused(UNDELEGATED);
    giveBack = takePlace(principal, context);
    const upstream = await context.targets.connect(target.host, target.port, settings.limits.connectTimeout);
    // Taken until nothing of the tunnel is left: who ends fast and begins anew gets no more than the others.
    const free = giveBack;
    giveBack = () => {};
    void Promise.all([whenClosed(socket), whenClosed(upstream)]).then(free);
    if (socket.destroyed) {
      upstream.destroy();
      return;
    }
    if (head.length > 0) socket.unshift(head);
    guard(socket, upstream, settings.limits.idleTimeout);
    const sessionId = wish === undefined ? null : context.registry.newId();
    observers.emit('tunnel', {
      principal: principal.name,
      ...target,
      address: upstream.remoteAddress ?? '',
      sessionId,
      leg: wish ?? null,
    });
    settings.log.info({ principal: principal.name, ...target, session: sessionId }, 'tunnel stands');
    const line = sessionId === null ? '' : `Deputy-Session: ${sessionId}\r\n`;
    socket.write(`HTTP/1.1 200 Connection established\r\n${line}\r\n`);
    if (sessionId === null) {
      context.blind.add(socket);
      socket.once('close', () => context.blind.delete(socket));
      pipeBoth(socket, upstream, rateOf(principal, context));
    } else delegable(sessionId, principal, target, wish === 'mirror', socket, upstream, context);
  } catch (error) {
    giveBack();
    const refusal = refusalOf(error);
    if (refusal.status === 500)
      settings.log.error({ why: String(error) }, 'a tunnel failed inside the proxy');
    const { status, reason } = refusal;
    observers.emit('refused', {
      principal: principal?.name ?? null,
      target: request.url ?? '',
      status,
      reason,
    });
    refuse(socket, refusal);
  }
}

function delegable(
  id: string,
  principal: Principal,
  target: { host: string; port: number },
  mirror: boolean,
  socket: Socket,
  upstream: Socket,
  context: ConnectContext,
): void {
  const { settings, observers, registry } = context;
  const rate = rateOf(principal, context);
  const client = new SocketStream(socket, 'CLIENT_GONE');
  const session: DelegableSession = new DelegableSession({
    id,
    principal,
    target,
    mirror,
    client: rate === undefined ? client : throttled(client, rate),
    origin: new SocketStream(upstream, 'ORIGIN_GONE'),
    settings,
    observers,
    onClosed: () => registry.remove(session),
  });
  registry.add(session);
  session.start();
}

const UNDELEGATED: Refusal = {
  status: 403,
  phrase: 'Forbidden',
  reason:
    'this proxy makes no blind tunnels: send the header "Deputy-Session: request" with CONNECT and deliver the ' +
    'session\'s secret, with a Deputy client, or for programs that log their keys with "request; leg=mirror" and ' +
    'deputy keylog',
};

class ConnectRefused extends Error {
  constructor(readonly refusal: Refusal) {
    super(refusal.reason);
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

function parseTarget(request: IncomingMessage): { host: string; port: number } {
  const target = parseAuthority(request.url ?? '');
  if (target !== undefined) return target;
  throw new ConnectRefused({ status: 400, phrase: 'Bad Request', reason: 'CONNECT wants host:port' });
}

/** `request` or `request; leg=mirror`; undefined where no session is wanted. */
function parseWish(header: string | string[] | undefined): 'open' | 'mirror' | undefined {
  if (header === undefined) return undefined;
  const match = /^request *(?:; *leg=(open|mirror))?$/i.exec(String(header).trim());
  if (match !== null) return match[1]?.toLowerCase() === 'mirror' ? 'mirror' : 'open';
  const reason = 'Deputy-Session wants "request" or "request; leg=mirror"';
  throw new ConnectRefused({ status: 400, phrase: 'Bad Request', reason });
}

function checkWish(socket: Socket): void {
  if (!(socket instanceof TLSSocket)) {
    const reason = 'a session is delegated inside TLS alone: connect to the proxy with https';
    throw new ConnectRefused({ status: 403, phrase: 'Forbidden', reason });
  }
}

function takePlace({ name }: Principal, { settings, places }: ConnectContext): GiveBack {
  const most = settings.clientLimits(name).sessions ?? settings.limits.sessionsPerPrincipal;
  const giveBack = places.take(name, most);
  if (giveBack !== undefined) return giveBack;
  const reason = `too many sessions are open: this client may have ${most}`;
  throw new ConnectRefused({ status: 429, phrase: 'Too Many Requests', reason });
}

const whenClosed = (socket: Socket): Promise<void> =>
  socket.closed ? Promise.resolve() : new Promise((resolve) => socket.once('close', () => resolve()));

const PHRASES = { 403: 'Forbidden', 502: 'Bad Gateway', 504: 'Gateway Timeout' } as const;

function refusalOf(error: unknown): Refusal {
  if (error instanceof ConnectRefused) return error.refusal;
  if (error instanceof TargetError) {
    return { status: error.status, phrase: PHRASES[error.status], reason: error.message };
  }
  return { status: 500, phrase: 'Internal Server Error', reason: 'the proxy failed' };
}

function refuse(socket: Socket, { status, phrase, reason, headers = [] }: Refusal): void {
  const body = `${reason}\n`;
  const lines = [
    `HTTP/1.1 ${status} ${phrase}`,
    ...headers,
    'Content-Type: text/plain; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
  ];
  socket.end(`${lines.join('\r\n')}\r\n\r\n${body}`);
  // Read what still comes, so that the answer is not lost to a reset.
  socket.resume();
  setTimeout(() => socket.destroy(), 2000).unref();
}

/** Both sides go when nothing moves, and when the other is lost. */
function guard(client: Socket, origin: Socket, idleTimeout: number): void {
  for (const socket of [client, origin]) {
    socket.setNoDelay(true);
    socket.setTimeout(idleTimeout, () => socket.destroy(new Error('idle')));
  }
}

const rateOf = ({ name }: Principal, { settings, rates }: ConnectContext): Bucket | undefined =>
  rates.of(name, settings.clientLimits(name).bytesPerSecond);

/** A blind tunnel. Each direction ends by itself; an error ends both. */
function pipeBoth(client: Socket, origin: Socket, rate: Bucket | undefined): void {
  if (rate === undefined) {
    client.pipe(origin);
    origin.pipe(client);
  } else {
    client.pipe(throttle(rate)).pipe(origin);
    origin.pipe(throttle(rate)).pipe(client);
  }
  const destroy = () => {
    client.destroy();
    origin.destroy();
  };
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
