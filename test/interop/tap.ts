// A TCP relay that keeps every byte, and the TLS records in them.

import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { PassThrough, Transform } from 'node:stream';

export interface TappedConnection {
  /** From the side that connected. */
  sent: Buffer[];
  /** To it. */
  received: Buffer[];
  client: Socket;
  server: Socket;
}

export class Tap {
  readonly connections: TappedConnection[] = [];
  readonly port: number;
  readonly #close: () => void;

  private constructor(port: number, close: () => void) {
    this.port = port;
    this.#close = close;
  }

  /**
   * Relays what comes to its own port to `target` on loopback. Milliseconds: `lumpy` hoards what is
   * sent for so long; `stall` takes nothing for so long after the first 100 KB.
   */
  static async to(target: number, { lumpy = 0, stall = 0 } = {}): Promise<Tap> {
    const server = createServer({ allowHalfOpen: true }, (client) => {
      const upstream = connect({ port: target, host: '127.0.0.1', allowHalfOpen: true });
      const connection: TappedConnection = { sent: [], received: [], client, server: upstream };
      tap.connections.push(connection);
      client.on('data', (bytes: Buffer) => connection.sent.push(Buffer.from(bytes)));
      upstream.on('data', (bytes: Buffer) => connection.received.push(Buffer.from(bytes)));
      for (const [from, to] of [
        [client, upstream],
        [upstream, client],
      ] as const) {
        const between = from !== client ? new PassThrough() : lumpy > 0 ? hoard(lumpy) : stalling(stall);
        from.pipe(between).pipe(to);

        from.on('error', () => to.destroy());
        from.on('close', () => from.readableEnded || to.destroy());
      }
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const tap: Tap = new Tap((server.address() as AddressInfo).port, () => {
      server.close();
      for (const { client, server } of tap.connections) {
        client.destroy();
        server.destroy();
      }
    });
    return tap;
  }

  close(): void {
    this.#close();
  }
}

/** Passes on all that came in some time at once, as a link with long round trips does. */
function hoard(milliseconds: number): Transform {
  const waiting: Buffer[] = [];
  let timer: NodeJS.Timeout | undefined;
  const flush = (stream: Transform) => {
    timer = undefined;
    stream.push(Buffer.concat(waiting.splice(0)));
  };
  return new Transform({
    transform(chunk: Buffer, _, done) {
      waiting.push(chunk);
      timer ??= setTimeout(() => flush(this), milliseconds);
      done();
    },
    flush(done) {
      clearTimeout(timer);
      if (waiting.length > 0) flush(this);
      done();
    },
  });
}

/** Takes nothing for some time after the first 100 KB. */
function stalling(milliseconds: number): Transform {
  let left = milliseconds > 0 ? 100_000 : Number.POSITIVE_INFINITY;
  return new Transform({
    transform(chunk: Buffer, _, done) {
      left -= chunk.length;
      if (left > 0) return done(null, chunk);
      left = Number.POSITIVE_INFINITY;
      setTimeout(() => done(null, chunk), milliseconds);
    },
  });
}

/** Whole TLS records; bytes behind the last whole one are left out. */
export function recordsOf(chunks: Buffer[]): Buffer[] {
  const bytes = Buffer.concat(chunks);
  const records: Buffer[] = [];
  for (let at = 0; at + 5 <= bytes.length; ) {
    const end = at + 5 + bytes.readUInt16BE(at + 3);
    if (end > bytes.length) break;
    records.push(bytes.subarray(at, end));
    at = end;
  }
  return records;
}
