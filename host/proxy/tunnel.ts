// What CONNECT asks for, and the tunnel that it gets, whether it came on a connection of its own or in a stream of the main
// session (R3 to R5).
import type { Socket } from 'node:net';
import { parseAuthority } from '../delegation/origin.js';
import type { SessionId } from '../delegation/session_id.js';
import { isStartTls, START_TLS_PROTOCOLS, type StartTlsProtocol } from '../delegation/start_tls.js';
import type { Bucket, Buckets } from '../services/token_bucket.js';
import type { Principal } from './admission/authentication.js';
import { TargetError, type TargetPolicy } from './admission/target.js';
import type { GiveBack, TunnelPlaces } from './admission/tunnel_places.js';
import { tunnelRefusal } from './admission/tunnel_services.js';
import type { ProxyEventEmitter } from './events.js';
import type { Settings } from './options.js';
import type { SessionRegistry } from './session/registry.js';
import { DelegableSession } from './session/session.js';
import { type CountedStream, SocketStream } from './streams/byte_stream.js';
import { startTls } from './streams/start_tls.js';
import { throttled } from './streams/throttle.js';

export interface TunnelContext {
  settings: Settings;
  registry: SessionRegistry;
  targets: Pick<TargetPolicy, 'connect'>;
  places: TunnelPlaces;
  observers: ProxyEventEmitter;
  /** Blind tunnels that stand. */
  blind: Set<BlindTunnel>;
  /** Bytes a second. */
  rates: Buckets;
  /** Control frames a second. */
  frameRates: Buckets;
}

export interface BlindTunnel {
  readonly closed: Promise<unknown>;
}

/** A CONNECT of an admitted client. */
export interface Asked {
  principal: Principal;
  /** As the request line has it. */
  target: string;
  /** The value of Deputy-Session. */
  wish: string | string[] | undefined;
  /** The value of Deputy-Start-TLS: the protocol by which the origin turns to TLS. */
  startTls: string | string[] | undefined;
  /** Whether it came inside TLS. */
  isSecure: boolean;
  /** Resolves when nothing is left of what it came on. */
  closed: Promise<unknown>;
}

/** What stands, and how the client hears of it. */
export interface Tunnel {
  principal: Principal;
  target: { host: string; port: number };
  upstream: Socket;
  /** Undefined for a blind tunnel. */
  leg: 'open' | 'mirror' | undefined;
  sessionId: SessionId | undefined;
  /** Nothing of an application passes before the delivery: a service judges what is asked for then. */
  mustDeliver: boolean;
  answer: Buffer;
}

export interface DelegableTunnel extends Tunnel {
  sessionId: SessionId;
}

export const isDelegable = (tunnel: Tunnel): tunnel is DelegableTunnel => tunnel.sessionId !== undefined;

export interface Refusal {
  status: number;
  phrase: string;
  reason: string;
  headers?: string[];
}

/** Judges, and connects to the target. Throws ConnectRefused or TargetError. */
export async function openTunnel(
  { principal, target: text, wish, startTls: turn, isSecure, closed }: Asked,
  context: TunnelContext,
): Promise<Tunnel> {
  const { settings, registry } = context;
  const target = parseAuthority(text);
  if (target === undefined) {
    throw new ConnectRefused({ status: 400, phrase: 'Bad Request', reason: 'CONNECT wants host:port' });
  }
  const leg = parseWish(wish);
  const protocol = parseStartTls(turn);
  if (leg !== undefined) checkWish(isSecure);
  else if (settings.requireDelegation) throw new ConnectRefused(UNDELEGATED);
  const sessionId = leg === undefined ? undefined : registry.newId();
  const kind = sessionId === undefined ? 'blind' : 'session';
  const reason = await tunnelRefusal({ kind, client: principal.name, ...target, sessionId }, settings);
  if (kind === 'blind' && reason !== undefined) {
    throw new ConnectRefused({ status: 403, phrase: 'Forbidden', reason });
  }
  const upstream = await dial(principal, target, closed, context);
  upstream.setNoDelay(true);
  if (protocol !== undefined) await turnToTls(upstream, protocol, settings.limits.connectTimeout);
  upstream.setTimeout(settings.limits.idleTimeout, () => upstream.destroy(new Error('idle')));
  const line = sessionId === undefined ? '' : `Deputy-Session: ${sessionId}\r\n`;
  const answer = Buffer.from(`HTTP/1.1 200 Connection established\r\n${line}\r\n`);
  return { principal, target, upstream, leg, sessionId, mustDeliver: reason !== undefined, answer };
}

/** Tells observers and the log. */
export function tellTunnel(
  { principal, target, upstream, leg, sessionId }: Tunnel,
  { observers, settings }: TunnelContext,
): void {
  observers.emit('tunnel', {
    principal: principal.name,
    ...target,
    address: upstream.remoteAddress ?? '',
    sessionId: sessionId ?? null,
    leg: leg ?? null,
  });
  settings.log.info({ principal: principal.name, ...target, session: sessionId ?? null }, 'tunnel stands');
}

