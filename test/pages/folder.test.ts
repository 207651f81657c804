// The measure of pages counts what arrives, and sees what doesn't.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PRESETS } from '../../host/delegation/device.js';
import { measureFolder } from './measure.js';
import { arrived, readSource } from './recall.js';

const URL_OF_PAGE = 'https://localhost/dir/page.html';
const WML = { type: 'text/vnd.wap.wml; charset=utf-8' };

describe('what arrives of a page', () => {
  const page = '<title>t</title><p>One <b>tw</b>o Café</p><a href="b.html#x">three</a><script>four</script>';
  const source = readSource(Buffer.from(page), URL_OF_PAGE);

  test('is counted in words and links', () => {
    expect(source.words).toEqual(['one', 'two', 'cafe', 'three']);
    const parts = [
      '<wml><card><p>One <b>two</b></p>',
      '<p>Café <a href="b.html?deputy.at=x">thr</a></p></card></wml>',
    ];
    const read = { ...WML, parts: parts.map((part) => Buffer.from(part)) };
    expect(arrived(source, read, PRESETS.get('wap')!, URL_OF_PAGE)).toEqual({
      recall: 0.75,
      linksKept: 1,
      missing: ['three'],
    });
  });

  test('is counted once for each time it is said', () => {
    const twice = readSource(Buffer.from('<p>a a b'), URL_OF_PAGE);
    const read = { type: 'text/plain', parts: [Buffer.from('a b b')] };
    expect(arrived(twice, read, PRESETS.get('pager')!, URL_OF_PAGE).missing).toEqual(['a']);
  });
});

describe('a folder', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'deputy-pages-'));
    const words = Array.from({ length: 2000 }, (_, n) => `<p>word${n}</p>`).join('');
    await writeFile(join(folder, 'long.html'), `<title>Long</title>${words}`);
    await writeFile(
      join(folder, 'a page.html'),
      '<title>Short</title><p>Some <a href="long.html">words</a>.',
    );
    await writeFile(join(folder, 'other.txt'), 'no page');
  });
  afterAll(() => rm(folder, { recursive: true }));

  test('is read to the last part of each page, for each preset', async () => {
    const said: string[] = [];
    const rows = await measureFolder(folder, ['handheld', 'wap', 'pager'], (what) => void said.push(what));
    for (const row of rows) {
      expect(row.pages.map(({ failure }) => failure)).toEqual([undefined, undefined]);
      expect(row.pages.flatMap(({ missing }) => missing)).toEqual([]);
      expect(row).toMatchObject({ meanRecall: 1, pagesWithGoodRecall: 1 });
      expect(row.cpuPer100KiB).toBeGreaterThan(0);
    }
    expect(rows.map(({ tooLarge }) => tooLarge)).toEqual([0, 0, 0]);
    expect(rows[1]!.decks).toBeGreaterThan(10);
    expect(rows[1]!.meanLinksKept).toBe(1);
    expect(said).toContain('wap: 2 of 2');
  });

  test('without pages is refused', async () => {
    await rm(join(folder, 'long.html'));
    await rm(join(folder, 'a page.html'));
    await expect(measureFolder(folder, [], () => {})).rejects.toThrow('holds no .html');
  });
});
