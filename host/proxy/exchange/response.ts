// What a client gets for its request: the origin's answer, as the services leave it, or one of theirs.
import type { Answer, HeaderList } from '../../services/service.js';
import { SessionError } from '../error.js';
import type { ByteStream } from '../streams/byte_stream.js';
import type { Account } from './account.js';
import { chunkOf, joined, knownLength, LAST_CHUNK, reframe, Sent, type Watcher } from './body_writer.js';
import type { ExchangeOptions } from './exchange_options.js';
import { BodyReader, type Framing, responseFraming } from './framing.js';
import { hasPlainFraming, persists, type RequestHead, type ResponseHead, writeHead } from './head.js';
import type { RequestState, ResponseState, ServiceChain } from './service_chain.js';

/** Where an answer goes. */
export type Sink = Pick<ByteStream, 'write'>;
export const NOWHERE: Sink = { write: async () => {} };

/** Bytes of a body that may be shown to a service in one piece. */
const SHORT = 65_536;
/** Bytes of a body that nobody wants and that are still read, to keep the connection. */
const DROPPED_AT_MOST = 1 << 20;

export class Answering {
  constructor(
    private readonly options: ExchangeOptions,
    private readonly request: RequestHead,
    private readonly chain: ServiceChain,
    private readonly account: Account,
  ) {}

  /** The origin's answer. Throws SessionError where its body, or the way to the client, breaks off. */
  async respond(head: ResponseHead, request: RequestState, to: Sink): Promise<'next' | 'close'> {
    const { account } = this;
    const framing = responseFraming(head, request.method);
    const body = new BodyReader(this.options.origin.bytes, framing, 'BAD_RESPONSE', account.receive());
    const settled = this.chain.has('settle') ? await this.chain.settle(request, head) : undefined;
    if (settled !== undefined) {
      await this.answer(settled.answer, settled.by, to);
      const dropped = await this.#drop(body, framing);
      return dropped && persists(head) && persists(this.request) ? 'next' : 'close';
    }
    const closes = framing.kind === 'close' || !persists(head) || !persists(this.request);
    const mayChange = this.chain.has('response') && framing.kind !== 'none' && hasPlainFraming(head);
    if (mayChange) return this.#changed(head, framing, body, closes, request, to);
    const sent = this.#sent(head, [], to);
    await this.#pass(head.raw, body, sent);
    await this.#report(sent, to);
    return closes ? 'close' : 'next';
  }

  /** The answer as the services leave it. */
  async #changed(
    head: ResponseHead,
    framing: Framing,
    body: BodyReader,
    persistsNot: boolean,
    request: RequestState,
    to: Sink,
  ): Promise<'next' | 'close'> {
    const state: ResponseState = {
      status: head.status,
      reason: head.reason,
      headers: head.headers,
      body: body.contents(),
      whole: () => body.wholeNow(SHORT),
      bodyTouched: false,
      length: knownLength(framing),
      applied: [],
      watchers: [],
    };
    await this.chain.response(request, state);
    const sent = this.#sent(state, state.applied, to, state.watchers);
    const isSame = state.applied.length === 0 && !state.bodyTouched;
    const closes = isSame ? persistsNot : this.#reframe(state, framing, persistsNot);
    const raw = isSame
      ? head.raw
      : writeHead(`HTTP/1.${this.request.minorVersion} ${state.status} ${state.reason}`, state.headers);
    if (state.bodyTouched) {
      await sent.raw(raw);
      await this.#writeBody(state, sent);
    } else {
      await this.#pass(raw, body, sent);
    }
    sent.end();
    await this.#report(sent, to);
    return closes ? 'close' : 'next';
  }

  /** A head, and the body as it comes: in one piece as far as it is here. */
  async #pass(head: Buffer, body: BodyReader, sent: Sent): Promise<void> {
    let piece = body.nextNow();
    if (piece === undefined) await sent.raw(head);
    else await sent.piece(joined(head, piece.raw), piece.content);
    for (;;) {
      piece = body.nextNow() ?? (await body.next());
      if (piece === undefined) return;
      await sent.piece(piece.raw, piece.content);
    }
  }

  /** What no service may touch, as it came: an interim answer, or the last one before bytes of another protocol. */
  async switched(head: ResponseHead): Promise<void> {
    this.account.begin(head, []);
    await this.account.record(true, this.options.number);
  }

  /** A service's own answer. */
  async answer(answer: Answer, by: string, to: Sink): Promise<void> {
    const { status, reason, headers, body } = answer;
    const sent = this.#sent(answer, [by], to);
    const hasNoBody = status === 204 || status === 304;
    const isUnmeasured = answer.isUnmeasured === true && this.request.method === 'HEAD';
    reframe(headers, hasNoBody || isUnmeasured ? 'close' : body.length);
    await sent.raw(writeHead(`HTTP/1.1 ${status} ${reason ?? ''}`, headers));
    if (this.request.method !== 'HEAD' && !hasNoBody) await sent.piece(body, [body]);
    await this.#report(sent, to);
  }

  /** Gives the head the framing that the body will have. True where the connection ends with the body. */
  #reframe(state: ResponseState, framing: Framing, closes: boolean): boolean {
    if (!state.bodyTouched) {
      reframe(
        state.headers,
        framing.kind === 'length' ? framing.length : (framing.kind as 'chunked' | 'close'),
      );
      return closes;
    }
    const isChunked = state.length === undefined && this.request.minorVersion === 1;
    const ends = closes || (state.length === undefined && !isChunked);
    reframe(state.headers, isChunked ? 'chunked' : (state.length ?? 'close'));
    if (ends) state.headers.set('Connection', 'close');
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

  /** Reads what nobody wants. False where it is too much, or ends with the connection. */
  async #drop(body: BodyReader, framing: Framing): Promise<boolean> {
    if (framing.kind === 'close') return false;
    const { before } = this.account;
    const atFirst = before.bytes;
    while ((await body.next()) !== undefined) if (before.bytes - atFirst > DROPPED_AT_MOST) return false;
    return true;
  }

  #sent(
    head: { status: number; headers: HeaderList },
    services: readonly string[],
    to: Sink,
    watchers: Watcher[] = [],
  ): Sent {
    return new Sent(to, this.options.previousHash, this.account.begin(head, services), watchers);
  }

  async #report(sent: Sent, to: Sink): Promise<void> {
    const mark = await this.account.record(true, to === NOWHERE ? 0 : this.options.number);
    if (to !== NOWHERE) this.options.onResponse(this.account.report(sent.digest(), mark));
  }
}
