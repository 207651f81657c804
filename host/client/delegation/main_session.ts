// The main session: the first TLS connection to the proxy. Secrets and control messages travel here, each with its
// session id; nobody waits for an acknowledgement.
import {
  DELIVERY_BINDING_BYTES,
  DELIVERY_BINDING_LABEL,
  deliveryBindingContext,
} from '../../delegation/delivery.js';
import type { DeviceProfile } from '../../delegation/device.js';
import { DeputyError } from '../../delegation/error.js';
import { FrameDecoder, FrameType, isStreamFrame, keepsPlace } from '../../delegation/frame.js';
import {
  DELEGATION_VERSION,
  type Device,
  MAIN_PROTOCOL,
  type Manage,
  type Managed,
  type Message,
  type Tunnel,
  type Welcome,
} from '../../delegation/message.js';
import { decodeMessage, encodeMessage } from '../../delegation/message_body.js';
import { NULL_SESSION_ID, type SessionId } from '../../delegation/session_id.js';
import { Multiplexer } from '../../delegation/streams/multiplexer.js';
import type { CancelSignal } from '../../platform/platform.js';
import type { Context } from '../context.js';
import type { TlsFacts } from '../observer.js';
import { within } from '../timeout.js';
import type { ProxyLink } from '../tls/proxy_link.js';
import type { TlsStream } from '../tls/tls_stream.js';
import { StreamTransport } from './stream_transport.js';
import { Subscriptions } from './subscriptions.js';

export interface MainSessionHandlers {
  /** Sessions with origins that there is room for. */
  maxSessions: number;
  onTunnel(tunnel: Tunnel): void;
  /** Undefined on a device that nobody manages: orders are skipped then. */
  manager?: { report(): Device; receive(order: Manage): Managed } | undefined;
  /** The proxy resumed no earlier session. */
  onNew(): void;
  /** Once, with the reason: nothing more can be delivered, though active sessions may go on. */
  onEnd(reason: DeputyError): void;
}

/** Bytes of frames that wait for a proxy which does not read; more end the session. */
const UNSENT_LIMIT = 262_144;

type Listener = (message: Message) => void;

export class MainSession {
  readonly #context: Context;
  readonly #link: ProxyLink;
  readonly #stream: TlsStream;
  readonly #handlers: MainSessionHandlers;
  readonly #decoder = new FrameDecoder();
  readonly #listeners = new Map<SessionId, Listener>();
  readonly subscriptions: Subscriptions;
  /** Of the handshake with the proxy. */
  readonly tls: TlsFacts;
  #ended: DeputyError | undefined;
  readonly #endListeners = new Set<(reason: DeputyError) => void>();
  readonly #streams: Multiplexer;
  /** The conduits of sessions: what marks a place in one goes the same way. */
  readonly #conduits = new Map<SessionId, StreamTransport>();
  #sending = false;
  #onWelcome: ((welcome: Welcome) => void) | undefined;
  /** The proxy's limits and services. Rejects with why the session ended instead. */
  greeted: Promise<Welcome> = new Promise(() => {});

