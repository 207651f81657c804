// Which requests no origin reads as two, nor answers twice.
import { expect, test } from 'vitest';
import { requestFraming } from '../../../../host/proxy/exchange/framing.js';
import { parseRequestHead } from '../../../../host/proxy/exchange/head.js';
import { staysInStep } from '../../../../host/proxy/exchange/in_step.js';

function stays(...lines: string[]): boolean {
  const head = parseRequestHead(Buffer.from(`${lines.join('\r\n')}\r\nHost: origin.test\r\n\r\n`));
  return staysInStep(head, requestFraming(head));
}

test.each([
  [],
  ['Content-Length: 0'],
  ['Connection: keep-alive'],
  ['User-Agent: one', 'Accept: */*', 'Accept-Encoding: gzip', 'Accept-Language: de', 'Cookie: a=b'],
  ['If-None-Match: "one"', 'Range: bytes=0-', 'Sec-Fetch-Mode: navigate', 'Sec-CH-UA: "one"'],
])('a GET with %s does', (...lines) => {
  expect(stays('GET / HTTP/1.1', ...lines)).toBe(true);
});

test.each([
  ['HEAD / HTTP/1.1'],
  ['POST / HTTP/1.1'],
  ['get / HTTP/1.1'],
  ['GET / HTTP/1.1', 'Content-Length: 1'],
  ['GET / HTTP/1.1', 'Transfer-Encoding: chunked'],
  ['GET / HTTP/1.1', 'X-HTTP-Method-Override: HEAD'],
  ['GET / HTTP/1.1', 'Connection: upgrade'],
  ['GET / HTTP/1.1', 'Connection: content-length'],
  ['GET / HTTP/1.1', 'Upgrade: h2c'],
  ['GET / HTTP/1.1', 'Expect: 100-continue'],
  ['GET / HTTP/1.1', 'TE: trailers'],
  ['GET / HTTP/1.1', 'Content_Length: 5'],
  ['GET / HTTP/1.1', 'Range-Length: 5'],
])('%s does not', (...lines) => {
  expect(stays(...lines)).toBe(false);
});
