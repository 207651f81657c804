// What the hellos say that a relaying proxy goes by (RFC 9846 §4.2, RFC 5246 §7.4.1).
import { Fields } from './fields.js';
import { ExtensionType } from './numbers.js';

/** SHA-256 of "HelloRetryRequest" (RFC 9846 §4.2.3). */
const HELLO_RETRY = Buffer.from('cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c', 'hex');

export interface ClientHello {
  random: Buffer;
  sessionId: Buffer;
  sni: string;
  earlyData: boolean;
  /** RFC 8449: longest plaintext that the client takes, with the content type in TLS 1.3. */
  recordSizeLimit: number | undefined;
  /** RFC 6066 §4: longest plaintext in both directions. */
  maxFragmentLength: number | undefined;
  /** RFC 5077: what TLS 1.2 resumes with; empty where there is none. */
  sessionTicket: Buffer;
  /** Identities of TLS 1.3's pre-shared keys, in order: tickets. */
  pskIdentities: Buffer[];
  /** Two readers may read it differently: an extension stands in it twice, or more than one name. */
  isAmbiguous: boolean;
}

export interface ServerHello {
  version: number;
  random: Buffer;
  sessionId: Buffer;
  cipherSuite: number;
  extendedMasterSecret: boolean;
  encryptThenMac: boolean;
  /** TLS 1.2 tells it in the clear. */
  alpn: string | undefined;
  /** TLS 1.3: which of the client's pre-shared keys is used. */
  selectedPsk: number | undefined;
  /** It is a HelloRetryRequest. */
  isRetry: boolean;
  isAmbiguous: boolean;
}

/** `body`: of the message, without its header. Throws DecodeError. */
export function parseClientHello(body: Buffer): ClientHello {
  const from = new Fields(body);
  from.take(2);
  const random = Buffer.from(from.take(32));
  const sessionId = Buffer.from(from.vector(1));
  from.vector(2);
  from.vector(1);
  const found = extensions(from);
  const hello: ClientHello = {
    random,
    sessionId,
    sni: '',
    earlyData: false,
    recordSizeLimit: undefined,
    maxFragmentLength: undefined,
    sessionTicket: Buffer.alloc(0),
    pskIdentities: [],
    isAmbiguous: repeats(found) || from.left > 0,
  };
  for (const [type, data] of found) {
    if (type === ExtensionType.ServerName && data.left > 0) {
      const names = serverNames(data);
      hello.sni = names[0] ?? '';
      if (names.length > 1) hello.isAmbiguous = true;
    } else if (type === ExtensionType.EarlyData) hello.earlyData = true;
    else if (type === ExtensionType.RecordSizeLimit) hello.recordSizeLimit = data.integer(2);
    else if (type === ExtensionType.MaxFragmentLength) hello.maxFragmentLength = 2 ** (8 + data.integer(1));
    else if (type === ExtensionType.SessionTicket) hello.sessionTicket = Buffer.from(data.bytes);
    else if (type === ExtensionType.PreSharedKey) hello.pskIdentities = pskIdentities(data);
  }
  return hello;
}

function serverNames(data: Fields): string[] {
  const list = new Fields(data.vector(2));
  const names: string[] = [];
  while (list.left > 0) {
    const isHostName = list.integer(1) === 0;
    const name = list.vector(2);
    if (isHostName) names.push(name.toString('latin1'));
  }
  return names;
}

function pskIdentities(data: Fields): Buffer[] {
  const list = new Fields(data.vector(2));
  const identities: Buffer[] = [];
  while (list.left > 0) {
    identities.push(Buffer.from(list.vector(2)));
    list.take(4); // obfuscated_ticket_age
  }
  return identities;
}

/** `body`: of the message, without its header. Throws DecodeError. */
export function parseServerHello(body: Buffer): ServerHello {
  const from = new Fields(body);
  const legacyVersion = from.integer(2);
  const random = Buffer.from(from.take(32));
  const sessionId = Buffer.from(from.vector(1));
  const cipherSuite = from.integer(2);
  from.take(1);
  const found = extensions(from);
  const hello: ServerHello = {
    version: legacyVersion,
    random,
    sessionId,
    cipherSuite,
    extendedMasterSecret: false,
    encryptThenMac: false,
    alpn: undefined,
    selectedPsk: undefined,
    isRetry: random.equals(HELLO_RETRY),
    isAmbiguous: repeats(found) || from.left > 0,
  };
  for (const [type, data] of found) {
    if (type === ExtensionType.SupportedVersions) hello.version = data.integer(2);
    else if (type === ExtensionType.ExtendedMasterSecret) hello.extendedMasterSecret = true;
    else if (type === ExtensionType.EncryptThenMac) hello.encryptThenMac = true;
    else if (type === ExtensionType.Alpn) hello.alpn = protocolName(data);
    else if (type === ExtensionType.PreSharedKey) hello.selectedPsk = data.integer(2);
  }
  return hello;
}

/** The one protocol that a server chose (RFC 7301 §3.1). */
export const protocolName = (data: Fields): string => new Fields(data.vector(2)).vector(1).toString('latin1');

/** The extensions block; absent in the oldest hellos. */
export function extensions(from: Fields): [number, Fields][] {
  const found: [number, Fields][] = [];
  const block = new Fields(from.left > 0 ? from.vector(2) : Buffer.alloc(0));
  while (block.left > 0) found.push([block.integer(2), new Fields(block.vector(2))]);
  return found;
}

/** RFC 9846 §4.3: none may stand there twice. */
export const repeats = (found: readonly (readonly [number, Fields])[]): boolean =>
  new Set(found.map(([type]) => type)).size < found.length;
