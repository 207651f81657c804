// Options of a proxy, and their defaults.
import type { KeyObject } from 'node:crypto';
import { type OriginPattern, parseOriginPattern } from '../delegation/origin.js';
import type { RecordEngine } from '../engine/record.js';
import type { Service } from '../services/service.js';
import { OriginAuthorities } from './handshake/authorities.js';
import type { Trust } from './handshake/identify.js';
import { IssuedTickets } from './handshake/issued_tickets.js';
import { type Log, SILENT } from './log.js';

export interface ProxyOptions {
  /** The proxy's own certificate chain and key, PEM. Without them it can only listen in plaintext. */
  tls?: { certificate: string; key: string };
  /**
   * Listens without TLS: blind tunnels only, for clients on this machine or behind another terminator. Delegation is
   * refused there, for either leg would put what the session protects on the wire in the clear.
   */
  plaintext?: boolean;
  /** Bearer tokens, each a principal of its own, named for the log. */
  tokens?: readonly { name: string; token: string }[];
  /** PEM certificates of the authorities whose client certificates are admitted. */
  clientAuthorities?: readonly string[];
  /** The 16 bytes that this proxy's session tickets begin with; random unless told. */
  ticketName?: Buffer;
  /** `host:port` at which this one machine is reached, where it stands behind a balancer with others. */
  node?: string;
  /** P-256 or Ed25519: signs the time for devices without a clock, which trust its public half with nothing else. */
  timeKey?: KeyObject;
  targets?: TargetOptions;
  /** The bytes of client.wasm, for bundles that carry it with them. The file of this package unless given. */
  wasm?: Uint8Array;
  /** In the order in which they run. */
  services?: readonly Service[];
  log?: Log;
  limits?: Partial<Limits>;
  /** What a client may take, by its principal's name; asked whenever it takes more. */
  clientLimits?: (principal: string) => ClientLimits;
  /**
   * Works on sessions of SSL 3.0 to TLS 1.1 and on RC4, DES and 3DES too: what opens and seals their records, seeded (on
   * Node: `loadRecordEngine`). Without it such sessions are relayed, and can't be delegated.
   */
  legacy?: RecordEngine;
  /**
   * PEM roots by which the proxy judges origins itself: a session is verified, and what comes of it good for others, where the
   * origin's certificate leads to one of them. The system's unless told.
   */
  originRoots?: string;
  /** What becomes of a mirror session whose delivery never comes. */
  undelivered?: 'relay' | 'close';
  /**
   * The firewall: no application data passes before its session is delivered, on either leg. Handshakes pass, within
   * bounds (relay.ts); a session that is not delivered in time is closed, and so is 0-RTT; blind tunnels are refused.
   */
  requireDelegation?: boolean;
  /**
   * Hosts (`host`, `host:port`, `*.domain`, `*`) to which a required delivery lets bytes pass that are no HTTP: nobody can tell what
   * they are.
   */
  allowStreams?: readonly string[];
}

export interface TargetOptions {
  /**
   * Targets that are let through although they are private, link-local, loopback, multicast or otherwise special:
   * an address, a CIDR block, or a host name whatever it resolves to.
   */
  allow?: readonly string[];
  /** Hosts, addresses and blocks that are refused in any case. */
  deny?: readonly string[];
  /** Addresses of names (lower case), in the name server's place. They are judged like any other. */
  addresses?: Readonly<Record<string, string>>;
  /** Ports; unless told, those of TLS services below 1024, and all from 1024. */
  ports?: readonly number[] | 'any';
}

/** Of one client; `limits` hold for what is left out. */
export interface ClientLimits {
  /** Tunnels at once, delegable and blind ones together. */
  sessions?: number;
  /** Both directions together; who wants more waits. */
  bytesPerSecond?: number;
}

