// KeyUpdate in both directions (RFC 9846 §4.7.3).
import { ErrorCode } from "../../alert";
import { suiteHash } from "../../record/suites";
import { CLIENT_SECRET, Connection, READ_PROTECTION, SERVER_SECRET, WRITE_PROTECTION, area } from "../connection";
import { sendRecord } from "../output";
import { ContentType, HandshakeType } from "../protocol";
import { installTrafficKeys, updateTrafficSecret } from "./schedule";

const message = memory.data(8, 4);

/** Connected. */
export function onKeyUpdate(c: Connection, received: usize, length: i32): i32 {
  if (length != 5) return ErrorCode.DecodeError;
  const requested = load<u8>(received, 4);
  if (requested > 1) return ErrorCode.IllegalParameter;
  updateTrafficSecret(suiteHash(c.suite), area(c, SERVER_SECRET));
  const installed = installTrafficKeys(area(c, READ_PROTECTION), c.suite, area(c, SERVER_SECRET), 0);
  if (installed < 0) return installed;
  c.serverEpochStart = c.recordsReceived;
  c.readableElsewhere = 0;
  if (c.keyUpdateAsked) c.observedLeft = 1;
  c.keyUpdateAsked = 0;
  // RFC 9846 §4.7.3: the answer goes before the next application data, so that several requests until then are one.
  if (requested && !c.writeClosed) c.keyUpdateDue = 1;
  return 0;
}

/** Sends a KeyUpdate and takes the next client keys. */
export function sendKeyUpdate(c: Connection, request: i32): i32 {
  store<u32>(message, HandshakeType.KeyUpdate | 0x01000000);
  store<u8>(message, request, 4);
  c.keyUpdateDue = 0;
  c.keyUpdateAsked |= request;
  const sent = sendRecord(c, ContentType.Handshake, message, 5);
  if (sent < 0) return sent;
  updateTrafficSecret(suiteHash(c.suite), area(c, CLIENT_SECRET));
  c.clientEpochStart = c.recordsSent;
  return installTrafficKeys(area(c, WRITE_PROTECTION), c.suite, area(c, CLIENT_SECRET), 1);
}
