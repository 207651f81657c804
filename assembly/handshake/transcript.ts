// The running hash over the handshake messages (RFC 8446 §4.4.1, RFC 5246 §7.4.9).
import { HASH_CONTEXT, HashId, hashDigest, hashFinal, hashInit, hashSize, hashUpdate } from "../hash/hash";
import { wipe } from "../memory";
import { Connection, SIGNING_TRANSCRIPT, TRANSCRIPT, handshakeArea } from "./connection";
import { HandshakeType } from "./protocol";

const snapshot = memory.data(HASH_CONTEXT, 16);
const messageHash = memory.data(4 + 64, 8);

/** Starts the transcript with the ClientHello that was kept, now that the suite has named the hash. */
export function transcriptStart(c: Connection, hash: i32): void {
  const h = c.handshake;
  h.transcriptHash = hash;
  hashInit(hash, handshakeArea(c, TRANSCRIPT));
  hashUpdate(handshakeArea(c, TRANSCRIPT), h.clientHello, h.clientHelloLength);
}

/** A second transcript for the TLS 1.2 CertificateVerify, whose hash the server may choose apart from the suite's. */
export function transcriptStartSigning(c: Connection): void {
  const h = c.handshake;
  h.signingHash = h.transcriptHash == HashId.Sha256 ? HashId.Sha384 : HashId.Sha256;
  hashInit(h.signingHash, handshakeArea(c, SIGNING_TRANSCRIPT));
  hashUpdate(handshakeArea(c, SIGNING_TRANSCRIPT), h.clientHello, h.clientHelloLength);
}

/** After a HelloRetryRequest the first ClientHello is replaced by its hash (RFC 8446 §4.4.1). */
export function transcriptRestart(c: Connection, hash: i32): void {
  const h = c.handshake;
  const size = hashSize(hash);
  store<u32>(messageHash, HandshakeType.MessageHash);
  store<u8>(messageHash, size, 3);
  hashDigest(hash, h.clientHello, h.clientHelloLength, messageHash + 4);
  h.transcriptHash = hash;
  hashInit(hash, handshakeArea(c, TRANSCRIPT));
  hashUpdate(handshakeArea(c, TRANSCRIPT), messageHash, 4 + size);
}

/** Adds a message, header included. Before the hash is known only the ClientHello exists, and is kept whole. */
export function transcriptAdd(c: Connection, message: usize, length: i32): void {
  const h = c.handshake;
  if (changetype<usize>(h) == 0) return;
  if (h.transcriptHash != 0) hashUpdate(handshakeArea(c, TRANSCRIPT), message, length);
  if (h.signingHash != 0) hashUpdate(handshakeArea(c, SIGNING_TRANSCRIPT), message, length);
}

/** Hash of the messages so far; returns its length. */
export function transcriptHash(c: Connection, out: usize): i32 {
  return transcriptHashWith(c, 0, 0, out);
}

/** Hash of the messages so far and `length` bytes more, which are not added: what a binder covers. */
export function transcriptHashWith(c: Connection, more: usize, length: i32, out: usize): i32 {
  return finish(c.handshake.transcriptHash, handshakeArea(c, TRANSCRIPT), more, length, out);
}

/** Hash of the messages so far under `hash`, one of the two that run; returns its length, 0 where none runs. */
export function signingTranscriptHash(c: Connection, hash: i32, out: usize): i32 {
  if (hash == c.handshake.transcriptHash) return transcriptHash(c, out);
  if (hash != c.handshake.signingHash) return 0;
  return finish(hash, handshakeArea(c, SIGNING_TRANSCRIPT), 0, 0, out);
}

function finish(hash: i32, context: usize, more: usize, length: i32, out: usize): i32 {
  memory.copy(snapshot, context, HASH_CONTEXT);
  if (length > 0) hashUpdate(snapshot, more, length);
  hashFinal(snapshot, out);
  wipe(snapshot, HASH_CONTEXT);
  return hashSize(hash);
}
