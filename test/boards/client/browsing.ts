// What the browser must do on every board with a screen. Each screen is compared, pixel by pixel, with the same browser
// on Node over a screen of other code, which is given what the proxy sent.

import sharp from 'sharp';
import { expect } from 'vitest';
import { Browser } from '../../../boards/common/screen/browser.js';
import type { Key } from '../../../boards/common/screen/screen.js';
import { parseUrl } from '../../../boards/common/url.js';
import { isInstalled, startOrigin } from '../../../host/cli/demo/origins.js';
import type { Files } from '../../../host/cli/demo/site.js';
import { Grant } from '../../../host/delegation/grant.js';
import { HeaderList } from '../../../host/http/header_list.js';
import type { Service } from '../../../host/services/service.js';
import { transcode } from '../../../host/services/transcode/index.js';
import { Paper } from '../common/screen/paper.js';
import type { Device } from './device.js';
import type { Setting } from './setting.js';

const story = (pictures: string) => `<!DOCTYPE html><html><head><title>The Handheld Gazette</title>
<style>p { color: red }</style><script>track()</script></head><body>
<h1>The Handheld Gazette</h1>
<p>News for <b>small screens</b>, set in <i>Helvetica</i> by a program: “not a picture of text”. More on
<a href="/second.html">the second page</a>, or <a href="https://elsewhere.example/">elsewhere</a>.</p>
<p><img src="${pictures}/photograph.jpg" alt="photograph"></p>
<h2>A deputy carries the session</h2>
<ul><li>The handheld checks the <em>real</em> certificate</li><li>It delivers one session’s secret<ul><li>to one proxy</li>
<li>for one origin, in a line that is longer than the screen is wide</li></ul></li></ul>
<hr><h3>Prices</h3>
<table border="1"><tr><th>Ware</th><th>Price</th><th>Since yesterday</th></tr>
<tr><td>Tea</td><td align="right">3.20</td><td>a little more than the day before</td></tr>
<tr><td>Coffee</td><td align="right">12.75</td><td>as it was</td></tr></table>
<p>A drawing <img src="${pictures}/drawing.png" alt="drawing"> in its line. Привет, Ελλάδα, Łódź.</p>
<pre>int main(void) {
\treturn 0;  // a line that goes over the edge of the screen
}</pre>
<ol start="3"><li>three</li><li>four</li></ol>
<blockquote>${'A quotation that fills the rest of the page. '.repeat(12)}</blockquote>
</body></html>`;

const SECOND =
  '<title>Second</title><h1>The second page</h1><p>Short, and <a href="/page.html">back</a>.</p>';

/** Lossless and with an alpha channel, so that each pixel can be told. */
const drawing = () =>
  sharp(
    Buffer.from(
      '<svg width="120" height="72" xmlns="http://www.w3.org/2000/svg"><rect x="6" y="6" width="90" height="60" fill="#fd8"/><circle cx="70" cy="36" r="30" fill="#c33" opacity="0.7"/></svg>',
    ),
  )
    .png()
    .toBuffer();

const photograph = () =>
  sharp(
    Buffer.from(
      `<svg width="1600" height="900" xmlns="http://www.w3.org/2000/svg"><defs><linearGradient id="sky" x2="0" y2="1"><stop offset="0" stop-color="#2b6cc4"/><stop offset="1" stop-color="#f7c98b"/></linearGradient></defs><rect width="1600" height="900" fill="url(#sky)"/><circle cx="1100" cy="420" r="120" fill="#fff3c0"/><path d="M0 900V640L380 380L700 700L980 500L1600 820V900Z" fill="#27402f"/></svg>`,
    ),
  )
    .jpeg({ quality: 90 })
    .toBuffer();

/** A page on one nginx with pictures on another, a proxy that transcodes, and what that sent for each path. */
export async function gazette({ world }: Setting) {
  const certificates = [await world.authority.issue({ names: ['localhost'] })];
  const serve = async (files: Files) => {
    const origin = await startOrigin(isInstalled('nginx') ? 'nginx' : 'node', { certificates, files });
    world.onClose(() => origin.stop());
    return `https://localhost:${origin.port}`;
  };
  const pictures = await serve({
    '/photograph.jpg': { type: 'image/jpeg', body: await photograph() },
    '/drawing.png': { type: 'image/png', body: await drawing() },
  });
  const origin = await serve({
    '/page.html': { type: 'text/html; charset=utf-8', body: story(pictures) },
    '/second.html': { type: 'text/html', body: SECOND },
  });
  const sent = new Map<string, Buffer>();
  const recorder: Service = {
    name: 'recorder',
    response: ({ request }) => ({
      async *body(body) {
        const chunks: Uint8Array[] = [];
        for await (const bytes of body) {
          chunks.push(bytes);
          yield bytes;
        }
        sent.set(request.url, Buffer.concat(chunks));
      },
    }),
  };
  const proxy = await world.proxy({ services: [transcode(), recorder] });
  return { page: `${origin}/page.html`, second: `${origin}/second.html`, pictures, proxy, sent };
}

/** The browser on Node, given what the proxy sent, or why nothing came, instead of a network. */
export class Twin {
  readonly paper = new Paper();
  readonly browser: Browser;
  #shown = 0;

  constructor(sent: ReadonlyMap<string, Buffer | Error>) {
    const { paper } = this;
    const client: ConstructorParameters<typeof Browser>[0]['client'] = {
      async request(url) {
        const bytes = sent.get(url);
        if (bytes instanceof Error) throw bytes;
        if (bytes === undefined) throw new Error(`nothing was sent for ${url}`);
        await paper.prepare(`${bytes}`);
        const session = { grant: Grant.Session } as Awaited<ReturnType<typeof client.request>>['session'];
        const [redirected, statusText] = [false, 'OK'];
        return {
          url,
          status: 200,
          redirected,
          statusText,
          headers: new HeaderList(),
          session,
          body: pieces(bytes),
        };
      },
    };
    const platform = { parseUrl, setTimer: () => () => {} };
    this.browser = new Browser({ client, platform, screen: paper, onShown: () => this.#shown++ });
  }

  /** Opens a page; resolves when that is shown. */
  async open(url: string): Promise<void> {
    void this.browser.run(url);
    await expect.poll(() => this.#shown, { timeout: 10_000, interval: 5 }).toBe(1);
  }

  async press(key: Key, shown = this.#shown): Promise<void> {
    this.browser.press(key);
    await expect.poll(() => this.#shown, { timeout: 10_000, interval: 5 }).toBe(shown);
  }
}

/** In pieces of lengths that no network would choose. */
async function* pieces(bytes: Buffer): AsyncGenerator<Uint8Array> {
  for (let at = 0, length = 1; at < bytes.length; at += length, length = (length * 7 + 3) % 997)
    yield bytes.subarray(at, at + length);
}

/** A device and its twin, which must show the same after each key. */
export class Pair {
  #shot = 0;

  constructor(
    readonly device: Device,
    readonly twin: Twin,
  ) {}

  async press(key: Key): Promise<void> {
    await this.twin.press(key);
    await this.device.press(key);
    await this.same(key);
  }

  async same(name: string): Promise<Uint16Array> {
    await this.device.shows(this.twin.paper.pixels, `${this.#shot++}-${name}`);
    return this.twin.paper.pixels.slice();
  }
}
