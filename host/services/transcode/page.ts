// One page on its way through a format: decoded, read, written and coded for the device, chunk by chunk.

import { decode } from '../content_decoding.js';
import type { Body, ResponseFlow } from '../service.js';
import { charsetDecoder, detectCharset, PRESCAN_BYTES } from './charset.js';
import type { Format, PageOptions } from './format.js';
import { pageResources } from './resources.js';

export interface PageFacts {
  format: Format;
  encode: (text: string) => Uint8Array;
  wanted: PageOptions['wanted'];
  keep: PageOptions['keep'];
}

/** The bytes for the device, before any content coding. */
export async function* transcodePage(
  body: Body,
  flow: ResponseFlow,
  { format, encode, wanted, keep }: PageFacts,
): AsyncGenerator<Uint8Array> {
  const { headers } = flow.response;
  const decoded = decode(body, headers.get('content-encoding'))[Symbol.asyncIterator]();
  const start = await firstBytes(decoded);
  const charset = detectCharset(headers.get('content-type'), start);
  const written = format.write(textOf(start, decoded, charset), {
    profile: flow.profile,
    url: flow.request.url,
    charset,
    encode,
    wanted,
    keep,
    resources: pageResources(flow),
  });
  for await (const text of written) if (text !== '') yield encode(text);
}

/** Enough of the page to know its character set. */
async function firstBytes(body: AsyncIterator<Uint8Array>): Promise<Uint8Array> {
  let start: Uint8Array = new Uint8Array(0);
  while (start.length < PRESCAN_BYTES) {
    const step = await body.next();
    if (step.done === true) break;
    start = Buffer.concat([start, step.value]);
  }
  return start;
}

async function* textOf(
  start: Uint8Array,
  rest: AsyncIterator<Uint8Array>,
  charset: string,
): AsyncGenerator<string> {
  const toText = charsetDecoder(charset);
  yield toText(start);
  try {
    for (let step = await rest.next(); step.done !== true; step = await rest.next()) yield toText(step.value);
    yield toText();
  } finally {
    await rest.return?.();
  }
}
