// The browser: shows a page while it comes in, scrolls it, and follows its links.

import type { Client } from '../../../host/client/client.js';
import type { ClientResponse } from '../../../host/client/sessions/exchange.js';
import { grantName } from '../../../host/delegation/grant.js';
import { authority } from '../../../host/delegation/origin.js';
import { joined } from '../../../host/delegation/secret_bytes.js';
import type { Platform } from '../../../host/platform/platform.js';
import { Cancellation } from '../cancellation.js';
import type { DisplayList } from './display_list.js';
import { PageBuilder } from './page_builder.js';
import { Pictures } from './pictures.js';
import { KEYS, type Key, type NativeScreen } from './screen.js';
import { Utf8Stream } from './utf8_stream.js';
import { pageArea, type Status, Viewport } from './viewport.js';

/** Milliseconds between two looks at the keys. */
const KEY_INTERVAL = 40;
/** Bytes of a picture that is a page by itself. */
const MAX_PICTURE = 256 * 1024;
const MAX_HISTORY = 50;

export interface BrowserParts {
  client: Pick<Client, 'request'>;
  platform: Pick<Platform, 'setTimer' | 'parseUrl'>;
  screen: NativeScreen;
  /** Told when a page is there, or why it is not. */
  onShown(url: string, error: unknown): void;
}

interface Place {
  url: string;
  top: number;
}

export class Browser {
  readonly #parts: BrowserParts;
  readonly #area: { width: number; height: number };
  readonly #history: Place[] = [];
  #viewport: Viewport;
  #url = '';
  #title = '';
  #status: Status = { text: '' };
  #visit = new Cancellation();
  #onQuit = () => {};

  constructor(parts: BrowserParts) {
    this.#parts = parts;
    this.#area = pageArea(parts.screen);
    this.#viewport = this.#begin().viewport;
  }

  /** Shows the page at `url` and what its links lead to, until the key that ends it. */
  run(url: string): Promise<void> {
    return new Promise((resolve) => {
      let cancelTimer = () => {};
      this.#onQuit = () => {
        cancelTimer();
        this.#visit.abort();
        resolve();
      };
      const look = () => {
        cancelTimer = this.#parts.platform.setTimer(KEY_INTERVAL, look);
        for (let key = this.#parts.screen.key(); key !== 0; key = this.#parts.screen.key())
          this.press(KEYS[key] ?? 'none');
      };
      this.#viewport.draw('Deputy', this.#status);
      look();
      void this.#open({ url, top: 0 });
    });
  }

  /** A line about what goes on, until the next one. */
  say(text: string): void {
    this.#status = { ...this.#status, text };
    this.#viewport.drawStatus(this.#status);
  }

  press(key: Key): void {
    const viewport = this.#viewport;
    const { top, selected } = viewport;
    switch (key) {
      case 'up':
        viewport.scrollBy(-1);
        break;
      case 'down':
        viewport.scrollBy(1);
        break;
      case 'left':
      case 'right':
        this.#select(key === 'right' ? 1 : -1);
        break;
      case 'select':
        this.#follow();
        return;
      case 'back':
        this.#back();
        return;
      case 'reload':
        void this.#open({ url: this.#url, top });
        return;
      case 'quit':
        this.#onQuit();
        return;
    }
    if (viewport.top !== top || viewport.selected !== selected) viewport.drawPage();
  }

