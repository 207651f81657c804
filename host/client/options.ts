// Options of a client.
import type { DeviceProfile } from '../delegation/device.js';
import type { DelegationPolicy, PolicyOptions } from '../delegation/policy.js';
import type { PostQuantum, TlsVersion } from '../engine/tls.js';
import type { Platform, TicketStorage } from '../platform/platform.js';
import type { Observer, Origin } from './observer.js';

/** Certificates and keys: PEM text (one or more blocks) or DER. */
export type Pem = string | Uint8Array | readonly Uint8Array[];

export interface CertificateAndKey {
  /** The client's certificate first, then its issuers. */
  certificate: Pem;
  /** PKCS#8, PKCS#1 or SEC1, not encrypted. */
  key: Pem;
}

export interface ProxyOptions {
  host: string;
  port: number;
  /** Roots that the proxy's certificate must lead to; certificates, or the bytes of a file of roots. */
  roots: Pem;
  /** The name that its certificate must bear; `host` unless told. */
  serverName?: string;
  /** Bearer token, where the proxy asks for one. */
  token?: string;
  /** Client certificate, where the proxy asks for one. */
  identity?: CertificateAndKey;
  /** Key exchange with the proxy that withstands quantum computers; `offer` unless told. */
  postQuantum?: PostQuantum;
}

export interface TlsLimits {
  /** Versions, suites and signatures of old too, which protect little (TlsOptions of the engine lists them). Off by default. */
  legacy?: boolean;
  /** Roots hold whatever their dates say. Off by default. */
  expiredRoots?: boolean;
  minVersion?: TlsVersion;
  maxVersion?: TlsVersion;
  /** TLS numbers, best first. */
  cipherSuites?: number[];
  groups?: number[];
  /** Key exchange that withstands quantum computers; `offer` unless told. */
  postQuantum?: PostQuantum;
  /**
   * Asks origins for records of at most so many bytes, 512 to 16384, so that a connection takes less memory (RFC 8449, RFC 6066 §4).
   * Where an origin knows RFC 6066 §4 alone, both write short ones, and the session can be delivered for `observe` alone.
   */
  recordLimit?: number;
}

/** What RFC 6066 §4 can say at the least, and a record can hold at the most. */
export const RECORD_LIMITS = { least: 512, most: 16_384 } as const;

/** Milliseconds. */
export interface Timeouts {
  /** TCP. */
  connect: number;
  /** Each TLS handshake, HELLO to WELCOME, and CONNECT to its answer. */
  handshake: number;
  /** DELIVER to ACTIVE. */
  active: number;
  /** Request to the head of its response. */
  response: number;
  /** Between two pieces of a response's body. Undefined for as long as it takes: some bodies are streams of rare news. */
  body?: number | undefined;
}

export const TIMEOUTS: Timeouts = { connect: 10_000, handshake: 20_000, active: 10_000, response: 120_000 };

export interface ManagementOptions {
  /** The name of this one device, of all that have the key. */
  device: string;
  /** Version of its firmware. */
  firmware: string;
  /** The key that orders must be signed by: PEM or SubjectPublicKeyInfo in DER; P-256 or Ed25519. */
  key: Pem;
  /** The key that may also tell the time, and do nothing else: a proxy has its private half. */
  timeKey?: Pem;
  /** Milliseconds since 1970 at which the firmware was built, for a device without a clock: no time before it is believed. */
  builtAt?: number;
  /** Shows a sentence of the operator's to the user. */
  onNotice?(text: string): void;
  /** Takes settings over; they were kept, and `keptSettings` gives them after a restart. */
  onSettings?(settings: ReadonlyMap<string, string>): void;
}

export interface ClientOptions {
  platform: Platform;
  /** Without a proxy the client goes to the origins directly. */
  proxy?: ProxyOptions;
  /** Roots that the origins' certificates must lead to; certificates, or the bytes of a file of roots. */
  roots: Pem;
  /** To which origins the proxy is admitted, and how far. Default: to none. */
  policy?: DelegationPolicy | PolicyOptions;
  /** Client certificate for origins that ask for one. */
  identity?: CertificateAndKey | ((origin: Origin) => CertificateAndKey | undefined);
  profile?: DeviceProfile;
  /** Toward origins. */
  tls?: TlsLimits;
  timeouts?: Partial<Timeouts>;
  /** Sessions with origins at one time, those that the proxy asked for included. 8 unless told. */
  maxSessions?: number;
  /**
   * How sessions reach their origins: as streams of the main session, one connection for all, or each on a connection of its
   * own. `streams` unless told.
   */
  conduits?: 'streams' | 'separate';
  /** Where tickets stay when the client ends, so that the next one resumes. With the client unless told. */
  ticketStorage?: TicketStorage;
  observer?: Observer;
  /** Orders that the operator signs are obeyed (R26). A device without ignores them all. */
  management?: ManagementOptions;
}
