// Sites that have no HTTPS, for people who allow it: nothing is verified, and nothing delegated.
import { request as httpRequest } from 'node:http';
import type { Socket } from 'node:net';
import { DeputyError } from '../delegation/error.js';
import { HeaderList } from '../http/header_list.js';
import { hostOf, type WebAddress } from './address.js';
import { pairs } from './headers.js';

export interface PlainRequest {
  method: string;
  headers: readonly (readonly [string, string])[];
  body: AsyncIterable<Uint8Array> | undefined;
  signal: AbortSignal;
}

export interface SiteAnswer {
  status: number;
  headers: HeaderList;
  body: AsyncIterable<Uint8Array>;
}

/** Milliseconds for an answer to begin. */
const ANSWER_TIMEOUT = 120_000;

/** Asks `address` by HTTP over `socket`. Throws DeputyError PLAIN_FAILED, or the signal's reason. */
export function requestPlain(socket: Socket, address: WebAddress, wish: PlainRequest): Promise<SiteAnswer> {
  const { method, headers, body, signal } = wish;
  return new Promise((resolve, reject) => {
    const failed = (error: Error) => {
      socket.destroy();
      reject(signal.aborted ? signal.reason : plainFailure(address, error));
    };
    const request = httpRequest({
      method,
      path: address.path,
      headers: [...headers.flat(), 'Host', hostOf(address), 'Connection', 'close'] as string[],
      createConnection: () => socket,
      insecureHTTPParser: true,
      signal,
      timeout: ANSWER_TIMEOUT,
    });
    request.on('error', failed).on('timeout', () => failed(new Error('it did not answer in time')));
    request.on('response', (response) => {
      const status = response.statusCode ?? 502;
      resolve({ status, headers: HeaderList.ofChecked([...pairs(response.rawHeaders)]), body: response });
    });
    void send(body, request).catch(failed);
  });
}

async function send(
  body: AsyncIterable<Uint8Array> | undefined,
  request: ReturnType<typeof httpRequest>,
): Promise<void> {
  if (body !== undefined) for await (const bytes of body) request.write(bytes);
  request.end();
}

const plainFailure = (address: WebAddress, error: Error): DeputyError =>
  new DeputyError('PLAIN_FAILED', `${hostOf(address)} did not answer by HTTP (${error.message}): try again`);
