// Everything that we receive: bytes become one record, a record becomes plaintext, handshake messages, or an alert.
import { ErrorCode } from "../alert";
import { load16be } from "../memory";
import { openRecord, openedStart, openedType } from "../record/protection";
import {
  Connection, MESSAGE_HEADER, READ_PROTECTION, area, claim, dropMessage, isOld,
} from "./connection";
import { checkHeader, onChangeCipherSpecRecord, onMessage } from "./machine";
import { fail, finishClose, sendCloseNotify } from "./output";
import { ContentType, HandshakeType, Version } from "./protocol";
import { skim, skimmedLength, skimmedMessage, startSkimming } from "./request_skimmer";
import { receivedMost, shrinkInput } from "./record_size";
import { State } from "./state";

const RECORD_HEADER: i32 = 5;
/** Empty records, and warnings, without application data between them: more only burn our time. */
const EMPTY_MAX: i32 = 32;
const WARNINGS_MAX: i32 = 4;

/** Bytes that the record under way still needs; 0 while plaintext waits or nothing more is read. */
export function inputNeeded(c: Connection): i32 {
  if (c.plainLength > 0 || c.peerClosed || c.state == State.Idle || c.state == State.Closed) return 0;
  if (c.inputHave < RECORD_HEADER) return RECORD_HEADER - c.inputHave;
  return RECORD_HEADER + load16be(c.input + 3) - c.inputHave;
}

/** Takes `length` bytes that the host put behind those that are there; at most `inputNeeded`. */
export function receive(c: Connection, length: i32): i32 {
  if (length < 0 || length > inputNeeded(c)) return ErrorCode.BadArgument;
  if (length == 0) return 0;
  c.inputHave += length;
  if (c.inputHave == RECORD_HEADER) {
    const checked = checkRecordHeader(c);
    if (checked < 0) return fail(c, checked);
  }
  if (c.inputHave < RECORD_HEADER || inputNeeded(c) > 0) return 0;
  const result = onRecord(c);
  c.inputHave = 0;
  if (result < 0) return fail(c, result);
  if (c.handshakeDone && c.plainLength == 0) shrinkInput(c);
  return 0;
}

/** Refuses what is no TLS record before its length is believed. */
function checkRecordHeader(c: Connection): i32 {
  const type = load<u8>(c.input) as i32;
  const length = load16be(c.input + 3);
  if (type < ContentType.ChangeCipherSpec || type > ContentType.ApplicationData) return ErrorCode.UnexpectedRecord;
  if (load<u8>(c.input, 1) != 3) return ErrorCode.ProtocolVersion;
  if (isOld(c) && load16be(c.input + 1) != c.version) return ErrorCode.ProtocolVersion;
  let most = 16384;
  if (c.readProtected) most += c.version == Version.Tls13 ? 256 : 2048; // RFC 9846 §5.2, RFC 5246 §6.2.3
  const agreed = receivedMost(c);
  if (agreed > 0) most = agreed;
  return length > most ? ErrorCode.RecordOverflow : 0;
}

function onRecord(c: Connection): i32 {
  const outer = load<u8>(c.input) as i32;
  c.recordsReceived++;
  if (outer == ContentType.ChangeCipherSpec && !isOld(c)) return onCompatibilityRecord(c);
  const sealed = c.readProtected;
  if (sealed && c.version == Version.Tls13 && outer != ContentType.ApplicationData) return ErrorCode.UnexpectedRecord;
  const length = openRecord(area(c, READ_PROTECTION), c.input, c.inputHave);
  if (length < 0) return length;
  if (sealed) {
    c.bytesOpened += length;
    if (c.receiveLimit > 0 && length > c.receiveLimit) return ErrorCode.RecordOverflow; // RFC 8449 §4
  }
  const type = openedType(area(c, READ_PROTECTION));
  const start = openedStart(area(c, READ_PROTECTION));
  // RFC 9846 §5.1: nothing comes between the parts of a handshake message.
  if (c.messageHave > 0 && type != ContentType.Handshake && type != ContentType.Alert) return ErrorCode.UnexpectedRecord;
  switch (type) {
    case ContentType.ApplicationData: return onApplicationData(c, start, length);
    case ContentType.Handshake: return onHandshake(c, start, length);
    case ContentType.Alert: return length == 2 ? onAlert(c, load<u8>(start), load<u8>(start, 1)) : ErrorCode.DecodeError;
    case ContentType.ChangeCipherSpec:
      if (!isOld(c)) return ErrorCode.UnexpectedChangeCipherSpec;
      if (length != 1 || load<u8>(start) != 1) return ErrorCode.UnexpectedChangeCipherSpec;
      return onChangeCipherSpecRecord(c);
    default: return ErrorCode.UnexpectedRecord;
  }
}

