// An active session: HTTP/1.x exchange by exchange, or plain bytes for any other protocol (R19).

import { beginsLikeHttp } from '../../http/request_line.js';
import { SessionError } from '../error.js';
import type { ByteStream } from '../streams/byte_stream.js';
import { ReadAhead } from '../streams/read_ahead.js';
import { carryBytes } from './byte_session.js';
import { exchange } from './exchange.js';
import type { ExchangeOptions, Side } from './exchange_options.js';
import { beginsLikeHttp2, http2Refused, isHttp2 } from './head.js';

export interface CarryOptions
  extends Omit<ExchangeOptions, 'client' | 'origin' | 'previousHash' | 'number' | 'onOutOfStep'> {
  leg: ByteStream;
  origin: ByteStream;
  /** What the client negotiated; undefined or empty where it did not, or where it can't be known. */
  alpn: string | undefined;
  /** The client says that it is no HTTP. */
  isStream: boolean;
  /** No HTTP, or no longer. */
  onStream: () => void;
  /** True when an exchange begins, or plain bytes pass from here on; false when an exchange has ended. */
  onTurn: (isUnderWay: boolean) => void;
  /** Once it aborts no exchange is begun, save the first: for that one the session was delivered. */
  retired: AbortSignal;
}

/** Carries the session until both sides have ended it in order. Throws SessionError where one did not. */
export async function carry(options: CarryOptions): Promise<void> {
  const client: Side = { stream: options.leg, bytes: new ReadAhead(options.leg) };
  const origin: Side = { stream: options.origin, bytes: new ReadAhead(options.origin) };
  const { alpn = '', isStream } = options;
  if (isHttp2(alpn)) throw http2Refused();
  const isHttp = alpn === 'http/1.1' || alpn === 'http/1.0';
  const bytes = async (number: number, previousHash: Uint8Array, inspect?: (bytes: Buffer) => void) => {
    options.onTurn(true);
    await carryBytes(client, origin, { ...options, number, previousHash, ...(inspect && { inspect }) });
    options.onTurn(false);
  };
  if (!isHttp) {
    // One that announces none may be silent for as long as a stream may.
    if (isStream) options.onStream();
    // Neither the client nor ALPN decides what is HTTP: what is said does.
    const patience = isStream || alpn !== '' ? STREAM_PATIENCE : undefined;
    const verdict = await speaksHttp(client, origin, patience);
    if (verdict !== true) {
      return bytes(1, new Uint8Array(32), verdict === undefined ? firstLineGuard() : undefined);
    }
  }
  // One object for all exchanges: what differs is set before each.
  const each = {
    ...{ ...options, client, origin, number: 0 },
    previousHash: new Uint8Array(32) as Uint8Array,
    onOutOfStep: () => {
      each.flow = { ...each.flow, inStep: false };
    },
  };
  each.onResponse = (report) => {
    each.previousHash = report.hash;
    options.onResponse(report);
  };
  const turns = new Turns(options.retired);
  for (let more = await nextRequest(client, origin); more; more = await turns.next(client, origin)) {
    each.number++;
    if (beginsLikeHttp2(client.bytes.buffer)) throw http2Refused();
    // No head will come of this, so there is no use in waiting for its end: a TLS record, for one.
    if (isBinary(client.bytes.buffer)) throw new SessionError('BAD_REQUEST', 'what came is no HTTP request');
    options.onTurn(true);
    const outcome = await exchange(each);
    if (outcome === 'bytes') return bytes(each.number + 1, each.previousHash);
    options.onTurn(false);
    if (outcome === 'abandoned') return client.stream.end();
    if (outcome === 'close') break;
  }
  await Promise.all([client.stream.end(), origin.stream.end()]);
}

/** Milliseconds for the rest of a first line, where the client says that it is no HTTP. */
const STREAM_PATIENCE = 1000;

/**
 * An HTTP client speaks first, and in request lines. Undefined where so far it may be one, and nothing more came for `patience`
 * milliseconds.
 */
async function speaksHttp(client: Side, origin: Side, patience?: number): Promise<boolean | undefined> {
  for (;;) {
    const { buffer } = client.bytes;
    const verdict = beginsLikeHttp(buffer.toString('latin1', 0, 8192));
    if (verdict !== undefined) return verdict;
    if (buffer.length >= 8192) return true;
    if (buffer.length === 0 && (await firstToSpeak(client, origin)) === 'origin') return false;
    if (buffer.length > 0 && patience !== undefined && !(await moreWithin(client.bytes, patience))) {
      return undefined;
    }
    if ((await client.bytes.fill()) === false) return false;
  }
}

const moreWithin = (bytes: ReadAhead, milliseconds: number): Promise<boolean> =>
  new Promise((resolve) => {
    const timer = setTimeout(() => resolve(false), milliseconds);
    bytes.prefetch(() => {
      clearTimeout(timer);
      resolve(true);
    });
  });

/** Follows a first line that has begun to pass: one that becomes HTTP after all is not let come to its end. */
function firstLineGuard(): (bytes: Buffer) => void {
  let line: Buffer | undefined = Buffer.alloc(0);
  return (bytes) => {
    if (line === undefined) return;
    line = Buffer.concat([line, bytes]);
    const verdict = line.length >= 8192 ? true : beginsLikeHttp(line.toString('latin1', 0, 8192));
    if (verdict === true) throw new SessionError('BAD_REQUEST', 'HTTP came where the client announced none');
    if (verdict === false) line = undefined;
  };
}

/** Whose bytes, or whose end, come first. */
const firstToSpeak = (client: Side, origin: Side): Promise<'client' | 'origin'> =>
  new Promise((resolve, reject) => {
    const tell = (side: 'client' | 'origin', { failure }: ReadAhead) =>
      failure === undefined ? resolve(side) : reject(failure);
    client.bytes.prefetch(() => tell('client', client.bytes));
    origin.bytes.prefetch(() => tell('origin', origin.bytes));
  });

/** Waits for the next request, unless the session is to end. One listener for all: one each time costs as much as they. */
class Turns {
  #onRetired = () => {};

  constructor(private readonly retired: AbortSignal) {
    retired.addEventListener('abort', () => this.#onRetired(), { once: true });
  }

  /** As `nextRequest`; false, too, as soon as the session is to end between two exchanges. */
  next(client: Side, origin: Side): Promise<boolean> {
    if (this.retired.aborted) return Promise.resolve(false);
    return new Promise((resolve, reject) => {
      this.#onRetired = () => resolve(false);
      nextRequest(client, origin).then(resolve, reject);
    });
  }
}

/** True when a request begins; false when a side has ended in order between two exchanges. */
async function nextRequest(client: Side, origin: Side): Promise<boolean> {
  if (origin.bytes.buffer.length === 0) {
    if (client.bytes.buffer.length > 0) return true;
    if ((await firstToSpeak(client, origin)) === 'client') return (await client.bytes.fill()) !== false;
  }
  if (origin.bytes.buffer.length === 0 && (await origin.bytes.fill()) === false) return false;
  throw new SessionError('BAD_RESPONSE', 'the origin sent more than it was asked for');
}

/** A control character other than the empty line that may stand before a request. */
const isBinary = ([first]: Buffer): boolean =>
  first !== undefined && first < 0x20 && first !== 13 && first !== 10;
