// The session block of the engine (assembly/handshake/session.ts), read and written by the host: what one connection left for
// the next becomes a Resumption for another party, and the other way round.

import { RESUMPTION_TICKET_LIMIT, type Resumption } from '../../delegation/resumption.js';
import { copySecret } from '../../delegation/secret_bytes.js';
import { Version } from '../../tls/numbers.js';

const FORMAT_NUMBER = 2;
// Offsets of the fixed part; server name (a length byte) and ticket (two length bytes) follow it.
const TRAITS = 1;
const VERSION = 2;
const SUITE = 4;
const ISSUED = 6;
const LIFETIME = 10;
const AGE_ADD = 14;
const HASH = 18;
const SECRET_LENGTH = 50;
const SECRET = 51;
const ID_LENGTH = 99;
const ID = 100;
const NAME = 132;

const EXTENDED_MASTER_SECRET = 1;
const LEGACY = 2;

export interface ResumptionTerms {
  uses: number;
  alpn: string;
  /** Milliseconds since 1970. */
  now: number;
}

/**
 * What a block lets another party do. Undefined where that party must not have it: what was made with the legacy switch, TLS
 * 1.2 without extended master secret, or older. The secret is a copy; the caller wipes both.
 */
export function resumptionOf(
  block: Uint8Array,
  { uses, alpn, now }: ResumptionTerms,
): Resumption | undefined {
  const from = new DataView(block.buffer, block.byteOffset, block.byteLength);
  const protocolVersion = from.getUint16(VERSION);
  const traits = block[TRAITS]!;
  const extendedMasterSecret = (traits & EXTENDED_MASTER_SECRET) !== 0;
  const resumable =
    protocolVersion === Version.Tls13 || (protocolVersion === Version.Tls12 && extendedMasterSecret);
  if (block[0] !== FORMAT_NUMBER || (traits & LEGACY) !== 0 || !resumable) return undefined;
  const nameEnd = NAME + 1 + block[NAME]!;
  let serverName = '';
  for (const byte of block.subarray(NAME + 1, nameEnd)) serverName += String.fromCharCode(byte);
  return {
    protocolVersion,
    cipherSuite: from.getUint16(SUITE),
    extendedMasterSecret,
    uses,
    // RFC 6066 §3: an address is no name, and was not sent as one.
    serverName: isAddress(serverName) ? '' : serverName,
    alpn,
    certificateHash: block.slice(HASH, HASH + 32),
    lifetime: from.getUint32(LIFETIME),
    ageAdd: from.getUint32(AGE_ADD),
    age: Math.max(0, Math.min(now - from.getUint32(ISSUED) * 1000, 0xffffffff)),
    sessionId: block.slice(ID, ID + block[ID_LENGTH]!),
    ticket: block.slice(nameEnd + 2),
    secret: copySecret(block.subarray(SECRET, SECRET + block[SECRET_LENGTH]!)),
  };
}

/** The block by which the engine resumes with `host`. A secret. `now`: milliseconds since 1970. */
export function sessionBlockOf(resumption: Resumption, host: string, now: number): Uint8Array {
  const { ticket, secret, sessionId } = resumption;
  if (host.length > 255 || ticket.length > RESUMPTION_TICKET_LIMIT || secret.length > ID_LENGTH - SECRET) {
    throw new RangeError('a resumption that does not fit a session block');
  }
  const block = new Uint8Array(NAME + 1 + host.length + 2 + ticket.length);
  const to = new DataView(block.buffer);
  block[0] = FORMAT_NUMBER;
  block[TRAITS] = resumption.extendedMasterSecret ? EXTENDED_MASTER_SECRET : 0;
  to.setUint16(VERSION, resumption.protocolVersion);
  to.setUint16(SUITE, resumption.cipherSuite);
  to.setUint32(ISSUED, Math.max(0, Math.floor((now - resumption.age) / 1000)));
  to.setUint32(LIFETIME, resumption.lifetime);
  to.setUint32(AGE_ADD, resumption.ageAdd);
  block.set(resumption.certificateHash, HASH);
  block[SECRET_LENGTH] = secret.length;
  block.set(secret, SECRET);
  block[ID_LENGTH] = sessionId.length;
  block.set(sessionId, ID);
  block[NAME] = host.length;
  for (let i = 0; i < host.length; i++) block[NAME + 1 + i] = host.charCodeAt(i);
  const at = NAME + 1 + host.length;
  to.setUint16(at, ticket.length);
  block.set(ticket, at + 2);
  return block;
}

const isAddress = (host: string) => host.includes(':') || /^\d+(\.\d+){3}$/.test(host);
