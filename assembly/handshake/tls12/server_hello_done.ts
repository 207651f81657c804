// ServerHelloDone and our flight in answer: certificate where asked, ClientKeyExchange, ChangeCipherSpec, Finished.
import { ErrorCode } from "../../alert";
import { store16be, store24be, wipe } from "../../memory";
import { drbgGenerate } from "../../prf/hmac_drbg";
import { KeyExchange, suiteKeyExchange } from "../../record/suites";
import { rsaEncryptPkcs1 } from "../../rsa/encryption";
import { peerKey } from "../certificate";
import { helloVersion } from "../client_hello";
import { sendClientCertificate, sendOldCertificateVerify } from "../client_certificate";
import {
  CLIENT_RANDOM, Connection, FINITE_FIELD_MAX, MASTER_SECRET, SERVER_RANDOM, area, ourShare, premaster,
} from "../connection";
import { enter } from "../enter";
import { sendHandshake } from "../output";
import { HandshakeType, Version } from "../protocol";
import { State } from "../state";
import { deriveKeyBlock, sendOldFinished } from "./finished";
import { MASTER_LENGTH, extendedMasterSecret, masterSecret } from "./schedule";
import { transcriptAdd, transcriptHash } from "../transcript";

const message = memory.data(6 + FINITE_FIELD_MAX, 8);
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
  return enter(c, c.handshake.ticketExpected ? State.ExpectTicket : State.ExpectChangeCipherSpec);
}

/** RFC 8422 §5.7, RFC 5246 §7.4.7. */
function sendClientKeyExchange(c: Connection): i32 {
  const exchange = suiteKeyExchange(c.suite);
  const curve = exchange == KeyExchange.EcdheRsa || exchange == KeyExchange.EcdheEcdsa;
  // A point has its length in one byte, a number in two, and an encrypted secret of SSL 3.0 none (RFC 6101 §5.6.7.1).
  const lengthBytes = curve ? 1 : exchange == KeyExchange.Rsa && c.version == Version.Ssl30 ? 0 : 2;
  const value = message + 4 + lengthBytes;
  const length = exchange == KeyExchange.Rsa ? encryptPremaster(c, value) : c.handshake.ourShareLength;
  if (length < 0) return length;
  if (exchange != KeyExchange.Rsa) memory.copy(value, ourShare(c), length);
  store<u8>(message, HandshakeType.ClientKeyExchange);
  store24be(message + 1, lengthBytes + length);
  if (lengthBytes == 1) store<u8>(message, length, 4);
  if (lengthBytes == 2) store16be(message + 4, length);
  return sendHandshake(c, message, 4 + lengthBytes + length);
}

/**
 * A fresh premaster secret for the server's key (RFC 5246 §7.4.7.1): the version that our hello offered, whatever came of it,
 * and 46 random bytes. Returns the length of the encrypted secret. Constant-time in the secret, as the encryption is.
 */
function encryptPremaster(c: Connection, out: usize): i32 {
  const secret = premaster(c);
  store16be(secret, helloVersion(c));
  const drawn = drbgGenerate(secret + 2, MASTER_LENGTH - 2);
  if (drawn < 0) return drawn;
  c.handshake.premasterLength = MASTER_LENGTH;
  const key = peerKey(c);
  return rsaEncryptPkcs1(out, key.a, key.aLength, key.b, key.bLength, secret, MASTER_LENGTH);
}

/** From the premaster secret, which goes. The session hash ends with ClientKeyExchange (RFC 7627 §3). */
function deriveMaster(c: Connection): void {
  const secret = premaster(c);
  const length = c.handshake.premasterLength;
  const master = area(c, MASTER_SECRET);
  if (c.extendedMasterSecret) {
    const hashLength = transcriptHash(c, digest);
    extendedMasterSecret(c.version, c.suite, secret, length, digest, hashLength, master);
  } else {
    masterSecret(c.version, c.suite, secret, length, area(c, CLIENT_RANDOM), area(c, SERVER_RANDOM), master);
  }
  wipe(secret, length);
}
