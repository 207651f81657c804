// A board's sockets as Transports.
import type { CancelSignal, Transport } from '../../host/platform/platform.js';
import type { Native, Socket } from './native.js';

/** All sockets of the client; `poll` moves what can be moved. */
export class Sockets {
  readonly #native: Pick<Native, 'connect'>;
  readonly #open = new Set<SocketTransport>();

  constructor(native: Pick<Native, 'connect'>) {
    this.#native = native;
  }

  /** Sockets that are being opened, are open, or still have bytes to send before they close. */
  get size(): number {
    return this.#open.size;
  }

  /** Opens TCP. Rejects with an Error whose message says why, or with the signal's reason. */
  connect(host: string, port: number, signal?: CancelSignal): Promise<Transport> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const onAbort = () => transport.fail(signal!.reason);
      signal?.addEventListener('abort', onAbort);
      const settle = (settled: () => void) => () => {
        signal?.removeEventListener('abort', onAbort);
        settled();
      };
      const transport: SocketTransport = new SocketTransport(this.#native.connect(host, port), {
        onOpen: settle(() => resolve(transport)),
        onFailed: (error) => settle(() => reject(error))(),
        onGone: () => this.#open.delete(transport),
      });
      this.#open.add(transport);
    });
  }

  poll(): void {
    for (const transport of this.#open) transport.poll();
  }
}

interface Handlers {
  onOpen(): void;
  onFailed(error: unknown): void;
  onGone(): void;
}

interface Queued {
  bytes: Uint8Array;
  sent: () => void;
  failed: (error: unknown) => void;
}

class SocketTransport implements Transport {
  readonly #socket: Socket;
  readonly #handlers: Handlers;
  #opening = true;
  #closed = false;
  #gone = false;
  #error: unknown;
  #queue: Queued[] = [];
  #reader: { resolve: (bytes: Uint8Array | undefined) => void; reject: (error: unknown) => void } | undefined;

  constructor(socket: Socket, handlers: Handlers) {
    this.#socket = socket;
    this.#handlers = handlers;
  }

  read(): Promise<Uint8Array | undefined> {
    return new Promise((resolve, reject) => {
      if (this.#closed) return resolve(undefined);
      this.#reader = { resolve, reject };
      this.#guard(() => this.#receive());
    });
  }

  write(bytes: Uint8Array): Promise<void> {
    return new Promise((sent, failed) => {
      if (this.#closed) return failed(this.#error ?? new Error('the connection is closed'));
      this.#guard(() => {
        const taken = this.#queue.length > 0 ? 0 : this.#socket.send(bytes);
        if (taken === bytes.length) return sent();
        // A copy: the caller may wipe or reuse its own.
        this.#queue.push({ bytes: bytes.slice(taken), sent, failed });
      });
      if (this.#error !== undefined) failed(this.#error);
    });
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#endRead();
    if (this.#queue.length === 0) this.#leave();
  }

  poll(): void {
    this.#guard(() => {
      if (this.#opening) {
        if (!this.#socket.connected()) return;
        this.#opening = false;
        this.#handlers.onOpen();
      }
      this.#send();
      if (this.#reader !== undefined) this.#receive();
    });
  }

  /** Ends the connection at once: what waits for it gets `error`. */
  fail(error: unknown): void {
    if (this.#gone) return;
    this.#closed = true;
    this.#error = error;
    if (this.#opening) this.#handlers.onFailed(error);
    this.#reader?.reject(error);
    this.#reader = undefined;
    for (const { failed } of this.#queue.splice(0)) failed(error);
    this.#leave();
  }

  #receive(): void {
    const bytes = this.#socket.receive();
    if (bytes === undefined) return;
    this.#reader?.resolve(bytes ?? undefined);
    this.#reader = undefined;
  }

  #send(): void {
    for (let next = this.#queue[0]; next !== undefined; next = this.#queue[0]) {
      const taken = this.#socket.send(next.bytes);
      if (taken < next.bytes.length) {
        next.bytes = next.bytes.subarray(taken);
        return;
      }
      this.#queue.shift();
      next.sent();
    }
    if (this.#closed) this.#leave();
  }

  #guard(run: () => void): void {
    if (this.#gone) return;
    try {
      run();
    } catch (error) {
      this.fail(error);
    }
  }

  #endRead(): void {
    this.#reader?.resolve(undefined);
    this.#reader = undefined;
  }

  #leave(): void {
    if (this.#gone) return;
    this.#gone = true;
    this.#socket.close();
    this.#handlers.onGone();
  }
}
