import fc from 'fast-check';
import sharp from 'sharp';
import { beforeAll, describe, expect, test } from 'vitest';
import type { DisplayList } from '../../../../boards/common/screen/display_list.js';
import { FONTS, font } from '../../../../boards/common/screen/font.js';
import { fontSources } from '../../../../boards/parts/fonts.js';
import { LATE_RULE, latePicture, latePicturePlace } from '../../../../host/http/late_pictures.js';
import { fonts, Paper } from './paper.js';
import { linesOf, read, textsOf, WIDTH } from './reading.js';

let picture: string;
beforeAll(async () => {
  const png = await sharp({ create: { width: 40, height: 30, channels: 3, background: '#336699' } })
    .png()
    .toBuffer();
  picture = `data:image/png;base64,${png.toString('base64')}`;
});

const fontNames = (page: DisplayList) => textsOf(page).map((item) => FONTS[item.font]);

describe('text', () => {
  test('is wrapped at words, white space collapsed', async () => {
    const page = await read(`<p>  one\n two ${'word '.repeat(30)}</p><p>last`);
    const lines = linesOf(page);
    expect(lines.join(' ')).toBe(`one two ${'word '.repeat(30)}last`);
    expect(lines.length).toBeGreaterThan(4);
    for (const { x, width } of textsOf(page)) expect(x + width).toBeLessThanOrEqual(WIDTH);
  });

  test('goes over several lines where a word is longer than one', async () => {
    const lines = linesOf(await read(`<p>a ${'x'.repeat(200)} b`));
    expect(lines.length).toBeGreaterThan(3);
    expect(lines.join('')).toMatch(/^ax{200} b$/);
  });

  test('keeps its breaks and spaces where it is preformatted, and goes on below where it is too long', async () => {
    const lines = linesOf(await read(`<pre>a  b\n\tc\n\n${'y'.repeat(60)}</pre>`));
    expect(lines.slice(0, 2)).toEqual(['a  b', '        c']);
    expect(lines.slice(2).join('')).toBe('y'.repeat(60));
    expect(lines).toHaveLength(4);
  });

  test('takes its font from the elements around it', async () => {
    const page = await read(
      '<h1>A</h1><h2>B</h2><h3>C</h3>d<b>e<i>f</i></b><i>g</i><code>h</code><small>i</small>',
    );
    expect(fontNames(page)).toEqual([
      'heading',
      'subheading',
      'bold',
      'text',
      'bold',
      'boldItalic',
      'italic',
      'fixed',
      'small',
    ]);
  });

  test('leaves out scripts, styles and the title', async () => {
    const page = await read('<title>T &amp; t</title><style>p{}</style><script>x()</script><p>shown');
    expect([page.title, linesOf(page)]).toEqual(['T & t', ['shown']]);
  });
});

test('lists are indented, with marks and numbers', async () => {
  const page = await read('<ul><li>a<ul><li>b</ul></ul><ol start=9><li>c<li>d</ol><dl><dt>e<dd>f</dl>');
  expect(linesOf(page)).toEqual(['•|a', '–|b', '9.|c', '10.|d', 'e', 'f']);
});

test('links are coloured, joined over their words, and remember where they lead', async () => {
  const page = await read('<p>see <a href="/a?b&amp;c">the <b>other</b> page</a> or <a name="x">this</a>');
  expect(page.links).toEqual(['/a?b&c']);
  expect(
    textsOf(page)
      .filter(({ link }) => link === 0)
      .map(({ text }) => text),
  ).toEqual(['the ', 'other', ' page']);
  expect(page.anchors.has('x')).toBe(true);
});

