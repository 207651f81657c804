// One request and its answer through an active session. What no service changes passes byte for byte: the origin
// sees what it would see of the client itself, the client what it would see of the origin.
import type { HeaderList } from '../../services/service.js';
import { SessionError } from '../error.js';
import { Account } from './account.js';
import { chunkOf, joined, knownLength, LAST_CHUNK, reframe } from './body_writer.js';
import type { ExchangeOptions } from './exchange_options.js';
import { BodyReader, type Framing, requestFraming } from './framing.js';
import {
  http2Refused,
  isHttp2,
  parseRequestHead,
  parseResponseHead,
  persists,
  type RequestHead,
  readRawHead,
  writeHead,
} from './head.js';
import { staysInStep } from './in_step.js';
import { Answering, NOWHERE, type Sink } from './response.js';
import { urlOf } from './service_call.js';
import { type RequestState, ServiceChain } from './service_chain.js';

/**
 * `next`: the connection lives. `close`: this was the last exchange. `abandoned`: so it was, and the origin is gone.
 * `bytes`: no HTTP any more (RFC 9110 §7.8).
 */
export type ExchangeOutcome = 'next' | 'close' | 'abandoned' | 'bytes';

/** Runs one exchange whose request head is on its way. Throws SessionError. */
export async function exchange(options: ExchangeOptions): Promise<ExchangeOutcome> {
  const { client, limits } = options;
  const raw = await readRawHead(client.bytes, limits.requestHeadBytes, 'BAD_REQUEST');
  if (raw === undefined) return 'close';
  const head = parseRequestHead(raw);
  const framing = requestFraming(head);
  options.onRequest(head.method, head.target);
  const { method, target, headers } = head;
  const { journal, number, flow } = options;
  const url = () => urlOf(flow.origin, target);
  if (journal !== undefined)
    await journal.record({ kind: 'request', number, method, url: url(), headers: headers.clone() });
  const chain = new ServiceChain(flow, number);
  if (!staysInStep(head, framing)) options.onOutOfStep();
  const account = new Account({ journal, method, url });
  try {
    return await new Exchange(options, head, framing, chain, account).run();
  } catch (error) {
    await account.recordFailure(number);
    throw error;
  } finally {
    chain.end();
  }
}

class Exchange {
  readonly #body: BodyReader;
  readonly #answering: Answering;

