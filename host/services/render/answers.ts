// Answers the requests of a page: those of its own origin and others by the session's flow, so that the client's policy
// decides on each origin; what no text comes from is not asked for.
import type { Request, Route } from 'playwright-core';
import { decode } from '../content_decoding.js';
import type { HeaderLine, OtherResponse, ResponseFlow } from '../service.js';
import { RenderError, type RenderLimits } from './limits.js';

/** The page itself, which is there already. */
export interface FirstAnswer {
  status: number;
  headers: Record<string, string>;
  body: Buffer;
}

const MAX_REDIRECTS = 5;
/** Of a request of the browser, what the origin is sent. */
const FORWARDED = /^(?:accept|accept-language|authorization|content-type|origin|referer|range|x-.*)$/;
/** Of an answer, what is of this connection alone, or of bytes as they were sent. */
const OF_CONNECTION =
  /^(?:connection|keep-alive|transfer-encoding|content-encoding|content-length|trailer|upgrade|alt-svc|strict-transport-security)$/i;
/** No text comes from these. */
const UNSEEN = new Set([
  'image',
  'media',
  'font',
  'texttrack',
  'manifest',
  'eventsource',
  'websocket',
  'ping',
  'other',
]);

export class PageAnswers {
  /** Under way. */
  pending = 0;
  #first: FirstAnswer | undefined;
  #requests = 0;
  #bytes = 0;
  #isOver = false;
  readonly #origin: string;

  constructor(
    private readonly flow: ResponseFlow,
    first: FirstAnswer,
    private readonly limits: RenderLimits,
  ) {
    this.#first = first;
    this.#origin = new URL(flow.request.url).origin;
  }

  /** What comes from now on is refused. */
  end(): void {
    this.#isOver = true;
  }

  /** Never rejects. */
  async answer(route: Route): Promise<void> {
    this.pending++;
    try {
      await this.#answer(route, route.request());
    } catch (error) {
      this.flow.log.debug('a request of a rendered page is not answered', { why: (error as Error).message });
      // An answer without content leaves a page as it stands; a refusal would put the browser's own words there.
      const request = route.request();
      const isOfPage = request.isNavigationRequest() && isMainFrame(request);
      await (isOfPage ? route.fulfill({ status: 204 }) : route.abort('blockedbyclient')).catch(() => {});
    } finally {
      this.pending--;
    }
  }

  async #answer(route: Route, request: Request): Promise<void> {
    if (this.#isOver) throw new RenderError('the page is over');
    const url = new URL(request.url());
    if (this.#first !== undefined) {
      const { status, headers, body } = this.#first;
      this.#first = undefined;
      return route.fulfill({ status, headers, body });
    }
    if (request.resourceType() === 'stylesheet')
      return route.fulfill({ status: 200, headers: { 'content-type': 'text/css' }, body: '' });
    if (UNSEEN.has(request.resourceType()))
      throw new RenderError(`no text comes from ${request.resourceType()}`);
    if (request.isNavigationRequest()) {
      // What another origin has would stand under the address of this one.
      if (!isMainFrame(request) || url.origin !== this.#origin)
        throw new RenderError('it would lead elsewhere');
    }
    if (++this.#requests > this.limits.requests) throw new RenderError('too many requests');
    const sent = request.postDataBuffer();
    this.#take(sent?.length ?? 0);
    const response = await this.#fetch(url, request.method(), sent, await request.allHeaders());
    const body = await this.#bodyOf(response);
    const headers = [...response.headers].filter(([name]) => !OF_CONNECTION.test(name));
    await route.fulfill({ status: response.status, headers: joined(headers), body });
  }

  /** Redirects of the answer are followed here: the browser would follow them past all that answers it. */
  async #fetch(
    first: URL,
    method: string,
    sent: Buffer | null,
    asked: Record<string, string>,
  ): Promise<OtherResponse> {
    let url = first;
    let verb = method;
    let body = sent;
    for (let redirects = 0; ; redirects++) {
      const response = await this.flow.fetchOther(url.href, {
        headers: this.#headers(url, asked),
        ...(verb !== 'GET' && { method: verb }),
        ...(verb !== 'GET' && body !== null && { body }),
        reason: 'a page that scripts make asks for it',
        signal: this.flow.signal,
      });
      const location = response.headers.get('location');
      const { status } = response;
      if (![301, 302, 303, 307, 308].includes(status) || location === undefined) return response;
      for await (const chunk of response.body) this.#take(chunk.length);
      if (redirects === MAX_REDIRECTS) throw new RenderError('too many redirects');
      url = new URL(location, url);
      // Fetch Standard §4.4: what was sent is not sent again, but by 307 and 308.
      if (status === 303 || (status < 303 && verb === 'POST')) {
        verb = 'GET';
        body = null;
      }
    }
  }

  #headers(url: URL, asked: Record<string, string>): HeaderLine[] {
    const own = this.flow.request.headers;
    const lines: HeaderLine[] = Object.entries(asked).filter(
      ([name]) => FORWARDED.test(name) && (name !== 'authorization' || url.origin === this.#origin),
    );
    lines.push(['Accept-Encoding', 'gzip, deflate, br']);
    const agent = own.get('user-agent');
    if (agent !== undefined) lines.push(['User-Agent', agent]);
    // Cookies are those of the client's exchange, and the ones that its page got here since.
    if (url.origin === this.#origin) {
      const cookies = mergedCookies(own.get('cookie'), asked.cookie);
      if (cookies !== '') lines.push(['Cookie', cookies]);
    }
    return lines;
  }

  async #bodyOf({ headers, body }: OtherResponse): Promise<Buffer> {
    const chunks: Uint8Array[] = [];
    for await (const chunk of decode(body, headers.get('content-encoding'))) {
      this.#take(chunk.length);
      chunks.push(Buffer.from(chunk));
    }
    return Buffer.concat(chunks);
  }

  #take(bytes: number): void {
    this.#bytes += bytes;
    if (this.#bytes > this.limits.bytes) throw new RenderError('too many bytes');
  }
}

const isMainFrame = (request: Request): boolean => request.frame().parentFrame() === null;

/** One line a name: cookies are parted by line breaks, as the browser takes them. */
export function joined(lines: readonly HeaderLine[]): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of lines) {
    const key = name.toLowerCase();
    const before = headers[key];
    if (before === undefined) headers[key] = value;
    else headers[key] = key === 'set-cookie' ? `${before}\n${value}` : `${before}, ${value}`;
  }
  return headers;
}

export const isOfConnection = (name: string): boolean => OF_CONNECTION.test(name);

function mergedCookies(...headers: (string | undefined)[]): string {
  const cookies = new Map<string, string>();
  for (const header of headers) {
    for (const each of (header ?? '').split(/;\s*/).filter((pair) => pair !== ''))
      cookies.set(each.split('=', 1)[0]!, each);
  }
  return [...cookies.values()].join('; ');
}
