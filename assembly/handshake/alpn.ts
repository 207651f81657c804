// The answer to our ALPN list, of either version (RFC 7301 §3.2).
import { ErrorCode } from "../alert";
import { equalBytes, load16be } from "../memory";
import { ALPN, ALPN_OFFER, Connection, area, handshakeArea } from "./connection";
import { extensionLength, findExtension } from "./extensions";
import { ExtensionType } from "./protocol";

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
