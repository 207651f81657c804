// Everything that we send: records are sealed at once, under the keys in force, into the connection's output buffer.
import { Alert, ErrorCode } from "../alert";
import { SEAL_HEADROOM, SEAL_TAILROOM, recordSequence, sealRecord } from "../record/protection";
import {
  Connection, OUTPUT_SIZE, WRITE_PROTECTION, area, claim, discard, wipeSecrets,
} from "./connection";
import { ContentType, Version } from "./protocol";
import { sendPayload } from "./record_size";
import { dropSessions } from "./session";
import { State } from "./state";
import { transcriptAdd } from "./transcript";

const ALERT_WARNING: i32 = 1;
const ALERT_FATAL: i32 = 2;
const alertScratch = memory.data(2, 4);

/** Makes room behind `outputEnd` for a record of `payload` bytes: moves what is pending down, or takes a larger buffer; 0 or NoMemory. */
export function reserveOutput(c: Connection, payload: i32): i32 {
  const need = SEAL_HEADROOM + payload + SEAL_TAILROOM;
  const pending = c.outputEnd - c.outputStart;
  if (c.outputEnd + need <= c.outputCapacity) return 0;
  if (pending + need > c.outputCapacity) {
    // Only a flight with a long certificate chain comes here; the buffer shrinks again when it is sent.
    const capacity = pending + need + OUTPUT_SIZE;
    const larger = claim(capacity);
    if (larger == 0) return ErrorCode.NoMemory;
    memory.copy(larger, c.output + c.outputStart, pending);
    discard(c.output, c.outputCapacity);
    c.output = larger;
    c.outputCapacity = capacity;
  } else {
    memory.copy(c.output, c.output + c.outputStart, pending);
  }
  c.outputStart = 0;
  c.outputEnd = pending;
  return 0;
}

/** Seals the payload that lies where the next record's payload belongs. */
export function sealOutput(c: Connection, type: i32, length: i32): i32 {
  const record = c.output + c.outputEnd;
  const protection = area(c, WRITE_PROTECTION);
  const sequence = recordSequence(protection);
  const sealed = sealRecord(protection, type, record, length);
  if (sealed < 0) return sealed;
  if (!c.writeProtected) store<u8>(record, plainVersion(c), 2);
  c.outputEnd += sealed;
  // Two, where CBC of TLS 1.0 splits the first byte off.
  c.recordsSent += recordSequence(protection) - sequence;
  if (c.writeProtected) c.bytesSealed += length;
  return sealed;
}

/** Seals `length` bytes of `data` as records of at most `sendPayload` bytes. */
export function sendRecord(c: Connection, type: i32, data: usize, length: i32): i32 {
  if (c.writeClosed) return ErrorCode.WrongState;
  do {
    const part = min(length, sendPayload(c));
    const reserved = reserveOutput(c, part);
    if (reserved < 0) return reserved;
    memory.copy(c.output + c.outputEnd + SEAL_HEADROOM, data, part);
    const sealed = sealOutput(c, type, part);
    if (sealed < 0) return sealed;
    data += part;
    length -= part;
  } while (length > 0);
  return 0;
}

/** Sends a handshake message and adds it to the transcript. */
export function sendHandshake(c: Connection, message: usize, length: i32): i32 {
  transcriptAdd(c, message, length);
  return sendRecord(c, ContentType.Handshake, message, length);
}

/** The ChangeCipherSpec record: unprotected in TLS 1.3 whatever the epoch, so it never passes the cipher. */
export function sendChangeCipherSpec(c: Connection): i32 {
  const reserved = reserveOutput(c, 1);
  if (reserved < 0) return reserved;
  const record = c.output + c.outputEnd;
  store<u32>(record, 0x00000314 | (plainVersion(c) & 0xff) << 16);
  store<u16>(record, 0x0101, 4);
  c.outputEnd += 6;
  c.recordsSent++;
  return 0;
}

/** Version of records in the clear: that of the session, where it is an old one (RFC 2246 §6.2.1), else 3.3. */
function plainVersion(c: Connection): i32 {
  return min(c.version != 0 ? c.version : c.maxVersion, Version.Tls12);
}

/** RFC 9846 §E.4: one dummy ChangeCipherSpec before the second flight. */
export function sendCompatibilityRecord(c: Connection): void {
  if (c.compatibilitySent) return;
  c.compatibilitySent = 1;
  sendChangeCipherSpec(c);
}

function sendAlert(c: Connection, level: i32, description: i32): void {
  if (c.version == Version.Tls13 && c.writeProtected) sendCompatibilityRecord(c);
  // SSL 3.0 has but the first alerts (RFC 6101 §5.4.2).
  if (c.version == Version.Ssl30 && description > Alert.IllegalParameter) description = Alert.HandshakeFailure;
  store<u8>(alertScratch, level);
  store<u8>(alertScratch, description, 1);
  if (sendRecord(c, ContentType.Alert, alertScratch, 2) < 0) return;
  c.alertSent = description;
}

/** A warning that leaves the connection up: no_renegotiation of TLS 1.2. */
export function sendWarning(c: Connection, description: i32): void {
  sendAlert(c, ALERT_WARNING, description);
}

/** close_notify, once. */
export function sendCloseNotify(c: Connection): void {
  if (c.writeClosed) return;
  sendAlert(c, ALERT_WARNING, 0);
  c.writeClosed = 1;
}

/**
 * Ends the connection by `code`: the alert that the code carries is sent once, under the keys in force, then all
 * secrets are wiped. Answers to the peer's own alert, a lost transport and a delivered connection stay silent.
 */
export function fail(c: Connection, code: i32): i32 {
  if (c.lastError != 0) return c.lastError;
  c.lastError = code;
  if (code > ErrorCode.PeerAlert && !c.delivered && c.state != State.Idle) sendAlert(c, ALERT_FATAL, -code >> 8);
  c.writeClosed = 1;
  c.state = State.Closed;
  c.plainLength = 0;
  wipeSecrets(c);
  // RFC 5246 §7.2.2: a session that failed is not resumed; a lost transport says nothing against it.
  if (code != ErrorCode.Truncated || !c.handshakeDone) dropSessions(c);
  return code;
}

/** Nothing more is read or written: the secrets go, what was negotiated stays. */
export function finishClose(c: Connection): void {
  c.state = State.Closed;
  c.writeClosed = 1;
  wipeSecrets(c);
}

/** Takes `length` sent bytes from the output; an oversized buffer goes back when it is empty. */
export function consumeOutput(c: Connection, length: i32): void {
  c.outputStart += length;
  if (c.outputStart < c.outputEnd) return;
  c.outputStart = 0;
  c.outputEnd = 0;
  if (c.outputCapacity == OUTPUT_SIZE) return;
  discard(c.output, c.outputCapacity);
  c.output = claim(OUTPUT_SIZE); // there is room: a larger one was just given back
  c.outputCapacity = OUTPUT_SIZE;
}