/** The session of a tunnel that may be delegated, begun. */
export function beginSession(
  { principal, target, upstream, leg, sessionId, mustDeliver }: DelegableTunnel,
  client: CountedStream,
  context: TunnelContext,
): DelegableSession {
  const { settings, observers, registry } = context;
  const rate = rateOf(principal, context);
  const session: DelegableSession = new DelegableSession({
    id: sessionId,
    principal,
    target,
    mirror: leg === 'mirror',
    mustDeliver: mustDeliver || settings.requireDelegation,
    client: rate === undefined ? client : throttled(client, rate),
    origin: new SocketStream(upstream, 'ORIGIN_GONE'),
    settings,
    observers,
    onClosed: () => registry.remove(session),
  });
  registry.add(session);
  return session;
}

const UNDELEGATED: Refusal = {
  status: 403,
  phrase: 'Forbidden',
  reason:
    'this proxy makes no blind tunnels: send the header "Deputy-Session: request" with CONNECT and deliver the ' +
    'session\'s secret, with a Deputy client, or for programs that log their keys with "request; leg=mirror" and ' +
    'deputy keylog',
};

export class ConnectRefused extends Error {
  constructor(readonly refusal: Refusal) {
    super(refusal.reason);
  }
}

/** `request` or `request; leg=mirror`; undefined where no session is wanted. */
function parseWish(header: string | string[] | undefined): 'open' | 'mirror' | undefined {
  if (header === undefined) return undefined;
  const match = /^request *(?:; *leg=(open|mirror))?$/i.exec(String(header).trim());
  if (match !== null) return match[1]?.toLowerCase() === 'mirror' ? 'mirror' : 'open';
  const reason = 'Deputy-Session wants "request" or "request; leg=mirror"';
  throw new ConnectRefused({ status: 400, phrase: 'Bad Request', reason });
}

function parseStartTls(header: string | string[] | undefined): StartTlsProtocol | undefined {
  if (header === undefined) return undefined;
  const name = String(header).trim().toLowerCase();
  if (isStartTls(name)) return name;
  const reason = `Deputy-Start-TLS wants one of ${START_TLS_PROTOCOLS.join(', ')}`;
  throw new ConnectRefused({ status: 400, phrase: 'Bad Request', reason });
}

async function turnToTls(upstream: Socket, protocol: StartTlsProtocol, milliseconds: number): Promise<void> {
  try {
    await startTls(upstream, protocol, milliseconds);
  } catch (error) {
    throw new ConnectRefused({ status: 502, phrase: 'Bad Gateway', reason: (error as Error).message });
  }
}

function checkWish(isSecure: boolean): void {
  if (!isSecure) {
    const reason = 'a session is delegated inside TLS alone: connect to the proxy with https';
    throw new ConnectRefused({ status: 403, phrase: 'Forbidden', reason });
  }
}

/** Connects, in one of the places that the client has. */
async function dial(
  principal: Principal,
  { host, port }: Tunnel['target'],
  closed: Promise<unknown>,
  context: TunnelContext,
): Promise<Socket> {
  const giveBack = takePlace(principal, context);
  try {
    const upstream = await context.targets.connect(host, port, context.settings.limits.connectTimeout);
    // Taken until nothing of the tunnel is left: who ends fast and begins anew gets no more than the others.
    void Promise.all([closed, whenClosed(upstream)]).then(giveBack);
    return upstream;
  } catch (error) {
    giveBack();
    throw error;
  }
}

function takePlace({ name }: Principal, { settings, places }: TunnelContext): GiveBack {
  const most = settings.clientLimits(name).sessions ?? settings.limits.sessionsPerPrincipal;
  const giveBack = places.take(name, most);
  if (giveBack !== undefined) return giveBack;
  const reason = `too many sessions are open: this client may have ${most}`;
  throw new ConnectRefused({ status: 429, phrase: 'Too Many Requests', reason });
}

export const whenClosed = (socket: Socket): Promise<void> =>
  socket.closed ? Promise.resolve() : new Promise((resolve) => socket.once('close', () => resolve()));

const PHRASES = { 403: 'Forbidden', 502: 'Bad Gateway', 504: 'Gateway Timeout' } as const;

/** Tells observers and the log why there is no tunnel; the refusal is for the client. */
export function refusalOf(
  error: unknown,
  { target, principal }: { target: string; principal: Principal | undefined },
  { observers, settings }: Pick<TunnelContext, 'observers' | 'settings'>,
): Refusal {
  const refusal = asRefusal(error);
  const { status, reason } = refusal;
  if (status === 500) settings.log.error({ why: String(error) }, 'a tunnel failed inside the proxy');
  observers.emit('refused', { principal: principal?.name ?? null, target, status, reason });
  return refusal;
}

function asRefusal(error: unknown): Refusal {
  if (error instanceof ConnectRefused) return error.refusal;
  if (error instanceof TargetError) {
    return { status: error.status, phrase: PHRASES[error.status], reason: error.message };
  }
  return { status: 500, phrase: 'Internal Server Error', reason: 'the proxy failed' };
}

/** The whole answer. */
export function refusalText({ status, phrase, reason, headers = [] }: Refusal): string {
  const body = `${reason}\n`;
  const lines = [
    `HTTP/1.1 ${status} ${phrase}`,
    ...headers,
    'Content-Type: text/plain; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
  ];
  return `${lines.join('\r\n')}\r\n\r\n${body}`;
}

export const rateOf = ({ name }: Principal, { settings, rates }: TunnelContext): Bucket | undefined =>
  rates.of(name, settings.clientLimits(name).bytesPerSecond);
