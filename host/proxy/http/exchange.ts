// One request and its answer through an active session. What no service changes passes byte for byte: the origin
// sees what it would see of the client itself, the client what it would see of the origin.
import type { RecordMark } from '../../services/record.js';
import { type Answer, type BodyWatcher, HeaderList } from '../../services/service.js';
import { SessionError } from '../error.js';
import type { ReadAhead } from '../read_ahead.js';
import type { Recorder } from '../recorder.js';
import type { ByteStream } from '../stream.js';
import { bodyPieces, type Framing, type Piece, requestFraming, responseFraming } from './framing.js';
import {
  hasPlainFraming,
  parseRequestHead,
  parseResponseHead,
  persists,
  type RequestHead,
  type ResponseHead,
  readRawHead,
  writeHead,
} from './head.js';
import { chunkOf, contents, LAST_CHUNK, reframe, Sent } from './sent.js';
import { type FlowContext, type RequestState, type ResponseState, ServiceChain, urlOf } from './services.js';
import { Tally } from './tally.js';

/** A stream, and what has been read ahead of it. */
export interface Side {
  stream: ByteStream;
  bytes: ReadAhead;
}

export interface ExchangeOptions {
  client: Side;
  origin: Side;
  flow: FlowContext;
  limits: { requestHeadBytes: number; responseHeadBytes: number };
  /** Which request on this session, from 1. */
  number: number;
  /** Undefined where nobody keeps a record. */
  recorder: Recorder | undefined;
  onRequest: (method: string, target: string) => void;
  onResponse: (report: ResponseReport) => void;
  /** Hash of the previous answer's receipt, or zeros. */
  previousHash: Uint8Array;
}

export interface ResponseReport {
  status: number;
  services: readonly string[];
  bytesBefore: number;
  bytesAfter: number;
  hash: Buffer;
  /** Where the response stands in the record, if somebody keeps one with such marks. */
  mark: RecordMark | undefined;
}

/** What went out of an answer. */
interface Outgoing {
  status: number;
  headers: HeaderList;
  services: readonly string[];
  after: Tally;
}

/**
 * `next`: the connection lives. `close`: this was the last exchange. `abandoned`: so it was, and the origin is gone.
 * `bytes`: no HTTP any more (RFC 9110 §7.8).
 */
export type ExchangeOutcome = 'next' | 'close' | 'abandoned' | 'bytes';

/** Where an answer goes. */
type Sink = Pick<ByteStream, 'write'>;
const NOWHERE: Sink = { write: async () => {} };

/** Bytes of a body that nobody wants and that are still read, to keep the connection. */
const DROPPED_AT_MOST = 1 << 20;

/** Runs one exchange whose request head is on its way. Throws SessionError. */
export async function exchange(options: ExchangeOptions): Promise<ExchangeOutcome> {
  const { client, limits } = options;
  const raw = await readRawHead(client.bytes, limits.requestHeadBytes, 'BAD_REQUEST');
  if (raw === undefined) return 'close';
  const head = parseRequestHead(raw);
  const framing = requestFraming(head);
  options.onRequest(head.method, head.target);
  const { method, target, headers } = head;
  const url = urlOf(options.flow.origin, target);
  await options.recorder?.record({
    kind: 'request',
    number: options.number,
    method,
    url,
    headers: headers.clone(),
  });
  const chain = new ServiceChain({
    ...options.flow,
    requestId: `${options.flow.sessionId}.${options.number}`,
  });
  const running = new Exchange(options, head, framing, chain);
  try {
    return await running.run();
  } catch (error) {
    await running.recordFailure();
    throw error;
  } finally {
    chain.end();
  }
}

class Exchange {
  readonly #pieces: AsyncGenerator<Piece, void, void>;
  readonly #started = Date.now();
  readonly #requestBefore: Tally;
  #requestAfter: Tally;
  #requestServices: readonly string[] = [];
  #before: Tally;
  #outgoing: Outgoing | undefined;
  #recorded = false;

