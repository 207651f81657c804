// All streams of one main session, and its control frames, in the order in which they go out: control first, then the
// streams by turns. No sockets: bytes and frames in, bytes out.
import { FieldReader } from '../bytes.js';
import { type DeputyError, ProtocolError } from '../error.js';
import {
  encodeStreamFrame,
  STREAM_BODY_LIMIT,
  STREAM_HEADER_BYTES,
  type StreamFrame,
  StreamFrameType,
  writeStreamHeader,
} from '../frame.js';
import { joined } from '../secret_bytes.js';
import { decodeUtf8, encodeUtf8 } from '../text.js';
import { Pieces } from './pieces.js';
import { type Mark, Stream, type StreamCarrier } from './stream.js';
import { CREDIT_FLOOR, CREDIT_LIMIT, ReceiveWindow, STREAM_CREDIT } from './window.js';

/** Of one main session at once, and all that it ever has (their numbers are not used again). */
const STREAMS_LIMIT = 1024;
const NUMBERS_LIMIT = 0x7fff_ffff;

/** Bytes of a RESET's code. */
const CODE_LIMIT = 64;

export interface MultiplexerOptions {
  /** Takes a stream that the peer opened; absent at the client, which alone opens them. */
  onStream?: (stream: Stream) => void;
  /** There is something to `take`. */
  onPending: () => void;
  /** Milliseconds, steadily. */
  now: () => number;
  /** Bytes that may come ahead of their readers, of one stream and of all. */
  windowLimit?: number;
  /** Streams that the peer may have open. */
  streams?: number;
}

/** Unless told: enough for a fast line, and bounded for one who reads late. */
const WINDOW_LIMIT = 262_144;

export class Multiplexer implements StreamCarrier {
  readonly #options: MultiplexerOptions;
  readonly #streams = new Map<number, Stream>();
  /** Streams that may have something to send, in turn. */
  readonly #turns = new Set<Stream>();
  #control: Uint8Array[] = [];
  #controlBytes = 0;
  #credit = CREDIT_FLOOR;
  readonly #window: ReceiveWindow;
  #lastNumber = 0;
  #lost: DeputyError | undefined;

  constructor(options: MultiplexerOptions) {
    this.#options = options;
    this.#window = this.#newWindow(CREDIT_FLOOR);
  }

  /** Open streams. */
  get size(): number {
    return this.#streams.size;
  }

  /** Bytes of control frames that wait to be sent. */
  get controlBytes(): number {
    return this.#controlBytes;
  }

