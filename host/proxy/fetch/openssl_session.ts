// A resumption in the form in which node:tls takes and gives sessions: OpenSSL's SSL_SESSION as DER (i2d_SSL_SESSION).

import { createHash } from 'node:crypto';
import type { Resumption } from '../../delegation/resumption.js';
import { copySecret } from '../../delegation/secret_bytes.js';
import { ascii, explicit, integer, octetString, readElements, sequence } from '../../platform/node/der.js';
import { Version } from '../../tls/numbers.js';
import { SessionError } from '../error.js';

/** Version of the structure; it has been 1 ever since. */
const STRUCTURE_VERSION = 1;
/** SSL_SESS_FLAG_EXTMS. */
const EXTENDED_MASTER_SECRET = 1;

/** Since 2026 Node.js puts this before the structure, then the server's name behind its length (two bytes). */
const NODE_ENVELOPE = Buffer.from('\0nodejs:tls:session:1\0');

/** The optional fields that are used, each [n] EXPLICIT. */
const Field = {
  time: 1,
  timeout: 2,
  hostName: 6,
  lifetimeHint: 9,
  ticket: 10,
  flags: 13,
  ageAdd: 14,
} as const;

/** What a session of OpenSSL tells; who knows the origin adds the rest. */
export type SessionMaterial = Pick<
  Resumption,
  | 'protocolVersion'
  | 'cipherSuite'
  | 'extendedMasterSecret'
  | 'lifetime'
  | 'ageAdd'
  | 'age'
  | 'sessionId'
  | 'ticket'
  | 'secret'
>;

/** `now`: Unix milliseconds. The bytes hold the secret, once: wipe them when OpenSSL has them. */
export function encodeSslSession(resumption: Resumption, now: number): Buffer {
  const { ticket, secret } = resumption;
  const isTls13 = resumption.protocolVersion === Version.Tls13;
  const before = [
    integer(STRUCTURE_VERSION),
    integer(resumption.protocolVersion),
    octetString(Uint8Array.of(resumption.cipherSuite >> 8, resumption.cipherSuite & 255)),
    octetString(sessionIdOf(resumption)),
  ];
  const after = [
    explicit(Field.time, integer(startOf(resumption, now))),
    explicit(Field.timeout, integer(Math.max(1, resumption.lifetime))),
    ...(resumption.serverName === ''
      ? []
      : [explicit(Field.hostName, octetString(ascii(resumption.serverName)))]),
    explicit(Field.lifetimeHint, integer(resumption.lifetime)),
    ...(ticket.length === 0 ? [] : [explicit(Field.ticket, octetString(ticket))]),
    ...(isTls13 ? [] : [explicit(Field.flags, integer(EXTENDED_MASTER_SECRET))]),
    ...(isTls13 ? [explicit(Field.ageAdd, integer(resumption.ageAdd))] : []),
  ];
  // The secret goes in last, so that no copy of it is left behind: it ends where what follows it begins.
  const der = Buffer.from(sequence(...before, octetString(new Uint8Array(secret.length)), ...after));
  const length = after.reduce((sum, { length }) => sum + length, 0);
  der.set(secret, der.length - length - secret.length);
  return der;
}

/**
 * Unix seconds. One early: OpenSSL's clock may be milliseconds behind, and a ticket from the future is not offered. It takes
 * that second off again when it tells the ticket's age.
 */
const startOf = ({ age }: Resumption, now: number): number => Math.max(1, Math.floor((now - age) / 1000) - 1);

/**
 * RFC 5077 §3.4: an empty session id beside a ticket would leave a client guessing whether it was taken. OpenSSL puts
 * the ticket's hash there.
 */
function sessionIdOf({ sessionId, ticket }: Resumption): Uint8Array {
  return sessionId.length > 0 ? sessionId : createHash('sha256').update(ticket).digest();
}

/**
 * What the origin gave on a connection just now. Copies all it keeps; the caller wipes `der`. Throws
 * RESUMPTION_REFUSED for bytes that are no session, or none that can be resumed.
 */
export function decodeSslSession(der: Uint8Array): SessionMaterial {
  const outer = readElements(unwrapped(der));
  const fields = outer?.length === 1 && outer[0]!.tag === 0x30 ? readElements(outer[0]!.content) : undefined;
  if (fields === undefined || fields.length < 5) throw unreadable();
  const [structure, version, suite, sessionId, secret, ...optional] = fields as [
    Element,
    Element,
    Element,
    Element,
    Element,
    ...Element[],
  ];
  const inner = (n: number): Element | undefined => {
    const field = optional.find(({ tag }) => tag === (0xa0 | n));
    return field && (readElements(field.content)?.[0] ?? undefined);
  };
  const count = (n: number): number => numberOf(inner(n));
  if (numberOf(structure) !== STRUCTURE_VERSION || suite.content.length !== 2) throw unreadable();
  const protocolVersion = numberOf(version);
  const isTls13 = protocolVersion === Version.Tls13;
  const ticket = new Uint8Array(inner(Field.ticket)?.content ?? []);
  return {
    protocolVersion,
    cipherSuite: (suite.content[0]! << 8) | suite.content[1]!,
    extendedMasterSecret: (count(Field.flags) & EXTENDED_MASTER_SECRET) !== 0,
    // RFC 5077 §5.6: a ticket of TLS 1.2 without a hint lives as long as the client likes.
    lifetime: isTls13 ? count(Field.lifetimeHint) : count(Field.lifetimeHint) || count(Field.timeout),
    ageAdd: count(Field.ageAdd),
    age: 0,
    sessionId: isTls13 ? new Uint8Array(0) : new Uint8Array(sessionId.content),
    ticket,
    secret: copySecret(secret.content),
  };
}

function unwrapped(der: Uint8Array): Uint8Array {
  const head = NODE_ENVELOPE.length;
  if (!NODE_ENVELOPE.equals(der.subarray(0, head)) || der.length < head + 2) return der;
  return der.subarray(head + 2 + ((der[head]! << 8) | der[head + 1]!));
}

type Element = NonNullable<ReturnType<typeof readElements>>[number];

/** A small non-negative INTEGER; 0 where there is none. */
function numberOf(element: Element | undefined): number {
  if (element === undefined) return 0;
  const { tag, content } = element;
  if (tag !== 0x02 || content.length === 0 || content.length > 7 || content[0]! >= 0x80) throw unreadable();
  return content.reduce((value, digit) => value * 256 + digit, 0);
}

const unreadable = () =>
  new SessionError('RESUMPTION_REFUSED', 'the session of a connection can not be read');
