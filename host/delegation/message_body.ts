// The bodies of messages as bytes, and back.
import { FieldReader, FieldWriter } from './bytes.js';
import { decodeDelivery, encodeDelivery, SECRETS_LIMIT } from './delivery.js';
import { readDeviceProfile, writeDeviceProfile } from './device.js';
import { ProtocolError } from './error.js';
import { bearsSecrets, encodeFrame, type Frame, FrameType } from './frame.js';
import {
  CipherChange,
  type Message,
  REASON_LIMIT,
  TICKET_LIMIT,
  TOKEN_LIMIT,
  type Tunnel,
} from './message.js';
import { readReport, readSigned, writeReport, writeSigned } from './order.js';
import { isHost, parseAuthority } from './origin.js';
import { decodeResumption, encodeResumption } from './resumption.js';
import { SESSION_ID_BYTES, type SessionId, sessionIdBytes, sessionIdOf } from './session_id.js';
import { encodeState, encodeWish, readState, readWish } from './subscription.js';

/** A host name and a port. */
const NODE_LIMIT = 262;

/** A whole frame. Wipe the bytes of one that carries secrets once they are sent. Throws FRAME_BAD_ARGUMENT. */
export function encodeMessage(message: Message): Uint8Array {
  const body = encodeBody(message);
  const bytes = encodeFrame({ type: message.type, sessionId: message.sessionId, body });
  body.fill(0);
  return bytes;
}

function encodeBody(message: Message): Uint8Array {
  const out = new FieldWriter();
  switch (message.type) {
    case FrameType.Hello:
      out.u16(message.version).text(16, message.token, TOKEN_LIMIT);
      writeDeviceProfile(out, message.profile);
      out.u16(message.maxSessions);
      break;
    case FrameType.Welcome:
      out.u16(message.version).u16(message.maxSessions).u32(message.deliveryTimeout).texts(message.services);
      out.text(16, message.node, NODE_LIMIT);
      break;
    case FrameType.Deliver:
      return encodeDelivery(message);
    case FrameType.Active:
      out.u32(message.originRecords).u32(message.clientRecords);
      break;
    case FrameType.Revoke:
      out.sentence(message.reason, REASON_LIMIT).u64(message.clientBytes);
      break;
    case FrameType.Returned:
      out.text(8, message.code, 64).u32(message.clientRecords).u32(message.originRecords);
      out.u64(message.originBytes);
      break;
    case FrameType.Release:
      out.u32(message.clientEpochStart).u32(message.originEpochStart);
      out.vector(16, message.secrets, SECRETS_LIMIT).fixed(message.random, 32);
      break;
    case FrameType.Deny:
      out.u32(message.requestId).text(8, message.code, 64).sentence(message.reason, REASON_LIMIT);
      break;
    case FrameType.CipherChanged:
      out.u8(message.change).u32(message.clientEpoch).u32(message.originEpoch);
      out.vector(16, message.ticket, TICKET_LIMIT);
      break;
    case FrameType.Tunnel:
      out.u32(message.requestId).u16(message.port).text(8, message.host, 255);
      out.sentence(message.reason, REASON_LIMIT);
      out.fixed(sessionIdBytes(message.forSession), SESSION_ID_BYTES);
      break;
    case FrameType.Receipt:
      out.u32(message.response).u16(message.status).u64(message.bytesBefore).u64(message.bytesAfter);
      out.u8(message.verified ? 1 : 0);
      out.texts(message.services).fixed(message.hash, 32).fixed(message.log, 16);
      out.u64(message.entry).fixed(message.head, 32);
      break;
    case FrameType.Resumption:
      return encodeResumption(message.resumption);
    case FrameType.Subscribe:
      return encodeWish(message.wish);
    case FrameType.Subscribed:
      return encodeState(message);
    case FrameType.Device:
      writeReport(out, message);
      break;
    case FrameType.Manage:
      writeSigned(out, message);
      break;
    case FrameType.Managed:
      out.u64(message.counter).u8(message.command).text(8, message.code, 64);
      out.sentence(message.text, REASON_LIMIT);
      break;
    case FrameType.Error:
    case FrameType.Close:
      out.text(8, message.code, 64).sentence(message.text, REASON_LIMIT);
      break;
  }
  return out.finish();
}

/** Parses the body of a frame. Throws ProtocolError; a body that carries secrets is wiped either way. */
export function decodeMessage(frame: Frame): Message {
  try {
    const from = new FieldReader(frame.body);
    const message = decodeBody(frame, from);
    // These two read their body to its end by themselves.
    if (frame.type !== FrameType.Deliver && frame.type !== FrameType.Resumption) from.end();
    return message;
  } finally {
    if (bearsSecrets(frame.type)) frame.body.fill(0);
  }
}

