// Entry point of client.wasm: the exports by which a host drives TLS connections. Integers and pointers only.
// A connection is a pointer from connectionNew; results below zero are ErrorCodes of alert.ts. No call blocks: the host
// moves bytes between the transport and the rooms that the connection shows, until `flags` says that it is closed.
import {
  ALPN, CERTIFICATE_HASH, CLIENT_RANDOM, Connection, SERVER_RANDOM, area, createConnection,
} from "./handshake/connection";
import {
  setAlpn, setClientCertificate, setExpiredRoots, setGroups, setLeastTime, setLegacy, setRecordLimit, setServerName, setSession, setShare, setSuites, setTime,
  setTrust, setVersions,
} from "./handshake/configure";
import {
  commitObserved, deliverHandshakeSecrets, deliverSecrets, releaseObserved, retire as retireConnection, takeBack as takeBackEpoch,
} from "./handshake/delivery";
import { exportKeyingMaterial } from "./handshake/exporter";
import { inputNeeded, receive } from "./handshake/input";
import {
  closeConnection, freeConnection, outputTaken, plaintextAddress, plaintextCapacity, sealPlaintext, startConnection,
  transportEnded, updateKeys,
} from "./handshake/lifecycle";
import { importTicket } from "./handshake/new_session_ticket";
import { Flag } from "./handshake/protocol";
import { takeSession } from "./handshake/session";
import { State } from "./handshake/state";
import { ErrorCode } from "./alert";
import { verifyChain } from "./x509/chain";
import { Curve } from "./curve/field";
import { ED25519 } from "./x509/algorithm";
import { checkDerElement, TAG_SEQUENCE } from "./x509/der";
import { KeyKind, PUBLIC_KEY, PublicKey, parsePublicKey } from "./x509/public_key";
import { verifySignature } from "./x509/signature";

export { allocate, release } from "./memory";
export { drbgSeed as seed } from "./prf/hmac_drbg";
export { trustAdd, trustAddDescribed, trustFree, trustNew } from "./x509/trust";

/** ecdsa_secp256r1_sha256 (RFC 9846 §4.3.3). */
const ECDSA_SHA256: i32 = 0x0403;

const leafKey: usize = memory.data(PUBLIC_KEY, 4); // a PublicKey

/**
 * Judges a server's certificates for a host without a connection, as a handshake does: see x509/chain.ts. 0 or an ErrorCode. For
 * a party that relayed the handshake and read it.
 */
export function chainVerify(
  trust: usize, list: usize, length: i32, hostName: usize, hostNameLength: i32, unixSeconds: u32,
): i32 {
  return verifyChain(trust, list, length, hostName, hostNameLength, unixSeconds, leafKey, 0);
}

/**
 * Whether the owner of a key signed a message: `info` is its SubjectPublicKeyInfo, Ed25519 or P-256, by which ECDSA with SHA-256 is
 * meant. 0, CertificateDer, CertificateKey for another kind of key, or BadSignature.
 */
export function messageVerify(
  info: usize, infoLength: i32, message: usize, messageLength: i32, signature: usize, signatureLength: i32,
): i32 {
  if (!checkDerElement(info, info + infoLength, TAG_SEQUENCE)) return ErrorCode.CertificateDer;
  const key = changetype<PublicKey>(leafKey);
  const problem = parsePublicKey(info, key, 0);
  if (problem < 0) return problem;
  const isEd25519 = key.kind == KeyKind.Ed25519;
  if (!isEd25519 && (key.kind != KeyKind.Ec || key.curve != Curve.P256)) return ErrorCode.CertificateKey;
  const scheme = isEd25519 ? ED25519 : ECDSA_SHA256;
  return verifySignature(scheme, leafKey, message, messageLength, signature, signatureLength);
}

/** A connection to configure and start; 0 where memory does not suffice. */
export function connectionNew(): Connection {
  return createConnection();
}

/** Wipes and frees; any time. */
export function connectionFree(c: Connection): void {
  freeConnection(c);
}

export function configureServerName(c: Connection, name: usize, length: i32): i32 {
  return setServerName(c, name, length);
}

export function configureAlpn(c: Connection, list: usize, length: i32): i32 {
  return setAlpn(c, list, length);
}

export function configureVersions(c: Connection, least: i32, most: i32): i32 {
  return setVersions(c, least, most);
}

/** Lets trust anchors pass whatever their dates say; off at first. */
export function configureExpiredRoots(c: Connection, on: i32): i32 {
  return setExpiredRoots(c, on);
}

/** Takes the time for the least that it may be: on devices without a clock; off at first. */
export function configureLeastTime(c: Connection, on: i32): i32 {
  return setLeastTime(c, on);
}

