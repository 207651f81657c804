// The state of one connection: one block of memory for what lasts, one for what the handshake alone needs.
// Both are plain structs; byte areas follow the fields. Freeing wipes.
import { ErrorCode } from "../alert";
import { HASH_CONTEXT } from "../hash/hash";
import { give, take } from "../heap";
import { wipe } from "../memory";
import { ML_KEM_PRIVATE_KEY } from "../kem/ml_kem_768";
import { PROTECTION_CONTEXT, SEAL_HEADROOM, SEAL_TAILROOM, protectionNull, protectionWipe } from "../record/protection";
import { Version } from "./protocol";
import { State } from "./state";
import { KEY_BLOCK_MAX } from "./tls12/schedule";

/** One TLS record: header, 2^14 bytes, and the expansion that TLS 1.2 allows (RFC 5246 §6.2.3). */
export const INPUT_SIZE: i32 = 5 + 16384 + 2048;
/** Most plaintext in one record that we send: a device has little room. */
export const SEND_PAYLOAD: i32 = 4096;
/** Room for one full record and a few small ones (alert, KeyUpdate, ChangeCipherSpec) behind it. */
export const OUTPUT_SIZE: i32 = SEND_PAYLOAD + SEAL_HEADROOM + SEAL_TAILROOM + 256;
export const SECRET_MAX: i32 = 48;
export const NAME_MAX: i32 = 255;
export const SUITES_MAX: i32 = 64;
export const GROUPS_MAX: i32 = 8;

// @ts-ignore: decorator
@unmanaged
export class Connection {
  state: i32;
  /** HandshakeType of the message under way, or CHANGE_CIPHER_SPEC. */
  incoming: i32;
  /** 1 where the switch for old versions and weak algorithms was turned on. */
  legacy: i32;
  /** 1 where the dates of trust anchors don't matter. */
  expiredRoots: i32;
  /** 1 where it may be later than `time`. */
  leastTime: i32;
  /** Plaintext of a record that the host wants at the most, 0 for no limit; and what was agreed, 0 for nothing. */
  recordLimit: i32;
  receiveLimit: i32;
  sendLimit: i32;
  /** 0 until the ServerHello. */
  version: i32;
  suite: i32;
  group: i32;
  resumed: i32;
  extendedMasterSecret: i32;
  handshakeDone: i32;
  /** The handshake's own memory; 0 once it is done. */
  handshake: Handshake;
  lastError: i32;
  alertSent: i32;
  alertReceived: i32;

  // Input: one record at a time, opened in place; plaintext waits in it until the host takes it.
  input: usize;
  inputCapacity: i32;
  inputHave: i32;
  plain: usize;
  plainLength: i32;
  readProtected: i32;
  /** A handshake message that spans records: its header, then its own buffer. */
  message: usize;
  messageHave: i32;
  messageLength: i32;
  /** Bytes of the buffer: the message's, but for one that is skimmed (request_skimmer.ts). */
  messageCapacity: i32;
  messageSkims: i32;
  /** Whether the peer said close_notify. */
  peerClosed: i32;
  // Bounds on what a peer may repeat without a byte of application data in between.
  emptyRecords: i32;
  warnings: i32;
  idleMessages: i32;
  dummyRecords: i32;

  // Output: sealed records, from outputStart to outputEnd.
  output: usize;
  outputCapacity: i32;
  outputStart: i32;
  outputEnd: i32;
  writeProtected: i32;
  /** Whether we said close_notify, or may say nothing more. */
  writeClosed: i32;
  /** A KeyUpdate goes before the next application data: the peer asked for one (RFC 9846 §4.7.3), or the keys are worn. */
  keyUpdateDue: i32;
  /** 1 from a KeyUpdate of ours that asks for one until the peer's next. */
  keyUpdateAsked: i32;
  compatibilitySent: i32;
  /** Which secrets have left: a Delivery. */
  delivered: i32;
  /** 1 where another party had the peer's keys, until the peer changes them. */
  readableElsewhere: i32;
  /** Length of what OBSERVED holds, 0 for nothing; and whether both directions have left those keys since. */
  observed: i32;
  observedLeft: i32;
  /** Epochs released so far. */
  observedEpoch: i32;
  /** Length of what HANDSHAKE_SECRETS holds, 0 for nothing; and whether a delivery has made it due. */
  handshakeSecrets: i32;
  handshakeSecretsDue: i32;
  certificateRequested: i32;
  encryptThenMac: i32;