describe('pictures', () => {
  test('stand in their line, on its baseline', async () => {
    const page = await read(`<p>before <img src="${picture}" alt="a"> after`);
    const [shown] = page.items.filter(({ kind }) => kind === 'picture');
    const [before] = textsOf(page);
    expect(shown).toMatchObject({ width: 40, height: 30 });
    expect(shown!.y + shown!.height).toBe(before!.y + before!.ascent);
  });

  test.each([
    ['what is broken', 'data:image/png;base64,AAAA', 'picture: x — it is no picture'],
    ['an address that is none', 'data:image/png', 'picture: x — its address is broken'],
  ])('are named where they can not be shown: %s', async (_, src, said) => {
    expect(linesOf(await read(`<img src="${src}" alt="x">`))).toEqual([`[${said}]`]);
  });

  test('are links where no proxy put them into the page', async () => {
    const page = await read('<img src="/a.png" alt="x">');
    expect([linesOf(page), page.links]).toEqual([['[picture: x]'], ['/a.png']]);
  });

  const late = (label: string, content: string) =>
    `<p>first</p>${label}<p id="end">last</p>${LATE_RULE}${latePicture(1, '[picture: a]', content)}`;
  const place = latePicturePlace(1, '[picture: a]', false);

  test('that come after the text move to the line that was theirs', async () => {
    const inPlace = await read(`<p>first</p><p><img src="${picture}" alt="a"></p><p id="end">last</p>`);
    const moved = await read(late(`<p>${place}</p>`, `<img src="${picture}" alt="a">`));
    expect(moved.items).toEqual(inPlace.items);
    expect(moved.anchors).toEqual(inPlace.anchors);
    expect(moved.height).toBe(inPlace.height);
  });

  test('that come after the text stand below the line that they share', async () => {
    const page = await read(late(`<p>some ${place} text</p>`, `<img src="${picture}">`));
    const order = page.items.map((item) => (item.kind === 'text' ? item.text : item.kind));
    expect(order).toEqual(['first', 'some ', '[picture: a]', ' text', 'picture', 'last']);
    const ys = page.items.map(({ y }) => y);
    expect(ys).toEqual([...ys].sort((a, b) => a - b));
  });

  test('that come after the text end the page where their place is not known', async () => {
    const page = await read(late('', `<img src="${picture}">`));
    expect(page.items.map(({ kind }) => kind)).toEqual(['text', 'text', 'picture']);
  });
});

describe('tables', () => {
  test('have columns as wide as what they hold', async () => {
    const page = await read(
      '<table border=1><tr><th>Ware<th>Price<tr><td>Tea<td align=right>3<tr><td colspan=2>both</table>after',
    );
    expect(linesOf(page)).toEqual(['Ware|Price', 'Tea|3', 'both', 'after']);
    const find = (wanted: string) => textsOf(page).find(({ text }) => text === wanted)!;
    expect(find('Price').x).toBeGreaterThan(find('Ware').x + find('Ware').width);
    expect(find('3').x + find('3').width).toBe(find('Price').x + find('Price').width);
    expect(page.items.filter(({ kind }) => kind === 'bar')).toHaveLength(2);
  });

  test('wrap within their cells', async () => {
    const page = await read(`<table><tr><td>short<td>${'long '.repeat(40)}</table>`);
    const lines = linesOf(page);
    expect(lines[0]).toMatch(/^short\|long long/);
    expect(lines.length).toBeGreaterThan(3);
    for (const { x, width } of textsOf(page)) expect(x + width).toBeLessThanOrEqual(WIDTH);
  });

  test('stand one cell below the other where their words do not fit side by side', async () => {
    const page = await read(
      `<table><tr>${['a', 'b', 'c'].map((c) => `<td>${c.repeat(20)}`).join('')}</table>`,
    );
    expect(linesOf(page)).toEqual(['a'.repeat(20), 'b'.repeat(20), 'c'.repeat(20)]);
  });

  test('are laid out in parts where they hold back too much', async () => {
    const rows = Array.from({ length: 900 }, (_, i) => `<tr><td>a${i}<td>b`).join('');
    const page = await read(`<table border=1>${rows}</table>`);
    expect(linesOf(page)).toEqual(Array.from({ length: 900 }, (_, i) => `a${i}|b`));
  });

  test('a cell over several rows keeps its place in them', async () => {
    const page = await read('<table><tr><td rowspan=2>A<td>b<tr><td>c</table>');
    const find = (wanted: string) => textsOf(page).find(({ text }) => text === wanted)!;
    expect(find('c').x).toBe(find('b').x);
  });
});

