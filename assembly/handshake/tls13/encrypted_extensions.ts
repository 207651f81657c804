// EncryptedExtensions (RFC 9846 §4.4.1).
import { ErrorCode } from "../../alert";
import { load16be } from "../../memory";
import { acceptAlpn } from "../alpn";
import { Connection } from "../connection";
import { enter } from "../enter";
import { IN_ENCRYPTED, checkExtensions } from "../extensions";
import { acceptRecordSize } from "../record_size";
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
  const sized = acceptRecordSize(c, block, length - 6);
  if (sized < 0) return sized;
  transcriptAdd(c, message, length);
  return enter(c, c.resumed ? State.ExpectFinished : State.ExpectCertificateOrRequest);
}
