// ClientHello (RFC 9846 §4.2.2). Nothing in it varies between sessions but random values, times and tickets.
import { ErrorCode } from "../alert";
import { hashDigest, hashSize } from "../hash/hash";
import { load16be, store16be, store24be, store32be, wipe } from "../memory";
import { suiteHash } from "../record/suites";
import {
  ALPN_OFFER, CLIENT_RANDOM, Connection, GROUPS, SECRET, SERVER_NAME, SESSION_ID, SUITES,
  area, claim, discard, handshakeArea,
} from "./connection";
import { markOffered } from "./extensions";
import { HYBRID_SHARE, X25519_ML_KEM_768, firstShareGroup, makeShare } from "./key_share";
import { RESUMPTION_BINDER } from "./labels";
import { sendRecord } from "./output";
import { ContentType, ExtensionType, HandshakeType, SignatureScheme, Version } from "./protocol";
import { fragmentCode, offeredLimit } from "./record_size";
import {
  sessionSecret, sessionSuite, sessionTicket, sessionTicketAge, sessionTicketLength, sessionVersion,
} from "./session";
import { deriveSecret, earlySecret, finishedMac } from "./tls13/schedule";
import { transcriptAdd, transcriptHashWith } from "./transcript";

const SIGNATURE_SCHEMES_LENGTH: i32 = 24;
const SIGNATURE_SCHEMES = memory.data<i32>([
  SignatureScheme.EcdsaP256Sha256, SignatureScheme.EcdsaP384Sha384, SignatureScheme.Ed25519,
  SignatureScheme.RsaPssSha256, SignatureScheme.RsaPssSha384, SignatureScheme.RsaPssSha512,
  SignatureScheme.RsaPssKeySha256, SignatureScheme.RsaPssKeySha384, SignatureScheme.RsaPssKeySha512,
  SignatureScheme.RsaPkcs1Sha256, SignatureScheme.RsaPkcs1Sha384, SignatureScheme.RsaPkcs1Sha512,
]);

/** Also offered where the switch for the old is on: in a TLS 1.2 hello alone (RFC 5246 §7.4.1.4.1). */
const LEGACY_SCHEMES_LENGTH: i32 = 8;
const LEGACY_SCHEMES = memory.data<i32>([
  SignatureScheme.DsaSha256, SignatureScheme.RsaPkcs1Sha1, SignatureScheme.EcdsaSha1, SignatureScheme.DsaSha1,
]);
const EMPTY_RENEGOTIATION_INFO_SCSV: i32 = 0x00ff;

/** Everything of a ClientHello but the ticket, the cookie and the lists that have bounds of their own. */
const FIXED_MAX: i32 = 512 + 260;
/** Some servers wait for ever on hellos longer than this and shorter than that (RFC 7685 §4). */
const STALLING: i32 = 256;
const PADDED: i32 = 512;
const binderHash = memory.data(64, 8);
const binderSecret = memory.data(64, 8);

/** 1 where our signature_algorithms carry `scheme`. */
export function schemeOffered(c: Connection, scheme: i32): i32 {
  for (let i = 0; i < SIGNATURE_SCHEMES_LENGTH; i += 2) {
    if (load<i32>(SIGNATURE_SCHEMES + 2 * i) == scheme) return 1;
  }
  if (!c.legacy) return 0;
  for (let i = 0; i < LEGACY_SCHEMES_LENGTH; i += 2) {
    if (load<i32>(LEGACY_SCHEMES + 2 * i) == scheme) return 1;
  }
  return 0;
}

/** client_version: our best, but TLS 1.3 says so elsewhere (RFC 9846 §4.2.2). RSA's premaster secret repeats it. */
export function helloVersion(c: Connection): i32 {
  return min(c.maxVersion, Version.Tls12);
}