  recordsSent: u32;
  recordsReceived: u32;
  clientEpochStart: u32;
  serverEpochStart: u32;
  bytesSealed: u32;
  bytesOpened: u32;

  serverNameLength: i32;
  alpnLength: i32;
  minVersion: i32;
  maxVersion: i32;
  time: u32;
  trust: usize;
  /** Sessions to take: a list of blocks, oldest first (session.ts). */
  sessions: usize;
}

// @ts-ignore: decorator
@unmanaged
export class Handshake {
  suiteCount: i32;
  groupCount: i32;
  alpnLength: i32;
  /** Bit per row of extensions.ts. */
  offered: i32;
  clientHello: usize;
  clientHelloLength: i32;
  /** Group of the key share on offer. */
  shareGroup: i32;
  /** Group of the scalar that was drawn, 0 before. */
  scalarGroup: i32;
  /** ML-KEM's decapsulation key, where the hybrid group's share was made; 0 elsewhere. */
  kemKey: usize;
  retried: i32;
  cookie: usize;
  cookieLength: i32;
  /** HashId of the transcript, 0 while the suite is unknown. */
  transcriptHash: i32;
  /** HashIds of the transcripts that a TLS 1.2 CertificateVerify may need beside the suite's, 0 for none. */
  signingHash: i32;
  otherSigningHash: i32;
  sessionIdLength: i32;
  ticketExpected: i32;

  clientCertificates: usize;
  clientCertificatesLength: i32;
  clientKey: usize;
  clientKeyLength: i32;
  /** Scheme chosen to answer a CertificateRequest, 0 for none. */
  clientScheme: i32;

  /** The session that may be resumed, as given (session.ts); used only where it fits. */
  session: usize;
  sessionLength: i32;
  sessionFits: i32;
  pskOffered: i32;

  /** Copy of the server's public key, and its parameters as x509's PublicKey has them. */
  peerKey: usize;
  peerKeyLength: i32;
  /** Block of EXCHANGE_SIZE for finite fields, whose numbers are long: our public value, the shared secret; 0 elsewhere. */
  exchange: usize;
  /** Our ClientKeyExchange's public value, made when the server's came. */
  ourShareLength: i32;
  premasterLength: i32;
}

// Areas of a Connection.
const AREAS: i32 = (offsetof<Connection>() as i32 + 15) & ~15;
export const CLIENT_RANDOM: i32 = AREAS;
export const SERVER_RANDOM: i32 = CLIENT_RANDOM + 32;
export const CERTIFICATE_HASH: i32 = SERVER_RANDOM + 32;
/** Keys that an observer gets once they are out of use: client's key and IV, server's key and IV, or a key block. */
export const OBSERVED: i32 = CERTIFICATE_HASH + 32;
export const OBSERVED_MAX: i32 = 96;
/** From which the random values of commitments to observed keys are made. */
export const OBSERVED_RANDOM: i32 = OBSERVED + OBSERVED_MAX;
/** TLS 1.3 application traffic secrets. */
export const CLIENT_SECRET: i32 = OBSERVED_RANDOM + 32;
export const SERVER_SECRET: i32 = CLIENT_SECRET + SECRET_MAX;
export const EXPORTER_SECRET: i32 = SERVER_SECRET + SECRET_MAX;
/** TLS 1.3 resumption master secret; TLS 1.2 master secret. */
export const MASTER_SECRET: i32 = EXPORTER_SECRET + SECRET_MAX;
export const KEY_BLOCK: i32 = MASTER_SECRET + SECRET_MAX;
/** TLS 1.3: the client's and the server's handshake traffic secret, for a delivery before any application data. */
export const HANDSHAKE_SECRETS: i32 = KEY_BLOCK + KEY_BLOCK_MAX;
export const HANDSHAKE_SECRETS_MAX: i32 = 2 * SECRET_MAX;
export const SERVER_NAME: i32 = HANDSHAKE_SECRETS + HANDSHAKE_SECRETS_MAX;
export const ALPN: i32 = SERVER_NAME + 256;
export const MESSAGE_HEADER: i32 = ALPN + 256;
export const READ_PROTECTION: i32 = (MESSAGE_HEADER + 4 + 15) & ~15;
export const WRITE_PROTECTION: i32 = (READ_PROTECTION + PROTECTION_CONTEXT + 15) & ~15;
export const CONNECTION_SIZE: i32 = WRITE_PROTECTION + PROTECTION_CONTEXT;

