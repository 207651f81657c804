// The handshake of TLS 1.3, read from its records with the two handshake traffic secrets (RFC 9846 §4, §7.1): both encrypted
// flights are opened, and both Finished verify over what was relayed, so that nothing else is in them.
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { brotliDecompressSync, inflateSync } from 'node:zlib';
import { Fields } from '../../tls/fields.js';
import {
  type ClientHello,
  extensions,
  parseServerHello,
  protocolName,
  type ServerHello,
} from '../../tls/hello.js';
import { ExtensionType, HandshakeType, Version } from '../../tls/numbers.js';
import { Tls13Cipher } from '../record/aead.js';
import { hkdfExpandLabel } from '../record/key_schedule.js';
import { MAC_LENGTH, type Suite } from '../record/suite.js';
import {
  certificateList,
  checkServerHello,
  clientHelloOf,
  type HandshakeFacts,
  orderOf,
  type Proof,
  type SessionRecords,
} from './facts.js';
import { clearMessages, encryptedFlight, type HandshakeMessage, Unseen } from './messages.js';
import { Transcript } from './transcript.js';

/** RFC 8879: a certificate message, compressed. */
const COMPRESSED_CERTIFICATE = 25;
const CERTIFICATE_LIMIT = 131_072;
const SIGNED_PREFIX = Buffer.from(`${' '.repeat(64)}TLS 1.3, server CertificateVerify\0`, 'latin1');

/** EncryptedExtensions, CertificateRequest?, (Certificate, CertificateVerify)?, Finished. */
const ORIGIN_ORDER = /^8( 13)?( (11|25) 15)? 20$/;
/** (Certificate, CertificateVerify?)?, Finished. */
const CLIENT_ORDER = /^((11|25) (15 )?)?20$/;

/** The client's and the server's, copies that the owner wipes. */
export interface HandshakeSecrets {
  client: Buffer;
  origin: Buffer;
}

/** Undefined where they are not two secrets of the suite's hash. */
export function handshakeSecretsOf(suite: Suite, bytes: Uint8Array): HandshakeSecrets | undefined {
  const size = MAC_LENGTH[suite.hash];
  if (suite.version !== Version.Tls13 || bytes.length !== 2 * size) return undefined;
  const copy = Buffer.from(new ArrayBuffer(2 * size));
  copy.set(bytes);
  return { client: copy.subarray(0, size), origin: copy.subarray(size) };
}

export function wipeHandshakeSecrets({ client, origin }: HandshakeSecrets): void {
  client.fill(0);
  origin.fill(0);
}

/**
 * Throws Unseen where something else than a handshake may have passed, SessionError BAD_RECORD_MAC where the secrets do not open
 * the flights, and DecodeError. Constant time in the secrets.
 */
export function readTls13(records: SessionRecords, suite: Suite, secrets: HandshakeSecrets): HandshakeFacts {
  const client = clearMessages(records.client, true);
  const origin = clearMessages(records.origin, true);
  const { clientHello, serverHello, transcript } = hellos(client.messages, origin.messages, suite);
  const isResumed = serverHello.selectedPsk !== undefined;
  const fromOrigin = flightOf(records.origin, origin.end, suite, secrets.origin);
  const fromClient = flightOf(records.client, client.end, suite, secrets.client);
  if (!ORIGIN_ORDER.test(orderOf(fromOrigin.messages)) || !CLIENT_ORDER.test(orderOf(fromClient.messages))) {
    throw new Unseen('the messages of the handshake are out of order');
  }
  const asked = messageOf(fromOrigin.messages, HandshakeType.CertificateRequest) !== undefined;
  if (!asked && fromClient.messages.length > 1) throw new Unseen('the client shows a certificate unasked');
  const certificates = certificatesOf(fromOrigin.messages);
  const shows = messageOf(fromOrigin.messages, HandshakeType.CertificateVerify) !== undefined;
  if (isResumed === shows) throw new Unseen('the server shows its certificate out of order');
  const proof = follow(fromOrigin.messages, transcript, suite, secrets.origin);
  follow(fromClient.messages, transcript, suite, secrets.client);
  return {
    version: Version.Tls13,
    serverName: clientHello.sni,
    alpn: alpnOf(fromOrigin.messages),
    certificates,
    proof,
    clientCertificate: certificatesOf(fromClient.messages)[0],
    resumedWith: isResumed ? selectedIdentity(clientHello, serverHello) : undefined,
    tickets: [],
    clientEnd: fromClient.end,
    originEnd: fromOrigin.end,
  };
}

