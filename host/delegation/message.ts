// The messages of the main session as types, and their bodies as bytes.
import { FieldReader, FieldWriter } from './bytes.js';
import { type Delivery, decodeDelivery, encodeDelivery, SECRETS_LIMIT } from './delivery.js';
import { type DeviceProfile, readDeviceProfile, writeDeviceProfile } from './device.js';
import { ProtocolError } from './error.js';
import { bearsSecrets, encodeFrame, type Frame, FrameType } from './frame.js';
import { isHost } from './origin.js';
import { decodeResumption, encodeResumption, type Resumption } from './resumption.js';
import { SESSION_ID_BYTES, type SessionId, sessionIdBytes, sessionIdOf } from './session_id.js';
import {
  encodeState,
  encodeWish,
  readState,
  readWish,
  type SubscriptionState,
  type SubscriptionWish,
} from './subscription.js';

export const DELEGATION_VERSION = 1;

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
}

/** Client: refuses a TUNNEL. */
export interface Deny {
  type: FrameType.Deny;
  sessionId: SessionId;
  requestId: number;
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

/** Proxy: asks for a session with another origin. Bears the null session id. */
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
  /** SHA-256 over the previous receipt's hash (zeros at first) and the body that the client got. */
  hash: Uint8Array;
  /** Where the response stands in the proxy's audit log: number of its entry, from 1; 0 where none is kept. */
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
  | Subscribed;

/** A whole frame. Wipe the bytes of one that bears secrets once they are sent. Throws FRAME_BAD_ARGUMENT. */
export function encodeMessage(message: Message): Uint8Array {
  const body = encodeBody(message);
  const bytes = encodeFrame({ type: message.type, sessionId: message.sessionId, body });
  body.fill(0);
  return bytes;
}

function encodeBody(message: Message): Uint8Array {
  const out = new FieldWriter();
  switch (message.type) {
    case FrameType.Hello:
      out.u16(message.version).text(16, message.token, TOKEN_LIMIT);
      writeDeviceProfile(out, message.profile);
      break;
    case FrameType.Welcome:
      out.u16(message.version).u16(message.maxSessions).u32(message.deliveryTimeout).texts(message.services);
      break;
    case FrameType.Deliver:
      return encodeDelivery(message);
    case FrameType.Active:
      out.u32(message.originRecords).u32(message.clientRecords);
      break;
    case FrameType.Revoke:
      out.sentence(message.reason, REASON_LIMIT).u64(message.clientBytes);
      break;
    case FrameType.Returned:
      out.text(8, message.code, 64).u32(message.clientRecords).u32(message.originRecords);
      out.u64(message.originBytes);
      break;
    case FrameType.Release:
      out.u32(message.clientEpochStart).u32(message.originEpochStart);
      out.vector(16, message.secrets, SECRETS_LIMIT);
      break;
    case FrameType.Deny:
      out.u32(message.requestId).sentence(message.reason, REASON_LIMIT);
      break;
    case FrameType.CipherChanged:
      out.u8(message.change).u32(message.clientEpoch).u32(message.originEpoch);
      out.vector(16, message.ticket, TICKET_LIMIT);
      break;
    case FrameType.Tunnel:
      out.u32(message.requestId).u16(message.port).text(8, message.host, 255);
      out.sentence(message.reason, REASON_LIMIT);
      out.fixed(sessionIdBytes(message.forSession), SESSION_ID_BYTES);
      break;
    case FrameType.Receipt:
      out.u32(message.response).u16(message.status).u64(message.bytesBefore).u64(message.bytesAfter);
      out.texts(message.services).fixed(message.hash, 32).u64(message.entry).fixed(message.head, 32);
      break;
    case FrameType.Resumption:
      return encodeResumption(message.resumption);
    case FrameType.Subscribe:
      return encodeWish(message.wish);
    case FrameType.Subscribed:
      return encodeState(message);
    case FrameType.Error:
    case FrameType.Close:
      out.text(8, message.code, 64).sentence(message.text, REASON_LIMIT);
      break;
  }
  return out.finish();
}

/** Parses the body of a frame. Throws ProtocolError; a body that bears secrets is wiped either way. */
export function decodeMessage(frame: Frame): Message {
  try {
    const from = new FieldReader(frame.body);
    const message = decodeBody(frame, from);
    // These two read their body to its end by themselves.
    if (frame.type !== FrameType.Deliver && frame.type !== FrameType.Resumption) from.end();
    return message;
  } finally {
    if (bearsSecrets(frame.type)) frame.body.fill(0);
  }
}

function decodeBody({ type, sessionId, body }: Frame, from: FieldReader): Message {
  switch (type) {
    case FrameType.Hello:
      return {
        type,
        sessionId,
        version: from.u16(),
        token: from.text(16, TOKEN_LIMIT),
        profile: readDeviceProfile(from),
      };
    case FrameType.Welcome:
      return {
        type,
        sessionId,
        version: from.u16(),
        maxSessions: from.u16(),
        deliveryTimeout: from.u32(),
        services: from.texts(),
      };
    case FrameType.Deliver:
      return { type, sessionId, ...decodeDelivery(body) };
    case FrameType.Active:
      return { type, sessionId, originRecords: from.u32(), clientRecords: from.u32() };
    case FrameType.Revoke:
      return { type, sessionId, reason: from.text(16, REASON_LIMIT), clientBytes: from.u64() };
    case FrameType.Returned:
      return {
        type,
        sessionId,
        code: readCode(from),
        clientRecords: from.u32(),
        originRecords: from.u32(),
        originBytes: from.u64(),
      };
    case FrameType.Release:
      return {
        type,
        sessionId,
        clientEpochStart: from.u32(),
        originEpochStart: from.u32(),
        secrets: from.vector(16, SECRETS_LIMIT),
      };
    case FrameType.Deny:
      return { type, sessionId, requestId: from.u32(), reason: from.text(16, REASON_LIMIT) };
    case FrameType.CipherChanged:
      return {
        type,
        sessionId,
        change: readCipherChange(from),
        clientEpoch: from.u32(),
        originEpoch: from.u32(),
        ticket: from.vector(16, TICKET_LIMIT),
      };
    case FrameType.Tunnel:
      return readTunnel(sessionId, from);
    case FrameType.Receipt:
      return {
        type,
        sessionId,
        response: from.u32(),
        status: from.u16(),
        bytesBefore: from.u64(),
        bytesAfter: from.u64(),
        services: from.texts(),
        hash: from.take(32),
        entry: from.u64(),
        head: from.take(32),
      };
    case FrameType.Resumption:
      return { type, sessionId, resumption: decodeResumption(body) };
    case FrameType.Subscribe:
      return { type, sessionId, wish: readWish(from) };
    case FrameType.Subscribed:
      return { type, sessionId, ...readState(from) };
    case FrameType.Error:
    case FrameType.Close:
      return { type, sessionId, code: readCode(from), text: from.text(16, REASON_LIMIT) };
  }
}

function readTunnel(sessionId: SessionId, from: FieldReader): Tunnel {
  const requestId = from.u32();
  const port = from.u16();
  const host = from.text(8, 255);
  if (requestId === 0 || port === 0 || !isHost(host)) {
    throw new ProtocolError('FRAME_BAD_FIELD', 'a TUNNEL names no origin, or bears request id 0');
  }
  const reason = from.text(16, REASON_LIMIT);
  const forSession = sessionIdOf(from.take(SESSION_ID_BYTES));
  return { type: FrameType.Tunnel, sessionId, requestId, host, port, reason, forSession };
}

function readCipherChange(from: FieldReader): CipherChange {
  const change = from.u8();
  if (!(change in CipherChange))
    throw new ProtocolError('FRAME_BAD_FIELD', `there is no cipher change ${change}`);
  return change;
}

function readCode(from: FieldReader): string {
  const code = from.text(8, 64);
  if (!/^[A-Z0-9_]+$/.test(code)) throw new ProtocolError('FRAME_BAD_FIELD', 'an error code is malformed');
  return code;
}
