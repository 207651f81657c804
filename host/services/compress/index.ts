// The compression service (R26): content that an origin sends as it is goes to the device in a coding that it decodes.
import { chosenCoding, encode, varyBy } from '../content_coding.js';
import type { Answer, HeaderList, ResponseChange, ResponseFlow, Service, SettledFlow } from '../service.js';
import { forbidsTransforming } from '../transformation.js';

/** Bytes below which a coding's own header eats what it saves. */
const SMALLEST = 256;

const COMPRESSIBLE =
  /^(text\/.*|application\/(json|javascript|ecmascript|xml|wasm|manifest\+json|.*\+(json|xml))|image\/(svg\+xml|bmp|x-icon|vnd\.microsoft\.icon)|font\/(ttf|otf))$/;

/**
 * Compresses what nobody has compressed. An origin may have had its reasons not to: who can make a page hold both a
 * secret and text of his own learns something of the secret from its length (BREACH); `no-transform` keeps a response
 * as it is.
 */
export function compress(): Service {
  return { name: 'compress', settle, response };
}

/** RFC 9110 §9.3.2: HEAD is answered as GET would be. */
function settle(flow: SettledFlow): Answer | undefined {
  const { request, response: said } = flow;
  if (request.method !== 'HEAD' || said === undefined) return undefined;
  const declared = said.headers.get('content-length');
  const length = declared === undefined ? undefined : Number(declared);
  const change = response({ ...flow, response: { ...said, length }, received: said, changedBy: [] });
  if (change?.headers === undefined) return undefined;
  const { status, reason } = said;
  return {
    kind: 'answer',
    status,
    reason,
    headers: change.headers,
    body: new Uint8Array(0),
    isUnmeasured: true,
  };
}

function response(flow: ResponseFlow): ResponseChange | undefined {
  const { status, headers, length } = flow.response;
  if (forbidsTransforming(flow.request.headers)) return undefined;
  if (status === 206 || headers.has('content-encoding') || !isCompressible(headers)) return undefined;
  if ((length ?? SMALLEST) < SMALLEST) return undefined;
  const coding = chosenCoding(flow.request.headers.get('accept-encoding'));
  if (coding === undefined) return undefined;
  // RFC 9110 §8.8.3.3: another coding is another representation, and digests are of the bytes that were sent.
  for (const name of ['content-length', 'content-md5', 'content-digest', 'digest', 'accept-ranges'])
    headers.delete(name);
  const etag = headers.get('etag');
  if (etag !== undefined && !etag.startsWith('W/')) headers.set('ETag', `W/${etag}`);
  headers.set('Content-Encoding', coding);
  varyBy(headers, 'Accept-Encoding');
  return { headers, body: (body) => encode(body, coding) };
}

function isCompressible(headers: HeaderList): boolean {
  const type = (headers.get('content-type') ?? '').split(';')[0]!.trim().toLowerCase();
  // An event stream is read as it comes, by programs that count on each event being whole.
  if (!COMPRESSIBLE.test(type) || type === 'text/event-stream') return false;
  return !forbidsTransforming(headers);
}
