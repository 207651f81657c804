// Rules of EasyList's kind match what they say, and lists of any size and any address stay cheap.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FilterEngine, site } from '../../../../host/services/filter/engine.js';
import { FilterError, parseList, type ResourceType } from '../../../../host/services/filter/list.js';
import { matches, parseAddress } from '../../../../host/services/filter/pattern.js';

function refused(list: string, url: string, page?: string, type?: ResourceType): boolean {
  const engine = new FilterEngine(parseList(list).rules);
  return engine.decide({ address: parseAddress(url)!, page, type }) !== undefined;
}

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
    ['||ads', 'https://ads7.test/', true],
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

  test('sites are told apart', () => {
    expect(site('a.b.example.com')).toBe('example.com');
    expect(site('a.example.co.uk')).toBe('example.co.uk');
    expect(site('192.0.2.7')).toBe('192.0.2.7');
  });
});

describe('a list', () => {
  test('keeps what a proxy can apply and counts the rest', () => {
    const list = parseList(
      '[Adblock Plus 2.0]\n! a comment\n# another\n\n||a.test^\npage.test##.ad\npage.test#@#.ad\n/[a-z]+ad/\n||b.test^$csp=x\n',
    );
    expect(list.rules.map(({ source }) => source)).toEqual(['||a.test^']);
    expect(list.skipped).toBe(4);
  });

  test('says its limits, and in which line it is wrong', () => {
    const list = parseList('%deny-type video/*\n%max-bytes 2M\n%max-bytes image/* 200k\n');
    expect(list.deniedTypes).toEqual(['video/*']);
    expect(list.sizes).toEqual([
      { type: '*/*', bytes: 2 << 20 },
      { type: 'image/*', bytes: 200 << 10 },
    ]);
    for (const line of ['%deny-type', '%deny-type video', '%max-bytes many', '%max-bytes 0', '%other 1']) {
      const parse = () => parseList(`||a.test^\n${line}`);
      expect(parse).toThrow(FilterError);
      expect(parse).toThrow(expect.objectContaining({ line: 2 }));
    }
  });

  test('of 100 000 rules decides in a moment, as it would one by one', () => {
    const rules = Array.from({ length: 100_000 }, (_, n) => {
      const kinds = [`||ads${n}.test^`, `/path${n}/ad.`, `-banner${n}-$third-party`, `||x.test/${n}/*/ad`];
      return kinds[n % 4]!;
    });
    const engine = new FilterEngine(parseList(rules.join('\n')).rules);
    const address = parseAddress('https://www.page.test/a/path99/site/-banner102-/x.js?id=ads.test')!;
    const started = performance.now();
    for (let n = 0; n < 1000; n++) engine.decide({ address, page: 'page.test', type: undefined });
    expect(performance.now() - started).toBeLessThan(4000);
    const hit = parseAddress('https://page.test/path1001/ad.png')!;
    expect(engine.decide({ address: hit, page: undefined, type: undefined })?.source).toBe('/path1001/ad.');
  });

  test('finds by its index what trying every rule would find', () => {
    const text = fc.string({
      unit: fc.constantFrom('a', 'd', 's', '.', '/', '-', '^', '*', '|', '7'),
      minLength: 1,
      maxLength: 12,
    });
    fc.assert(
      fc.property(text, text, (pattern, path) => {
        const { rules } = parseList(`||a.test/none^\n${pattern}`);
        const address = parseAddress(`https://ads.a.test/${path.replace(/[|*^]/g, 'a')}`)!;
        const question = { address, page: undefined, type: undefined };
        const alone = rules.some((rule) => !rule.exception && matches(rule.pattern, address));
        expect(new FilterEngine(rules).decide(question) !== undefined).toBe(alone);
      }),
      { numRuns: 2000 },
    );
  });

  test('a pattern of wildcards and separators on a long address takes no time', () => {
    const rule = `${'^*a'.repeat(600)}b`;
    const started = performance.now();
    refused(rule, `https://a.test/${'/a'.repeat(4000)}`);
    expect(performance.now() - started).toBeLessThan(4000);
  });
});
