// Which content is rewritten, and that by path no markup reaches a browser whose scripts could not be left out.
import { describe, expect, test } from 'vitest';
import { asFile, rewriteContent, treatmentOf } from '../../../host/gateway/content.js';
import { AddressRewriter } from '../../../host/gateway/rewriting/address_rewriter.js';

const byPath = { isByPath: true, isCoded: false };
const byProxy = { isByPath: false, isCoded: false };

test.each(['text/html', 'TEXT/HTML; charset=utf-8', 'application/xhtml+xml', 'image/svg+xml', 'text/css'])(
  '%s is rewritten in both forms',
  (type) => {
    expect(treatmentOf(type, byPath)).toBe('rewrite');
    expect(treatmentOf(type, byProxy)).toBe('rewrite');
  },
);

describe('by path a file, by proxy as it is', () => {
  test.each([
    'text/html; charset=utf-16',
    'text/html;charset="UTF-16LE"',
    'text/html; charset=utf-32',
    'text/html; charset=utf-7',
    'text/html; charset=utf7',
    'text/html; charset=unicode',
    'image/svg+xml; charset=utf-16be',
  ])('%s, where ASCII is not ASCII', (type) => {
    expect(treatmentOf(type, byPath)).toBe('keep');
    expect(treatmentOf(type, byProxy)).toBe('pass');
  });

  test.each([
    'text/xml',
    'application/xml; charset=utf-8',
    'application/rss+xml',
    'multipart/related',
    'message/rfc822',
  ])('%s, which browsers show', (type) => {
    expect(treatmentOf(type, byPath)).toBe('keep');
    expect(treatmentOf(type, byProxy)).toBe('pass');
  });

  test('markup in a coding that nobody undid', () => {
    expect(treatmentOf('text/html', { isByPath: true, isCoded: true })).toBe('keep');
    expect(treatmentOf('text/html', { isByPath: false, isCoded: true })).toBe('pass');
  });
});

test.each(['image/png', 'text/plain', 'application/pdf', 'application/json', ''])('%s passes', (type) => {
  expect(treatmentOf(type, byPath)).toBe('pass');
  expect(treatmentOf(type, byProxy)).toBe('pass');
});

test('a file is told as one, whatever the site called it', () => {
  expect(
    asFile([
      ['Content-type', 'text/xml'],
      ['content-disposition', 'inline'],
      ['Etag', '1'],
    ]),
  ).toEqual([
    ['Etag', '1'],
    ['Content-Type', 'application/octet-stream'],
    ['Content-Disposition', 'attachment'],
  ]);
});

test.each([1, 2, 3, 1000])(
  'by path a page loses the mark of wide characters, in pieces of %i',
  async (size) => {
    const page = Buffer.from('\xff\xfe<\0s\0c\0r\0i\0p\0t\0>\0', 'latin1');
    async function* body() {
      for (let at = 0; at < page.length; at += size) yield page.subarray(at, at + size);
    }
    const addresses = new AddressRewriter({
      form: 'path',
      page: { scheme: 'https', host: 'a.example', port: 443, path: '/' },
      self: 'http://gateway:8080',
    });
    const out: Uint8Array[] = [];
    for await (const bytes of rewriteContent('text/html', body(), addresses)) out.push(bytes);
    expect(Buffer.concat(out).toString('latin1').startsWith('<\0s')).toBe(true);
  },
);
