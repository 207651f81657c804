// The envelope: type, internal session id, length, body. One frame is one message of the main session.
import { FieldReader } from './bytes.js';
import { ProtocolError } from './error.js';
import { SESSION_ID_BYTES, type SessionId, sessionIdBytes, sessionIdOf } from './session_id.js';

export enum FrameType {
  Hello = 1,
  Welcome = 2,
  Deliver = 3,
  Active = 4,
  Revoke = 5,
  Deny = 6,
  CipherChanged = 7,
  Tunnel = 8,
  Receipt = 9,
  Error = 10,
  Close = 11,
  Resumption = 12,
  Returned = 13,
  Release = 14,
  Subscribe = 15,
  Subscribed = 16,
}

/** type u8, session id, length u24. */
export const FRAME_HEADER_BYTES = 1 + SESSION_ID_BYTES + 3;

/** A longer body is refused before a byte of it is kept. */
export const FRAME_BODY_LIMIT = 65_536;

export interface Frame {
  type: FrameType;
  sessionId: SessionId;
  body: Uint8Array;
}

/** The bytes of a frame. Throws FRAME_BAD_ARGUMENT when the body is over the limit. */
export function encodeFrame(frame: Frame): Uint8Array {
  if (frame.body.length > FRAME_BODY_LIMIT) {
    throw new ProtocolError('FRAME_BAD_ARGUMENT', `a frame body has at most ${FRAME_BODY_LIMIT} bytes`);
  }
  const { length } = frame.body;
  const bytes = new Uint8Array(FRAME_HEADER_BYTES + length);
  bytes[0] = frame.type;
  bytes.set(sessionIdBytes(frame.sessionId), 1);
  for (let i = 0; i < 3; i++) bytes[1 + SESSION_ID_BYTES + i] = length >> (16 - 8 * i);
  bytes.set(frame.body, FRAME_HEADER_BYTES);
  return bytes;
}

const isKnown = (type: number) => type in FrameType;

/** Whether the body of such a frame holds secrets: it is wiped once it is read. */
export const bearsSecrets = (type: FrameType): boolean => SECRET_TYPES.has(type);

const SECRET_TYPES: ReadonlySet<FrameType> = new Set([
  FrameType.Deliver,
  FrameType.Resumption,
  FrameType.CipherChanged,
  FrameType.Release,
  FrameType.Subscribe,
]);

/**
 * Cuts a byte stream into frames, however it is chopped. Holds one unfinished frame at most, skips frames of types
 * that it does not know without keeping them, and after an error accepts nothing more.
 */
export class FrameDecoder {
  #header = new Uint8Array(FRAME_HEADER_BYTES);
  #headerLength = 0;
  #body: Uint8Array | undefined;
  #bodyLength = 0;
  /** Bytes of an unknown frame that are still to be skipped. */
  #skip = 0;
  #failed = false;

  /** Frames completed by `bytes`, in order. Throws ProtocolError. */
  push(bytes: Uint8Array): Frame[] {
    if (this.#failed) {
      throw new ProtocolError('FRAME_AFTER_ERROR', 'this stream of frames has failed before');
    }
    const frames: Frame[] = [];
    let at = 0;
    while (at < bytes.length) {
      if (this.#skip > 0) {
        const skipped = Math.min(this.#skip, bytes.length - at);
        this.#skip -= skipped;
        at += skipped;
      } else if (this.#body === undefined) {
        const taken = bytes.subarray(at, at + FRAME_HEADER_BYTES - this.#headerLength);
        this.#header.set(taken, this.#headerLength);
        this.#headerLength += taken.length;
        at += taken.length;
        if (this.#headerLength === FRAME_HEADER_BYTES) this.#onHeader(frames);
      } else {
        const taken = bytes.subarray(at, at + this.#body.length - this.#bodyLength);
        this.#body.set(taken, this.#bodyLength);
        this.#bodyLength += taken.length;
        at += taken.length;
        if (this.#bodyLength === this.#body.length) this.#onBody(frames, this.#body);
      }
    }
    return frames;
  }

  /** Throws FRAME_TRUNCATED if the stream ended inside a frame. */
  end(): void {
    if (this.#headerLength > 0 || this.#skip > 0) {
      this.wipe();
      throw new ProtocolError('FRAME_TRUNCATED', 'the main session ended inside a frame');
    }
  }

  /** Forgets a half-read frame: it may be a delivery. The decoder takes nothing more. */
  wipe(): void {
    this.#body?.fill(0);
    this.#body = undefined;
    this.#failed = true;
  }

  #onHeader(frames: Frame[]): void {
    const length = new FieldReader(this.#header, 1 + SESSION_ID_BYTES).u24();
    if (length > FRAME_BODY_LIMIT) {
      this.wipe();
      throw new ProtocolError('FRAME_TOO_LONG', `a frame of ${length} bytes exceeds ${FRAME_BODY_LIMIT}`);
    }
    if (!isKnown(this.#header[0]!)) {
      this.#skip = length;
      this.#headerLength = 0;
      return;
    }
    this.#body = new Uint8Array(length);
    this.#bodyLength = 0;
    if (length === 0) this.#onBody(frames, this.#body);
  }

  #onBody(frames: Frame[], body: Uint8Array): void {
    const sessionId = sessionIdOf(this.#header.subarray(1, 1 + SESSION_ID_BYTES));
    frames.push({ type: this.#header[0]! as FrameType, sessionId, body });
    this.#headerLength = 0;
    this.#body = undefined;
  }
}
