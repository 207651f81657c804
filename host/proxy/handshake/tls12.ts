// The handshake of TLS 1.2 and before, read from its records (RFC 5246 §7): in each direction exactly one record stands between
// ChangeCipherSpec and the rest, and it opens as Finished.
import { createHash, timingSafeEqual } from 'node:crypto';
import { Fields } from '../../tls/fields.js';
import { type ClientHello, parseServerHello, type ServerHello } from '../../tls/hello.js';
import { ContentType, HandshakeType, Version } from '../../tls/numbers.js';
import { CIPHER_SUITES } from '../../tls/suites.js';
import type { OpenedRecord } from '../record/cipher.js';
import { tls10Prf, tls12Prf } from '../record/key_schedule.js';
import type { Side } from '../record/session_keys.js';
import {
  certificateList,
  checkServerHello,
  clientHelloOf,
  type HandshakeFacts,
  orderOf,
  type Proof,
  type SessionRecords,
} from './facts.js';
import { type ClearMessages, clearMessages, type HandshakeMessage, Unseen } from './messages.js';

const NAMED_CURVE = 3;
const SSL3 = Version.Ssl30;
/** No ticket is empty: nothing is found under it. */
const NOBODYS = Buffer.alloc(0);

/** ServerHello, Certificate?, CertificateStatus? (22, RFC 6066 §8), ServerKeyExchange?, CertificateRequest?, ServerHelloDone, ticket? */
const ORIGIN_FULL = /^2( 11)?( 22)?( 12)?( 13)? 14( 4)?$/;
const ORIGIN_RESUMED = /^2( 4)?$/;
/** ClientHello, Certificate?, ClientKeyExchange, CertificateVerify? */
const CLIENT_FULL = /^1( 11)? 16( 15)?$/;

export interface Tls12Secrets {
  /** Opens a record as the first of its direction's epoch; undefined where the keys come later. */
  openFinished: ((side: Side, record: Buffer) => OpenedRecord) | undefined;
  /** Undefined where only keys were delivered, which verify no Finished. */
  masterSecret: Uint8Array | undefined;
}

/**
 * Throws Unseen where something else than a handshake may have passed, what `openFinished` throws, and DecodeError. Constant time
 * in the secrets.
 */
export function readTls12(records: SessionRecords, secrets: Tls12Secrets): HandshakeFacts {
  const client = clearMessages(records.client, false);
  const origin = clearMessages(records.origin, false);
  const serverHello = checkServerHello(parseServerHello(firstOf(origin).body));
  const clientHello = clientHelloOf(client.messages.slice(0, 1));
  const isResumed = ORIGIN_RESUMED.test(orderOf(origin.messages)) && orderOf(client.messages) === '1';
  if (
    !isResumed &&
    !(ORIGIN_FULL.test(orderOf(origin.messages)) && CLIENT_FULL.test(orderOf(client.messages)))
  ) {
    throw new Unseen('the messages of the handshake are out of order');
  }
  const finished = {
    client: finishedOf('client', records.client[client.end], secrets),
    origin: finishedOf('origin', records.origin[origin.end], secrets),
  };
  if (secrets.masterSecret !== undefined && finished.client && finished.origin) {
    checkFinished(serverHello, secrets.masterSecret, finishing(client, origin, isResumed), {
      client: finished.client,
      origin: finished.origin,
    });
  }
  const certificates = isResumed ? [] : certificatesOf(origin.messages);
  return {
    version: serverHello.version,
    serverName: clientHello.sni,
    alpn: serverHello.alpn ?? '',
    certificates,
    proof: proofOf(origin.messages, clientHello, serverHello),
    clientCertificate: certificatesOf(client.messages)[0],
    resumedWith: isResumed ? resumedWith(clientHello, serverHello) : undefined,
    tickets: ticketsOf(origin.messages, isResumed, serverHello),
    clientEnd: client.end + 1,
    originEnd: origin.end + 1,
  };
}

function firstOf({ messages }: ClearMessages): HandshakeMessage {
  const [first] = messages;
  if (first?.type !== HandshakeType.ServerHello) throw new Unseen('the server began without a hello');
  return first;
}

/** The message as it was sent, where keys are there. */
function finishedOf(
  side: Side,
  record: Buffer | undefined,
  { openFinished }: Tls12Secrets,
): Buffer | undefined {
  if (record === undefined || record[0] !== ContentType.Handshake) {
    throw new Unseen('another record than Finished follows ChangeCipherSpec');
  }
  if (openFinished === undefined) return undefined;
  const { type, content } = openFinished(side, record);
  if (type !== ContentType.Handshake || !isFinished(content)) {
    throw new Unseen('another message than Finished follows ChangeCipherSpec');
  }
  return content;
}

/** Of 12 bytes (RFC 5246 §7.4.9), or of 36 (RFC 6101 §5.6.9). */
export const isFinished = (content: Buffer): boolean =>
  content.length >= 4 &&
  content[0] === HandshakeType.Finished &&
  content.readUIntBE(1, 3) === content.length - 4 &&
  (content.length === 16 || content.length === 40);

/** What each Finished is made over: all messages before it. */
interface Finishing {
  first: Side;
  before: Buffer[];
  /** Between the two. */
  between: Buffer[];
}

