// The messages of the main session.
import type { Delivery } from './delivery.js';
import type { DeviceProfile } from './device.js';
import type { FrameType } from './frame.js';
import type { DeviceReport, OrderReceipt, SignedOrder } from './order.js';
import type { Resumption } from './resumption.js';
import type { SessionId } from './session_id.js';
import type { SubscriptionState, SubscriptionWish } from './subscription.js';

/** ALPN of the main session. */
export const MAIN_PROTOCOL = 'deputy/2';
export const DELEGATION_VERSION = 2;

export const TOKEN_LIMIT = 4096;
/** UTF-8 bytes of a sentence for people. */
export const REASON_LIMIT = 1024;
export const TICKET_LIMIT = 16_384;

/** Client: who it is and what it can show. */
export interface Hello {
  type: FrameType.Hello;
  sessionId: SessionId;
  version: number;
  /** Bearer token; empty where a client certificate speaks for the client. */
  token: string;
  profile: DeviceProfile;
  /** Sessions with origins that the client has room for at once, those that the proxy asks for included. */
  maxSessions: number;
}

/** Proxy: its limits and services. */
export interface Welcome {
  type: FrameType.Welcome;
  sessionId: SessionId;
  version: number;
  /** Delegated sessions that may be open at once. */
  maxSessions: number;
  /** Milliseconds that the proxy waits for a delivery after it gave out a session id. */
  deliveryTimeout: number;
  services: readonly string[];
  /**
   * Name and port of this one machine, `host:port`, where several stand behind one address: what must reach it beside the main
   * session goes there. Empty where there is one.
   */
  node: string;
}

/** Client: a session's secret. */
export interface Deliver extends Delivery {
  type: FrameType.Deliver;
  sessionId: SessionId;
}

/** Proxy: from here on it reads and writes. */
export interface Active {
  type: FrameType.Active;
  sessionId: SessionId;
  /** Inner records relayed to the client before the change. */
  originRecords: number;
  /** Inner records of the client relayed to the origin before the change. */
  clientRecords: number;
}

/** Client: takes a grant back. The proxy ends the session, stops reading (observe), or answers with RETURNED (epoch). */
export interface Revoke {
  type: FrameType.Revoke;
  sessionId: SessionId;
  reason: string;
  /** For epoch: bytes that the client wrote into the open leg since ACTIVE. What follows them are TLS records again. */
  clientBytes: number;
}

/**
 * Proxy: it has stopped between two records, forgotten the keys of the epoch, and relays blindly again. It answers a
 * REVOKE with this, or says it unasked where it can't go on; the client then answers with REVOKE.
 */
export interface Returned {
  type: FrameType.Returned;
  sessionId: SessionId;
  /** Why: REVOKED, EXPIRED, KEY_UPDATE (the origin changed its keys), KEY_WORN. */
  code: string;
  /** Records that it sealed toward the origin, and opened of the origin's, since ACTIVE. */
  clientRecords: number;
  originRecords: number;
  /** Bytes that it wrote into the open leg since ACTIVE. What follows them are TLS records again. */
  originBytes: number;
}

/** Client: the keys of an epoch that nobody uses any more, for a proxy that kept its records (observe). */
export interface Release {
  type: FrameType.Release;
  sessionId: SessionId;
  /** Index of the first record under these keys, in each direction. */
  clientEpochStart: number;
  originEpochStart: number;
  /** TLS 1.3: client key, client IV, origin key, origin IV. TLS 1.2: the key block of an AEAD. */
  secrets: Uint8Array;
  /** Opens the commitment to them: SHA-256 over this and `secrets`. 32 bytes. */
  random: Uint8Array;
}

/** Client: refuses a TUNNEL. */
export interface Deny {
  type: FrameType.Deny;
  sessionId: SessionId;
  requestId: number;
  /** POLICY_DENIED where the client's policy says so; else why it could not. */
  code: string;
  reason: string;
}