function decodeBody({ type, sessionId, body }: Frame, from: FieldReader): Message {
  switch (type) {
    case FrameType.Hello:
      return {
        type,
        sessionId,
        version: from.u16(),
        token: from.text(16, TOKEN_LIMIT),
        profile: readDeviceProfile(from),
        maxSessions: from.u16(),
      };
    case FrameType.Welcome:
      return {
        type,
        sessionId,
        version: from.u16(),
        maxSessions: from.u16(),
        deliveryTimeout: from.u32(),
        services: from.texts(),
        node: readNode(from),
      };
    case FrameType.Deliver:
      return { type, sessionId, ...decodeDelivery(body) };
    case FrameType.Active:
      return { type, sessionId, originRecords: from.u32(), clientRecords: from.u32() };
    case FrameType.Revoke:
      return { type, sessionId, reason: from.text(16, REASON_LIMIT), clientBytes: from.u64() };
    case FrameType.Returned:
      return {
        type,
        sessionId,
        code: readCode(from),
        clientRecords: from.u32(),
        originRecords: from.u32(),
        originBytes: from.u64(),
      };
    case FrameType.Release:
      return {
        type,
        sessionId,
        clientEpochStart: from.u32(),
        originEpochStart: from.u32(),
        secrets: from.vector(16, SECRETS_LIMIT),
        random: from.take(32),
      };
    case FrameType.Deny:
      return {
        type,
        sessionId,
        requestId: from.u32(),
        code: readCode(from),
        reason: from.text(16, REASON_LIMIT),
      };
    case FrameType.CipherChanged:
      return {
        type,
        sessionId,
        change: readCipherChange(from),
        clientEpoch: from.u32(),
        originEpoch: from.u32(),
        ticket: from.vector(16, TICKET_LIMIT),
      };
    case FrameType.Tunnel:
      return readTunnel(sessionId, from);
    case FrameType.Receipt:
      return {
        type,
        sessionId,
        response: from.u32(),
        status: from.u16(),
        bytesBefore: from.u64(),
        bytesAfter: from.u64(),
        verified: (from.u8() & 1) !== 0,
        services: from.texts(),
        hash: from.take(32),
        log: from.take(16),
        entry: from.u64(),
        head: from.take(32),
      };
    case FrameType.Resumption:
      return { type, sessionId, resumption: decodeResumption(body) };
    case FrameType.Subscribe:
      return { type, sessionId, wish: readWish(from) };
    case FrameType.Subscribed:
      return { type, sessionId, ...readState(from) };
    case FrameType.Device:
      return { type, sessionId, ...readReport(from) };
    case FrameType.Manage:
      return { type, sessionId, ...readSigned(from) };
    case FrameType.Managed:
      return {
        type,
        sessionId,
        counter: from.u64(),
        command: from.u8(),
        code: readCode(from),
        text: from.text(16, REASON_LIMIT),
      };
    case FrameType.Error:
    case FrameType.Close:
      return { type, sessionId, code: readCode(from), text: from.text(16, REASON_LIMIT) };
  }
}

function readNode(from: FieldReader): string {
  const node = from.text(16, NODE_LIMIT);
  if (node !== '' && parseAuthority(node) === undefined)
    throw new ProtocolError('FRAME_BAD_FIELD', 'a WELCOME names a node that is none');
  return node;
}

function readTunnel(sessionId: SessionId, from: FieldReader): Tunnel {
  const requestId = from.u32();
  const port = from.u16();
  const host = from.text(8, 255);
  if (requestId === 0 || port === 0 || !isHost(host)) {
    throw new ProtocolError('FRAME_BAD_FIELD', 'a TUNNEL names no origin, or carries request id 0');
  }
  const reason = from.text(16, REASON_LIMIT);
  const forSession = sessionIdOf(from.take(SESSION_ID_BYTES));
  return { type: FrameType.Tunnel, sessionId, requestId, host, port, reason, forSession };
}

function readCipherChange(from: FieldReader): CipherChange {
  const change = from.u8();
  if (!(change in CipherChange))
    throw new ProtocolError('FRAME_BAD_FIELD', `there is no cipher change ${change}`);
  return change;
}

function readCode(from: FieldReader): string {
  const code = from.text(8, 64);
  if (!/^[A-Z0-9_]+$/.test(code)) throw new ProtocolError('FRAME_BAD_FIELD', 'an error code is malformed');
  return code;
}
