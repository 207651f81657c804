// HTTP through an active session: what no service changes arrives byte for byte, at both ends.

import { once } from 'node:events';
import { connect as tlsConnect } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FrameType } from '../../../../host/delegation/frame.js';
import { type Bench, ended, NAME, readAll, readBytes, readUntil, startProxy } from '../bench.js';
import { answering, delegate, type LegName } from '../delegated.js';
import { rawOrigins } from '../raw_origins.js';

let bench: Bench;
const origin = rawOrigins();

beforeAll(async () => {
  bench = await startProxy();
});
afterAll(async () => {
  await bench.close();
});

const odd =
  'POST /a%20b?c=d#e HTTP/1.1\r\nhOsT: origin.test\r\nX-Twice: one\r\nx-twice:two\r\nX-Space:   padded \t\r\n' +
  'Accept-Encoding: br, gzip\r\nTransfer-Encoding: chunked\r\n\r\n' +
  '5;ext="x"\r\nhello\r\n0006\r\n world\r\n0\r\nX-Trailer: t\r\n\r\n';

describe.each(['open', 'mirror'] as LegName[])('over the %s leg', (leg) => {
  test('the origin receives exactly what it receives of a direct client', async () => {
    const server = await origin(answering('HTTP/1.1 204 No Content\r\n\r\n'));
    const direct = tlsConnect({ port: server.port, host: '127.0.0.1', ca: bench.ca, servername: NAME });
    await once(direct, 'secureConnect');
    direct.write(odd);
    await readUntil(direct, '\r\n\r\n');
    direct.destroy();
    const session = await delegate(bench, server.target, leg);
    session.stream.write(odd);
    await readUntil(session.stream, '\r\n\r\n');
    expect(server.received[1]!.toString('latin1')).toBe(odd);
    expect(server.received[1]).toEqual(server.received[0]);
    session.conduit.destroy();
  });

  test('a head and the body that came with it stay in one record', async () => {
    const arrivals: string[] = [];
    const server = await origin((socket) => {
      socket.on('data', (chunk: Buffer) => {
        arrivals.push(chunk.toString());
        if (arrivals.length === 3) socket.write('HTTP/1.1 204 No Content\r\n\r\n');
      });
    });
    const session = await delegate(bench, server.target, leg);
    const head = 'POST / HTTP/1.1\r\nHost: o\r\nContent-Length: 12\r\n\r\n';
    for (const part of [`${head}one `, 'two ', 'last']) {
      // One write after the other: Node seals what waits together in one record.
      await new Promise((resolve) => session.stream.write(part, resolve));
    }
    await readUntil(session.stream, '\r\n\r\n');
    expect(arrivals).toEqual([`${head}one `, 'two ', 'last']);
    session.conduit.destroy();
  });

  test.each([
    ['a body of known length', 'HTTP/1.1 200 OK\r\ncontent-LENGTH: 5\r\nX-A:  b \r\n\r\nhello', 'hello'],
    ['an empty body', 'HTTP/1.1 200 Fine\r\nContent-Length: 0\r\n\r\n', ''],
    [
      'chunks, an extension and trailers',
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-T\r\n\r\n3;a=b\r\nabc\r\n02\r\nde\r\n0\r\nX-T: u\r\n\r\n',
      'abcde',
    ],
    ['no reason phrase', 'HTTP/1.1 200 \r\nContent-Length: 2\r\n\r\nok', 'ok'],
    ['204', 'HTTP/1.1 204 No Content\r\n\r\n', ''],
    ['304 with a length that no body has', 'HTTP/1.1 304 Not Modified\r\nContent-Length: 99\r\n\r\n', ''],
    [
      '1xx before the answer',
      'HTTP/1.1 103 Early\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx',
      'x',
    ],
    [
      'obs-text in a header',
      Buffer.from('HTTP/1.1 200 OK\r\nX: \xe9\r\nContent-Length: 1\r\n\r\nx', 'latin1'),
      'x',
    ],
  ])('the client receives %s as it was sent', async (_, answer, body) => {
    const server = await origin(answering(answer));
    const session = await delegate(bench, server.target, leg);
    for (const path of ['/1', '/2'])
      session.stream.write(`GET ${path} HTTP/1.1\r\nHost: origin.test\r\n\r\n`);
    const expected = Buffer.concat([Buffer.from(answer), Buffer.from(answer)]);
    expect(await readBytes(session.stream, expected.length)).toEqual(expected);
    const receipt = await session.main.wait(FrameType.Receipt, ({ response }) => response === 2);
    expect(receipt).toMatchObject({ bytesBefore: body.length, bytesAfter: body.length, services: [] });
    session.conduit.destroy();
  });

  test('HEAD has no body, whatever its length says', async () => {
    const answer = 'HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n';
    const server = await origin(answering(answer));
    const session = await delegate(bench, server.target, leg);
    session.stream.write('HEAD / HTTP/1.1\r\nHost: origin.test\r\n\r\n');
    expect(await readUntil(session.stream, '\r\n\r\n')).toBe(answer);
    session.stream.write('HEAD / HTTP/1.1\r\nHost: origin.test\r\n\r\n');
    expect(await readUntil(session.stream, '\r\n\r\n')).toBe(answer);
    session.conduit.destroy();
  });

  test('a body that ends with the connection ends in order', async () => {
    const server = await origin(answering('HTTP/1.0 200 OK\r\n\r\nuntil the end', { close: true }));
    const session = await delegate(bench, server.target, leg);
    session.stream.write('GET / HTTP/1.1\r\nHost: origin.test\r\n\r\n');
    expect((await readAll(session.stream)).toString()).toBe('HTTP/1.0 200 OK\r\n\r\nuntil the end');
    expect((await session.main.wait(FrameType.Close)).code).toBe('CLOSED');
  });

  test('Expect: 100-continue waits for the origin', async () => {
    const server = await origin((socket) => {
      let body = false;
      socket.on('data', (chunk: Buffer) => {
        if (body) socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${chunk.length}\r\n\r\n${chunk}`);
        else socket.write('HTTP/1.1 100 Continue\r\n\r\n');
        body = true;
      });
    });
    const session = await delegate(bench, server.target, leg);
    session.stream.write('PUT / HTTP/1.1\r\nHost: o\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n');
    await readUntil(session.stream, '100 Continue\r\n\r\n');
    session.stream.write('data');
    expect(await readUntil(session.stream, 'data')).toContain('200 OK');
    session.conduit.destroy();
  });

  test('an early answer comes while the request is still on its way', async () => {
    const server = await origin((socket) => {
      socket.once('data', () =>
        socket.write('HTTP/1.1 413 Too Large\r\nConnection: close\r\nContent-Length: 2\r\n\r\nno'),
      );
    });
    const session = await delegate(bench, server.target, leg);
    session.stream.write('PUT / HTTP/1.1\r\nHost: o\r\nContent-Length: 100000000\r\n\r\nsome');
    expect(await readUntil(session.stream, '\r\n\r\nno')).toContain('413');
    session.conduit.destroy();
  });

  test('after an upgrade bytes pass both ways', async () => {
    const server = await origin((socket) => {
      socket.once('data', () => {
        socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo\r\nConnection: Upgrade\r\n\r\n');
        socket.on('data', (chunk) => socket.write(chunk));
      });
    });
    const session = await delegate(bench, server.target, leg);
    session.stream.write('GET / HTTP/1.1\r\nHost: o\r\nUpgrade: echo\r\nConnection: Upgrade\r\n\r\n');
    await readUntil(session.stream, '\r\n\r\n');
    session.stream.write(Buffer.from([0, 1, 2, 0xff]));
    expect(await readUntil(session.stream, '\xff')).toBe('\x00\x01\x02\xff');
    session.conduit.destroy();
  });

  test('a protocol in which the server speaks first passes as bytes', async () => {
    const server = await origin((socket) => {
      // What came before the delivery would be the inner TLS's to read.
      setTimeout(() => socket.write('220 mail.test ESMTP\r\n'), 200);
      socket.on('data', (chunk: Buffer) => {
        socket.write(`250 ${chunk}`);
        if (chunk.toString().startsWith('QUIT')) socket.end();
      });
    });
    const session = await delegate(bench, server.target, leg);
    await readUntil(session.stream, 'ESMTP\r\n');
    session.stream.write('HELO me\r\n');
    expect(await readUntil(session.stream, 'me\r\n')).toBe('250 HELO me\r\n');
    session.stream.write('QUIT\r\n');
    expect((await readAll(session.stream)).toString()).toBe('250 QUIT\r\n');
  });

  test('an origin that closes between two requests is told in order', async () => {
    const server = await origin(answering('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok', { close: true }));
    const session = await delegate(bench, server.target, leg);
    session.stream.write('GET / HTTP/1.1\r\nHost: o\r\n\r\n');
    expect((await readAll(session.stream)).toString()).toMatch(/ok$/);
    await session.main.wait(FrameType.Close);
  });
});

describe('what is cut short looks cut short', () => {
  const cuts: [string, string, string][] = [
    ['inside a length', 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf', 'TRUNCATED'],
    ['inside a chunk', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhe', 'TRUNCATED'],
    ['inside a head', 'HTTP/1.1 200 OK\r\nContent-Le', 'TRUNCATED'],
    ['before the head', '', 'ORIGIN_GONE'],
  ];
  describe.each(['open', 'mirror'] as LegName[])('over the %s leg', (leg) => {
    test.each(cuts)('%s', async (_, answer, code) => {
      const server = await origin(answering(answer, { close: true }));
      const session = await delegate(bench, server.target, leg);
      session.stream.write('GET / HTTP/1.1\r\nHost: o\r\n\r\n');
      const error = await session.main.wait(FrameType.Error);
      expect(error).toMatchObject({ sessionId: session.sessionId, code });
      // A mirror client gets an alert; on the open leg the conduit just breaks.
      await ended(session.conduit);
      if (leg === 'mirror') expect(session.inner.failure?.message).toMatch(/alert internal error/);
    });

    test('without close_notify, even where the connection is the length', async () => {
      const server = await origin((socket) => {
        socket.once('data', () => {
          socket.write('HTTP/1.1 200 OK\r\n\r\nhalf of', () => {
            setTimeout(() => socket.destroy(), 50);
          });
        });
      });
      const session = await delegate(bench, server.target, leg);
      session.stream.write('GET / HTTP/1.1\r\nHost: o\r\n\r\n');
      const error = await session.main.wait(FrameType.Error);
      expect(['TRUNCATED', 'ORIGIN_GONE']).toContain(error.code);
    });
  });
});

test.each([
  [
    'a length and chunks',
    'POST / HTTP/1.1\r\nHost: o\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n',
  ],
  ['two lengths', 'POST / HTTP/1.1\r\nHost: o\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\n'],
  ['a folded line', 'GET / HTTP/1.1\r\nHost: o\r\n folded\r\n\r\n'],
  ['a space before the colon', 'GET / HTTP/1.1\r\nTransfer-Encoding : chunked\r\n\r\n'],
  ['a bare line feed', 'GET / HTTP/1.1\r\nA: b\nTransfer-Encoding: chunked\r\n\r\n'],
  ['an unknown coding', 'POST / HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n'],
  ['an endless head', `GET / HTTP/1.1\r\nA: ${'x'.repeat(70_000)}\r\n\r\n`],
])('a request that two readers could read differently is refused: %s', async (_, request) => {
  const server = await origin(answering('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'));
  const session = await delegate(bench, server.target);
  session.stream.write(request);
  expect((await session.main.wait(FrameType.Error)).code).toBe('BAD_REQUEST');
  expect(server.received[0]!.length).toBe(0);
});