  #select(step: 1 | -1): void {
    const viewport = this.#viewport;
    if (viewport.select(step)) return;
    viewport.scrollBy(step);
    viewport.select(step);
  }

  #follow(): void {
    const { selected, page } = this.#viewport;
    const address = selected === undefined ? undefined : page.links[selected];
    if (address === undefined) return;
    const [target = '', name = ''] = address.split('#');
    const url = this.#parts.platform.parseUrl(target, this.#url);
    if (target === '') {
      this.#jump(name);
    } else if (url === undefined) {
      this.say(`this device opens no such address: ${address}`);
    } else {
      this.#history.push({ url: this.#url, top: this.#viewport.top });
      if (this.#history.length > MAX_HISTORY) this.#history.shift();
      void this.#open({ url: url.href, top: 0 }, name);
    }
  }

  #back(): void {
    const last = this.#history.pop();
    if (last !== undefined) void this.#open(last);
  }

  #jump(name: string): void {
    const y = this.#viewport.page.anchors.get(name);
    if (y === undefined) return;
    this.#viewport.scrollTo(y);
    this.#viewport.drawPage();
  }

  async #open({ url, top }: Place, anchor = ''): Promise<void> {
    this.#visit.abort();
    const visit = new Cancellation();
    this.#visit = visit;
    const { host = '', port = 443 } = this.#parts.platform.parseUrl(url) ?? {};
    this.#url = url;
    this.say(`opening ${authority(host, port)}`);
    let failure: unknown;
    try {
      const response = await this.#parts.client.request(url, { signal: visit });
      if (visit.aborted) return;
      this.#url = response.url;
      await this.#show(response, visit);
    } catch (error) {
      if (visit.aborted) return;
      failure = error;
      this.#explain(error as Error & { code?: string });
    }
    if (visit.aborted) return;
    if (top > 0) this.#viewport.scrollTo(top);
    this.#viewport.draw(this.#title, this.#status);
    if (anchor !== '') this.#jump(anchor);
    this.#parts.onShown(this.#url, failure);
  }

  async #show({ status, headers, session, body }: ClientResponse, visit: Cancellation): Promise<void> {
    const { viewport, builder } = this.#begin();
    const type = (headers.get('content-type') ?? 'text/html').split(';')[0]!.trim().toLowerCase();
    const write = writerFor(type, builder, this.#parts.screen);
    const { grant } = session;
    this.#status = { text: '', tag: grant === undefined ? undefined : grantName(grant) };
    this.#viewport = viewport;
    this.#title = this.#place;
    viewport.draw(this.#title, this.#status);
    let length = 0;
    for await (const bytes of body) {
      if (visit.aborted) return;
      length += bytes.length;
      write(bytes);
      this.#refresh(builder.page);
      this.say(`${this.#place} · ${kib(length)}`);
      if (builder.page.isFull) break;
    }
    if (visit.aborted) return;
    write(undefined);
    builder.end();
    this.#refresh(builder.page);
    const said = status < 400 ? '' : ` · answered ${status}`;
    this.say(`${this.#place}${said} · ${kib(length)}`);
  }

  /** Draws what has come, where that is in view. */
  #refresh(page: DisplayList): void {
    const viewport = this.#viewport;
    const title = page.title === '' ? this.#place : page.title;
    const changed = page.takeChange();
    if (title !== this.#title) viewport.draw(title, this.#status);
    else if (changed < viewport.bottom) viewport.drawPage();
    else if (changed < Number.POSITIVE_INFINITY) viewport.drawPlace();
    this.#title = title;
  }

  #explain({ message, code }: Error & { code?: string }): void {
    const { viewport, builder } = this.#begin();
    this.#viewport = viewport;
    this.#title = 'No page';
    this.#status = { text: this.#place };
    const escaped = (text: string) => text.replace(/&/g, '&amp;').replace(/</g, '&lt;');
    const sentence = `${message.slice(0, 1).toUpperCase()}${message.slice(1)}.`;
    builder.write(`<h1>This page can’t be shown</h1><p>${escaped(sentence)}</p>`);
    if (code !== undefined) builder.write(`<p><small>${escaped(code)}</small></p>`);
    builder.write('<hr><p>Reload tries it again; back leads to the page before.</p>');
    builder.end();
  }

  #begin(): { viewport: Viewport; builder: PageBuilder } {
    const { screen } = this.#parts;
    const { width, height } = this.#area;
    const pictures = new Pictures(screen, width, 2 * height);
    const builder = new PageBuilder(screen, width, pictures);
    return { builder, viewport: new Viewport(screen, builder.page, pictures) };
  }

  get #place(): string {
    const { host = '', port = 443 } = this.#parts.platform.parseUrl(this.#url) ?? {};
    return authority(host, port);
  }
}

const kib = (bytes: number) => `${Math.ceil(bytes / 1024)} KiB`;

/** Takes content of the media type `type`; `undefined` ends it. */
function writerFor(
  type: string,
  builder: PageBuilder,
  screen: NativeScreen,
): (bytes: Uint8Array | undefined) => void {
  const text = new Utf8Stream((bytes) => screen.text(bytes));
  const decoded = (bytes: Uint8Array | undefined) => (bytes === undefined ? text.end() : text.write(bytes));
  if (type === 'text/html' || type === 'application/xhtml+xml')
    return (bytes) => builder.write(decoded(bytes));
  if (type.startsWith('text/')) return (bytes) => builder.writePlain(decoded(bytes));
  if (type !== 'image/png' && type !== 'image/jpeg') throw new Error(`this device shows no ${type}`);
  const chunks: Uint8Array[] = [];
  let length = 0;
  return (bytes) => {
    if (bytes === undefined) return builder.writePicture(joined(chunks));
    length += bytes.length;
    if (length > MAX_PICTURE) throw new Error('the picture is too large for this device');
    chunks.push(bytes);
  };
}