  constructor(
    private readonly options: ExchangeOptions,
    private readonly request: RequestHead,
    private readonly framing: Framing,
    private readonly chain: ServiceChain,
    private readonly account: Account,
  ) {
    this.#answering = new Answering(options, request, chain, account);
    this.#body = new BodyReader(options.client.bytes, framing, 'BAD_REQUEST', account.requestBefore);
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
    const answered = this.chain.has('request') ? await this.chain.request(state) : undefined;
    this.account.changeRequest(state.applied);
    if (answered !== undefined) {
      // The rest of the request goes nowhere, but it stands before the next one.
      while ((await this.#body.next()) !== undefined);
      await this.#answering.answer(answered.answer, answered.by, this.options.client.stream);
      const { refresh } = answered.answer;
      const outcome = refresh === undefined ? 'next' : await this.#refresh(state, refresh);
      return outcome === 'next' && !persists(this.request) ? 'close' : outcome;
    }
    const sending = this.#sendRequest(state);
    const outcome = await this.#unlessBroken(sending, this.#receive(state, this.options.client.stream));
    if (outcome === 'next') await sending;
    return outcome;
  }

  /**
   * What is received, or why that is of no use any more. A client that vanishes must not leave its origin working; a
   * request that fails must not wait for an answer. An origin that takes no more of the request may still answer it.
   */
  #unlessBroken<T>(sending: Promise<void>, receiving: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      receiving.then(resolve, reject);
      sending.then(
        () => this.#watchClient(reject),
        (error) => {
          if (!isOriginGone(error)) reject(error);
        },
      );
    });
  }

  /** For a service that reads the body before the origin was asked: the client is asked to send it. */
  async *#expected(): AsyncGenerator<Uint8Array, void, void> {
    if (this.request.headers.get('expect')?.toLowerCase() === '100-continue') {
      await this.options.client.stream.write(Buffer.from('HTTP/1.1 100 Continue\r\n\r\n'));
    }
    yield* this.#body.contents();
  }

  /**
   * Tells when the client's side fails or ends while the answer is awaited. A client that closes half of its connection
   * and still wants an answer is not told from one that hung up.
   */
  #watchClient(tell: (error: unknown) => void): void {
    const { bytes } = this.options.client;
    bytes.prefetch(() => {
      if (bytes.failure !== undefined) tell(bytes.failure);
      else if (bytes.isAtEnd)
        tell(new SessionError('CLIENT_GONE', 'the client hung up before its answer was complete'));
    });
  }

  async #sendRequest(state: RequestState): Promise<void> {
    const { stream } = this.options.origin;
    if (state.bodyTouched && state.isWhole === true && state.body !== undefined) await measure(state);
    const isChunked = state.length === undefined && (this.framing.kind === 'chunked' || state.bodyTouched);
    if (state.applied.length === 0 && !state.bodyTouched) {
      await stream.write(this.#rawHead());
    } else {
      if (state.bodyTouched) state.headers.delete('Expect');
      if (state.body !== undefined) reframe(state.headers, isChunked ? 'chunked' : state.length!);
      await stream.write(
        writeHead(`${state.method} ${state.target} HTTP/1.${this.request.minorVersion}`, state.headers),
      );
    }
    if (!state.bodyTouched) {
      if (this.framing.kind === 'none') return;
      for (let piece = await this.#body.next(); piece !== undefined; piece = await this.#body.next()) {
        await stream.write(piece.raw);
      }
      return;
    }
    const after = this.account.replaceRequestBody();
    for await (const chunk of state.body!) {
      after.add(chunk);
      if (chunk.length > 0) await stream.write(isChunked ? chunkOf(chunk) : chunk);
    }
    if (isChunked) await stream.write(LAST_CHUNK);
  }

  /** The head, with what came of the body in the same record: they go on in one, too. */
  #rawHead(): Buffer {
    const { raw } = this.request;
    if (this.options.client.bytes.buffer.length === 0) return raw;
    const piece = this.#body.nextNow();
    return piece === undefined ? raw : joined(raw, piece.raw);
  }

  /** The client has its answer; a service wants to hear what the origin says by now. */
  async #refresh(state: RequestState, headers: HeaderList): Promise<ExchangeOutcome> {
    const { method, target } = state;
    const url = urlOf(this.options.flow.origin, target);
    await this.options.journal?.record({
      kind: 'request',
      number: 0,
      method,
      url,
      headers: headers.clone(),
    });
    this.account.again();
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
        const settled = this.chain.has('settle') ? await this.chain.settle(state, undefined) : undefined;
        // Between exchanges an origin may close; here it owes an answer, and the client sees that none came.
        if (settled === undefined)
          throw failure ?? new SessionError('ORIGIN_GONE', 'the origin closed instead of answering');
        await this.#answering.answer(settled.answer, settled.by, to);
        return 'abandoned';
      }
      const head = parseResponseHead(raw);
      const isTunnel = this.request.method === 'CONNECT' && head.status >= 200 && head.status < 300;
      if (head.status >= 200 && !isTunnel) return this.#answering.respond(head, state, to);
      // RFC 9110 §7.8: HTTP/2 in the place of HTTP/1.1 would pass unread.
      if (head.status === 101 && splitProtocols(head.headers.get('upgrade')).some(isHttp2))
        throw http2Refused();
      await to.write(head.raw);
      if (!isTunnel && head.status !== 101) continue;
      await this.#answering.switched(head);
      return 'bytes';
    }
  }
}

/** Some origins take no body without a length (RFC 9110 §15.5.12): one that is here as a whole has one. */
async function measure(state: RequestState): Promise<void> {
  if (state.body === undefined) return;
  const body = state.body[Symbol.asyncIterator]();
  const first = await body.next();
  const second = first.done === true ? first : await body.next();
  if (second.done === true) state.length = first.done === true ? 0 : first.value.length;
  state.body = rest([first, second], body);
}

async function* rest(
  read: readonly IteratorResult<Uint8Array>[],
  body: AsyncIterator<Uint8Array>,
): AsyncGenerator<Uint8Array, void, void> {
  for (const step of read) {
    if (step.done === true) return;
    yield step.value;
  }
  for (let step = await body.next(); step.done !== true; step = await body.next()) yield step.value;
}

const splitProtocols = (upgrade = ''): string[] => upgrade.split(',');

const ORIGIN_FAILURES: readonly string[] = ['ORIGIN_GONE', 'TRUNCATED', 'IDLE'];

/** The origin, or the way to it, is to blame. */
const isOriginFailure = (error: unknown) =>
  error instanceof SessionError && ORIGIN_FAILURES.includes(error.code) && error.side !== 'client';
const isOriginGone = (error: unknown) => error instanceof SessionError && error.code === 'ORIGIN_GONE';
