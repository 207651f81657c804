import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SessionError } from '../../../../host/proxy/error.js';
import { type ReadExchange, readExchanges } from '../../../../host/proxy/session/observed_exchanges.js';
import { Pipe } from '../../../../host/proxy/session/observed_pipe.js';
import { ReadAhead } from '../../../../host/proxy/streams/read_ahead.js';

/** Reads both directions to their ends, cut into pieces of `size`. */
async function read(fromClient: string | Uint8Array, fromOrigin: string | Uint8Array, size = 7) {
  const pipe = (content: string | Uint8Array) => {
    const made = new Pipe(1 << 20);
    const bytes = Buffer.from(content as string, 'latin1');
    for (let at = 0; at < bytes.length; at += size) made.push(bytes.subarray(at, at + size));
    made.end();
    return new ReadAhead(made);
  };
  const exchanges: ReadExchange[] = [];
  await readExchanges(pipe(fromClient), pipe(fromOrigin), {
    limits: { requestHeadBytes: 1000, responseHeadBytes: 1000 },
    onRequest: () => {},
    onExchange: (exchange) => exchanges.push(exchange),
  });
  return exchanges;
}

describe('exchanges that pass are read', () => {
  test('one after the other, with bodies of every framing, however they are cut', async () => {
    const requests =
      'POST /a HTTP/1.1\r\nHost: o\r\nContent-Length: 4\r\n\r\nsent' +
      'HEAD /b HTTP/1.1\r\nHost: o\r\n\r\n' +
      'GET /c HTTP/1.1\r\nHost: o\r\n\r\n';
    const responses =
      'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n' +
      'HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n' +
      'HTTP/1.1 404 Not Found\r\n\r\nuntil the end';
    for (const size of [1, 7, 1000]) {
      const [a, b, c] = await read(requests, responses, size);
      expect(a!.requestBody).toMatchObject({ length: 4, whole: true });
      expect(Buffer.from(a!.responseBody.start).toString()).toBe('abcde');
      expect(a!.responseBody.hash).toEqual(createHash('sha256').update('abcde').digest());
      expect(b!.responseBody.length).toBe(0);
      expect(c!.response!.status).toBe(404);
      expect(c!.responseBody).toMatchObject({ length: 13, whole: true });
    }
  });

  test('up to where they are cut off', async () => {
    const get = 'GET /a HTTP/1.1\r\nHost: o\r\n\r\n';
    const [cut] = await read(get, 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf');
    expect(cut!.responseBody).toMatchObject({ length: 4, whole: false });
    const [headless] = await read(get, 'HTTP/1.1 200 O');
    expect(headless!.response).toBeUndefined();
  });

  test('of a long body the beginning is shown, and all is hashed', async () => {
    const body = 'x'.repeat(100_000);
    const [exchange] = await read(
      'GET / HTTP/1.1\r\nHost: o\r\n\r\n',
      `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
      5000,
    );
    expect(exchange!.responseBody.start).toHaveLength(65_536);
    expect(exchange!.responseBody.hash).toEqual(createHash('sha256').update(body).digest());
  });

  test('what is not HTTP, and what follows 101, is not', async () => {
    expect(await read('EHLO there\r\n', '220 here\r\n')).toEqual([]);
    const upgrade = 'GET / HTTP/1.1\r\nHost: o\r\nUpgrade: x\r\n\r\n';
    const after = await read(`${upgrade}not HTTP`, 'HTTP/1.1 101 Switching\r\n\r\nnor this');
    expect(after.map(({ response }) => response!.status)).toEqual([101]);
  });

  test('from random bytes, or they end in a typed error', async () => {
    const start = fc.constantFrom('', 'GET / HTTP/1.1\r\n', 'GET / HTTP/1.1\r\nHost: o\r\n\r\n');
    const answer = fc.constantFrom(
      '',
      'HTTP/1.1 200 OK\r\n',
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n',
    );
    const noise = fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes).toString('latin1'));
    await fc.assert(
      fc.asyncProperty(start, noise, answer, noise, async (begin, more, reply, rest) => {
        await read(begin + more, reply + rest).catch((error) => expect(error).toBeInstanceOf(SessionError));
      }),
      { numRuns: 300 },
    );
  });
});

test('a pipe that nobody reads is full at its limit', () => {
  const pipe = new Pipe(10);
  expect(pipe.push(Buffer.alloc(10))).toBe(true);
  expect(pipe.push(Buffer.alloc(1))).toBe(false);
});
