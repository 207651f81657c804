// What small devices get is what their formats' grammars allow, and it still works: links, parts, forms.
import { describe, expect, test } from 'vitest';
import {
  COMPACT_PHONE,
  type DeviceProfile,
  HDML_PHONE,
  PAGER,
  WAP_PHONE,
} from '../../../../host/delegation/device.js';
import { transcode } from '../../../../host/services/transcode/index.js';
import { hdmlErrors, html32Errors, wmlErrors } from './judges.js';
import { type Page, run } from './run.js';

const headers: [string, string][] = [['Content-Type', 'text/html; charset=utf-8']];

const RICH = `<!doctype html><title>Tea & $5 coffee</title><base target=_top>
<h1>Shop</h1><p>We sell <b>tea <i>and <a href="/coffee?a=1&b=$2">cof<b>fee</b></a></i></b>.<br>Now: 5 $.
<ul><li>One<li>Two<ol start=3><li><h4>Three</h4>more<p>and more<li value=7>Seven</ol><li><pre>a   b
 c</pre></ul><hr><table><tr><th>K<td>V<tr><td>x<td><div>y</div></table>
<dl><dt>T<dd>D</dl><blockquote>Q<p>Q2</blockquote><a name=here></a><h2>Here</h2>
<p><a href="#here">up</a> <a href="other.html#there">there</a> <a href="https://second.example/p?q=1#f">far</a>
<a href="javascript:alert(1)">no</a> <a href="tel:123">call</a><img src="p.png" alt='A "picture"'>
<a href="/x"><img src=//second.example/q.gif></a><script>if (a<b) x("</p>")</script><p hidden>secret</p>
<form action="/buy?shop=1#z" method=post accept-charset=iso-8859-1><label>Name <input name="n&m" value='a$b"c' maxlength=9></label>
<input type=password name=p><input type=hidden name=h value="1&2"><input type=file name=up>
<p>Colour <p><label><input type=radio name=c value=red> Red</label><br><label><input type=radio name=c value=blue> Blue</label>
<p>Size <select name=s><optgroup label=G><option value=1>One<option selected>Two</optgroup></select>
<select name=m multiple><option value="a;b%" selected>x<option>y<option>z</select>
<input type=checkbox name=k value=yes checked> keep <textarea name=t>two
lines</textarea><button name=go value=1>Send <b>it</b></button><input type=submit value=Other disabled></form>
<form action=/find><input name=q><input type=image src=go.png alt=Find></form><form action="javascript:x"><input name=z></form>`;

const get = (profile: DeviceProfile, body: string, more: Partial<Page> = {}) =>
  run({ headers, body, profile, ...more });

/** Every part of a page, by following the links from one to the next. */
async function parts(profile: DeviceProfile, body: string, target = '/dir/page'): Promise<string[]> {
  const all: string[] = [];
  const service = transcode();
  for (let next: string | undefined = target; next !== undefined; ) {
    const { text, asked } = await get(profile, body, { request: { target: next }, service });
    // All but the first come from the copy.
    if (all.length === 0) expect(asked?.target).toBe(target);
    else expect(asked).toBeUndefined();
    all.push(text);
    const query = nextOf(text, all.length + 1);
    next = query === undefined ? undefined : `${target}${target.includes('?') ? '&' : '?'}${query}`;
    expect(all.length).toBeLessThan(1000);
  }
  return all;
}

const nextOf = (text: string, deck: number) =>
  new RegExp(`(?:[?&]|&amp;)(deputy\\.deck=${deck}\\.[\\w-]{11})(?=["\\s])`).exec(text)?.[1];

const long = (words: number) =>
  `<title>Long</title><h1>Start</h1>${Array.from({ length: words }, (_, i) => `<p id=p${i}>Word${i} <b>is <a href="/n${i}">here</a></b> é€`).join('\n')}<p>The end.`;

