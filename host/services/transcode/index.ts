// The transcoding service: a page becomes one that the handheld can show, a picture one that fits its screen. All else
// passes through unchanged.
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
  type SettledFlow,
} from '../service.js';
import { forbidsTransforming, withoutWeakRange } from '../transformation.js';
import { type Content, contentOf } from './content.js';
import { takeOwnParameters, type Wanted } from './decks/address.js';
import { Copies } from './decks/copies.js';
import type { Copy, Part } from './decks/part.js';
import type { CopyOptions, Format } from './format.js';
import { compactHtml } from './formats/chtml.js';
import { hdml } from './formats/hdml.js';
import { simplifiedHtml } from './formats/html.js';
import { plainText } from './formats/text.js';
import { wml } from './formats/wml.js';
import { transcodePage } from './page.js';
import { directPicture } from './pictures/direct.js';
import { replacedHeaders } from './representation.js';
import { pageResources } from './resources.js';
import { sniffed } from './sniffed.js';
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
    settle: (flow) => service.settle(flow),
    response: (flow) => service.response(flow),
  };
}

class Transcoder {
  /** What an exchange is about, between its hooks. */
  readonly #wanted = new WeakMap<object, Wanted>();
  readonly #copies = new Copies();

  constructor(private readonly profile: DeviceProfile | undefined) {}

  /** Takes from a request what only the proxy understands. */
  request(flow: Flow): RequestChange | Answer | Promise<Answer> | undefined {
    const { target, wanted, kept, hasFields } = takeOwnParameters(flow.request.target);
    if (kept !== undefined) {
      const copy = this.#copies.find(kept.key, ownerOf(flow));
      return this.#part(flow, copy?.parts[kept.deck - 1]);
    }
    if (wanted !== undefined) {
      const part = this.#partOfCopy(flow, wanted);
      if (part !== undefined) return this.#part(flow, part);
      this.#wanted.set(flow.exchange, wanted);
    }
    const [path = '', query] = target.split(/\?(.*)/s);
    const submitted = query === undefined ? undefined : browserSubmission(query);
    const asked = submitted === undefined ? target : `${path}?${submitted}`;
    const own = withoutOwn(flow.request.headers, wanted !== undefined);
    const headers = withoutWeakRange(own ?? flow.request.headers) ?? own;
    if (asked === flow.request.target && headers === undefined && !hasFields) return undefined;
    return {
      kind: 'change',
      target: asked,
      ...(headers !== undefined && { headers }),
      ...(hasFields && { body: submittedBody, isWhole: true }),
    };
  }

  /** Answers that have no body of their own here, or not the whole of it. */
  settle(flow: SettledFlow): Answer | undefined {
    const { response } = flow;
    if (response === undefined) return undefined;
    if (response.status === 206) return this.#refusedPart(flow);
    if (flow.request.method !== 'HEAD') return undefined;
    const shown = this.profile === undefined ? flow : { ...flow, profile: this.profile };
    const content = this.#changeable(flow);
    // What only the bytes show, they show to GET.
    if (content === undefined || content === 'xml' || content === 'unknown' || content === 'picture')
      return undefined;
    const known = { response: { ...response, length: undefined }, received: response, changedBy: [] };
    const change = this.#changed({ ...shown, ...known }, content);
    if (change?.headers === undefined) return undefined;
    const { status, reason } = response;
    return {
      kind: 'answer',
      status,
      reason,
      headers: change.headers,
      body: new Uint8Array(0),
      isUnmeasured: true,
    };
  }

  response(flow: ResponseFlow): ResponseChange | undefined {
    const shown = this.profile === undefined ? flow : { ...flow, profile: this.profile };
    const content = this.#changeable(shown);
    return content === undefined ? undefined : this.#changed(shown, content);
  }

