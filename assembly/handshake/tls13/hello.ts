// What a ServerHello of TLS 1.3 settles: the shared secret, the session resumed or not, and the handshake keys.
import { ErrorCode } from "../../alert";
import { load16be, wipe } from "../../memory";
import { suiteHash } from "../../record/suites";
import {
  CERTIFICATE_HASH, CLIENT_HANDSHAKE_SECRET, Connection, READ_PROTECTION, SECRET, SERVER_HANDSHAKE_SECRET,
  WRITE_PROTECTION, area, handshakeArea,
} from "../connection";
import { enter } from "../enter";
import { extensionLength, findExtension } from "../extensions";
import { agree } from "../key_share";
import { CLIENT_HANDSHAKE, SERVER_HANDSHAKE } from "../labels";
import { ExtensionType } from "../protocol";
import { ServerHello } from "../server_hello";
import { sessionCertificateHash, sessionSecret, sessionSuite } from "../session";
import { State } from "../state";
import { deriveSecret, earlySecret, installTrafficKeys, nextSecret } from "./schedule";
import { transcriptAdd, transcriptHash, transcriptStart } from "../transcript";

const shared = memory.data(64, 8);
const digest = memory.data(64, 8);

export function acceptTls13(c: Connection, hello: ServerHello): i32 {
  const h = c.handshake;
  const hash = suiteHash(c.suite);
  const psk = findExtension(hello.extensions, hello.extensionsLength, ExtensionType.PreSharedKey);
  const share = findExtension(hello.extensions, hello.extensionsLength, ExtensionType.KeyShare);
  if (psk != 0) {
    if (extensionLength(psk) != 2) return ErrorCode.DecodeError;
    // One identity was offered; its hash must be the suite's (RFC 9846 §4.3.11).
    if (load16be(psk) != 0 || suiteHash(sessionSuite(h.session)) != hash) return ErrorCode.IllegalParameter;
  }
  // Only (EC)DHE modes were offered, so a share must come (RFC 9846 §4.3.9).
  if (share == 0) return ErrorCode.MissingExtension;
  const sharedLength = takeShare(c, share);
  if (sharedLength < 0) return sharedLength;

  if (!h.retried) transcriptStart(c, hash);
  transcriptAdd(c, hello.message, hello.length);
  c.resumed = psk != 0 ? 1 : 0;
  if (c.resumed) memory.copy(area(c, CERTIFICATE_HASH), sessionCertificateHash(h.session), 32);
  earlySecret(hash, c.resumed ? sessionSecret(h.session) : 0, handshakeArea(c, SECRET));
  nextSecret(hash, handshakeArea(c, SECRET), shared, sharedLength);
  wipe(shared, 64);
  return installHandshakeKeys(c, hash);
}

function takeShare(c: Connection, share: usize): i32 {
  const length = extensionLength(share);
  if (length < 4 || load16be(share + 2) != length - 4) return ErrorCode.DecodeError;
  // RFC 9846 §4.3.8: the group of our share and no other.
  if (load16be(share) != c.handshake.shareGroup) return ErrorCode.IllegalParameter;
  c.group = c.handshake.shareGroup;
  return agree(c, c.group, share + 4, length - 4, shared);
}

function installHandshakeKeys(c: Connection, hash: i32): i32 {
  const secret = handshakeArea(c, SECRET);
  const client = handshakeArea(c, CLIENT_HANDSHAKE_SECRET);
  const server = handshakeArea(c, SERVER_HANDSHAKE_SECRET);
  transcriptHash(c, digest);
  deriveSecret(hash, secret, CLIENT_HANDSHAKE, digest, client);
  deriveSecret(hash, secret, SERVER_HANDSHAKE, digest, server);
  const reading = installTrafficKeys(area(c, READ_PROTECTION), c.suite, server, 0);
  if (reading < 0) return reading;
  const writing = installTrafficKeys(area(c, WRITE_PROTECTION), c.suite, client, 1);
  if (writing < 0) return writing;
  c.readProtected = 1;
  c.writeProtected = 1;
  c.serverEpochStart = c.recordsReceived;
  c.clientEpochStart = c.recordsSent;
  return enter(c, State.ExpectEncryptedExtensions);
}
