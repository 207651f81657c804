// A proxy under test with its authority, and clients that speak the protocol by hand: a main session, a conduit, and
// an inner TLS connection of node:tls whose keys are logged.
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { Duplex } from 'node:stream';
import { type ConnectionOptions, type TLSSocket, connect as tlsConnect } from 'node:tls';
import { type Authority, createAuthority, type Issued } from '../../../host/cli/demo/authority/authority.js';
import {
  DELIVERY_BINDING_LABEL,
  type Delivery,
  deliveryBindingContext,
  Leg,
  UNKNOWN_RECORD,
} from '../../../host/delegation/delivery.js';
import { type DeviceProfile, HANDHELD } from '../../../host/delegation/device.js';
import { FrameDecoder, FrameType, isStreamFrame } from '../../../host/delegation/frame.js';
import { Grant } from '../../../host/delegation/grant.js';
import { DELEGATION_VERSION, type Message } from '../../../host/delegation/message.js';
import { decodeMessage, encodeMessage } from '../../../host/delegation/message_body.js';
import { NULL_SESSION_ID, type SessionId } from '../../../host/delegation/session_id.js';
import type { ProxyOptions } from '../../../host/proxy/options.js';
import { createProxy, type ProxyServer } from '../../../host/proxy/proxy.js';
import { ContentType } from '../../../host/proxy/record/cipher.js';
import { HandshakeView } from '../../../host/proxy/record/handshake_view.js';
import { sessionKeys } from '../../../host/proxy/record/session_keys.js';

export const TOKEN = 'a-token-of-the-tests';
export const NAME = 'origin.test';

/** Where a proxy listens, and whose certificate it has. */
export interface ProxyAddress {
  port: number;
  ca: string;
}

export interface Bench extends ProxyAddress {
  authority: Authority;
  proxy: ProxyServer;
  /** The certificate for `origin.test` and 127.0.0.1. */
  issued: Issued;
  close(): Promise<unknown>;
}

let shared: Promise<{ authority: Authority; issued: Issued }> | undefined;

/** One authority for all tests of a file. */
export function testAuthority() {
  shared ??= (async () => {
    const authority = await createAuthority();
    const issued = await authority.issue({ names: [NAME, 'localhost', '127.0.0.1'] });
    return { authority, issued };
  })();
  return shared;
}

export async function startProxy(options: Partial<ProxyOptions> = {}): Promise<Bench> {
  const { authority, issued } = await testAuthority();
  const proxy = createProxy({
    tls: { certificate: issued.chainPem, key: issued.keyPem },
    tokens: [{ name: 'test', token: TOKEN }],
    originRoots: authority.root.pem,
    targets: { allow: ['127.0.0.0/8', '::1'], ports: 'any' },
    ...options,
  });
  const { port } = await proxy.listen(0);
  return { authority, proxy, port, issued, ca: authority.root.pem, close: () => proxy.close() };
}

/** A TLS connection to the proxy. */
export async function dial(
  bench: ProxyAddress,
  alpn: 'deputy/2' | 'http/1.1',
  options: ConnectionOptions = {},
): Promise<TLSSocket> {
  const socket = tlsConnect({
    host: '127.0.0.1',
    port: bench.port,
    servername: 'localhost',
    ca: bench.ca,
    ALPNProtocols: [alpn],
    ...options,
  });
  socket.on('error', () => {});
  await once(socket, 'secureConnect');
  return socket;
}

/** A main session by hand. Keeps all messages, and waits for them. */
export class TestMainSession {
  readonly messages: Message[] = [];
  readonly #decoder = new FrameDecoder();
  #changed: (() => void)[] = [];

