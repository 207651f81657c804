// What a service is: an addon with optional hooks, called by the active proxy for each exchange of a session.
import type { DeviceProfile } from '../delegation/device.js';
import type { SubscriptionState, SubscriptionWish } from '../delegation/subscription.js';
import type { HeaderLine, HeaderList } from '../http/header_list.js';
import type { JournalMark, JournalSession, SessionEvent } from './journal.js';
import type { OriginIdentity } from './origin_identity.js';

export type { HeaderLine } from '../http/header_list.js';
export { HeaderList } from '../http/header_list.js';
export type { OriginIdentity } from './origin_identity.js';

/** Content without transfer framing (chunk sizes), but still with its Content-Encoding. */
export type Body = AsyncIterable<Uint8Array>;

/**
 * Services run in the order of the proxy's list; each sees what the ones before it made. A hook that throws, that
 * stays silent for longer than the proxy allows, or that makes more bytes than content can explain, is cut off: the
 * exchange goes on as if the service were not there.
 */
export interface Service {
  /** Short, stable; stands in WELCOME and RECEIPT. */
  readonly name: string;
  /** Before a request goes to the origin. May change it, or answer in the origin's place. */
  request?(flow: Flow): Outcome<RequestChange | Answer>;
  /** Before a service fetches `url` from another origin: false refuses it. */
  admits?(url: string, flow: Flow): boolean | Promise<boolean>;
  /**
   * When the origin has answered with a final head of any kind, or has failed instead; before any `response`. May
   * answer in its place: what the origin sends of a body is then dropped, and no `response` is called.
   */
  settle?(flow: SettledFlow): Outcome<Answer>;
  /** When the head of a response is there (never for 1xx, 101, or the answer to HEAD, 204 and 304). */
  response?(flow: ResponseFlow): Outcome<ResponseChange>;
  /**
   * After each exchange of a session that the proxy may read and not touch (grant `observe`). Nothing waits for it, and
   * what it throws ends nothing.
   */
  observed?(exchange: ObservedExchange): void | Promise<void>;
  /** Before plain bytes pass that are no HTTP (R19): may refuse them, or watch them pass. */
  stream?(flow: StreamFlow): Outcome<StreamRefusal | StreamWatcher>;
  /** Before bytes pass that the proxy does not read, and where a session begins that may be delivered: may refuse. */
  tunnel?(flow: TunnelFlow): Outcome<StreamRefusal>;
  /**
   * Each step of what the proxy does, before it goes on. Where this rejects, the log says so, and the session ends if
   * the journal is `required`. A mark that it resolves with for a response goes into the client's receipt. Services that
   * run in a thread of their own are not asked.
   */
  journal?(event: SessionEvent, session: JournalSession): Promise<JournalMark | undefined>;
  /** Nothing may be done unrecorded. */
  readonly required?: boolean;
  /**
   * A client wants addresses fetched while it is away (R25). The first service that has this hook gets the subscription
   * and owns it. Throws where it refuses: the client gets the reason.
   */
  subscribe?(subscription: Subscription): void;
  /** A client takes a subscription back. */
  unsubscribe?(client: string, id: string): void;
  /** How a client's subscriptions stand, for the client itself, which is there. Each report is given once. */
  reports?(client: string): readonly SubscriptionReport[];
  /** When the session ends: forget what is kept for it. */
  sessionClosed?(sessionId: string): void | Promise<void>;
  /** When the proxy has closed: let go of connections and files. */
  close?(): void | Promise<void>;
}

export type Outcome<T> = T | undefined | Promise<T | undefined>;

/** One request and its answer on one delegated session. */
export interface Flow {
  /** Internal session id, hexadecimal. */
  readonly sessionId: string;
  /** The same object in all hooks of one exchange: a key for what a service remembers of it. */
  readonly exchange: object;
  /** Name of the admitted client, unique among clients. */
  readonly client: string;
  readonly origin: OriginIdentity;
  /**
   * What comes is the answer to this request, by an origin for which the proxy's roots still vouch: no request on this connection
   * was one that some origins read as two, or answer twice. Only then is it good for others.
   */
  readonly inStep: boolean;
  /** The device for which the content is made. */
  readonly profile: DeviceProfile;
  readonly request: FlowRequest;
  readonly log: ServiceLog;
  /** Aborts when the exchange ends early, or when this service is cut off. */
  readonly signal: AbortSignal;
  /**
   * Fetches `url` from another origin (R13): asks the client for a session with it and reads the answer. Rejects with
   * a DeputyError: ADDRESS_REFUSED (a service's `admits`), TUNNEL_DENIED (the client's policy), TUNNEL_TIMEOUT,
   * TUNNEL_REFUSED (limits, or no https URL), or the session's own failure. Redirects are not followed.
   */
  fetchOther(url: string, options?: OtherOptions): Promise<OtherResponse>;
}

