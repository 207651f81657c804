// Through a real proxy and a delegated session: decks by address, a picture whose head changes with it.
import sharp from 'sharp';
import { afterAll, expect, test } from 'vitest';
import { WAP_PHONE } from '../../../../host/delegation/device.js';
import { transcode } from '../../../../host/services/transcode/index.js';
import { type Bench, readUntil, startProxy } from '../../proxy/bench.js';
import { answering, delegate, type RawOrigin, rawOrigin } from '../../proxy/delegated.js';
import { wmlErrors } from './judges.js';

const open: (Bench | RawOrigin)[] = [];
afterAll(async () => {
  for (const each of open) await each.close();
});

async function through(answer: Buffer) {
  const bench = await startProxy({ services: [transcode({ profile: WAP_PHONE })] });
  const origin = await rawOrigin(answering(answer, { requests: 2 }));
  open.push(bench, origin);
  return delegate(bench, origin.target);
}

const response = (type: string, body: Buffer) =>
  Buffer.concat([
    Buffer.from(`HTTP/1.1 200 OK\r\nContent-Type: ${type}\r\nContent-Length: ${body.length}\r\n\r\n`),
    body,
  ]);

const request = (target: string) => `GET ${target} HTTP/1.1\r\nHost: origin.test\r\n\r\n`;

/** The content of one chunked answer. */
const contentOf = (answer: string) =>
  answer
    .slice(answer.indexOf('\r\n\r\n') + 4)
    .replace(/(^|\r\n)[0-9a-f]+\r\n/g, '')
    .replace(/\r\n$/, '');

test('a phone reads a page deck by deck on one session', async () => {
  const words = Array.from({ length: 300 }, (_, i) => `Word${i}`).join(' ');
  const { stream } = await through(response('text/html', Buffer.from(`<title>T</title><p>${words}`)));
  stream.write(request('/page?x=1'));
  const first = await readUntil(stream, '0\r\n\r\n');
  expect(first).toContain('Content-Type: text/vnd.wap.wml; charset=utf-8\r\n');
  const next = /href="(\?x=1&amp;deputy\.deck=2\.[\w-]{11})"/.exec(first)![1]!.replace('&amp;', '&');
  stream.write(request(`/page${next}`));
  const second = await readUntil(stream, '</wml>\n');
  expect(wmlErrors([contentOf(first), contentOf(second)])).toBe('');
  const read = (first + second).match(/Word\d+/g)!;
  expect(read).toEqual(Array.from({ length: read.length }, (_, i) => `Word${i}`));
});

test('a picture goes out under its new type, and one that fails under its own', async () => {
  const source = await sharp({ create: { width: 200, height: 100, channels: 3, background: '#fff' } })
    .png()
    .toBuffer();
  const made = await through(response('image/png', source));
  made.stream.write(request('/p.png'));
  const changed = await readUntil(made.stream, '0\r\n\r\n');
  expect(changed).toContain('Content-Type: image/vnd.wap.wbmp\r\n');
  const kept = await through(response('image/png', Buffer.from('no picture at all')));
  kept.stream.write(request('/p.png'));
  const same = await readUntil(kept.stream, 'at all');
  expect(same).toContain('Content-Type: image/png\r\n');
});