/** Writes and sends the ClientHello, the first or the one after a HelloRetryRequest. */
export function sendClientHello(c: Connection): i32 {
  const h = c.handshake;
  const ticket = h.sessionFits ? sessionTicketLength(h.session) : 0;
  if (h.shareGroup == 0) h.shareGroup = firstShareGroup(c);
  const hybrid = c.maxVersion == Version.Tls13 && h.shareGroup == X25519_ML_KEM_768 ? HYBRID_SHARE : 0;
  const capacity = FIXED_MAX + hybrid + c.serverNameLength + h.alpnLength + 2 * h.suiteCount + 2 * h.groupCount + ticket + h.cookieLength;
  const message = claim(capacity);
  if (message == 0) return h.cookieLength > 0 ? ErrorCode.CookieTooLong : ErrorCode.NoMemory;
  let at = writeHead(c, message);
  const extensions = at;
  // A hello of SSL 3.0 ends here.
  const extended = c.maxVersion > Version.Ssl30;
  if (extended) at = writeExtensions(c, message, at + 2);
  if (at == 0) {
    discard(message, capacity);
    return ErrorCode.NoEntropy;
  }
  const binderLength = h.pskOffered ? hashSize(suiteHash(sessionSuite(h.session))) : 0;
  const length = ((at - message) as i32) + (binderLength > 0 ? 3 + binderLength : 0);
  // All extensions together have a length of 16 bits; only a cookie can fill that.
  if (((message - extensions) as i32) + length - 2 > 0xffff) {
    discard(message, capacity);
    return ErrorCode.CookieTooLong;
  }
  if (extended) store16be(extensions, ((message - extensions) as i32) + length - 2);
  store24be(message + 1, length - 4);
  if (binderLength > 0) writeBinder(c, message, at, binderLength);
  return keepAndSend(c, message, capacity, length);
}

function keepAndSend(c: Connection, message: usize, capacity: i32, length: i32): i32 {
  const h = c.handshake;
  discard(h.clientHello, h.clientHelloLength);
  h.clientHello = 0;
  // Until the suite names the transcript's hash, the message itself stands for it.
  if (h.transcriptHash == 0) {
    h.clientHello = claim(length);
    if (h.clientHello == 0) {
      discard(message, capacity);
      return ErrorCode.NoMemory;
    }
    h.clientHelloLength = length;
    memory.copy(h.clientHello, message, length);
  }
  transcriptAdd(c, message, length);
  const record = c.output + c.outputEnd;
  const sent = sendRecord(c, ContentType.Handshake, message, length);
  // RFC 9846 §5.1: the very first record may say 3.1, for servers that stumble over more.
  if (sent == 0 && !h.retried) store<u8>(record, c.maxVersion == Version.Ssl30 ? 0 : 1, 2);
  discard(message, capacity);
  return sent;
}

/** Up to and with the compression methods. */
function writeHead(c: Connection, message: usize): usize {
  const h = c.handshake;
  store<u8>(message, HandshakeType.ClientHello);
  h.offered = 0;
  store16be(message + 4, helloVersion(c));
  memory.copy(message + 6, area(c, CLIENT_RANDOM), 32);
  let at = message + 38;
  store<u8>(at, h.sessionIdLength);
  memory.copy(at + 1, handshakeArea(c, SESSION_ID), h.sessionIdLength);
  at += 1 + h.sessionIdLength;
  const signals = c.minVersion == Version.Ssl30 ? 1 : 0;
  store16be(at, 2 * (h.suiteCount + signals));
  memory.copy(at + 2, handshakeArea(c, SUITES), 2 * h.suiteCount);
  at += 2 + 2 * h.suiteCount;
  if (signals) {
    // RFC 5746 §3.3: for servers that may not even read over extensions.
    store16be(at, EMPTY_RENEGOTIATION_INFO_SCSV);
    markOffered(c, ExtensionType.RenegotiationInfo);
    at += 2;
  }
  store16be(at, 0x0100);
  return at + 2;
}

/** Starts an extension; `close` fills in its length. */
function open(c: Connection, at: usize, type: i32): usize {
  markOffered(c, type);
  store16be(at, type);
  return at + 4;
}

function close(start: usize, end: usize): usize {
  store16be(start - 2, (end - start) as i32);
  return end;
}

function empty(c: Connection, at: usize, type: i32): usize {
  const start = open(c, at, type);
  return close(start, start);
}