  constructor(
    private readonly options: ExchangeOptions,
    private readonly request: RequestHead,
    private readonly framing: Framing,
    private readonly chain: ServiceChain,
  ) {
    this.#requestBefore = this.#tally();
    this.#requestAfter = this.#requestBefore;
    this.#before = this.#tally();
    this.#pieces = counted(bodyPieces(options.client.bytes, framing, 'BAD_REQUEST'), this.#requestBefore);
  }

  async run(): Promise<ExchangeOutcome> {
    const { method, target, headers } = this.request;
    const state: RequestState = {
      method,
      target,
      headers,
      body: this.framing.kind === 'none' ? undefined : this.#expected(),
      bodyTouched: false,
      length: knownLength(this.framing),
      applied: [],
    };
    const answered = await this.chain.request(state);
    this.#requestServices = state.applied;
    if (answered !== undefined) {
      // The rest of the request goes nowhere, but it stands before the next one.
      for await (const _ of this.#pieces);
      await this.#answer(answered.answer, answered.by, this.options.client.stream);
      const { refresh } = answered.answer;
      const outcome = refresh === undefined ? 'next' : await this.#refresh(state, refresh);
      return outcome === 'next' && !persists(this.request) ? 'close' : outcome;
    }
    const sending = this.#sendRequest(state);
    // A client that vanishes must not leave its origin working; a request that fails must not wait for an answer.
    // An origin that takes no more of the request may still answer it.
    const broken = sending.then(
      () => this.#clientGone(),
      (error) => (isOriginGone(error) ? never() : Promise.reject(error)),
    );
    broken.catch(() => {});
    const outcome = await Promise.race([this.#receive(state, this.options.client.stream), broken]);
    if (outcome === 'next') await sending;
    return outcome;
  }

  /** For a service that reads the body before the origin was asked: the client is told to send it. */
  async *#expected(): AsyncGenerator<Uint8Array, void, void> {
    if (this.request.headers.get('expect')?.toLowerCase() === '100-continue') {
      await this.options.client.stream.write(Buffer.from('HTTP/1.1 100 Continue\r\n\r\n'));
    }
    yield* contents(this.#pieces);
  }

  /**
   * Rejects when the client's side fails or ends while the answer is awaited; otherwise never settles. A client that
   * closes half of its connection and still wants an answer is not told from one that hung up.
   */
  #clientGone(): Promise<never> {
    const { bytes } = this.options.client;
    return new Promise((_, reject) => {
      bytes.prefetch(() => {
        if (bytes.failure !== undefined) reject(bytes.failure);
        else if (bytes.isAtEnd)
          reject(new SessionError('CLIENT_GONE', 'the client hung up before its answer was complete'));
      });
    });
  }

  async #sendRequest(state: RequestState): Promise<void> {
    const { stream } = this.options.origin;
    const isChunked = this.framing.kind === 'chunked' || (state.bodyTouched && state.length === undefined);
    if (state.applied.length === 0 && !state.bodyTouched) {
      await stream.write(await this.#rawHead());
    } else {
      if (state.bodyTouched) state.headers.delete('Expect');
      if (state.body !== undefined) reframe(state.headers, isChunked ? 'chunked' : state.length!);
      await stream.write(
        writeHead(`${state.method} ${state.target} HTTP/1.${this.request.minorVersion}`, state.headers),
      );
    }
    if (!state.bodyTouched) {
      for await (const { raw } of this.#pieces) await stream.write(raw);
      return;
    }
    this.#requestAfter = this.#tally();
    for await (const chunk of state.body!) {
      this.#requestAfter.add(chunk);
      if (chunk.length > 0) await stream.write(isChunked ? chunkOf(chunk) : chunk);
    }
    if (isChunked) await stream.write(LAST_CHUNK);
  }

  /** The head, with what came of the body in the same record: they go on in one, too. */
  async #rawHead(): Promise<Buffer> {
    const { raw } = this.request;
    if (this.options.client.bytes.buffer.length === 0) return raw;
    const step = await this.#pieces.next();
    return step.done === true ? raw : Buffer.concat([raw, step.value.raw]);
  }

  /** The client has its answer; a service wants to hear what the origin says by now. */
  async #refresh(state: RequestState, headers: HeaderList): Promise<ExchangeOutcome> {
    const { method, target } = state;
    const url = urlOf(this.options.flow.origin, target);
    await this.options.recorder?.record({
      kind: 'request',
      number: 0,
      method,
      url,
      headers: headers.clone(),
    });
    this.#recorded = false;
    this.#outgoing = undefined;
    try {
      await this.options.origin.stream.write(writeHead(`${method} ${target} HTTP/1.1`, headers));
      return await this.#receive({ ...state, headers }, NOWHERE);
    } catch (error) {
      if (isOriginFailure(error)) return 'abandoned';
      throw error;
    }
  }

  async #receive(state: RequestState, to: Sink): Promise<ExchangeOutcome> {
    const { origin, limits } = this.options;
    for (;;) {
      let raw: Buffer | undefined;
      let failure: unknown;
      try {
        raw = await readRawHead(origin.bytes, limits.responseHeadBytes, 'BAD_RESPONSE');
      } catch (error) {
        if (!isOriginFailure(error)) throw error;
        failure = error;
      }
      if (raw === undefined) {
        const settled = await this.chain.settle(state, undefined);
        // Between exchanges an origin may close; here it owes an answer, and the client sees that none came.
        if (settled === undefined)
          throw failure ?? new SessionError('ORIGIN_GONE', 'the origin closed instead of answering');
        await this.#answer(settled.answer, settled.by, to);
        return 'abandoned';
      }
      const head = parseResponseHead(raw);
      const isTunnel = this.request.method === 'CONNECT' && head.status >= 200 && head.status < 300;
      if (head.status >= 200 && !isTunnel) return this.#respond(head, state, to);
      await to.write(raw);
      if (!isTunnel && head.status !== 101) continue;
      this.#sent(head, [], to);
      await this.#record(true, this.options.number);
      return 'bytes';
    }
  }