  private constructor(context: Context, link: ProxyLink, stream: TlsStream, handlers: MainSessionHandlers) {
    this.#context = context;
    this.#link = link;
    this.#stream = stream;
    this.#handlers = handlers;
    const { platform } = context;
    this.#streams = new Multiplexer({
      onPending: () => this.#schedule(),
      now: () => platform.now(),
      ...(platform.readAhead && { windowLimit: platform.readAhead }),
    });
    this.tls = stream.facts();
    this.subscriptions = new Subscriptions({
      platform: context.platform,
      send: (message) => this.send(message),
      milliseconds: context.timeouts.active,
    });
  }

  /**
   * Connects, verifies the proxy's certificate and greets. Nothing but TLS is sent before the
   * certificate is verified. Throws DeputyError.
   */
  static async open(
    context: Context,
    link: ProxyLink,
    profile: DeviceProfile,
    handlers: MainSessionHandlers,
    signal?: CancelSignal,
  ): Promise<MainSession> {
    const stream = await link.open(undefined, signal);
    const tls = stream.facts();
    if (tls.alpn !== MAIN_PROTOCOL) {
      stream.close();
      throw new DeputyError(
        'NOT_A_DEPUTY_PROXY',
        `${link.name} does not speak ${MAIN_PROTOCOL}: check host and port`,
      );
    }
    context.observer.onStep?.({ step: 'main-session-open', host: link.host, port: link.port, tls });
    if (!tls.resumed) handlers.onNew();
    const session = new MainSession(context, link, stream, handlers);
    session.greeted = session.#greet(profile);
    session.greeted.catch((error) => session.#end(error));
    // Where order replaces waiting, CONNECT follows HELLO at once.
    if (context.conduits === 'separate') await within(context.platform, session.greeted, { signal });
    return session;
  }

  /** Why it ended; undefined while it is up. */
  get ended(): DeputyError | undefined {
    return this.#ended;
  }

  /** Queues a message; it is on its way when this returns. A failure ends the session; `onEnd` gets it. */
  send(message: Message): void {
    if (this.#ended !== undefined) return;
    const { type, sessionId } = message;
    const frame = encodeMessage(message);
    this.#tell('sent', type, sessionId, frame.length);
    if (keepsPlace(type) && this.#conduits.get(sessionId)?.mark(frame)) return;
    this.#streams.send(frame);
    if (this.#streams.controlBytes > UNSENT_LIMIT)
      this.#end(new DeputyError('PROXY_SLOW', 'the proxy does not read what it is sent'));
  }

  /** A conduit inside this session. Throws why the session ended. */
  openStream(): StreamTransport {
    if (this.#ended !== undefined) throw this.#ended;
    return new StreamTransport(this.#streams.open(), this.tls, () => this.#ended);
  }

  /** That session's conduit is `stream`, until `unbind`. */
  bind(sessionId: SessionId, stream: StreamTransport): void {
    this.#conduits.set(sessionId, stream);
  }

  /** Sends what carries this session's id to `listener`, until the result is called. */
  listen(sessionId: SessionId, listener: Listener): () => void {
    this.#listeners.set(sessionId, listener);
    return () => {
      if (this.#listeners.get(sessionId) !== listener) return;
      this.#listeners.delete(sessionId);
      this.#conduits.delete(sessionId);
    };
  }

  /** What ties a delivery to this main session (delivery.ts). */
  binding(sessionId: SessionId, clientRandom: Uint8Array): Uint8Array {
    const context = deliveryBindingContext(sessionId, clientRandom);
    return this.#stream.connection.exporter(DELIVERY_BINDING_LABEL, context, DELIVERY_BINDING_BYTES);
  }

  /** Calls `listener` when the session ends, at once where it has, unless the result was called before. */
  onEnded(listener: (reason: DeputyError) => void): () => void {
    if (this.#ended !== undefined) listener(this.#ended);
    else this.#endListeners.add(listener);
    return () => void this.#endListeners.delete(listener);
  }

  close(): void {
    if (this.#ended !== undefined) return;
    this.send({ type: FrameType.Close, sessionId: NULL_SESSION_ID, code: 'DONE', text: '' });
    for (let bytes = this.#streams.take(); bytes !== undefined; bytes = this.#streams.take())
      void this.#write(bytes).catch(() => {});
    this.#end(new DeputyError('CLOSED', 'the client was closed'));
  }

  async #greet(profile: DeviceProfile): Promise<Welcome> {
    const welcome = new Promise<Welcome>((resolve) => {
      this.#onWelcome = resolve;
    });
    const sessionId = NULL_SESSION_ID;
    const token = this.#link.token;
    const { maxSessions } = this.#handlers;
    this.send({ type: FrameType.Hello, sessionId, version: DELEGATION_VERSION, token, profile, maxSessions });
    const { manager } = this.#handlers;
    if (manager !== undefined) this.send(manager.report());
    void this.#receive();
    const { handshake } = this.#context.timeouts;
    const ended = new Promise<never>((_, reject) => {
      this.onEnded(reject);
    });
    const answer = await within(this.#context.platform, Promise.race([welcome, ended]), {
      milliseconds: handshake,
      error: () =>
        new DeputyError('NO_WELCOME', `the proxy did not answer HELLO within ${handshake} ms; try again`),
    });
    this.#context.observer.onStep?.({ step: 'welcome', welcome: answer });
    return answer;
  }

  async #receive(): Promise<void> {
    try {
      for (let bytes = await this.#stream.read(); bytes !== undefined; bytes = await this.#stream.read()) {
        for (const frame of this.#decoder.push(bytes)) {
          if (isStreamFrame(frame)) this.#streams.receive(frame);
          else {
            this.#tell('received', frame.type, frame.sessionId, frame.body.length);
            this.#dispatch(decodeMessage(frame));
          }
        }
      }
      this.#decoder.end();
      this.#end(new DeputyError('PROXY_CLOSED', 'the proxy closed the main session; try again'));
    } catch (error) {
      this.#end(error as DeputyError);
    }
  }

  #dispatch(message: Message): void {
    const listener = this.#listeners.get(message.sessionId);
    if (message.sessionId === NULL_SESSION_ID) this.#onControl(message);
    else if (message.type === FrameType.Subscribed) this.subscriptions.onSubscribed(message);
    // Messages of a session that has ended here may still be under way.
    else if (listener !== undefined) listener(message);
    else if (message.type === FrameType.Receipt) this.subscriptions.onReceipt(message);
  }

  #onControl(message: Message): void {
    switch (message.type) {
      case FrameType.Welcome:
        if (message.version !== DELEGATION_VERSION) {
          throw new DeputyError(
            'PROXY_VERSION',
            `the proxy speaks version ${message.version} of the protocol`,
          );
        }
        this.#onWelcome?.(message);
        break;
      case FrameType.Tunnel:
        this.#handlers.onTunnel(message);
        break;
      case FrameType.Manage:
        this.#obey(message);
        break;
      case FrameType.Error:
      case FrameType.Close:
        this.#end(new DeputyError(message.code, refusal(message)));
        break;
    }
  }

  /** What it did goes back, and how the device stands then. */
  #obey(order: Manage): void {
    const { manager } = this.#handlers;
    if (manager === undefined) return;
    const receipt = manager.receive(order);
    this.#context.observer.onStep?.({ step: 'managed', receipt });
    this.send(receipt);
    if (receipt.code === 'DONE') this.send(manager.report());
  }

  #end(reason: DeputyError): void {
    if (this.#ended !== undefined) return;
    this.#ended = reason;
    this.#decoder.wipe();
    this.#streams.lose(reason);
    this.#conduits.clear();
    this.#stream.close();
    for (const listener of this.#endListeners) listener(reason);
    this.#endListeners.clear();
    this.#handlers.onEnd(reason);
  }

  /** What is queued in one go leaves in one. */
  #schedule(): void {
    if (this.#sending || this.#ended !== undefined) return;
    this.#sending = true;
    void Promise.resolve()
      .then(() => this.#leave())
      .catch((error) => this.#end(error));
  }

  /** One piece at a time: what comes to be sent meanwhile may overtake the rest. */
  async #leave(): Promise<void> {
    for (let bytes = this.#streams.take(); bytes !== undefined; bytes = this.#streams.take())
      await this.#write(bytes);
    this.#sending = false;
  }

  async #write(bytes: Uint8Array): Promise<void> {
    try {
      await this.#stream.write(bytes);
    } finally {
      // It may hold a delivery.
      bytes.fill(0);
    }
  }

  #tell(direction: 'sent' | 'received', type: FrameType, sessionId: SessionId, length: number): void {
    this.#context.observer.onStep?.({ step: 'frame', direction, type, sessionId, length });
  }
}

function refusal({ code, text }: { code: string; text: string }): string {
  const advice =
    code === 'UNAUTHORIZED'
      ? ': give a valid token (--token) or client certificate (--proxy-cert, --proxy-key)'
      : '';
  return `the proxy ended the main session: ${text || code}${advice}`;
}
