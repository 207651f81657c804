// The demo's content: a page made for a desktop browser, its pictures on a second origin, its style sheet on a third.
import sharp from 'sharp';

export interface SiteAddresses {
  /** `https://host:port` of each origin. */
  pictures: string;
  styles: string;
}

export type Files = Record<string, { type: string; body: Uint8Array | string }>;

const stories: [string, string][] = [
  ['A ferry, a storm and a very small computer', 'ferry'],
  ['What the tide tables knew before we did', 'tide'],
  ['The lighthouse keeper reads her mail', 'lighthouse'],
];

/** The first origin's page. Most of it is of no use to a handheld, as on any page of its kind. */
export function newsPage({ pictures, styles }: SiteAddresses): Files {
  const articles = stories.map(
    ([title, picture]) => `
    <article class="story card card--wide" onclick="track('${picture}')">
      <h2 class="story__title"><a href="/stories/${picture}?from=front">${title}</a></h2>
      <figure><img src="${pictures}/${picture}.jpg" alt="${title}" width="1200" loading="lazy"></figure>
      <p>${'The harbour was quiet until the message arrived, and then it was not. '.repeat(6)}</p>
    </article>`,
  );
  const body = `<!DOCTYPE html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <title>The Harbour News</title>
  <link rel="stylesheet" href="${styles}/site.css">
  <script>${'window.layers = window.layers || []; window.layers.push({ event: "view" });\n'.repeat(300)}</script>
  <style>${'.card--wide { display: grid; grid-template-columns: 1fr 2fr; animation: fade 1s }\n'.repeat(120)}</style>
</head>
<body onload="start()">
  <header><svg viewBox="0 0 40 40"><circle cx="20" cy="20" r="18"/></svg><h1>The Harbour News</h1></header>
  <nav><ul><li><a href="/">Front</a></li><li><a href="/tides">Tides &amp; weather</a></li></ul></nav>
  <main>${articles.join('\n')}
  <form action="/search"><label for="q">Search</label> <input id="q" name="q" size="12"><button>Go</button></form>
  </main>
  <iframe src="${styles}/advertisement"></iframe>
  <footer><small>Printed on paper since 1871 — “and now this”.</small></footer>
  <script async src="${styles}/analytics.js"></script>
</body>
</html>
`;
  return { '/index.html': { type: 'text/html; charset=utf-8', body } };
}

/** The second origin's pictures: photographs by their size and noise. */
export async function pictureFiles(): Promise<Files> {
  const files: Files = {};
  for (const [index, [, name]] of stories.entries()) {
    files[`/${name}.jpg`] = { type: 'image/jpeg', body: await seaView(index) };
  }
  return files;
}

export function styleFiles(): Files {
  const body = `@import "fonts.css";
body { font-family: sans-serif; background: url(paper.png); margin: 4px }
h1 { color: #024; border-bottom: 2px solid #06c }
a { color: #06c }
`;
  return { '/site.css': { type: 'text/css', body } };
}

function seaView(index: number): Promise<Buffer> {
  const hue = ['#234e78', '#57748c', '#7a4a58'][index]!;
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="1200" height="800">
    <defs><linearGradient id="sky" x2="0" y2="1"><stop offset="0" stop-color="${hue}"/><stop offset="1" stop-color="#f4d9a8"/></linearGradient></defs>
    <rect width="1200" height="800" fill="url(#sky)"/>
    <circle cx="${300 + index * 280}" cy="330" r="70" fill="#fff3d0"/>
    <path d="M0 520 Q150 480 300 520 T600 520 T900 520 T1200 520 V800 H0Z" fill="#1b3a4b"/>
    <path d="M${480 + index * 60} 500 l120 0 l-25 40 l-70 0z M${540 + index * 60} 400 v96 h60z" fill="#3c1f1a"/>
  </svg>`;
  const noise = { type: 'gaussian' as const, mean: 128, sigma: 14 };
  return sharp(Buffer.from(svg))
    .composite([
      {
        input: { create: { width: 1200, height: 800, channels: 3, background: '#808080', noise } },
        blend: 'soft-light',
      },
    ])
    .jpeg({ quality: 85 })
    .toBuffer();
}
