// Pages come back with addresses that an old browser can follow, and not one other byte changed.
import { describe, expect, test } from 'vitest';
import { parseAddress } from '../../../host/gateway/address.js';
import { AddressRewriter } from '../../../host/gateway/rewriting/address_rewriter.js';
import { rewriteMarkup } from '../../../host/gateway/rewriting/markup.js';

const page = parseAddress('https://www.example.com/news/today?x=1')!;
const self = 'http://gateway:8080';
const forProxy = new AddressRewriter({ form: 'proxy', page, self });
const forPath = new AddressRewriter({ form: 'path', page, self });

async function rewritten(html: string | Buffer, rewriter: AddressRewriter, step = 7): Promise<string> {
  const bytes = Buffer.from(html);
  async function* cut() {
    for (let at = 0; at < bytes.length; at += step) yield bytes.subarray(at, at + step);
  }
  const parts: Uint8Array[] = [];
  for await (const part of rewriteMarkup(cut(), rewriter)) parts.push(part);
  return Buffer.concat(parts).toString();
}

describe('one address', () => {
  test.each([
    ['https://other.example/a?b#c', 'http://other.example/a?b#c', `${self}/https/other.example/a?b#c`],
    ['HTTPS://other.example', 'http://other.example/', `${self}/https/other.example/`],
    ['https://other.example?q=1', 'http://other.example/?q=1', `${self}/https/other.example/?q=1`],
    ['https://other.example:8443/', 'http://other.example:8443/', `${self}/https/other.example:8443/`],
    ['https://[2001:db8::1]/a', 'http://[2001:db8::1]/a', `${self}/https/[2001:db8::1]/a`],
    ['http://other.example/a', 'http://other.example/a', `${self}/http/other.example/a`],
    ['//cdn.example/x', 'http://cdn.example/x', `${self}/https/cdn.example/x`],
    ['/a/b', '/a/b', `${self}/https/www.example.com/a/b`],
    ['a/b', 'a/b', 'a/b'],
    ['?q', '?q', '?q'],
    ['#top', '#top', '#top'],
    ['mailto:a@b', 'mailto:a@b', 'mailto:a@b'],
    ['javascript:void(0)', 'javascript:void(0)', 'javascript:void(0)'],
    ['https://', 'https://', 'https://'],
    [' https://other.example/ ', ' http://other.example/ ', ` ${self}/https/other.example/ `],
  ])('%s', (written, inProxyForm, inPathForm) => {
    expect(forProxy.rewrite(written)).toBe(inProxyForm);
    expect(forPath.rewrite(written)).toBe(inPathForm);
  });
});

describe('a page', () => {
  test('keeps every byte that is no address, however it is cut', async () => {
    const html = '<!doctype html>\r\n<p CLASS=x >A &amp; B é <br/> <!-- https://a/ --><pre>\n\nx</pre><b>c';
    for (const step of [1, 2, 3, 5, 64]) expect(await rewritten(html, forPath, step)).toBe(html);
  });

  test('in any character set that holds ASCII', async () => {
    const shiftJis = Buffer.from([0x3c, 0x70, 0x3e, 0x83, 0x5c, 0x95, 0x5c, 0x3c, 0x2f, 0x70, 0x3e]);
    const parts: Uint8Array[] = [];
    for await (const part of rewriteMarkup([shiftJis] as never, forProxy)) parts.push(part);
    expect(Buffer.concat(parts)).toEqual(shiftJis);
  });

  test.each([
    ['<a href="https://a.example/x?1&amp;2">', '<a href="http://a.example/x?1&amp;2">'],
    ["<a href='https://a.example/é'>", "<a href='http://a.example/é'>"],
    ['<a href=https://a.example/x>', '<a href="http://a.example/x">'],
    ['<A HREF = "HTTPS://A.example/">', '<A HREF = "http://a.example/">'],
    ['<a href="https&#58;//a.example/">', '<a href="http://a.example/">'],
    ['<base href="https://a.example/d/">', '<base href="http://a.example/d/">'],
    ['<form method=post action="https://a.example/p">', '<form method=post action="http://a.example/p">'],
    ['<body background="https://a.example/b.gif">', '<body background="http://a.example/b.gif">'],
    [
      '<img srcset="https://a.example/1.png 1x, https://a.example/2.png 2x">',
      '<img srcset="http://a.example/1.png 1x, http://a.example/2.png 2x">',
    ],
    [
      '<meta http-equiv="Refresh" content="3; URL=https://a.example/">',
      '<meta http-equiv="Refresh" content="3; URL=http://a.example/">',
    ],
    ['<meta name=d content="see https://a.example/">', '<meta name=d content="see https://a.example/">'],
    ['<p style="background:url(https://a.example/)">', '<p style="background:url(http://a.example/)">'],
    ['<style>@import "https://a.example/s.css";</style>', '<style>@import "http://a.example/s.css";</style>'],
    ['<go href="https://a.example/" method="post"/>', '<go href="http://a.example/" method="post"/>'],
    ['<card id="a" ontimer="https://a.example/">', '<card id="a" ontimer="http://a.example/">'],
    ['<script>f("https://a.example/")</script>', '<script>f("https://a.example/")</script>'],
    ['<p>https://a.example/</p>', '<p>https://a.example/</p>'],
    ['<a title="https://a.example/" name=q>', '<a title="https://a.example/" name=q>'],
  ])('%s', async (before, after) => {
    expect(await rewritten(before, forProxy)).toBe(after);
  });

  test.each([
    ['<p onclick="f()" id=a>x</p>', '<p  id=a>x</p>'],
    ['a<script>f("</p>")</script>b<SCRIPT src=x></SCRIPT>c', 'abc'],
    ['<a href=" java\nscript:f()">x</a>', '<a >x</a>'],
    ['<a href="&#106;avascript:f()">x</a>', '<a >x</a>'],
    ['<iframe srcdoc="<script>f()</script>"></iframe>', '<iframe ></iframe>'],
    ['<iframe src="data:text/html,<script>f()</script>">', '<iframe >'],
    ['<img src="data:image/png;base64,AAAA">', '<img src="data:image/png;base64,AAAA">'],
    ['<svg><script>f()</script><a xlink:href="javascript:f()"/></svg>', '<svg><a /></svg>'],
    ['<card ontimer="/a"><p>x</p></card>', `<card ontimer="${self}/https/www.example.com/a"><p>x</p></card>`],
  ])('has no scripts where a browser takes all sites for one: %s', async (before, after) => {
    expect(await rewritten(before, forPath)).toBe(after);
    expect(await rewritten(before.replace(/ontimer="[^"]*"/, ''), forProxy)).toContain(
      before.includes('<script>') ? '<script>' : before.slice(0, 3),
    );
  });

  test('that ends inside a tag ends there', async () => {
    expect(await rewritten('<p>a</p><a href="https://a.exam', forProxy)).toContain('<p>a</p>');
  });
});