  private constructor(readonly socket: TLSSocket) {
    socket.on('data', (bytes: Buffer) => {
      for (const frame of this.#decoder.push(bytes)) {
        if (!isStreamFrame(frame)) this.messages.push(decodeMessage(frame));
      }
      for (const wake of this.#changed.splice(0)) wake();
    });
    socket.on('close', () => {
      for (const wake of this.#changed.splice(0)) wake();
    });
  }

  static async open(
    bench: ProxyAddress,
    {
      token = TOKEN,
      profile = HANDHELD,
      ...options
    }: { token?: string; profile?: DeviceProfile } & ConnectionOptions = {},
  ): Promise<TestMainSession> {
    const session = new TestMainSession(await dial(bench, 'deputy/2', options));
    session.send({
      type: FrameType.Hello,
      maxSessions: 64,
      sessionId: NULL_SESSION_ID,
      version: DELEGATION_VERSION,
      token,
      profile,
    });
    return session;
  }

  send(message: Message): void {
    this.socket.write(encodeMessage(message));
  }

  /** The first message, past or to come, that fits. */
  async wait<T extends FrameType>(
    type: T,
    fits: (message: Extract<Message, { type: T }>) => boolean = () => true,
  ): Promise<Extract<Message, { type: T }>> {
    for (;;) {
      const found = this.messages.find((m) => m.type === type && fits(m as Extract<Message, { type: T }>));
      if (found !== undefined) return found as Extract<Message, { type: T }>;
      if (this.socket.destroyed) throw new Error(`the main session closed before ${FrameType[type]} came`);
      await new Promise<void>((resolve) => this.#changed.push(resolve));
    }
  }

  deliver(sessionId: SessionId, delivery: Omit<Delivery, 'binding'>): void {
    const context = Buffer.from(deliveryBindingContext(sessionId, delivery.clientRandom));
    const binding = this.socket.exportKeyingMaterial(32, DELIVERY_BINDING_LABEL, context);
    this.send({ type: FrameType.Deliver, sessionId, ...delivery, binding });
  }
}

/** CONNECT through a conduit. The status, the header lines, and the socket for what follows. */
export async function connectVia(
  conduit: TLSSocket,
  target: string,
  headers: Record<string, string> = {},
): Promise<{ status: number; headers: Map<string, string>; sessionId: string }> {
  const lines = Object.entries({ 'Proxy-Authorization': `Bearer ${TOKEN}`, ...headers });
  conduit.write(
    `CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n${lines.map(([n, v]) => `${n}: ${v}\r\n`).join('')}\r\n`,
  );
  let text = Buffer.alloc(0);
  while (!text.includes('\r\n\r\n')) {
    const chunk = conduit.read() as Buffer | null;
    if (chunk !== null) text = Buffer.concat([text, chunk]);
    else if (conduit.readableEnded || conduit.destroyed)
      throw new Error('the proxy closed instead of answering');
    else await Promise.race([once(conduit, 'readable'), once(conduit, 'end'), once(conduit, 'close')]);
  }
  const end = text.indexOf('\r\n\r\n');
  if (text.length > end + 4) conduit.unshift(text.subarray(end + 4));
  const [first = '', ...rest] = text.toString('latin1', 0, end).split('\r\n');
  const found = new Map(
    rest.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 2)]),
  );
  return {
    status: Number(first.split(' ')[1]),
    headers: found,
    sessionId: found.get('deputy-session') ?? '',
  };
}

/** Whole records of a byte stream. */
export class RecordCutter {
  #rest = Buffer.alloc(0);

  push(bytes: Buffer): Buffer[] {
    this.#rest = Buffer.concat([this.#rest, bytes]);
    const records: Buffer[] = [];
    while (this.#rest.length >= 5 && this.#rest.length >= 5 + this.#rest.readUInt16BE(3)) {
      const length = 5 + this.#rest.readUInt16BE(3);
      records.push(this.#rest.subarray(0, length));
      this.#rest = this.#rest.subarray(length);
    }
    return records;
  }
}

/** An inner TLS connection through a conduit, whose records are watched and whose keys are logged. */
export class InnerClient {
  readonly view = new HandshakeView();
  readonly sent: Buffer[] = [];
  readonly received: Buffer[] = [];
  readonly keyLog = new Map<string, Buffer>();
  socket!: TLSSocket;
  /** What the inner TLS failed with: an alert of the other side, for one. */
  failure: Error | undefined;
  readonly #tap: Duplex;
  readonly #incoming = new RecordCutter();

