// The transcoding service: a page of HTML becomes one that the handheld can show, a picture one that fits its screen.
// All else passes through unchanged.
import { randomBytes } from 'node:crypto';
import type { DeviceProfile } from '../../delegation/device.js';
import { chosenCoding, encode, varyBy } from '../content_coding.js';
import { canDecode, codings } from '../content_decoding.js';
import {
  type Answer,
  type Body,
  type Flow,
  HeaderList,
  type RequestChange,
  type ResponseChange,
  type ResponseFlow,
  type Service,
} from '../service.js';
import { takeOwnParameters, type Wanted } from './decks/address.js';
import { KeptDecks } from './decks/kept.js';
import type { Format, PageOptions } from './format.js';
import { compactHtml } from './formats/chtml.js';
import { hdml } from './formats/hdml.js';
import { simplifiedHtml } from './formats/html.js';
import { plainText } from './formats/text.js';
import { wml } from './formats/wml.js';
import { transcodePage } from './page.js';
import { directPicture } from './pictures/direct.js';
import { replacedHeaders } from './representation.js';
import { browserSubmission, submittedBody } from './submission.js';

const FORMATS: readonly Format[] = [simplifiedHtml, wml, hdml, compactHtml, plainText];

export interface TranscodeOptions {
  /** The device to make content for, in the place of the one that the client names. */
  profile?: DeviceProfile;
}

/** Makes pages and pictures for the device that the client said it is. */
export function transcode(options: TranscodeOptions = {}): Service {
  const service = new Transcoder(options.profile);
  return {
    name: 'transcode',
    request: (flow) => service.request(flow),
    response: (flow) => service.response(flow),
  };
}

class Transcoder {
  /** What an exchange is about, between its two hooks. */
  readonly #wanted = new WeakMap<object, Wanted>();
  readonly #kept = new KeptDecks();

  constructor(private readonly profile: DeviceProfile | undefined) {}

  /** Takes from a request what only the proxy understands. */
  request(flow: Flow): RequestChange | Answer | Promise<Answer> | undefined {
    const { target, wanted, kept, hasFields } = takeOwnParameters(flow.request.target);
    if (kept !== undefined) return this.#keptDeck(flow, kept.key, kept.deck);
    if (wanted !== undefined) this.#wanted.set(flow.exchange, wanted);
    const [path = '', query] = target.split(/\?(.*)/s);
    const submitted = query === undefined ? undefined : browserSubmission(query);
    const asked = submitted === undefined ? target : `${path}?${submitted}`;
    const headers = withoutOwn(flow.request.headers, wanted !== undefined);
    if (asked === flow.request.target && headers === undefined && !hasFields) return undefined;
    return {
      kind: 'change',
      target: asked,
      ...(headers !== undefined && { headers }),
      ...(hasFields && { body: submittedBody }),
    };
  }

  response(flow: ResponseFlow): ResponseChange | undefined {
    const shown = this.profile === undefined ? flow : { ...flow, profile: this.profile };
    const { headers } = flow.response;
    if (!mayChange(shown)) return undefined;
    const type = mediaType(headers);
    if (type === 'text/html' || type === 'application/xhtml+xml') return this.#page(shown);
    if (!type.startsWith('image/') || shown.profile.pictures.length === 0) return undefined;
    if (codings(headers.get('content-encoding')).length > 0) return undefined;
    return { headers, body: (body) => directPicture(body, headers, shown) };
  }

  #page(flow: ResponseFlow): ResponseChange | undefined {
    const format = formatFor(flow.profile);
    if (format === undefined) return undefined;
    // Made before the first byte: an unknown character set leaves the page as it is.
    const toBytes = format.encoder(flow.profile.charset);
    // The fields as the origin sent them are read once more with the body.
    const headers = replacedHeaders(
      flow.response.headers.clone(),
      `${format.contentType}; charset=${flow.profile.charset}`,
    );
    const page = {
      format,
      encode: toBytes,
      wanted: this.#wanted.get(flow.exchange),
      keep: this.#keeper(flow, toBytes),
    };
    return { headers, body: coded(flow, headers, (body) => transcodePage(body, flow, page)) };
  }

  /** An answer to anything but GET can't be asked for again: what doesn't fit into one deck is kept. */
  #keeper(flow: ResponseFlow, toBytes: (text: string) => Uint8Array): PageOptions['keep'] {
    if (flow.request.method === 'GET') return undefined;
    const key = randomBytes(16).toString('hex');
    return { key, keep: (parts) => this.#kept.keep(key, ownerOf(flow), parts.map(toBytes)) };
  }

  async #keptDeck(flow: Flow, key: string, deck: number): Promise<Answer> {
    const profile = this.profile ?? flow.profile;
    const format = formatFor(profile) ?? plainText;
    const bytes = this.#kept.find(key, ownerOf(flow), deck);
    const headers = new HeaderList([
      ['Content-Type', `${format.contentType}; charset=${profile.charset}`],
      ['Cache-Control', 'no-store'],
    ]);
    if (bytes !== undefined) return { kind: 'answer', status: 200, reason: 'OK', headers, body: bytes };
    const encoder = format.encoder(profile.charset);
    const excuse = '<title>Gone</title><p>This part is no longer kept. Send the form again.';
    const options = { profile, url: flow.request.url, charset: 'utf-8', encode: encoder };
    let body = '';
    const resources = { picture: async () => '', style: async () => '' };
    const page = format.write(only(excuse), { ...options, wanted: undefined, keep: undefined, resources });
    for await (const text of page) body += text;
    return { kind: 'answer', status: 410, reason: 'Gone', headers, body: encoder(body) };
  }
}

const formatFor = ({ markup }: DeviceProfile): Format | undefined =>
  markup.map((name) => FORMATS.find((format) => format.name === name)).find((format) => format !== undefined);

const mediaType = (headers: HeaderList) =>
  (headers.get('content-type') ?? '').split(';')[0]!.trim().toLowerCase();

const ownerOf = ({ client, origin }: Flow) =>
  `${client}\n${origin.host}:${origin.port}\n${origin.certificate}`;

async function* only(text: string): AsyncGenerator<string> {
  yield text;
}

function mayChange({ response: { status, headers } }: ResponseFlow): boolean {
  // A part of a page can't be read alone.
  if (status === 206) return false;
  // RFC 9111 §5.2.2.6: the origin forbids it.
  if (/(^|,)\s*no-transform\s*(,|$)/i.test(headers.get('cache-control') ?? '')) return false;
  return codings(headers.get('content-encoding')).every(canDecode);
}

/** `make`, coded as the device's request allows; `headers` say so. */
function coded(flow: ResponseFlow, headers: HeaderList, make: (body: Body) => Body): (body: Body) => Body {
  varyBy(headers, 'Accept-Encoding');
  const coding = chosenCoding(flow.request.headers.get('accept-encoding'));
  if (coding === undefined) return make;
  headers.set('Content-Encoding', coding);
  return (body) => encode(make(body), coding);
}

/**
 * The headers without the proxy's parameters in the address that the request came from. Further decks share the
 * address of the first: a cache, here or on the way, must not take one for another. Undefined where nothing changes.
 */
function withoutOwn(headers: HeaderList, isPart: boolean): HeaderList | undefined {
  const referer = headers.get('referer');
  const target = referer === undefined ? undefined : takeOwnParameters(referer).target;
  if (target === referer && !isPart) return undefined;
  if (target !== undefined && target !== referer) headers.set('Referer', target);
  if (isPart) headers.append('Cache-Control', 'no-store');
  return headers;
}
