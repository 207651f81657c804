// What a browser sends behind the head of its request.
import type { IncomingMessage } from 'node:http';
import { DeputyError } from '../delegation/error.js';

/** Bytes of a body that are kept to tell its length, and to send it again where a site has no HTTPS. */
const KEPT_BODY = 1_048_576;
const FORM_LIMIT = 65_536;

/** Whole where it is short, so that its length can be told. */
export async function bodyOf(
  request: IncomingMessage,
): Promise<Uint8Array | AsyncIterable<Uint8Array> | undefined> {
  const { method } = request;
  const length = request.headers['content-length'];
  if (length === undefined && request.headers['transfer-encoding'] === undefined) {
    return method === 'POST' || method === 'PUT' ? new Uint8Array(0) : undefined;
  }
  return length !== undefined && Number(length) <= KEPT_BODY ? collect(request, KEPT_BODY) : request;
}

async function collect(request: IncomingMessage, limit: number): Promise<Buffer> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    length += part.length;
    if (length > limit) throw new DeputyError('GATEWAY_BAD_REQUEST', `what was sent exceeds ${limit} bytes`);
    parts.push(part);
  }
  return Buffer.concat(parts);
}

/** A form of the gateway's own pages, as text. */
export const formOf = async (request: IncomingMessage): Promise<string> =>
  request.method === 'POST' ? (await collect(request, FORM_LIMIT)).toString('latin1') : '';
