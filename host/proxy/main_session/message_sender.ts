// What the proxy says on a main session: messages at once, receipts gathered.
import type { TLSSocket } from 'node:tls';
import { FrameType } from '../../delegation/frame.js';
import type { Message } from '../../delegation/message.js';
import { encodeMessage } from '../../delegation/message_body.js';

/** Milliseconds for which receipts are gathered: one record for many. */
const RECEIPT_DELAY = 10;
const RECEIPTS_AT_ONCE = 128;

export class MessageSender {
  readonly #socket: TLSSocket;
  readonly #receipts: Uint8Array[] = [];
  readonly #unreadBytes: number;
  #receiptTimer: NodeJS.Timeout | undefined;

  /** `unreadBytes`: more of them may not wait for the client. */
  constructor(socket: TLSSocket, unreadBytes: number) {
    this.#socket = socket;
    this.#unreadBytes = unreadBytes;
  }

  send(message: Message): void {
    if (this.#socket.destroyed || this.#socket.writableEnded) return;
    const bytes = encodeMessage(message);
    // Of all messages only receipts are many, and nobody waits for one.
    if (message.type === FrameType.Receipt) this.#gather(bytes);
    else {
      this.#flush();
      this.#socket.write(bytes);
    }
    // Messages are small and none waits for another: a client that reads none of them is gone.
    if (this.#socket.writableLength > this.#unreadBytes) this.#socket.destroy();
  }

  #gather(receipt: Uint8Array): void {
    this.#receipts.push(receipt);
    if (this.#receipts.length >= RECEIPTS_AT_ONCE) this.#flush();
    else this.#receiptTimer ??= setTimeout(() => this.#flush(), RECEIPT_DELAY);
  }

  #flush(): void {
    clearTimeout(this.#receiptTimer);
    this.#receiptTimer = undefined;
    const receipts = this.#receipts.splice(0);
    if (receipts.length > 0 && !this.#socket.destroyed) this.#socket.write(Buffer.concat(receipts));
  }

  end(): void {
    this.#flush();
    this.#socket.end();
  }
}
