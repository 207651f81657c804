// A TCP relay that keeps every byte, and the TLS records in them.

import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

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

  /** Relays whatever comes to its own port to `target` on loopback. */
  static async to(target: number): Promise<Tap> {
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
        from.pipe(to);
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
