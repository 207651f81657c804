// Where a body ends (RFC 9112 §6, §7), as data: what smuggling depends on.
import { describe, expect, test } from 'vitest';
import {
  BodyReader,
  type Framing,
  requestFraming,
  responseFraming,
} from '../../../../host/proxy/exchange/framing.js';
import { parseRequestHead, parseResponseHead } from '../../../../host/proxy/exchange/head.js';
import { Tally } from '../../../../host/proxy/exchange/tally.js';
import { ReadAhead } from '../../../../host/proxy/streams/read_ahead.js';

const request = (version: string, ...lines: string[]) =>
  requestFraming(
    parseRequestHead(
      Buffer.from(`POST / HTTP/${version}\r\n${lines.map((line) => `${line}\r\n`).join('')}\r\n`),
    ),
  );
const response = (status: number, method: string, ...lines: string[]) =>
  responseFraming(
    parseResponseHead(
      Buffer.from(`HTTP/1.1 ${status} x\r\n${lines.map((line) => `${line}\r\n`).join('')}\r\n`),
    ),
    method,
  );

describe('of a request', () => {
  test.each<[Framing, string, ...string[]]>([
    [{ kind: 'none' }, '1.1'],
    [{ kind: 'length', length: 0 }, '1.1', 'Content-Length: 0'],
    [{ kind: 'length', length: 42 }, '1.0', 'Content-Length: 42'],
    [{ kind: 'length', length: 42 }, '1.1', 'Content-Length: 42, 42'],
    [{ kind: 'length', length: 42 }, '1.1', 'Content-Length: 42', 'Content-Length: 42'],
    [{ kind: 'length', length: 999_999_999_999_999 }, '1.1', 'Content-Length: 999999999999999'],
    [{ kind: 'chunked' }, '1.1', 'Transfer-Encoding: CHUNKED'],
  ])('%j: HTTP/%s %s %s', (expected, version, ...lines) => {
    expect(request(version, ...lines)).toEqual(expected);
  });

  test.each([
    ['1.1', 'Content-Length: 4', 'Transfer-Encoding: chunked'],
    ['1.0', 'Transfer-Encoding: chunked'],
    ['1.1', 'Transfer-Encoding: gzip, chunked'],
    ['1.1', 'Transfer-Encoding: chunked, chunked'],
    ['1.1', 'Transfer-Encoding: identity'],
    ['1.1', 'Transfer-Encoding: xchunked'],
    ['1.1', 'Content-Length: 4, 5'],
    ['1.1', 'Content-Length: 4', 'Content-Length: 5'],
    ['1.1', 'Content-Length: +4'],
    ['1.1', 'Content-Length: 0x4'],
    ['1.1', 'Content-Length: -1'],
    ['1.1', 'Content-Length: 4 4'],
    ['1.1', 'Content-Length:'],
    ['1.1', 'Content-Length: 1000000000000000'],
  ])('refused: HTTP/%s %s %s', (version, ...lines) => {
    expect(() => request(version, ...lines)).toThrow(expect.objectContaining({ code: 'BAD_REQUEST' }));
  });
});

describe('of a response', () => {
  test.each<[Framing, number, string, ...string[]]>([
    [{ kind: 'none' }, 200, 'HEAD', 'Content-Length: 42'],
    [{ kind: 'none' }, 199, 'GET', 'Content-Length: 42'],
    [{ kind: 'none' }, 204, 'GET', 'Content-Length: 42'],
    [{ kind: 'none' }, 304, 'GET', 'Transfer-Encoding: chunked'],
    [{ kind: 'length', length: 42 }, 200, 'GET', 'Content-Length: 42'],
    [{ kind: 'length', length: 42 }, 305, 'GET', 'Content-Length: 42'],
    [{ kind: 'close' }, 200, 'GET'],
    [{ kind: 'close' }, 200, 'GET', 'Transfer-Encoding: gzip', 'Content-Length: 42'],
    [{ kind: 'close' }, 200, 'GET', 'Transfer-Encoding: chunked, gzip'],
    [{ kind: 'close' }, 200, 'GET', 'Transfer-Encoding: xchunked'],
    [{ kind: 'chunked' }, 200, 'GET', 'Transfer-Encoding: gzip, chunked'],
    [{ kind: 'chunked' }, 200, 'GET', 'Transfer-Encoding: chunked', 'Content-Length: 42'],
  ])('%j: %i to %s %s %s', (expected, status, method, ...lines) => {
    expect(response(status, method, ...lines)).toEqual(expected);
  });

  test('refused where lengths differ', () => {
    expect(() => response(200, 'GET', 'Content-Length: 4', 'Content-Length: 5')).toThrow(
      expect.objectContaining({ code: 'BAD_RESPONSE' }),
    );
  });
});

/** A reader of what comes in pieces of `size`, and what is counted. */
function reading(text: string, framing: Framing, size = 1000) {
  const pieces: Buffer[] = [];
  for (let at = 0; at < text.length; at += size)
    pieces.push(Buffer.from(text.slice(at, at + size), 'latin1'));
  const ahead = new ReadAhead({ read: async () => pieces.shift() });
  const tally = new Tally(true);
  return { ahead, tally, reader: new BodyReader(ahead, framing, 'BAD_REQUEST', tally) };
}

