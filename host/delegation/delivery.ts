// DELIVER: the secret of one session, with all that the proxy needs to take over at the right record.
import { FieldReader, FieldWriter } from './bytes.js';
import { ProtocolError } from './error.js';
import { type Grant, isGrant } from './grant.js';
import { type SessionId, sessionIdBytes } from './session_id.js';

/** How the conduit is protected between client and proxy once the session is active. */
export enum Leg {
  /** The conduit's own TLS carries plain application bytes. */
  Open = 0,
  /** The proxy seals again under the session's keys, for clients that don't know Deputy. */
  Mirror = 1,
}

/** Stands in an epoch or record field for "the client can't tell": the proxy looks for the first record that opens. */
export const UNKNOWN_RECORD = 0xffffffff;

export interface Delivery {
  /** TLS version number: 0x0303, 0x0304 … */
  protocolVersion: number;
  cipherSuite: number;
  grant: Grant;
  extendedMasterSecret: boolean;
  leg: Leg;
  /** 32 bytes each. */
  clientRandom: Uint8Array;
  serverRandom: Uint8Array;
  /** SHA-256 of the origin's certificate as the client verified it. */
  certificateHash: Uint8Array;
  sni: string;
  alpn: string;
  /** Index, from 0, of the first record that the delivered keys protect, in each direction. */
  clientEpochStart: number;
  originEpochStart: number;
  /** Records that the client has sent to the origin in all: these are relayed before the proxy writes. */
  clientRecords: number;
  /** The TUNNEL that this answers; 0 for none. */
  requestId: number;
  /** The content is no HTTP, whatever it looks like: it passes as plain bytes. */
  isStream?: boolean;
  /** Seconds after which both ends take the grant for revoked; 0 for no limit. */
  expires: number;
  /** What the grant hands over (grant.ts). Wiped by its last user. */
  secrets: Uint8Array;
  /**
   * TLS 1.3: the client's and the server's handshake traffic secret, with which the proxy reads both flights that it relayed. Empty
   * in older versions; empty in TLS 1.3, the session stays unverified.
   */
  handshakeSecrets: Uint8Array;
  /** For `observe` with an AEAD: to the keys of each epoch from this one on, 32 bytes each; RELEASE opens them in order. */
  commitments: readonly Uint8Array[];
  /** Exporter value that ties the delivery to its main session. 32 bytes. */
  binding: Uint8Array;
}

export const SECRETS_LIMIT = 1024;
/** Two of the longest hash. */
export const HANDSHAKE_SECRETS_LIMIT = 128;
export const COMMITMENTS_LIMIT = 8;

/** How logs and events name the client's leg; `other` for a session that the proxy uses itself (R13). */
export const legName = ({
  requestId,
  leg,
}: Pick<Delivery, 'requestId' | 'leg'>): 'open' | 'mirror' | 'other' =>
  requestId !== 0 ? 'other' : leg === Leg.Mirror ? 'mirror' : 'open';

/** RFC 9846 §7.5 / RFC 5705 exporter of the main session from which `binding` comes. */
export const DELIVERY_BINDING_LABEL = 'EXPORTER-deputy-delivery';
export const DELIVERY_BINDING_BYTES = 32;

/** Context of that exporter: a delivery can be replayed neither elsewhere nor for another handshake. */
export function deliveryBindingContext(sessionId: SessionId, clientRandom: Uint8Array): Uint8Array {
  return new FieldWriter().fixed(sessionIdBytes(sessionId), 16).fixed(clientRandom, 32).finish();
}

/** Whether two bindings are the same. Constant time in their content. */
export function sameBinding(one: Uint8Array, other: Uint8Array): boolean {
  if (one.length !== other.length) return false;
  let difference = 0;
  for (let i = 0; i < one.length; i++) difference |= one[i]! ^ other[i]!;
  return difference === 0;
}

export function encodeDelivery(delivery: Delivery): Uint8Array {
  return new FieldWriter()
    .u16(delivery.protocolVersion)
    .u16(delivery.cipherSuite)
    .u8(delivery.grant)
    .u8((delivery.extendedMasterSecret ? 1 : 0) | (delivery.isStream ? 2 : 0))
    .u8(delivery.leg)
    .fixed(delivery.clientRandom, 32)
    .fixed(delivery.serverRandom, 32)
    .fixed(delivery.certificateHash, 32)
    .text(8, delivery.sni, 255)
    .text(8, delivery.alpn, 255)
    .u32(delivery.clientEpochStart)
    .u32(delivery.originEpochStart)
    .u32(delivery.clientRecords)
    .u32(delivery.requestId)
    .u32(delivery.expires)
    .vector(16, delivery.secrets, SECRETS_LIMIT)
    .vector(8, delivery.handshakeSecrets, HANDSHAKE_SECRETS_LIMIT)
    .hashes(delivery.commitments, COMMITMENTS_LIMIT)
    .fixed(delivery.binding, DELIVERY_BINDING_BYTES)
    .finish();
}

/** Throws ProtocolError. The caller wipes `body` when the delivery is read. */
export function decodeDelivery(body: Uint8Array): Delivery {
  const from = new FieldReader(body);
  const protocolVersion = from.u16();
  const cipherSuite = from.u16();
  const grant = from.u8();
  const flags = from.u8();
  const leg = from.u8();
  if (!isGrant(grant)) throw new ProtocolError('FRAME_BAD_FIELD', `there is no grant ${grant}`);
  if (leg !== Leg.Open && leg !== Leg.Mirror)
    throw new ProtocolError('FRAME_BAD_FIELD', `there is no leg ${leg}`);
  const delivery: Delivery = {
    protocolVersion,
    cipherSuite,
    grant,
    extendedMasterSecret: (flags & 1) !== 0,
    ...((flags & 2) !== 0 && { isStream: true }),
    leg,
    clientRandom: from.take(32),
    serverRandom: from.take(32),
    certificateHash: from.take(32),
    sni: from.text(8, 255),
    alpn: from.text(8, 255),
    clientEpochStart: from.u32(),
    originEpochStart: from.u32(),
    clientRecords: from.u32(),
    requestId: from.u32(),
    expires: from.u32(),
    secrets: from.vector(16, SECRETS_LIMIT),
    handshakeSecrets: from.vector(8, HANDSHAKE_SECRETS_LIMIT),
    commitments: from.hashes(COMMITMENTS_LIMIT),
    binding: from.take(DELIVERY_BINDING_BYTES),
  };
  from.end();
  return delivery;
}
