// The running hash over the handshake messages (RFC 9846 §4.1, RFC 5246 §7.4.9).
import { HASH_CONTEXT, HashId, hashDigest, hashFinal, hashInit, hashSize, hashUpdate } from "../hash/hash";
import { wipe } from "../memory";
import { ssl3HandshakeHash } from "../prf/ssl3";
import { suiteHash } from "../record/suites";
import {
  Connection, Handshake, MASTER_SECRET, OTHER_SIGNING_TRANSCRIPT, SIGNING_TRANSCRIPT, TRANSCRIPT, area, handshakeArea,
} from "./connection";
import { HandshakeType, Version } from "./protocol";
import { MASTER_LENGTH } from "./tls12/schedule";

const snapshot = memory.data(HASH_CONTEXT, 16);
const messageHash = memory.data(4 + 64, 8);

/** Starts the transcript with the ClientHello that was kept, now that the suite has named the hash. */
export function transcriptStart(c: Connection, hash: i32): void {
  const h = c.handshake;
  h.transcriptHash = hash;
  hashInit(hash, handshakeArea(c, TRANSCRIPT));
  hashUpdate(handshakeArea(c, TRANSCRIPT), h.clientHello, h.clientHelloLength);
}

/**
 * The transcripts of TLS 1.2 and before. TLS 1.2 needs two more for a CertificateVerify of ours, whose hash the server may
 * choose apart from the suite's; before, MD5 and SHA-1 always run side by side (RFC 2246 §7.4.9).
 */
export function transcriptStartOld(c: Connection): void {
  const h = c.handshake;
  const older = c.version < Version.Tls12;
  transcriptStart(c, older ? HashId.Md5 : suiteHash(c.suite));
  if (!older && h.clientKeyLength == 0) return;
  h.signingHash = older ? HashId.Sha1 : h.transcriptHash == HashId.Sha256 ? HashId.Sha384 : HashId.Sha256;
  startSigning(h, h.signingHash, handshakeArea(c, SIGNING_TRANSCRIPT));
  if (older) return;
  h.otherSigningHash = HashId.Sha512;
  startSigning(h, h.otherSigningHash, handshakeArea(c, OTHER_SIGNING_TRANSCRIPT));
}

function startSigning(h: Handshake, hash: i32, context: usize): void {
  hashInit(hash, context);
  hashUpdate(context, h.clientHello, h.clientHelloLength);
}

/** After a HelloRetryRequest the first ClientHello is replaced by its hash (RFC 9846 §4.1). */
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
  if (h.otherSigningHash != 0) hashUpdate(handshakeArea(c, OTHER_SIGNING_TRANSCRIPT), message, length);
}

/** Hash of the messages so far; returns its length. Before TLS 1.2 it is MD5's and SHA-1's in a row. */
export function transcriptHash(c: Connection, out: usize): i32 {
  const length = transcriptHashWith(c, 0, 0, out);
  if (c.handshake.transcriptHash != HashId.Md5) return length;
  return length + finish(HashId.Sha1, handshakeArea(c, SIGNING_TRANSCRIPT), 0, 0, out + length);
}

/** Hash of the messages so far and `length` bytes more, which are not added: what a binder covers. */
export function transcriptHashWith(c: Connection, more: usize, length: i32, out: usize): i32 {
  return finish(c.handshake.transcriptHash, handshakeArea(c, TRANSCRIPT), more, length, out);
}

/** Hash of the messages so far under `hash`, one of the three that run; returns its length, 0 where none runs. */
export function signingTranscriptHash(c: Connection, hash: i32, out: usize): i32 {
  if (hash == c.handshake.transcriptHash) return transcriptHashWith(c, 0, 0, out);
  if (hash == c.handshake.otherSigningHash) return finish(hash, handshakeArea(c, OTHER_SIGNING_TRANSCRIPT), 0, 0, out);
  if (hash != c.handshake.signingHash) return 0;
  return finish(hash, handshakeArea(c, SIGNING_TRANSCRIPT), 0, 0, out);
}

/**
 * SSL 3.0: MD5's and SHA-1's keyed hash of the messages so far (RFC 6101 §5.6.8, §5.6.9), 36 bytes, whose length it returns. A
 * CertificateVerify has no sender.
 */
export function ssl3TranscriptHash(c: Connection, sender: usize, senderLength: i32, out: usize): i32 {
  const master = area(c, MASTER_SECRET);
  ssl3HandshakeHash(HashId.Md5, handshakeArea(c, TRANSCRIPT), sender, senderLength, master, MASTER_LENGTH, out);
  ssl3HandshakeHash(HashId.Sha1, handshakeArea(c, SIGNING_TRANSCRIPT), sender, senderLength, master, MASTER_LENGTH, out + 16);
  return 36;
}

function finish(hash: i32, context: usize, more: usize, length: i32, out: usize): i32 {
  memory.copy(snapshot, context, HASH_CONTEXT);
  if (length > 0) hashUpdate(snapshot, more, length);
  hashFinal(snapshot, out);
  wipe(snapshot, HASH_CONTEXT);
  return hashSize(hash);
}
