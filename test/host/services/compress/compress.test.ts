// What the compression service changes, and what it leaves alone.
import { Readable } from 'node:stream';
import zlib from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { compress } from '../../../../host/services/compress/index.js';
import { HeaderList, type ResponseFlow } from '../../../../host/services/service.js';

const TEXT = 'body { color: red }\n'.repeat(100);

async function run(
  lines: [string, string][],
  more: { status?: number; length?: number; accept?: string; asked?: string } = {},
) {
  const { status = 200, length, accept = 'gzip', asked = 'max-age=60' } = more;
  const flow = {
    request: {
      method: 'GET',
      headers: new HeaderList([
        ['Accept-Encoding', accept],
        ['Cache-Control', asked],
      ]),
    },
    response: { status, reason: 'OK', headers: new HeaderList(lines), length },
  } as unknown as ResponseFlow;
  const change = await compress().response!(flow);
  const chunks: Uint8Array[] = [];
  for await (const chunk of change?.body?.(Readable.from([Buffer.from(TEXT)])) ?? []) chunks.push(chunk);
  return { headers: change?.headers, bytes: Buffer.concat(chunks) };
}

const css: [string, string][] = [
  ['Content-Type', 'text/css'],
  ['ETag', '"1"'],
  ['Content-Length', '2000'],
];

test('a style sheet is compressed, and its headers say so', async () => {
  const { headers, bytes } = await run(css);
  expect(zlib.gunzipSync(bytes).toString()).toBe(TEXT);
  expect(bytes.length).toBeLessThan(TEXT.length / 10);
  expect([...headers!]).toEqual([
    ['Content-Type', 'text/css'],
    ['ETag', 'W/"1"'],
    ['Content-Encoding', 'gzip'],
    ['Vary', 'Accept-Encoding'],
  ]);
});

test('HEAD is told what GET would be', async () => {
  const flow = (method: string) =>
    ({
      request: { method, headers: new HeaderList([['Accept-Encoding', 'gzip']]) },
      response: { status: 200, reason: 'OK', headers: new HeaderList(css), length: 2000 },
    }) as unknown as ResponseFlow;
  const told = await compress().settle?.(flow('HEAD'));
  const { headers } = await run(css);
  expect([...(told?.headers ?? [])]).toEqual([...(headers ?? [])]);
  expect(told?.isUnmeasured).toBe(true);
  expect(await compress().settle?.(flow('GET'))).toBeUndefined();
});

describe('left alone is', () => {
  test.each([
    ['what is compressed already', [...css, ['Content-Encoding', 'br']], {}],
    ['a picture', [['Content-Type', 'image/jpeg']], {}],
    ['what has no type', [], {}],
    ['an event stream', [['Content-Type', 'text/event-stream']], {}],
    ['a part', css, { status: 206 }],
    ['a small body', css, { length: 100 }],
    ['what must not be transformed', [...css, ['Cache-Control', 'public, no-transform']], {}],
    ['what is asked for as it is', css, { asked: 'no-transform' }],
    ['what goes to a device that decodes nothing', css, { accept: 'identity' }],
  ] as [string, [string, string][], object][])('%s', async (_, lines, more) => {
    expect((await run(lines, more)).headers).toBeUndefined();
  });
});