  /** A new stream of ours. Throws STREAM_LIMIT. */
  open(): Stream {
    if (this.#lost !== undefined) throw this.#lost;
    if (this.#streams.size >= STREAMS_LIMIT || this.#lastNumber >= NUMBERS_LIMIT) {
      throw new ProtocolError('STREAM_LIMIT', 'this main session has as many streams as it can have');
    }
    return this.#add(++this.#lastNumber);
  }

  /** Queues a control frame: it overtakes all that streams have to send. Wiped when it is taken. */
  send(frame: Uint8Array): void {
    this.#control.push(frame);
    this.#controlBytes += frame.length;
    this.#options.onPending();
  }

  /** Takes a frame of the peer. Throws ProtocolError where the connection can't go on; a stream's fault ends that stream. */
  receive({ type, stream: number, body }: StreamFrame): void {
    switch (type) {
      case StreamFrameType.Data:
      case StreamFrameType.Part:
        this.#onData(number, body, type === StreamFrameType.Part);
        return;
      case StreamFrameType.End:
        if (body.length > 0) throw malformed('an END has no body');
        this.#streams.get(number)?.onEnd();
        return;
      case StreamFrameType.Reset:
        this.#streams.get(number)?.onReset(readCode(body));
        return;
      case StreamFrameType.Credit:
        this.#onCredit(number, body);
        return;
    }
  }

  /**
   * What goes out next, in one piece of a few KiB at most; undefined for nothing. The caller wipes it when it is sent:
   * it may hold a delivery.
   */
  take(): Uint8Array | undefined {
    const pieces: Uint8Array[] = this.#control;
    let length = this.#controlBytes;
    this.#control = [];
    this.#controlBytes = 0;
    while (length < STREAM_BODY_LIMIT) {
      const piece = this.#next(STREAM_BODY_LIMIT - length);
      if (piece === undefined) break;
      pieces.push(piece);
      length += piece.length;
    }
    return inOne(pieces);
  }

  /** The same of control frames alone. */
  takeControl(): Uint8Array | undefined {
    const frames = this.#control;
    this.#control = [];
    this.#controlBytes = 0;
    return inOne(frames);
  }

  /** The connection is gone: all streams end with it. */
  lose(error: DeputyError): void {
    if (this.#lost !== undefined) return;
    this.#lost = error;
    for (const stream of [...this.#streams.values()]) stream.onLost(error);
    for (const frame of this.#control) frame.fill(0);
    this.#control = [];
    this.#controlBytes = 0;
  }

  onPending(stream: Stream): void {
    this.#turns.add(stream);
    this.#options.onPending();
  }

  reset(stream: Stream, code: string, marks: Mark[]): void {
    for (const { frame } of marks) this.send(frame);
    this.#sendReset(stream.number, code);
  }

  giveCredit({ number }: Stream, bytes: number): void {
    this.#sendCredit(number, bytes);
  }

  onClosed(stream: Stream): void {
    if (this.#streams.get(stream.number) === stream) this.#streams.delete(stream.number);
    this.#turns.delete(stream);
  }

  #onData(number: number, body: Uint8Array, goesOn: boolean): void {
    if (number === 0 || body.length === 0) throw malformed('a DATA frame is empty or names no stream');
    if (!this.#window.take(body.length)) {
      throw new ProtocolError('STREAM_CREDIT', 'more bytes came than the connection had credit for');
    }
    // What has come is off the link: it counts for the stream alone from here on.
    const credit = this.#window.give(body.length);
    if (credit > 0) this.#sendCredit(0, credit);
    this.#known(number)?.onData(body, goesOn);
  }

  #onCredit(number: number, body: Uint8Array): void {
    if (body.length !== 4) throw malformed('a CREDIT holds one number');
    const bytes = new FieldReader(body).u32();
    if (number > 0) {
      this.#streams.get(number)?.onCredit(Math.min(bytes, CREDIT_LIMIT + 1));
      return;
    }
    this.#credit += bytes;
    if (this.#credit > CREDIT_LIMIT) {
      throw new ProtocolError('STREAM_CREDIT', 'the connection has too much credit');
    }
    if (this.#turns.size > 0) this.#options.onPending();
  }

  /** The stream of that number, opened where the peer may do so. Undefined where it is over, or was never there. */
  #known(number: number): Stream | undefined {
    const stream = this.#streams.get(number);
    if (stream !== undefined || number <= this.#lastNumber) return stream;
    const { onStream, streams = STREAMS_LIMIT } = this.#options;
    if (onStream === undefined || number > NUMBERS_LIMIT) {
      this.#sendReset(number, 'STREAM_UNKNOWN');
      return undefined;
    }
    this.#lastNumber = number;
    if (this.#streams.size >= streams) {
      this.#sendReset(number, 'STREAM_LIMIT');
      return undefined;
    }
    const opened = this.#add(number);
    onStream(opened);
    return opened;
  }

  #add(number: number): Stream {
    const window = this.#newWindow(STREAM_CREDIT);
    // Who shows pages wants bytes as they come; who seals them anew wants them as they were written.
    const pieces = this.#options.onStream && new Pieces();
    const stream = new Stream(number, this, { window, credit: STREAM_CREDIT, ...(pieces && { pieces }) });
    this.#streams.set(number, stream);
    return stream;
  }

  #newWindow(floor: number): ReceiveWindow {
    const { now, windowLimit = WINDOW_LIMIT } = this.#options;
    return new ReceiveWindow({ floor, limit: Math.max(floor, windowLimit), now });
  }

  /** The next frame of the stream whose turn it is. */
  #next(room: number): Uint8Array | undefined {
    for (let left = this.#turns.size; left > 0; left--) {
      const [stream] = this.#turns;
      if (stream === undefined) return undefined;
      // Behind the others for its next turn.
      this.#turns.delete(stream);
      const frame = this.#frameOf(stream, room);
      // One that waits for credit of its own is called when that comes; what all share comes for all.
      if (frame !== undefined || stream.waitsForConnection) this.#turns.add(stream);
      if (frame !== undefined) return frame;
    }
    return undefined;
  }

  #frameOf(stream: Stream, room: number): Uint8Array | undefined {
    const mark = stream.takeMark();
    if (mark !== undefined) return mark;
    const taken = stream.takeData(Math.min(room, this.#credit));
    if (taken !== undefined) {
      const { data, goesOn } = taken;
      this.#credit -= data.length;
      const frame = new Uint8Array(STREAM_HEADER_BYTES + data.length);
      const type = goesOn ? StreamFrameType.Part : StreamFrameType.Data;
      writeStreamHeader(frame, 0, type, stream.number, data.length);
      frame.set(data, STREAM_HEADER_BYTES);
      return frame;
    }
    if (!stream.takeEnd()) return undefined;
    const { number } = stream;
    stream.onEndSent();
    return encodeStreamFrame({ type: StreamFrameType.End, stream: number, body: NOTHING });
  }

  #sendReset(stream: number, code: string): void {
    const text = encodeUtf8(code);
    const body = new Uint8Array(1 + text.length);
    body[0] = text.length;
    body.set(text, 1);
    this.send(encodeStreamFrame({ type: StreamFrameType.Reset, stream, body }));
  }

  #sendCredit(stream: number, bytes: number): void {
    const body = new Uint8Array(4);
    new DataView(body.buffer).setUint32(0, bytes);
    this.send(encodeStreamFrame({ type: StreamFrameType.Credit, stream, body }));
  }
}

/** In one piece; the pieces are wiped. */
function inOne(pieces: Uint8Array[]): Uint8Array | undefined {
  if (pieces.length <= 1) return pieces[0];
  const whole = joined(pieces);
  for (const piece of pieces) piece.fill(0);
  return whole;
}

const NOTHING = new Uint8Array(0);

const malformed = (text: string) => new ProtocolError('FRAME_BAD_FIELD', text);

/** A code as ERROR has it. */
function readCode(body: Uint8Array): string {
  const length = body[0] ?? 0;
  const code = body.length === 1 + length && length <= CODE_LIMIT ? decodeUtf8(body.subarray(1)) : '';
  if (!/^[A-Z0-9_]+$/.test(code)) throw malformed('the code of a RESET is malformed');
  return code;
}
