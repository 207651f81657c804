// `fetch` over the client, for engines that have the Fetch API's Response, Headers and ReadableStream.
import type { Client } from './client.js';
import type { RequestBody } from './http/request.js';
import type { ClientResponse } from './sessions/exchange.js';

/** Statuses whose Response must have no body (Fetch §2.2.3). */
const NULL_BODY = [204, 205, 304];

/**
 * Fetches as the standard does: a Response whose body streams with back-pressure, redirects, AbortSignal. Differences:
 * only https:, no cookies, no cache, failures are DeputyErrors with a code rather than bare TypeErrors.
 */
export async function fetchThrough(
  client: Client,
  input: string | URL | Request,
  init?: RequestInit,
): Promise<Response> {
  const request = input instanceof Request ? input : undefined;
  const url = request?.url ?? String(input);
  const method = (init?.method ?? request?.method ?? 'GET').toUpperCase();
  const signal = init?.signal ?? request?.signal;
  const redirect = init?.redirect ?? request?.redirect ?? 'follow';
  const headers = new Headers(init?.headers ?? request?.headers);
  const body = await requestBody(init?.body ?? request?.body, headers);
  const response = await client.request(url, {
    method,
    headers: [...headers],
    redirect,
    ...(body && { body }),
    ...(signal && { signal }),
  });
  return toResponse(response);
}

async function requestBody(
  body: RequestInit['body'] | ReadableStream<Uint8Array> | null | undefined,
  headers: Headers,
): Promise<RequestBody | undefined> {
  if (body === null || body === undefined) return undefined;
  if (body instanceof ReadableStream) return body as ReadableStream<Uint8Array> & AsyncIterable<Uint8Array>;
  // Response knows how to read every kind of body, and which Content-Type goes with it.
  const read = new Response(body);
  const type = read.headers.get('content-type');
  if (type !== null && !headers.has('content-type')) headers.set('content-type', type);
  return new Uint8Array(await read.arrayBuffer());
}

function toResponse(response: ClientResponse): Response {
  const { status, statusText, url, redirected } = response;
  const headers = new Headers();
  for (const [name, value] of response.headers) headers.append(name, value);
  const body = NULL_BODY.includes(status) ? null : streamOf(response.body);
  const result = new Response(body, { status, statusText, headers });
  // A constructed Response has no URL of its own (Fetch §6.4).
  Object.defineProperty(result, 'url', { value: url });
  Object.defineProperty(result, 'redirected', { value: redirected });
  return result;
}

/** Asks for the next bytes only when the reader wants them. */
function streamOf(body: AsyncIterable<Uint8Array>): ReadableStream<Uint8Array<ArrayBuffer>> {
  const iterator = body[Symbol.asyncIterator]();
  return new ReadableStream(
    {
      async pull(controller) {
        const { value, done } = await iterator.next();
        if (done) controller.close();
        else controller.enqueue(value as Uint8Array<ArrayBuffer>);
      },
      async cancel() {
        await iterator.return?.();
      },
    },
    { highWaterMark: 0 },
  );
}
