// What the first bytes of a TLS connection tell about where it belongs: the name at the head of its session ticket, and
// the protocol it asks for. Nothing here is secret, or believed: who lies is served by a worker that knows nothing of it.
import { TICKET_NAME_BYTES } from '../proxy/listener.js';
import { Fields } from '../tls/fields.js';
import { ContentType, ExtensionType, HandshakeType } from '../tls/numbers.js';

/** A ClientHello with post-quantum key shares has some 2 KB; who sends more is not waited for. */
export const HELLO_LIMIT = 16_384;

export interface HelloFacts {
  /** The first bytes of the tickets that it offers (RFC 5077 §3.2, RFC 9846 §4.3.11). */
  ticketNames: Buffer[];
  /** RFC 7301. */
  protocols: string[];
}

const NOTHING: HelloFacts = { ticketNames: [], protocols: [] };

/** Undefined where more bytes are needed; nothing at all where the bytes are no ClientHello. */
export function readClientHello(bytes: Buffer): HelloFacts | undefined {
  const message = handshakeMessage(bytes);
  if (message === undefined) return bytes.length < HELLO_LIMIT ? undefined : NOTHING;
  if (message === null) return NOTHING;
  try {
    return factsOf(new Fields(message));
  } catch {
    return NOTHING;
  }
}

/** The body of the first handshake message; null where it is no ClientHello. It may be cut over several records. */
function handshakeMessage(bytes: Buffer): Buffer | null | undefined {
  const fragments: Buffer[] = [];
  let length = 0;
  for (let at = 0; ; ) {
    if (bytes.length > at && bytes[at] !== ContentType.Handshake) return null;
    if (bytes.length < at + 5) return undefined;
    const end = at + 5 + bytes.readUInt16BE(at + 3);
    if (end > HELLO_LIMIT || end === at + 5) return null;
    if (bytes.length < end) return undefined;
    fragments.push(bytes.subarray(at + 5, end));
    length += end - at - 5;
    at = end;
    if (length < 4) continue;
    const whole = Buffer.concat(fragments);
    if (whole[0] !== HandshakeType.ClientHello) return null;
    if (length >= 4 + whole.readUIntBE(1, 3)) return whole.subarray(4, 4 + whole.readUIntBE(1, 3));
  }
}

/** RFC 9846 §4.2.2. Throws for fields that end early. */
function factsOf(hello: Fields): HelloFacts {
  hello.take(34);
  hello.vector(1);
  hello.vector(2);
  hello.vector(1);
  const facts: HelloFacts = { ticketNames: [], protocols: [] };
  if (hello.left === 0) return facts;
  for (const extensions = new Fields(hello.vector(2)); extensions.left > 0; ) {
    const type = extensions.integer(2);
    const body = new Fields(extensions.vector(2));
    if (type === ExtensionType.Alpn) {
      for (const names = new Fields(body.vector(2)); names.left > 0; )
        facts.protocols.push(names.vector(1).toString('latin1'));
    } else if (type === ExtensionType.SessionTicket) {
      addName(facts, body.take(body.left));
    } else if (type === ExtensionType.PreSharedKey) {
      for (const identities = new Fields(body.vector(2)); identities.left > 0; ) {
        addName(facts, identities.vector(2));
        identities.take(4);
      }
    }
  }
  return facts;
}

function addName({ ticketNames }: HelloFacts, ticket: Buffer): void {
  if (ticket.length > TICKET_NAME_BYTES) ticketNames.push(ticket.subarray(0, TICKET_NAME_BYTES));
}