/** All extensions, pre_shared_key last (RFC 9846 §4.3.11) and without its binders; 0 where entropy is missing. */
function writeExtensions(c: Connection, message: usize, at: usize): usize {
  const h = c.handshake;
  at = writeServerName(c, at);
  if (c.minVersion <= Version.Tls12) at = writeOldExtensions(c, at);
  at = writeLists(c, at);
  if (c.recordLimit > 0) at = writeRecordSize(c, at);
  if (c.maxVersion < Version.Tls13) return writePadding(at, (at - message) as i32);

  let start = open(c, at, ExtensionType.SupportedVersions);
  // SSL 3.0 is never named here (RFC 9846 §E.5).
  const versions = c.maxVersion - max(c.minVersion, Version.Tls10) + 1;
  store<u8>(start, 2 * versions);
  for (let i = 0; i < versions; i++) store16be(start + 1 + 2 * i, c.maxVersion - i);
  at = close(start, start + 1 + 2 * versions);

  if (h.cookieLength > 0) {
    start = open(c, at, ExtensionType.Cookie);
    store16be(start, h.cookieLength);
    memory.copy(start + 2, h.cookie, h.cookieLength);
    at = close(start, start + 2 + h.cookieLength);
  }
  start = open(c, at, ExtensionType.PskKeyExchangeModes);
  store16be(start, 0x0101); // psk_dhe_ke alone: resumption keeps forward secrecy
  at = writeKeyShare(c, close(start, start + 2));
  if (at == 0) return 0;
  h.pskOffered = h.sessionFits && sessionVersion(h.session) == Version.Tls13 ? 1 : 0;
  // A retry that fixed another hash leaves the session out (RFC 9846 §4.2.4).
  if (h.transcriptHash != 0 && h.pskOffered && suiteHash(sessionSuite(h.session)) != h.transcriptHash) h.pskOffered = 0;
  if (!h.pskOffered) return writePadding(at, ((at - message) as i32));
  return writePreSharedKey(c, writePadding(at, ((at - message) as i32) + preSharedKeyLength(h.session)));
}

/** What writePreSharedKey and writeBinder add. */
function preSharedKeyLength(session: usize): i32 {
  return 4 + 8 + sessionTicketLength(session) + 3 + hashSize(suiteHash(sessionSuite(session)));
}

/** Pads a hello of `length` as browsers do (RFC 7685 §4). Never marked as offered: no server may answer it (§3). */
function writePadding(at: usize, length: i32): usize {
  if (length < STALLING || length >= PADDED) return at;
  const zeros = max(PADDED - length - 4, 1); // some servers stumble over an empty extension at the end
  store16be(at, ExtensionType.Padding);
  store16be(at + 2, zeros);
  memory.fill(at + 4, 0, zeros);
  return at + 4 + zeros;
}

/** Both, as RFC 8449 §5 has it: a server that knows record_size_limit ignores the other. */
function writeRecordSize(c: Connection, at: usize): usize {
  let start = open(c, at, ExtensionType.MaxFragmentLength);
  store<u8>(start, fragmentCode(c));
  start = open(c, close(start, start + 1), ExtensionType.RecordSizeLimit);
  store16be(start, offeredLimit(c));
  return close(start, start + 2);
}

/** RFC 6066 §3: a DNS name only, never an IP address. */
function writeServerName(c: Connection, at: usize): usize {
  const length = c.serverNameLength;
  const name = area(c, SERVER_NAME);
  let literal = 1;
  for (let i = 0; i < length; i++) {
    const character = load<u8>(name + i);
    if (character == 0x3a) { // a colon: IPv6
      literal = 1;
      break;
    }
    if (character != 0x2e && (character < 0x30 || character > 0x39)) literal = 0;
  }
  if (literal) return at;
  const start = open(c, at, ExtensionType.ServerName);
  store16be(start, length + 3);
  store<u8>(start, 0, 2);
  store16be(start + 3, length);
  memory.copy(start + 5, name, length);
  return close(start, start + 5 + length);
}

