import zlib from 'node:zlib';
import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { HANDHELD, PAGER, PALM, WAP_PHONE } from '../../../../host/delegation/device.js';
import { DeputyError } from '../../../../host/delegation/error.js';
import { type Page, run, type Site, seenBefore } from './run.js';

const html: [string, string][] = [['Content-Type', 'text/html; charset=utf-8']];
const photo = (width: number, height: number) =>
  sharp({ create: { width, height, channels: 3, background: '#c04020' } })
    .png()
    .toBuffer();

describe('markup', () => {
  test('scripts, handlers and unknown elements go; text, links and forms stay', async () => {
    const { text } = await run({
      headers: html,
      body: `<!doctype html><html><head><title>T &amp; U</title><script>if (a < b) alert("</p>")</script></head>
        <body onload="x()"><article><p onclick=y() id=k>Hello <blink>you</blink></p></article>
        <svg><circle/><script>no</script></svg>
        <a href="/a?b=1&amp;c" onmouseover=z()>link</a><a href=" java\tscript:alert(1)">bad</a>
        <form action="/s" method=post><input name=q value='"'><button>go</button></form></body></html>`,
    });
    expect(text).toContain('<title>T &amp; U</title>');
    expect(text).toContain('<div><p id="k">Hello you</p></div>');
    expect(text).toContain('<a href="/a?b=1&amp;c">link</a><a>bad</a>');
    expect(text).toContain(
      '<form action="/s" method="post"><input name="q" value="&quot;"><button>go</button></form>',
    );
    expect(text).not.toMatch(/script|alert|onload|onclick|svg|circle|>no</);
  });

  test('the page names its new character set once', async () => {
    const { text } = await run({
      headers: html,
      body: '<html><head><meta charset=x></head><body>a</body></html>',
    });
    expect(text.match(/<meta/g)).toEqual(['<meta']);
    expect(text).toContain('<meta charset="utf-8">');
  });

  test('nested elements that are dropped do not end early, and an unclosed one drops the rest', async () => {
    const { text } = await run({
      headers: html,
      body: '<p>a<template><template>x</template>y</template>b<svg>c',
    });
    expect(text).toBe('<p>ab</p>');
  });

  test('a tag that never ends leaves what came before it', async () => {
    const body = `<p>before</p><a href="${'x'.repeat(3 << 20)}`;
    expect((await run({ headers: html, body })).text).toBe('<p>before</p>');
  });
});

