import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { HttpConnection } from '../../../../host/client/http/connection.js';
import type { HttpRequest } from '../../../../host/client/http/request.js';
import { connect } from '../../../../host/platform/node/sockets.js';
import { codeOf, collect, MemoryTransport, pieces } from '../memory_transport.js';

const get: HttpRequest = { method: 'GET', host: 'a.example', port: 443, path: '/', headers: [] };

/** What the client makes of `answer`, which arrives in pieces and then ends cleanly. */
async function answered(answer: string, { size = 1000, method = 'GET', end = true } = {}) {
  const transport = new MemoryTransport().give(...pieces(answer, size));
  if (end) transport.give(undefined);
  const connection = new HttpConnection(transport);
  const response = await connection.exchange({ ...get, method });
  const body = await collect(response.body);
  return { response, body, connection, transport };
}

describe('a response body ends where it ends', () => {
  const bodies: [string, string, string][] = [
    ['by length', 'Content-Length: 5\r\n\r\nhello', 'hello'],
    ['by chunks', 'Transfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3;x=y\r\nllo\r\n0\r\n\r\n', 'hello'],
    ['by chunks with trailers', 'Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nA: b\r\n\r\n', 'hello'],
    ['by the same length said twice', 'Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello', 'hello'],
    ['at once', 'Content-Length: 0\r\n\r\n', ''],
  ];
  test.each(bodies)(
    '%s, in pieces of any size, and the connection can be used again',
    async (_, rest, expected) => {
      for (const size of [1, 2, 3, 7, 1000]) {
        const { body, connection } = await answered(`HTTP/1.1 200 OK\r\n${rest}`, { size, end: false });
        expect(body).toBe(expected);
        expect(connection.reusable).toBe(true);
      }
    },
  );

  test('by the end of the stream, and the connection is then closed', async () => {
    const { body, connection, transport } = await answered('HTTP/1.1 200 OK\r\n\r\nhello');
    expect(body).toBe('hello');
    expect([connection.reusable, transport.closed]).toEqual([false, true]);
  });

  test('but not by a stream that broke', async () => {
    const transport = new MemoryTransport().give('HTTP/1.1 200 OK\r\n\r\nhel', new Error('no close_notify'));
    const response = await new HttpConnection(transport).exchange(get);
    await expect(collect(response.body)).rejects.toThrow('no close_notify');
  });

  test('with trailers, which are given when the body has ended', async () => {
    const { response } = await answered(`HTTP/1.1 200 OK\r\n${bodies[2]![1]}`);
    expect([...response.trailers]).toEqual([['a', 'b']]);
  });

  test.each([
    ['HEAD', '200 OK'],
    ['GET', '204 No Content'],
    ['GET', '304 Not Modified'],
  ])('before it starts for %s %s', async (method, status) => {
    const answer = `HTTP/1.1 ${status}\r\nContent-Length: 5\r\n\r\n`;
    const { body, connection } = await answered(answer, { method, end: false });
    expect([body, connection.reusable]).toEqual(['', true]);
  });

  test('after interim answers', async () => {
    const interim = 'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n';
    const final = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
    expect((await answered(interim + interim + final)).body).toBe('ok');
    expect(await codeOf(() => answered(interim.repeat(9) + final))).toBe('HTTP_BAD_HEAD');
    const switching = 'HTTP/1.1 101 Switching Protocols\r\n\r\n';
    expect(await codeOf(() => answered(switching + final))).toBe('HTTP_BAD_HEAD');
  });
});

test.each([
  'HTTP/1.1 200 OK\nA: b\nContent-Length: 5\n\nhello',
  'HTTP/1.1 200 OK\nA: b\r\nContent-Length: 5\r\n\nhello',
  'HTTP/1.1 200 OK\r\nA : b\r\nContent-Length: 5\n\r\nhello',
])('lines that end in LF, and a space before a colon: %j', async (answer) => {
  for (const size of [1, 1000]) {
    const { body, connection } = await answered(answer, { size, end: false });
    expect([body, connection.reusable]).toEqual(['hello', true]);
  }
});

