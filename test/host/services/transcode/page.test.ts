// What readers meet in pages arrives in every format: text, ways out, pictures, forms.
import { describe, expect, test } from 'vitest';
import { PRESETS } from '../../../../host/delegation/device.js';
import { hdmlErrors, html32Errors, wmlErrors } from './judges.js';
import { type Page, run } from './run.js';

const html = 'text/html';
const names = [...PRESETS.keys()];

async function shown(preset: string, body: string | Buffer, more: Partial<Page> & { type?: string } = {}) {
  const profile = PRESETS.get(preset);
  if (profile === undefined) throw new Error(`no preset is named ${preset}`);
  const { text, bytes } = await run({
    headers: [['Content-Type', more.type ?? html]],
    body,
    profile,
    ...more,
  });
  const judges: Record<string, (texts: string[]) => string> = {
    wap: wmlErrors,
    hdml: hdmlErrors,
    chtml: html32Errors,
  };
  if (preset !== 'chtml') expect(judges[preset]?.([text]) ?? '').toBe('');
  return {
    text: new TextDecoder(profile.charset === 'us-ascii' ? 'ascii' : profile.charset).decode(bytes),
    utf8: text,
  };
}

/** Without markup, its references read, white space as one. */
const words = (text: string) =>
  text
    .replace(/<head>[\s\S]*?<\/head>|<title>.*?<\/title>|<[^>]*>/g, ' ')
    .replace(/&#(\d+);/g, (_, code: string) => String.fromCodePoint(Number(code)))
    .replace(/&dol;|\$\$/g, '$')
    .replace(/&lt;/g, '<')
    .replace(/&gt;/g, '>')
    .replace(/&quot;/g, '"')
    .replace(/&amp;/g, '&')
    .replace(/\s+/g, ' ');

describe.each(names)('for %s', (preset) => {
  test('noscript is markup', async () => {
    const body =
      '<p>Before</p><noscript><iframe src="//tags.example/ns" width=0 height=0></iframe><link rel=stylesheet href=x>' +
      '<p>See <a href=plain.html>the plain version</a>.<img src=red.png alt="a photo"></noscript><p>After';
    const { text } = await shown(preset, body);
    expect(words(text)).toMatch(/Before See the plain version.*After/);
    expect(text).toContain('a photo');
    expect(text).not.toMatch(/iframe|link rel|tags\.example/);
    expect(text).toContain('plain.html');
  });

  test('a refresh leaves a link, unless it leads to the page itself or nowhere', async () => {
    const refresh = (content: string) =>
      `<head><meta http-equiv=refresh content="${content}"></head><body></body>`;
    for (const content of [
      '0; url=plain.html',
      "5;URL='plain.html'",
      '1.5,plain.html',
      '0;url=&quot;plain.html&quot;',
    ]) {
      expect((await shown(preset, refresh(content))).text).toContain('plain.html');
    }
    for (const content of ['0', '300; url=/dir/page', '0; url=javascript:x', '']) {
      expect((await shown(preset, refresh(content))).text).not.toMatch(/refresh|timer|href/i);
    }
  });

  test('what is hidden does not show, and is sent with its form all the same', async () => {
    const body =
      '<p>shown</p><p hidden>HIDDEN<p>too</p><p style="display:none">NONE</p><div style="color:red; display : none"><b>MENU' +
      '</b><template>T</template></div><dialog>D</dialog><details>in details</details><p hidden="until-found">findable' +
      '<form action=/s><div style="display:none"><input type=hidden name=t value=tok><input name=pot><input type=checkbox name=c>' +
      '</div><input name=q></form>';
    const { text } = await shown(preset, body);
    expect(text).not.toMatch(/HIDDEN|NONE|MENU|>D</);
    expect(words(text)).toMatch(/shown too in details findable/);
    if (preset !== 'pager') expect(text).toMatch(/name="t" (?:type="hidden" )?value="tok"|value="tok"|t=tok/);
  });

  test('superscripts, deletions, quotations and formulas keep their meaning', async () => {
    const body =
      '<p>10<sup>9</sup> people, 21<sup>st</sup>, H<sub>2</sub>O, was <del>$50</del> <ins>$30</ins>, <q>hi</q>, ' +
      '<math><mi>x</mi><mo>=</mo><mfrac><mn>1</mn><mn>2</mn></mfrac></math>; <math alttext="a^2"><mi>no</mi></math>; ' +
      '<math><semantics><msup><mi>b</mi><mn>3</mn></msup><annotation encoding="application/x-tex">b^3</annotation></semantics></math>.';
    const { text } = await shown(preset, body);
    expect(words(text)).toMatch(/x=1\/2; a\^2; b\^3\./);
    if (text.includes('<sup>')) expect(text).toContain('10<sup>9</sup>');
    else expect(words(text)).toContain('10^9 people, 21st, H2O, was [del: $50] $30, "hi"');
  });

  test('frames, recordings, objects, maps and drawings leave links with a text', async () => {
    const body =
      '<iframe src=plain.html title=Comments></iframe><iframe src=//x.example width=1></iframe><iframe src="about:blank"></iframe>' +
      '<video><source src=v.mp4>no video</video><audio src=a.mp3></audio><object data=plan.pdf><embed src=plan.pdf></object>' +
      '<img src=red.png usemap=#m alt=Menu><map name=m><area href=north.html alt=North><area href=south.html></map>' +
      '<a href=home.html><svg><title>Home</title><path d=M0/></svg></a> <a href=l.html aria-label=Label><i></i></a>' +
      '<a href=t.html title=Title></a> <a href=/dir/last></a> <a href="#x"></a><svg><text>Drawn words</text></svg>';
    const { text } = await shown(preset, body);
    const read = words(text);
    for (const label of [
      'Comments',
      'video: v.mp4',
      'audio: a.mp3',
      'object: plan.pdf',
      'North',
      'south.html',
    ])
      expect(read).toContain(label);
    for (const label of ['Home', 'Label', 'Title', 'last', 'Drawn words']) expect(read).toContain(label);
    expect(text).not.toMatch(/x\.example|about:|no video|M0/);
    expect(read.match(/plan\.pdf/g)).toHaveLength(preset === 'pager' ? 2 : 1);
  });

  test('a page of frames has links to them, and what it has without frames', async () => {
    const body =
      '<title>F</title><frameset cols="20%,80%"><frame src=plain.html name=menu><frame src=c.html title=Content>' +
      '<noframes><body><p><a href=plain.html>Without</a></body></noframes></frameset>';
    const { text } = await shown(preset, body);
    expect(words(text)).toMatch(/menu.* Content.* Without/);
  });

  test('pictures are those that scripts would load', async () => {
    const pixel = 'data:image/gif;base64,R0lGODlhAQABAIAAAP///yH5BAAAAAAALAAAAAABAAEAAAIBRAA7';
    const body =
      `<img data-src=1.png alt=p1><img src="${pixel}" data-src=2.png alt=p2><img data-srcset="3.png 1x" alt=p3>` +
      '<picture><source srcset="4.png"><img alt=p4></picture><picture><source data-srcset=5.png><img alt=p5></picture>' +
      '<img src=s.gif width=1 height=1><img src=blank.gif data-original=6.png alt=p6><noscript><img src=6.png alt=twin></noscript>' +
      '<img srcset="7-small.png 100w, 7-large.png 2000w" alt=p7><img alt="" src=""><img src="http://second.example/8.png" alt=p8>';
    const { text, fetched } = await run({
      headers: [['Content-Type', html]],
      body,
      profile: PRESETS.get(preset) ?? {},
    });
    for (let i = 1; i <= 8; i++) expect(text).toContain(`p${i}`);
    expect(text).not.toMatch(/twin|s\.gif|blank/);
    if (fetched.length > 0) {
      expect(fetched.map((url) => url.replace(/^.*\//, ''))).toEqual([
        '1.png',
        '2.png',
        '3.png',
        '4.png',
        '5.png',
        '6.png',
        expect.stringMatching(/^7-/),
        '8.png',
      ]);
      expect(fetched.at(-1)).toBe('https://second.example/8.png');
    }
  });

  test('a page that scripts make says so, and what it says of itself', async () => {
    const data = JSON.stringify({
      '@graph': [{ headline: 'Ferry late', articleBody: 'It was\nlate today.' }],
    });
    const head = `<meta name=description content="All the news."><link rel=alternate type=application/rss+xml href=feed title=Feed><script type="application/ld+json">${data}</script>`;
    for (const root of ['<div id=root></div>', '<div id=root>Loading…</div>', '<app-root></app-root>']) {
      const { text } = await shown(preset, `<head>${head}</head><body>${root}<script src=app.js></script>`);
      expect(words(text)).toMatch(/made by scripts.*All the news\. Ferry late It was late today\. Feed/);
    }
    const small = await shown(preset, `<head>${head}</head><p>page 1<script>x</script>`);
    expect(words(small.text)).not.toMatch(/made by scripts/);
  });

  test('XHTML is read as XML, and HTML as HTML', async () => {
    const body = Buffer.from(
      '<html xmlns="http://www.w3.org/1999/xhtml"><head><title>X</title><script src="a.js"/></head><body><p>Erste – 日</p>' +
        '<div id="e"/><p>Second <![CDATA[a < b]]></p></body></html>',
    );
    const { text } = await shown(preset, body, { type: 'application/xhtml+xml' });
    expect(words(text)).toMatch(/Erste .* Second a < b/);
    const asHtml = await shown(preset, body, { type: html });
    expect(asHtml.text).not.toContain('Erste');
  });

  test('feeds and plain text become pages', async () => {
    const feed =
      '<?xml version="1.0"?><rss version="2.0"><channel><title>Feed</title><item><title>One &amp; two</title>' +
      '<link>/one.html</link><description>&lt;p&gt;Hi &lt;b&gt;there</description></item></channel></rss>';
    for (const type of ['application/rss+xml', 'text/xml']) {
      const { text } = await shown(preset, feed, { type });
      expect(words(text)).toMatch(/Feed.*One & two.*Hi there/);
      expect(text).toContain('one.html');
    }
    const plain = await shown(preset, 'First & line, Grüße.\nSecond line.\n\nNew.', {
      type: 'text/plain; charset=utf-8',
    });
    expect(words(plain.text)).toMatch(/First & line, Gr(ü|u)(ß|ss)e\. Second line\. New\./);
    const letters = await shown(preset, 'x'.repeat(60_000), { type: 'text/plain' });
    const profile = PRESETS.get(preset);
    expect(Buffer.byteLength(letters.utf8)).toBeLessThanOrEqual((profile?.memory ?? 0) * 1024);
  });

  test('what has no type is taken for what it is', async () => {
    const body = '<!DOCTYPE html><title>t</title><p>Text<script>x()</script>';
    for (const headers of [[], [['Content-Type', 'unknown/unknown']], [['Content-Type', 'nonsense']]] as [
      string,
      string,
    ][][]) {
      const { text } = await shown(preset, body, { headers });
      expect(text).toContain('Text');
      expect(text).not.toContain('x()');
    }
    const bytes = Buffer.from([0, 1, 2, 3, 60, 104, 116, 109, 108]);
    expect((await run({ headers: [], body: bytes })).bytes).toEqual(bytes);
  });

  test('a name beside U+FFFD is no byte beyond the character set', async () => {
    const { bytes } = await run({
      headers: [['Content-Type', 'text/html; charset=utf-8']],
      body: 'A \ufffd B',
      profile: PRESETS.get(preset) ?? {},
    });
    if (preset === 'pager') expect(bytes.toString('latin1')).toContain('A ? B');
    else if (PRESETS.get(preset)?.charset !== 'utf-8')
      expect(bytes.toString('latin1')).toContain('A &#65533; B');
  });
});