export function configureRecordLimit(c: Connection, bytes: i32): i32 {
  return setRecordLimit(c, bytes);
}

/** Turns on what is old and weak, off at first; before configureVersions and configureSuites, which it sets back. */
export function configureLegacy(c: Connection, on: i32): i32 {
  return setLegacy(c, on);
}

export function configureSuites(c: Connection, list: usize, count: i32): i32 {
  return setSuites(c, list, count);
}

export function configureGroups(c: Connection, list: usize, count: i32): i32 {
  return setGroups(c, list, count);
}

/** The group whose key share is sent at once, where it is to be another than the first that is no hybrid. */
export function configureShare(c: Connection, group: i32): i32 {
  return setShare(c, group);
}

export function configureTrust(c: Connection, trust: usize): i32 {
  return setTrust(c, trust);
}

export function configureTime(c: Connection, unixSeconds: u32): i32 {
  return setTime(c, unixSeconds);
}

export function configureClientCertificate(c: Connection, list: usize, length: i32, key: usize, keyLength: i32): i32 {
  return setClientCertificate(c, list, length, key, keyLength);
}

export function configureSession(c: Connection, block: usize, length: i32): i32 {
  return setSession(c, block, length);
}

/** Sends the ClientHello into the output. */
export function start(c: Connection): i32 {
  return startConnection(c);
}

/** What may be done now: bits of Flag. */
export function flags(c: Connection): i32 {
  let bits = 0;
  if (c.outputEnd > c.outputStart) bits |= Flag.OutputPending;
  if (inputNeeded(c) > 0) bits |= Flag.WantsInput;
  if (plaintextCapacity(c) > 0) bits |= Flag.PlaintextRoom;
  if (c.plainLength > 0) bits |= Flag.PlaintextReady;
  if (c.handshakeDone) bits |= Flag.HandshakeDone;
  if (c.state == State.Closed || (c.peerClosed && c.writeClosed)) bits |= Flag.Closed;
  if (c.peerClosed) bits |= Flag.PeerClosed;
  if (c.lastError != 0) bits |= Flag.Failed;
  if (c.sessions != 0 && c.handshakeDone) bits |= Flag.SessionReady;
  if (c.delivered) bits |= Flag.Delivered;
  if (c.certificateRequested) bits |= Flag.CertificateRequested;
  return bits;
}

/** Where received bytes go: at most inputRoomLength of them, then inputReceived. */
export function inputRoom(c: Connection): usize {
  return c.input + c.inputHave;
}

/** What the record under way still needs; 0 while plaintext waits, and where nothing more is read. */
export function inputRoomLength(c: Connection): i32 {
  return inputNeeded(c);
}

/** Takes the bytes; a whole record is worked on at once. An error has already put its alert into the output. */
export function inputReceived(c: Connection, length: i32): i32 {
  return receive(c, length);
}

/** The transport ended: Truncated unless the peer said close_notify. */
export function inputEnded(c: Connection): i32 {
  return transportEnded(c);
}

export function outputPending(c: Connection): usize {
  return c.output + c.outputStart;
}

export function outputLength(c: Connection): i32 {
  return c.outputEnd - c.outputStart;
}

export function outputSent(c: Connection, length: i32): i32 {
  return outputTaken(c, length);
}

/** Where plaintext to send goes: at most plaintextRoomLength of it, then plaintextWritten, which seals it. */
export function plaintextRoom(c: Connection): usize {
  return plaintextAddress(c);
}

export function plaintextRoomLength(c: Connection): i32 {
  return plaintextCapacity(c);
}

export function plaintextWritten(c: Connection, length: i32): i32 {
  return sealPlaintext(c, length);
}

export function plaintextReady(c: Connection): usize {
  return c.plain;
}

export function plaintextLength(c: Connection): i32 {
  return c.plainLength;
}

export function plaintextTaken(c: Connection, length: i32): i32 {
  if (length < 0 || length > c.plainLength) return ErrorCode.BadArgument;
  c.plain += length;
  c.plainLength -= length;
  return 0;
}

/** Says close_notify. Reading goes on until the peer says it too. */
export function close(c: Connection): i32 {
  return closeConnection(c);
}

/** TLS 1.3: new client keys, and new server keys too where `requestPeer` is not 0. */
export function keyUpdate(c: Connection, requestPeer: i32): i32 {
  return updateKeys(c, requestPeer);
}

export function lastError(c: Connection): i32 {
  return c.lastError;
}

/** Description of the last alert sent, -1 for none. */
export function alertSent(c: Connection): i32 {
  return c.alertSent;
}

