// Which extension may stand in which message, and what was offered (RFC 9846 §4.3).
import { ErrorCode } from "../alert";
import { load16be } from "../memory";
import { Connection } from "./connection";
import { ExtensionType } from "./protocol";

// Messages that carry extensions to us.
export const IN_SERVER_HELLO: i32 = 1;
export const IN_RETRY: i32 = 2;
export const IN_ENCRYPTED: i32 = 4;
/** ServerHello of TLS 1.2. */
export const IN_OLD_SERVER_HELLO: i32 = 8;
export const IN_REQUEST: i32 = 16;
export const IN_TICKET: i32 = 32;

const ROW_COUNT: i32 = 16;
/** Rows of extension type and the messages it may answer in. The row's number is its bit in `Handshake.offered`. */
const ROWS = memory.data<i32>([
  ExtensionType.ServerName, 4 | 8,
  ExtensionType.SupportedGroups, 4 | 8,
  ExtensionType.EcPointFormats, 8,
  ExtensionType.SignatureAlgorithms, 16,
  ExtensionType.Alpn, 4 | 8,
  ExtensionType.EncryptThenMac, 8,
  ExtensionType.ExtendedMasterSecret, 8,
  ExtensionType.SessionTicket, 8,
  ExtensionType.PreSharedKey, 1,
  ExtensionType.SupportedVersions, 1 | 2,
  ExtensionType.Cookie, 2,
  ExtensionType.PskKeyExchangeModes, 0,
  ExtensionType.KeyShare, 1 | 2,
  ExtensionType.RenegotiationInfo, 8,
  ExtensionType.MaxFragmentLength, 4 | 8,
  ExtensionType.RecordSizeLimit, 4 | 8,
]);

function rowOf(type: i32): i32 {
  for (let i = 0; i < ROW_COUNT; i++) {
    if (load<i32>(ROWS + 8 * i) == type) return i;
  }
  return -1;
}

/** Remembers that our ClientHello carries `type`. */
export function markOffered(c: Connection, type: i32): void {
  c.handshake.offered |= 1 << rowOf(type);
}

export function wasOffered(c: Connection, type: i32): i32 {
  return c.handshake.offered >> rowOf(type) & 1;
}

/**
 * Checks an extension block (without its outer length) before anything in it is used. Malformed: decode_error.
 * Twice the same, or known but not for this message: illegal_parameter. Not offered: unsupported_extension;
 * in a CertificateRequest or NewSessionTicket, which answer nothing, unknown ones are skipped (RFC 9846 §4.3).
 */
export function checkExtensions(c: Connection, block: usize, length: i32, message: i32): i32 {
  const end = block + length;
  const answers = (message & (IN_REQUEST | IN_TICKET)) == 0;
  let at = block;
  while (at < end) {
    if (end - at < 4) return ErrorCode.DecodeError;
    const type = load16be(at);
    const next = at + 4 + load16be(at + 2);
    if (next > end) return ErrorCode.DecodeError;
    if (findExtension(block, (at - block) as i32, type) != 0) return ErrorCode.IllegalParameter;
    const row = rowOf(type);
    if (row >= 0) {
      const unasked = answers && type != ExtensionType.Cookie && !wasOffered(c, type);
      if (unasked) return ErrorCode.UnsupportedExtension;
      if ((load<i32>(ROWS + 8 * row, 4) & message) == 0) return ErrorCode.IllegalParameter;
    } else if (answers) {
      return ErrorCode.UnsupportedExtension;
    }
    at = next;
  }
  return 0;
}

/** Address of the data of extension `type` in a block that was checked, 0 where it is absent. */
export function findExtension(block: usize, length: i32, type: i32): usize {
  const end = block + length;
  let at = block;
  while (at < end) {
    if (load16be(at) == type) return at + 4;
    at += 4 + load16be(at + 2);
  }
  return 0;
}

/** Length of extension data that `findExtension` found. */
// @ts-ignore: decorator
@inline
export function extensionLength(data: usize): i32 {
  return load16be(data - 2);
}
