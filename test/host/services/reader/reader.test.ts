// Reading mode: the article comes first on every device; what is no article comes as it is; the thread has bounds.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PRESETS } from '../../../../host/delegation/device.js';
import { articleOf } from '../../../../host/services/reader/article.js';
import { ReadingDesk } from '../../../../host/services/reader/desk.js';
import { reader } from '../../../../host/services/reader/index.js';
import { withLink } from '../../../../host/services/reader/link.js';
import { transcode } from '../../../../host/services/transcode/index.js';
import { type Handler, startWorld, type World } from '../cache/world.js';

const sentence = (n: number) => `Sentence number ${n} of the story tells what happened, where, and to whom. `;
const story = Array.from({ length: 6 }, (_, p) => `<p>${sentence(p).repeat(6)}</p>`).join('');
const menu = `<ul>${Array.from({ length: 150 }, (_, n) => `<li><a href="/topic/${n}">Topic ${n}</a>`).join('')}</ul>`;
const ARTICLE = `<!doctype html><html lang=en><head><title>A story</title></head><body><nav>${menu}</nav><article><h1>A story</h1>${story}<p><a href="more.html">More of Grüße</a></p></article><footer>${menu}</footer></body></html>`;
const FORM =
  '<!doctype html><title>Search</title><body class="x"><form><input name=q></form><a href="/a">one</a>';

const PAGES: Record<string, string> = { '/dir/story': ARTICLE, '/form': FORM };
const seen: string[] = [];
const handler: Handler = (request, response) => {
  seen.push(request.url ?? '');
  const page = PAGES[new URL(request.url ?? '/', 'https://x').pathname];
  response.writeHead(page === undefined ? 404 : 200, { 'Content-Type': 'text/html' });
  response.end(page ?? ARTICLE);
};

describe('with --reader', () => {
  let world: World;
  beforeAll(async () => {
    world = await startWorld(handler, { services: [reader({ when: 'always' }), transcode()] });
  });
  afterAll(() => world.close());

  test.each([...PRESETS.values()])('the first that $name shows is the article', async (profile) => {
    const { status, text } = await world.clientOf('ann', profile)('/dir/story');
    expect(status).toBe(200);
    expect(text).toContain('Sentence number 0');
    expect(text).not.toContain('Topic 3');
  });

  test('the whole page is a link away, and its address without it is what the origin sees', async () => {
    const ask = world.clientOf('bob', { ...PRESETS.get('handheld')!, memory: 512 });
    const { text } = await ask('/dir/story?x=1');
    const link = /href="([^"]*deputy\.reader=0)"/.exec(text)![1]!.replace(/&amp;/g, '&');
    const { pathname, search } = new URL(link, 'https://cached.test/dir/story?x=1');
    seen.length = 0;
    const whole = await ask(pathname + search);
    expect(whole.text).toContain('Topic 3');
    expect(seen).toEqual(['/dir/story?x=1']);
    expect(text).toMatch(/href="[^"]*more\.html"/);
  });

  test('a page without an article, and an answer that is no page of it, come as they are', async () => {
    const ask = world.clientOf('ann', PRESETS.get('handheld')!);
    expect((await ask('/form')).text).toContain('<input');
    expect((await ask('/gone')).text).toContain('Topic 3');
  });
});

describe('with a link on each page', () => {
  test('the page comes as it is, and its article on demand', async () => {
    const world = await startWorld(handler, { services: [reader({ when: 'link' }), transcode()] });
    try {
      const ask = world.clientOf('ann', { ...PRESETS.get('handheld')!, memory: 512 });
      const { text } = await ask('/dir/story');
      expect(text).toContain('Topic 3');
      expect(text).toMatch(/<a href="[^"]*deputy\.reader=1">Article<\/a>/);
      expect((await ask('/dir/story?deputy.reader=1')).text).not.toContain('Topic 3');
    } finally {
      await world.close();
    }
  });

  test('the parts of an article are asked for as such', async () => {
    const world = await startWorld(handler, { services: [reader({ when: 'link' }), transcode()] });
    try {
      const ask = world.clientOf('ann', PRESETS.get('wap')!);
      const { text } = await ask('/dir/story?x=1&deputy.reader=1');
      const next = /"([^"]*deputy\.deck=2[^"]*)"/.exec(text)![1]!.replaceAll('&amp;', '&');
      expect(next).toContain('deputy.reader=1');
      // The copy that it was cut from is gone: another one is cut.
      const { pathname, search } = new URL(
        next.replace(/(deck=2)\.[\w-]+/, '$1'),
        'https://cached.test/dir/story',
      );
      seen.length = 0;
      const second = await ask(pathname + search);
      expect(seen).toEqual(['/dir/story?x=1']);
      expect(second.text).toContain('of the story tells');
      expect(second.text).not.toContain('Topic');
    } finally {
      await world.close();
    }
  });

  test.each([
    ['<html><body class="a>b"><p>x', '<html><body class="a>b">LINK<p>x'],
    ['<title>t</title><body class=a><p>x', '<title>t</title><body class=a>LINK<p>x'],
    ['<p>no body', '<p>no bodyLINK'],
  ])('stands where the body begins: %s', async (page, expected) => {
    async function* bytes() {
      for (const byte of Buffer.from(page)) yield Buffer.from([byte]);
    }
    let out = '';
    for await (const chunk of withLink(bytes(), 'https://a.test/?b&deputy.reader=1'))
      out += Buffer.from(chunk);
    const link = '<p><a href="https://a.test/?b&amp;deputy.reader=1">Article</a></p>';
    expect(out).toBe(expected.replace('LINK', link));
  });
});

