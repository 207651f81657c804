// A proxy that does what a test tells it: right by default, wrong in one point. It relays, and never activates by
// itself.
import { once } from 'node:events';
import { type AddressInfo, connect as connectTcp, type Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { createServer, type TLSSocket } from 'node:tls';
import { DeputyError } from '../../../host/delegation/error.js';
import { FrameDecoder, FrameType, isStreamFrame } from '../../../host/delegation/frame.js';
import type { Deliver, Message } from '../../../host/delegation/message.js';
import { decodeMessage, encodeMessage } from '../../../host/delegation/message_body.js';
import { NULL_SESSION_ID } from '../../../host/delegation/session_id.js';
import { Multiplexer } from '../../../host/delegation/streams/multiplexer.js';
import type { Stream } from '../../../host/delegation/streams/stream.js';
import type { World } from './world.js';

export interface Script {
  /** Answers a message of the client; the greeting is answered already unless this returns true for it. */
  onMessage?(message: Message, send: (message: Message | Uint8Array) => void): boolean | undefined;
  /** The answer to CONNECT. */
  connectAnswer?: string;
  /** Called once a tunnel stands; without it client and origin are joined. */
  onTunnel?(client: Duplex, origin: Socket): void;
}

export const SESSION = 'ab'.repeat(16);

export class ScriptedProxy {
  readonly messages: Message[] = [];
  port = 0;
  send: (message: Message | Uint8Array) => void = () => {};

  private constructor(readonly script: Script) {}

  static async start(world: World, script: Script = {}): Promise<ScriptedProxy> {
    const proxy = new ScriptedProxy(script);
    const issued = await world.authority.issue({ names: ['localhost'] });
    const server = createServer(
      { cert: issued.chainPem, key: issued.keyPem, ALPNProtocols: ['deputy/2', 'http/1.1'] },
      (socket) => {
        socket.on('error', () => socket.destroy());
        if (socket.alpnProtocol === 'deputy/2') proxy.#onMain(socket);
        else proxy.#onConduit(socket);
      },
    );
    const sockets = new Set<Socket>();
    server.on('connection', (socket: Socket) => sockets.add(socket));
    server.on('tlsClientError', () => {});
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    proxy.port = (server.address() as AddressInfo).port;
    world.onClose(() => {
      for (const socket of sockets) socket.destroy();
      server.close();
    });
    return proxy;
  }

  get deliveries(): Deliver[] {
    return this.messages.filter((message): message is Deliver => message.type === FrameType.Deliver);
  }

  #onMain(socket: TLSSocket): void {
    const decoder = new FrameDecoder();
    const streams = new Multiplexer({
      onStream: (stream) => this.#onConduit(new StreamDuplex(stream)),
      onPending: () => process.nextTick(leave),
      now: () => performance.now(),
    });
    const leave = () => {
      for (let bytes = streams.take(); bytes !== undefined; bytes = streams.take()) {
        if (!socket.destroyed) socket.write(bytes);
      }
    };
    socket.on('close', () => streams.lose(new DeputyError('CLIENT_GONE', 'gone')));
    this.send = (message) => {
      leave();
      if (!socket.destroyed) socket.write(message instanceof Uint8Array ? message : encodeMessage(message));
    };
    socket.on('data', (bytes) => {
      for (const frame of decoder.push(bytes)) {
        if (isStreamFrame(frame)) {
          streams.receive(frame);
          continue;
        }
        const message = decodeMessage(frame);
        this.messages.push(message);
        const handled = this.script.onMessage?.(message, this.send);
        if (message.type === FrameType.Hello && handled !== true) this.welcome();
      }
    });
  }

  welcome(version = 2): void {
    const limits = { maxSessions: 8, deliveryTimeout: 1000, services: [], node: '' };
    this.send({ type: FrameType.Welcome, sessionId: NULL_SESSION_ID, version, ...limits });
  }

  #onConduit(socket: Duplex): void {
    socket.once('data', (bytes) => {
      // The ClientHello comes behind it, and waits for the origin.
      socket.pause();
      const head = bytes.subarray(0, bytes.indexOf('\r\n\r\n') + 4);
      if (head.length < bytes.length) socket.unshift(bytes.subarray(head.length));
      const port = Number(/^CONNECT [^ ]*:(\d+) /.exec(head.toString())?.[1]);
      const origin = connectTcp(port, '127.0.0.1', () => {
        socket.write(this.script.connectAnswer ?? `HTTP/1.1 200 OK\r\nDeputy-Session: ${SESSION}\r\n\r\n`);
        if (this.script.onTunnel) this.script.onTunnel(socket, origin);
        else socket.pipe(origin).pipe(socket);
        socket.resume();
      });
      origin.on('error', () => socket.destroy());
      socket.on('close', () => origin.destroy());
    });
  }
}

/** A stream of the main session as Node has them. */
class StreamDuplex extends Duplex {
  constructor(private readonly stream: Stream) {
    super({ allowHalfOpen: true });
    this.on('error', () => {});
  }

  override _read(): void {
    this.stream.read().then(
      (bytes) => this.push(bytes === undefined ? null : Buffer.from(bytes)),
      (error) => this.destroy(error),
    );
  }

  override _write(chunk: Buffer, _: string, done: (error?: Error) => void): void {
    this.stream.write(Buffer.from(chunk)).then(() => done(), done);
  }

  override _final(done: (error?: Error) => void): void {
    this.stream.end().then(() => done(), done);
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.stream.destroy();
    done(error);
  }
}
