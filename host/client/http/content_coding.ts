// Content codings of responses (RFC 9110 §8.4), undone by the platform where it can.

import { DeputyError } from '../../delegation/error.js';
import type { HeaderList } from '../../http/header_list.js';
import type { Platform } from '../../platform/platform.js';

/** Codings laid over each other; more are an attack. */
const LAYERS = 3;

/** The value of Accept-Encoding; empty where the platform undoes none. */
export const offeredCodings = (platform: Pick<Platform, 'contentDecoder'>): string =>
  (platform.contentDecoder?.codings ?? []).join(', ');

/**
 * The content of `body`. Where a coding is unknown here, the body is given as it is, as fetch does it. Errors of a
 * damaged body are CONTENT_DAMAGED.
 */
export function decodedBody(
  platform: Pick<Platform, 'contentDecoder'>,
  method: string,
  response: { status: number; headers: HeaderList },
  body: AsyncIterable<Uint8Array>,
  path = '',
): AsyncIterable<Uint8Array> {
  const decoder = platform.contentDecoder;
  const codings = response.headers.tokens('content-encoding').filter((coding) => coding !== 'identity');
  const hasBody = method !== 'HEAD' && response.status !== 204 && response.status !== 304;
  const known = [...(decoder?.codings ?? []), 'x-gzip'];
  if (decoder === undefined || !hasBody || codings.length === 0 || isArchive(response.headers, path))
    return body;
  if (codings.length > LAYERS || !codings.every((coding) => known.includes(coding))) return body;
  return codings.reduceRight((coded, coding) => told(decoder.decode(coding, coded)), body);
}

/**
 * Servers give a compressed file the coding that its own bytes have: what is asked for is the file, as browsers have it.
 */
function isArchive(headers: HeaderList, path: string): boolean {
  const type = headers.get('content-type')?.split(';')[0]?.trim().toLowerCase() ?? '';
  if (
    /^application\/(?:x-)?(?:gzip|gunzip|gtar-compressed|tgz|compressed-tar|compress|bzip2?|xz|zstd)$/.test(
      type,
    )
  )
    return true;
  // A page about a file may have that file's name, too.
  if (/^application\/(?:x-tar|octet-stream)$/.test(type) && /\.t?gz(?:\?|$)/i.test(path)) return true;
  const disposition = headers.get('content-disposition') ?? '';
  return /\bfilename\*?=[^;]*\.(?:t?gz|tbz2?|bz2|xz|zst|br)"?\s*(?:;|$)/i.test(disposition);
}

async function* told(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, void> {
  try {
    yield* body;
  } catch (error) {
    if (error instanceof DeputyError || (error as { name?: string }).name === 'AbortError') throw error;
    const { message } = error as { message?: string };
    throw new DeputyError('CONTENT_DAMAGED', `the content coding of the response is damaged: ${message}`, {
      cause: error,
    });
  }
}
