// Whole lists are read; a line that can't be used is named by its number and takes nothing else with it.
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { FilterEngine } from '../../../../host/services/filter/engine.js';
import { parseList } from '../../../../host/services/filter/list.js';
import { LISTS } from './lists.js';

describe('lines of a list', () => {
  test('are rules for addresses, rules for elements, or comments', () => {
    const list = parseList(
      '[Adblock Plus 2.0]\n! a comment\n# another\n\n||a.test^\npage.test##.ad\npage.test#@#.ad\n/[a-z]+ad/\n',
    );
    expect(list.addresses.map(String)).toEqual(['||a.test^', '/[a-z]+ad/']);
    expect(list.elements.map(String)).toEqual(['page.test##.ad', 'page.test#@#.ad']);
    expect(list.unusable).toEqual([]);
  });

  test('that can not be used are named, and the others hold', () => {
    const lines = ['||a.test^', '%deny-type', '||b.test^$nonsense', '*', '%max-bytes many', '||c.test^'];
    const list = parseList(lines.join('\r\n'));
    expect(list.unusable.map(({ line, text }) => [line, text])).toEqual([
      [2, '%deny-type'],
      [3, '||b.test^$nonsense'],
      [4, '*'],
      [5, '%max-bytes many'],
    ]);
    expect(list.addresses.map(String)).toEqual(['||a.test^', '||c.test^']);
  });

  test('say limits', () => {
    const list = parseList('%deny-type video/*\n%max-bytes 2M\n%max-bytes image/* 200k\n');
    expect(list.deniedTypes).toEqual(['video/*']);
    expect(list.sizes).toEqual([
      { type: '*/*', bytes: 2 << 20 },
      { type: 'image/*', bytes: 200 << 10 },
    ]);
    for (const line of ['%deny-type video', '%max-bytes 0', '%max-bytes a/b c/d 4', '%other 1']) {
      expect(parseList(`||a.test^\n${line}`).unusable.map(({ line }) => line)).toEqual([2]);
    }
  });

  test('of a hosts file name several hosts, and not the machine itself', () => {
    const list = parseList('127.0.0.1 localhost\n0.0.0.0 ads.test Track.test # both\n::1 ip6-loopback\n');
    expect(list.addresses.map(String)).toEqual(['||ads.test^', '||track.test^']);
    expect(list.unusable).toEqual([]);
  });

  test('between conditions hold where the condition does', () => {
    const list = parseList('!#if false\n||a.test^\n!#endif\n||b.test^\n');
    const engine = new FilterEngine([list]);
    const isRefused = (host: string) =>
      engine.decide({ url: `https://${host}/`, page: undefined, type: undefined }) !== undefined;
    expect([isRefused('a.test'), isRefused('b.test')]).toEqual([false, true]);
  });
});

const absent = Object.values(LISTS).find((file) => !existsSync(file));

describe.skipIf(absent)(`EasyList and EasyPrivacy${absent ? ` (skipped: no ${absent})` : ''}`, () => {
  test('load whole and decide as they say', async () => {
    const lists = await Promise.all(
      Object.values(LISTS).map(async (file) => parseList(await readFile(file, 'utf8'))),
    );
    const addresses = lists.flatMap((list) => list.addresses);
    expect(addresses.length).toBeGreaterThan(60_000);
    expect(lists.flatMap((list) => list.elements).length).toBeGreaterThan(20_000);
    const strange = lists
      .flatMap((list) => list.unusable)
      .filter(({ why }) => why === 'no rule that can be applied here');
    // Options for what a proxy does not do: answers from a library of stand-ins, and rules for one method.
    expect(strange.filter(({ text }) => !/[$,](?:rewrite|method)=/.test(text))).toEqual([]);
    const engine = new FilterEngine(lists);
    const page = 'news.example.com';
    expect(
      engine.decide({ url: 'https://www.google-analytics.com/analytics.js', page, type: 'script' }),
    ).toMatch(/google.analytics/);
    expect(
      engine.decide({ url: 'https://static.doubleclick.net/instream/ad_status.js', page, type: 'script' }),
    ).toMatch(/doubleclick/);
    for (const url of ['https://news.example.com/2026/story.html', 'https://cdn.example.com/jquery.min.js'])
      expect(engine.decide({ url, page, type: undefined })).toBeUndefined();
  });
});
