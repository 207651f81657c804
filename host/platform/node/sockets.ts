// TCP by node:net, as a Transport with back-pressure in both directions.
import { connect as connectSocket, type Socket } from 'node:net';
import type { CancelSignal, Transport } from '../platform.js';

/** Bytes kept for a slow reader before the socket is paused. */
const READ_AHEAD = 65_536;

/** Opens TCP to `host:port`. Rejects with Node's error, or with the signal's reason. */
export function connect(host: string, port: number, signal?: CancelSignal): Promise<Transport> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const socket = connectSocket({ host, port, noDelay: true });
    const onAbort = () => {
      socket.destroy();
      reject(signal!.reason);
    };
    const settle = () => signal?.removeEventListener('abort', onAbort);
    signal?.addEventListener('abort', onAbort);
    socket.once('error', (error) => {
      settle();
      reject(error);
    });
    socket.once('connect', () => {
      settle();
      socket.removeAllListeners('error');
      resolve(new SocketTransport(socket));
    });
  });
}

/** A connected socket as a Transport. Also for sockets that a server accepted. */
export class SocketTransport implements Transport {
  readonly #socket: Socket;
  #chunks: Uint8Array[] = [];
  #waiting = 0;
  #ended = false;
  #error: Error | undefined;
  #wake: (() => void) | undefined;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (chunk) => {
      const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
      this.#chunks.push(bytes);
      this.#waiting += bytes.length;
      if (this.#waiting >= READ_AHEAD) socket.pause();
      this.#wake?.();
    });
    socket.on('end', () => this.#finish());
    socket.on('error', (error) => this.#finish(error));
    socket.on('close', () => this.#finish());
  }

  async read(): Promise<Uint8Array | undefined> {
    while (this.#chunks.length === 0) {
      if (this.#error) throw this.#error;
      if (this.#ended) return undefined;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#wake = undefined;
    }
    const chunk = this.#chunks.shift()!;
    this.#waiting -= chunk.length;
    if (this.#waiting < READ_AHEAD) this.#socket.resume();
    return chunk;
  }

  write(bytes: Uint8Array): Promise<void> {
    const socket = this.#socket;
    if (socket.destroyed || socket.writableEnded) {
      return Promise.reject(this.#error ?? new Error('the connection is closed'));
    }
    // Node keeps a reference until the bytes are out, and callers may wipe or reuse theirs.
    if (socket.write(bytes.slice())) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const settle = () => {
        socket.off('drain', onDrain);
        socket.off('close', onClose);
      };
      const onDrain = () => {
        settle();
        resolve();
      };
      const onClose = () => {
        settle();
        reject(this.#error ?? new Error('the connection closed before all was written'));
      };
      socket.on('drain', onDrain);
      socket.on('close', onClose);
    });
  }

  close(): void {
    const socket = this.#socket;
    if (socket.destroyed) return;
    // What is queued (a close_notify) still goes out; a peer that never takes it can't hold the socket for ever.
    socket.end(() => socket.destroy());
    const timer = setTimeout(() => socket.destroy(), 2000);
    timer.unref();
    socket.once('close', () => clearTimeout(timer));
    this.#finish();
  }

  #finish(error?: Error): void {
    this.#ended = true;
    this.#error ??= error;
    this.#wake?.();
  }
}