/** Milliseconds and bytes. */
export interface Limits {
  connections: number;
  /** Connections whose client is not known yet: of one address, and of all. Older ones give way to new ones. */
  strangersPerAddress: number;
  strangers: number;
  /** From the connection to its first byte. */
  firstByteTimeout: number;
  mainSessionsPerPrincipal: number;
  /** Tunnels of one principal at once, delegable and blind ones together. */
  sessionsPerPrincipal: number;
  /** The TLS handshake with a client, the head of its CONNECT, its HELLO: each. */
  greetingTimeout: number;
  connectTimeout: number;
  /** From the session id to the delivery; how long a mirror client's application data is held. */
  deliveryTimeout: number;
  /** A connection on which nothing moves. */
  idleTimeout: number;
  /** The same for one that carries plain bytes: somebody may sit before a terminal and think. */
  streamIdleTimeout: number;
  /** Bytes of a client that are held at once until the delivery. */
  heldBytes: number;
  /** Bytes of an origin's handshake that are kept to find where a logged key begins, or pass where that is required. */
  handshakeBytes: number;
  /** Bytes of a client's handshake that pass before a delivery that is required. */
  clientHandshakeBytes: number;
  /** Bytes of an observed session's records, and of its content, that wait to be read. */
  observedBytes: number;
  /** From the end of an observed session to the keys of its last records. */
  releaseTimeout: number;
  requestHeadBytes: number;
  responseHeadBytes: number;
  /** A service's hook, and the wait for the first or the next chunk of what it makes. */
  serviceTimeout: number;
  /** Bytes of a body that a service may take before it gives any, and still be replaced by the original. */
  serviceReplayBytes: number;
  /** Bytes that a service may make of a body beyond 64 times those that it read. */
  serviceMadeBytes: number;
  /** From TUNNEL to an active session. */
  tunnelTimeout: number;
  /** Answer of another origin, and each wait for more of it. */
  otherOriginTimeout: number;
  /** TUNNELs of one main session that wait for an answer at once. */
  pendingTunnels: number;
  /** Other origins' sessions that one main session keeps at once. */
  otherOrigins: number;
  /** Connections to one such origin, or to a page's own, that one main session keeps by resumption at once. */
  furtherConnections: number;
  /** Sessions of one main session for which resumptions are kept at once. */
  resumableSessions: number;
  /** One address of a subscription, from the request to the end of its answer. */
  prefetchTimeout: number;
  /** Bytes of frames that a client leaves unread before its main session is closed. */
  unreadFrameBytes: number;
}

export const DEFAULT_LIMITS: Limits = {
  connections: 4096,
  strangersPerAddress: 512,
  strangers: 1024,
  firstByteTimeout: 10_000,
  mainSessionsPerPrincipal: 256,
  sessionsPerPrincipal: 256,
  greetingTimeout: 15_000,
  connectTimeout: 15_000,
  deliveryTimeout: 15_000,
  idleTimeout: 300_000,
  streamIdleTimeout: 7_200_000,
  heldBytes: 65_536,
  handshakeBytes: 262_144,
  clientHandshakeBytes: 32_768,
  observedBytes: 4_194_304,
  releaseTimeout: 5000,
  requestHeadBytes: 65_536,
  responseHeadBytes: 131_072,
  serviceTimeout: 60_000,
  serviceReplayBytes: 16_777_216,
  serviceMadeBytes: 67_108_864,
  tunnelTimeout: 30_000,
  otherOriginTimeout: 30_000,
  pendingTunnels: 8,
  otherOrigins: 16,
  furtherConnections: 6,
  resumableSessions: 64,
  prefetchTimeout: 120_000,
  unreadFrameBytes: 1_048_576,
};

export interface Settings extends ProxyOptions {
  trust: Trust;
  streams: readonly OriginPattern[];
  targets: TargetOptions;
  services: readonly Service[];
  log: Log;
  limits: Limits;
  undelivered: 'relay' | 'close';
  requireDelegation: boolean;
  clientLimits: (principal: string) => ClientLimits;
}

export function settingsOf(options: ProxyOptions): Settings {
  if (options.tls === undefined && options.plaintext !== true) {
    throw new TypeError('a proxy needs a certificate and a key, or plaintext: true');
  }
  if (!options.tokens?.length && !options.clientAuthorities?.length) {
    throw new TypeError('a proxy admits nobody without tokens or clientAuthorities');
  }
  if (options.tls === undefined && !options.tokens?.length) {
    throw new TypeError('a plaintext proxy sees no client certificates: give it tokens');
  }
  const requireDelegation = options.requireDelegation === true;
  if (requireDelegation && options.tls === undefined) {
    throw new TypeError('nothing can be delegated on a plaintext proxy, so it can not be required there');
  }
  const authorities = new OriginAuthorities(options.originRoots, options.wasm);
  const undelivered = requireDelegation ? 'close' : (options.undelivered ?? 'relay');
  return {
    ...options,
    trust: { authorities, issued: new IssuedTickets(authorities) },
    streams: (options.allowStreams ?? []).map(streamPattern),
    targets: options.targets ?? {},
    services: options.services ?? [],
    log: options.log ?? SILENT,
    limits: { ...DEFAULT_LIMITS, ...options.limits },
    undelivered,
    requireDelegation,
    clientLimits: options.clientLimits ?? (() => ({})),
  };
}

function streamPattern(text: string): OriginPattern {
  const pattern = parseOriginPattern(text);
  if (pattern === undefined) throw new TypeError(`'${text}' is no host for byte streams`);
  return pattern;
}