/** The transcript up to the ServerHello; a HelloRetryRequest stands in it with the hash of the first hello (§4.1). */
function hellos(client: readonly HandshakeMessage[], origin: readonly HandshakeMessage[], suite: Suite) {
  const [first, second] = client;
  const isRetried = origin.length === 2;
  const fits = orderOf(client) === (isRetried ? '1 1' : '1') && /^2( 2)?$/.test(orderOf(origin));
  if (!fits || first === undefined) throw new Unseen('the hellos are out of order');
  const parsed = origin.map(({ body }) => checkServerHello(parseServerHello(body)));
  const serverHello = parsed.at(-1);
  if (serverHello === undefined || serverHello.isRetry || (isRetried && parsed[0]?.isRetry !== true)) {
    throw new Unseen('the hellos are out of order');
  }
  if (serverHello.version !== Version.Tls13 || serverHello.cipherSuite !== suite.id) {
    throw new Unseen('the server hello names another suite');
  }
  const transcript = new Transcript(suite.hash);
  if (second === undefined) transcript.add(first);
  else {
    const hash = createHash(suite.hash).update(first.bytes).digest();
    transcript.addBytes(Buffer.concat([Buffer.from([HandshakeType.MessageHash, 0, 0, hash.length]), hash]));
    if (origin[0] !== undefined) transcript.add(origin[0]);
    transcript.add(second);
  }
  const last = origin.at(-1);
  if (last !== undefined) transcript.add(last);
  return { clientHello: clientHelloOf(client), serverHello, transcript };
}

function flightOf(records: readonly Buffer[], start: number, suite: Suite, secret: Buffer) {
  const cipher = new Tls13Cipher(suite, { secret }, 0);
  try {
    return encryptedFlight(records, start, cipher);
  } finally {
    cipher.wipe();
  }
}

/** Takes a flight into the transcript; its Finished must verify. Gives what its CertificateVerify signs. */
function follow(
  messages: readonly HandshakeMessage[],
  transcript: Transcript,
  suite: Suite,
  secret: Buffer,
): Proof | undefined {
  let proof: Proof | undefined;
  for (const message of messages) {
    if (message.type === HandshakeType.CertificateVerify) {
      const from = new Fields(message.body);
      proof = {
        scheme: from.integer(2),
        content: Buffer.concat([SIGNED_PREFIX, transcript.digest()]),
        signature: Buffer.from(from.vector(2)),
      };
    } else if (message.type === HandshakeType.Finished) {
      const key = hkdfExpandLabel(suite.hash, secret, 'finished', MAC_LENGTH[suite.hash]);
      const right = createHmac(suite.hash, key).update(transcript.digest()).digest();
      key.fill(0);
      if (message.body.length !== right.length || !timingSafeEqual(message.body, right)) {
        throw new Unseen('a Finished does not verify');
      }
    }
    transcript.add(message);
  }
  return proof;
}

const messageOf = (messages: readonly HandshakeMessage[], type: number): HandshakeMessage | undefined =>
  messages.find((message) => message.type === type);

function alpnOf(messages: readonly HandshakeMessage[]): string {
  const message = messageOf(messages, HandshakeType.EncryptedExtensions);
  const found = message === undefined ? [] : extensions(new Fields(message.body));
  const chosen = found.filter(([type]) => type === ExtensionType.Alpn);
  if (chosen.length > 1) throw new Unseen('the encrypted extensions can be read in two ways');
  return chosen[0] === undefined ? '' : protocolName(chosen[0][1]);
}

/** Of a flight; none where it shows none, or can't be read here. */
function certificatesOf(messages: readonly HandshakeMessage[]): Buffer[] {
  const plain = messageOf(messages, HandshakeType.Certificate)?.body;
  const compressed = messageOf(messages, COMPRESSED_CERTIFICATE)?.body;
  const body = plain ?? (compressed && decompressed(compressed));
  if (body === undefined) return [];
  const from = new Fields(body);
  from.vector(1); // certificate_request_context
  return certificateList(from.vector(3), true);
}

/** RFC 8879 §4. Undefined for what can't be read here. */
function decompressed(body: Buffer): Buffer | undefined {
  const from = new Fields(body);
  const algorithm = from.integer(2);
  const length = from.integer(3);
  const bytes = from.vector(3);
  if (length > CERTIFICATE_LIMIT) return undefined;
  const options = { maxOutputLength: Math.max(1, length) };
  try {
    if (algorithm === 1) return inflateSync(bytes, options);
    if (algorithm === 2) return brotliDecompressSync(bytes, options);
  } catch {
    // Malformed, or longer than it says.
  }
  return undefined;
}

function selectedIdentity({ pskIdentities }: ClientHello, { selectedPsk }: ServerHello): Buffer {
  const identity = pskIdentities[selectedPsk ?? 0];
  if (identity === undefined) throw new Unseen('the server resumes with what the client did not offer');
  return identity;
}