  /** What is made fit of an answer; undefined where it stays as it is. */
  #changeable(flow: SettledFlow | ResponseFlow): Content | undefined {
    const { response, request } = flow;
    // A part of a page can't be read alone.
    if (response === undefined || response.status === 206 || !mayChange(request.headers, response.headers))
      return undefined;
    const content = contentOf(response.headers);
    return content === 'other' ? undefined : content;
  }

  #changed(flow: ResponseFlow, content: Content): ResponseChange | undefined {
    const { headers } = flow.response;
    if (content === 'xml' || content === 'unknown')
      return { headers, body: (body) => sniffed(body, flow, content, (found) => this.#changed(flow, found)) };
    if (content !== 'picture') return this.#page(flow, content);
    if (flow.profile.pictures.length === 0 || codings(headers.get('content-encoding')).length > 0)
      return undefined;
    return { headers, body: (body) => directPicture(body, headers, flow) };
  }

  #page(flow: ResponseFlow, content: Content): ResponseChange | undefined {
    const format = formatFor(flow.profile);
    if (format === undefined) return undefined;
    // Made before the first byte: an unknown character set leaves the page as it is.
    const encode = format.encoder(flow.profile.charset);
    // The fields as the origin sent them are read once more with the body.
    const headers = replacedHeaders(
      flow.response.headers.clone(),
      `${format.contentType}; charset=${flow.profile.charset}`,
    );
    const wanted = this.#wanted.get(flow.exchange);
    const page = { format, content, encode, wanted, copy: this.#copyOf(flow) };
    return { headers, body: coded(flow, headers, (body) => transcodePage(body, flow, page)) };
  }

  #copyOf(flow: ResponseFlow): CopyOptions {
    const key = randomBytes(8).toString('base64url');
    const keep = (copy: Copy) => this.#copies.keep(key, ownerOf(flow), copy);
    return { key, isRepeatable: flow.request.method === 'GET' || flow.request.method === 'HEAD', keep };
  }

  #partOfCopy(flow: Flow, wanted: Wanted): Part | undefined {
    const copy = wanted.key === undefined ? undefined : this.#copies.find(wanted.key, ownerOf(flow));
    if (copy === undefined) return undefined;
    const deck = 'deck' in wanted ? wanted.deck : (copy.places.get(wanted.anchor) ?? 1);
    return copy.parts[deck - 1];
  }

  async #part(flow: Flow, part: Part | undefined): Promise<Answer> {
    const profile = this.profile ?? flow.profile;
    const format = formatFor(profile) ?? plainText;
    const headers = new HeaderList([
      ['Content-Type', `${format.contentType}; charset=${profile.charset}`],
      ['Cache-Control', 'no-store'],
    ]);
    const encode = format.encoder(profile.charset);
    const text =
      part === undefined
        ? gone(format, profile, flow, encode)
        : format.rewrite(part, pageResources({ ...flow, profile }));
    let body = '';
    for await (const piece of text) body += piece;
    if (part !== undefined) return { kind: 'answer', status: 200, reason: 'OK', headers, body: encode(body) };
    return { kind: 'answer', status: 410, reason: 'Gone', headers, body: encode(body) };
  }

  /** RFC 9110 §14.2: a part of what the origin has would be put together with what was made of the rest. */
  #refusedPart(flow: SettledFlow): Answer | undefined {
    const { response, request } = flow;
    if (response === undefined || !mayChange(request.headers, response.headers)) return undefined;
    const profile = this.profile ?? flow.profile;
    const content = contentOf(response.headers);
    const isChanged =
      content === 'picture'
        ? profile.pictures.length > 0
        : content !== 'other' && formatFor(profile) !== undefined;
    if (!isChanged) return undefined;
    const headers = new HeaderList([['Accept-Ranges', 'none']]);
    return { kind: 'answer', status: 416, reason: 'Range Not Satisfiable', headers, body: new Uint8Array(0) };
  }
}

function gone(format: Format, profile: DeviceProfile, flow: Flow, encode: (text: string) => Uint8Array) {
  return format.write(only('<title>Gone</title><p>This part is no longer kept. Send the form again.'), {
    ...{ profile, encode },
    url: flow.request.url,
    charset: 'utf-8',
    isXml: false,
    remark: () => undefined,
    wanted: undefined,
    copy: { key: '', isRepeatable: false, keep: () => {} },
    resources: { picture: async () => '', style: async () => '' },
  });
}

const formatFor = ({ markup }: DeviceProfile): Format | undefined =>
  markup.map((name) => FORMATS.find((format) => format.name === name)).find((format) => format !== undefined);

const ownerOf = ({ client, origin }: Flow) =>
  `${client}\n${origin.host}:${origin.port}\n${origin.certificate}`;

async function* only(text: string): AsyncGenerator<string> {
  yield text;
}

/** RFC 9111 §5.2.1.6 and §5.2.2.6: either side forbids it. */
const mayChange = (asked: HeaderList, answered: HeaderList): boolean =>
  !forbidsTransforming(asked) &&
  !forbidsTransforming(answered) &&
  codings(answered.get('content-encoding')).every(canDecode);

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
  const changed = headers.clone();
  if (target !== undefined && target !== referer) changed.set('Referer', target);
  if (isPart) changed.append('Cache-Control', 'no-store');
  return changed;
}