  private constructor(readonly conduit: TLSSocket) {
    const outgoing = new RecordCutter();
    this.#tap = new Duplex({
      read: () => {
        conduit.resume();
      },
      write: (chunk: Buffer, _, done) => {
        for (const record of outgoing.push(chunk)) {
          this.view.client.record(record);
          this.sent.push(Buffer.from(record));
        }
        conduit.write(chunk, done);
      },
      final: (done) => {
        conduit.end(done);
      },
    });
    conduit.on('data', this.#onData);
    conduit.on('end', () => this.#tap.push(null));
    conduit.on('close', () => this.#tap.destroy());
  }

  readonly #onData = (chunk: Buffer) => {
    for (const record of this.#incoming.push(chunk)) {
      this.view.origin.record(record);
      this.received.push(Buffer.from(record));
    }
    if (!this.#tap.push(chunk)) this.conduit.pause();
  };

  /** Leaves the inner TLS after so many records of the origin: the conduit carries the leg from there. */
  async detach(originRecords: number): Promise<void> {
    while (this.received.length < originRecords) await once(this.conduit, 'data');
    this.conduit.off('data', this.#onData).pause();
  }

  static async open(conduit: TLSSocket, options: ConnectionOptions): Promise<InnerClient> {
    const inner = InnerClient.start(conduit, options);
    await once(inner.socket, 'secureConnect');
    // Node says so before the last flight of the client is all written.
    await new Promise((resolve) => setTimeout(resolve, 10));
    return inner;
  }

  static start(conduit: TLSSocket, options: ConnectionOptions): InnerClient {
    const inner = new InnerClient(conduit);
    inner.socket = tlsConnect({ servername: NAME, ...options, socket: inner.#tap });
    inner.socket.on('error', (error) => {
      inner.failure ??= error;
    });
    inner.socket.on('keylog', (line: Buffer) => {
      const [label = '', , secret = ''] = line.toString().trim().split(' ');
      inner.keyLog.set(label, Buffer.from(secret, 'hex'));
    });
    return inner;
  }

  get secrets(): Buffer {
    const master = this.keyLog.get('CLIENT_RANDOM');
    if (master !== undefined) return Buffer.from(master);
    return Buffer.concat([
      this.keyLog.get('CLIENT_TRAFFIC_SECRET_0')!,
      this.keyLog.get('SERVER_TRAFFIC_SECRET_0')!,
    ]);
  }

  /** Both handshake traffic secrets of TLS 1.3; nothing before. */
  get handshakeSecrets(): Buffer {
    const of = (side: string) => this.keyLog.get(`${side}_HANDSHAKE_TRAFFIC_SECRET`) ?? Buffer.alloc(0);
    return Buffer.concat([of('CLIENT'), of('SERVER')]);
  }

  /** What a client that counts its records delivers. Waits for nothing. */
  delivery(leg = Leg.Open, changes: Partial<Delivery> = {}): Omit<Delivery, 'binding'> {
    const { clientHello, serverHello, certificateHash, client, origin } = this.view;
    const isTls13 = this.view.isTls13;
    return {
      protocolVersion: serverHello!.version,
      cipherSuite: serverHello!.cipherSuite,
      grant: isTls13 ? Grant.Session : Grant.Full,
      extendedMasterSecret: serverHello!.extendedMasterSecret,
      leg,
      clientRandom: clientHello!.random,
      serverRandom: serverHello!.random,
      certificateHash: certificateHash ?? createHash('sha256').update(this.#certificate()).digest(),
      sni: clientHello!.sni,
      alpn: this.socket.alpnProtocol || '',
      clientEpochStart: isTls13 ? this.sent.length : client.epochStart!,
      originEpochStart: isTls13 ? this.#originEpochStart() : origin.epochStart!,
      clientRecords: this.sent.length,
      requestId: 0,
      expires: 0,
      secrets: this.secrets,
      handshakeSecrets: this.handshakeSecrets,
      commitments: [],
      ...changes,
    };
  }

  /** What a client that only logs keys delivers. */
  logged(changes: Partial<Delivery> = {}): Omit<Delivery, 'binding'> {
    const isTls13 = !this.keyLog.has('CLIENT_RANDOM');
    return {
      protocolVersion: isTls13 ? 0x0304 : 0x0303,
      cipherSuite: 0,
      grant: isTls13 ? Grant.Session : Grant.Full,
      extendedMasterSecret: false,
      leg: Leg.Mirror,
      clientRandom: this.view.clientHello!.random,
      serverRandom: Buffer.alloc(32),
      certificateHash: Buffer.alloc(32),
      sni: '',
      alpn: '',
      clientEpochStart: UNKNOWN_RECORD,
      originEpochStart: UNKNOWN_RECORD,
      clientRecords: UNKNOWN_RECORD,
      requestId: 0,
      expires: 0,
      secrets: this.secrets,
      handshakeSecrets: this.handshakeSecrets,
      commitments: [],
      ...changes,
    };
  }

  #certificate(): Buffer {
    return this.socket.getPeerCertificate().raw ?? Buffer.alloc(0);
  }

  /** The first record that the origin's application secret opens. */
  #originEpochStart(): number {
    const { clientHello, serverHello } = this.view;
    const keys = sessionKeys(
      { grant: Grant.Session, secrets: this.secrets },
      {
        version: serverHello!.version,
        cipherSuite: serverHello!.cipherSuite,
        clientRandom: clientHello!.random,
        serverRandom: serverHello!.random,
        encryptThenMac: false,
      },
    );
    const cipher = keys.cipher('origin', { sequence: 0 });
    const at = this.received.findIndex((record) => {
      try {
        return record[0] === ContentType.ApplicationData && cipher.open(record) !== undefined;
      } catch {
        return false;
      }
    });
    return at < 0 ? this.received.length : at;
  }
}

/** All bytes until the stream ends; rejects where it breaks. */
export async function readAll(stream: Duplex): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for (;;) {
    const chunk = stream.read() as Buffer | null;
    if (chunk !== null) chunks.push(chunk);
    else if (stream.errored !== null) throw stream.errored;
    else if (stream.readableEnded || stream.destroyed) return Buffer.concat(chunks);
    else await change(stream);
  }
}

/** Reads until so many bytes have come. */
export async function readBytes(stream: Duplex, length: number): Promise<Buffer> {
  const seen: Buffer[] = [];
  let bytes = 0;
  while (bytes < length) {
    const chunk = stream.read() as Buffer | null;
    if (chunk !== null) bytes += seen[seen.push(chunk) - 1]!.length;
    else if (stream.readableEnded || stream.destroyed) throw new Error(`ended after ${bytes} bytes`);
    else await change(stream);
  }
  return Buffer.concat(seen);
}

/** Reads until `text` has come. */
export async function readUntil(stream: Duplex, text: string): Promise<string> {
  let seen = '';
  while (!seen.includes(text)) {
    const chunk = stream.read() as Buffer | null;
    if (chunk !== null) seen += chunk.toString('latin1');
    else if (stream.readableEnded || stream.destroyed) throw new Error(`ended before ${text}: ${seen}`);
    else await change(stream);
  }
  return seen;
}

/** Waits until a socket is done for, whatever it still brings. */
export async function ended(socket: Duplex): Promise<void> {
  socket.resume();
  if (!socket.destroyed && !socket.readableEnded) await change(socket, ['end', 'close']);
}

/** The next thing that happens to what can be read. */
function change(stream: Duplex, events = ['readable', 'end', 'close']): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      for (const event of events) stream.off(event, done);
      resolve();
    };
    for (const event of events) stream.on(event, done);
  });
}
