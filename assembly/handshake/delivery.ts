// Delivery: the secrets of a grant leave the engine, once; afterwards it seals nothing more.
import { ErrorCode } from "../alert";
import { hashSize } from "../hash/hash";
import { wipe } from "../memory";
import { protectionWipe } from "../record/protection";
import { suiteHash } from "../record/suites";
import {
  CLIENT_SECRET, Connection, EXPORTER_SECRET, KEY_BLOCK, MASTER_SECRET, SECRET_MAX, SERVER_SECRET,
  WRITE_PROTECTION, area,
} from "./connection";
import { Grant, Version } from "./protocol";
import { State } from "./state";
import { KEY_BLOCK_MAX, MASTER_LENGTH, keyBlockLength } from "./tls12_schedule";

/**
 * Writes the secret of `grant` to `out` and ends our own writing. Returns its length, or WrongState (no handshake yet, or
 * closed), AlreadyDelivered, GrantRefused, NoExtendedMasterSecret, BufferTooSmall; these change nothing.
 * - session: TLS 1.3 the client's and the server's application traffic secret now; TLS 1.2 and before the key block, as it was
 *   derived: whoever takes a chained IV or a key stream over has seen the records that moved it on.
 * - full: TLS 1.2 and before the master secret, where it is an extended one. TLS 1.3 as session: its master secret never leaves.
 */
export function deliverSecrets(c: Connection, grant: i32, out: usize, capacity: i32): i32 {
  if (c.delivered) return ErrorCode.AlreadyDelivered;
  if (c.state != State.Connected && c.state != State.Established) return ErrorCode.WrongState;
  if (c.writeClosed || c.peerClosed) return ErrorCode.WrongState;
  if (grant != Grant.Session && grant != Grant.Full) return ErrorCode.GrantRefused;
  const length = c.version == Version.Tls13 ? trafficSecrets(c, out, capacity) : oldSecrets(c, grant, out, capacity);
  if (length < 0) return length;
  c.delivered = 1;
  c.writeClosed = 1;
  c.keyUpdateDue = 0;
  forgetWriting(c);
  return length;
}

function trafficSecrets(c: Connection, out: usize, capacity: i32): i32 {
  const size = hashSize(suiteHash(c.suite));
  if (capacity < 2 * size) return ErrorCode.BufferTooSmall;
  memory.copy(out, area(c, CLIENT_SECRET), size);
  memory.copy(out + size, area(c, SERVER_SECRET), size);
  return 2 * size;
}

function oldSecrets(c: Connection, grant: i32, out: usize, capacity: i32): i32 {
  if (grant == Grant.Full && !c.extendedMasterSecret) return ErrorCode.NoExtendedMasterSecret;
  const length = grant == Grant.Full ? MASTER_LENGTH : keyBlockLength(c.version, c.suite);
  if (capacity < length) return ErrorCode.BufferTooSmall;
  memory.copy(out, area(c, grant == Grant.Full ? MASTER_SECRET : KEY_BLOCK), length);
  return length;
}

/** What opening the rest does not need. The resumption master secret of TLS 1.3 stays for tickets still on their way. */
function forgetWriting(c: Connection): void {
  protectionWipe(area(c, WRITE_PROTECTION));
  wipe(area(c, CLIENT_SECRET), SECRET_MAX);
  wipe(area(c, EXPORTER_SECRET), SECRET_MAX);
  wipe(area(c, KEY_BLOCK), KEY_BLOCK_MAX);
  if (c.version != Version.Tls13) wipe(area(c, MASTER_SECRET), SECRET_MAX);
}