describe('WML 1.1', () => {
  test('the judge refuses what the grammar does not allow', () => {
    const deck = (content: string) => `<?xml version="1.0"?><wml><card id="a">${content}</card></wml>`;
    expect(wmlErrors([deck('<p><b>x</b></p>')])).toBe('');
    for (const wrong of [
      '<b>x</b>',
      '<p><a href="x"><b>y</b></a></p>',
      '<p><p>x</p></p>',
      '<p><input/></p>',
      '<p>&nbsp;</p>',
      '<p><pre>x</pre></p>',
    ])
      expect(wmlErrors([deck(wrong)]), wrong).not.toBe('');
  });

  test('a page with everything is a valid deck', async () => {
    const { text, headers: sent } = await get({ ...WAP_PHONE, memory: 32 }, RICH);
    expect(wmlErrors([text])).toBe('');
    expect(sent.get('content-type')).toBe('text/vnd.wap.wml; charset=utf-8');
    expect(text).not.toMatch(/secret|alert|javascript/);
    expect(text).toContain('title="Tea &amp; $$5 coffee"');
    expect(text).toContain('<a href="/coffee?a=1&amp;b=$$2">coffee</a>');
    expect(text).toContain('<a href="other.html?deputy.at=there">there</a>');
    expect(text).toContain('<a href="https://second.example/p?q=1#f">far</a>');
    expect(text).toContain('<img src="p.png" alt="A &quot;picture&quot;"/>');
  });

  test('a long page becomes decks that fit, with every word once, in order', async () => {
    const decks = await parts(WAP_PHONE, long(200), '/dir/page?x=a%20b');
    expect(wmlErrors(decks)).toBe('');
    for (const deck of decks) expect(Buffer.byteLength(deck)).toBeLessThanOrEqual(WAP_PHONE.memory * 1024);
    const words = decks.join('').match(/Word\d+/g);
    expect(words).toEqual(Array.from({ length: 200 }, (_, i) => `Word${i}`));
    expect(decks.join('').match(/href="\/n\d+"/g)).toHaveLength(200);
    expect(decks.at(-1)).toContain('The end.');
    expect(decks[0]).toContain('<a href="#c2">Next</a>');
  });

  test('a link within the page leads to the card that holds its place, in this deck or another', async () => {
    const body = `<p><a href="#p150">far</a> <a href="#p1">near</a>${long(200)}`;
    const { text } = await get(WAP_PHONE, body);
    const far = /<a href="\?(deputy\.at=[\w-]{11}~p150)">far<\/a>/.exec(text)?.[1];
    expect(far).toBeDefined();
    expect(text).toMatch(/<a href="#c\d">near<\/a>/);
    const there = await get(WAP_PHONE, body, { request: { target: '/dir/page?deputy.at=p150' } });
    expect(there.asked!.target).toBe('/dir/page');
    expect(there.text).toContain('Word150');
    const nowhere = await get(WAP_PHONE, body, { request: { target: '/dir/page?deputy.at=none' } });
    const withoutKey = (deck: string) => deck.replace(/[\w-]{11}~|(=\d+)\.[\w-]{11}/g, '$1');
    expect(withoutKey(nowhere.text)).toBe(withoutKey(text));
  });

  test('a form sends what a browser would send', async () => {
    const { text } = await get({ ...WAP_PHONE, memory: 32 }, RICH);
    expect(text).toMatch(
      /<select name="(\w+)"><option value="">-<\/option><option value="red">Red<\/option>/,
    );
    const go = /<anchor>Send it(<go .*?<\/go>)/.exec(text)![1]!;
    expect(go).toContain('href="/buy?shop=1&amp;deputy.fields=1" method="post" accept-charset="iso-8859-1"');
    const fill = { 'n&m': 'M&M', p: 'x y', c: '', s: 'Two', m: 'a%3Bb%25;z', k: '', t: 'q' };
    const body = submission(go, fill);
    const { asked } = await get(WAP_PHONE, '<p>ok', {
      request: { method: 'POST', target: '/buy?shop=1&deputy.fields=1', body },
    });
    expect(asked!.target).toBe('/buy?shop=1');
    expect([...new URLSearchParams(asked!.body)]).toEqual([
      ['n&m', 'M&M'],
      ['p', 'x y'],
      ['h', '1&2'],
      ['s', 'Two'],
      ['m', 'a;b%'],
      ['m', 'z'],
      ['t', 'q'],
      ['go', '1'],
    ]);
    const search = /<anchor>Find(<go .*?<\/go>)/.exec(text)![1]!;
    expect(search).toMatch(/^<go href="\/find" method="get"/);
    expect(submission(search, { q: 'tea' })).toBe('q=tea&x=0&y=0');
  });

  test('what a GET form of such a device adds is taken out of the query', async () => {
    const { asked } = await get(WAP_PHONE, '<p>ok', {
      request: {
        target: '/find?q=a&deputy.o.k=&deputy.m.m=x%3By&z=1',
        headers: [['Referer', 'https://first.example/a?deputy.deck=2']],
      },
    });
    expect(asked!.target).toBe('/find?q=a&m=x&m=y&z=1');
    expect(asked!.headers.get('referer')).toBe('https://first.example/a');
  });

  test('a choice larger than a deck goes on in the next one, and keeps what was chosen', async () => {
    const options = Array.from({ length: 300 }, (_, i) => `<option value=${i}>Country number ${i}`).join('');
    const decks = await parts(WAP_PHONE, `<form action=/x><select name=c>${options}</select></form>`);
    expect(wmlErrors(decks)).toBe('');
    const all = decks.join('');
    for (let i = 0; i < 300; i++) expect(all).toContain(`<option value="${i}">Country number ${i}</option>`);
    const variable = /<select name="(\w+)"/.exec(all)![1];
    expect(decks[1]).toContain(`<option value="$(${variable})">=</option>`);
  });

  test('what follows the first deck of a POST is kept for its client, for a while', async () => {
    const service = transcode();
    const posted = await get(WAP_PHONE, long(100), { service, request: { method: 'POST' } });
    const next = /\?(deputy\.kept=[\w-]{11}\.)2/.exec(posted.text)!;
    const kept: string[] = [posted.text];
    for (let i = 2; kept.at(-1)!.includes(`${next[1]}${i}`); i++) {
      const { text, asked, status } = await get(WAP_PHONE, '', {
        service,
        request: { target: `/dir/page?${next[1]}${i}` },
      });
      expect([asked, status]).toEqual([undefined, 200]);
      kept.push(text);
    }
    expect(wmlErrors(kept)).toBe('');
    expect(kept.join('').match(/Word\d+/g)).toHaveLength(100);
    const elsewhere = await get(WAP_PHONE, '', { request: { target: `/dir/page?${next[1]}2` } });
    expect(elsewhere.status).toBe(410);
    expect(wmlErrors([elsewhere.text])).toBe('');
  });

  test('decks that share an address are kept out of caches', async () => {
    const { asked } = await get(WAP_PHONE, long(200), { request: { target: '/dir/page?deputy.deck=2' } });
    expect(asked!.headers.get('cache-control')).toBe('no-store');
  });
});

