// One page on its way through a format: decoded, read, written and coded for the device, chunk by chunk.
import { decode } from '../content_decoding.js';
import type { Body, ResponseFlow } from '../service.js';
import { decodeText } from './charset/decode.js';
import type { Content } from './content.js';
import type { Format, PageOptions } from './format.js';
import { nameOfAddress } from './page/address.js';
import { MAX_FEED, pageOfFeed } from './page/feed.js';
import { pageOfText } from './page/plain.js';
import { pageResources } from './resources.js';

export interface PageFacts extends Pick<PageOptions, 'encode' | 'wanted' | 'copy'> {
  format: Format;
  content: Content;
}

/** The bytes for the device, before any content coding. */
export async function* transcodePage(
  body: Body,
  flow: ResponseFlow,
  { format, content, encode, wanted, copy }: PageFacts,
): AsyncGenerator<Uint8Array> {
  const { headers } = flow.response;
  const url = addressOfPage(flow);
  const bytes = new UntilCutOff(decode(body, headers.get('content-encoding')));
  const { charset, text } = await decodeText(bytes, headers.get('content-type'), kindOf(content));
  const written = format.write(asHtml(text, content, url), {
    profile: flow.profile,
    url,
    charset,
    isXml: content === 'xhtml',
    remark: () => (bytes.failure === undefined ? undefined : '[The page was cut off here.]'),
    ...{ encode, wanted, copy },
    resources: pageResources(flow),
  });
  for await (const piece of written) if (piece !== '') yield encode(piece);
  // What is incomplete says so, and is not taken for whole by anyone who keeps it.
  if (bytes.failure !== undefined) throw bytes.failure.error;
}

/**
 * Where this very page can be asked for again (RFC 9110 §8.7): its parts lie there too. That a service before this one
 * says so counts; what an origin says does not.
 */
function addressOfPage({ request, response, received }: ResponseFlow): string {
  const told = response.headers.get('content-location');
  if (told === undefined || told === received.headers.get('content-location')) return request.url;
  const page = new URL(request.url);
  const own = URL.canParse(told, page) ? new URL(told, page) : undefined;
  return own !== undefined && own.origin === page.origin && own.pathname === page.pathname
    ? own.href
    : request.url;
}

/** A page that breaks off is read as far as it came. One of which nothing came fails at once. */
class UntilCutOff implements AsyncIterable<Uint8Array> {
  failure: { error: unknown } | undefined;

  constructor(private readonly bytes: AsyncIterable<Uint8Array>) {}

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    let hasCome = false;
    try {
      for await (const chunk of this.bytes) {
        hasCome ||= chunk.length > 0;
        yield chunk;
      }
    } catch (error) {
      if (!hasCome) throw error;
      this.failure = { error };
    }
  }
}

const kindOf = (content: Content) =>
  content === 'plain' ? 'plain' : content === 'xhtml' || content === 'feed' ? 'xml' : 'html';

function asHtml(text: AsyncIterable<string>, content: Content, url: string): AsyncIterable<string> {
  if (content === 'feed') return feedPage(text, url);
  return content === 'plain' ? pageOfText(text, nameOfAddress(url)) : text;
}

async function* feedPage(text: AsyncIterable<string>, url: string): AsyncGenerator<string> {
  let whole = '';
  for await (const piece of text) {
    whole += piece;
    if (whole.length > MAX_FEED) break;
  }
  yield pageOfFeed(whole, url) ?? '<title>Feed</title><p>This feed can&#39;t be read.';
}
