// What a ServerHello of TLS 1.2 and before settles: its extensions, and whether an old session goes on.
import { ErrorCode } from "../../alert";
import { equalBytes } from "../../memory";
import { suiteBlockIvLength } from "../../record/suites";
import { acceptAlpn } from "../alpn";
import {
  CERTIFICATE_HASH, Connection, MASTER_SECRET, SESSION_ID, area, handshakeArea,
} from "../connection";
import { enter } from "../enter";
import { extensionLength, findExtension } from "../extensions";
import { ExtensionType, Version } from "../protocol";
import { acceptRecordSize } from "../record_size";
import { ServerHello } from "../server_hello";
import { sessionCertificateHash, sessionSecret, sessionSuite, sessionVersion } from "../session";
import { State } from "../state";
import { deriveKeyBlock } from "./finished";
import { MASTER_LENGTH } from "./schedule";
import { transcriptAdd, transcriptStartOld } from "../transcript";

export function acceptTls12(c: Connection, hello: ServerHello): i32 {
  const h = c.handshake;
  transcriptStartOld(c);
  transcriptAdd(c, hello.message, hello.length);
  const accepted = acceptExtensions(c, hello.extensions, hello.extensionsLength);
  if (accepted < 0) return accepted;

  // An echo of our session id says that the old session goes on (RFC 5246 §7.4.1.3, RFC 5077 §3.4).
  const echoed = h.sessionIdLength > 0 && hello.sessionIdLength == h.sessionIdLength &&
    equalBytes(hello.sessionId, handshakeArea(c, SESSION_ID), h.sessionIdLength);
  if (echoed) return resume(c);
  h.sessionIdLength = hello.sessionIdLength;
  memory.copy(handshakeArea(c, SESSION_ID), hello.sessionId, hello.sessionIdLength);
  return enter(c, State.ExpectServerCertificate);
}

function acceptExtensions(c: Connection, block: usize, length: i32): i32 {
  // RFC 5746 §3.4: the indication must be there, and be empty at a first handshake.
  // Servers older than the indication, which only the legacy switch meets, can't know it: we never renegotiate (§4.1).
  const renegotiation = findExtension(block, length, ExtensionType.RenegotiationInfo);
  if (renegotiation == 0 && c.version >= Version.Tls12) return ErrorCode.NoSecureRenegotiation;
  if (renegotiation != 0 && (extensionLength(renegotiation) != 1 || load<u8>(renegotiation) != 0)) {
    return ErrorCode.HandshakeFailure;
  }
  // SSL 3.0 has no other extension.
  if (c.version == Version.Ssl30) return length > (renegotiation != 0 ? 5 : 0) ? ErrorCode.UnsupportedExtension : 0;

  const extended = findExtension(block, length, ExtensionType.ExtendedMasterSecret);
  if (extended != 0 && extensionLength(extended) != 0) return ErrorCode.DecodeError;
  c.extendedMasterSecret = extended != 0 ? 1 : 0;

  const ticket = findExtension(block, length, ExtensionType.SessionTicket);
  if (ticket != 0 && extensionLength(ticket) != 0) return ErrorCode.DecodeError;
  c.handshake.ticketExpected = ticket != 0 ? 1 : 0;

  const encrypt = findExtension(block, length, ExtensionType.EncryptThenMac);
  if (encrypt != 0) {
    if (extensionLength(encrypt) != 0) return ErrorCode.DecodeError;
    // RFC 7366 §3: for block ciphers alone.
    if (suiteBlockIvLength(c.suite) == 0) return ErrorCode.IllegalParameter;
    c.encryptThenMac = 1;
  }
  if (!uncompressed(findExtension(block, length, ExtensionType.EcPointFormats))) return ErrorCode.IllegalParameter;
  const sized = acceptRecordSize(c, block, length);
  return sized < 0 ? sized : acceptAlpn(c, block, length);
}

/** RFC 8422 §5.2: a list of point formats must have the uncompressed one. */
function uncompressed(formats: usize): i32 {
  if (formats == 0) return 1;
  const length = extensionLength(formats);
  if (length < 1 || load<u8>(formats) != length - 1) return 0;
  for (let i = 1; i < length; i++) {
    if (load<u8>(formats + i) == 0) return 1;
  }
  return 0;
}

/** The abbreviated handshake. Only sessions with extended master secret are kept, so it must be there again (RFC 7627 §5.3). */
function resume(c: Connection): i32 {
  const h = c.handshake;
  if (!h.sessionFits || sessionVersion(h.session) != c.version) return ErrorCode.IllegalParameter;
  if (sessionSuite(h.session) != c.suite) return ErrorCode.IllegalParameter;
  if (!c.extendedMasterSecret) return ErrorCode.NoExtendedMasterSecret;
  c.resumed = 1;
  memory.copy(area(c, MASTER_SECRET), sessionSecret(h.session), MASTER_LENGTH);
  memory.copy(area(c, CERTIFICATE_HASH), sessionCertificateHash(h.session), 32);
  deriveKeyBlock(c);
  return enter(c, h.ticketExpected ? State.ExpectTicket : State.ExpectChangeCipherSpec);
}