describe('an article', () => {
  const of = (text: string | Buffer, charset?: string, url = 'https://a.test/dir/') =>
    articleOf({ bytes: Buffer.from(text), charset, url, wholeUrl: 'https://a.test/dir/?deputy.reader=0' });

  test('has absolute links, by the base of its page', () => {
    const based = ARTICLE.replace('<head>', '<head><base href="/other/">');
    expect(of(ARTICLE)).toContain('href="https://a.test/dir/more.html"');
    expect(of(based)).toContain('href="https://a.test/other/more.html"');
  });

  test('is read in the character set of its page', () => {
    expect(of(ARTICLE)).toContain('Grüße');
    expect(of(Buffer.from(ARTICLE, 'latin1'))).toContain('Grüße');
    expect(of(Buffer.from(ARTICLE, 'utf16le'), 'utf-16le')).toContain('Grüße');
    const late = ARTICLE.replace('<head>', `<head><!--${'x'.repeat(2000)}--><meta charset=iso-8859-2>`);
    expect(of(Buffer.from(late.replace('Grüße', 'Gr\xb9'), 'latin1'))).toContain('Grš');
  });

  test('is found where tags for head and body are left out, and brings no script', () => {
    const bare = `<title>t</title><script>evil()</script><nav>${menu}</nav>${story}<p onclick="evil()">end of it</p>`;
    const article = of(bare)!;
    expect(article).toContain('Sentence number 5');
    expect(article).not.toContain('evil()</script>');
  });

  const main = `<div id="main">${story}</div>`;
  test.each([
    ['a head', ARTICLE],
    ['no head', `<title>A story</title><body><nav>${menu}</nav>${main}</body>`],
    ['neither', `<title>A story</title><nav>${menu}</nav>${main}`],
    ['a head alone', `<head><title>A story</title></head><nav>${menu}</nav>${main}`],
    ['a body in a page without a head', `<html><title>A story</title><body>${main}</body></html>`],
  ])('has its title and its text where a page has %s', (_, page) => {
    const article = of(page)!;
    expect(article).toContain('<title>A story</title>');
    expect(article).toContain('<h1>A story</h1>');
    for (let p = 0; p < 6; p++) expect(article).toContain(`Sentence number ${p}`);
    expect(article).not.toContain('Topic 3');
  });

  test('is none of a page of links, or of nothing', () => {
    for (const page of ['', FORM, '<p>short', '<frameset><frame src=a></frameset>'])
      expect(of(page)).toBeUndefined();
  });
});

describe('the thread', () => {
  const source = (text: string) => ({
    bytes: Buffer.from(text),
    charset: undefined,
    url: 'https://a.test/',
    wholeUrl: 'https://a.test/',
  });

  test('gives up what takes too long, and goes on with the next page', async () => {
    const desk = new ReadingDesk({ time: 1, memory: 64 << 20, waiting: 8 });
    const slow = await desk.find(source(ARTICLE.repeat(20)));
    expect(slow).toEqual({ failure: 'it takes too long' });
    await desk.close();
  });

  test('gives up what takes too much memory', async () => {
    const desk = new ReadingDesk({ time: 60_000, memory: 4 << 20, waiting: 8 });
    expect(await desk.find(source(`<p>${'<b>x</b>'.repeat(200_000)}`))).toMatchObject({
      failure: expect.stringMatching(/memory|ended/),
    });
    await desk.close();
  });

  test('lets so many wait, and no more', async () => {
    const desk = new ReadingDesk({ time: 60_000, memory: 64 << 20, waiting: 1 });
    const found = await Promise.all([1, 2, 3].map(() => desk.find(source(ARTICLE))));
    expect(found.filter((each) => 'failure' in each)).toEqual([{ failure: 'too many pages wait' }]);
    await desk.close();
    expect(await desk.find(source(ARTICLE))).toEqual({ failure: 'the proxy ends' });
  });
});
