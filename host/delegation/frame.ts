// The two envelopes of the main session. A control frame: type, internal session id, length, body; one is one message. A
// stream frame, whose type has the top bit set: type, stream number, length, body.
import { FieldReader } from './bytes.js';
import { ProtocolError } from './error.js';
import { secretBytes } from './secret_bytes.js';
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
  Device = 17,
  Manage = 18,
  Managed = 19,
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

/** From here on a type is that of a stream frame. */
const STREAM_TYPES = 0x80;

export enum StreamFrameType {
  /** Bytes of the stream. */
  Data = 0x80,
  /** No more bytes follow in this direction. */
  End,
  /** The stream is over in both directions, whatever was under way. */
  Reset,
  /** So many more bytes may be sent. */
  Credit,
  /** As DATA, of what was written at once and goes on in the next frame of the stream. */
  Part,
}

/** type u8, stream number u32, length u16. */
export const STREAM_HEADER_BYTES = 7;

/** Content in one frame: a control frame never waits longer than for one of these. */
export const STREAM_BODY_LIMIT = 4096;

export interface StreamFrame {
  type: StreamFrameType;
  /** Given out by the client. 0 is the connection itself, for CREDIT alone. */
  stream: number;
  body: Uint8Array;
}

export type AnyFrame = Frame | StreamFrame;

/** What only conduits carry, or only the main session: the top bit of the type tells. */
export const isStreamFrame = (frame: AnyFrame): frame is StreamFrame => 'stream' in frame;

/** The bytes of a frame. Throws FRAME_BAD_ARGUMENT when the body is over the limit. */
export function encodeFrame(frame: Frame): Uint8Array {
  if (frame.body.length > FRAME_BODY_LIMIT) {
    throw new ProtocolError('FRAME_BAD_ARGUMENT', `a frame body has at most ${FRAME_BODY_LIMIT} bytes`);
  }
  const { length } = frame.body;
  const bytes = secretBytes(FRAME_HEADER_BYTES + length);
  bytes[0] = frame.type;
  bytes.set(sessionIdBytes(frame.sessionId), 1);
  for (let i = 0; i < 3; i++) bytes[1 + SESSION_ID_BYTES + i] = length >> (16 - 8 * i);
  bytes.set(frame.body, FRAME_HEADER_BYTES);
  return bytes;
}

/** Writes the header of a stream frame at `at`. */
export function writeStreamHeader(
  out: Uint8Array,
  at: number,
  type: StreamFrameType,
  stream: number,
  length: number,
): void {
  out[at] = type;
  out[at + 1] = stream >>> 24;
  out[at + 2] = stream >>> 16;
  out[at + 3] = stream >>> 8;
  out[at + 4] = stream;
  out[at + 5] = length >>> 8;
  out[at + 6] = length;
}

/** The bytes of a stream frame. Throws FRAME_BAD_ARGUMENT when the body is over the limit. */
export function encodeStreamFrame({ type, stream, body }: StreamFrame): Uint8Array {
  if (body.length > STREAM_BODY_LIMIT) {
    throw new ProtocolError('FRAME_BAD_ARGUMENT', `a stream frame has at most ${STREAM_BODY_LIMIT} bytes`);
  }
  const bytes = new Uint8Array(STREAM_HEADER_BYTES + body.length);
  writeStreamHeader(bytes, 0, type, stream, body.length);
  bytes.set(body, STREAM_HEADER_BYTES);
  return bytes;
}

const isKnown = (type: number) => type in FrameType || type in StreamFrameType;

/** Whether the body of such a frame holds secrets: it is wiped once it is read. */
export const bearsSecrets = (type: FrameType): boolean => SECRET_TYPES.has(type);

const SECRET_TYPES: ReadonlySet<FrameType> = new Set([
  FrameType.Deliver,
  FrameType.Resumption,
  FrameType.CipherChanged,
  FrameType.Release,
  FrameType.Subscribe,
]);

/** Whether such a frame marks a place among the bytes of its session's stream: there records end, or begin again. */
export const keepsPlace = (type: FrameType): boolean => PLACED_TYPES.has(type);

const PLACED_TYPES: ReadonlySet<FrameType> = new Set([
  FrameType.Deliver,
  FrameType.Active,
  FrameType.Revoke,
  FrameType.Returned,
]);

/**
 * Cuts a byte stream into frames, however it is chopped. Holds one unfinished frame at most, skips frames of types
 * that it does not know without keeping them, and after an error accepts nothing more.
 */
export class FrameDecoder {
  #header = new Uint8Array(FRAME_HEADER_BYTES);
  #headerLength = 0;
  /** Of the frame whose header is being read. */
  #headerWants = FRAME_HEADER_BYTES;
  #body: Uint8Array | undefined;
  #bodyLength = 0;
  /** Bytes of an unknown frame that are still to be skipped. */
  #skip = 0;
  #failed = false;

  /** Frames completed by `bytes`, in order. Throws ProtocolError. */
  push(bytes: Uint8Array): AnyFrame[] {
    if (this.#failed) {
      throw new ProtocolError('FRAME_AFTER_ERROR', 'this stream of frames has failed before');
    }
    const frames: AnyFrame[] = [];
    let at = 0;
    while (at < bytes.length) {
      if (this.#skip > 0) {
        const skipped = Math.min(this.#skip, bytes.length - at);
        this.#skip -= skipped;
        at += skipped;
      } else if (this.#body === undefined) {
        if (this.#headerLength === 0) {
          this.#headerWants = bytes[at]! < STREAM_TYPES ? FRAME_HEADER_BYTES : STREAM_HEADER_BYTES;
        }
        const taken = bytes.subarray(at, at + this.#headerWants - this.#headerLength);
        this.#header.set(taken, this.#headerLength);
        this.#headerLength += taken.length;
        at += taken.length;
        if (this.#headerLength === this.#headerWants) this.#onHeader(frames);
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

  #onHeader(frames: AnyFrame[]): void {
    const isStream = this.#header[0]! >= STREAM_TYPES;
    const field = new FieldReader(this.#header, isStream ? 5 : 1 + SESSION_ID_BYTES);
    const length = isStream ? field.u16() : field.u24();
    const limit = isStream ? STREAM_BODY_LIMIT : FRAME_BODY_LIMIT;
    if (length > limit) {
      this.wipe();
      throw new ProtocolError('FRAME_TOO_LONG', `a frame of ${length} bytes exceeds ${limit}`);
    }
    if (!isKnown(this.#header[0]!)) {
      this.#skip = length;
      this.#headerLength = 0;
      return;
    }
    this.#body = secretBytes(length);
    this.#bodyLength = 0;
    if (length === 0) this.#onBody(frames, this.#body);
  }

  #onBody(frames: AnyFrame[], body: Uint8Array): void {
    const type = this.#header[0]!;
    if (type >= STREAM_TYPES) {
      frames.push({ type, stream: new FieldReader(this.#header, 1).u32(), body });
    } else {
      const sessionId = sessionIdOf(this.#header.subarray(1, 1 + SESSION_ID_BYTES));
      frames.push({ type, sessionId, body });
    }
    this.#headerLength = 0;
    this.#body = undefined;
  }
}
