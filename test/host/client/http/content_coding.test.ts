// Which content codings are undone: those of what travels, not those of the file that was asked for.

import { Readable } from 'node:stream';
import { gunzipSync, gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { decodedBody } from '../../../../host/client/http/content_coding.js';
import { HeaderList } from '../../../../host/http/header_list.js';

const coded = gzipSync('text');
const platform = {
  contentDecoder: {
    codings: ['gzip'],
    async *decode(_: string, body: AsyncIterable<Uint8Array>) {
      const chunks: Uint8Array[] = [];
      for await (const chunk of body) chunks.push(chunk);
      yield gunzipSync(Buffer.concat(chunks));
    },
  },
};

test.each([
  ['a page', 'text/html', undefined, 'text'],
  ['a style sheet of some archive', 'text/css', 'inline; filename=a.css', 'text'],
  ['a .tar.gz by its type', 'application/x-gzip', undefined, coded],
  ['a .tgz by its type', 'application/gzip; x=y', undefined, coded],
  ['a .tar.gz by its address', 'application/x-tar', undefined, coded, '/pub/a.tar.gz'],
  ['a page about one', 'text/html', undefined, 'text', '/pub/a.tar.gz'],
  ['a .tar.gz by its name', 'application/x-tar', 'attachment; filename="a.tar.gz"', coded],
  [
    'a .tar.gz by its extended name',
    'application/octet-stream',
    "attachment; filename*=UTF-8''a.tar.gz",
    coded,
  ],
])('%s', async (_, type, disposition, expected, path = '/') => {
  const headers: [string, string][] = [
    ['content-encoding', 'gzip'],
    ['content-type', type],
    ...(disposition === undefined ? [] : [['content-disposition', disposition] as [string, string]]),
  ];
  const chunks: Uint8Array[] = [];
  for await (const chunk of decodedBody(
    platform,
    'GET',
    { status: 200, headers: new HeaderList(headers) },
    Readable.from([coded]),
    path,
  ))
    chunks.push(chunk);
  expect(Buffer.concat(chunks)).toEqual(Buffer.from(expected));
});