export enum CipherChange {
  /** The origin changed its sending keys (TLS 1.3 KeyUpdate). */
  OriginKeyUpdate = 1,
  /** The proxy changed its sending keys toward the origin. */
  ProxyKeyUpdate = 2,
  /** The origin issued a ticket. */
  Ticket = 3,
  /** The proxy opened a further connection by resumption. */
  FurtherConnection = 4,
  /** A further connection gave the proxy what the client itself can resume with. */
  Resumption = 5,
}

/** Proxy: the session's cipher state moved on without the client. */
export interface CipherChanged {
  type: FrameType.CipherChanged;
  sessionId: SessionId;
  change: CipherChange;
  /** Key updates since the delivery, each direction. */
  clientEpoch: number;
  originEpoch: number;
  /**
   * For Ticket: the origin's NewSessionTicket message, from which the client alone can derive a PSK. For Resumption: an
   * encoded Resumption, which is a secret.
   */
  ticket: Uint8Array;
}

/** Client: lets the proxy open further connections to the origin of a session. */
export interface ResumptionGrant {
  type: FrameType.Resumption;
  /** The delivered session that it comes from. */
  sessionId: SessionId;
  resumption: Resumption;
}

/** Client: wants to find addresses of that session's origin fetched at its next visit (R25). */
export interface Subscribe {
  type: FrameType.Subscribe;
  /** The delivered session whose granted resumption is used from now on; the subscription's name. REVOKE ends it. */
  sessionId: SessionId;
  wish: SubscriptionWish;
}

/** Proxy: how a subscription stands, told after SUBSCRIBE and after each HELLO. */
export interface Subscribed extends SubscriptionState {
  type: FrameType.Subscribed;
  sessionId: SessionId;
}

/** Proxy: asks for a session with another origin. Carries the null session id. */
export interface Tunnel {
  type: FrameType.Tunnel;
  sessionId: SessionId;
  /** Never 0. */
  requestId: number;
  host: string;
  port: number;
  reason: string;
  /** The session whose content needs that origin. */
  forSession: SessionId;
}

/** Proxy: what it did to one response. */
export interface Receipt {
  type: FrameType.Receipt;
  sessionId: SessionId;
  /** Which response on this session, from 1. */
  response: number;
  status: number;
  /** Body bytes as the origin sent them, and as the client got them. */
  bytesBefore: number;
  bytesAfter: number;
  services: readonly string[];
  /** The proxy itself knows all of the session, and with whom it is: nothing of it rests on the client's word. */
  verified: boolean;
  /** SHA-256 over the previous receipt's hash (zeros at first) and the body that the client got. */
  hash: Uint8Array;
  /** Which audit log tells of it: 16 bytes, drawn when it was begun; zeros where none is kept. */
  log: Uint8Array;
  /** Where the response stands in that log: number of its entry, from 1; 0 where none is kept. */
  entry: number;
  /** The head of the log's hash chain after that entry: who keeps this, is a witness to the log. 32 bytes. */
  head: Uint8Array;
}

/** Either: what went wrong with a session (or, with the null id, with the main session). */
export interface ErrorMessage {
  type: FrameType.Error;
  sessionId: SessionId;
  code: string;
  text: string;
}

/** Either: a session (or, with the null id, the main session) ends. */
export interface Close {
  type: FrameType.Close;
  sessionId: SessionId;
  code: string;
  text: string;
}

/** Client: which device it is, where orders may be for it. Behind HELLO, and again when something of it has changed. */
export interface Device extends DeviceReport {
  type: FrameType.Device;
  sessionId: SessionId;
}

/** Proxy: an order that somebody signed, passed on as it is. */
export interface Manage extends SignedOrder {
  type: FrameType.Manage;
  sessionId: SessionId;
}

/** Client: what it did with an order. */
export interface Managed extends OrderReceipt {
  type: FrameType.Managed;
  sessionId: SessionId;
}

export type Message =
  | Hello
  | Welcome
  | Deliver
  | Active
  | Revoke
  | Deny
  | CipherChanged
  | Tunnel
  | Receipt
  | ErrorMessage
  | Close
  | ResumptionGrant
  | Returned
  | Release
  | Subscribe
  | Subscribed
  | Device
  | Manage
  | Managed;
