// ChangeCipherSpec and Finished of TLS 1.2 and before, in both directions (RFC 5246 §7.1, §7.4.9; RFC 6101 §5.6.9).
import { ErrorCode } from "../../alert";
import { equalBytes } from "../../memory";
import {
  CLIENT_RANDOM, Connection, KEY_BLOCK, MASTER_SECRET, READ_PROTECTION, SERVER_RANDOM, SESSION_ID, WRITE_PROTECTION,
  area, finishHandshake, handshakeArea,
} from "../connection";
import { enter } from "../enter";
import { sendChangeCipherSpec, sendHandshake } from "../output";
import { HandshakeType, Version } from "../protocol";
import { LIFETIME_OLD, keepSession } from "../session";
import { State } from "../state";
import { FINISHED_LENGTH, MASTER_LENGTH, installKeyBlock, keyBlock, verifyData } from "./schedule";
import { ssl3TranscriptHash, transcriptAdd, transcriptHash } from "../transcript";

const digest = memory.data(64, 8);
/** SSL 3.0: an MD5 and a SHA-1. */
const FINISHED_MAX: i32 = 36;
const message = memory.data(4 + FINISHED_MAX, 8);
/** "CLNT" and "SRVR". */
const SENDERS = memory.data<u8>([0x43, 0x4c, 0x4e, 0x54, 0x53, 0x52, 0x56, 0x52]);

export function deriveKeyBlock(c: Connection): void {
  const master = area(c, MASTER_SECRET);
  keyBlock(c.version, c.suite, master, area(c, CLIENT_RANDOM), area(c, SERVER_RANDOM), area(c, KEY_BLOCK));
}

/** ExpectChangeCipherSpec: what follows from the server is under the new keys. */
export function onChangeCipherSpec(c: Connection): i32 {
  const installed = installKeyBlock(
    area(c, READ_PROTECTION), c.version, c.suite, area(c, KEY_BLOCK), 1, c.encryptThenMac, 0,
  );
  if (installed < 0) return installed;
  c.readProtected = 1;
  c.serverEpochStart = c.recordsReceived;
  return enter(c, State.ExpectServerFinished);
}

/** ChangeCipherSpec, then Finished under the new keys. */
export function sendOldFinished(c: Connection): i32 {
  const changed = sendChangeCipherSpec(c);
  if (changed < 0) return changed;
  const installed = installKeyBlock(
    area(c, WRITE_PROTECTION), c.version, c.suite, area(c, KEY_BLOCK), 0, c.encryptThenMac, 1,
  );
  if (installed < 0) return installed;
  c.writeProtected = 1;
  c.clientEpochStart = c.recordsSent;
  const length = writeVerifyData(c, 0, message + 4);
  store<u32>(message, HandshakeType.Finished | length << 24);
  return sendHandshake(c, message, 4 + length);
}

/** Writes the verify_data of either side and returns its length. */
function writeVerifyData(c: Connection, server: i32, out: usize): i32 {
  if (c.version == Version.Ssl30) return ssl3TranscriptHash(c, SENDERS + 4 * server, 4, out);
  const hashLength = transcriptHash(c, digest);
  verifyData(c.version, c.suite, area(c, MASTER_SECRET), server, digest, hashLength, out);
  return FINISHED_LENGTH;
}

/** ExpectServerFinished: the last message of a full handshake, the last but ours of an abbreviated one. */
export function onServerFinished(c: Connection, received: usize, length: i32): i32 {
  const size = writeVerifyData(c, 1, message + 4);
  if (length != 4 + size) return ErrorCode.DecodeError;
  if (!equalBytes(message + 4, received + 4, size)) return ErrorCode.BadFinished;
  if (c.resumed) {
    transcriptAdd(c, received, length);
    const sent = sendOldFinished(c);
    if (sent < 0) return sent;
  } else {
    keepById(c);
  }
  finishHandshake(c);
  return enter(c, State.Established);
}

/** A session without a ticket is resumed by its id, if the server gave one. */
function keepById(c: Connection): void {
  const length = c.handshake.sessionIdLength;
  if (c.sessions != 0 || length == 0 || !c.extendedMasterSecret) return;
  keepSession(
    c, area(c, MASTER_SECRET), MASTER_LENGTH, LIFETIME_OLD, 0, handshakeArea(c, SESSION_ID), length, 0, 0,
  );
}
