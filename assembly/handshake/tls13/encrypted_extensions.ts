// EncryptedExtensions (RFC 8446 §4.3.1) and the answer to our ALPN list in either version (RFC 7301 §3.2).
import { ErrorCode } from "../../alert";
import { equalBytes, load16be } from "../../memory";
import { ALPN, ALPN_OFFER, Connection, area, handshakeArea } from "../connection";
import { IN_ENCRYPTED, checkExtensions, extensionLength, findExtension } from "../extensions";
import { ExtensionType } from "../protocol";
import { State } from "../state";
import { transcriptAdd } from "../transcript";

/** ExpectEncryptedExtensions. */
export function onEncryptedExtensions(c: Connection, message: usize, length: i32): i32 {
  const block = message + 6;
  if (length < 6 || load16be(message + 4) != length - 6) return ErrorCode.DecodeError;
  const checked = checkExtensions(c, block, length - 6, IN_ENCRYPTED);
  if (checked < 0) return checked;
  const accepted = acceptAlpn(c, block, length - 6);
  if (accepted < 0) return accepted;
  transcriptAdd(c, message, length);
  c.state = c.resumed ? State.ExpectFinished : State.ExpectCertificateOrRequest;
  return 0;
}

/** Takes the protocol that the server chose: one, and one that we offered. Checks server_name's answer on the way. */
export function acceptAlpn(c: Connection, block: usize, blockLength: i32): i32 {
  const name = findExtension(block, blockLength, ExtensionType.ServerName);
  if (name != 0 && extensionLength(name) != 0) return ErrorCode.DecodeError; // RFC 6066 §3
  const data = findExtension(block, blockLength, ExtensionType.Alpn);
  if (data == 0) return 0;
  const length = extensionLength(data) - 3;
  if (length < 1 || load16be(data) != length + 1 || load<u8>(data, 2) != length) return ErrorCode.DecodeError;
  const end = handshakeArea(c, ALPN_OFFER) + c.handshake.alpnLength;
  for (let at = handshakeArea(c, ALPN_OFFER); at < end; at += 1 + load<u8>(at)) {
    if (load<u8>(at) != length || !equalBytes(at + 1, data + 3, length)) continue;
    memory.copy(area(c, ALPN), data + 3, length);
    c.alpnLength = length;
    return 0;
  }
  return ErrorCode.IllegalParameter;
}