  async #respond(head: ResponseHead, request: RequestState, to: Sink): Promise<ExchangeOutcome> {
    const framing = responseFraming(head, request.method);
    this.#before = this.#tally();
    const pieces = counted(bodyPieces(this.options.origin.bytes, framing, 'BAD_RESPONSE'), this.#before);
    const settled = await this.chain.settle(request, head);
    if (settled !== undefined) {
      await this.#answer(settled.answer, settled.by, to);
      const dropped = await this.#drop(pieces, framing);
      return dropped && persists(head) && persists(this.request) ? 'next' : 'close';
    }
    const state: ResponseState = {
      status: head.status,
      reason: head.reason,
      headers: head.headers,
      body: contents(pieces),
      bodyTouched: false,
      length: knownLength(framing),
      applied: [],
      watchers: [],
    };
    if (framing.kind !== 'none' && hasPlainFraming(head)) await this.chain.response(request, state);
    const sent = this.#sent(state, state.applied, to, state.watchers);
    let closes = framing.kind === 'close' || !persists(head) || !persists(this.request);
    if (state.applied.length === 0 && !state.bodyTouched) await sent.raw(head.raw);
    else closes = await this.#writeHead(state, framing, closes, sent);
    if (!state.bodyTouched) {
      for await (const { raw, content } of pieces) await sent.piece(raw, content);
    } else {
      await this.#writeBody(state, sent);
    }
    sent.end();
    await this.#report(sent, to);
    return closes ? 'close' : 'next';
  }

