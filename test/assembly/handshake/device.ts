// A connection of client.wasm as a test sees it: options in, bytes in, bytes out, over a socket or by hand.
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { ErrorCode } from '../../../assembly/alert.js';
import { Flag } from '../../../assembly/handshake/protocol.js';
import type { Bench } from '../bench.js';

export interface DeviceOptions {
  serverName?: string;
  /** DER of the roots. */
  roots?: Uint8Array[];
  unixTime?: number;
  alpn?: string[];
  /** Old versions and weak algorithms too. */
  legacy?: boolean;
  versions?: [number, number];
  suites?: number[];
  groups?: number[];
  /** Group of the first key share. */
  share?: number;
  clientCertificate?: { chainDer: Uint8Array[]; keyDer: Uint8Array };
  session?: Uint8Array;
  recordLimit?: number;
}

const shorts = (numbers: number[]) => new Uint8Array(numbers.flatMap((n) => [n >> 8, n & 255]));

/** DER certificates, each after its length in three bytes. */
export const certificateList = (ders: Uint8Array[]) =>
  Buffer.concat(ders.flatMap((der) => [Buffer.from([0, der.length >> 8, der.length & 255]), der]));

export class DeviceError extends Error {
  constructor(
    readonly code: number,
    during: string,
  ) {
    super(
      `${during}: ${code > ErrorCode.PeerAlert ? (ErrorCode[code] ?? code) : `peer's alert or end ${code}`}`,
    );
  }
}

export class Device {
  readonly pointer: number;
  readonly #trust: number;

