import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseUrl } from '../../../boards/common/url.js';
import { parseUrl as standard } from '../../../host/platform/node/platform.js';

describe('a board parses URLs as Node does', () => {
  test.each([
    'https://example.com',
    'HTTPS://Example.COM:443/a?b#c',
    'https://example.com:8443/a/../b/./c?d=e&f#g',
    'https://example.com?query',
    'https://[2001:db8::1]:8443/x',
    'https://192.0.2.1/%7Euser/ümlaut and space',
    'http://example.com:8080',
    'https://example.com/a/b/..',
    'https://example.com/a/b/.',
    'https://example.com/?a=ü b',
  ])('%s', (text) => {
    expect(parseUrl(text)).toEqual(standard(text));
  });

  test.each([
    '../x?y',
    '/x',
    'x/y',
    '?q',
    '//other.example:444/z',
    '',
    '#f',
    './',
    'http://other.example/',
    'a b',
    '/../..',
  ])('the reference %j', (reference) => {
    const base = 'https://example.com:8443/a/b/c?old';
    expect(parseUrl(reference, base)).toEqual(standard(reference, base));
  });

  test('paths of any segments', () => {
    const segment = fc.constantFrom('a', 'b c', '.', '..', '', 'é', '%41', ';p=1', "'", '~');
    fc.assert(
      fc.property(fc.array(segment), fc.array(segment), (first, second) => {
        const base = `https://example.com/${first.join('/')}`;
        expect(parseUrl(base)).toEqual(standard(base));
        // A reference that starts with two slashes names a host.
        const reference = `x/${second.join('/')}`;
        expect(parseUrl(reference, base)).toEqual(standard(reference, base));
      }),
      { numRuns: 300 },
    );
  });
});

test('a board refuses what names no host, or what it would not fetch', () => {
  for (const text of [
    '',
    'example.com',
    '/path',
    'https://',
    'https:///x',
    'ftp://example.com/',
    'https://a b/',
    'mailto:a@b',
    'https://example.com:99999/',
    'https://user:word@example.com/',
  ])
    expect(parseUrl(text), text).toBeUndefined();
});
