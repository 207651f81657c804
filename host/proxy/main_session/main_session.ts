// The proxy's end of a main session: greets, takes deliveries, and speaks of every session by its id (R1, R7, R15).
import type { TLSSocket } from 'node:tls';
import { type DeviceProfile, HANDHELD } from '../../delegation/device.js';
import { DeputyError } from '../../delegation/error.js';
import {
  bearsSecrets,
  FrameDecoder,
  FrameType,
  isStreamFrame,
  type StreamFrame,
} from '../../delegation/frame.js';
import { Grant } from '../../delegation/grant.js';
import {
  DELEGATION_VERSION,
  type Deliver,
  type Deny,
  type Hello,
  type Message,
  type Release,
  type ResumptionGrant,
  type Subscribe,
} from '../../delegation/message.js';
import { decodeMessage } from '../../delegation/message_body.js';
import { NULL_SESSION_ID, type SessionId } from '../../delegation/session_id.js';
import type { Stream } from '../../delegation/streams/stream.js';
import type { OtherOptions, OtherResponse } from '../../services/service.js';
import type { Authenticator, Principal } from '../admission/authentication.js';
import { SessionError, sessionError } from '../error.js';
import { Journal } from '../exchange/journal.js';
import { OtherOrigins } from '../fetch/origin_pools.js';
import { describeResumed, type OpenedFurther, Resumptions } from '../fetch/resumption_grants.js';
import { openSubscription } from '../fetch/subscription.js';
import type { DelegableSession } from '../session/session.js';
import type { Deliverer } from '../session/session_options.js';
import { SocketStream } from '../streams/byte_stream.js';
import { rateOf, type TunnelContext } from '../tunnel.js';
import { serveConduit } from './conduits.js';
import { checkBinding } from './delivery_binding.js';
import { controlBytes, costOf, FRAMES_PER_SECOND, spend } from './frame_budget.js';
import { MessageSender } from './message_sender.js';
import type { Orders, Visit } from './orders.js';
import { SubscriptionDesk } from './subscription_messages.js';
import { wipeStackSoon } from './wipe_stack.js';

export interface MainSessionContext extends TunnelContext {
  authenticator: Authenticator;
  orders: Orders;
  /** False where the principal has too many already. */
  admit: (principal: Principal) => boolean;
}

export class MainSession implements Deliverer {
  profile: DeviceProfile = HANDHELD;
  readonly #socket: TLSSocket;
  readonly #out: MessageSender;
  readonly #context: MainSessionContext;
  readonly #resumptions: Resumptions;
  readonly #expiries = new Set<NodeJS.Timeout>();
  readonly #others: OtherOrigins;
  readonly #subscriptions: SubscriptionDesk;
  #principal: Principal | undefined;
  #visit: Visit | undefined;