async function read(text: string, framing: Framing, size?: number) {
  const { reader, ahead, tally } = reading(text, framing, size);
  let [raw, content] = ['', ''];
  for (let piece = await reader.next(); piece !== undefined; piece = await reader.next()) {
    raw += piece.raw.toString('latin1');
    content += Buffer.concat(piece.content).toString('latin1');
  }
  let rest = ahead.buffer.toString('latin1');
  while (await ahead.fill()) rest = ahead.buffer.toString('latin1');
  return { raw, content, rest, counted: tally.bytes };
}

const SIZES = [1, 2, 3, 1000];
const chunked = { kind: 'chunked' } as const;

describe('a body', () => {
  test.each(SIZES)('of a length ends there, in pieces of %i', async (size) => {
    const body = await read('hello, and more', { kind: 'length', length: 5 }, size);
    expect(body).toMatchObject({ raw: 'hello', content: 'hello', rest: ', and more', counted: 5 });
    expect(await read('more', { kind: 'none' }, size)).toMatchObject({ raw: '', rest: 'more' });
  });

  test.each(SIZES)('to the end of the connection is all that comes, in pieces of %i', async (size) => {
    expect(await read('hello', { kind: 'close' }, size)).toMatchObject({ content: 'hello', rest: '' });
  });

  test.each(SIZES)('in chunks ends behind the trailer, in pieces of %i', async (size) => {
    const raw = '5\r\nhello\r\n00A;name="x\xe9"\r\n0123456789\r\n1 \t\r\n!\r\n0;end\r\nTrailer: x\r\n\r\n';
    const body = await read(`${raw}GET`, chunked, size);
    expect(body).toEqual({ raw, content: 'hello0123456789!', rest: 'GET', counted: 16 });
  });

  test.each([
    ['a size that is none', 'x\r\n'],
    ['no size', '\r\n'],
    ['a size with a sign', '+5\r\nhello\r\n0\r\n\r\n'],
    ['a size with a prefix', '0x5\r\nhello\r\n0\r\n\r\n'],
    ['a size beyond all bounds', '1000000000000\r\n'],
    ['a size with more behind it', '5 5\r\nhello\r\n0\r\n\r\n'],
    ['a control character in an extension', '5;\x00\r\nhello\r\n0\r\n\r\n'],
    ['a bare line feed behind the size', '5\nhello\r\n0\r\n\r\n'],
    ['a bare line feed behind the data', '5\r\nhello\n0\r\n\r\n'],
    ['more data than the size says', '5\r\nhello!\r\n0\r\n\r\n'],
    ['a bare line feed in the trailer', '0\r\nA: b\n\r\n'],
    ['a line that is too long', `5;${'x'.repeat(4096)}`],
    ['a trailer that is too long', `0\r\n${`${'x'.repeat(1000)}\r\n`.repeat(33)}\r\n`],
  ])('in chunks is refused for %s', async (_, text) => {
    for (const size of SIZES) {
      await expect(read(text, chunked, size)).rejects.toMatchObject({ code: 'BAD_REQUEST' });
    }
  });

  test('in chunks may have a trailer within bounds, and a line within bounds', async () => {
    const trailer = `${'x'.repeat(1000)}\r\n`.repeat(32);
    expect((await read(`0\r\n${trailer}\r\nGET`, chunked)).rest).toBe('GET');
    expect((await read(`1;${'x'.repeat(4092)}\r\n!\r\n0\r\n\r\n`, chunked)).content).toBe('!');
  });

  test.each([
    ['hel', { kind: 'length', length: 5 } as const],
    ['5\r\nhel', chunked],
    ['5\r\nhello\r\n0\r\n', chunked],
    ['', chunked],
  ])('that breaks off is no whole one: %j', async (text, framing) => {
    await expect(read(text, framing)).rejects.toMatchObject({ code: 'TRUNCATED' });
  });

  test('that is here already is shown whole, and stays to be read', async () => {
    const { reader, ahead } = reading('5\r\nhello\r\n3\r\n!!!\r\n0\r\n\r\nGET', chunked, 4);
    expect(reader.wholeNow(100)).toBeUndefined();
    while (await ahead.fill());
    expect(Buffer.concat(reader.wholeNow(100) ?? []).toString()).toBe('hello!!!');
    let content = '';
    for await (const piece of reader.contents()) content += Buffer.from(piece).toString();
    expect(content).toBe('hello!!!');
    expect(ahead.buffer.toString()).toBe('GET');
  });

  test('is not shown whole beyond a limit', async () => {
    const { reader, ahead } = reading('0123456789', { kind: 'length', length: 10 }, 5);
    await ahead.fill();
    expect(reader.wholeNow(4)).toBeUndefined();
    await ahead.fill();
    expect(reader.wholeNow(4)).toBeUndefined();
    expect(Buffer.concat(reader.wholeNow(5) ?? []).toString()).toBe('0123456789');
  });
});
