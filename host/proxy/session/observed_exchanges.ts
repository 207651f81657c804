// HTTP/1.x read along: requests and answers as they passed, head by head and body by body, without touching a byte.

import { createHash } from 'node:crypto';
import { beginsLikeHttp } from '../../http/request_line.js';
import type { ObservedBody } from '../../services/service.js';
import { SessionError } from '../error.js';
import { BodyReader, type Framing, requestFraming, responseFraming } from '../exchange/framing.js';
import {
  parseRequestHead,
  parseResponseHead,
  type RequestHead,
  type ResponseHead,
  readRawHead,
} from '../exchange/head.js';
import { Tally } from '../exchange/tally.js';
import type { ReadAhead } from '../streams/read_ahead.js';

/** Bytes of a body that are shown. */
const SHOWN = 65_536;

export interface ReadExchange {
  request: RequestHead;
  requestBody: ObservedBody;
  /** Undefined where none came before the end. */
  response: ResponseHead | undefined;
  responseBody: ObservedBody;
}

export interface ExchangeReader {
  limits: { requestHeadBytes: number; responseHeadBytes: number };
  onRequest(head: RequestHead): void;
  onExchange(exchange: ReadExchange): void;
}

/**
 * Reads until either direction ends, or speaks HTTP no more (RFC 9110 §7.8). Throws SessionError for what is malformed;
 * nothing can be read after that.
 */
export async function readExchanges(
  fromClient: ReadAhead,
  fromOrigin: ReadAhead,
  reader: ExchangeReader,
): Promise<void> {
  if (!(await isHttp(fromClient))) return;
  for (;;) {
    const raw = await readRawHead(fromClient, reader.limits.requestHeadBytes, 'BAD_REQUEST');
    if (raw === undefined) return;
    const request = parseRequestHead(raw);
    reader.onRequest(request);
    const requestBody = await readBody(fromClient, requestFraming(request), 'BAD_REQUEST');
    const response = await readResponse(fromOrigin, reader.limits.responseHeadBytes);
    const framing: Framing =
      response === undefined ? { kind: 'none' } : responseFraming(response, request.method);
    const responseBody = await readBody(fromOrigin, framing, 'BAD_RESPONSE');
    reader.onExchange({ request, requestBody, response, responseBody });
    if (response === undefined || response.status === 101) return;
  }
}

async function isHttp(from: ReadAhead): Promise<boolean> {
  for (;;) {
    const verdict = beginsLikeHttp(from.buffer.toString('latin1', 0, 8192));
    if (verdict !== undefined) return verdict;
    if ((await from.fill()) === false) return false;
  }
}

/** The final head; undefined where the stream ends before it is whole. */
async function readResponse(from: ReadAhead, limit: number): Promise<ResponseHead | undefined> {
  for (;;) {
    const raw = await readRawHead(from, limit, 'BAD_RESPONSE').catch(orEnded);
    if (raw === undefined) return undefined;
    const head = parseResponseHead(raw);
    if (head.status >= 200 || head.status === 101) return head;
  }
}

const orEnded = (error: unknown) => {
  if (error instanceof SessionError && error.code === 'TRUNCATED') return undefined;
  throw error;
};

async function readBody(
  from: ReadAhead,
  framing: Framing,
  code: 'BAD_REQUEST' | 'BAD_RESPONSE',
): Promise<ObservedBody> {
  const hash = createHash('sha256');
  const shown: Buffer[] = [];
  let length = 0;
  const body = (whole: boolean): ObservedBody => ({
    length,
    start: Buffer.concat(shown),
    hash: hash.digest(),
    whole,
  });
  try {
    for await (const bytes of new BodyReader(from, framing, code, new Tally(false)).contents()) {
      hash.update(bytes);
      if (length < SHOWN) shown.push(Buffer.from(bytes.subarray(0, SHOWN - length)));
      length += bytes.length;
    }
    return body(true);
  } catch (error) {
    orEnded(error);
    return body(false);
  }
}