/** Plain bytes on one delegated session. */
export interface StreamFlow {
  /** Internal session id, hexadecimal. */
  readonly sessionId: string;
  /** Name of the admitted client, unique among clients. */
  readonly client: string;
  readonly origin: OriginIdentity;
}

/** Bytes on their way from a client to a host. */
export interface TunnelFlow {
  /**
   * `blind`: a CONNECT that wants no session. `undelivered`: a session that is not, or no longer, delivered. `session`: one that may
   * be: refused, it lets nothing of an application pass before.
   */
  readonly kind: 'blind' | 'undelivered' | 'session';
  /** Name of the admitted client, unique among clients. */
  readonly client: string;
  /** That CONNECT asks for, or the hello names. */
  readonly host: string;
  readonly port: number;
  /** Internal session id, hexadecimal; undefined for a blind tunnel. */
  readonly sessionId: string | undefined;
}

export interface StreamRefusal {
  kind: 'refuse';
  /** For the client. */
  reason: string;
}

export interface StreamWatcher {
  kind: 'watch';
  /** Valid during the call alone: copy what is kept. */
  chunk(from: 'client' | 'origin', bytes: Uint8Array): void;
  /** Both directions have ended, in order or not. */
  end(): void;
}

export interface FlowRequest {
  readonly method: string;
  /** As it stands in the request line. */
  readonly target: string;
  /** Absolute, made from the origin and the target. */
  readonly url: string;
  /** A copy: give a changed one back in RequestChange. */
  readonly headers: HeaderList;
}

export interface FlowResponse {
  readonly status: number;
  readonly reason: string;
  /** A copy: give a changed one back in ResponseChange. */
  readonly headers: HeaderList;
}

export interface SettledFlow extends Flow {
  /** As the origin sent it; undefined where it closed or fell silent instead of answering. */
  readonly response: FlowResponse | undefined;
}

export interface ResponseFlow extends Flow {
  readonly response: FlowResponse & {
    /** Bytes of the body, where they are known before it is read. */
    readonly length: number | undefined;
  };
  /** The same head as the origin sent it, before any service. */
  readonly received: FlowResponse;
  /** Names of the services that have changed this response so far. */
  readonly changedBy: readonly string[];
}

/** One exchange as it passed between client and origin. */
export interface ObservedExchange {
  /** Internal session id, hexadecimal. */
  readonly sessionId: string;
  /** Name of the admitted client, unique among clients. */
  readonly client: string;
  readonly origin: OriginIdentity;
  /** `live`: read as it passed. `deferred`: read from kept records, once the client had left their keys. */
  readonly when: 'live' | 'deferred';
  readonly request: FlowRequest & { readonly body: ObservedBody };
  /** Undefined where the session ended before its head was whole. */
  readonly response: (FlowResponse & { readonly body: ObservedBody }) | undefined;
}

/** A body without transfer framing, but still with its Content-Encoding. */
export interface ObservedBody {
  /** Bytes that passed. */
  readonly length: number;
  /** The first of them, 65,536 at most. */
  readonly start: Uint8Array;
  /** SHA-256 of all that passed, 32 bytes. */
  readonly hash: Uint8Array;
  /** False where the session ended within the body. */
  readonly whole: boolean;
}

export interface RequestChange {
  kind: 'change';
  target?: string;
  headers?: HeaderList;
  /** Replaces the body. The proxy puts the framing headers right. */
  body?: (body: Body) => Body;
  /** The new body comes in one chunk, unless it is too large for that: it is sent with its length. */
  isWhole?: boolean;
}