/** RFC 9846 §5: a lone 0x01 in the clear is dropped between our ClientHello and the server's Finished. */
function onCompatibilityRecord(c: Connection): i32 {
  const lone = c.inputHave == RECORD_HEADER + 1 && load<u8>(c.input, RECORD_HEADER) == 1;
  if (!lone || c.messageHave > 0 || c.state > State.ExpectFinished) return ErrorCode.UnexpectedChangeCipherSpec;
  return ++c.dummyRecords > EMPTY_MAX ? ErrorCode.TooManyEmptyRecords : 0;
}

function onApplicationData(c: Connection, start: usize, length: i32): i32 {
  if (c.state != State.Connected && c.state != State.Established) return ErrorCode.UnexpectedRecord;
  // Anyone who had the server's keys may have made this, as long as the server has not changed them.
  if (c.readableElsewhere) return ErrorCode.UnexpectedRecord;
  if (length == 0) return ++c.emptyRecords > EMPTY_MAX ? ErrorCode.TooManyEmptyRecords : 0;
  c.emptyRecords = 0;
  c.idleMessages = 0;
  c.warnings = 0;
  c.plain = start;
  c.plainLength = length;
  return 0;
}

function onAlert(c: Connection, level: i32, description: i32): i32 {
  const closeNotify = description == 0;
  const userCanceled = description == 90;
  c.alertReceived = description;
  if (closeNotify) {
    c.peerClosed = 1;
    // A handshake can't end well any more; half-closing is TLS 1.3's (RFC 9846 §6.1, RFC 5246 §7.2.1).
    if (c.state != State.Connected && c.state != State.Established) return ErrorCode.PeerAlert;
    if (c.version != Version.Tls13 && !c.delivered) sendCloseNotify(c);
    if (c.writeClosed) finishClose(c);
    return 0;
  }
  // In TLS 1.3 every other alert is fatal whatever its level says (RFC 9846 §6).
  const warning = userCanceled || (level == 1 && c.version != Version.Tls13);
  if (!warning) return ErrorCode.PeerAlert - description;
  return ++c.warnings > WARNINGS_MAX ? ErrorCode.UnexpectedMessage : 0;
}

/** Cuts a record into messages; what is left over waits for the next record. */
function onHandshake(c: Connection, data: usize, length: i32): i32 {
  if (length == 0) return ErrorCode.UnexpectedRecord; // RFC 9846 §5.1
  const end = data + length;
  while (data < end) {
    const left = (end - data) as i32;
    const epoch = c.serverEpochStart;
    const state = c.state;
    let whole: i32;
    let result: i32;
    if (c.messageHave == 0 && left >= 4) {
      whole = checkHeader(c, data);
      if (whole < 0) return whole;
      if (left >= whole) {
        result = onMessage(c, data, whole);
        data += whole;
        if (result < 0) return result;
        if (data < end && endsRecord(c, epoch, state)) return ErrorCode.UnexpectedMessage;
        continue;
      }
    }
    const taken = gather(c, data, left);
    if (taken < 0) return taken;
    data += taken;
    if (c.messageLength == 0 || c.messageHave < c.messageLength) continue;
    const length = c.messageSkims ? skimmedLength(c) : c.messageLength;
    result = length < 0 ? length : onMessage(c, skimmedMessage(c), length);
    dropMessage(c);
    if (result < 0) return result;
    if (data < end && endsRecord(c, epoch, state)) return ErrorCode.UnexpectedMessage;
  }
  return 0;
}

/**
 * Whether nothing may come behind the message that led here from `epoch` and `state`: it changed the keys (RFC 9846 §5.1), or
 * the turn is ours now, and what the server says next is an answer to what it hasn't read yet.
 */
function endsRecord(c: Connection, epoch: u32, state: i32): bool {
  if (c.serverEpochStart != epoch) return true;
  if (c.state == state) return false;
  return c.state == State.ExpectRetriedServerHello || state == State.ExpectServerHelloDone ||
    (state == State.ExpectRequestOrDone && c.state != State.ExpectServerHelloDone);
}

/** Adds to the message under way: its header first, then its body in a buffer of the length that the header says. */
function gather(c: Connection, data: usize, length: i32): i32 {
  const header = area(c, MESSAGE_HEADER);
  if (c.messageHave < 4) {
    const part = min(4 - c.messageHave, length);
    memory.copy(header + c.messageHave, data, part);
    c.messageHave += part;
    if (c.messageHave < 4) return part;
    const whole = checkHeader(c, header);
    if (whole < 0) return whole;
    c.messageLength = whole;
    // Lists of authorities grow long, and nobody here reads them.
    if (load<u8>(header) == HandshakeType.CertificateRequest) {
      const started = startSkimming(c, header);
      return started < 0 ? started : part;
    }
    c.messageCapacity = whole;
    c.message = claim(whole);
    if (c.message == 0) return ErrorCode.NoMemory;
    memory.copy(c.message, header, 4);
    return part;
  }
  const part = min(c.messageLength - c.messageHave, length);
  if (c.messageSkims) {
    const skimmed = skim(c, data, part);
    if (skimmed < 0) return skimmed;
  } else {
    memory.copy(c.message + c.messageHave, data, part);
  }
  c.messageHave += part;
  return part;
}