// Areas of a Handshake.
const HANDSHAKE_AREAS: i32 = (offsetof<Handshake>() as i32 + 15) & ~15;
export const SUITES: i32 = HANDSHAKE_AREAS;
export const GROUPS: i32 = SUITES + 2 * SUITES_MAX;
export const ALPN_OFFER: i32 = GROUPS + 2 * GROUPS_MAX;
export const SESSION_ID: i32 = ALPN_OFFER + 256;
export const SCALAR: i32 = SESSION_ID + 32;
/** Early, handshake, master secret of TLS 1.3 in turn; premaster secret of TLS 1.2. */
export const SECRET: i32 = SCALAR + 64;
export const CLIENT_HANDSHAKE_SECRET: i32 = SECRET + 64;
export const SERVER_HANDSHAKE_SECRET: i32 = CLIENT_HANDSHAKE_SECRET + SECRET_MAX;
/** x509's PublicKey struct, pointing into the copy at `peerKey`. */
export const PEER_KEY: i32 = SERVER_HANDSHAKE_SECRET + SECRET_MAX;
export const OUR_SHARE: i32 = PEER_KEY + 64;
export const TRANSCRIPT: i32 = (OUR_SHARE + 97 + 15) & ~15;
export const SIGNING_TRANSCRIPT: i32 = (TRANSCRIPT + HASH_CONTEXT + 15) & ~15;
export const OTHER_SIGNING_TRANSCRIPT: i32 = (SIGNING_TRANSCRIPT + HASH_CONTEXT + 15) & ~15;
export const HANDSHAKE_SIZE: i32 = OTHER_SIGNING_TRANSCRIPT + HASH_CONTEXT;

/** Longest number of a finite field in bytes. */
export const FINITE_FIELD_MAX: i32 = 1024;
const EXCHANGE_SIZE: i32 = 2 * FINITE_FIELD_MAX;

/** Address of a byte area of the connection. */
// @ts-ignore: decorator
@inline
export function area(c: Connection, offset: i32): usize {
  return changetype<usize>(c) + offset;
}

/** Address of a byte area of the connection's handshake. */
// @ts-ignore: decorator
@inline
export function handshakeArea(c: Connection, offset: i32): usize {
  return changetype<usize>(c.handshake) + offset;
}

/** 1 where the version is settled, and older than TLS 1.3. */
// @ts-ignore: decorator
@inline
export function isOld(c: Connection): bool {
  return c.version != 0 && c.version < Version.Tls13;
}

/** Takes the block for an exchange in a finite field; 0 or NoMemory. */
export function claimExchange(c: Connection): i32 {
  c.handshake.exchange = claim(EXCHANGE_SIZE);
  return c.handshake.exchange != 0 ? 0 : ErrorCode.NoMemory;
}

/** Our public value, of `ourShareLength` bytes. */
export function ourShare(c: Connection): usize {
  return c.handshake.exchange != 0 ? c.handshake.exchange : handshakeArea(c, OUR_SHARE);
}

