// Runs the transcoding service as the proxy does: its request hook, an origin, its response hook and the new body.
import { Readable } from 'node:stream';
import zlib from 'node:zlib';
import { type DeviceProfile, HANDHELD } from '../../../../host/delegation/device.js';
import { DeputyError } from '../../../../host/delegation/error.js';
import {
  HeaderList,
  type OtherResponse,
  type ResponseChange,
  type ResponseFlow,
  type Service,
} from '../../../../host/services/service.js';
import { type TranscodeOptions, transcode } from '../../../../host/services/transcode/index.js';

/** What other origins have, by address. */
export type Site = Record<
  string,
  () => Promise<{ status?: number; type: string; coding?: string; location?: string; body: Uint8Array }>
>;

export interface Page {
  headers: [string, string][];
  body: Uint8Array | string;
  status?: number;
  profile?: Partial<DeviceProfile>;
  site?: Site;
  request?: { method?: string; target?: string; headers?: [string, string][]; body?: string };
  /** Bytes of a piece in which the body comes. */
  step?: number;
  /** One that has run before: it remembers what a service remembers. */
  service?: Service;
  options?: TranscodeOptions;
}

export interface Ran {
  /** What the origin was asked; undefined where the service answered for it. */
  asked: { target: string; headers: HeaderList; body: string } | undefined;
  status: number;
  change: ResponseChange | undefined;
  /** As they go out with the first chunk. */
  headers: HeaderList;
  /** Without its content coding. */
  text: string;
  /** As they go to the device. */
  bytes: Buffer;
  fetched: string[];
}

/** What is there of a page when `mark` is, at which point `then` is called, and what comes after that. */
export async function seenBefore(
  page: Page,
  mark: string,
  then: () => void,
): Promise<{ before: string; after: string }> {
  let before: string | undefined;
  let text = '';
  await run(page, (chunk) => {
    text += chunk;
    if (before !== undefined || !text.includes(mark)) return;
    before = text;
    then();
  });
  return { before: before ?? '', after: text.slice(before?.length) };
}

export async function run(page: Page, onChunk: (chunk: Uint8Array) => void = () => {}): Promise<Ran> {
  const fetched: string[] = [];
  const service = page.service ?? transcode(page.options);
  const { method = 'GET', target = '/dir/page', body: submission = '' } = page.request ?? {};
  const flow = {
    sessionId: '00',
    exchange: {},
    client: 'token:test',
    origin: {
      host: 'first.example',
      port: 443,
      serverName: 'first.example',
      certificate: '',
      clientCertificate: '',
      verified: true,
    },
    inStep: true,
    profile: { ...HANDHELD, ...page.profile },
    request: {
      method,
      target,
      url: `https://first.example${target}`,
      headers: new HeaderList(page.request?.headers ?? []),
    },
    log: { debug() {}, info() {}, warn() {} },
    signal: new AbortController().signal,
    async fetchOther(url: string): Promise<OtherResponse> {
      fetched.push(url);
      const found = page.site?.[url];
      if (found === undefined) throw new DeputyError('TUNNEL_DENIED', 'denied');
      const { status = 200, type, coding, location, body } = await found();
      const headers = new HeaderList([['Content-Type', type]]);
      if (location !== undefined) headers.set('Location', location);
      if (coding !== undefined) headers.set('Content-Encoding', coding);
      return { url, status, headers, verified: true, body: Readable.from([body]) };
    },
  };
  const asking = await service.request?.(flow);
  if (asking?.kind === 'answer') {
    const { status, headers } = asking;
    const bytes = Buffer.from(asking.body);
    return { asked: undefined, status, change: undefined, headers, text: bytes.toString(), bytes, fetched };
  }
  const sent = asking?.body?.(Readable.from([Buffer.from(submission)])) ?? Readable.from([submission]);
  const asked = {
    target: asking?.target ?? target,
    headers: asking?.headers ?? flow.request.headers,
    body: (await collect(sent)).toString(),
  };
  const received = { status: page.status ?? 200, reason: 'OK', headers: new HeaderList(page.headers) };
  const answered: ResponseFlow = {
    ...flow,
    request: { ...flow.request, target: asked.target, url: `https://first.example${asked.target}` },
    response: { ...received, headers: received.headers.clone(), length: undefined },
    received,
    changedBy: [],
  };
  const change = await service.response!(answered);
  const source = typeof page.body === 'string' ? Buffer.from(page.body) : Buffer.from(page.body);
  const bytes =
    change?.body === undefined
      ? source
      : await collect(change.body(Readable.from(pieces(source, page.step))), onChunk);
  const headers = change?.headers ?? received.headers;
  const text = decoded(bytes, change === undefined ? undefined : headers.get('content-encoding')).toString();
  return { asked, status: received.status, change, headers, text, bytes, fetched };
}

/** Small pieces show what breaks at their edges; large pages come as they do from a socket. */
function pieces(source: Buffer, step?: number): Buffer[] {
  const size = step ?? (source.length > 35_000 ? 16_384 : 7);
  return Array.from({ length: Math.ceil(source.length / size) }, (_, i) =>
    source.subarray(i * size, i * size + size),
  );
}

async function collect(
  body: AsyncIterable<Uint8Array | string>,
  onChunk: (chunk: Uint8Array) => void = () => {},
): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) {
    const bytes = Buffer.from(chunk as Uint8Array);
    onChunk(bytes);
    chunks.push(bytes);
  }
  return Buffer.concat(chunks);
}

function decoded(bytes: Buffer, coding: string | undefined): Buffer {
  if (coding === 'gzip') return zlib.gunzipSync(bytes);
  if (coding === 'br') return zlib.brotliDecompressSync(bytes);
  if (coding === 'deflate') return zlib.inflateSync(bytes);
  return bytes;
}
