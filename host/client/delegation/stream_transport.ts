// A stream of the main session as a Transport.
import { DeputyError } from '../../delegation/error.js';
import type { Stream } from '../../delegation/streams/stream.js';
import type { Transport } from '../../platform/platform.js';
import type { TlsFacts } from '../observer.js';

/** What the proxy's RESET says where it only broke off. */
const BROKEN_OFF = 'CLOSED';

export class StreamTransport implements Transport {
  constructor(
    private readonly stream: Stream,
    /** Of the main session. */
    readonly tls: TlsFacts,
    /** Why the main session ended; undefined while it is up. */
    private readonly ended: () => DeputyError | undefined,
  ) {}

  get number(): number {
    return this.stream.number;
  }

  read(): Promise<Uint8Array | undefined> {
    return this.stream.read().catch((error) => this.#explain(error));
  }

  write(bytes: Uint8Array): Promise<void> {
    // The caller may wipe or reuse its own.
    return this.stream.write(bytes.slice()).catch((error) => this.#explain(error));
  }

  end(): Promise<void> {
    return this.stream.end().catch((error) => this.#explain(error));
  }

  close(): void {
    this.stream.close();
  }

  /** Closes at once, whatever is queued. */
  abort(): void {
    this.stream.reset(BROKEN_OFF);
  }

  /** Queues a frame of the main session behind what was written before. False where nothing more can be. */
  mark(frame: Uint8Array): boolean {
    return this.stream.mark(frame);
  }

  hold(): void {
    this.stream.hold();
  }

  pass(): boolean {
    return this.stream.pass();
  }

  #explain(error: unknown): never {
    const ended = this.ended();
    if (ended !== undefined) throw ended;
    if ((error as DeputyError).code !== BROKEN_OFF) throw error;
    throw new DeputyError('TLS_TRUNCATED', 'the proxy broke the conduit off: what came may be cut short');
  }
}
