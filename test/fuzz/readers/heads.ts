// Heads and bodies of HTTP/1.1, as the proxy reads them from both sides and as the client does.

import { bodyFraming, readBody } from '../../../host/client/http/body.js';
import { ByteReader } from '../../../host/client/http/byte_reader.js';
import { headEnd, parseResponseHead as parseAnswer } from '../../../host/client/http/head.js';
import { DeputyError } from '../../../host/delegation/error.js';
import { BodyReader, requestFraming, responseFraming } from '../../../host/proxy/exchange/framing.js';
import {
  parseRequestHead,
  parseResponseHead,
  readRawHead,
  writeHead,
} from '../../../host/proxy/exchange/head.js';
import { Tally } from '../../../host/proxy/exchange/tally.js';
import { ReadAhead } from '../../../host/proxy/streams/read_ahead.js';
import { must, type Reader, refusing } from './reader.js';

const LIMIT = 16_384;
const isTyped = (error: unknown) => error instanceof DeputyError;

/** The bytes in pieces of `size`, as a stream of the proxy's. */
function source(bytes: Uint8Array, size: number) {
  let at = 0;
  return new ReadAhead({
    async read() {
      if (at >= bytes.length) return undefined;
      at += size;
      return Buffer.from(bytes.subarray(at - size, at));
    },
  });
}

interface Message {
  first: string;
  headers: readonly (readonly [string, string])[];
  body: string;
  rest: number;
}

/** One message as the proxy reads it, in pieces of `size`; undefined where it is refused. */
const readMessage = (bytes: Uint8Array, isRequest: boolean, size: number): Promise<Message | undefined> =>
  refusing(isTyped, async () => {
    const from = source(bytes, size);
    const code = isRequest ? 'BAD_REQUEST' : 'BAD_RESPONSE';
    const raw = await readRawHead(from, LIMIT, code);
    if (raw === undefined) return undefined;
    const head = isRequest ? parseRequestHead(raw) : parseResponseHead(raw);
    const framing = 'target' in head ? requestFraming(head) : responseFraming(head, 'GET');
    const body: Buffer[] = [];
    const reader = new BodyReader(from, framing, code, new Tally(false));
    if (framing.kind !== 'none') for await (const piece of reader.contents()) body.push(Buffer.from(piece));
    let rest = from.buffer.length;
    while ((await from.fill()) === true) rest = from.buffer.length;
    const first = 'target' in head ? `${head.method} ${head.target}` : String(head.status);
    return { first, headers: [...head.headers], body: Buffer.concat(body).toString('latin1'), rest };
  });

async function readByProxy(bytes: Uint8Array, isRequest: boolean): Promise<Message | undefined> {
  const whole = await readMessage(bytes, isRequest, bytes.length || 1);
  const cut = await readMessage(bytes, isRequest, 3);
  must(JSON.stringify(whole) === JSON.stringify(cut), 'the cuts of a stream change what is read');
  if (whole === undefined) return undefined;
  const line = isRequest ? `${whole.first} HTTP/1.1` : `HTTP/1.1 ${whole.first} x`;
  const written = writeHead(line, whole.headers);
  const again = isRequest ? parseRequestHead(written) : parseResponseHead(written);
  must(
    JSON.stringify([...again.headers]) === JSON.stringify(whole.headers),
    'a head that is written is read as another',
  );
  return whole;
}

/** The same answer as the device's client reads it: its body, where it takes it. */
const readByClient = (bytes: Uint8Array, size: number): Promise<string | undefined> =>
  refusing(isTyped, async () => {
    let at = 0;
    const reader = new ByteReader({
      async read() {
        at += size;
        return at - size < bytes.length ? bytes.slice(at - size, at) : undefined;
      },
    });
    const raw = await reader.until(headEnd, LIMIT);
    if (raw === undefined) return undefined;
    const head = parseAnswer(raw);
    const body: Uint8Array[] = [];
    for await (const piece of readBody(reader, bodyFraming('GET', head))) body.push(piece);
    return Buffer.concat(body).toString('latin1');
  });

const text = (lines: string) => Buffer.from(lines.replaceAll('\n', '\r\n'), 'latin1');

export const heads: Reader = {
  name: 'heads',
  about: 'heads, framing and bodies of HTTP/1.1: by the proxy, by the client, whole and in pieces',
  seeds: async () => [
    text('GET /a?b=c HTTP/1.1\nHost: origin.test\nAccept: */*\n\n'),
    text('POST / HTTP/1.1\nHost: a\nContent-Length: 5\n\nhello'),
    text('POST / HTTP/1.1\nHost: a\nTransfer-Encoding: chunked\n\n5\nhello\n0\nX: y\n\n'),
    text('HTTP/1.1 200 OK\nContent-Type: text/html\nContent-Length: 3\n\nabc'),
    text('HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n3;x=y\nabc\n10\n0123456789abcdef\n0\n\n'),
    text('HTTP/1.0 200 OK\nConnection: keep-alive\nSet-Cookie: a=b\nSet-Cookie: c=d\n\nall the rest'),
    text('HTTP/1.1 304 Not Modified\nETag: "x"\n\n'),
    text('HTTP/1.1 200 OK\nX-Folded: a\n b\nContent-Length: 0\n\n'),
  ],
  words: [
    ...['\r\n', '\n', '\r', '\r\n\r\n', ' ', '\t', ':', ',', '0\r\n\r\n', ';', '\0', '\x0b'],
    ...['HTTP/1.1', 'HTTP/1.0', 'Content-Length: ', 'Transfer-Encoding: chunked', 'Connection: close'],
    ...[
      'GET ',
      'HEAD ',
      '100',
      '204',
      '304',
      'ffffffffffff',
      '18446744073709551616',
      '+1',
      '0x10',
      'identity',
    ],
  ],
  async read(input) {
    await readByProxy(input, true);
    const proxied = await readByProxy(input, false);
    const whole = await readByClient(input, input.length || 1);
    must(whole === (await readByClient(input, 2)), 'the cuts of a stream change what the client reads');
    // Each may refuse what the other takes, but what both take they take for the same.
    if (whole !== undefined && proxied !== undefined)
      must(whole === proxied.body, 'the client and the proxy read two bodies');
  },
};
