// How long records may be: record_size_limit (RFC 8449), and max_fragment_length (RFC 6066 §4) for servers that know that alone.
import { ErrorCode } from "../alert";
import { load16be } from "../memory";
import { Connection, INPUT_SIZE, SEND_PAYLOAD, claim, discard } from "./connection";
import { extensionLength, findExtension } from "./extensions";
import { ExtensionType, Version } from "./protocol";

/** What every peer may ask for at the least (RFC 8449 §4). */
const LEAST: i32 = 64;
/** Bytes around the plaintext: header and tag of TLS 1.3; header, IV, MAC and padding before (RFC 5246 §6.2.3). */
const AROUND: i32 = 5 + 16;
const AROUND_OLD: i32 = 5 + 16 + 48 + 256;

/** Our record_size_limit: the longest plaintext that we take, and in TLS 1.3 its type (RFC 8449 §4). */
export function offeredLimit(c: Connection): i32 {
  return c.recordLimit + (c.maxVersion >= Version.Tls13 ? 1 : 0);
}

/** The code of the longest max_fragment_length within our limit: 1 for 512 bytes to 4 for 4096. */
export function fragmentCode(c: Connection): i32 {
  let code = 1;
  while (code < 4 && 512 << code <= c.recordLimit) code++;
  return code;
}

/** Takes the server's answer from its ServerHello or EncryptedExtensions. 0, DecodeError or IllegalParameter. */
export function acceptRecordSize(c: Connection, block: usize, length: i32): i32 {
  const limit = findExtension(block, length, ExtensionType.RecordSizeLimit);
  const fragment = findExtension(block, length, ExtensionType.MaxFragmentLength);
  if (fragment != 0) {
    if (extensionLength(fragment) != 1) return ErrorCode.DecodeError;
    // The very code that was offered (RFC 6066 §4), and not beside the other (RFC 8449 §5).
    if (load<u8>(fragment) != fragmentCode(c) || limit != 0) return ErrorCode.IllegalParameter;
    c.receiveLimit = 256 << fragmentCode(c);
    c.sendLimit = c.receiveLimit;
    if (c.version == Version.Tls13) c.receiveLimit++; // its type
  }
  if (limit == 0) return 0;
  if (extensionLength(limit) != 2) return ErrorCode.DecodeError;
  const most = load16be(limit);
  if (most < LEAST) return ErrorCode.IllegalParameter;
  c.receiveLimit = offeredLimit(c);
  c.sendLimit = most - (c.version == Version.Tls13 ? 1 : 0);
  return 0;
}

/** Most plaintext in a record of ours. What goes in the clear has no limit but ours (RFC 8449 §4). */
export function sendPayload(c: Connection): i32 {
  return c.writeProtected && c.sendLimit > 0 ? min(c.sendLimit, SEND_PAYLOAD) : SEND_PAYLOAD;
}

/** Most bytes of a protected record behind its header, 0 where nothing was agreed. */
export function receivedMost(c: Connection): i32 {
  if (c.receiveLimit == 0 || !c.readProtected) return 0;
  return c.receiveLimit + (c.version == Version.Tls13 ? AROUND : AROUND_OLD) - 5;
}

/** After the handshake, whose unprotected records may be long, the room for a record shrinks to what was agreed. */
export function shrinkInput(c: Connection): void {
  const size = receivedMost(c) + 5;
  if (size == 5 || size >= c.inputCapacity || c.inputCapacity != INPUT_SIZE) return;
  discard(c.input, c.inputCapacity);
  c.input = claim(size); // there is room: a larger one was just given back
  c.inputCapacity = size;
}