/** What only TLS 1.2 and before look at. */
function writeOldExtensions(c: Connection, at: usize): usize {
  const h = c.handshake;
  at = empty(c, at, ExtensionType.ExtendedMasterSecret);
  let start: usize;
  if (c.minVersion > Version.Ssl30) {
    start = open(c, at, ExtensionType.RenegotiationInfo);
    store<u8>(start, 0);
    at = close(start, start + 1);
  }
  start = open(c, at, ExtensionType.EcPointFormats);
  store16be(start, 0x0100);
  at = close(start, start + 2);
  start = open(c, at, ExtensionType.SessionTicket);
  let length = 0;
  if (h.sessionFits && sessionVersion(h.session) < Version.Tls13) {
    length = sessionTicketLength(h.session);
    memory.copy(start, sessionTicket(h.session), length);
  }
  at = close(start, start + length);
  return empty(c, at, ExtensionType.EncryptThenMac);
}

/** Groups, signature algorithms, application protocols. */
function writeLists(c: Connection, at: usize): usize {
  const h = c.handshake;
  let start = open(c, at, ExtensionType.SupportedGroups);
  store16be(start, 2 * h.groupCount);
  memory.copy(start + 2, handshakeArea(c, GROUPS), 2 * h.groupCount);
  at = close(start, start + 2 + 2 * h.groupCount);

  if (c.maxVersion >= Version.Tls12) {
    start = open(c, at, ExtensionType.SignatureAlgorithms);
    const end = writeSchemes(c, start + 2);
    store16be(start, (end - start) as i32 - 2);
    at = close(start, end);
  }

  if (h.alpnLength == 0) return at;
  start = open(c, at, ExtensionType.Alpn);
  store16be(start, h.alpnLength);
  memory.copy(start + 2, handshakeArea(c, ALPN_OFFER), h.alpnLength);
  return close(start, start + 2 + h.alpnLength);
}

function writeSchemes(c: Connection, at: usize): usize {
  for (let i = 0; i < SIGNATURE_SCHEMES_LENGTH; i += 2) store16be(at + i, load<i32>(SIGNATURE_SCHEMES + 2 * i));
  at += SIGNATURE_SCHEMES_LENGTH;
  if (!c.legacy) return at;
  for (let i = 0; i < LEGACY_SCHEMES_LENGTH; i += 2) store16be(at + i, load<i32>(LEGACY_SCHEMES + 2 * i));
  return at + LEGACY_SCHEMES_LENGTH;
}

/** One share, for the group that the server is likeliest to take, or that its HelloRetryRequest named. */
function writeKeyShare(c: Connection, at: usize): usize {
  const h = c.handshake;
  const start = open(c, at, ExtensionType.KeyShare);
  const length = makeShare(c, h.shareGroup, start + 6);
  if (length < 0) return 0;
  store16be(start, 4 + length);
  store16be(start + 2, h.shareGroup);
  store16be(start + 4, length);
  return close(start, start + 6 + length);
}

/** The one identity; the lengths count the binders that follow. */
function writePreSharedKey(c: Connection, at: usize): usize {
  const session = c.handshake.session;
  const start = open(c, at, ExtensionType.PreSharedKey);
  const length = sessionTicketLength(session);
  store16be(start, 2 + length + 4);
  store16be(start + 2, length);
  memory.copy(start + 4, sessionTicket(session), length);
  store32be(start + 4 + length, sessionTicketAge(c, session));
  const end = start + 8 + length;
  close(start, end + 3 + hashSize(suiteHash(sessionSuite(session))));
  return end;
}

/** Binder over the ClientHello up to the binders (RFC 9846 §4.3.11.2). */
function writeBinder(c: Connection, message: usize, at: usize, size: i32): void {
  const h = c.handshake;
  const hash = suiteHash(sessionSuite(h.session));
  const secret = handshakeArea(c, SECRET);
  hashDigest(hash, 0, 0, binderHash);
  earlySecret(hash, sessionSecret(h.session), secret);
  deriveSecret(hash, secret, RESUMPTION_BINDER, binderHash, binderSecret);
  const truncated = (at - message) as i32;
  if (h.transcriptHash != 0) transcriptHashWith(c, message, truncated, binderHash);
  else hashDigest(hash, message, truncated, binderHash);
  store16be(at, 1 + size);
  store<u8>(at, size, 2);
  finishedMac(hash, binderSecret, binderHash, at + 3);
  wipe(binderSecret, 64);
}
