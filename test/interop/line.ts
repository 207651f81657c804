// A session of the device program with a real server, record by record, for tests that stand between the two.
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { Flag } from '../../assembly/handshake/protocol.js';
import { Device, DeviceError, type DeviceOptions } from '../assembly/handshake/device.js';
import { programs } from '../assembly/programs.js';

const [, bench] = (await programs('client'))[0]!;

/** A session with a real server, record by record. */
export class Line {
  readonly device: Device;
  #bytes = Buffer.alloc(0);
  #wake: () => void = () => {};
  ended = false;

  private constructor(
    readonly socket: Socket,
    options: DeviceOptions,
  ) {
    this.device = new Device(bench, { serverName: 'localhost', alpn: ['http/1.1'], ...options });
    socket.on('data', (bytes) => {
      this.#bytes = Buffer.concat([this.#bytes, bytes]);
      this.#wake();
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      this.ended = true;
      this.#wake();
    });
  }

  static async open(port: number, options: DeviceOptions): Promise<Line> {
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    const line = new Line(socket, options);
    line.device.start();
    line.flush();
    while (!line.device.has(Flag.HandshakeDone)) {
      line.device.feed((await line.record())!);
      line.flush();
    }
    return line;
  }

  flush(): void {
    const bytes = this.device.drain();
    if (bytes.length > 0) this.socket.write(bytes);
  }

  /** The server's next record; undefined when it has closed. */
  async record(): Promise<Buffer | undefined> {
    for (;;) {
      const length = this.#bytes.length < 5 ? 5 : 5 + this.#bytes.readUInt16BE(3);
      if (this.#bytes.length >= length) {
        const record = this.#bytes.subarray(0, length);
        this.#bytes = this.#bytes.subarray(length);
        return Buffer.from(record);
      }
      if (this.ended) return undefined;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** Reads to the end, or to the error in which that ends. */
  async drain(): Promise<DeviceError | undefined> {
    try {
      for (let record = await this.record(); record !== undefined; record = await this.record()) {
        this.device.feed(record);
        this.flush();
      }
      return undefined;
    } catch (error) {
      if (error instanceof DeviceError) return error;
      throw error;
    }
  }

  close(): void {
    this.socket.destroy();
    this.device.free();
  }
}