describe('pictures and style sheets of other origins', () => {
  test('a picture is fetched, scaled to the screen and put into the page', async () => {
    const { text, fetched } = await run({
      headers: html,
      body: '<p>1<img src="//second.example/p.png" alt="a &quot;b&quot;" width=900>2</p>',
      site: {
        'https://second.example/p.png': async () => ({ type: 'image/png', body: await photo(900, 450) }),
      },
    });
    expect(fetched).toEqual(['https://second.example/p.png']);
    const [, base64, size] = /1<img src="data:image\/png;base64,([^"]+)" (.*?) alt="a &quot;b&quot;">2/.exec(
      text,
    )!;
    expect(size).toBe('width="320" height="160"');
    expect(await sharp(Buffer.from(base64!, 'base64')).metadata()).toMatchObject({
      format: 'png',
      width: 320,
      height: 160,
    });
  });

  test('a redirect is followed, the policy asked anew for where it leads, and not for ever', async () => {
    const to = (location: string) => async () => ({
      status: 302,
      type: 'text/html',
      body: Buffer.from('x'),
      location,
    });
    const site: Site = {
      'https://s.example/a': to('//other.example/b'),
      'https://other.example/b': to('http://other.example/c'),
      'https://other.example/c': async () => ({ type: 'image/png', body: await photo(9, 9) }),
      'https://s.example/round': to('/round'),
      'https://s.example/denied': to('https://denied.example/'),
    };
    const { text, fetched } = await run({
      headers: html,
      body: '<img src="https://s.example/a"><img src="https://s.example/round" alt=r><img src="https://s.example/denied" alt=d>',
      site,
    });
    expect(text).toMatch(/<img src="data:[^>]*width="9"/);
    expect(fetched.slice(0, 1)).toEqual(['https://s.example/a']);
    expect(fetched).toContain('https://other.example/c');
    expect(fetched.filter((url) => url.endsWith('round'))).toHaveLength(6);
    expect(text).toMatch(
      /\[picture: r — its origin redirects it too often\].*\[picture: d — refused by the policy/s,
    );
  });

  test('a tall picture is as wide as the screen, and as tall as there is room for', async () => {
    const site = {
      'https://s.example/t': async () => ({ type: 'image/png', body: await photo(400, 20_000) }),
    };
    const body = '<img src="https://s.example/t">';
    const { text } = await run({ headers: html, body, site });
    expect(text).toMatch(/width="320" height="5120"/);
    const noise = { type: 'gaussian', mean: 128, sigma: 60 } as const;
    const noisy = await sharp({
      create: { width: 300, height: 4000, channels: 3, background: '#fff', noise },
    })
      .png()
      .toBuffer();
    const full = { 'https://s.example/t': async () => ({ type: 'image/png', body: noisy }) };
    const small = await run({ headers: html, body, site: full, profile: PALM });
    expect(small.text).toMatch(/width="160" height="(3\d\d|[4-9]\d\d)"/);
    expect(small.bytes.length).toBeLessThanOrEqual(PALM.memory * 1024);
  });

  test('a screen of greys gets at most its 2^depth greys', async () => {
    const { text } = await run({
      headers: html,
      body: '<img src="https://second.example/p.png">',
      profile: { colour: false, colourDepth: 2 },
      site: {
        'https://second.example/p.png': async () => ({
          type: 'image/png',
          body: await sharp({
            create: {
              width: 64,
              height: 64,
              channels: 3,
              background: '#fff',
              noise: { type: 'gaussian', mean: 128, sigma: 60 },
            },
          })
            .png()
            .toBuffer(),
        }),
      },
    });
    const png = Buffer.from(/base64,([^"]+)/.exec(text)![1]!, 'base64');
    const { data, info } = await sharp(png)
      .toColourspace('srgb')
      .removeAlpha()
      .raw()
      .toBuffer({ resolveWithObject: true });
    const shades = new Set<string>();
    for (let i = 0; i < data.length; i += info.channels) shades.add(data.subarray(i, i + 3).toString('hex'));
    expect(shades.size).toBeLessThanOrEqual(4);
    for (const shade of shades) expect(shade).toMatch(/^(..)\1\1$/);
  });

  const BOTH = ['image/png', 'image/jpeg'];
  test.each([
    ['a deep screen', { colourDepth: 24 }, ['image/jpeg', 'image/png']],
    ['a screen of 256 colours', { colourDepth: 8, pictures: BOTH }, ['image/jpeg', 'image/png']],
    ['a screen of 16 greys', { colourDepth: 4, colour: false, pictures: BOTH }, ['image/jpeg', 'image/png']],
    ['a device that reads no JPEG', { colourDepth: 8, pictures: ['image/png'] }, ['image/png', 'image/png']],
    [
      'a screen of black and white',
      { colourDepth: 1, colour: false, pictures: BOTH },
      ['image/png', 'image/png'],
    ],
  ])('%s gets the format that takes the fewest bytes and suits it', async (_, profile, types) => {
    const noise = { type: 'gaussian', mean: 128, sigma: 60 } as const;
    const noisy = await sharp({ create: { width: 300, height: 200, channels: 3, background: '#fff', noise } })
      .png()
      .toBuffer();
    const site = {
      'https://s.example/noisy': async () => ({ type: 'image/png', body: noisy }),
      'https://s.example/plain': async () => ({ type: 'image/png', body: await photo(8, 8) }),
    };
    const body = '<img src="https://s.example/noisy"><img src="https://s.example/plain">';
    const { text } = await run({ headers: html, body, profile, site });
    // A picture that a busy machine takes long over comes after the page: the noisy one is the larger, wherever it stands.
    const pictures = [...text.matchAll(/data:(image\/\w+);base64,([^"]*)/g)]
      .map(([, type, data = '']) => ({ type, bytes: Buffer.from(data, 'base64') }))
      .sort((a, b) => b.bytes.length - a.bytes.length);
    expect(pictures.map(({ type }) => type)).toEqual(types);
    const { channels } = await sharp(pictures[0]!.bytes).metadata();
    // No bytes for colours that a screen of greys does not show.
    if ('colour' in profile) expect(channels).toBe(1);
  });

  test('pictures that come out of order stay in their places, and one address is fetched once', async () => {
    const slow = async () => {
      await new Promise((resolve) => setTimeout(resolve, 40));
      return { type: 'image/png', body: await photo(10, 10) };
    };
    const { text, fetched } = await run({
      headers: html,
      body: 'A<img src="https://s.example/1">B<img src="https://s.example/2">C<img src="https://s.example/1">D',
      site: {
        'https://s.example/1': slow,
        'https://s.example/2': async () => ({ type: 'image/png', body: await photo(20, 20) }),
      },
    });
    expect(fetched).toHaveLength(2);
    expect(text.replace(/<img[^>]*width="(\d+)"[^>]*>/g, '[$1]')).toBe('A[10]B[20]C[10]D');
  });

  test('text is not held back by slow pictures: they come at the end, where the text leads to them', async () => {
    let release = () => {};
    const slow = new Promise<void>((resolve) => {
      release = resolve;
    });
    const site: Site = {
      'https://s.example/slow': async () => {
        await slow;
        return { type: 'image/png', body: await photo(10, 10) };
      },
      'https://s.example/fast': async () => ({ type: 'image/png', body: await photo(20, 20) }),
    };
    const body =
      '<body><p>A<img src="https://s.example/fast">B<img src="https://s.example/slow" alt=S>C<a href=/x>' +
      '<img src="https://s.example/slow"></a>D.</body></html>';
    const seen = await seenBefore({ headers: html, body, site }, 'D.', release);
    expect(seen.before.replace(/<img[^>]*>/g, '[img]')).toBe(
      '<meta charset="utf-8"><body><p>A[img]B<a href="#deputy-picture-2">[picture: S]</a>C' +
        '<a href="/x">[picture: x]</a>D.</p>',
    );
    expect(seen.after.replace(/<img[^>]*>/g, '[img]')).toBe(
      '<hr><p><a name="deputy-picture-2">[picture: S]</a><br>[img]</p>' +
        '<p><a name="deputy-picture-3">[picture: x]</a><br>[img]</p></body>\n',
    );
  });

  test.each([
    ['refused by the policy', {}, 'refused by the policy of this device'],
    [
      'missing',
      { 'https://s.example/p': async () => ({ status: 404, type: 'text/html', body: Buffer.from('no') }) },
      'the origin answers 404',
    ],
    [
      'no picture',
      { 'https://s.example/p': async () => ({ type: 'image/png', body: Buffer.from('no') }) },
      'the picture can&apos;t be converted',
    ],
    [
      'too large',
      { 'https://s.example/p': async () => ({ type: 'image/png', body: Buffer.alloc(9 << 20) }) },
      'it is larger than 8192 KiB',
    ],
    [
      'a decompression bomb',
      {
        'https://s.example/p': async () => ({
          type: 'image/png',
          coding: 'gzip',
          body: zlib.gzipSync(Buffer.alloc(7 << 20)),
        }),
      },
      'expands beyond reason',
    ],
  ] satisfies [string, Site, string][])(
    'a picture that is %s leaves a visible placeholder',
    async (_, site, reason) => {
      const { text } = await run({
        headers: html,
        body: 'x<img src="https://s.example/p" alt="The <cat>">y',
        site,
      });
      expect(text).toContain('x<span class="deputy-missing">[picture: The &lt;cat&gt; — ');
      expect(text.replace(/'/g, '&apos;')).toContain(reason);
      expect(text).toMatch(/]<\/span>y$/);
    },
  );

  test('a picture that a filter keeps away leaves its text alone', async () => {
    const site: Site = {
      'https://ads.example/p': async () => {
        throw new DeputyError('ADDRESS_REFUSED', 'a filter');
      },
    };
    const body = 'x<img src="https://ads.example/p">y<img src="https://ads.example/p" alt="a <cat>">z';
    expect((await run({ headers: html, body, site })).text).toMatch(/xya &lt;cat&gt;z$/);
  });

  test('what the device has no memory for is left out', async () => {
    const { text } = await run({
      headers: html,
      body: '<img src="https://s.example/p" alt=p>',
      profile: { memory: 0 },
      site: { 'https://s.example/p': async () => ({ type: 'image/png', body: await photo(300, 300) }) },
    });
    expect(text).toContain('no memory left');
  });

  test('no rule that waits for a script leaves a blank page', async () => {
    const hiding =
      'body{display:none} .js html, body.loading { visibility : hidden ; color:red} .async-hide{opacity:0!important} p{opacity:0}';
    const { text } = await run({
      headers: html,
      body: `<style>${hiding}</style><p>x`,
      profile: { styles: true },
    });
    expect(text).toBe(
      '<style>body{ }.js html, body.loading { color:red}.async-hide{ }p{opacity:0}</style><p>x</p>',
    );
  });

  test('a device with styles gets the elements that they speak of', async () => {
    const body = '<header class=top><nav id=n><main>x</main></nav></header>';
    expect((await run({ headers: html, body, profile: { styles: true } })).text).toBe(
      '<header class="top"><nav id="n"><main>x</main></nav></header>',
    );
  });

  test('a style sheet is put in where the device applies styles, without anything that fetches', async () => {
    const css =
      '@import "x.css"; p { color: red; background: url(http://t/x.png) } /* </style> */ b{margin:1px}';
    const site = {
      'https://third.example/s.css': async () => ({ type: 'text/css', body: Buffer.from(css) }),
    };
    const body =
      '<head><link rel=stylesheet href="https://third.example/s.css"><style>i{color:blue}</style></head>';
    const styled = await run({ headers: html, body, profile: { styles: true }, site });
    expect(styled.text).toContain(
      '<style>p { color: red; }b{margin:1px}</style><style>i{color:blue}</style>',
    );
    const plain = await run({ headers: html, body, site });
    expect(plain.text).not.toContain('style');
    expect(plain.fetched).toEqual([]);
  });
});

describe('character sets and content codings', () => {
  test.each([
    ['header', 'text/html; charset=iso-8859-15', Buffer.from([0xa4, 0xe9])],
    [
      'meta',
      'text/html',
      Buffer.concat([Buffer.from('<meta charset="iso-8859-15">'), Buffer.from([0xa4, 0xe9])]),
    ],
    ['byte order mark', 'text/html', Buffer.from('\ufeff€é', 'utf16le')],
    ['default', 'text/html', Buffer.from([0x80, 0xe9])],
  ])('a page whose character set stands in the %s arrives as UTF-8', async (_, type, body) => {
    const { text, change } = await run({ headers: [['Content-Type', type]], body });
    expect(text).toMatch(/€é$/);
    expect(change!.headers!.get('content-type')).toBe('text/html; charset=utf-8');
  });

  test('a device of another character set gets it, with references for what it lacks', async () => {
    const { bytes } = await run({ headers: html, body: 'é€ж', profile: { charset: 'iso-8859-1' } });
    expect(bytes.toString('latin1')).toBe('é&#8364;&#1078;');
  });

  test.each([
    ['gzip', zlib.gzipSync],
    ['br', zlib.brotliCompressSync],
    ['deflate', zlib.deflateSync],
    ['deflate', zlib.deflateRawSync],
  ] as const)('%s is undone, and its header goes', async (coding, compress) => {
    const headers: [string, string][] = [
      ...html,
      ['Content-Encoding', coding],
      ['Content-Length', '99'],
      ['ETag', '"v1"'],
    ];
    const { text, change } = await run({ headers, body: compress(Buffer.from('<p>hello</p>')) });
    expect(text).toBe('<p>hello</p>');
    expect(change!.headers!.has('content-encoding')).toBe(false);
    expect(change!.headers!.has('content-length')).toBe(false);
    expect(change!.headers!.get('etag')).toBe('W/"v1"');
  });

  test('a broken coding is an error with a code', async () => {
    const headers: [string, string][] = [...html, ['Content-Encoding', 'gzip']];
    await expect(run({ headers, body: Buffer.from('no gzip at all') })).rejects.toMatchObject({
      code: 'TRANSCODE_CODING',
    });
  });

  test('a page that breaks off is read as far as it came, says so, and is not taken for whole', async () => {
    const headers: [string, string][] = [...html, ['Content-Encoding', 'gzip']];
    const cut = zlib.gzipSync(Buffer.from('<p>hello</p>'.repeat(50))).subarray(0, -9);
    for (const { profile } of [{ profile: HANDHELD }, { profile: WAP_PHONE }, { profile: PAGER }]) {
      let text = '';
      const read = run({ headers, body: cut, profile }, (chunk) => {
        text += Buffer.from(chunk).toString();
      });
      await expect(read).rejects.toMatchObject({ code: 'TRANSCODE_CODING' });
      expect(text).toMatch(/hello[\s\S]*The page was cut off here/);
    }
  });
});

describe('what passes through unchanged', () => {
  test.each([
    ['not HTML', [['Content-Type', 'application/json']], {}],
    ['a download', [...html, ['Content-Disposition', 'attachment; filename="a.html"']], {}],
    ['of a type that is not to be guessed', [['X-Content-Type-Options', 'nosniff']], {}],
    ['asked for as it is', html, { request: { headers: [['Cache-Control', 'no-transform']] } }],
    ['forbidden by no-transform', [...html, ['Cache-Control', 'max-age=1, no-transform']], {}],
    ['in an unknown coding', [...html, ['Content-Encoding', 'zstd']], {}],
    ['for a device that reads no HTML', html, { profile: { markup: ['text/x-unknown'] } }],
    ['a part', html, { status: 206 }],
  ] satisfies [string, [string, string][], Partial<Page>][])('%s', async (_, headers, more) => {
    const { change } = await run({ headers, body: '<script>x</script>', ...more });
    expect(change).toBeUndefined();
  });
});
