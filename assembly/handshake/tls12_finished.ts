// ChangeCipherSpec and Finished of TLS 1.2 in both directions (RFC 5246 §7.1, §7.4.9).
import { ErrorCode } from "../alert";
import { equalBytes } from "../memory";
import {
  CLIENT_RANDOM, Connection, KEY_BLOCK, MASTER_SECRET, READ_PROTECTION, SERVER_RANDOM, SESSION_ID, WRITE_PROTECTION,
  area, finishHandshake, handshakeArea,
} from "./connection";
import { sendChangeCipherSpec, sendHandshake } from "./output";
import { HandshakeType } from "./protocol";
import { LIFETIME_OLD, keepSession } from "./session";
import { State } from "./state";
import { FINISHED_LENGTH, MASTER_LENGTH, installKeyBlock, keyBlock, verifyData } from "./tls12_schedule";
import { transcriptAdd, transcriptHash } from "./transcript";

const digest = memory.data(64, 8);
const message = memory.data(4 + FINISHED_LENGTH, 8);

export function deriveKeyBlock(c: Connection): void {
  keyBlock(c.suite, area(c, MASTER_SECRET), area(c, CLIENT_RANDOM), area(c, SERVER_RANDOM), area(c, KEY_BLOCK));
}

/** ExpectChangeCipherSpec: what follows from the server is under the new keys. */
export function onChangeCipherSpec(c: Connection): i32 {
  const installed = installKeyBlock(area(c, READ_PROTECTION), c.suite, area(c, KEY_BLOCK), 1, c.encryptThenMac, 0);
  if (installed < 0) return installed;
  c.readProtected = 1;
  c.serverEpochStart = c.recordsReceived;
  c.state = State.ExpectServerFinished;
  return 0;
}

/** ChangeCipherSpec, then Finished under the new keys. */
export function sendOldFinished(c: Connection): i32 {
  sendChangeCipherSpec(c);
  const installed = installKeyBlock(area(c, WRITE_PROTECTION), c.suite, area(c, KEY_BLOCK), 0, c.encryptThenMac, 1);
  if (installed < 0) return installed;
  c.writeProtected = 1;
  c.clientEpochStart = c.recordsSent;
  const hashLength = transcriptHash(c, digest);
  store<u32>(message, HandshakeType.Finished | FINISHED_LENGTH << 24);
  verifyData(c.suite, area(c, MASTER_SECRET), 0, digest, hashLength, message + 4);
  return sendHandshake(c, message, 4 + FINISHED_LENGTH);
}

/** ExpectServerFinished: the last message of a full handshake, the last but ours of an abbreviated one. */
export function onServerFinished(c: Connection, received: usize, length: i32): i32 {
  if (length != 4 + FINISHED_LENGTH) return ErrorCode.DecodeError;
  const hashLength = transcriptHash(c, digest);
  verifyData(c.suite, area(c, MASTER_SECRET), 1, digest, hashLength, message + 4);
  if (!equalBytes(message + 4, received + 4, FINISHED_LENGTH)) return ErrorCode.BadFinished;
  if (c.resumed) {
    transcriptAdd(c, received, length);
    const sent = sendOldFinished(c);
    if (sent < 0) return sent;
  } else {
    keepById(c);
  }
  finishHandshake(c, State.Established);
  return 0;
}

/** A session without a ticket is resumed by its id, if the server gave one. */
function keepById(c: Connection): void {
  const length = c.handshake.sessionIdLength;
  if (c.sessions != 0 || length == 0 || !c.extendedMasterSecret) return;
  keepSession(
    c, area(c, MASTER_SECRET), MASTER_LENGTH, LIFETIME_OLD, 0, handshakeArea(c, SESSION_ID), length, 0, 0,
  );
}