function finishing(client: ClearMessages, origin: ClearMessages, isResumed: boolean): Finishing {
  const bytes = (messages: readonly HandshakeMessage[]) => messages.map((message) => message.bytes);
  const [hello, ...rest] = bytes(client.messages);
  if (hello === undefined) throw new Unseen('no hello passed');
  if (isResumed) return { first: 'origin', before: [hello, ...bytes(origin.messages)], between: [] };
  const done = origin.messages.findIndex(({ type }) => type === HandshakeType.ServerHelloDone) + 1;
  return {
    first: 'client',
    before: [hello, ...bytes(origin.messages.slice(0, done)), ...rest],
    between: bytes(origin.messages.slice(done)),
  };
}

/** RFC 5246 §7.4.9, RFC 2246 §7.4.9, RFC 6101 §5.6.9. */
function checkFinished(
  { version, cipherSuite }: ServerHello,
  masterSecret: Uint8Array,
  { first, before, between }: Finishing,
  finished: Record<Side, Buffer>,
): void {
  const second = first === 'client' ? 'origin' : 'client';
  const behind = [...before, finished[first], ...between];
  for (const [side, messages] of [
    [first, before],
    [second, behind],
  ] as const) {
    const right = verifyData(version, cipherSuite, masterSecret, side, Buffer.concat(messages));
    const said = finished[side].subarray(4);
    if (right.length !== said.length || !timingSafeEqual(right, said)) {
      throw new Unseen('a Finished does not verify');
    }
  }
}

function verifyData(
  version: number,
  cipherSuite: number,
  masterSecret: Uint8Array,
  side: Side,
  messages: Buffer,
): Buffer {
  if (version === SSL3) return ssl3VerifyData(masterSecret, side, messages);
  const label = side === 'client' ? 'client finished' : 'server finished';
  if (version === Version.Tls12) {
    const hash = CIPHER_SUITES.get(cipherSuite)?.hash ?? 'sha256';
    return tls12Prf(hash, masterSecret, label, createHash(hash).update(messages).digest(), 12);
  }
  const hashes = ['md5', 'sha1'].map((name) => createHash(name).update(messages).digest());
  return tls10Prf(masterSecret, label, Buffer.concat(hashes), 12);
}

function ssl3VerifyData(masterSecret: Uint8Array, side: Side, messages: Buffer): Buffer {
  const sender = Buffer.from(side === 'client' ? 'CLNT' : 'SRVR', 'latin1');
  const parts = (
    [
      ['md5', 48],
      ['sha1', 40],
    ] as const
  ).map(([name, pad]) => {
    const inner = createHash(name)
      .update(messages)
      .update(sender)
      .update(masterSecret)
      .update(Buffer.alloc(pad, 0x36))
      .digest();
    return createHash(name).update(masterSecret).update(Buffer.alloc(pad, 0x5c)).update(inner).digest();
  });
  return Buffer.concat(parts);
}

const messageOf = (messages: readonly HandshakeMessage[], type: number): HandshakeMessage | undefined =>
  messages.find((message) => message.type === type);

function certificatesOf(messages: readonly HandshakeMessage[]): Buffer[] {
  const message = messageOf(messages, HandshakeType.Certificate);
  return message === undefined ? [] : certificateList(new Fields(message.body).vector(3), false);
}

/** ServerKeyExchange signs both randoms and its parameters (RFC 5246 §7.4.3, RFC 8422 §5.4). RSA key exchange signs nothing. */
function proofOf(
  messages: readonly HandshakeMessage[],
  { random: clientRandom }: ClientHello,
  { version, random, cipherSuite }: ServerHello,
): Proof | undefined {
  const message = messageOf(messages, HandshakeType.ServerKeyExchange);
  if (message === undefined || version !== Version.Tls12) return undefined;
  const from = new Fields(message.body);
  const exchange = CIPHER_SUITES.get(cipherSuite)?.keyExchange;
  if (exchange === 'ECDHE_ECDSA' || exchange === 'ECDHE_RSA') {
    if (from.integer(1) !== NAMED_CURVE) return undefined;
    from.take(2);
    from.vector(1);
  } else if (exchange === 'DHE_RSA') for (let i = 0; i < 3; i++) from.vector(2);
  else return undefined;
  const parameters = message.body.subarray(0, message.body.length - from.left);
  const scheme = from.integer(2);
  const signature = Buffer.from(from.vector(2));
  return { scheme, content: Buffer.concat([clientRandom, random, parameters]), signature };
}

/** RFC 5077 §3.4: a ticket goes before a session id. Without extended master secret nobody knows whose session it is (RFC 7627). */
function resumedWith({ sessionTicket, sessionId }: ClientHello, hello: ServerHello): Buffer {
  if (!hello.extendedMasterSecret) return NOBODYS;
  if (sessionTicket.length > 0) return sessionTicket;
  return sessionId.equals(hello.sessionId) ? sessionId : NOBODYS;
}

function ticketsOf(
  messages: readonly HandshakeMessage[],
  isResumed: boolean,
  { sessionId }: ServerHello,
): Buffer[] {
  const tickets: Buffer[] = [];
  const message = messageOf(messages, HandshakeType.NewSessionTicket);
  if (message !== undefined) {
    const from = new Fields(message.body);
    from.take(4); // ticket_lifetime_hint
    tickets.push(Buffer.from(from.vector(2)));
  }
  if (!isResumed) tickets.push(Buffer.from(sessionId));
  return tickets.filter(({ length }) => length > 0);
}