  /** A head with the framing that the body will have. True where the connection ends with the body. */
  async #writeHead(state: ResponseState, framing: Framing, closes: boolean, sent: Sent): Promise<boolean> {
    const { minorVersion } = this.request;
    let ends = closes;
    if (state.bodyTouched) {
      const isChunked = state.length === undefined && minorVersion === 1;
      ends ||= state.length === undefined && !isChunked;
      reframe(state.headers, isChunked ? 'chunked' : (state.length ?? 'close'));
      if (ends) state.headers.set('Connection', 'close');
    } else if (framing.kind !== 'none') {
      reframe(state.headers, framing.kind === 'length' ? framing.length : framing.kind);
    }
    await sent.raw(writeHead(`HTTP/1.${minorVersion} ${state.status} ${state.reason}`, state.headers));
    return ends;
  }

  async #writeBody(state: ResponseState, sent: Sent): Promise<void> {
    const isChunked = state.length === undefined && this.request.minorVersion === 1;
    for await (const chunk of state.body!) {
      if (chunk.length > 0) await sent.piece(isChunked ? chunkOf(chunk) : chunk, [chunk]);
    }
    if (isChunked) await sent.raw(LAST_CHUNK);
    else if (state.length !== undefined && sent.bytes !== state.length) {
      throw new SessionError('SERVICE_FAILED', 'a service gave another length than it had announced');
    }
  }

  async #answer(answer: Answer, by: string, to: Sink): Promise<void> {
    const { status, reason, headers, body } = answer;
    const sent = this.#sent(answer, [by], to);
    const hasNoBody = status === 204 || status === 304;
    reframe(headers, hasNoBody ? 'close' : body.length);
    await sent.raw(writeHead(`HTTP/1.1 ${status} ${reason ?? ''}`, headers));
    if (this.request.method !== 'HEAD' && !hasNoBody) await sent.piece(body, [body]);
    await this.#report(sent, to);
  }

  /** Reads what nobody wants. False where it is too much, or ends with the connection. */
  async #drop(pieces: AsyncGenerator<Piece, void, void>, framing: Framing): Promise<boolean> {
    if (framing.kind === 'close') return false;
    const before = this.#before.bytes;
    for await (const _ of pieces) if (this.#before.bytes - before > DROPPED_AT_MOST) return false;
    return true;
  }

  /** What goes out from here on, and is told of at its end or where it breaks off. */
  #sent(
    { status, headers }: Pick<Outgoing, 'status' | 'headers'>,
    services: readonly string[],
    to: Sink,
    watchers: BodyWatcher[] = [],
  ): Sent {
    const after = this.#tally();
    this.#outgoing = { status, headers, services, after };
    return new Sent(to, this.options.previousHash, after, watchers);
  }

  async #report(sent: Sent, to: Sink): Promise<void> {
    const { status, services } = this.#outgoing!;
    const mark = await this.#record(true, to === NOWHERE ? 0 : this.options.number);
    if (to === NOWHERE) return;
    this.options.onResponse({
      status,
      services,
      bytesBefore: this.#before.bytes,
      bytesAfter: sent.bytes,
      hash: sent.digest(),
      mark,
    });
  }

  /** For an exchange that failed: what of its answer went out all the same. */
  async recordFailure(): Promise<void> {
    if (!this.#recorded) await this.#record(false, this.options.number);
  }

  async #record(whole: boolean, number: number): Promise<RecordMark | undefined> {
    const { recorder, flow } = this.options;
    this.#recorded = true;
    const { status, headers, services, after } = this.#outgoing ?? NOTHING_SENT;
    return recorder?.record({
      kind: 'response',
      number,
      method: this.request.method,
      url: urlOf(flow.origin, this.request.target),
      status,
      headers: headers.clone(),
      requestServices: this.#requestServices,
      services,
      request: [this.#requestBefore.content(), this.#requestAfter.content()],
      response: [this.#before.content(), after.content()],
      whole,
      milliseconds: Date.now() - this.#started,
    });
  }

  #tally(): Tally {
    return new Tally(this.options.recorder !== undefined);
  }
}

const NOTHING_SENT: Outgoing = { status: 0, headers: new HeaderList(), services: [], after: new Tally(true) };

async function* counted(
  pieces: AsyncGenerator<Piece, void, void>,
  tally: Tally,
): AsyncGenerator<Piece, void, void> {
  for await (const piece of pieces) {
    for (const part of piece.content) tally.add(part);
    yield piece;
  }
}

const knownLength = (framing: Framing) => (framing.kind === 'length' ? framing.length : undefined);

const ORIGIN_FAILURES: readonly string[] = ['ORIGIN_GONE', 'TRUNCATED', 'IDLE'];

/** The origin, or the way to it, is to blame. */
const isOriginFailure = (error: unknown) =>
  error instanceof SessionError && ORIGIN_FAILURES.includes(error.code) && error.side !== 'client';
const isOriginGone = (error: unknown) => error instanceof SessionError && error.code === 'ORIGIN_GONE';
const never = () => new Promise<never>(() => {});
