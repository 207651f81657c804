// The operator's listener: metrics, health, and a page that shows what the proxy does and ends sessions.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { FieldReader } from '../delegation/bytes.js';
import { DeputyError, ProtocolError } from '../delegation/error.js';
import { readSigned, SIGNED_LIMIT, type SignedOrder } from '../delegation/order.js';
import { authority } from '../delegation/origin.js';
import { parseSessionId } from '../delegation/session_id.js';
import { Access, isFromThePage, isLoopback, namesThisMachine } from './access.js';
import { type Asset, assets } from './assets.js';
import { LiveStreams } from './live.js';
import type { OperatorView } from './view.js';

/** What the page and the metrics are about: one process or several. */
export interface Operated {
  view(): Promise<OperatorView>;
  metrics(): Promise<{ text: string; contentType: string }>;
  /** False where no session has that id. */
  end(sessionId: string): Promise<boolean>;
  /** Passes a signed order on; how many devices got it at once. Throws DeputyError. */
  order(signed: SignedOrder): Promise<number>;
  /** Takes clients, and does not stop. */
  readonly isReady: boolean;
}

export interface OperatorOptions {
  host: string;
  port: number;
  /** For the address of the page; random unless told. */
  token?: string;
}

export interface OperatorServer {
  /** With the token: anyone who has it may end sessions. */
  readonly url: string;
  close(): Promise<void>;
}

/** Throws DeputyError where a listener would be refused: ADMIN_NOT_LOOPBACK, BAD_ADMIN_TOKEN. */
export function checkAdmin({ host, port }: { host: string; port: number }, token?: string): Access {
  if (!isLoopback(host)) {
    throw new DeputyError(
      'ADMIN_NOT_LOOPBACK',
      `--admin ${authority(host, port)} is open to others: take 127.0.0.1 or [::1], and reach it by ssh -L`,
    );
  }
  try {
    return new Access(token);
  } catch (error) {
    throw new DeputyError('BAD_ADMIN_TOKEN', `--admin-token-file: ${(error as Error).message}`);
  }
}