/** The premaster secret, of `premasterLength` bytes. */
export function premaster(c: Connection): usize {
  return c.handshake.exchange != 0 ? c.handshake.exchange + FINITE_FIELD_MAX : handshakeArea(c, SECRET);
}

/** Zeroed memory, or 0 where there is none; wiped again by `discard`. */
export function claim(length: i32): usize {
  const pointer = take(length);
  if (pointer != 0) memory.fill(pointer, 0, length);
  return pointer;
}

export function discard(pointer: usize, length: i32): void {
  if (pointer == 0) return;
  wipe(pointer, length);
  give(pointer);
}

/** A connection in its first state; 0 where memory does not suffice, and then none is kept. */
export function createConnection(): Connection {
  const c = changetype<Connection>(claim(CONNECTION_SIZE));
  if (changetype<usize>(c) == 0) return c;
  c.state = State.Idle;
  c.alertSent = -1;
  c.alertReceived = -1;
  c.minVersion = Version.Tls12;
  c.maxVersion = Version.Tls13;
  c.input = claim(INPUT_SIZE);
  c.inputCapacity = INPUT_SIZE;
  c.output = claim(OUTPUT_SIZE);
  c.outputCapacity = OUTPUT_SIZE;
  c.handshake = changetype<Handshake>(claim(HANDSHAKE_SIZE));
  if (c.input == 0 || c.output == 0 || changetype<usize>(c.handshake) == 0) {
    dropConnection(c);
    return changetype<Connection>(0);
  }
  protectionNull(area(c, READ_PROTECTION));
  protectionNull(area(c, WRITE_PROTECTION));
  return c;
}

/** Gives back what `createConnection` took. */
export function dropConnection(c: Connection): void {
  dropHandshake(c);
  dropBuffers(c);
  discard(changetype<usize>(c), CONNECTION_SIZE);
}

/** Gives back the room for records: nothing more is received or sent. */
export function dropBuffers(c: Connection): void {
  discard(c.input, c.inputCapacity);
  discard(c.output, c.outputCapacity);
  c.input = 0;
  c.output = 0;
  c.outputCapacity = 0;
  c.outputStart = 0;
  c.outputEnd = 0;
}

/** The handshake is done: what only it needed goes. */
export function finishHandshake(c: Connection): void {
  dropHandshake(c);
  c.handshakeDone = 1;
}

/** They can serve no delivery any more. */
export function forgetHandshakeSecrets(c: Connection): void {
  wipe(area(c, HANDSHAKE_SECRETS), HANDSHAKE_SECRETS_MAX);
  c.handshakeSecrets = 0;
}

function dropHandshake(c: Connection): void {
  const h = c.handshake;
  if (changetype<usize>(h) == 0) return;
  discard(h.clientHello, h.clientHelloLength);
  discard(h.cookie, h.cookieLength);
  discard(h.clientCertificates, h.clientCertificatesLength);
  discard(h.clientKey, h.clientKeyLength);
  discard(h.session, h.sessionLength);
  discard(h.peerKey, h.peerKeyLength);
  discard(h.exchange, EXCHANGE_SIZE);
  discard(h.kemKey, ML_KEM_PRIVATE_KEY);
  discard(changetype<usize>(h), HANDSHAKE_SIZE);
  c.handshake = changetype<Handshake>(0);
}

/** Wipes and frees the buffer of a handshake message that spanned records. */
export function dropMessage(c: Connection): void {
  discard(c.message, c.messageCapacity);
  c.message = 0;
  c.messageHave = 0;
  c.messageLength = 0;
  c.messageCapacity = 0;
  c.messageSkims = 0;
}

/** Wipes every key and secret that the connection holds; the counters and what was negotiated stay readable. */
export function wipeSecrets(c: Connection): void {
  protectionWipe(area(c, READ_PROTECTION));
  protectionWipe(area(c, WRITE_PROTECTION));
  wipe(area(c, CLIENT_SECRET), SERVER_NAME - CLIENT_SECRET);
  dropHandshake(c);
  dropMessage(c);
}
