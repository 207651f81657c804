// What lists hide is cut out of a page, however it comes in pieces, and every other byte stays.
import { describe, expect, test } from 'vitest';
import { PRESETS } from '../../../../host/delegation/device.js';
import { cutPage } from '../../../../host/services/filter/cut_page.js';
import { FilterEngine } from '../../../../host/services/filter/engine.js';
import { ElementHiding } from '../../../../host/services/filter/hiding.js';
import { filter } from '../../../../host/services/filter/index.js';
import { parseList } from '../../../../host/services/filter/list.js';
import { transcode } from '../../../../host/services/transcode/index.js';
import { startWorld } from '../cache/world.js';

interface Cut {
  url?: string;
  charset?: string;
  /** Bytes of a piece. */
  step?: number;
}

async function cut(
  list: string,
  page: string | Buffer,
  { url = 'https://news.test/', charset, step = 4096 }: Cut = {},
) {
  const hiding = new ElementHiding(new FilterEngine([parseList(list)]).rules).onPage(url);
  const bytes = Buffer.from(page);
  if (hiding === undefined) return { text: bytes.toString(), given: 'nothing' };
  async function* pieces() {
    for (let at = 0; at < bytes.length; at += step) yield bytes.subarray(at, at + step);
  }
  let given = '';
  const out: Uint8Array[] = [];
  const onGivenUp = (why: string) => {
    given = why;
  };
  for await (const piece of cutPage(pieces(), hiding, charset, { onGivenUp })) out.push(piece);
  return { text: Buffer.concat(out).toString(), given };
}

describe('elements', () => {
  test.each([
    ['##.banner', 'a<div class="x banner">b<p>c</div>d', 'ad'],
    ['###cookies', 'a<div id=cookies>b<div>c</div>d</div>e', 'ae'],
    [
      '##div[class^="cookie-"]',
      'a<div class="cookie-bar">b</div><p class="cookie-x">c</p>',
      'a<p class="cookie-x">c</p>',
    ],
    ['##a[href^="https://ads.test/"]', '<a href="https://ads.test/1">b</a>c', 'c'],
    ['##amp-ad', 'a<amp-ad><b>x</b></amp-ad>c', 'ac'],
    [
      '##.wrap > .ad',
      '<div class=wrap><i class=ad>x</i><b><i class=ad>y</i></b></div>',
      '<div class=wrap><b><i class=ad>y</i></b></div>',
    ],
    ['##.head + .ad', '<p class=head>h<p class=ad>x<p class=ad>y', '<p class=head>h<p class=ad>y'],
    ['##img.pixel', 'a<img class=pixel src=x>b<img src=y>', 'ab<img src=y>'],
    ['##.ad', '<ul><li class=ad>one<li>two</ul>', '<ul><li>two</ul>'],
    ['##.ad', '<p class=ad>one<div>two</div>', '<div>two</div>'],
    ['##.ad', 'a<div class=ad>never closed', 'a'],
    ['##.ad', 'é<div class="ad">ü</div>ß', 'éß'],
    [
      '##.ad',
      '<!-- <div class=ad> --><script>"<div class=ad>"</script>x',
      '<!-- <div class=ad> --><script>"<div class=ad>"</script>x',
    ],
    ['##body', '<html><body>a</body></html>', '<html><body>a</body></html>'],
    ['news.test##.ad', '<b class=ad>x</b>y', 'y'],
    ['other.test##.ad', '<b class=ad>x</b>y', '<b class=ad>x</b>y'],
    ['##.ad\nnews.test#@#.ad', '<b class=ad>x</b>y', '<b class=ad>x</b>y'],
    ['##.ad\n@@||news.test^$generichide', '<b class=ad>x</b>y', '<b class=ad>x</b>y'],
    ['news.test##div:has(> .label)', '<div><i class=label>Ad</i>x</div><div>y</div>', '<div>y</div>'],
    ['news.test##li:last-child', '<ul><li>a</li><li>b</li></ul>', '<ul><li>a</li></ul>'],
    ['##p:not([class])', '<p>a</p><p class=b>c</p>', '<p class=b>c</p>'],
    ['##.ad:hover::before', '<p class=ad>a</p>', '<p class=ad>a</p>'],
    ['##p[title!="x"]', '<p>a</p><p title=x>b</p>', '<p title=x>b</p>'],
  ])('%s of %s', async (list, page, expected) => {
    for (const step of [4096, 7, 1]) expect((await cut(list, page, { step })).text).toBe(expected);
  });

  test('are not looked for in character sets whose text may look like tags', async () => {
    const page = '<b class=ad>x</b>';
    for (const charset of ['utf-16le', 'ISO-2022-JP'])
      expect(await cut('##.ad', page, { charset })).toEqual({
        text: page,
        given: 'its character set is not read here',
      });
    const marked = Buffer.from(`\ufeff${page}`, 'utf16le');
    expect((await cut('##.ad', marked)).given).not.toBe('');
    expect((await cut('##.ad', '<meta charset="iso-2022-jp"><b class=ad>x</b>')).text).toContain('class=ad');
  });

  test('are left alone on a page that asks too much', async () => {
    const many = `${'<b></b>'.repeat(50_001)}<b class=ad>x</b>`;
    expect(await cut('##.ad', many)).toMatchObject({ given: expect.stringMatching(/too (?:many|long)/) });
    // Each element asks for all that stands within it.
    const deep = `${'<div>'.repeat(20_000)}<b class=ad>x</b>`;
    const started = performance.now();
    const rules = Array.from({ length: 20 }, (_, n) => `news.test##div:has(.x${n})`).join('\n');
    expect(await cut(rules, deep)).toMatchObject({ text: deep, given: 'it takes too long' });
    expect(performance.now() - started).toBeLessThan(20_000);
    const long = `<b class=ad>w</b><img src="${'x'.repeat(2 << 20)}">y`;
    const { text, given } = await cut('##.ad', long, { step: 16_384 });
    expect(given).toBe('one of its tags is too long');
    expect(text).toBe(long.slice(17));
  });
});

test('a cookie banner does not reach the device, in whatever format', async () => {
  const page =
    '<!doctype html><title>News</title><div id="cookie-consent"><p>We value your privacy</p></div><p>The story.</p>';
  const handler = (_: unknown, response: import('node:http').ServerResponse) => {
    response.writeHead(200, { 'Content-Type': 'text/html; charset=utf-8', ETag: '"1"' });
    response.end(page);
  };
  const world = await startWorld(handler, {
    services: [filter([parseList('###cookie-consent')]), transcode()],
  });
  try {
    for (const preset of PRESETS.values()) {
      const { status, text, headers } = await world.clientOf('ann', preset)(`/${preset.name}`);
      expect(status).toBe(200);
      expect(text).toContain('The story.');
      expect(text).not.toContain('privacy');
      expect(headers.get('ETag')).not.toBe('"1"');
    }
  } finally {
    await world.close();
  }
});
