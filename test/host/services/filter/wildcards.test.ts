// A pattern with wildcards means what it meant, and no address makes it slow.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FilterEngine } from '../../../../host/services/filter/engine.js';
import { parseList } from '../../../../host/services/filter/list.js';
import { withoutBacktracking } from '../../../../host/services/filter/wildcards.js';

const decide = (rule: string, url: string) =>
  new FilterEngine([parseList(rule)]).decide({ url, page: undefined, type: undefined });

/** Tried at every place, with every length of every wildcard. */
function holds(pattern: string, url: string): boolean {
  const anchor = /^\|{0,2}/.exec(pattern)![0];
  const isEnd = pattern.length > anchor.length && pattern.endsWith('|');
  const text = pattern.slice(anchor.length, isEnd ? -1 : undefined);
  const from = (p: number, at: number): boolean => {
    if (p === text.length) return !isEnd || at >= url.length;
    if (text[p] === '*') {
      for (let next = at; next <= url.length; next++) if (from(p + 1, next)) return true;
      return false;
    }
    if (text[p] === '^') {
      if (at >= url.length) return from(p + 1, at);
      return !/[\w.%-]/.test(url[at]!) && from(p + 1, at + 1);
    }
    return url[at] === text[p] && from(p + 1, at + 1);
  };
  const host = url.indexOf('://') + 3;
  const slash = url.indexOf('/', host);
  for (let at = 0; at <= url.length; at++) {
    if (anchor === '|' && at > 0) return false;
    if (anchor === '||' && !(at === host || (at > host && at <= slash && url[at - 1] === '.'))) continue;
    if (from(0, at)) return true;
  }
  return false;
}

describe('a pattern with several wildcards', () => {
  test('means what it meant', () => {
    const piece = fc.string({
      unit: fc.constantFrom('a', 'd', '.', '/', '-', '^'),
      minLength: 1,
      maxLength: 3,
    });
    const pattern = fc
      .tuple(fc.constantFrom('', '|', '||'), fc.array(piece, { minLength: 3, maxLength: 5 }), fc.boolean())
      .map(([anchor, pieces, isEnd]) => anchor + pieces.join('*') + (isEnd ? '|' : ''));
    const path = fc.string({ unit: fc.constantFrom('a', 'd', '/', '-'), maxLength: 24 });
    let matched = 0;
    fc.assert(
      fc.property(pattern, path, (rule, rest) => {
        const expression = /^\/(.*)\/$/.exec(withoutBacktracking(rule)!)![1]!;
        // One in two is made from the pattern.
        const made = rule.replace(/[|]/g, '').replace(/\*/g, 'a').replace(/\^/g, '/');
        const url = `https://d.a.test/${rest.length % 2 === 0 ? rest : made + rest}`;
        const expected = holds(rule, url);
        if (expected) matched++;
        expect(new RegExp(expression).test(url)).toBe(expected);
      }),
      { numRuns: 3000 },
    );
    expect(matched).toBeGreaterThan(50);
  });

  test('is found by the words of an address, and told as it was written', () => {
    const rule = '||cdn.test^*/ads/*/banner*.gif$image';
    const engine = new FilterEngine([parseList(rule)]);
    const at = (url: string) => engine.decide({ url, page: undefined, type: 'image' });
    expect(at('https://img.cdn.test/x/ads/7/banner-1.gif')).toBe(rule);
    expect(at('https://img.cdn.test/x/ads/banner-1.gif')).toBeUndefined();
    expect(at('https://cdn.test.evil/x/ads/7/banner-1.gif')).toBeUndefined();
  });

  test.each(['||a.test^', '/banner/*.gif', 'a.test##.x * y', '/ads[0-9]+*x*y/', '@@||b.test^$domain=a|b'])(
    'is not made of %s',
    (line) => expect(withoutBacktracking(line)).toBeUndefined(),
  );

  test('takes no time on an address that is made to be slow', () => {
    const started = performance.now();
    for (const rule of ['a*b*c*d*e*f*g', `${'^*a'.repeat(600)}b`, 'a*a*a*a*a*a*!|'])
      expect(decide(rule, `https://x.test/${'/aab'.repeat(1000)}`)).toBeUndefined();
    expect(performance.now() - started).toBeLessThan(4000);
  });
});
