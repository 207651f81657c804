// One request of a browser, asked of a site: by HTTPS through a delegated session, or without HTTPS where a person allows it.
import type { Socket } from 'node:net';
import type { Client } from '../client/client.js';

import { DeputyError } from '../delegation/error.js';
import { hostOf, parseAddress, urlOf, type WebAddress } from './address.js';
import type { Choices } from './choices.js';
import { requestPlain, type SiteAnswer } from './plain.js';

export type PlainRule = 'allow' | 'deny' | 'ask';

export interface SiteRequest {
  method: string;
  address: WebAddress;
  /** For the address as it is asked: cookies depend on its scheme. */
  headersFor: (address: WebAddress) => [string, string][];
  body: Uint8Array | AsyncIterable<Uint8Array> | undefined;
  signal: AbortSignal;
}

export interface SiteOptions {
  client: Client;
  choices: Choices;
  plain: PlainRule;
  /** Opens TCP to a host that may be visited. */
  connect: (host: string, port: number) => Promise<Socket>;
  /** Content codings that the client undoes. */
  codings: readonly string[];
}

export interface Answered extends SiteAnswer {
  /** As it was asked in the end. */
  address: WebAddress;
}

/** The site has no HTTPS, and the person must be asked. */
export class PlainQuestion extends DeputyError {
  constructor(
    readonly address: WebAddress,
    /** How HTTPS failed. */
    readonly why: string,
  ) {
    super('PLAIN_UNASKED', `${hostOf(address)} has no HTTPS: ${why}`);
  }
}

/** Failures of a site that may have no HTTPS at all. A certificate that does not verify is none of them. */
const NO_HTTPS = new Set([
  'CONNECTION_FAILED',
  'TARGET_UNREACHABLE',
  'TARGET_TIMEOUT',
  'TLS_DECODE_ERROR',
  'TLS_UNEXPECTED_RECORD',
  'TLS_RECORD_OVERFLOW',
  'TLS_PROTOCOL_VERSION',
  'TLS_TRUNCATED',
]);

/**
 * Asks by HTTPS first. An address that a browser wrote as `http:` goes on without it where the site has none and the
 * person allows that; a site that has shown HTTPS once is never asked without it (the rule of RFC 6797).
 */
export async function askSite(request: SiteRequest, options: SiteOptions): Promise<Answered> {
  const { address } = request;
  const secure: WebAddress =
    address.scheme === 'https' || address.port !== 80
      ? { ...address, scheme: 'https' }
      : { ...address, scheme: 'https', port: 443 };
  const mayBePlain = address.scheme === 'http' && !options.choices.isSecure(address.host);
  if (mayBePlain && options.choices.mayBePlain(address.host)) return askPlain(request, options);
  let answer: Answered;
  try {
    answer = await askSecure(request, secure, options);
  } catch (error) {
    const { code = '' } = error as Partial<DeputyError>;
    if (!mayBePlain || !NO_HTTPS.has(code) || request.signal.aborted) throw error;
    return askPlain(request, options, error as DeputyError);
  }
  if (mayBePlain && sendsBack(answer, address)) {
    await answer.body[Symbol.asyncIterator]().return?.();
    return askPlain(request, options);
  }
  options.choices.markSecure(address.host);
  return answer;
}

async function askSecure(request: SiteRequest, address: WebAddress, options: SiteOptions): Promise<Answered> {
  const { method, body, signal } = request;
  const response = await options.client.request(urlOf(address), {
    method,
    headers: request.headersFor(address),
    redirect: 'manual',
    signal,
    ...(body !== undefined && { body }),
  });
  const { status, headers } = response;
  const codings = headers.tokens('content-encoding');
  // The client has undone them.
  const isDecoded = codings.length > 0 && codings.every((coding) => options.codings.includes(coding));
  if (isDecoded) headers.delete('content-encoding').delete('content-length');
  return { address, status, headers, body: response.body };
}

async function askPlain(
  request: SiteRequest,
  { plain, choices, connect }: SiteOptions,
  why?: DeputyError,
): Promise<Answered> {
  const { address, method, body, signal } = request;
  const isAllowed = plain === 'allow' || choices.mayBePlain(address.host);
  if (!isAllowed && plain === 'ask') {
    throw new PlainQuestion(address, why?.message ?? 'it leads back to this address');
  }
  if (!isAllowed) {
    throw (
      why ?? new DeputyError('PLAIN_DENIED', `${hostOf(address)} has no HTTPS, and --plain deny is in force`)
    );
  }
  const socket = await connect(address.host, address.port);
  const content = body instanceof Uint8Array ? one(body) : body;
  const headers = request.headersFor(address);
  const length: [string, string][] =
    body instanceof Uint8Array
      ? [['Content-Length', String(body.length)]]
      : content
        ? [['Transfer-Encoding', 'chunked']]
        : [];
  const answer = await requestPlain(socket, address, {
    method,
    headers: [...headers, ...length],
    body: content,
    signal,
  });
  return { ...answer, address };
}

async function* one(bytes: Uint8Array): AsyncGenerator<Uint8Array, void, void> {
  yield bytes;
}

/** A site that answers HTTPS with the same address by HTTP has no HTTPS to show. */
function sendsBack({ status, headers, address }: Answered, asked: WebAddress): boolean {
  const [location] = headers.all('location');
  if (![301, 302, 303, 307, 308].includes(status) || location === undefined) return false;
  const target = parseAddress(location, address);
  return target !== undefined && urlOf(target) === urlOf(asked);
}
