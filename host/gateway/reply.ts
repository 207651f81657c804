// An answer to a browser, whatever its version of HTTP: what is incomplete never looks whole.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { drained } from '../platform/node/drained.js';
import { isBare } from './listener.js';

export interface Reply {
  status: number;
  headers: readonly (readonly [name: string, value: string])[];
  /** Undefined for an answer without content. */
  body?: Uint8Array | AsyncIterable<Uint8Array> | undefined;
  /** Bytes of a body that comes in pieces, where that is known. */
  length?: number | undefined;
}

/**
 * What is kept of a body to tell its length first: HTTP/1.0 has no other mark of a whole answer, and many old browsers
 * show progress by it.
 */
const KEPT_BYTES = 262_144;

/** Sends `reply`. When the body breaks off, the connection is reset, and this throws what broke it. */
export async function sendReply(
  request: IncomingMessage,
  response: ServerResponse,
  reply: Reply,
): Promise<void> {
  const socket = request.socket;
  try {
    if (isBare(request)) return await sendBare(socket, reply);
    const isHead = request.method === 'HEAD';
    const hasContent = !isHead && reply.status !== 204 && reply.status !== 304 && reply.status >= 200;
    const { kept, more, length } = hasContent
      ? await beginning(reply, request.httpVersionMinor === 0)
      : { kept: [], more: undefined, length: isHead ? reply.length : undefined };
    if (!hasContent && reply.body !== undefined && !(reply.body instanceof Uint8Array))
      await leave(reply.body);
    response.statusCode = reply.status;
    for (const [name, value] of reply.headers) response.appendHeader(name, value);
    if (length !== undefined) response.setHeader('Content-Length', length);
    response.setHeader('Connection', 'close');
    // Netscape's name for it.
    response.setHeader('Proxy-Connection', 'close');
    for (const bytes of kept) response.write(bytes);
    if (more !== undefined) await pour(more, response);
    response.end();
  } catch (error) {
    // A reset, not an end: an HTTP/1.0 browser takes the end of the connection for the end of the page.
    socket.resetAndDestroy();
    throw error;
  }
}

interface Beginning {
  kept: Uint8Array[];
  /** The rest of the body, where it was too long to keep. */
  more: AsyncIterator<Uint8Array> | undefined;
  /** Undefined where nobody knows it yet. */
  length: number | undefined;
}

async function beginning({ body, length }: Reply, needsLength: boolean): Promise<Beginning> {
  if (body === undefined) return { kept: [], more: undefined, length: 0 };
  if (body instanceof Uint8Array) return { kept: [body], more: undefined, length: body.length };
  const iterator = body[Symbol.asyncIterator]();
  const kept: Uint8Array[] = [];
  if (length !== undefined || !needsLength) return { kept, more: iterator, length };
  let bytes = 0;
  while (bytes <= KEPT_BYTES) {
    const { value, done } = await iterator.next();
    if (done) return { kept, more: undefined, length: bytes };
    kept.push(value);
    bytes += value.length;
  }
  return { kept, more: iterator, length: undefined };
}

async function pour(body: AsyncIterator<Uint8Array>, to: ServerResponse | Socket): Promise<void> {
  try {
    for (let next = await body.next(); !next.done; next = await body.next()) {
      if (to.destroyed || !to.writable) throw new Error('the browser went away');
      if (!to.write(next.value)) await drained(to);
    }
  } finally {
    await body.return?.();
  }
}

/** HTTP/0.9: the content, and the end of the connection. */
async function sendBare(socket: Socket, { body }: Reply): Promise<void> {
  if (body instanceof Uint8Array) socket.write(body);
  else if (body !== undefined) await pour(body[Symbol.asyncIterator](), socket);
  socket.end();
}

async function leave(body: AsyncIterable<Uint8Array>): Promise<void> {
  await body[Symbol.asyncIterator]().return?.();
}
