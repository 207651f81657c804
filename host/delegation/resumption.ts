// What resumes one origin's session on further connections: granted by the client, or gained by the proxy for it.
import { Version } from '../tls/numbers.js';
import { FieldReader, FieldWriter } from './bytes.js';
import { ProtocolError } from './error.js';

/** All that is needed to resume with an origin once more, without the client's key (RFC 9846 §4.7.1, RFC 5246, RFC 5077). */
export interface Resumption {
  /** 0x0303 or 0x0304. */
  protocolVersion: number;
  cipherSuite: number;
  /** Always so at TLS 1.2: without it a resumed session is not bound to its handshake (RFC 7627 §5.3). */
  extendedMasterSecret: boolean;
  /** How many connections may be opened with it, at most; never 0. */
  uses: number;
  /** SNI; empty where the origin has only an address. */
  serverName: string;
  alpn: string;
  /** SHA-256 of the origin's certificate as the client verified it. */
  certificateHash: Uint8Array;
  /** Seconds from issue. */
  lifetime: number;
  /** TLS 1.3: added to the age that the origin gets. */
  ageAdd: number;
  /** Milliseconds since the ticket came. */
  age: number;
  /** TLS 1.2: the session id, where that resumes; else empty. */
  sessionId: Uint8Array;
  /** Empty only at TLS 1.2 with a session id. */
  ticket: Uint8Array;
  /** TLS 1.3: the PSK of this ticket alone. TLS 1.2: the master secret. Wiped by its last user. */
  secret: Uint8Array;
}

/** Longer tickets are not resumed with. */
export const RESUMPTION_TICKET_LIMIT = 4096;

/** Seven days (RFC 9846 §4.7.1). */
const LIFETIME_LIMIT = 604_800;

/** The bytes hold the secret: wipe them once they are sent. Throws FRAME_BAD_ARGUMENT. */
export function encodeResumption(resumption: Resumption): Uint8Array {
  const fault = faultOf(resumption);
  if (fault !== undefined) throw new ProtocolError('FRAME_BAD_ARGUMENT', fault);
  return new FieldWriter()
    .u16(resumption.protocolVersion)
    .u16(resumption.cipherSuite)
    .u8(resumption.extendedMasterSecret ? 1 : 0)
    .u16(resumption.uses)
    .text(8, resumption.serverName, 255)
    .text(8, resumption.alpn, 255)
    .fixed(resumption.certificateHash, 32)
    .u32(resumption.lifetime)
    .u32(resumption.ageAdd)
    .u32(resumption.age)
    .vector(8, resumption.sessionId, 32)
    .vector(16, resumption.ticket, RESUMPTION_TICKET_LIMIT)
    .vector(8, resumption.secret, 64)
    .finish();
}

/** Throws ProtocolError. The caller wipes `body` when the resumption is read. */
export function decodeResumption(body: Uint8Array): Resumption {
  const from = new FieldReader(body);
  const resumption: Resumption = {
    protocolVersion: from.u16(),
    cipherSuite: from.u16(),
    extendedMasterSecret: (from.u8() & 1) !== 0,
    uses: from.u16(),
    serverName: from.text(8, 255),
    alpn: from.text(8, 255),
    certificateHash: from.take(32),
    lifetime: from.u32(),
    ageAdd: from.u32(),
    age: from.u32(),
    sessionId: from.vector(8, 32),
    ticket: from.vector(16, RESUMPTION_TICKET_LIMIT),
    secret: from.vector(8, 64),
  };
  try {
    from.end();
    const fault = faultOf(resumption);
    if (fault !== undefined) throw new ProtocolError('FRAME_BAD_FIELD', fault);
    return resumption;
  } catch (error) {
    resumption.secret.fill(0);
    throw error;
  }
}

function faultOf({ protocolVersion, uses, lifetime, ...rest }: Resumption): string | undefined {
  const { extendedMasterSecret, sessionId, ticket, secret } = rest;
  if (uses === 0) return 'a resumption without a use';
  if (protocolVersion === Version.Tls13) {
    if (ticket.length === 0 || sessionId.length > 0) return 'TLS 1.3 resumes with a ticket and nothing else';
    // A PSK has the length of the suite's hash (RFC 9846 §4.7.1): SHA-256 or SHA-384.
    if (secret.length !== 32 && secret.length !== 48) return 'the PSK of a resumption has another length';
    return lifetime > LIFETIME_LIMIT ? 'a ticket lives seven days at most' : undefined;
  }
  if (protocolVersion !== Version.Tls12) return `version ${protocolVersion} is not resumed`;
  if (!extendedMasterSecret) return 'TLS 1.2 is resumed with extended master secret alone';
  if (ticket.length === 0 && sessionId.length === 0) return 'a resumption needs a ticket or a session id';
  return secret.length === 48 ? undefined : 'a master secret has 48 bytes';
}
