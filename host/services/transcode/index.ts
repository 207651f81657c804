// The transcoding service: a page of HTML becomes one that the handheld can show. All else passes through unchanged.
import type { DeviceProfile } from '../../delegation/device.js';
import type { Body, HeaderList, ResponseChange, ResponseFlow, Service } from '../service.js';
import { charsetDecoder, detectCharset, htmlEncoder, PRESCAN_BYTES } from './charset.js';
import { canDecode, codings, decode } from './coding.js';
import { simplifyHtml } from './html.js';
import { pageResources } from './resources.js';

/** Simplifies pages for the profile that the device sent. */
export function transcode(): Service {
  return { name: 'transcode', response };
}

function response(flow: ResponseFlow): ResponseChange | undefined {
  const { status, headers } = flow.response;
  if (!isTranscodable(status, headers, flow.profile)) return undefined;
  const contentType = headers.get('content-type');
  const contentEncoding = headers.get('content-encoding');
  const { charset } = flow.profile;
  // Made before the first byte: an unknown character set leaves the page as it is.
  const encode = htmlEncoder(charset);
  return {
    headers: simplifiedHeaders(headers, charset),
    body: (body) => simplify(decode(body, contentEncoding), contentType, encode, flow),
  };
}

function isTranscodable(status: number, headers: HeaderList, profile: DeviceProfile): boolean {
  const type = (headers.get('content-type') ?? '').split(';')[0]!.trim().toLowerCase();
  if (type !== 'text/html' && type !== 'application/xhtml+xml') return false;
  if (!profile.markup.includes('text/html')) return false;
  // A part of a page can't be read alone.
  if (status === 206) return false;
  // RFC 9111 §5.2.2.6: the origin forbids it.
  if (/(^|,)\s*no-transform\s*(,|$)/i.test(headers.get('cache-control') ?? '')) return false;
  return codings(headers.get('content-encoding')).every(canDecode);
}

/** Header fields that speak of the bytes the origin sent, and of what scripts may do. */
const OUTDATED = [
  'content-length',
  'content-encoding',
  'content-md5',
  'digest',
  'content-digest',
  'repr-digest',
  'accept-ranges',
  'content-security-policy',
  'content-security-policy-report-only',
];

function simplifiedHeaders(headers: HeaderList, charset: string): HeaderList {
  for (const name of OUTDATED) headers.delete(name);
  headers.set('Content-Type', `text/html; charset=${charset}`);
  const etag = headers.get('etag');
  // RFC 9110 §8.8.1: the same page in other bytes keeps a weak validator only.
  if (etag !== undefined && !etag.startsWith('W/')) headers.set('ETag', `W/${etag}`);
  return headers;
}

async function* simplify(
  body: Body,
  contentType: string | undefined,
  encode: (text: string) => Uint8Array,
  flow: ResponseFlow,
): AsyncGenerator<Uint8Array> {
  const page = simplifyHtml(decodeText(body, contentType), {
    baseUrl: flow.request.url,
    styles: flow.profile.styles,
    charset: flow.profile.charset,
    resources: pageResources(flow),
  });
  for await (const text of page) yield encode(text);
}

/** Text of the page as it comes; only the first bytes wait until the character set is known. */
async function* decodeText(body: Body, contentType: string | undefined): AsyncGenerator<string> {
  let start = new Uint8Array(0);
  let toText: ((bytes?: Uint8Array) => string) | undefined;
  for await (const chunk of body) {
    if (toText === undefined) {
      start = Buffer.concat([start, chunk]);
      if (start.length < PRESCAN_BYTES) continue;
      toText = charsetDecoder(detectCharset(contentType, start));
      yield toText(start);
    } else {
      yield toText(chunk);
    }
  }
  if (toText === undefined) {
    toText = charsetDecoder(detectCharset(contentType, start));
    yield toText(start);
  }
  yield toText();
}
