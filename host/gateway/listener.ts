// Takes connections of browsers, puts the first line of each request right, and hands it to Node's HTTP server. Each
// connection carries one request: old browsers want no more, and each first line is seen this way.
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { DeputyError } from '../delegation/error.js';
import { authority } from '../delegation/origin.js';
import { REQUEST_LINE_LIMIT, repairRequestLine } from '../http/request_line.js';
import type { ClientNetworks } from './access.js';

export interface ListenerLimits {
  /** Connections at one time. */
  connections: number;
  /** Of one address. A browser of the nineties opens four, one of today some dozen. */
  connectionsPerAddress: number;
  /** Milliseconds for a request's head: a slow line sends it in pieces. */
  head: number;
  /** Milliseconds between two pieces of anything. */
  idle: number;
}

export const LISTENER_LIMITS: ListenerLimits = {
  connections: 1024,
  connectionsPerAddress: 128,
  head: 60_000,
  idle: 300_000,
};

export interface Requests {
  onRequest(request: IncomingMessage, response: ServerResponse): void;
  onConnect(request: IncomingMessage, socket: Duplex, head: Buffer): void;
}

/** Connections that came as HTTP/0.9: their answer is content alone. */
const bareConnections = new WeakSet<object>();
export const isBare = (request: IncomingMessage): boolean => bareConnections.has(request.socket);

export class GatewayListener {
  readonly #server: Server;
  readonly #http = createHttpServer({
    insecureHTTPParser: true,
    requireHostHeader: false,
    maxHeaderSize: 65_536,
    keepAlive: false,
  });
  readonly #networks: ClientNetworks;
  readonly #limits: ListenerLimits;
  /** In the order they came; true while nothing of a request is there. */
  readonly #open = new Map<Socket, { address: string; isSilent: boolean }>();

  constructor(networks: ClientNetworks, requests: Requests, limits: Partial<ListenerLimits> = {}) {
    this.#networks = networks;
    this.#limits = { ...LISTENER_LIMITS, ...limits };
    this.#http.headersTimeout = this.#limits.head;
    this.#http.requestTimeout = 0;
    // RFC 9110 §10.1.1: an expectation that nobody knows may be passed over, as it was before there were any.
    this.#http.on('checkExpectation', requests.onRequest);
    this.#http.on('request', requests.onRequest).on('connect', requests.onConnect);
    this.#http.on('clientError', (_, socket) => endWith(socket as Socket, '400 Bad Request'));
    this.#server = createServer({ noDelay: true }, (socket) => this.#accept(socket));
  }

  get connectionCount(): number {
    return this.#open.size;
  }

  /** Throws DeputyError CANNOT_LISTEN. */
  async listen(host: string, port: number): Promise<{ host: string; port: number }> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject).listen({ host, port }, resolve);
    }).catch((error: NodeJS.ErrnoException) => {
      throw new DeputyError(
        'CANNOT_LISTEN',
        `--listen ${authority(host, port)}: ${error.code}: is it taken?`,
      );
    });
    const address = this.#server.address() as AddressInfo;
    return { host: address.address, port: address.port };
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const socket of this.#open.keys()) socket.destroy();
    await closed;
  }

  #accept(socket: Socket): void {
    const address = socket.remoteAddress ?? '';
    socket.on('error', () => {});
    if (!this.#networks.has(address) || !this.#makeRoom(address)) {
      socket.destroy();
      return;
    }
    this.#open.set(socket, { address, isSilent: true });
    socket.once('close', () => this.#open.delete(socket));
    socket.setTimeout(this.#limits.idle, () => socket.destroy());
    this.#readLine(socket);
  }

  /** Where too many are open, the oldest silent one gives way: of this address first. False where none is silent. */
  #makeRoom(address: string): boolean {
    const own = [...this.#open].filter(([, connection]) => connection.address === address);
    if (own.length >= this.#limits.connectionsPerAddress) return giveWay(own);
    return this.#open.size < this.#limits.connections || giveWay([...this.#open]);
  }

  #readLine(socket: Socket): void {
    let text = '';
    const timer = setTimeout(() => socket.destroy(), this.#limits.head);
    socket.once('close', () => clearTimeout(timer));
    const onData = (bytes: Buffer): void => {
      // RFC 9112 §2.2: empty lines before a request are skipped.
      text = (text + bytes.toString('latin1')).replace(/^[\r\n]+/, '');
      const end = text.indexOf('\n');
      if (end < 0 && text.length <= REQUEST_LINE_LIMIT) return;
      socket.off('data', onData).pause();
      clearTimeout(timer);
      if (end < 0 || end > REQUEST_LINE_LIMIT) endWith(socket, '414 URI Too Long');
      else this.#begin(socket, text.slice(0, end).replace(/\r$/, ''), text.slice(end + 1));
    };
    socket.on('data', onData);
  }

  #begin(socket: Socket, first: string, rest: string): void {
    const line = repairRequestLine(first);
    if (line === undefined) {
      endWith(socket, '400 Bad Request');
      return;
    }
    const connection = this.#open.get(socket);
    if (connection !== undefined) connection.isSilent = false;
    if (line.isBare) bareConnections.add(socket);
    socket.unshift(Buffer.from(`${line.text}${line.isBare ? '\r\n' : rest}`, 'latin1'));
    this.#http.emit('connection', socket);
    socket.resume();
  }
}

function giveWay(connections: readonly [Socket, { isSilent: boolean }][]): boolean {
  const silent = connections.find(([, { isSilent }]) => isSilent);
  silent?.[0].destroy();
  return silent !== undefined;
}

function endWith(socket: Socket, status: string): void {
  if (socket.writable) socket.end(`HTTP/1.0 ${status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`);
  else socket.destroy();
}