  constructor(socket: TLSSocket, context: MainSessionContext) {
    this.#socket = socket;
    this.#context = context;
    const { settings, observers } = context;
    const { limits } = settings;
    this.#out = new MessageSender(socket, limits.unreadFrameBytes, (stream) => this.#onStream(stream));
    const send = (message: Message) => this.send(message);
    this.#resumptions = new Resumptions({
      limits,
      targets: context.targets,
      observers,
      issued: settings.trust.issued,
      send,
    });
    const journalOf = (further: OpenedFurther) =>
      Journal.of(describeResumed(further, this.principal.name), settings);
    const resumptions = this.#resumptions;
    this.#others = new OtherOrigins({ limits, resumptions, observers, journalOf, ask: send });
    this.#subscriptions = new SubscriptionDesk(settings.services, () => this.principal.name, send);
  }

  get principal(): Principal {
    if (this.#principal === undefined) throw new Error('the client has not greeted');
    return this.#principal;
  }

  /** Serves the session until it ends; never rejects. */
  async run(): Promise<void> {
    const { settings, observers } = this.#context;
    const decoder = new FrameDecoder();
    const stream = new SocketStream(this.#socket, 'CLIENT_GONE');
    const greeting = setTimeout(
      () => this.#refuse('TIMEOUT', 'no HELLO came in time'),
      settings.limits.greetingTimeout,
    );
    try {
      for (let bytes = await stream.read(); bytes !== undefined; bytes = await stream.read()) {
        const frames = decoder.push(bytes);
        const price = { cost: costOf(frames), bytes: controlBytes(frames) };
        // The bytes may hold a delivery; the frames have their own copy, and the messages theirs.
        bytes.fill(0);
        for (const frame of frames) {
          if (isStreamFrame(frame)) this.#onStreamFrame(frame);
          else {
            const message = decodeMessage(frame);
            frame.body.fill(0);
            if (bearsSecrets(frame.type)) wipeStackSoon();
            this.#onMessage(message);
          }
          if (this.#principal !== undefined) clearTimeout(greeting);
        }
        if (this.#principal !== undefined) await this.#pay(this.#principal, price);
      }
      decoder.end();
    } catch (error) {
      const code = error instanceof DeputyError ? error.code : 'INTERNAL';
      settings.log.info({ code }, 'main session failed');
      if (code !== 'CLIENT_GONE') this.#refuse(code, (error as Error).message);
    } finally {
      clearTimeout(greeting);
      decoder.wipe();
      this.#visit?.leave();
      this.#others.close();
      this.#resumptions.close();
      for (const timer of this.#expiries) clearTimeout(timer);
      this.#out.end();
      this.#out.streams.lose(new DeputyError('CLIENT_GONE', 'the main session has ended'));
      if (this.#principal !== undefined) {
        observers.emit('mainSessionClosed', { principal: this.#principal.name });
      }
    }
  }

  /** Until then the client is not read, which holds it back. */
  #pay(principal: Principal, price: { cost: number; bytes: number }): Promise<void> {
    const frameRate = this.#context.frameRates.of(principal.name, FRAMES_PER_SECOND);
    return spend(price, frameRate, rateOf(principal, this.#context));
  }

  send(message: Message): void {
    this.#out.send(message);
  }

  fetchOther(forSession: SessionId, url: string, options?: OtherOptions): Promise<OtherResponse> {
    return this.#others.fetch(forSession, url, options);
  }

  /** Says why, and closes. */
  close(code: string, text: string): void {
    this.send({ type: FrameType.Close, sessionId: NULL_SESSION_ID, code, text });
    this.#out.end();
  }

  #refuse(code: string, text: string): void {
    this.#error(NULL_SESSION_ID, code, text);
    this.#out.end();
    // A client that goes on talking is not listened to.
    setTimeout(() => this.#socket.destroy(), 1000).unref();
  }

  #error(sessionId: SessionId, code: string, text: string): void {
    this.send({ type: FrameType.Error, sessionId, code, text });
  }

  #onStreamFrame(frame: StreamFrame): void {
    if (this.#principal === undefined) {
      throw new SessionError('UNEXPECTED_MESSAGE', 'the first message must be HELLO');
    }
    this.#out.streams.receive(frame);
  }

  #onStream(stream: Stream): void {
    const onSession = (session: DelegableSession) => {
      this.#out.bind(session.id, stream);
      void session.closed.then(() => this.#out.unbind(session.id));
    };
    void serveConduit(stream, { principal: this.principal, onSession }, this.#context);
  }

  #onMessage(message: Message): void {
    if (this.#principal === undefined) {
      if (message.type !== FrameType.Hello) {
        throw new SessionError('UNEXPECTED_MESSAGE', 'the first message must be HELLO');
      }
      this.#onHello(message);
      return;
    }
    switch (message.type) {
      case FrameType.Deliver:
        void this.#onDeliver(message);
        break;
      case FrameType.Deny:
        this.#onDeny(message);
        break;
      case FrameType.Resumption:
        this.#onResumption(message);
        break;
      case FrameType.Subscribe:
        this.#onSubscribe(message);
        break;
      case FrameType.Revoke:
        this.#resumptions.revoke(message.sessionId);
        this.#subscriptions.end(message.sessionId);
        this.#session(message.sessionId)?.revoke(message.clientBytes);
        break;
      case FrameType.Release:
        this.#onRelease(message);
        break;
      case FrameType.Device:
        this.#visit?.onReport(message);
        break;
      case FrameType.Managed:
        this.#visit?.onReceipt(message);
        break;
      case FrameType.Close:
      case FrameType.Error:
        if (message.sessionId === NULL_SESSION_ID) this.#out.end();
        else this.#session(message.sessionId)?.leave();
        break;
      default:
        throw new SessionError('UNEXPECTED_MESSAGE', `a client does not send ${FrameType[message.type]}`);
    }
  }

  #onHello(hello: Hello): void {
    const { authenticator, settings, observers } = this.#context;
    if (hello.version !== DELEGATION_VERSION) {
      throw new DeputyError('VERSION', `this proxy speaks version ${DELEGATION_VERSION} of the protocol`);
    }
    const principal =
      hello.token === '' ? authenticator.byCertificate(this.#socket) : authenticator.byToken(hello.token);
    if (principal === undefined) {
      throw new DeputyError('UNAUTHORIZED', 'no valid token and no admitted client certificate');
    }
    if (!this.#context.admit(principal)) throw new SessionError('LIMIT', 'too many main sessions are open');
    this.#principal = principal;
    this.profile = hello.profile;
    // One is the page's own.
    this.#others.boundTo(hello.maxSessions - 1);
    const { limits, services } = settings;
    // WELCOME comes last: who has it has the reports.
    this.#subscriptions.report();
    this.send({
      type: FrameType.Welcome,
      sessionId: NULL_SESSION_ID,
      version: DELEGATION_VERSION,
      maxSessions: settings.clientLimits(principal.name).sessions ?? limits.sessionsPerPrincipal,
      deliveryTimeout: limits.deliveryTimeout,
      services: services.map(({ name }) => name),
      node: settings.node ?? '',
    });
    this.#visit = this.#context.orders.visit(principal.name, hello.profile, (order) => this.send(order));
    const device = hello.profile.name;
    settings.log.info({ principal: principal.name, device }, 'main session greeted');
    observers.emit('mainSession', {
      principal: principal.name,
      device,
      resumed: this.#socket.isSessionReused(),
    });
  }

  async #onDeliver(message: Deliver): Promise<void> {
    let session: DelegableSession | undefined;
    try {
      session = this.#deliverable(message);
      // The session copies what it needs before the first wait.
      const delivering = session.deliver(message, this);
      message.secrets.fill(0);
      message.handshakeSecrets.fill(0);
      await delivering;
      if (message.expires > 0 && message.grant >= Grant.Resume) this.#expire(session.id, message.expires);
      if (message.requestId === 0) await session.carry(message);
      else this.#others.onDelivered(message.requestId, session);
    } catch (error) {
      const failure = sessionError(error, 'NOT_DELEGABLE');
      this.#context.settings.log.info({ session: session?.id, code: failure.code }, 'delivery refused');
      this.#error(session?.id ?? message.sessionId, failure.code, failure.message);
      this.#context.observers.emit('deliveryRefused', {
        sessionId: session?.id ?? message.sessionId,
        code: failure.code,
      });
      this.#others.onFailed(message.requestId, failure);
      if (session !== undefined) this.#resumptions.revoke(session.id);
    } finally {
      message.secrets.fill(0);
      message.handshakeSecrets.fill(0);
      message.binding.fill(0);
    }
  }

  /** The session that the delivery is for, or the SessionError that says why there is none. */
  #deliverable(message: Deliver): DelegableSession {
    checkBinding(message, this.#socket);
    const session = this.#context.registry.delivered(this.principal, message);
    if (message.requestId !== 0 && !this.#others.expects(message.requestId, session.target)) {
      throw new SessionError('UNKNOWN_SESSION', 'no TUNNEL waits for this delivery');
    }
    return session;
  }

  #onResumption({ sessionId, resumption }: ResumptionGrant): void {
    const session = this.#session(sessionId);
    try {
      if (session === undefined) {
        resumption.secret.fill(0);
        throw new SessionError('UNKNOWN_SESSION', 'no session of this client has that id');
      }
      this.#resumptions.add(session, resumption);
    } catch (error) {
      const { code, message } = sessionError(error, 'RESUMPTION_REFUSED');
      this.#context.settings.log.info({ session: sessionId, code }, 'resumption refused');
      this.#error(sessionId, code, message);
    }
  }

  #onSubscribe({ sessionId, wish }: Subscribe): void {
    const { settings, targets, observers } = this.#context;
    const client = this.principal.name;
    const grants = this.#resumptions.detach(sessionId);
    const parts = { client, profile: this.profile, wish, settings, targets, observers };
    this.#subscriptions.begin(sessionId, grants && openSubscription({ ...parts, grants }));
  }

  /** Further connections end with the grant, though its session ended before. */
  #expire(sessionId: SessionId, seconds: number): void {
    const timer = setTimeout(() => {
      this.#expiries.delete(timer);
      this.#resumptions.revoke(sessionId);
      this.#subscriptions.end(sessionId);
    }, seconds * 1000).unref();
    this.#expiries.add(timer);
  }

  #onRelease(message: Release): void {
    try {
      this.#session(message.sessionId)?.release(message);
    } catch (error) {
      const { code, message: text } = sessionError(error, 'BAD_SECRETS');
      this.#error(message.sessionId, code, text);
    } finally {
      message.secrets.fill(0);
    }
  }

  #onDeny({ requestId, code, reason }: Deny): void {
    this.#others.onDenied(requestId, code, reason);
    this.#context.observers.emit('denied', { requestId, reason });
  }

  #session(id: SessionId): DelegableSession | undefined {
    return this.#context.registry.byId(this.principal, id);
  }
}