/** What a WAP phone sends for a `<go>` whose variables the person has set, by the names of their fields. */
function submission(go: string, fill: Record<string, string>): string {
  const plain = (text: string) =>
    text
      .replaceAll('$$', '$')
      .replace(/&quot;/g, '"')
      .replace(/&lt;/g, '<')
      .replace(/&gt;/g, '>')
      .replace(/&amp;/g, '&');
  const fields = [...go.matchAll(/<postfield name="([^"]*)" value="([^"]*)"\/>/g)].map(([, name, value]) => {
    const sent = plain(name!);
    const own = sent.replace(/^deputy\.[om]\./, '');
    return [sent, value!.startsWith('$(') ? fill[own]! : plain(value!)];
  });
  return new URLSearchParams(fields as [string, string][]).toString();
}

const OWNERS =
  '<button form=early name=e value=1>Early</button><input form=early name=x value=y><form id=early action=/early></form>' +
  '<form action=save method=post><input name=u><button formaction=delete formmethod=get>Delete</button><button>Save</button></form>' +
  '<form id=late action=late method=post></form><input form=late name=out value=o><button form=late name=go value=1>Outside' +
  '</button><form action=/i><input type=image name=map src=go.png alt=Go><button aria-label="Find it"><svg></svg></button></form>';