describe('what two parsers could read in two ways is refused', () => {
  test.each([
    ['HTTP_BAD_FRAMING', 'Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
    ['HTTP_BAD_FRAMING', 'Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!'],
    ['HTTP_BAD_FRAMING', 'Content-Length: 5, 5\r\n\r\nhello'],
    ['HTTP_BAD_FRAMING', 'Content-Length: +5\r\n\r\nhello'],
    ['HTTP_BAD_FRAMING', 'Content-Length: 0x5\r\n\r\nhello'],
    ['HTTP_BAD_FRAMING', 'Content-Length: 99999999999999999\r\n\r\nhello'],
    ['HTTP_BAD_FRAMING', 'Content-Length: \r\n\r\nhello'],
    ['HTTP_BAD_FRAMING', 'Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n'],
    ['HTTP_BAD_FRAMING', 'Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
    ['HTTP_BAD_FRAMING', 'Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n'],
    ['HTTP_BAD_HEAD', 'Content-Length : 5\r\n\r\nhello'],
    ['HTTP_BAD_HEAD', 'A: b\r\n Content-Length: 5\r\n\r\nhello'],
    ['HTTP_BAD_HEAD', 'A: b\nContent-Length: 5\r\n\r\nhello'],
    ['HTTP_BAD_HEAD', 'Transfer-Encoding\t: chunked\r\n\r\n0\r\n\r\n'],
    ['HTTP_BAD_HEAD', 'A: b\rContent-Length: 5\r\n\r\nhello'],
    ['HTTP_BAD_HEAD', 'A: b\0\r\n\r\n'],
    ['HTTP_BAD_HEAD', ': b\r\n\r\n'],
    ['HTTP_BAD_HEAD', 'no colon\r\n\r\n'],
    ['HTTP_BAD_CHUNK', 'Transfer-Encoding: chunked\r\n\r\n5\r\nhello!\r\n0\r\n\r\n'],
    ['HTTP_BAD_CHUNK', 'Transfer-Encoding: chunked\r\n\r\n5\nhello\n0\n\n'],
    ['HTTP_BAD_CHUNK', 'Transfer-Encoding: chunked\r\n\r\n-5\r\nhello\r\n'],
    ['HTTP_BAD_CHUNK', 'Transfer-Encoding: chunked\r\n\r\n 5\r\nhello\r\n'],
    ['HTTP_BAD_CHUNK', 'Transfer-Encoding: chunked\r\n\r\nfffffffffffffff\r\nhello\r\n'],
    ['HTTP_BAD_CHUNK', `Transfer-Encoding: chunked\r\n\r\n5;${'x'.repeat(2000)}\r\nhello\r\n`],
    ['HTTP_TRUNCATED', 'Transfer-Encoding: chunked\r\n\r\n5\r\nhel'],
    ['HTTP_TRUNCATED', 'Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n'],
    ['HTTP_TRUNCATED', 'Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n'],
    ['HTTP_TRUNCATED', 'Content-Length: 50\r\n\r\nhello'],
  ])('%s %j', async (code, rest) => {
    for (const size of [1, 1000]) {
      expect(await codeOf(() => answered(`HTTP/1.1 200 OK\r\n${rest}`, { size }))).toBe(code);
    }
  });

  test.each([
    ['HTTP_BAD_HEAD', 'HTTP/2 200 OK\r\n\r\n'],
    ['HTTP_BAD_HEAD', 'HTTP/1.1 20 OK\r\n\r\n'],
    ['HTTP_BAD_HEAD', 'HTTP/1.1  200 OK\r\n\r\n'],
    ['HTTP_BAD_HEAD', '\r\nHTTP/1.1 200 OK\r\n\r\n'],
    ['HTTP_BAD_FRAMING', 'HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
    ['HTTP_TRUNCATED', 'HTTP/1.1 200 OK\r\nContent-Le'],
    ['HTTP_NO_RESPONSE', ''],
    ['HTTP_HEAD_TOO_LONG', `HTTP/1.1 200 OK\r\nA: ${'x'.repeat(70_000)}\r\n\r\n`],
    ['HTTP_HEAD_TOO_LONG', `HTTP/1.1 200 OK\r\n${'A: b\r\n'.repeat(300)}\r\n`],
    [
      'HTTP_HEAD_TOO_LONG',
      `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n${`A: ${'x'.repeat(999)}\r\n`.repeat(90)}\r\n`,
    ],
  ])('%s %#', async (code, answer) => {
    expect(await codeOf(() => answered(answer))).toBe(code);
  });

  test('random answers end in a response or in a typed error', async () => {
    const word = fc.constantFrom(
      'HTTP/1.1 200 OK',
      '\r\n',
      '\n',
      'Content-Length: 3',
      'Transfer-Encoding: chunked',
      '3',
      'abc',
      '0',
      ':',
      'HTTP/1.0 204 x',
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(word, { maxLength: 14 }),
        fc.integer({ min: 1, max: 50 }),
        async (words, size) => {
          expect(await codeOf(() => answered(words.join(''), { size }))).toMatch(/^(no error|HTTP_[A-Z_]+)$/);
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe('a connection', () => {
  test('is not used again when bytes came that nobody asked for', async () => {
    const { connection } = await answered(
      'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\n\r\n',
    );
    expect(connection.reusable).toBe(false);
    expect(await codeOf(() => connection.exchange(get))).toBe('HTTP_BUSY');
  });

  test.each([
    'HTTP/1.1 200 OK\r\nConnection: close\r\n',
    'HTTP/1.0 200 OK\r\n',
    'HTTP/1.1 200 OK\r\nConnection: x, Close\r\n',
  ])('is closed after %j', async (head) => {
    const { transport } = await answered(`${head}Content-Length: 2\r\n\r\nok`);
    expect(transport.closed).toBe(true);
  });

  test('is closed when its response is left unread', async () => {
    const transport = new MemoryTransport().give('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab', 'cd');
    const response = await new HttpConnection(transport).exchange(get);
    for await (const _ of response.body) break;
    expect(transport.closed).toBe(true);
  });

  test('reads no further than its reader', async () => {
    const transport = new MemoryTransport().give('HTTP/1.1 200 OK\r\nContent-Length: 40\r\n\r\n');
    for (let i = 0; i < 4; i++) transport.give('0123456789');
    const response = await new HttpConnection(transport).exchange(get);
    await response.body[Symbol.asyncIterator]().next();
    expect(transport.reads).toBe(2);
  });
});

describe('a request', () => {
  const sent = async (request: Partial<HttpRequest>) => {
    const transport = new MemoryTransport();
    const exchange = new HttpConnection(transport).exchange({ ...get, ...request });
    await new Promise((resolve) => setImmediate(resolve));
    transport.give('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
    await exchange;
    return transport.text;
  };

  test('is written plainly', async () => {
    expect(await sent({ headers: [['Accept', '*/*']] })).toBe(
      'GET / HTTP/1.1\r\nHost: a.example\r\nAccept: */*\r\n\r\n',
    );
    expect(await sent({ host: '::1', port: 8443, method: 'DELETE', path: '/a?b' })).toBe(
      'DELETE /a?b HTTP/1.1\r\nHost: [::1]:8443\r\n\r\n',
    );
    expect(await sent({ method: 'POST' })).toContain('Content-Length: 0\r\n');
  });

  test('carries bytes with their length, and streams in chunks', async () => {
    expect(await sent({ method: 'PUT', body: Buffer.from('abc') })).toMatch(/Content-Length: 3\r\n\r\nabc$/);
    async function* body() {
      yield Buffer.from('abc');
      yield Buffer.from('');
      yield Buffer.from('defghijklmnopqrst');
    }
    expect(await sent({ method: 'PUT', body: body() })).toMatch(
      /Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n11\r\ndefghijklmnopqrst\r\n0\r\n\r\n$/,
    );
  });

  test('fields that frame it are not taken from the caller', async () => {
    const headers = [
      ['content-length', '900'],
      ['Transfer-Encoding', 'chunked'],
      ['Host', 'b.example'],
      ['Connection', 'close'],
    ] as const;
    expect(await sent({ headers })).toBe('GET / HTTP/1.1\r\nHost: a.example\r\n\r\n');
  });

  test.each<[Partial<HttpRequest>]>([
    [{ method: 'GET / HTTP/1.1\r\nA: b\r\n\r\nGET' }],
    [{ method: 'CONNECT' }],
    [{ path: '/ HTTP/1.1\r\nA: b' }],
    [{ path: 'a' }],
    [{ path: '/ü' }],
    [{ headers: [['A', 'b\r\nC: d']] }],
    [{ headers: [['A: b\r\nC', 'd']] }],
    [{ headers: [['A', 'snow \u2603']] }],
  ])('that would break its line is refused before a byte is sent: %j', async (request) => {
    const transport = new MemoryTransport();
    expect(await codeOf(() => new HttpConnection(transport).exchange({ ...get, ...request }))).toBe(
      'REQUEST_BAD',
    );
    expect(transport.text).toBe('');
  });

  test('whose body fails rejects with that failure', async () => {
    async function* body(): AsyncGenerator<Uint8Array> {
      yield Buffer.from('abc');
      throw new Error('the file vanished');
    }
    const transport = new MemoryTransport();
    const exchange = new HttpConnection(transport).exchange({ ...get, method: 'PUT', body: body() });
    await expect(exchange).rejects.toThrow('the file vanished');
    expect(transport.closed).toBe(true);
  });

  test('answered before its body is sent closes the connection afterwards', async () => {
    let more = () => {};
    async function* body(): AsyncGenerator<Uint8Array> {
      yield Buffer.from('abc');
      await new Promise<void>((resolve) => {
        more = resolve;
      });
    }
    const transport = new MemoryTransport().give('HTTP/1.1 413 No\r\nContent-Length: 2\r\n\r\nno');
    const connection = new HttpConnection(transport);
    const response = await connection.exchange({ ...get, method: 'PUT', body: body() });
    expect([response.status, await collect(response.body)]).toEqual([413, 'no']);
    expect(connection.reusable).toBe(false);
    more();
  });
});

describe("against Node's own server", () => {
  let server: Server;
  afterEach(() => server.close());
  const serve = async (listener: RequestListener) => {
    server = createServer(listener);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    return new HttpConnection(await connect('127.0.0.1', port));
  };

  test('many requests on one connection, streamed both ways', async () => {
    const connection = await serve((request, response) => {
      response.setHeader('x-path', request.url!);
      request.pipe(response);
    });
    for (let i = 0; i < 20; i++) {
      const text = `${i},`.repeat(i * 5000);
      async function* body() {
        for (const piece of pieces(text, 30_000)) yield Buffer.from(piece);
      }
      const response = await connection.exchange({
        ...get,
        method: 'POST',
        path: `/${i}`,
        body: i % 2 === 0 ? body() : Buffer.from(text),
      });
      expect(response.headers.get('x-path')).toBe(`/${i}`);
      expect((await collect(response.body)) === text).toBe(true);
    }
    expect(connection.exchanges).toBe(20);
    connection.close();
  });
});
