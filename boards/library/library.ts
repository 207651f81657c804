// The script of the library: what deputy.c asks for is done by the same client that runs in the firmware and in Node.
import { Client } from '../../host/client/client.js';
import type { ClientOptions } from '../../host/client/options.js';
import { type DeviceProfile, HANDHELD } from '../../host/delegation/device.js';
import { DeputyError } from '../../host/delegation/error.js';
import type { GrantName } from '../../host/delegation/grant.js';
import { isStartTls } from '../../host/delegation/start_tls.js';
import { Cancellation } from '../common/cancellation.js';
import type { Native } from '../common/native.js';
import { type BoardPlatform, boardPlatform } from '../common/platform.js';
import { statusOf } from './status.js';

/** Milliseconds until a handler that had no room, or nothing to say, is asked again. */
const PATIENCE = 20;
/** Bytes that a handler is asked for at once. */
const PIECE = 4096;
/** Milliseconds for the last bytes of closed connections to leave. */
const FAREWELL = 2500;

/** What exchange.c tells of an exchange. */
export interface Wish {
  method: string;
  url: string;
  /** Names and values by turns. */
  headers: string[];
  body?: Uint8Array;
  /** Whether the handler gives the body, in pieces. */
  isGiven: boolean;
}

export interface StreamWish {
  host: string;
  port: number;
  alpn: string[];
  startTls: string;
}

/** What deputy.c gives to the script. */
export interface LibraryNative {
  readonly options: Pick<ClientOptions, 'roots'> & {
    proxy?: ClientOptions['proxy'];
    profile?: DeviceProfile;
    undelegated: boolean;
    timeout: number;
  };
  decide(host: string, port: number, reason: string): 'deny' | GrantName;
  head(id: number, status: number, headers: string[]): void;
  /** How many of the bytes the handler took. */
  take(id: number, bytes: Uint8Array): number;
  /** Bytes to send; undefined for later, null for the end. */
  give(id: number, room: number): Uint8Array | undefined | null;
  end(id: number, status: number, code: string, message: string): void;
  /** The client is closed. */
  ended(): void;
  onCalls(calls: LibraryCalls): void;
}

/** What deputy.c calls. */
export interface LibraryCalls {
  fetch(id: number, wish: Wish): void;
  stream(id: number, wish: StreamWish): void;
  cancel(id: number): void;
  close(): void;
}

export class Library implements LibraryCalls {
  readonly #native: LibraryNative;
  readonly #platform: BoardPlatform;
  readonly #client: Client;
  readonly #running = new Map<number, Cancellation>();

  constructor(native: LibraryNative, platform: BoardPlatform) {
    const { roots, proxy, profile = HANDHELD, undelegated, timeout } = native.options;
    const wait = timeout > 0 ? timeout : undefined;
    this.#native = native;
    this.#platform = platform;
    this.#client = new Client({
      ...{ platform, roots, profile },
      ...(proxy && { proxy }),
      policy: {
        rules: [{ origin: '*', decision: 'ask' }],
        ask: async ({ host, port, reason, asker }) =>
          native.decide(host, port, asker === 'tunnel' ? reason || 'a part of a page' : ''),
        undelegated: undelegated ? 'tunnel' : 'fail',
      },
      ...(wait && { timeouts: { connect: wait, handshake: wait, active: wait, response: wait, body: wait } }),
    });
  }

  fetch(id: number, { method, url, headers, body, isGiven }: Wish): void {
    this.#run(id, async (signal) => {
      const response = await this.#client.request(url, {
        ...{ method, signal, headers: pairs(headers) },
        ...(body !== undefined ? { body } : isGiven && { body: this.#given(id, signal) }),
      });
      this.#native.head(id, response.status, [...response.headers].flat());
      for await (const bytes of response.body) await this.#offer(id, bytes, signal);
    });
  }

  stream(id: number, { host, port, alpn, startTls }: StreamWish): void {
    this.#run(id, async (signal) => {
      if (startTls !== '' && !isStartTls(startTls)) {
        throw new DeputyError('BAD_OPTIONS', `'${startTls}' is no protocol that turns to TLS`);
      }
      const stream = await this.#client.connect(host, port, {
        ...{ alpn, signal },
        ...(isStartTls(startTls) && { startTls }),
      });
      const abort = () => stream.abort();
      signal.addEventListener('abort', abort);
      this.#native.head(id, 0, []);
      const sending = this.#send(id, stream, signal);
      sending.catch(() => {});
      try {
        for await (const bytes of stream) await this.#offer(id, bytes, signal);
        // What can't be sent any more is an error of the stream only where the origin did not end it first.
        await Promise.race([sending, this.#pause()]);
      } finally {
        signal.removeEventListener('abort', abort);
        signal.abort();
        stream.close();
      }
    });
  }

  cancel(id: number): void {
    this.#running.get(id)?.abort();
  }

  close(): void {
    for (const cancellation of this.#running.values()) cancellation.abort();
    const over = () => this.#native.ended();
    this.#client
      .close()
      .then(() => this.#platform.quiet(FAREWELL))
      .then(over, over);
  }

  /** Does it, and tells its end once. */
  #run(id: number, work: (signal: Cancellation) => Promise<void>): void {
    const signal = new Cancellation();
    this.#running.set(id, signal);
    const end = (status: number, code: string, message: string) => {
      this.#running.delete(id);
      this.#native.end(id, status, code, message);
    };
    work(signal).then(
      () => end(0, '', ''),
      (error: Error & { code?: string }) => {
        const code = error === signal.reason ? 'CANCELLED' : error.code;
        end(statusOf(code), code ?? 'FAILED', error.message);
      },
    );
  }

  /** Offers bytes until the handler has taken them all. Throws the signal's reason. */
  async #offer(id: number, bytes: Uint8Array, signal: Cancellation): Promise<void> {
    for (let at = 0; ; ) {
      if (signal.aborted) throw signal.reason;
      at += this.#native.take(id, bytes.subarray(at));
      if (at >= bytes.length) return;
      await this.#pause();
    }
  }

  /** What the handler gives, until it says that this is all. */
  async *#given(id: number, signal: Cancellation): AsyncGenerator<Uint8Array, void, void> {
    for (;;) {
      if (signal.aborted) throw signal.reason;
      const bytes = this.#native.give(id, PIECE);
      if (bytes === null) return;
      if (bytes === undefined) await this.#pause();
      else yield bytes;
    }
  }

  async #send(
    id: number,
    stream: { write(bytes: Uint8Array): Promise<void>; end(): Promise<void> },
    signal: Cancellation,
  ): Promise<void> {
    for await (const bytes of this.#given(id, signal)) await stream.write(bytes);
    await stream.end();
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => {
      this.#platform.setTimer(PATIENCE, resolve);
    });
  }
}

function* pairs(list: readonly string[]): Generator<[string, string]> {
  for (let i = 0; i + 1 < list.length; i += 2) yield [list[i]!, list[i + 1]!];
}

/** Runs as the firmware's script. */
export function start(board: Native & { library: LibraryNative }): void {
  const { library } = board;
  library.onCalls(new Library(library, boardPlatform(board, new Map())));
}
