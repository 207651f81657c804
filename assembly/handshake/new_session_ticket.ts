// NewSessionTicket of either version (RFC 9846 §4.7.1, RFC 5077 §3.3).
import { ErrorCode } from "../alert";
import { hashSize } from "../hash/hash";
import { load24be, wipe } from "../memory";
import { suiteHash } from "../record/suites";
import { Connection, MASTER_SECRET, area } from "./connection";
import { enter } from "./enter";
import { IN_TICKET, checkExtensions } from "./extensions";
import { RESUMPTION } from "./labels";
import { Delivery, HandshakeType, Version } from "./protocol";
import { READER_SIZE, Reader } from "./reader";
import { LIFETIME_OLD, TICKET_MAX, keepSession } from "./session";
import { State } from "./state";
import { MASTER_LENGTH } from "./tls12/schedule";
import { expandLabel } from "./tls13/schedule";
import { transcriptAdd } from "./transcript";

const reader = changetype<Reader>(memory.data(READER_SIZE, 4));
const psk = memory.data(64, 8);

/** Connected: a PSK of its own for each ticket, derived at once. */
export function onNewSessionTicket(c: Connection, message: usize, length: i32): i32 {
  reader.open(message + 4, length - 4);
  const lifetime = reader.u32();
  const ageAdd = reader.u32();
  const nonceLength = reader.u8();
  const nonce = reader.take(nonceLength);
  const ticketLength = reader.u16();
  const ticket = reader.take(ticketLength);
  const extensionsLength = reader.u16();
  const extensions = reader.take(extensionsLength);
  if (!reader.complete() || ticketLength == 0) return ErrorCode.DecodeError;
  const checked = checkExtensions(c, extensions, extensionsLength, IN_TICKET);
  if (checked < 0) return checked;
  if (lifetime == 0 || ticketLength > TICKET_MAX) return 0;
  const hash = suiteHash(c.suite);
  const size = hashSize(hash);
  expandLabel(hash, area(c, MASTER_SECRET), RESUMPTION, nonce, nonceLength, psk, size);
  keepSession(c, psk, size, lifetime, ageAdd, 0, 0, ticket, ticketLength);
  wipe(psk, size);
  return 0;
}

/**
 * Takes a whole message that another party received on this connection, after a delivery. The master secret that makes the
 * ticket's PSK has stayed here. `unixSeconds` is when it came. 0, or WrongState, DecodeError, UnsupportedExtension.
 */
export function importTicket(c: Connection, message: usize, length: i32, unixSeconds: u32): i32 {
  const keepsMaster = c.state == State.Connected || c.delivered == Delivery.Retired;
  if (!keepsMaster || c.version != Version.Tls13) return ErrorCode.WrongState;
  if (length < 4 || load<u8>(message) != HandshakeType.NewSessionTicket || load24be(message + 1) != length - 4) {
    return ErrorCode.DecodeError;
  }
  c.time = unixSeconds;
  return onNewSessionTicket(c, message, length);
}

/** ExpectTicket of TLS 1.2. An empty ticket takes the promise back (RFC 5077 §3.3). */
export function onTicket(c: Connection, message: usize, length: i32): i32 {
  reader.open(message + 4, length - 4);
  const hint = reader.u32();
  const ticketLength = reader.u16();
  const ticket = reader.take(ticketLength);
  if (!reader.complete()) return ErrorCode.DecodeError;
  transcriptAdd(c, message, length);
  const entered = enter(c, State.ExpectChangeCipherSpec);
  if (entered < 0) return entered;
  // Without extended master secret a session is not resumed (RFC 7627 §5.3), so not kept either.
  if (ticketLength == 0 || ticketLength > TICKET_MAX || !c.extendedMasterSecret) return 0;
  keepSession(c, area(c, MASTER_SECRET), MASTER_LENGTH, hint == 0 ? LIFETIME_OLD : hint, 0, 0, 0, ticket, ticketLength);
  return 0;
}
