// The turns that the host gives a connection: start, application data, key update, close, end, free.
import { ErrorCode } from "../alert";
import { drbgGenerate, drbgReady } from "../prf/hmac_drbg";
import { SEAL_HEADROOM, SEAL_TAILROOM, recordSequence } from "../record/protection";
import { sendClientHello } from "./client_hello";
import { completeConfiguration } from "./configure";
import {
  CLIENT_RANDOM, Connection, SEND_PAYLOAD, SESSION_ID, WRITE_PROTECTION, area, dropConnection, forgetHandshakeSecrets, handshakeArea,
  wipeSecrets,
} from "./connection";
import { sendKeyUpdate } from "./tls13/key_update";
import { consumeOutput, fail, finishClose, sealOutput, sendCloseNotify } from "./output";
import { ContentType, Version } from "./protocol";
import { sendPayload } from "./record_size";
import { dropSessions, sessionFits, sessionId, sessionIdLength, sessionTicketLength, sessionVersion } from "./session";
import { State } from "./state";

/** RFC 9846 §5.5: AES-GCM keys are changed well before 2^24.5 full records. */
const RECORDS_PER_KEY: u32 = 1 << 23;
/** More than a sealed KeyUpdate takes. */
const KEY_UPDATE_ROOM: i32 = 64;

/** Sends the ClientHello. NoEntropy, NoTime, NoTrust, BadArgument, WrongState leave the connection as it was. */
export function startConnection(c: Connection): i32 {
  if (c.state != State.Idle) return ErrorCode.WrongState;
  if (!drbgReady()) return ErrorCode.NoEntropy;
  if (c.time == 0) return ErrorCode.NoTime;
  if (c.trust == 0) return ErrorCode.NoTrust;
  const configured = completeConfiguration(c);
  if (configured < 0) return configured;
  const drawn = drbgGenerate(area(c, CLIENT_RANDOM), 32);
  if (drawn < 0) return drawn;
  const h = c.handshake;
  h.sessionFits = h.session != 0 ? sessionFits(c, h.session) : 0;
  const named = chooseSessionId(c);
  if (named < 0) return named;
  const sent = sendClientHello(c);
  if (sent < 0) return sent;
  c.state = State.ExpectServerHello;
  return 0;
}

/**
 * The id of an old session that is resumed by it; else a random one, as middleboxes want it (RFC 9846 §E.4) and as
 * makes the server's answer to a ticket readable (RFC 5077 §3.4); else, with TLS 1.2 and nothing to resume, none.
 */
function chooseSessionId(c: Connection): i32 {
  const h = c.handshake;
  const old = h.sessionFits && sessionVersion(h.session) < Version.Tls13;
  if (old && sessionTicketLength(h.session) == 0) {
    h.sessionIdLength = sessionIdLength(h.session);
    memory.copy(handshakeArea(c, SESSION_ID), sessionId(h.session), h.sessionIdLength);
    return 0;
  }
  if (!old && c.maxVersion < Version.Tls13) return 0;
  h.sessionIdLength = 32;
  return drbgGenerate(handshakeArea(c, SESSION_ID), 32);
}

/** Where the host may put plaintext. */
export function plaintextAddress(c: Connection): usize {
  return c.output + c.outputEnd + SEAL_HEADROOM;
}

/** Plaintext bytes that may be put there now: none before the handshake, after a close or a delivery, or while output waits. */
export function plaintextCapacity(c: Connection): i32 {
  if (c.state != State.Connected && c.state != State.Established) return 0;
  if (c.writeClosed) return 0;
  const room = c.outputCapacity - c.outputEnd - SEAL_HEADROOM - SEAL_TAILROOM - (c.keyUpdateDue ? KEY_UPDATE_ROOM : 0);
  return max(0, min(room, sendPayload(c)));
}

/** Seals what the host put there, behind a KeyUpdate where one is due. */
export function sealPlaintext(c: Connection, length: i32): i32 {
  if (length < 0 || length > plaintextCapacity(c)) return ErrorCode.BadArgument;
  if (length == 0) return 0;
  if (c.handshakeSecrets != 0) forgetHandshakeSecrets(c);
  if (c.keyUpdateDue) {
    const plaintext = plaintextAddress(c);
    memory.copy(plaintext + KEY_UPDATE_ROOM, plaintext, length);
    const sent = sendKeyUpdate(c, 0);
    if (sent < 0) return fail(c, sent);
    memory.copy(plaintextAddress(c), plaintext + KEY_UPDATE_ROOM, length);
  }
  const sealed = sealOutput(c, ContentType.ApplicationData, length);
  if (sealed < 0) return fail(c, sealed);
  if (c.version == Version.Tls13 && recordSequence(area(c, WRITE_PROTECTION)) >= RECORDS_PER_KEY) c.keyUpdateDue = 1;
  return 0;
}

/** The transport took `length` bytes. */
export function outputTaken(c: Connection, length: i32): i32 {
  if (length < 0 || length > c.outputEnd - c.outputStart) return ErrorCode.BadArgument;
  consumeOutput(c, length);
  return 0;
}

/** Takes the next client keys and, on request, asks for new server keys. WrongState where much output waits, too. */
export function updateKeys(c: Connection, request: i32): i32 {
  if (c.state != State.Connected || c.writeClosed || c.outputEnd > SEND_PAYLOAD) return ErrorCode.WrongState;
  const sent = sendKeyUpdate(c, request != 0 ? 1 : 0);
  return sent < 0 ? fail(c, sent) : 0;
}

/** close_notify; reading goes on until the peer's, if the handshake was done. */
export function closeConnection(c: Connection): i32 {
  if (c.state == State.Closed) return 0;
  forgetHandshakeSecrets(c);
  if (c.state != State.Idle && !c.delivered) sendCloseNotify(c);
  if (!c.handshakeDone || c.peerClosed || c.delivered) finishClose(c);
  return 0;
}

/** The transport ended: a truncation unless the peer said close_notify (RFC 9846 §6.1). */
export function transportEnded(c: Connection): i32 {
  if (c.state == State.Idle) return ErrorCode.WrongState;
  if (c.peerClosed || c.state == State.Closed) return 0;
  return fail(c, ErrorCode.Truncated);
}

/** Wipes all that the connection held and gives it back. */
export function freeConnection(c: Connection): void {
  if (changetype<usize>(c) == 0) return;
  wipeSecrets(c);
  dropSessions(c);
  dropConnection(c);
}
