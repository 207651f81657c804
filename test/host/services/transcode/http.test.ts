// What HTTP asks of a service that makes other bytes of an answer: HEAD, ranges, downloads, no-transform, lengths; and that
// the parts of a page come from one fetch.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type DeviceProfile, HANDHELD, PALM, WAP_PHONE } from '../../../../host/delegation/device.js';
import { transcode } from '../../../../host/services/transcode/index.js';
import { type Bench, readUntil, startProxy } from '../../proxy/bench.js';
import { delegate, type RawOrigin, rawOrigin } from '../../proxy/delegated.js';

const open: (Bench | RawOrigin)[] = [];
let asked: string[] = [];
let session: Awaited<ReturnType<typeof delegate>>;

/** Some page of which `n` paragraphs are gone each time it is asked for. */
const lines = (top: number) =>
  `<title>t</title>${Array.from({ length: top }, (_, i) => `<p>Breaking ${i + 1}: a line or two of it.`).join('')}` +
  Array.from({ length: 60 }, (_, i) => `<p>Story ${i + 1}: a line or two of the page, which take room.`).join(
    '',
  );

function answer(request: string): string {
  const [, method = '', target = ''] = /^(\w+) (\S+)/.exec(request) ?? [];
  const count = asked.filter((each) => each.includes(` ${target} `)).length;
  const body = target.startsWith('/shrinking')
    ? lines(Math.max(0, 16 - 4 * count))
    : '<p>page<script>x()</script>';
  const more = target.startsWith('/download') ? 'Content-Disposition: attachment; filename=a.html\r\n' : '';
  const isPart = /\r\nrange:/i.test(request);
  const start = isPart ? `206 Partial Content\r\nContent-Range: bytes 3-6/${body.length}` : '200 OK';
  const sent = isPart ? body.slice(3, 7) : body;
  const head =
    `HTTP/1.1 ${start}\r\nContent-Type: text/html\r\nETag: "v1"\r\nLast-Modified: Tue, 01 Dec 2026 00:00:00 GMT\r\n` +
    `Accept-Ranges: bytes\r\nContent-Security-Policy: default-src 'none'\r\n${more}Content-Length: ${sent.length}\r\n\r\n`;
  return method === 'HEAD' ? head : head + sent;
}

async function start(profile: DeviceProfile) {
  asked = [];
  const bench = await startProxy({ services: [transcode({ profile })] });
  const origin = await rawOrigin((socket) => {
    let text = '';
    socket.on('error', () => {});
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1');
      const length = Number(/content-length: (\d+)/i.exec(text)?.[1] ?? 0);
      const end = text.indexOf('\r\n\r\n') + 4;
      if (end < 4 || text.length < end + length || (/chunked/i.test(text) && !text.endsWith('0\r\n\r\n')))
        return;
      asked.push(text);
      socket.write(answer(text));
      text = '';
    });
  });
  open.push(bench, origin);
  return delegate(bench, origin.target);
}

afterAll(async () => {
  for (const each of open) await each.close();
});

async function get(target: string, headers = '', { method = 'GET', until = '0\r\n\r\n', body = '' } = {}) {
  session.stream.write(`${method} ${target} HTTP/1.1\r\nHost: origin.test\r\n${headers}\r\n${body}`);
  return readUntil(session.stream, until);
}

describe('for a handheld', () => {
  beforeAll(async () => {
    session = await start(HANDHELD);
  });

  test('HEAD says what GET says, but no length, which is not known', async () => {
    const full = await get('/a');
    const head = await get('/a', '', { method: 'HEAD', until: '\r\n\r\n' });
    const lines = (text: string) =>
      text
        .split('\r\n\r\n')[0]!
        .split('\r\n')
        .filter((line) => !/^transfer-encoding/i.test(line));
    expect(lines(head)).toEqual(lines(full));
    expect(head).toMatch(/Content-Type: text\/html; charset=utf-8\r\n[\s\S]*ETag: W\/"v1"\r\n/);
    expect(head).not.toMatch(/content-length|security-policy|Accept-Ranges: bytes/i);
  });

  test('a range of the original is never given out for one of what was made of it', async () => {
    const bare = await get('/a', 'Range: bytes=3-6\r\n', { until: '\r\n\r\n' });
    expect(bare).toMatch(/^HTTP\/1\.1 416 /);
    const dated = await get('/a', 'Range: bytes=3-\r\nIf-Range: Tue, 01 Dec 2026 00:00:00 GMT\r\n');
    expect(dated).toMatch(/^HTTP\/1\.1 200 [\s\S]*<p>page/);
    const weak = await get('/a', 'Range: bytes=3-\r\nIf-Range: W/"v1"\r\n');
    expect(weak).toMatch(/^HTTP\/1\.1 200 /);
  });

  test('downloads, and what either side wants untouched, pass as they are', async () => {
    for (const [target, headers] of [
      ['/download', ''],
      ['/a', 'Cache-Control: no-transform\r\n'],
    ] as const) {
      const whole = await get(target, headers, { until: '</script>' });
      expect(whole).toContain('Accept-Ranges: bytes\r\n');
      expect(whole).toMatch(/\r\n\r\n<p>page<script>x\(\)<\/script>$/);
    }
    expect(await get('/download', 'Range: bytes=3-6\r\n', { until: 'page' })).toMatch(/^HTTP\/1\.1 206 /);
  });

  test('a form that is put right is sent on with its length', async () => {
    const body = 'deputy.o.k=&a=1';
    await get('/s?deputy.fields=1', `Content-Length: ${body.length}\r\n`, { method: 'POST', body });
    expect(asked.at(-1)).toMatch(/^POST \/s HTTP\/1\.1\r\n[\s\S]*Content-Length: 3\r\n[\s\S]*\r\na=1$/);
    const chunked = `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`;
    await get('/s?deputy.fields=1', 'Transfer-Encoding: chunked\r\n', { method: 'POST', body: chunked });
    expect(asked.at(-1)).toMatch(/Content-Length: 3\r\n[\s\S]*\r\na=1$/);
  });
});

describe.each([
  ['a WAP phone', WAP_PHONE, '</wml>\n'],
  ['a Palm of little memory', { ...PALM, memory: 4 }, '</html>\n'],
] as const)('for %s', (_, profile, end) => {
  beforeAll(async () => {
    session = await start(profile);
  });

  test('the parts of a page that shrinks meanwhile lose nothing, and cost one fetch', async () => {
    const parts = [await get('/shrinking', '', { until: '0\r\n\r\n' })];
    for (let deck = 2; ; deck++) {
      const next = new RegExp(`deputy\\.deck=${deck}\\.[\\w-]{11}`).exec(parts.at(-1) ?? '')?.[0];
      if (next === undefined) break;
      parts.push(await get(`/shrinking?${next}`, '', { until: end }));
    }
    expect(parts.length).toBeGreaterThan(1);
    const told = parts.join('').match(/Story \d+/g);
    expect(told).toEqual(Array.from({ length: 60 }, (_, i) => `Story ${i + 1}`));
    expect(asked).toHaveLength(1);
    // A part of a copy that is not kept any more is cut from the page as it is now.
    const old = await get('/shrinking?deputy.deck=2.AAAAAAAAAAA', '', { until: '0\r\n\r\n' });
    expect(old).toMatch(/Story \d+/);
    expect(asked).toHaveLength(2);
  });
});
