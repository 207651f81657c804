// A page's pictures and style sheets, fetched from wherever they lie and put into the page itself.
import type { DeviceProfile } from '../../delegation/device.js';
import { decode } from '../content_decoding.js';
import type { Body, Flow, OtherResponse } from '../service.js';
import { decodeWhole } from './charset/decode.js';
import type { LatePicture } from './decks/part.js';
import type { Resources } from './format.js';
import { submitOf } from './formats/html_writer.js';
import { placeholder } from './formats/placeholder.js';
import { escapeAttribute, escapeText } from './markup.js';
import { resolveAddress } from './page/address.js';
import { fitPicture } from './pictures/picture.js';

const MAX_PICTURE = 8 << 20;
const MAX_STYLE = 256 << 10;
const MAX_ADDRESS = 2048;
/** Fetches under way at once for one page: as many as browsers open to one origin. */
const MAX_PARALLEL = 6;
const MAX_RESOURCES = 256;
/** Of what a device says it holds and shows, the most that is believed: KiB of a page, and pixels. */
const MAX_MEMORY = 16 * 1024;
const MAX_SIDE = 2048;

/** Of the device's memory, what pictures may take; the rest is for the text around them. */
const FOR_PICTURES = 0.5;
const MAX_REDIRECTS = 5;
/** Bytes of an element beside its picture. */
const ELEMENT = 160;

class ResourceError extends Error {
  readonly code = 'TRANSCODE_RESOURCE';
}

/** Fetches through the flow, within the device's memory for one page. */
export function pageResources(flow: Flow): Resources {
  const page = new PageResources(flow);
  return {
    picture: (wanted) => page.picture(wanted),
    style: (url) => page.style(url),
  };
}

class PageResources {
  /** Bytes of inlined content that the device still has room for. */
  #room: number;
  #count = 0;
  #running = 0;
  #queue: (() => void)[] = [];
  readonly #pictures = new Map<string, Promise<string>>();

  constructor(readonly flow: Flow) {
    this.#room = FOR_PICTURES * Math.min(flow.profile.memory, MAX_MEMORY) * 1024;
  }

  async picture({ picture: url, alt, button }: LatePicture): Promise<string> {
    try {
      // A page that shows one picture often fetches it once.
      let fetched = this.#pictures.get(url);
      if (fetched === undefined) {
        fetched = this.#fetchPicture(url);
        this.#pictures.set(url, fetched);
      }
      const source = await fetched;
      try {
        this.#take(source.length + ELEMENT + alt.length + (button?.length ?? 0));
      } catch (error) {
        // What has no place is not kept either.
        const none = Promise.reject(error);
        none.catch(() => {});
        this.#pictures.set(url, none);
        throw error;
      }
      if (button !== undefined)
        return `<input type="image" ${source} alt="${escapeAttribute(alt)}"${button}>`;
      return `<img ${source} alt="${escapeAttribute(alt)}">`;
    } catch (error) {
      this.#report(url, error);
      if (button !== undefined) return submitOf(button, alt);
      // A picture without a text says nothing, and a filter's list is there to be rid of it.
      if (alt === '' || codeOf(error) === 'ADDRESS_REFUSED') return escapeText(alt);
      return placeholder(alt, reasonOf(error));
    }
  }

  async style(url: string): Promise<string> {
    try {
      const { bytes, contentType } = await this.#fetch(url, MAX_STYLE, 'a style sheet of the page');
      if (!/^text\/css\b/i.test(contentType)) throw new ResourceError('it is no style sheet');
      const text = await decodeWhole(bytes, contentType, 'css');
      this.#take(text.length);
      return text;
    } catch (error) {
      this.#report(url, error);
      return '';
    }
  }

  /** The attributes of the `<img>`, all but `alt`. */
  async #fetchPicture(url: string): Promise<string> {
    const source = url.startsWith('data:')
      ? dataBytes(url)
      : (await this.#fetch(url, MAX_PICTURE, 'a picture of the page')).bytes;
    const picture = await fitPicture(
      source,
      screenOf(this.flow.profile),
      this.flow.profile.pictures,
      this.#room,
    );
    const base64 = Buffer.from(picture.bytes).toString('base64');
    return `src="data:${picture.type};base64,${base64}" width="${picture.width}" height="${picture.height}"`;
  }