test('a table of preformatted text has the same columns in whatever pieces it comes', async () => {
  const html = '<pre><table><tr><th> 3 -srcset="red.png 1<td>alt="three" of some\twords</table></pre>';
  const whole = await read(html);
  for (let at = 1; at < html.length; at++)
    expect((await read(html, { cuts: [at] })).items).toEqual(whole.items);
});

test('a page is the same in whatever pieces it comes', async () => {
  const html = `<title>t</title><h1>A &amp; b</h1><p>one <b>two</b>&nbsp;three — “four” <img src="${picture}">
<ul><li>a<li>b</ul><p>日本語「カナ」、word続く。<p dir=rtl>שלום abc (1) עולם<table border=1><tr><td>x and ${'some more words '.repeat(9)}<td>y &lt; ${'z and others '.repeat(9)}</table><pre>a\tb\n c</pre><a href="#x">l</a>`;
  const whole = await read(html);
  const cuts = fc.array(fc.nat(html.length), { maxLength: 40 });
  await fc.assert(
    fc.asyncProperty(cuts, async (cut) => {
      const cutPage = await read(html, { cuts: cut });
      expect(cutPage.items).toEqual(whole.items);
    }),
    { numRuns: 60 },
  );
});

test('no markup breaks the layout, which stays in its bounds and its order', async () => {
  const tags =
    'p b table tr td th ul li ol a pre h1 q blockquote center option select title hr br img form input dd';
  const name = fc.constantFrom(...tags.split(' '));
  const attributes = fc.constantFrom(
    '',
    ' href="#deputy-picture-1"',
    ' name="deputy-picture-1"',
    ' colspan="9" rowspan="-3"',
    ' src="x" start="z"',
  );
  const piece = fc.oneof(
    fc.tuple(name, attributes).map(([tag, more]) => `<${tag}${more}>`),
    name.map((tag) => `</${tag}>`),
    fc.string({ maxLength: 12 }),
    fc.constantFrom(
      'word ',
      '日本語',
      'שלום',
      ' dir=rtl',
      '<p dir=rtl>',
      '\u00ad',
      '<!-- ',
      '&#x1f600;',
      '\t\n',
      'x'.repeat(300),
    ),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(piece, { maxLength: 60 }),
      fc.integer({ min: 30, max: 400 }),
      async (html, width) => {
        const page = await read(html.join(''), { width });
        for (const item of page.items) {
          expect(Number.isFinite(item.x + item.y + item.width + item.height)).toBe(true);
          expect(item.x).toBeGreaterThanOrEqual(0);
          expect(item.y + item.height).toBeLessThanOrEqual(page.height);
        }
        const seen = [...page.between(0, page.height + 1)];
        expect(seen.filter(({ height }) => height > 0)).toEqual(
          page.items.filter(({ height }) => height > 0),
        );
      },
    ),
    { numRuns: 300 },
  );
});

test('a page that is longer than the device has room for says so', async () => {
  const page = await read('<p>line</p>'.repeat(5000));
  expect(page.items.length).toBeLessThan(3010);
  expect(linesOf(page).slice(-2).join(' ')).toBe('This page goes on, but the device has no room for more.');
});

test('the fonts are those that the build makes, and have what pages are written with', () => {
  expect(Object.keys(fontSources)).toEqual([...FONTS]);
  for (const name of FONTS.filter((each) => each !== 'wide')) {
    const { glyphs } = fonts[font(name)]!;
    for (const character of 'AZaz09äß“”–') expect(glyphs.has(character.codePointAt(0)!)).toBe(true);
  }
  const paper = new Paper();
  expect(paper.measure(font('text'), '한')).toBe(paper.measure(font('text'), '?'));
  for (const character of '漢字かなカナ、。「」ａ') expect(paper.measure(font('text'), character)).toBe(12);
  expect(paper.measure(font('text'), 'Ж')).toBe(paper.measure(font('fixed'), 'Ж'));
});
