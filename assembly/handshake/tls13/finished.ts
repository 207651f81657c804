// The server's Finished of TLS 1.3, our answer, and the application keys (RFC 9846 §4.5.3, §7.1).
import { ErrorCode } from "../../alert";
import { hashSize } from "../../hash/hash";
import { equalBytes, wipe } from "../../memory";
import { suiteHash } from "../../record/suites";
import { sendClientCertificate } from "../client_certificate";
import {
  CLIENT_HANDSHAKE_SECRET, CLIENT_SECRET, Connection, EXPORTER_SECRET, HANDSHAKE_SECRETS, MASTER_SECRET, READ_PROTECTION, SECRET,
  SERVER_HANDSHAKE_SECRET, SERVER_SECRET, WRITE_PROTECTION, area, finishHandshake, handshakeArea,
} from "../connection";
import { enter } from "../enter";
import { CLIENT_APPLICATION, EXPORTER_MASTER, RESUMPTION_MASTER, SERVER_APPLICATION } from "../labels";
import { sendCompatibilityRecord, sendHandshake } from "../output";
import { HandshakeType } from "../protocol";
import { State } from "../state";
import { deriveSecret, finishedMac, installTrafficKeys, nextSecret } from "./schedule";
import { transcriptAdd, transcriptHash } from "../transcript";

const digest = memory.data(64, 8);
const message = memory.data(4 + 64, 8);

/** ExpectFinished. */
export function onFinished(c: Connection, received: usize, length: i32): i32 {
  const hash = suiteHash(c.suite);
  const size = hashSize(hash);
  if (length != 4 + size) return ErrorCode.DecodeError;
  transcriptHash(c, digest);
  finishedMac(hash, handshakeArea(c, SERVER_HANDSHAKE_SECRET), digest, message + 4);
  const right = equalBytes(message + 4, received + 4, size);
  if (!right) return ErrorCode.BadFinished;
  transcriptAdd(c, received, length);
  deriveApplicationSecrets(c, hash);
  const answered = answer(c, hash, size);
  if (answered < 0) return answered;
  keepHandshakeSecrets(c, size);
  return installApplicationKeys(c);
}

/** From the transcript up to the server's Finished (RFC 9846 §7.1). */
function deriveApplicationSecrets(c: Connection, hash: i32): void {
  const secret = handshakeArea(c, SECRET);
  nextSecret(hash, secret, 0, 0);
  transcriptHash(c, digest);
  deriveSecret(hash, secret, CLIENT_APPLICATION, digest, area(c, CLIENT_SECRET));
  deriveSecret(hash, secret, SERVER_APPLICATION, digest, area(c, SERVER_SECRET));
  deriveSecret(hash, secret, EXPORTER_MASTER, digest, area(c, EXPORTER_SECRET));
}

/** Our second flight: certificate where asked, Finished. */
function answer(c: Connection, hash: i32, size: i32): i32 {
  sendCompatibilityRecord(c);
  if (c.certificateRequested) {
    const sent = sendClientCertificate(c);
    if (sent < 0) return sent;
  }
  transcriptHash(c, digest);
  store<u32>(message, HandshakeType.Finished);
  store<u8>(message, size, 3);
  finishedMac(hash, handshakeArea(c, CLIENT_HANDSHAKE_SECRET), digest, message + 4);
  const sent = sendHandshake(c, message, 4 + size);
  if (sent < 0) return sent;
  transcriptHash(c, digest);
  deriveSecret(hash, handshakeArea(c, SECRET), RESUMPTION_MASTER, digest, area(c, MASTER_SECRET));
  wipe(message, 68);
  return 0;
}

/** Anyone who gets a delivery reads both flights with them. The first application data wipe them. */
function keepHandshakeSecrets(c: Connection, size: i32): void {
  const kept = area(c, HANDSHAKE_SECRETS);
  memory.copy(kept, handshakeArea(c, CLIENT_HANDSHAKE_SECRET), size);
  memory.copy(kept + size, handshakeArea(c, SERVER_HANDSHAKE_SECRET), size);
  c.handshakeSecrets = 2 * size;
}

function installApplicationKeys(c: Connection): i32 {
  const reading = installTrafficKeys(area(c, READ_PROTECTION), c.suite, area(c, SERVER_SECRET), 0);
  if (reading < 0) return reading;
  const writing = installTrafficKeys(area(c, WRITE_PROTECTION), c.suite, area(c, CLIENT_SECRET), 1);
  if (writing < 0) return writing;
  c.serverEpochStart = c.recordsReceived;
  c.clientEpochStart = c.recordsSent;
  finishHandshake(c);
  return enter(c, State.Connected);
}
