// One HTTP/1.1 connection over any transport: requests one after the other, each answered before the next.
import { HeaderList } from '../../http/header_list.js';
import type { Transport } from '../../platform/platform.js';
import { bodyFraming, keepsAlive, readBody } from './body.js';
import { ByteReader } from './byte_reader.js';
import {
  HEAD_LIMITS,
  type HeadLimits,
  headEnd,
  httpError,
  parseResponseHead,
  type ResponseHead,
} from './head.js';
import { chunk, type HttpRequest, requestHead } from './request.js';

export interface HttpResponse extends ResponseHead {
  /** Ends where the response ends. Leaving it early closes the connection. */
  body: AsyncIterable<Uint8Array>;
  /** Filled once the body has ended, where the origin sent trailers. */
  trailers: HeaderList;
}

/** Interim answers (1xx) before the real one; more are refused. */
const INTERIM_LIMIT = 8;

/** Bytes of a request body that are handed on at once. */
const PIECE = 16_384;

export interface HttpOptions {
  limits?: HeadLimits;
  /** Asked before each request: whether it is to be the last on this connection, and to say so. */
  isLast?: () => boolean;
}

export class HttpConnection {
  readonly #transport: Transport;
  readonly #reader: ByteReader;
  readonly #limits: HeadLimits;
  readonly #isLast: () => boolean;
  #state: 'idle' | 'busy' | 'closed' = 'idle';
  #exchanges = 0;

  constructor(transport: Transport, { limits = HEAD_LIMITS, isLast = () => false }: HttpOptions = {}) {
    this.#transport = transport;
    this.#reader = new ByteReader(transport);
    this.#limits = limits;
    this.#isLast = isLast;
  }

  /** Whether another request may be sent now. Bytes that nobody asked for rule it out. */
  get reusable(): boolean {
    return this.#state === 'idle' && this.#reader.waiting === 0;
  }

  /** Whether an exchange is under way. */
  get busy(): boolean {
    return this.#state === 'busy';
  }

  get exchanges(): number {
    return this.#exchanges;
  }

  /** Sends a request and reads the head of its response. The connection is closed when this throws. */
  async exchange(request: HttpRequest): Promise<HttpResponse> {
    if (!this.reusable) throw httpError('HTTP_BUSY', 'this connection is closed or has an answer under way');
    const head = requestHead(request, this.#isLast());
    this.#state = 'busy';
    this.#exchanges++;
    const sending: Sending = { done: false };
    // An origin may answer (and close) before it has read the whole body: its answer then counts, not the write.
    void this.#send(head, request.body, sending);
    try {
      return this.#response(request, await this.#finalHead(), sending);
    } catch (error) {
      this.close();
      throw sending.error ?? error;
    }
  }

  close(): void {
    this.#state = 'closed';
    this.#transport.close();
  }

  async #send(head: Uint8Array, body: HttpRequest['body'], sending: Sending): Promise<void> {
    try {
      await this.#transport.write(head);
      for await (const piece of pieces(body)) await this.#transport.write(piece);
      sending.done = true;
    } catch (error) {
      sending.error = error;
      // The caller's body broke off: the origin would wait for its rest, and the answer never come.
      if (error instanceof BodyError) {
        sending.error = error.cause;
        this.close();
      }
    }
  }

  async #finalHead(): Promise<ResponseHead> {
    for (let interim = 0; interim <= INTERIM_LIMIT; interim++) {
      const bytes = await this.#reader.until(headEnd, this.#limits.bytes);
      if (bytes === undefined) {
        if (this.#reader.waiting >= this.#limits.bytes) {
          throw httpError('HTTP_HEAD_TOO_LONG', 'the headers exceed their limit');
        }
        throw this.#reader.waiting > 0
          ? httpError('HTTP_TRUNCATED', 'the response ended inside its headers: try again')
          : httpError('HTTP_NO_RESPONSE', 'the connection was closed without an answer: try again');
      }
      const head = parseResponseHead(bytes, this.#limits);
      if (head.status >= 200) return head;
      // RFC 9110 §15.2.2: 101 comes only to those who asked.
      if (head.status === 101)
        throw httpError('HTTP_BAD_HEAD', 'the origin changed protocols without being asked');
    }
    throw httpError('HTTP_BAD_HEAD', 'too many interim answers');
  }

  #response(request: HttpRequest, head: ResponseHead, sending: Sending): HttpResponse {
    const framing = bodyFraming(request.method, head);
    const response: HttpResponse = { ...head, trailers: new HeaderList(), body: empty };
    const onTrailers = (trailers: HeaderList) => {
      response.trailers = trailers;
    };
    const finish = (whole: boolean) => {
      // Half a request still to be sent would be taken for the start of the next one.
      if (whole && sending.done && keepsAlive(head, framing) && this.#state === 'busy') this.#state = 'idle';
      else this.close();
    };
    const body = readBody(this.#reader, framing, onTrailers, this.#limits);
    if (framing.kind === 'none' || (framing.kind === 'length' && framing.length === 0)) finish(true);
    else response.body = watched(body, finish);
    return response;
  }
}

/** How far the sending of a request has come. */
interface Sending {
  done: boolean;
  error?: unknown;
}

/** The body that the caller gave failed, not the connection. */
class BodyError extends Error {}

/** A body as it goes on the wire, by the piece. */
async function* pieces(body: HttpRequest['body']): AsyncGenerator<Uint8Array, void, void> {
  if (body === undefined) return;
  if (body instanceof Uint8Array) {
    for (let at = 0; at < body.length; at += PIECE) yield body.subarray(at, at + PIECE);
    return;
  }
  const iterator = body[Symbol.asyncIterator]();
  for (;;) {
    const { value: bytes, done } = await Promise.resolve(iterator.next()).catch((error: unknown) => {
      throw new BodyError('the request body failed', { cause: error });
    });
    if (done) break;
    for (let at = 0; at < bytes.length; at += PIECE) yield chunk(bytes.subarray(at, at + PIECE));
  }
  yield chunk(new Uint8Array(0));
}

const empty: AsyncIterable<Uint8Array> = {
  async *[Symbol.asyncIterator]() {},
};

/** `body`, which tells at its end whether it was read whole. It can be read once. */
function watched(
  body: AsyncGenerator<Uint8Array, void, void>,
  finish: (whole: boolean) => void,
): AsyncIterable<Uint8Array> {
  let finished = false;
  const end = (whole: boolean) => {
    if (!finished) finish(whole);
    finished = true;
  };
  const iterator: AsyncIterator<Uint8Array> = {
    async next() {
      try {
        const result = await body.next();
        if (result.done) end(true);
        return result;
      } catch (error) {
        end(false);
        throw error;
      }
    },
    async return() {
      end(false);
      return { done: true, value: undefined };
    },
  };
  return { [Symbol.asyncIterator]: () => iterator };
}
