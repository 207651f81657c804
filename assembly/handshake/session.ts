// Sessions: what resumption needs, as one flat block that the host keeps and gives back. It is secret: it holds a PSK
// or a master secret.
import { ErrorCode } from "../alert";
import { hashSize } from "../hash/hash";
import { equalBytes, load16be, load32be, store16be, store32be } from "../memory";
import { suiteHash, suiteIsTls13, suiteKnown } from "../record/suites";
import {
  CERTIFICATE_HASH, Connection, SERVER_NAME, SUITES, area, claim, discard, handshakeArea,
} from "./connection";
import { Version } from "./protocol";
import { MASTER_LENGTH } from "./tls12/schedule";

/** Longest ticket that is kept or sent; longer ones are ignored, which costs a full handshake and no more. */
export const TICKET_MAX: i32 = 4096;
/** Sessions kept for the host to take; the oldest gives way. */
const KEPT_MAX: i32 = 4;
/** RFC 9846 §4.7.1: seven days. */
const LIFETIME_MAX: u32 = 604800;
/** RFC 5246 §F.1.4: a day, for a TLS 1.2 session without a hint. */
export const LIFETIME_OLD: u32 = 86400;

// Fixed part of the block, then server name (a length byte) and ticket (two length bytes).
const FORMAT: i32 = 0;
/** Bit 0: extended master secret. Bit 1: made with the legacy switch on. */
const TRAITS: i32 = 1;
const VERSION: i32 = 2;
const SUITE: i32 = 4;
const ISSUED: i32 = 6;
const LIFETIME: i32 = 10;
const AGE_ADD: i32 = 14;
const HASH: i32 = 18;
const SECRET_LENGTH: i32 = 50;
const SECRET: i32 = 51;
const ID_LENGTH: i32 = 99;
const ID: i32 = 100;
const NAME: i32 = 132;
const FORMAT_NUMBER: i32 = 2;

// A kept session in the connection's list: next block, length, then the session block.
const NODE: i32 = 8;

/** Longest session block. */
export const SESSION_MAX: i32 = NAME + 256 + 2 + TICKET_MAX;

/** Checks the shape of a block; 0 or BadArgument. */
export function checkSession(block: usize, length: i32): i32 {
  if (length < NAME + 3 || length > SESSION_MAX || load<u8>(block) != FORMAT_NUMBER) return ErrorCode.BadArgument;
  const suite = sessionSuite(block);
  const version = sessionVersion(block);
  if (!suiteKnown(suite) || suiteIsTls13(suite) != (version == Version.Tls13 ? 1 : 0)) return ErrorCode.BadArgument;
  const secretLength = version == Version.Tls13 ? hashSize(suiteHash(suite)) : MASTER_LENGTH;
  if (load<u8>(block, SECRET_LENGTH) != secretLength || load<u8>(block, ID_LENGTH) > 32) return ErrorCode.BadArgument;
  let at = NAME;
  at += 1 + load<u8>(block + at);
  if (at + 2 > length) return ErrorCode.BadArgument;
  at += 2 + load16be(block + at);
  return at == length ? 0 : ErrorCode.BadArgument;
}

export function sessionVersion(block: usize): i32 {
  return load16be(block + VERSION);
}
export function sessionSuite(block: usize): i32 {
  return load16be(block + SUITE);
}
export function sessionSecret(block: usize): usize {
  return block + SECRET;
}
export function sessionCertificateHash(block: usize): usize {
  return block + HASH;
}
export function sessionIdLength(block: usize): i32 {
  return load<u8>(block, ID_LENGTH);
}
export function sessionId(block: usize): usize {
  return block + ID;
}
/** Address of the ticket; its length stands in the two bytes before. */
export function sessionTicket(block: usize): usize {
  return block + NAME + 1 + load<u8>(block, NAME) + 2;
}
export function sessionTicketLength(block: usize): i32 {
  return load16be(sessionTicket(block) - 2);
}

/** Age in milliseconds, obfuscated (RFC 9846 §4.3.11.1). The clock given to us counts seconds. */
export function sessionTicketAge(c: Connection, block: usize): u32 {
  return (c.time - load32be(block + ISSUED)) * 1000 + load32be(block + AGE_ADD);
}

