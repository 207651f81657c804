// Content codings of responses (RFC 9110 §8.4), undone by the platform where it can.
import { DeputyError } from '../../delegation/error.js';
import type { Platform } from '../../platform/platform.js';
import { type HeaderList, headerTokens } from './head.js';

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
): AsyncIterable<Uint8Array> {
  const decoder = platform.contentDecoder;
  const codings = headerTokens(response.headers, 'content-encoding').filter(
    (coding) => coding !== 'identity',
  );
  const hasBody = method !== 'HEAD' && response.status !== 204 && response.status !== 304;
  const known = [...(decoder?.codings ?? []), 'x-gzip'];
  if (decoder === undefined || !hasBody || codings.length === 0) return body;
  if (codings.length > LAYERS || !codings.every((coding) => known.includes(coding))) return body;
  return codings.reduceRight((coded, coding) => told(decoder.decode(coding, coded)), body);
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
