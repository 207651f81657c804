// The filtering service (R24): refuses requests by address, and responses by type and size; cuts what lists hide out of
// pages.
import { authority } from '../../delegation/origin.js';
import { HeaderList } from '../../http/header_list.js';
import { changePage, isPage } from '../page_change.js';
import type {
  Answer,
  Body,
  Flow,
  ResponseChange,
  ResponseFlow,
  Service,
  SettledFlow,
  StreamRefusal,
} from '../service.js';
import { cutPage } from './cut_page.js';
import { FilterEngine, type ResourceType } from './engine.js';
import type { FilterList } from './filter_list.js';
import { ElementHiding } from './hiding.js';
import { rulesOf } from './list.js';

export function filter(lists: readonly FilterList[]): Service {
  const engine = new FilterEngine(lists.map(rulesOf));
  const hiding = new ElementHiding(engine.rules);
  const denied = lists.flatMap(({ deniedTypes }) => deniedTypes);
  const sizes = lists.flatMap((list) => list.sizes);
  const limitOf = (headers: HeaderList): number => {
    const type = mediaType(headers);
    return Math.min(...sizes.filter((size) => isOfType(type, size.type)).map(({ bytes }) => bytes));
  };

  const refusesHost = (host: string, port: number): StreamRefusal | undefined => {
    const url = `https://${authority(host, port)}/`;
    const rule = engine.decide({ url, page: undefined, type: undefined });
    return rule === undefined ? undefined : { kind: 'refuse', reason: `the rule ${rule}` };
  };

  return {
    name: 'filter',
    request(flow: Flow): Answer | undefined {
      const { headers, url } = flow.request;
      const type = typeOfRequest(headers, url);
      const page = hostOf(headers.get('referer'));
      const rule = addressesOf(flow)
        .map((each) => engine.decide({ url: each, page, type }))
        .find((each) => each !== undefined);
      if (rule === undefined) return undefined;
      flow.log.info('request refused', { rule });
      return refusal(`the rule ${rule}`);
    },

    /** Content of other origins is asked for by the page itself. */
    admits(url: string, flow: Flow): boolean {
      return engine.decide({ url, page: flow.origin.host, type: typeOfPath(url) }) === undefined;
    },

    /** Of a stream nothing is known but where it leads. */
    stream: ({ origin }) => refusesHost(origin.host, origin.port),

    /** What is delivered is judged address by address; where a host has a rule against it, nothing else goes there. */
    tunnel: ({ host, port }) => refusesHost(host, port),

    settle({ response, log }: SettledFlow): Answer | undefined {
      if (response === undefined || response.status === 304 || response.status === 204) return undefined;
      const { headers } = response;
      const type = mediaType(headers);
      const pattern = denied.find((each) => isOfType(type, each));
      const limit = limitOf(headers);
      const length = Number(headers.get('content-length') ?? 0);
      if (pattern === undefined && !(length > limit)) return undefined;
      const why =
        pattern === undefined ? `a size of more than ${limit} bytes` : `the type ${type || 'of no name'}`;
      log.info('response refused', { why });
      return refusal(why);
    },

    response(flow: ResponseFlow): ResponseChange | undefined {
      const { headers, length } = flow.response;
      const limit = limitOf(headers);
      // Where the length is not known before, the body ends at the limit, visibly cut short.
      const isLimited = limit !== Number.POSITIVE_INFINITY && length === undefined;
      const within = (body: Body): Body => (isLimited ? cutAt(body, limit) : body);
      const ofPage = isPage(flow) ? hiding.onPage(flow.request.url) : undefined;
      if (ofPage === undefined) return isLimited ? { body: within } : undefined;
      const charset = charsetOf(headers);
      const onGivenUp = (why: string) => flow.log.info('nothing more is hidden on this page', { why });
      const change = changePage(flow, (page) => cutPage(page, ofPage, charset, { onGivenUp }));
      return { ...change, body: (body) => change.body!(within(body)) };
    },
  };
}

/** The address by each name that the client gives the server: in CONNECT, in its hello, and in Host. */
function addressesOf({ origin, request }: Flow): string[] {
  const urls = [request.url];
  if (!URL.canParse(request.url)) return urls;
  for (const name of [origin.serverName, ...request.headers.all('host')]) {
    const url = `https://${name}${new URL(request.url).pathname}${new URL(request.url).search}`;
    if (name !== '' && URL.canParse(url)) urls.push(url);
  }
  return [...new Set(urls)];
}

function refusal(why: string): Answer {
  const headers = new HeaderList([
    ['Content-Type', 'text/plain; charset=us-ascii'],
    ['Cache-Control', 'no-store'],
  ]);
  const body = Buffer.from(`refused by the proxy's filter, for ${why}\n`, 'latin1');
  return { kind: 'answer', status: 403, reason: 'Forbidden', headers, body };
}

async function* cutAt(body: Body, limit: number): AsyncGenerator<Uint8Array, void, void> {
  let left = limit;
  for await (const chunk of body) {
    if (chunk.length > left) {
      yield chunk.subarray(0, left);
      throw new RangeError(`the response exceeds ${limit} bytes`);
    }
    left -= chunk.length;
    yield chunk;
  }
}

const charsetOf = (headers: HeaderList): string | undefined =>
  /;\s*charset\s*=\s*"?([^\s;"]+)/i.exec(headers.get('content-type') ?? '')?.[1];

const mediaType = (headers: HeaderList): string =>
  (headers.get('content-type') ?? '').split(';')[0]!.trim().toLowerCase();

function isOfType(type: string, pattern: string): boolean {
  if (pattern === '*/*') return true;
  return pattern.endsWith('/*') ? type.startsWith(pattern.slice(0, -1)) : type === pattern;
}

const hostOf = (url: string | undefined): string | undefined =>
  url !== undefined && URL.canParse(url) ? new URL(url).hostname.toLowerCase() : undefined;

/** https://www.w3.org/TR/fetch-metadata/ §2.1 */
const DESTINATIONS: Readonly<Record<string, ResourceType>> = {
  audio: 'media',
  document: 'document',
  embed: 'object',
  empty: 'xmlhttprequest',
  font: 'font',
  frame: 'subdocument',
  iframe: 'subdocument',
  image: 'image',
  object: 'object',
  script: 'script',
  style: 'stylesheet',
  track: 'media',
  video: 'media',
  worker: 'script',
};

const EXTENSIONS: readonly (readonly [RegExp, ResourceType])[] = [
  [/\.(?:avif|bmp|gif|ico|jpe?g|png|svg|wbmp|webp)$/i, 'image'],
  [/\.css$/i, 'stylesheet'],
  [/\.[cm]?js$/i, 'script'],
  [/\.(?:eot|otf|ttf|woff2?)$/i, 'font'],
  [/\.(?:avi|m4a|m4v|mov|mp3|mp4|mpe?g|oga|ogg|ogv|wav|webm)$/i, 'media'],
];

/** What a browser says it is for; handhelds say nothing, and their paths must tell. */
const typeOfRequest = (headers: HeaderList, url: string): ResourceType | undefined =>
  DESTINATIONS[headers.get('sec-fetch-dest')?.toLowerCase() ?? ''] ?? typeOfPath(url);

function typeOfPath(url: string): ResourceType | undefined {
  if (!URL.canParse(url)) return undefined;
  const { pathname } = new URL(url);
  return EXTENSIONS.find(([pattern]) => pattern.test(pathname))?.[1];
}