/** 1 where the session may be offered: same server name, within its life, and all it fixed is on offer again. */
export function sessionFits(c: Connection, block: usize): i32 {
  const version = sessionVersion(block);
  if (version < c.minVersion || version > c.maxVersion) return 0;
  // What let an old certificate pass once lets its session pass again, and nothing else does.
  if ((load<u8>(block, TRAITS) & 2) != 0 && !c.legacy) return 0;
  const issued = load32be(block + ISSUED);
  if (c.time < issued || c.time - issued >= load32be(block + LIFETIME)) return 0;
  const nameLength = load<u8>(block, NAME) as i32;
  if (nameLength != c.serverNameLength) return 0;
  if (!equalBytes(block + NAME + 1, area(c, SERVER_NAME), nameLength)) return 0;
  // The application protocol is chosen anew (RFC 7301 §3.1): a session may serve another one.
  return suiteFits(c, block, version);
}

/** TLS 1.2 resumes the very suite, TLS 1.3 any with the same hash (RFC 9846 §4.3.11). */
function suiteFits(c: Connection, block: usize, version: i32): i32 {
  const suite = sessionSuite(block);
  for (let i = 0; i < c.handshake.suiteCount; i++) {
    const offered = load16be(handshakeArea(c, SUITES) + 2 * i);
    if (offered == suite) return 1;
    if (version == Version.Tls13 && offered >> 8 == 0x13 && suiteHash(offered) == suiteHash(suite)) return 1;
  }
  return 0;
}

/** Keeps a session for the host to take. */
export function keepSession(
  c: Connection, secret: usize, secretLength: i32, lifetime: u32, ageAdd: u32,
  id: usize, idLength: i32, ticket: usize, ticketLength: i32,
): void {
  const length = NAME + 1 + c.serverNameLength + 2 + ticketLength;
  const node = claim(NODE + length);
  if (node == 0) return; // without room, the next connection is a full handshake
  store<i32>(node, length, 4);
  const block = node + NODE;
  store<u8>(block, FORMAT_NUMBER, FORMAT);
  store<u8>(block, c.extendedMasterSecret | c.legacy << 1, TRAITS);
  store16be(block + VERSION, c.version);
  store16be(block + SUITE, c.suite);
  store32be(block + ISSUED, c.time);
  store32be(block + LIFETIME, min(lifetime, LIFETIME_MAX));
  store32be(block + AGE_ADD, ageAdd);
  memory.copy(block + HASH, area(c, CERTIFICATE_HASH), 32);
  store<u8>(block, secretLength, SECRET_LENGTH);
  memory.copy(block + SECRET, secret, secretLength);
  store<u8>(block, idLength, ID_LENGTH);
  memory.copy(block + ID, id, idLength);
  let at = block + NAME;
  store<u8>(at, c.serverNameLength);
  memory.copy(at + 1, area(c, SERVER_NAME), c.serverNameLength);
  at += 1 + c.serverNameLength;
  store16be(at, ticketLength);
  memory.copy(at + 2, ticket, ticketLength);
  append(c, node);
}

function append(c: Connection, node: usize): void {
  let count = 1;
  let last = changetype<usize>(c) + offsetof<Connection>("sessions");
  while (load<usize>(last) != 0) {
    last = load<usize>(last);
    count++;
  }
  store<usize>(last, node);
  if (count > KEPT_MAX) dropSession(c);
}

function dropSession(c: Connection): void {
  const node = c.sessions;
  c.sessions = load<usize>(node);
  discard(node, NODE + load<i32>(node, 4));
}

/** Moves the oldest kept session to `out`; returns its length, 0 where there is none, or BufferTooSmall. */
export function takeSession(c: Connection, out: usize, capacity: i32): i32 {
  const node = c.sessions;
  if (node == 0) return 0;
  const length = load<i32>(node, 4);
  if (length > capacity) return ErrorCode.BufferTooSmall;
  memory.copy(out, node + NODE, length);
  dropSession(c);
  return length;
}

export function dropSessions(c: Connection): void {
  while (c.sessions != 0) dropSession(c);
}
