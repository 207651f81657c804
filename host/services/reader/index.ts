// Reading mode: the article of a page in the place of the page, or a link to it. Stands before what makes pages for
// devices, so that it serves every format.
import { changePage, isPage } from '../page_change.js';
import type {
  Body,
  Flow,
  HeaderList,
  RequestChange,
  ResponseChange,
  ResponseFlow,
  Service,
} from '../service.js';
import { type DeskLimits, ReadingDesk } from './desk.js';
import { withLink } from './link.js';

export interface ReaderOptions {
  /** `always`: the article, with a link to the page. `link`: the page, with a link to the article. */
  when: 'always' | 'link';
  limits?: DeskLimits;
}

/** The proxy's own, in an address: 1 asks for the article, 0 for the page as it is. */
const PARAMETER = 'deputy.reader';
const ASKED = /([?&])deputy\.reader=([01])(?=&|#|$)/;

/** Bytes of a page that is looked at. */
const MAX_PAGE = 2 << 20;

export function reader({ when, limits }: ReaderOptions): Service {
  const desk = new ReadingDesk(limits);
  const asked = new WeakMap<object, boolean>();

  async function* read(
    flow: ResponseFlow,
    page: Body,
    headers: HeaderList,
  ): Body & AsyncGenerator<Uint8Array> {
    const { start, rest } = await upTo(page, MAX_PAGE);
    if (rest !== undefined) {
      flow.log.info('the page is too large to look for an article');
      yield* start;
      yield* rest;
      return;
    }
    const bytes = Buffer.concat(start);
    const { url } = flow.request;
    const found = await desk.find({
      bytes,
      charset: charsetOf(flow.response.headers),
      url,
      wholeUrl: withParameter(url, 0),
    });
    if ('failure' in found) {
      // The next request may have more luck.
      headers.set('Cache-Control', 'no-store');
      flow.log.warn('no article was looked for', { why: found.failure });
    }
    if ('failure' in found || found.article === undefined) {
      yield bytes;
      return;
    }
    headers.set('Content-Type', 'text/html; charset=utf-8');
    yield Buffer.from(found.article);
  }

  return {
    name: 'reader',
    request(flow: Flow): RequestChange | undefined {
      const { target, headers } = flow.request;
      const choice = ASKED.exec(target)?.[2];
      const referer = headers.get('referer');
      const plainReferer = referer === undefined ? undefined : withoutParameter(referer);
      if (choice === undefined && plainReferer === referer) return undefined;
      if (plainReferer !== undefined && plainReferer !== referer) headers.set('Referer', plainReferer);
      if (choice === undefined) return { kind: 'change', headers };
      asked.set(flow.exchange, choice === '1');
      // What is kept of the page by its address is not what is asked for.
      headers.append('Cache-Control', 'no-store');
      return { kind: 'change', target: withoutParameter(target), headers };
    },

    response(flow: ResponseFlow): ResponseChange | undefined {
      const { request, response } = flow;
      if (request.method !== 'GET' || response.status !== 200 || !isPage(flow)) return undefined;
      const choice = asked.get(flow.exchange);
      // RFC 9110 §8.7: this address gives this page again, and its further parts to those who cut it.
      if (choice !== undefined)
        response.headers.set('Content-Location', withParameter(request.url, choice ? 1 : 0));
      if (choice ?? when === 'always') {
        const change: ResponseChange = changePage(flow, (page) => read(flow, page, change.headers!));
        return change;
      }
      // One who asked for the page as it is has come from the article.
      if (choice === false) return { headers: response.headers };
      return changePage(flow, (page) => withLink(page, withParameter(request.url, 1)));
    },

    close: () => desk.close(),
  };
}

function withoutParameter(address: string): string {
  const [, path = '', query, place = ''] = /^([^?#]*)(?:\?([^#]*))?(#.*)?$/s.exec(address) ?? [];
  if (query === undefined) return address;
  const rest = query.split('&').filter((each) => each !== `${PARAMETER}=0` && each !== `${PARAMETER}=1`);
  return path + (rest.length === 0 ? '' : `?${rest.join('&')}`) + place;
}

function withParameter(url: string, value: 0 | 1): string {
  const plain = url.replace(/#.*$/s, '');
  return `${plain}${plain.includes('?') ? '&' : '?'}${PARAMETER}=${value}`;
}

const charsetOf = (headers: HeaderList): string | undefined =>
  /;\s*charset\s*=\s*"?([^\s;"]+)/i.exec(headers.get('content-type') ?? '')?.[1];

/** The first bytes of `body`; `rest` where there are more of them than `most`. */
async function upTo(body: Body, most: number): Promise<{ start: Uint8Array[]; rest: Body | undefined }> {
  const source = body[Symbol.asyncIterator]();
  const start: Uint8Array[] = [];
  let length = 0;
  for (let step = await source.next(); step.done !== true; step = await source.next()) {
    start.push(Buffer.from(step.value));
    length += step.value.length;
    if (length > most) return { start, rest: { [Symbol.asyncIterator]: () => source } };
  }
  return { start, rest: undefined };
}