/** An answer in the origin's place; the origin never sees the request. */
export interface Answer {
  kind: 'answer';
  status: number;
  reason?: string;
  headers: HeaderList;
  /** Not sent in answer to HEAD, which it gives its Content-Length all the same, nor with 204 and 304. */
  body: Uint8Array;
  /** To HEAD: what a body would be is not known, and neither is its length. */
  isUnmeasured?: boolean;
  /**
   * Asks the origin all the same once the answer has gone out, with these headers and without a body. What it answers
   * goes through `settle` and `response` as ever, and no further. The client's next request waits for it.
   */
  refresh?: HeaderList;
}

export interface ResponseChange {
  status?: number;
  reason?: string;
  /** Read once the first chunk of `body` is there: until then the body may still change them. */
  headers?: HeaderList;
  /**
   * Replaces the body. Read the old one as fast as the new one is written, where the format allows. If it throws or
   * hangs before its first chunk, the old body goes out instead; later, the answer is visibly cut short.
   */
  body?: (body: Body) => Body;
  /** Bytes of the new body where they are known before it is read; chunked otherwise. */
  length?: number;
  /** Sees the body as it leaves, after all services, and changes nothing. */
  watch?: BodyWatcher;
}

export interface BodyWatcher {
  /** Valid during the call alone: copy what is kept. */
  chunk(bytes: Uint8Array): void;
  /** The body was sent to its end. Never called for one that was cut short. `others`: what `fetchOther` was asked for it. */
  end(others: readonly OtherFetch[]): void;
}

export interface OtherOptions {
  /** GET unless told. GET and HEAD may be asked twice, where a connection closes as it is used again; others are not. */
  method?: string;
  /** With another method than GET and HEAD. */
  body?: Uint8Array;
  headers?: Iterable<HeaderLine>;
  /** For the client's policy and the person behind it. */
  reason?: string;
  signal?: AbortSignal;
}

export interface OtherResponse {
  readonly url: string;
  readonly status: number;
  readonly headers: HeaderList;
  /** It is good for others: of a verified session (see OriginIdentity) that is in step (see Flow) and carries no client's certificate. */
  readonly verified: boolean;
  /** Must be read to its end, or left with `break`: the session is busy until then. */
  readonly body: Body;
}

/** What an answer has in it beside what its origin sent. */
export interface OtherFetch {
  readonly url: string;
  /** Undefined where none came. */
  readonly answer:
    | { readonly status: number; readonly headers: HeaderList; readonly verified: boolean }
    | undefined;
  /** Its body was read to the end. */
  readonly whole: boolean;
}

/** Addresses of one origin, and the power to fetch them without the client: by resuming its session. */
export interface Subscription {
  /** Internal id of the session from which it comes, hexadecimal. */
  readonly id: string;
  /** Name of the admitted client, unique among clients. */
  readonly client: string;
  readonly origin: OriginIdentity;
  readonly wish: SubscriptionWish;
  /** Connections that may still be opened: each round takes one, where the origin keeps it open. */
  readonly left: number;
  /** When the last ticket runs out, Unix milliseconds; a round may bring a new one. */
  readonly expires: number;
  readonly log: ServiceLog;
  /**
   * Fetches every address once, through all services. One receipt an address, in order; status 0 where nothing came.
   * Never rejects.
   */
  fetchAll(signal: AbortSignal): Promise<readonly FetchReceipt[]>;
  /** Wipes what it was granted. */
  end(): void;
}

/** As in RECEIPT. */
export interface FetchReceipt {
  readonly status: number;
  readonly verified: boolean;
  readonly services: readonly string[];
  readonly bytesBefore: number;
  readonly bytesAfter: number;
  /** SHA-256 over the previous receipt's hash (zeros at first) and the body; as before where nothing came. */
  readonly hash: Uint8Array;
  readonly mark: JournalMark | undefined;
}

export interface SubscriptionReport extends SubscriptionState {
  readonly id: string;
  /** What has been fetched since the last report, each with its number, from 1. */
  readonly receipts: readonly (FetchReceipt & { readonly number: number })[];
}

export interface ServiceLog {
  debug(message: string, fields?: Readonly<Record<string, unknown>>): void;
  info(message: string, fields?: Readonly<Record<string, unknown>>): void;
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void;
}
