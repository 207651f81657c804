// Content codings toward the device (RFC 9110 §12.5.3): what it says it decodes, and how a stream is coded for it.
import { once } from 'node:events';
import zlib from 'node:zlib';
import type { HeaderList } from '../http/header_list.js';

const CODERS = {
  br: () =>
    zlib.createBrotliCompress({
      params: {
        // Level 5 packs about as well as gzip's best, at a fraction of what the highest would cost.
        [zlib.constants.BROTLI_PARAM_QUALITY]: 5,
        [zlib.constants.BROTLI_PARAM_LGWIN]: 18,
        [zlib.constants.BROTLI_PARAM_MODE]: zlib.constants.BROTLI_MODE_TEXT,
      },
    }),
  gzip: () => zlib.createGzip({ level: 7 }),
  deflate: () => zlib.createDeflate({ level: 7 }),
} as const;

export type Coding = keyof typeof CODERS;

/** The coding to use for a device that sent `accept` as Accept-Encoding; undefined where it must go as it is. */
export function chosenCoding(accept: string | undefined): Coding | undefined {
  const weights = new Map<string, number>();
  for (const item of (accept ?? '').split(',').slice(0, 32)) {
    const [name = '', ...parameters] = item.split(';').map((part) => part.trim().toLowerCase());
    const q = parameters.find((parameter) => parameter.startsWith('q='))?.slice(2);
    const weight = q === undefined ? 1 : Number(q);
    if (name !== '' && weight >= 0 && weight <= 1) weights.set(name === 'x-gzip' ? 'gzip' : name, weight);
  }
  const other = weights.get('*') ?? 0;
  const weightOf = (coding: string) => weights.get(coding) ?? other;
  const best = (Object.keys(CODERS) as Coding[]).reduce((one, next) =>
    weightOf(next) > weightOf(one) ? next : one,
  );
  return weightOf(best) > 0 && weightOf(best) >= (weights.get('identity') ?? 0) ? best : undefined;
}

/** `body` coded. Each chunk can be decoded as soon as it is there, so that text shows before the page is complete. */
export async function* encode(body: AsyncIterable<Uint8Array>, coding: Coding): AsyncGenerator<Uint8Array> {
  const coder = CODERS[coding]();
  let coded: Uint8Array[] = [];
  let failure: unknown;
  coder.on('data', (bytes: Uint8Array) => coded.push(bytes));
  coder.on('error', (error) => {
    failure = error;
  });
  const take = () => coded.splice(0);
  try {
    for await (const chunk of body) {
      if (chunk.length === 0) continue;
      coder.write(chunk);
      await new Promise<void>((resolve) => coder.flush(resolve));
      if (failure !== undefined) throw failure;
      yield* take();
    }
    coder.end();
    if (!coder.readableEnded) await once(coder, 'end');
    yield* take();
  } finally {
    coded = [];
    coder.destroy();
  }
}

/** RFC 9110 §12.5.5: the answer depends on `field` of the request. */
export function varyBy(headers: HeaderList, field: string): void {
  const vary = headers.get('vary');
  const names = (vary ?? '').toLowerCase().split(/\s*,\s*/);
  if (names.includes('*') || names.includes(field.toLowerCase())) return;
  headers.set('Vary', vary === undefined ? field : `${vary}, ${field}`);
}
