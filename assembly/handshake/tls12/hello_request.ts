// HelloRequest of TLS 1.2 and before: renegotiation is refused, politely (RFC 5246 §7.4.1.1, RFC 5746 §5). SSL 3.0 has no
// alert that says so, and gets silence.
import { Alert, ErrorCode } from "../../alert";
import { Connection } from "../connection";
import { sendWarning } from "../output";
import { Version } from "../protocol";
import { State } from "../state";

/** Refusals before the connection is given up. */
const REQUESTS_MAX: i32 = 4;

export function onHelloRequest(c: Connection, length: i32): i32 {
  if (length != 4) return ErrorCode.DecodeError;
  if (++c.warnings > REQUESTS_MAX) return ErrorCode.RenegotiationRefused;
  if (c.state == State.Established && !c.writeClosed && c.version > Version.Ssl30) sendWarning(c, Alert.NoRenegotiation);
  return 0;
}
