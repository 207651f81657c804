// Rules of EasyList's kind match what they say, and lists of any size stay cheap.
import { describe, expect, test } from 'vitest';
import { FilterEngine, type ResourceType } from '../../../../host/services/filter/engine.js';
import { parseList } from '../../../../host/services/filter/list.js';

const refused = (list: string, url: string, page?: string, type?: ResourceType): boolean =>
  new FilterEngine([parseList(list)]).decide({ url, page, type }) !== undefined;

describe('a pattern', () => {
  test.each([
    ['||ads.test^', 'https://ads.test/x', true],
    ['||ads.test^', 'https://a.b.ads.test:8443/', true],
    ['||ads.test^', 'https://bads.test/', false],
    ['||ads.test^', 'https://ads.test.org/', false],
    ['||ads.test^', 'https://good.test/?to=https://ads.test/', false],
    ['||ads.test^', 'https://ads.test@good.test/', false],
    ['||ads.test/banner', 'https://ads.test/banner/1', true],
    ['||ads.test/banner', 'https://ads.test/other', false],
    ['||ads', 'https://ads.test/', true],
    // A name that is not finished stands for whole labels.
    ['||ads', 'https://ads7.test/', false],
    ['||ad*.test^', 'https://ad9.test/', true],
    ['||ad*.test^', 'https://b.test/', false],
    ['/banner/*.gif', 'https://a.test/banner/big/one.gif?1', true],
    ['/banner/*.gif|', 'https://a.test/banner/big/one.gif?1', false],
    ['/banner/*.gif|', 'https://a.test/banner/.gif/one.gif', true],
    ['&ad_box=', 'https://a.test/?x=1&AD_BOX=2', true],
    ['&ad_box=$match-case', 'https://a.test/?x=1&AD_BOX=2', false],
    ['|https://a.test/ad|', 'https://a.test/ad', true],
    ['|https://a.test/ad|', 'https://a.test/ads', false],
    ['|a.test', 'https://a.test/', false],
    ['^ad^', 'https://a.test/ad', true],
    ['^ad^', 'https://a.test/ad/', true],
    ['^ad^', 'https://a.test/bad/', false],
    ['ad.js^|', 'https://a.test/ad.js', true],
    ['*', 'https://a.test/', false],
    ['0.0.0.0 ads.test # hosts file', 'https://www.ads.test/', true],
  ])('%s on %s', (rule, url, expected) => {
    expect(refused(rule, url)).toBe(expected);
  });
});

describe('options', () => {
  const url = 'https://cdn.test/ad.js';
  test.each([
    ['/ad.js$third-party', 'www.page.test', undefined, true],
    ['/ad.js$third-party', 'www.cdn.test', undefined, false],
    ['/ad.js$~third-party', 'www.cdn.test', undefined, true],
    ['/ad.js$third-party', undefined, undefined, false],
    ['/ad.js$domain=page.test', 'sub.page.test', undefined, true],
    ['/ad.js$domain=page.test|~sub.page.test', 'sub.page.test', undefined, false],
    ['/ad.js$domain=page.test', undefined, undefined, false],
    ['/ad.js$script', 'page.test', 'script', true],
    ['/ad.js$image', 'page.test', 'script', false],
    ['/ad.js$~image', 'page.test', 'script', true],
    ['/ad.js$script', 'page.test', undefined, false],
    ['/ad.js$popup', 'page.test', 'script', false],
  ] as const)('%s asked by %s as %s', (rule, page, type, expected) => {
    expect(refused(rule, url, page, type)).toBe(expected);
  });

  test('an exception lets through, but for what is important', () => {
    expect(refused('||cdn.test^\n@@/ad.js', url)).toBe(false);
    expect(refused('@@/ad.js\n||cdn.test^$important', url)).toBe(true);
    expect(refused('||cdn.test^\n@@/ad.js$domain=other.test', url, 'page.test')).toBe(true);
  });

  test('sites are told apart by the public suffix list', () => {
    const isThird = (page: string, host: string) => refused('/x$third-party', `https://${host}/x`, page);
    expect(isThird('a.b.example.com', 'c.example.com')).toBe(false);
    expect(isThird('a.example.co.uk', 'b.example.co.uk')).toBe(false);
    expect(isThird('one.co.uk', 'two.co.uk')).toBe(true);
    expect(isThird('192.0.2.7', '192.0.2.8')).toBe(true);
  });
});

test('what is no web address is no business of a rule', () => {
  for (const url of ['data:text/plain,ads', 'about:blank', 'not an address', ''])
    expect(refused('||ads.test^\nads', url)).toBe(false);
});

test('a pattern of wildcards and separators on a long address takes no time', () => {
  const rule = `${'^*a'.repeat(600)}b`;
  const started = performance.now();
  refused(rule, `https://a.test/${'/a'.repeat(4000)}`);
  expect(performance.now() - started).toBeLessThan(4000);
});
