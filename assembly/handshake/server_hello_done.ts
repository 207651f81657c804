// ServerHelloDone and our flight in answer: certificate where asked, ClientKeyExchange, ChangeCipherSpec, Finished.
import { ErrorCode } from "../alert";
import { wipe } from "../memory";
import { sendClientCertificate, sendOldCertificateVerify } from "./client_certificate";
import {
  CLIENT_RANDOM, Connection, MASTER_SECRET, OUR_SHARE, SECRET, SERVER_RANDOM, area, handshakeArea,
} from "./connection";
import { SHARE_MAX } from "./key_share";
import { sendHandshake } from "./output";
import { HandshakeType } from "./protocol";
import { State } from "./state";
import { deriveKeyBlock, sendOldFinished } from "./tls12_finished";
import { extendedMasterSecret, masterSecret } from "./tls12_schedule";
import { transcriptAdd, transcriptHash } from "./transcript";

const message = memory.data(5 + SHARE_MAX, 8);
const digest = memory.data(64, 8);

/** ExpectRequestOrDone, ExpectServerHelloDone. */
export function onServerHelloDone(c: Connection, received: usize, length: i32): i32 {
  if (length != 4) return ErrorCode.DecodeError;
  transcriptAdd(c, received, length);
  if (c.certificateRequested) {
    const sent = sendClientCertificate(c);
    if (sent < 0) return sent;
  }
  const exchanged = sendClientKeyExchange(c);
  if (exchanged < 0) return exchanged;
  deriveMaster(c);
  if (c.handshake.clientScheme != 0) {
    const sent = sendOldCertificateVerify(c);
    if (sent < 0) return sent;
  }
  deriveKeyBlock(c);
  const finished = sendOldFinished(c);
  if (finished < 0) return finished;
  c.state = c.handshake.ticketExpected ? State.ExpectTicket : State.ExpectChangeCipherSpec;
  return 0;
}

/** RFC 8422 §5.7. */
function sendClientKeyExchange(c: Connection): i32 {
  const length = c.handshake.ourShareLength;
  store<u32>(message, HandshakeType.ClientKeyExchange);
  store<u8>(message, 1 + length, 3);
  store<u8>(message, length, 4);
  memory.copy(message + 5, handshakeArea(c, OUR_SHARE), length);
  return sendHandshake(c, message, 5 + length);
}

/** From the premaster secret, which goes. The session hash ends with ClientKeyExchange (RFC 7627 §3). */
function deriveMaster(c: Connection): void {
  const premaster = handshakeArea(c, SECRET);
  const length = c.handshake.premasterLength;
  const master = area(c, MASTER_SECRET);
  if (c.extendedMasterSecret) {
    const hashLength = transcriptHash(c, digest);
    extendedMasterSecret(c.suite, premaster, length, digest, hashLength, master);
  } else {
    masterSecret(c.suite, premaster, length, area(c, CLIENT_RANDOM), area(c, SERVER_RANDOM), master);
  }
  wipe(premaster, 64);
}