  async #fetch(
    url: string,
    limit: number,
    reason: string,
  ): Promise<{ bytes: Uint8Array; contentType: string }> {
    if (url.length > MAX_ADDRESS) throw new ResourceError('its address is too long');
    if (++this.#count > MAX_RESOURCES) throw new ResourceError('the page has too many parts');
    await this.#turn();
    try {
      const answer = await this.#follow(url, reason, limit);
      if (answer.status !== 200) {
        for await (const _ of bounded(answer.body, limit));
        throw new ResourceError(`the origin answers ${answer.status}`);
      }
      const chunks: Uint8Array[] = [];
      const plain = decode(bounded(answer.body, limit), answer.headers.get('content-encoding'));
      for await (const chunk of bounded(plain, limit)) chunks.push(chunk);
      return { bytes: Buffer.concat(chunks), contentType: answer.headers.get('content-type') ?? '' };
    } finally {
      this.#running--;
      this.#queue.shift()?.();
    }
  }

  /** Each address is asked of the device's policy anew: another origin is another decision. */
  async #follow(url: string, reason: string, limit: number): Promise<OtherResponse> {
    let next = secured(url);
    for (let redirects = 0; ; redirects++) {
      const answer = await this.flow.fetchOther(next, { reason, signal: this.flow.signal });
      const location = answer.headers.get('location');
      if (![301, 302, 303, 307, 308].includes(answer.status) || location === undefined) return answer;
      for await (const _ of bounded(answer.body, limit));
      if (redirects === MAX_REDIRECTS) throw new ResourceError('its origin redirects it too often');
      const target = resolveAddress(location, next);
      if (target === undefined || target.length > MAX_ADDRESS || !/^https?:/i.test(target))
        throw new ResourceError('its origin redirects it to no address');
      next = secured(target);
    }
  }

  async #turn(): Promise<void> {
    if (this.#running >= MAX_PARALLEL) await new Promise<void>((resolve) => this.#queue.push(resolve));
    this.#running++;
  }

  #take(bytes: number): void {
    if (bytes > this.#room) throw new ResourceError('the device has no memory left for it');
    this.#room -= bytes;
  }

  #report(url: string, error: unknown): void {
    const host = url.startsWith('data:') ? 'data:' : new URL(url).host;
    this.flow.log.info('a part of the page is left out', { host, reason: reasonOf(error) });
  }
}

/** What a page still fetches in the clear is asked for under protection, as browsers do for pictures. */
const secured = (url: string) => url.replace(/^http:\/\/([^/:]+)(?::80)?(?=[/?#]|$)/i, 'https://$1');

async function* bounded(body: Body, limit: number): AsyncGenerator<Uint8Array> {
  let length = 0;
  for await (const chunk of body) {
    length += chunk.length;
    if (length > limit) throw new ResourceError(`it is larger than ${limit >> 10} KiB`);
    yield chunk;
  }
}

function dataBytes(url: string): Uint8Array {
  const match = /^data:[^,]*?(;base64)?,(.*)$/is.exec(url);
  if (match === null) throw new ResourceError('its data: address is broken');
  try {
    const text = decodeURIComponent(match[2]!);
    return Buffer.from(text, match[1] === undefined ? 'latin1' : 'base64');
  } catch {
    throw new ResourceError('its data: address is broken');
  }
}

export const screenOf = (profile: DeviceProfile) => ({
  width: Math.min(profile.screenWidth, MAX_SIDE),
  height: Math.min(profile.screenHeight, MAX_SIDE),
  depth: profile.colourDepth,
  colour: profile.colour,
});

const codeOf = (error: unknown) => (error as { code?: unknown }).code;

function reasonOf(error: unknown): string {
  switch (codeOf(error)) {
    case 'ADDRESS_REFUSED':
      return 'refused by a service of this proxy';
    case 'TUNNEL_DENIED':
      return 'refused by the policy of this device';
    case 'TUNNEL_TIMEOUT':
      return 'its origin did not answer in time';
    default:
      return error instanceof Error ? error.message : 'not available';
  }
}
