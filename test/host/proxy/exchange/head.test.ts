// Heads as their senders write them: what a recipient may mend is mended in responses, and goes on mended.
import { expect, test } from 'vitest';
import { parseRequestHead, parseResponseHead } from '../../../../host/proxy/exchange/head.js';

const response = (text: string) => parseResponseHead(Buffer.from(text, 'latin1'));

test('a response head that is well-formed goes on byte for byte', () => {
  const text = 'HTTP/1.1 200 OK\r\nhOsT:  x \r\nB:\r\n\r\n';
  const head = response(text);
  expect(head.raw.toString('latin1')).toBe(text);
  expect([...head.headers]).toEqual([
    ['hOsT', 'x'],
    ['B', ''],
  ]);
});

test('folded lines, other lines and odd reasons go on as the device reads them (RFC 9112 §5.2)', () => {
  const head = response('HTTP/1.1 600 O\x07K\r\nno header line\r\nFolded: a\r\n b\r\n\r\n');
  expect(head.raw.toString('latin1')).toBe('HTTP/1.1 600 O K\r\nFolded: a b\r\n\r\n');
  expect([...head.headers]).toEqual([['Folded', 'a b']]);
});

test('more lines than the device takes are refused', () => {
  const lines = Array.from({ length: 201 }, (_, i) => `A${i}: b\r\n`).join('');
  expect(() => response(`HTTP/1.1 200 OK\r\n${lines}\r\n`)).toThrow(
    expect.objectContaining({ code: 'BAD_RESPONSE' }),
  );
});

test.each([
  ['HTTP/1.1 200 OK\nContent-Type: text/html\nContent-Length: 7\n\n'],
  ['HTTP/1.1 200 OK\nContent-Type: text/html\r\nContent-Length: 7\r\n\n'],
  ['HTTP/1.1 200 OK\r\nContent-Type : text/html\r\nContent-Length \t: 7\r\n\r\n'],
])('bare LF and white space before a colon go on as RFC 9112 has them: %j', (text) => {
  const head = response(text);
  expect(head.headers.get('content-length')).toBe('7');
  expect(head.raw.toString('latin1')).toBe(
    'HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 7\r\n\r\n',
  );
});

test.each([
  'HTTP/1.1 200 OK\r\nA: b\rContent-Length: 5\r\n\r\n',
  'HTTP/1.1 200 OK\r\nContent-Length\r\n\r\n',
  'HTTP/1.1 200 OK\r\nContent-Length: 1\n 2\r\n\r\n',
  'HTTP/1.1 200 OK\r\nX: y\nTransfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n',
])('what could be framing and is read in two ways is refused: %j', (text) => {
  expect(() => response(text)).toThrow(expect.objectContaining({ code: 'BAD_RESPONSE' }));
});

test.each(['GET / HTTP/1.1\nHost: x\r\n\r\n', 'GET / HTTP/1.1\r\nHost : x\r\n\r\n'])(
  'a request of that kind is refused: %j',
  (text) => {
    expect(() => parseRequestHead(Buffer.from(text))).toThrow(
      expect.objectContaining({ code: 'BAD_REQUEST' }),
    );
  },
);
