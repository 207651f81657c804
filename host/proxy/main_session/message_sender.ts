// What the proxy says on a main session, and the bytes of its streams: control frames first.
import type { TLSSocket } from 'node:tls';
import { FrameType, keepsPlace } from '../../delegation/frame.js';
import type { Message } from '../../delegation/message.js';
import { encodeMessage } from '../../delegation/message_body.js';
import type { SessionId } from '../../delegation/session_id.js';
import { Multiplexer } from '../../delegation/streams/multiplexer.js';
import type { Stream } from '../../delegation/streams/stream.js';

/** Milliseconds for which receipts are gathered: one record for many. */
const RECEIPT_DELAY = 10;
const RECEIPTS_AT_ONCE = 128;

/** Bytes that may wait in the socket: what waits there, no control frame can overtake. */
const SOCKET_AHEAD = 16_384;

export class MessageSender {
  readonly streams: Multiplexer;
  readonly #socket: TLSSocket;
  readonly #receipts: Uint8Array[] = [];
  readonly #unreadBytes: number;
  readonly #bySession = new Map<SessionId, Stream>();
  #receiptTimer: NodeJS.Timeout | undefined;
  #leaving = false;

  /** `unreadBytes`: more of control frames may not wait for the client. */
  constructor(socket: TLSSocket, unreadBytes: number, onStream: (stream: Stream) => void) {
    this.#socket = socket;
    this.#unreadBytes = unreadBytes;
    this.streams = new Multiplexer({
      onStream,
      onPending: () => this.#schedule(),
      now: () => performance.now(),
    });
  }

  /** The conduit of that session is `stream`: what marks a place in it goes the same way. */
  bind(sessionId: SessionId, stream: Stream): void {
    this.#bySession.set(sessionId, stream);
  }

  unbind(sessionId: SessionId): void {
    this.#bySession.delete(sessionId);
  }

  send(message: Message): void {
    if (this.#isOver()) return;
    const frame = encodeMessage(message);
    // Of all messages only receipts are many, and nobody waits for one.
    if (message.type === FrameType.Receipt) this.#gather(frame);
    else {
      this.#flush();
      const stream = keepsPlace(message.type) ? this.#bySession.get(message.sessionId) : undefined;
      if (!stream?.mark(frame)) this.streams.send(frame);
    }
    // Messages are small and none waits for another: a client that reads none of them is gone.
    if (this.streams.controlBytes + this.#socket.writableLength > this.#unreadBytes) this.#socket.destroy();
  }

  /** Sends what waits, and ends the connection in order. */
  end(): void {
    this.#flush();
    if (this.#isOver()) return;
    // What streams still have to say stays unsaid, for they end with the connection.
    const last = this.streams.takeControl();
    if (last !== undefined) this.#write(last);
    this.#socket.end();
  }

  #gather(receipt: Uint8Array): void {
    this.#receipts.push(receipt);
    if (this.#receipts.length >= RECEIPTS_AT_ONCE) this.#flush();
    else this.#receiptTimer ??= setTimeout(() => this.#flush(), RECEIPT_DELAY);
  }

  #flush(): void {
    clearTimeout(this.#receiptTimer);
    this.#receiptTimer = undefined;
    for (const receipt of this.#receipts.splice(0)) this.streams.send(receipt);
  }

  /** What is queued in one go leaves in one. */
  #schedule(): void {
    if (this.#leaving) return;
    this.#leaving = true;
    process.nextTick(() => {
      this.#leaving = false;
      this.#leave();
    });
  }

  #leave(): void {
    while (!this.#isOver() && this.#socket.writableLength < SOCKET_AHEAD) {
      const bytes = this.streams.take();
      if (bytes === undefined) return;
      this.#write(bytes);
    }
  }

  #write(bytes: Uint8Array): void {
    this.#socket.write(bytes, () => {
      bytes.fill(0);
      // Not on `drain`: it comes only where more waited than the socket's own mark, which may be above ours.
      this.#leave();
    });
  }

  #isOver(): boolean {
    return this.#socket.destroyed || this.#socket.writableEnded;
  }
}