test('buttons send the form that they name, where they say and how', async () => {
  const { text } = await get({ ...WAP_PHONE, memory: 32 }, OWNERS);
  expect(wmlErrors([text])).toBe('');
  const go = (label: string) => new RegExp(`<anchor>${label}(<go .*?</go>)`).exec(text)?.[1] ?? '';
  expect(go('Delete')).toMatch(/^<go href="delete" method="get".*name="u"/);
  expect(go('Save')).toMatch(/^<go href="save" method="post".*name="u"/);
  expect(go('Outside')).toMatch(/^<go href="late" method="post".*name="out".*name="go" value="1"/);
  expect(go('Early')).toMatch(/^<go href="\/early" method="get".*name="x".*name="e" value="1"/);
  expect(go('Go')).toMatch(/name="map.x" value="0".*name="map.y" value="0"/);
  expect(go('Find it')).toMatch(/^<go href="\/i"/);
  const phone = await get({ ...HDML_PHONE, memory: 32, charset: 'utf-8' }, OWNERS);
  expect(hdmlErrors([phone.text])).toBe('');
  expect(phone.text).toMatch(/DEST="delete\?u=[^"]*">Delete/);
  expect(phone.text).toMatch(/DEST="late\?deputy\.fields=1" POSTDATA="[^"]*out=[^"]*go=1">Outside/);
  const compact = await get({ ...COMPACT_PHONE, charset: 'utf-8', memory: 32 }, OWNERS);
  expect(html32Errors([compact.text])).toBe('');
  expect(compact.text).toMatch(/<form action="delete[^>]*method="get">.*name="u".*value="Delete"/);
});

describe('HDML 3', () => {
  test('a page with everything, and each part of a long one, fit the grammar and the device', async () => {
    const { text } = await get(
      { ...HDML_PHONE, memory: 32, pictures: ['image/x-up-bmp'], charset: 'utf-8' },
      RICH,
    );
    expect(hdmlErrors([text])).toBe('');
    expect(text).toContain('<A TASK="GO" DEST="/coffee?a=1&amp;b=&dol;2">coffee</A>');
    const decks = await parts({ ...HDML_PHONE, charset: 'utf-8' }, long(60));
    expect(hdmlErrors(decks)).toBe('');
    for (const deck of decks) expect(Buffer.byteLength(deck)).toBeLessThanOrEqual(HDML_PHONE.memory * 1024);
    expect(decks.join('').match(/Word\d+/g)).toHaveLength(60);
  });

  test('a form sends first values for the cards that nobody opened', async () => {
    const { text } = await get({ ...HDML_PHONE, memory: 32 }, RICH);
    const link = /<A TASK="GO" METHOD="POST" DEST="([^"]*)" POSTDATA="([^"]*)">Send it/.exec(text)!;
    expect(link[1]).toBe('/buy?shop=1&amp;deputy.fields=1');
    const untouched = link[2]!.replace(/&amp;/g, '&').replace(/\$\(\w+:esc\)/g, '');
    const { asked } = await get(HDML_PHONE, '<p>ok', {
      request: { method: 'POST', target: '/buy?shop=1&deputy.fields=1', body: untouched },
    });
    expect([...new URLSearchParams(asked!.body)]).toEqual([
      ['n&m', 'a$b"c'],
      ['p', ''],
      ['h', '1&2'],
      ['s', 'Two'],
      ['m', 'a;b%'],
      ['k', 'yes'],
      ['t', 'two\nlines'],
      ['go', '1'],
    ]);
    const variable = /<CHOICE NAME="(\w+)" KEY="\1"><ACTION TYPE="ACCEPT" TASK="PREV">k<CE VALUE="yes">/.exec(
      text,
    )![1]!;
    const unset = link[2]!
      .replace(/&amp;/g, '&')
      .replace(`$(${variable}:esc)`, 'deputy.none')
      .replace(/\$\(\w+:esc\)/g, '');
    const again = await get(HDML_PHONE, '<p>ok', {
      request: { method: 'POST', target: '/buy?deputy.fields=1', body: unset },
    });
    expect(new URLSearchParams(again.asked!.body).has('k')).toBe(false);
  });
});

describe('compact HTML', () => {
  const ELEMENTS = new Set(
    'html head meta title body p div h1 h2 h3 h4 h5 h6 ul ol li pre br hr a img form input select option textarea'.split(
      ' ',
    ),
  );

  test('a page with everything is valid HTML 3.2, of the elements that compact HTML has', async () => {
    const { text, headers: sent } = await get({ ...COMPACT_PHONE, charset: 'utf-8' }, RICH);
    expect(html32Errors([text])).toBe('');
    expect(sent.get('content-type')).toBe('text/html; charset=utf-8');
    for (const [, name] of text.matchAll(/<\/?([a-z][a-z0-9]*)/g))
      expect(ELEMENTS.has(name!), name).toBe(true);
    expect(text).toContain('<a href="#here">up</a>');
    expect(text).toContain('<a name="here"></a>');
    expect(text).toContain('<li value="7">');
  });

  test('a form keeps its fields and what they send', async () => {
    const { text } = await get({ ...COMPACT_PHONE, charset: 'utf-8' }, RICH);
    expect(text).toContain('<form action="/buy?shop=1&amp;deputy.fields=1" method="post">');
    expect(text).toContain(
      '<select name="deputy.o.c"><option value="">-</option><option value="red">Red</option>',
    );
    expect(text).toContain('<input type="hidden" name="h" value="1&amp;2">');
  });
});

test.each([
  ['There were&nbsp;<a href=/r>rumours</a>&nbsp;of it', 'There were rumours of it'],
  ['one<b> </b>two<i>&nbsp;</i>three <br> four', 'one two three four'],
])('no space is lost between words: %s', async (body, words) => {
  for (const profile of [WAP_PHONE, HDML_PHONE, COMPACT_PHONE, PAGER]) {
    const { bytes } = await get({ ...profile, charset: 'utf-8' }, body);
    const text = bytes
      .toString()
      .replace(/<title>.*?<\/title>|<br\/?>|\[\d+\](?: http\S*)?/gi, ' ')
      .replace(/<[^>]*>/g, '');
    expect(text.replace(/\s+/g, ' ').trim()).toBe(words);
  }
});

describe('plain text', () => {
  test('links are numbered and listed where the part ends', async () => {
    const { text, headers: sent } = await get({ ...PAGER, memory: 32 }, RICH);
    expect(sent.get('content-type')).toBe('text/plain; charset=us-ascii');
    expect(text).toContain('We sell tea and coffee[1].\nNow: 5 $.');
    expect(text).toContain('\n[1] https://first.example/coffee?a=1&b=$2\n');
    expect(text).toContain('7. Seven');
    expect(text).toContain('K | V');
    expect(text).not.toMatch(/[<>]|secret/);
  });

  test('each part fits the pager and says where the next one is', async () => {
    const all = await parts(PAGER, long(200));
    expect(all.length).toBeGreaterThan(1);
    for (const part of all) expect(Buffer.byteLength(part)).toBeLessThanOrEqual(PAGER.memory * 1024);
    expect(all.join('').match(/Word\d+/g)).toHaveLength(200);
    expect(all.join('')).toContain('eEUR');
  });
});
