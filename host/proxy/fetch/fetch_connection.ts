// A connection that the proxy uses itself: one request after the other, on a delegated session with another origin (R13)
// or on a further connection opened by resumption (R11).
import { type Body, HeaderList, type OtherOptions, type OtherResponse } from '../../services/service.js';
import { SessionError } from '../error.js';
import { BodyReader, type Framing, responseFraming } from '../exchange/framing.js';
import { parseResponseHead, type ResponseHead, readRawHead, writeHead } from '../exchange/head.js';
import { staysInStep } from '../exchange/in_step.js';
import type { Journal } from '../exchange/journal.js';
import { Tally } from '../exchange/tally.js';
import type { ByteStream } from '../streams/byte_stream.js';
import { within } from '../streams/deadline.js';
import { ReadAhead } from '../streams/read_ahead.js';

export interface OtherLimits {
  otherOriginTimeout: number;
  responseHeadBytes: number;
}

/** What requests travel on. */
export interface Carrier {
  readonly originStream: ByteStream;
  /** Whether an end of the stream is the origin's own. */
  readonly endsProvably: boolean;
  readonly closed: Promise<void>;
  finish(): Promise<void>;
}

export interface OtherHooks {
  /** Undefined where nobody keeps a record. */
  journal: Journal | undefined;
  /** Of its session, now: see OtherResponse. */
  isGoodForOthers(): boolean;
  /** The next request may begin. A connection that can take none ends its session instead. */
  onIdle(): void;
  /** An answer was read to its end, or left. `bytes` of its body came. */
  onAnswer(status: number, bytes: number): void;
}

export class OtherConnection {
  /** Whether an answer has come over it. */
  hasServed = false;
  readonly #origin: ByteStream;
  readonly #bytes: ReadAhead;
  #requests = 0;
  /** Whether an answer is surely to what was asked; see in_step.ts. */
  #inStep = true;

  constructor(
    readonly carrier: Carrier,
    private readonly limits: OtherLimits,
    private readonly hooks: OtherHooks,
  ) {
    this.#origin = carrier.originStream;
    this.#bytes = new ReadAhead(this.#origin);
  }

  /** Ends the session when the origin closes, or speaks, while nothing was asked. */
  watchIdle(isIdle: () => boolean): void {
    const end = () => {
      if (isIdle()) void this.carrier.finish();
    };
    this.#bytes.prefetch(end);
  }

  async fetch(url: URL, options: OtherOptions): Promise<OtherResponse> {
    try {
      const verified = this.hooks.isGoodForOthers() && this.#inStep;
      const head = await this.#request(url, options);
      const framing = responseFraming(head, options.method ?? 'GET');
      if (framing.kind === 'close' && !this.carrier.endsProvably) {
        throw new SessionError(
          'END_UNPROVED',
          'the answer ends with its connection, and its end is not provable',
        );
      }
      return {
        url: url.href,
        status: head.status,
        headers: head.headers,
        verified,
        body: this.#body(url, head, framing, options),
      };
    } catch (error) {
      void this.carrier.finish();
      throw error;
    }
  }

  async #request(
    url: URL,
    { method = 'GET', headers = [], body, signal }: OtherOptions,
  ): Promise<ResponseHead> {
    const lines = new HeaderList(headers);
    const { journal } = this.hooks;
    for (const name of ['Host', 'Content-Length', 'Transfer-Encoding', 'Connection']) lines.delete(name);
    if (!lines.has('Accept')) lines.append('Accept', '*/*');
    if (body !== undefined) lines.append('Content-Length', String(body.length));
    this.#inStep &&= body === undefined && staysInStep({ method, headers: lines }, { kind: 'none' });
    const request = writeHead(`${method} ${url.pathname}${url.search} HTTP/1.1`, [
      ['Host', url.host],
      ...lines,
    ]);
    const sent = { method, url: url.href, headers: lines.clone() };
    // The session's own requests are counted; those of its further connections stand beside them.
    if (journal?.session.leg !== 'further') this.#requests++;
    await journal?.record({ kind: 'request', number: this.#requests, ...sent });
    const asked = async () => {
      await this.#origin.write(request);
      if (body !== undefined && body.length > 0) await this.#origin.write(body);
      for (;;) {
        const raw = await readRawHead(this.#bytes, this.limits.responseHeadBytes, 'BAD_RESPONSE');
        if (raw === undefined)
          throw new SessionError('ORIGIN_GONE', 'the origin closed instead of answering');
        const head = parseResponseHead(raw);
        if (head.status === 101)
          throw new SessionError('BAD_RESPONSE', 'the origin switched protocols unasked');
        if (head.status < 200) continue;
        this.hasServed = true;
        return head;
      }
    };
    return within(asked(), this.limits.otherOriginTimeout, silent, signal);
  }

  async *#body(
    url: URL,
    head: ResponseHead,
    framing: Framing,
    options: OtherOptions,
  ): AsyncGenerator<Uint8Array, void, void> & Body {
    const tally = new Tally(this.hooks.journal !== undefined);
    const body = new BodyReader(this.#bytes, framing, 'BAD_RESPONSE', tally);
    const started = Date.now();
    let complete = false;
    try {
      for (;;) {
        const piece = await within(body.next(), this.limits.otherOriginTimeout, silent, options.signal);
        if (piece === undefined) break;
        yield* piece.content;
      }
      complete = true;
    } finally {
      this.hooks.onAnswer(head.status, tally.bytes);
      await this.#record(url, options, head, tally, complete, Date.now() - started);
      const closes = head.headers.tokens('connection').includes('close');
      if (complete && framing.kind !== 'close' && head.minorVersion === 1 && !closes) this.hooks.onIdle();
      else void this.carrier.finish();
    }
  }

  async #record(
    url: URL,
    { method = 'GET', body }: OtherOptions,
    { status, headers }: ResponseHead,
    tally: Tally,
    whole: boolean,
    milliseconds: number,
  ): Promise<void> {
    const content = tally.content();
    const sent = contentOf(body);
    await this.hooks.journal?.record({
      kind: 'response',
      number: this.#requests,
      method,
      url: url.href,
      status,
      headers,
      requestServices: [],
      services: [],
      request: [sent, sent],
      response: [content, content],
      whole,
      milliseconds,
    });
  }
}

function contentOf(body: Uint8Array | undefined) {
  const tally = new Tally(true);
  if (body !== undefined) tally.add(body);
  return tally.content();
}

const silent = () => new SessionError('TUNNEL_TIMEOUT', 'the other origin did not answer in time');
