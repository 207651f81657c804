// A picture that the device asks for itself: made to fit as the pictures in a page are, or left as it is.
import type { Body, HeaderList, ResponseFlow } from '../../service.js';
import { replacedHeaders } from '../representation.js';
import { screenOf } from '../resources.js';
import { compare, fitPicture } from './picture.js';

const MAX_PICTURE = 8 << 20;

/**
 * The picture for the device. `headers`, which go out with the first chunk, are changed with it. A picture that is
 * too large, or fails, or would gain nothing, stays as it is.
 */
export async function* directPicture(
  body: Body,
  headers: HeaderList,
  flow: ResponseFlow,
): AsyncGenerator<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  const source = body[Symbol.asyncIterator]();
  for (let step = await source.next(); step.done !== true; step = await source.next()) {
    chunks.push(step.value);
    length += step.value.length;
    if (length <= MAX_PICTURE) continue;
    yield* chunks;
    for (let rest = await source.next(); rest.done !== true; rest = await source.next()) yield rest.value;
    return;
  }
  const original = Buffer.concat(chunks);
  const made = await madeToFit(original, flow);
  if (made !== undefined) replacedHeaders(headers, made.type);
  yield made?.bytes ?? original;
}

async function madeToFit(
  original: Uint8Array,
  flow: ResponseFlow,
): Promise<{ type: string; bytes: Uint8Array } | undefined> {
  const screen = screenOf(flow.profile);
  const { pictures } = flow.profile;
  try {
    const { isRead, isInside } = await compare(original, screen, pictures);
    const canStay = isRead && isInside;
    if (canStay && screen.depth > 8) return undefined;
    const made = await fitPicture(original, screen, pictures, flow.profile.memory * 1024);
    return canStay && made.bytes.length >= original.length ? undefined : made;
  } catch (error) {
    flow.log.info('a picture stays as it is', { reason: (error as Error).message });
    return undefined;
  }
}
