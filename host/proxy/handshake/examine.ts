// What the proxy can stand for in a session that it relayed and is now admitted to: that it knows all that passed in it, and with
// whom it is. The client's word counts for neither.

import { DecodeError, Fields } from '../../tls/fields.js';
import { ContentType, HandshakeType, Version } from '../../tls/numbers.js';
import { SessionError } from '../error.js';
import type { RecordCipher } from '../record/cipher.js';
import type { SessionKeys } from '../record/session_keys.js';
import type { Suite } from '../record/suite.js';
import type { HandshakeFacts, SessionRecords } from './facts.js';
import { identify, type Target, type Trust } from './identify.js';
import type { VerifiedIdentity } from './issued_tickets.js';
import { Unseen } from './messages.js';
import { readTls12 } from './tls12.js';
import { type HandshakeSecrets, readTls13 } from './tls13.js';

/** The proxy knows every byte of content, and with whom the session is. */
export interface VerifiedSession {
  kind: 'verified';
  identity: VerifiedIdentity;
  facts: HandshakeFacts;
}

/** It knows every byte; with whom the session is, the client says. */
export interface CompleteSession {
  kind: 'complete';
  unverified: string;
  facts: HandshakeFacts;
}

/** Something may have passed that it does not know. */
export interface UnseenSession {
  kind: 'unseen';
  unverified: string;
  /** What was read of the handshake all the same. */
  facts: HandshakeFacts | undefined;
}

export type ExaminedSession = VerifiedSession | CompleteSession | UnseenSession;

/** How a handshake can be read. */
export type HandshakeKeys =
  | { suite: Suite; secrets: HandshakeSecrets }
  /** TLS 1.2 and before: see tls12.ts. */
  | { keys: Pick<SessionKeys, 'cipher'> | undefined; masterSecret: Uint8Array | undefined }
  /** TLS 1.3 without its handshake secrets. */
  | undefined;

/** Throws Unseen, or WRONG_SECRET where the secrets do not open the handshake. */
export function readHandshake(records: SessionRecords, by: HandshakeKeys): HandshakeFacts {
  if (by === undefined) throw new Unseen('the delivery has no handshake secrets');
  try {
    if ('secrets' in by) return readTls13(records, by.suite, by.secrets);
    const { keys, masterSecret } = by;
    const openFinished =
      keys &&
      ((side: 'client' | 'origin', record: Buffer) =>
        withCipher(keys.cipher(side, { sequence: 0 }), (cipher) => cipher.open(record)));
    return readTls12(records, { openFinished, masterSecret });
  } catch (error) {
    if (error instanceof SessionError && error.code === 'BAD_RECORD_MAC') {
      throw new SessionError(
        'WRONG_SECRET',
        'the delivered secrets do not open the handshake of this session',
      );
    }
    if (error instanceof SessionError || error instanceof DecodeError)
      throw new Unseen(`the handshake can't be read: ${error.message}`);
    throw error;
  }
}

/**
 * The whole examination, before the proxy takes part. `records`: all that passed, up to where each direction stands still;
 * undefined where it was too much to keep. `keys` are the delivered ones. Throws WRONG_SECRET.
 */
export async function examine(
  records: SessionRecords | undefined,
  by: HandshakeKeys,
  keys: Pick<SessionKeys, 'cipher'>,
  target: Target,
  trust: Trust,
): Promise<ExaminedSession> {
  let facts: HandshakeFacts | undefined;
  try {
    if (records === undefined) throw new Unseen('more passed before the delivery than is kept');
    facts = readHandshake(records, by);
    facts.tickets.push(...nothingBehind(records, facts, keys));
  } catch (error) {
    if (!(error instanceof Unseen || error instanceof DecodeError)) {
      throw error;
    }
    return { kind: 'unseen', unverified: error.message, facts };
  }
  return assure(facts, target, trust);
}

/** For a session of which every byte is known. */
export async function assure(
  facts: HandshakeFacts,
  target: Target,
  trust: Trust,
): Promise<VerifiedSession | CompleteSession> {
  const found = await identify(facts, target, trust);
  if ('unverified' in found) return { kind: 'complete', unverified: found.unverified, facts };
  const { identity } = found;
  for (const ticket of facts.tickets) trust.issued.add(ticket, identity);
  return { kind: 'verified', identity, facts };
}

/**
 * Nothing of an application may have passed behind the handshake: of the client's nothing at all, of the origin's the tickets that
 * it sends by itself, which are returned. Throws Unseen.
 */
export function nothingBehind(
  { client, origin }: SessionRecords,
  { clientEnd, originEnd, version }: HandshakeFacts,
  keys: Pick<SessionKeys, 'cipher'>,
): Buffer[] {
  if (client.length > clientEnd) throw new Unseen('the client went on before it delivered');
  const behind = origin.slice(originEnd);
  if (version !== Version.Tls13) {
    // The type of a record stands in the clear there, under its MAC (RFC 5246 §6.2.3).
    if (behind.some((record) => record[0] === ContentType.ApplicationData)) throw early();
    return [];
  }
  return withCipher(keys.cipher('origin', { sequence: 0 }), (cipher) => ticketsIn(behind, cipher));
}

const early = () => new Unseen('the origin sent application data before the delivery');

function ticketsIn(records: readonly Buffer[], cipher: RecordCipher): Buffer[] {
  const contents: Buffer[] = [];
  for (const record of records) {
    let opened: ReturnType<RecordCipher['open']>;
    try {
      opened = cipher.open(record);
    } catch {
      throw new Unseen('records of the origin passed that the delivered keys do not open');
    }
    if (opened.type !== ContentType.Handshake) throw early();
    contents.push(opened.content);
  }
  return newTickets(Buffer.concat(contents));
}

/** The tickets among whole NewSessionTicket messages; what is not at its end yet goes on later. Throws Unseen for others. */
function newTickets(bytes: Buffer): Buffer[] {
  const tickets: Buffer[] = [];
  for (let at = 0; at + 4 <= bytes.length; ) {
    const end = at + 4 + bytes.readUIntBE(at + 1, 3);
    if (bytes[at] !== HandshakeType.NewSessionTicket) {
      throw new Unseen('the origin changed its keys before the delivery');
    }
    if (end <= bytes.length) tickets.push(ticketOf(bytes.subarray(at, end)));
    at = end;
  }
  return tickets;
}

/** Of a whole NewSessionTicket message of TLS 1.3, header included (RFC 9846 §4.7.1). Throws DecodeError. */
export function ticketOf(message: Buffer): Buffer {
  const from = new Fields(message.subarray(4));
  from.take(8);
  from.vector(1);
  return Buffer.from(from.vector(2));
}

function withCipher<T>(cipher: RecordCipher, use: (cipher: RecordCipher) => T): T {
  try {
    return use(cipher);
  } finally {
    cipher.wipe();
  }
}
