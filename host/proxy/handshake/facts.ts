// What a handshake that was read in every byte says of a session.
import { Fields } from '../../tls/fields.js';
import { type ClientHello, parseClientHello, type ServerHello } from '../../tls/hello.js';
import { type HandshakeMessage, Unseen } from './messages.js';

/** All records of a session so far, each direction's in order: those that were relayed, and those that wait. */
export interface SessionRecords {
  client: readonly Buffer[];
  origin: readonly Buffer[];
}

export interface HandshakeFacts {
  version: number;
  /** The name in the client's hello; empty where it sent none. */
  serverName: string;
  /** Empty where none was agreed upon. */
  alpn: string;
  /** The server's, DER, the leaf first; none in a resumed session. */
  certificates: Buffer[];
  /** By which the server shows that the leaf is its own; undefined where nothing does. */
  proof: Proof | undefined;
  /** DER of the client's own leaf; undefined where it showed none. */
  clientCertificate: Buffer | undefined;
  /** Ticket or session id with which the session was resumed; undefined for a full handshake. */
  resumedWith: Buffer | undefined;
  /** What the server gave, so far, to resume this session with. */
  tickets: Buffer[];
  /** Index of the first record of each direction after Finished. */
  clientEnd: number;
  originEnd: number;
}

export interface Proof {
  scheme: number;
  /** What is signed. */
  content: Buffer;
  signature: Buffer;
}

/** What both hellos of a client must agree in for anybody to know what the server went by. Throws Unseen. */
export function clientHelloOf(messages: readonly HandshakeMessage[]): ClientHello {
  const [first, ...others] = messages.map(({ body }) => parseClientHello(body));
  if (first === undefined) throw new Unseen('no hello passed');
  for (const hello of [first, ...others]) {
    if (hello.isAmbiguous || hello.earlyData) throw new Unseen('a hello can be read in two ways');
    // RFC 9846 §4.2.2: a second hello changes neither.
    if (hello.sni !== first.sni || !hello.random.equals(first.random)) {
      throw new Unseen('the second hello of the client is another than its first');
    }
  }
  return others.at(-1) ?? first;
}

/** Throws Unseen where two readers may read it differently. */
export function checkServerHello(hello: ServerHello): ServerHello {
  if (hello.isAmbiguous) throw new Unseen('a hello can be read in two ways');
  return hello;
}

/** Types of messages as one text, for a look at their order. */
export const orderOf = (messages: readonly HandshakeMessage[]): string =>
  messages.map(({ type }) => type).join(' ');

/** Certificates, each behind its length in three bytes. `withExtensions`: TLS 1.3 puts some behind each. */
export function certificateList(list: Buffer, withExtensions: boolean): Buffer[] {
  const from = new Fields(list);
  const certificates: Buffer[] = [];
  while (from.left > 0) {
    certificates.push(Buffer.from(from.vector(3)));
    if (withExtensions) from.vector(2);
  }
  return certificates;
}