/** Description of the last alert received, -1 for none. */
export function alertReceived(c: Connection): i32 {
  return c.alertReceived;
}

export function negotiatedVersion(c: Connection): i32 {
  return c.version;
}

export function negotiatedSuite(c: Connection): i32 {
  return c.suite;
}

/** NamedGroup of the key exchange; 0 in an abbreviated TLS 1.2 handshake. */
export function negotiatedGroup(c: Connection): i32 {
  return c.group;
}

/** Copies the chosen protocol to `out`; returns its length, 0 for none. */
export function negotiatedAlpn(c: Connection, out: usize, capacity: i32): i32 {
  if (c.alpnLength > capacity) return ErrorCode.BufferTooSmall;
  memory.copy(out, area(c, ALPN), c.alpnLength);
  return c.alpnLength;
}

/** Most plaintext that the server takes in a record, as agreed; 0 where nothing was. */
export function negotiatedSendLimit(c: Connection): i32 {
  return c.sendLimit;
}

export function resumed(c: Connection): i32 {
  return c.resumed;
}

export function extendedMasterSecret(c: Connection): i32 {
  return c.extendedMasterSecret;
}

/** SHA-256 of the server's certificate, 32 bytes; of the session's where it was resumed. */
export function peerCertificateHash(c: Connection, out: usize): i32 {
  memory.copy(out, area(c, CERTIFICATE_HASH), 32);
  return 32;
}

export function clientRandom(c: Connection, out: usize): i32 {
  memory.copy(out, area(c, CLIENT_RANDOM), 32);
  return 32;
}

export function serverRandom(c: Connection, out: usize): i32 {
  memory.copy(out, area(c, SERVER_RANDOM), 32);
  return 32;
}

/** Records sealed since the start, ChangeCipherSpec included, whether the transport took them yet or not. */
export function recordsSent(c: Connection): u32 {
  return c.recordsSent;
}

export function recordsReceived(c: Connection): u32 {
  return c.recordsReceived;
}

/** Index of the first record that we sealed, or will seal, with the keys now in force. */
export function clientEpochStart(c: Connection): u32 {
  return c.clientEpochStart;
}

/** The same for the server's records. */
export function originEpochStart(c: Connection): u32 {
  return c.serverEpochStart;
}

/** Plaintext bytes that went through the ciphers, handshake included. */
export function bytesSealed(c: Connection): u32 {
  return c.bytesSealed;
}

export function bytesOpened(c: Connection): u32 {
  return c.bytesOpened;
}

/** Exported keying material; see exporter.ts. A context pointer of 0 is no context. */
export function exporter(
  c: Connection, label: usize, labelLength: i32, context: usize, contextLength: i32, out: usize, outLength: i32,
): i32 {
  return exportKeyingMaterial(c, label, labelLength, context, contextLength, out, outLength);
}

/** Moves the oldest session that can be resumed to `out` (secret); returns its length, 0 for none. */
export function sessionTake(c: Connection, out: usize, capacity: i32): i32 {
  return c.handshakeDone ? takeSession(c, out, capacity) : 0;
}

/** The secrets of `grant`; see delivery.ts, here and below. */
export function deliver(c: Connection, grant: i32, out: usize, capacity: i32): i32 {
  return deliverSecrets(c, grant, out, capacity);
}

/** The handshake traffic secrets of TLS 1.3 that belong to a delivery. */
export function deliverHandshake(c: Connection, out: usize, capacity: i32): i32 {
  return deliverHandshakeSecrets(c, out, capacity);
}

/** A commitment to the keys of an observed epoch, or of one that many KeyUpdates ahead. */
export function observedCommit(c: Connection, ahead: i32, out: usize, capacity: i32): i32 {
  return commitObserved(c, ahead, out, capacity);
}

/** The keys of an epoch that was delivered to `observe`, once nobody uses them. */
export function observedRelease(c: Connection, out: usize, capacity: i32): i32 {
  return releaseObserved(c, out, capacity);
}

/** Ends an epoch that was delivered, after so many records of the other party. */
export function takeBack(c: Connection, written: u32, read: u32): i32 {
  return takeBackEpoch(c, written, read);
}

/** Frees what a delivered connection does not need to import tickets. */
export function retire(c: Connection): i32 {
  return retireConnection(c);
}

/** A NewSessionTicket message that came after the delivery, at `unixSeconds`; then `sessionTake`. */
export function ticketImport(c: Connection, message: usize, length: i32, unixSeconds: u32): i32 {
  return importTicket(c, message, length, unixSeconds);
}