  constructor(
    readonly bench: Bench,
    options: DeviceOptions = {},
  ) {
    const entropy = crypto.getRandomValues(new Uint8Array(48));
    this.#with(entropy, (p, n) => this.#call('seed', p, n));
    this.#trust = bench.exports.trustNew!();
    try {
      for (const der of options.roots ?? [])
        this.#with(der, (p, n) => this.#check('trustAdd', bench.exports.trustAdd!(this.#trust, p, n)));
    } catch (error) {
      bench.exports.trustFree!(this.#trust);
      throw error;
    }
    this.pointer = bench.exports.connectionNew!();
    try {
      if (this.pointer === 0) throw new DeviceError(ErrorCode.NoMemory, 'connectionNew');
      this.#configure(options);
    } catch (error) {
      this.free();
      throw error;
    }
  }

  #configure(options: DeviceOptions): void {
    const set = (name: string, bytes: Uint8Array, divisor = 1) =>
      this.#with(bytes, (p, n) => this.#check(name, this.#own(name, p, n / divisor)));
    set('configureServerName', Buffer.from(options.serverName ?? 'origin.test'));
    this.#check('configureTrust', this.#own('configureTrust', this.#trust));
    this.#check(
      'configureTime',
      this.#own('configureTime', options.unixTime ?? Math.floor(Date.now() / 1000)),
    );
    if (options.alpn)
      set(
        'configureAlpn',
        Buffer.concat(options.alpn.map((p) => Buffer.from([p.length, ...Buffer.from(p)]))),
      );
    if (options.legacy) this.#check('configureLegacy', this.#own('configureLegacy', 1));
    if (options.recordLimit)
      this.#check('recordLimit', this.#own('configureRecordLimit', options.recordLimit));
    if (options.versions)
      this.#check('configureVersions', this.#own('configureVersions', ...options.versions));
    if (options.suites) set('configureSuites', shorts(options.suites), 2);
    if (options.groups) set('configureGroups', shorts(options.groups), 2);
    if (options.share) this.#check('configureShare', this.#own('configureShare', options.share));
    if (options.session) set('configureSession', options.session);
    const own = options.clientCertificate;
    if (!own) return;
    this.#with(certificateList(own.chainDer), (p, n) =>
      this.#with(own.keyDer, (kp, kn) =>
        this.#check('configureClientCertificate', this.#own('configureClientCertificate', p, n, kp, kn)),
      ),
    );
  }

  #call(name: string, ...args: number[]): number {
    return this.bench.exports[name]!(...args);
  }

  #own(name: string, ...args: number[]): number {
    return this.#call(name, this.pointer, ...args);
  }

  #check(during: string, result: number): number {
    if (result < 0) throw new DeviceError(result, during);
    return result;
  }

  #with<T>(bytes: Uint8Array, use: (pointer: number, length: number) => T): T {
    const pointer = this.#call('allocate', bytes.length + 16);
    if (pointer === 0) throw new DeviceError(ErrorCode.NoMemory, 'allocate');
    this.bench.program.memory().set(bytes, pointer);
    try {
      return use(pointer, bytes.length);
    } finally {
      this.#call('release', pointer, bytes.length + 16);
    }
  }

  #out(length: number, use: (pointer: number) => number): Uint8Array {
    const pointer = this.#call('allocate', length);
    try {
      const written = use(pointer);
      return this.bench.get(pointer, Math.max(0, written));
    } finally {
      this.#call('release', pointer, length);
    }
  }

  /** The result of an export that takes the connection and numbers. */
  get(name: string, ...args: number[]): number {
    return this.#own(name, ...args);
  }

  /** Bytes that an export writes: its pointer argument comes after the connection, then `args`. */
  bytes(name: string, length: number, ...args: number[]): Uint8Array {
    return this.#out(length, (p) => this.#check(name, this.#own(name, p, ...args)));
  }

  has(flag: Flag): boolean {
    return (this.#own('flags') & flag) !== 0;
  }

  start(): this {
    this.#check('start', this.#own('start'));
    return this;
  }

  /** Everything that waits to be sent. */
  drain(): Uint8Array {
    const parts: Uint8Array[] = [];
    for (let length = this.#own('outputLength'); length > 0; length = this.#own('outputLength')) {
      parts.push(this.bench.get(this.#own('outputPending'), length));
      this.#check('outputSent', this.#own('outputSent', length));
    }
    return Buffer.concat(parts);
  }

  /** Feeds bytes and collects the plaintext that they hold; throws DeviceError. */
  feed(bytes: Uint8Array): Uint8Array {
    const plaintext: Uint8Array[] = [];
    for (let at = 0; at < bytes.length; ) {
      const room = Math.min(this.#own('inputRoomLength'), bytes.length - at);
      if (room <= 0) break; // closed: the rest is nobody's
      this.bench.program.memory().set(bytes.subarray(at, at + room), this.#own('inputRoom'));
      at += room;
      this.#check('inputReceived', this.#own('inputReceived', room));
      const ready = this.#own('plaintextLength');
      if (ready <= 0) continue;
      plaintext.push(this.bench.get(this.#own('plaintextReady'), ready));
      this.#check('plaintextTaken', this.#own('plaintextTaken', ready));
    }
    return Buffer.concat(plaintext);
  }

  /** Seals `plaintext` and returns the records. */
  write(plaintext: Uint8Array): Uint8Array {
    const records: Uint8Array[] = [];
    for (let at = 0; at < plaintext.length; ) {
      const room = Math.min(this.#own('plaintextRoomLength'), plaintext.length - at);
      if (room <= 0) throw new Error('no room for plaintext');
      this.bench.program.memory().set(plaintext.subarray(at, at + room), this.#own('plaintextRoom'));
      this.#check('plaintextWritten', this.#own('plaintextWritten', room));
      at += room;
      records.push(this.drain());
    }
    return Buffer.concat(records);
  }

  close(): Uint8Array {
    this.#check('close', this.#own('close'));
    return this.drain();
  }

  keyUpdate(requestPeer: boolean): Uint8Array {
    this.#check('keyUpdate', this.#own('keyUpdate', requestPeer ? 1 : 0));
    return this.drain();
  }

  session(): Uint8Array | undefined {
    const block = this.bytes('sessionTake', 4800, 4800);
    return block.length > 0 ? block : undefined;
  }

  deliver(grant: number): Uint8Array {
    return this.#out(256, (p) => this.#check('deliver', this.#own('deliver', grant, p, 256)));
  }

  commitment(ahead: number): Uint8Array {
    return this.#out(32, (p) => this.#check('observedCommit', this.#own('observedCommit', ahead, p, 32)));
  }

  deliverHandshake(): Uint8Array {
    return this.#out(256, (p) => this.#check('deliverHandshake', this.#own('deliverHandshake', p, 256)));
  }

  exporter(label: string, context: Uint8Array | undefined, length: number): Uint8Array {
    return this.#with(Buffer.from(label), (lp, ln) =>
      this.#with(context ?? new Uint8Array(0), (cp, cn) =>
        this.#out(length, (out) => {
          this.#check('exporter', this.#own('exporter', lp, ln, context ? cp : 0, cn, out, length));
          return length;
        }),
      ),
    );
  }

  alpn(): string {
    return Buffer.from(this.bytes('negotiatedAlpn', 256, 256)).toString();
  }

  free(): void {
    this.#call('connectionFree', this.pointer);
    this.#call('trustFree', this.#trust);
  }
}

/** A device at one end of a TCP connection to a real server. */
export class Call {
  received = Buffer.alloc(0);
  error: DeviceError | undefined;
  ended = false;
  #wake: () => void = () => {};

  private constructor(
    readonly device: Device,
    readonly socket: Socket,
  ) {
    socket.on('data', (bytes) => this.#onData(bytes));
    socket.on('error', () => {});
    socket.on('close', () => {
      this.ended = true;
      this.#wake();
    });
  }

  static async open(device: Device, port: number): Promise<Call> {
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    const call = new Call(device, socket);
    device.start();
    call.flush();
    return call;
  }

  #onData(bytes: Uint8Array): void {
    try {
      if (!this.error) this.received = Buffer.concat([this.received, this.device.feed(bytes)]);
    } catch (error) {
      if (!(error instanceof DeviceError)) throw error;
      this.error = error;
    }
    this.flush();
    this.#wake();
  }

  /** Sends what waits in the device. */
  flush(): void {
    const bytes = this.device.drain();
    if (bytes.length > 0 && !this.socket.destroyed) this.socket.write(bytes);
  }

  /** Waits until `condition` holds; throws the device's error, or where the server left. */
  async until(condition: () => boolean, what: string): Promise<void> {
    while (!condition()) {
      if (this.error) throw this.error;
      if (this.ended) throw new Error(`the server left before: ${what}`);
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  async handshake(): Promise<this> {
    await this.until(() => this.device.has(Flag.HandshakeDone), 'handshake');
    return this;
  }

  write(text: string): void {
    this.socket.write(this.device.write(Buffer.from(text)));
  }

  /** Waits for text in what the server sent. */
  async expectText(text: string): Promise<void> {
    await this.until(() => this.received.includes(text), `text ${text}`);
  }

  close(): void {
    this.socket.destroy();
    this.device.free();
  }
}