/** Throws DeputyError: ADMIN_NOT_LOOPBACK, BAD_ADMIN_TOKEN, CANNOT_LISTEN. */
export async function operatorServer(operated: Operated, options: OperatorOptions): Promise<OperatorServer> {
  const { host, port } = options;
  const pages = new Pages(operated, checkAdmin(options, options.token), await assets());
  const server = createServer({ maxHeaderSize: 16_384 }, (request, response) => {
    pages.serve(request, response).catch((error) => {
      response.destroy(error as Error);
    });
  });
  server.requestTimeout = 10_000;
  server.headersTimeout = 10_000;
  server.maxConnections = 64;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen({ host, port }, resolve);
  }).catch((error: NodeJS.ErrnoException) => {
    throw new DeputyError('CANNOT_LISTEN', `--admin ${authority(host, port)}: ${error.code}: is it taken?`);
  });
  const at = authority(host, (server.address() as AddressInfo).port);
  return {
    url: `http://${at}/?token=${pages.access.token}`,
    async close() {
      pages.close();
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

/** No script, style or picture but its own, in no frame, and no word of it to other sites. */
const HEADERS = {
  'Content-Security-Policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; " +
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'",
  'Cache-Control': 'no-store',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
};

class Pages {
  readonly #live: LiveStreams;

  constructor(
    private readonly operated: Operated,
    readonly access: Access,
    private readonly assets: ReadonlyMap<string, Asset>,
  ) {
    this.#live = new LiveStreams(() => operated.view());
  }

  close(): void {
    this.#live.close();
  }

  async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (!namesThisMachine(request)) return answer(response, 421, 'this is not the server of that name\n');
    const url = new URL(request.url ?? '/', 'http://localhost');
    const method = request.method === 'HEAD' ? 'GET' : request.method;
    switch (`${method} ${url.pathname}`) {
      // For programs of this machine: no names in them, and nothing to be done with them.
      case 'GET /healthz':
        return answer(response, 200, 'alive\n');
      case 'GET /readyz':
        return this.operated.isReady ? answer(response, 200, 'ready\n') : answer(response, 503, 'stopping\n');
      case 'GET /metrics':
        return this.#metrics(response);
    }
    if (method === 'GET' && url.pathname === '/' && url.searchParams.has('token')) {
      return this.#enter(request, response, url.searchParams.get('token'));
    }
    if (url.pathname === '/devices' || url.pathname === '/devices/orders')
      return this.#devices(`${method} ${url.pathname}`, request, response);
    if (!this.access.hasCookie(request)) {
      return answer(response, 401, 'open the address with the token that deputy proxy has printed\n');
    }
    const asset = this.assets.get(url.pathname);
    if (method === 'GET' && asset !== undefined) return answer(response, 200, asset.content, asset.type);
    if (method === 'GET' && url.pathname === '/live') return this.#live.open(response, HEADERS);
    const ended = /^\/sessions\/(\w+)\/end$/.exec(url.pathname)?.[1];
    if (ended === undefined) return answer(response, 404, 'there is nothing here\n');
    if (method !== 'POST')
      return answer(response, 405, 'POST ends a session\n', 'text/plain', { Allow: 'POST' });
    if (!isFromThePage(request)) return answer(response, 403, 'only the page itself may ask for that\n');
    const id = parseSessionId(ended);
    const was = id !== undefined && (await this.operated.end(id));
    return was ? answer(response, 204, '') : answer(response, 404, 'there is no such session\n');
  }

  /** For `deputy device`, which sends the token in a header that no page of another site can make a browser send. */
  async #devices(what: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const token = /^Bearer (\S+)$/.exec(request.headers.authorization ?? '')?.[1] ?? null;
    if (!this.access.hasToken(token)) return answer(response, 401, "give the token of the operator's page\n");
    const json = (status: number, value: object) =>
      answer(response, status, `${JSON.stringify(value)}\n`, 'application/json');
    if (what === 'GET /devices') return json(200, { devices: (await this.operated.view()).devices });
    if (what !== 'POST /devices/orders')
      return answer(response, 405, 'GET /devices, POST /devices/orders\n', 'text/plain');
    try {
      const from = new FieldReader(await bodyOf(request, SIGNED_LIMIT));
      const signed = readSigned(from);
      from.end();
      json(200, { devices: await this.operated.order(signed) });
    } catch (error) {
      if (!(error instanceof DeputyError)) throw error;
      json(400, { code: error.code, message: error.message });
    }
  }

  async #metrics(response: ServerResponse): Promise<void> {
    const { text, contentType } = await this.operated.metrics();
    answer(response, 200, text, contentType);
  }

  /** The token leaves the address bar for a cookie. */
  #enter(request: IncomingMessage, response: ServerResponse, token: string | null): void {
    const cookie = { Location: '/', 'Set-Cookie': this.access.setCookie(request) };
    if (this.access.hasToken(token)) answer(response, 303, '', 'text/plain', cookie);
    else answer(response, 401, "that token is not this proxy's\n");
  }
}

/** Throws FRAME_TOO_LONG where there is more. */
async function bodyOf(request: IncomingMessage, limit: number): Promise<Buffer> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of request) {
    length += part.length;
    if (length > limit)
      throw new ProtocolError('FRAME_TOO_LONG', `a signed order has at most ${limit} bytes`);
    parts.push(part);
  }
  return Buffer.concat(parts);
}

function answer(
  response: ServerResponse,
  status: number,
  body: string | Buffer,
  type = 'text/plain; charset=utf-8',
  more: Record<string, string> = {},
): void {
  response.writeHead(status, {
    ...HEADERS,
    'Content-Type': type,
    'Content-Length': Buffer.byteLength(body),
    ...more,
  });
  response.end(body);
}
