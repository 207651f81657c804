// Pages that scripts make: a browser without a network runs them, and what they have made goes to the device.
import { changePage, isPage } from '../page_change.js';
import type { Body, HeaderList, ResponseChange, ResponseFlow, Service, ServiceLog } from '../service.js';
import { isOfConnection, joined } from './answers.js';
import { RenderBrowser } from './browser.js';
import { EmptyPageWatch } from './empty_page.js';
import { RENDER_LIMITS, RenderError, type RenderLimits, within } from './limits.js';
import { renderPage } from './page.js';

export interface RenderOptions {
  /** Chromium. */
  executable: string;
  /** Render every page; those alone that are empty before their scripts have run, unless told. */
  always?: boolean;
  /** Hosts, with their subdomains, whose pages are always rendered. */
  hosts?: readonly string[];
  limits?: Partial<RenderLimits>;
  /** See BrowserOptions. */
  namespace?: boolean;
  log: Pick<ServiceLog, 'warn'>;
}

/** Bytes of a page before it is rendered. */
const MAX_PAGE = 2 << 20;

export function render({ executable, always, hosts = [], log, ...options }: RenderOptions): Service {
  const limits = { ...RENDER_LIMITS, ...options.limits };
  const onEnd = (why: string) => log.warn('the browser that renders pages has ended', { why });
  const { namespace } = options;
  const browser = new RenderBrowser({
    executable,
    limits,
    onEnd,
    ...(namespace !== undefined && { namespace }),
  });
  const turns = new Turns(limits);
  const isListed = (host: string) => hosts.some((each) => host === each || host.endsWith(`.${each}`));

  async function rendered(flow: ResponseFlow, bytes: Buffer): Promise<string> {
    const { status, headers } = flow.received;
    const first = {
      status,
      headers: joined([...headers].filter(([name]) => !isOfConnection(name))),
      body: bytes,
    };
    await turns.take();
    try {
      const work = browser.withContext(flow.sessionId, (context) => renderPage(context, flow, first, limits));
      return await within(work, limits.time + 10_000, 'the browser hangs');
    } catch (error) {
      if (error instanceof RenderError && /hangs|does not close/.test(error.message))
        void browser.kill(error.message);
      throw error;
    } finally {
      turns.release();
    }
  }

  async function* page(
    flow: ResponseFlow,
    body: Body,
    headers: HeaderList,
    isWanted: boolean,
  ): Body & AsyncGenerator<Uint8Array> {
    const source = body[Symbol.asyncIterator]();
    const rest = { [Symbol.asyncIterator]: () => source };
    const watch = new EmptyPageWatch();
    const start: Uint8Array[] = [];
    let length = 0;
    for (let step = await source.next(); step.done !== true; step = await source.next()) {
      start.push(Buffer.from(step.value));
      length += step.value.length;
      if (!isWanted) watch.write(step.value);
      if (length <= MAX_PAGE && !watch.hasText) continue;
      if (length > MAX_PAGE) flow.log.info('the page is too large to be rendered');
      yield* start;
      yield* rest;
      return;
    }
    const bytes = Buffer.concat(start);
    if (isWanted || watch.isMadeByScripts) {
      try {
        const text = await rendered(flow, bytes);
        headers.set('Content-Type', 'text/html; charset=utf-8');
        yield Buffer.from(text);
        return;
      } catch (error) {
        const why = error instanceof Error ? error.message.split('\n')[0] : String(error);
        // The next request may have more luck.
        headers.set('Cache-Control', 'no-store');
        flow.log.warn('the page comes as it is: it could not be rendered', { why });
      }
    }
    yield bytes;
  }

  return {
    name: 'render',
    response(flow: ResponseFlow): ResponseChange | undefined {
      const { request, response, origin } = flow;
      if (request.method !== 'GET' || response.status !== 200 || !isPage(flow)) return undefined;
      const isWanted = always === true || isListed(origin.host.toLowerCase());
      const change: ResponseChange = changePage(flow, (body) => page(flow, body, change.headers!, isWanted));
      return change;
    },
    sessionClosed: (session) => browser.forget(session),
    close: () => browser.close(),
  };
}

/** So many pages at once; the others wait. */
class Turns {
  #running = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(private readonly limits: Pick<RenderLimits, 'pages' | 'waiting'>) {}

  async take(): Promise<void> {
    if (this.#running < this.limits.pages) {
      this.#running++;
      return;
    }
    if (this.#waiting.length >= this.limits.waiting) throw new RenderError('too many pages wait');
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  /** To the one who waits longest, where there is one. */
  release(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#running--;
    else next();
  }
}
