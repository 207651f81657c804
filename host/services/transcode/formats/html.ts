// HTML to the simplified HTML of a handheld, as a stream: elements are dropped, kept or renamed as they pass.
import { once } from 'node:events';
import { finished } from 'node:stream/promises';
import type { StartTag } from 'parse5-sax-parser';
import { SAXParser } from 'parse5-sax-parser';
import { htmlEncoder } from '../charset.js';
import type { Format, Resources } from '../format.js';
import { HtmlError, MAX_TOKEN, STEP } from '../limits.js';
import {
  addresses,
  attribute,
  common,
  dropped,
  empty,
  escapeAttribute,
  escapeText,
  firstCandidate,
  isSafeAddress,
  kept,
  renamed,
  resolveAddress,
} from '../markup.js';
import { OrderedOutput } from '../ordered.js';

export interface HtmlOptions {
  /** Where the page lies; relative addresses of pictures and style sheets are resolved against it. */
  baseUrl: string;
  /** Whether the device understands style sheets. */
  styles: boolean;
  /** The character set of the output, named in its `<meta>`. */
  charset: string;
  /** The character set that the page came in: what its forms send is in it. */
  formCharset: string;
  resources: Resources;
}

const MAX_DEPTH_DROPPED = 10_000;

export const simplifiedHtml: Format = {
  name: 'text/html',
  contentType: 'text/html',
  write: (page, { url, profile, charset, resources }) =>
    simplifyHtml(page, {
      baseUrl: url,
      styles: profile.styles,
      charset: profile.charset,
      formCharset: charset,
      resources,
    }),
  encoder: htmlEncoder,
};

/** Simplifies the decoded text of one page. Throws HtmlError for input that never completes a token. */
export async function* simplifyHtml(
  text: AsyncIterable<string>,
  options: HtmlOptions,
): AsyncGenerator<string> {
  const page = new Page(options);
  for await (const chunk of text) {
    for (let at = 0; at < chunk.length; at += STEP) {
      await page.write(chunk.slice(at, at + STEP));
      yield* page.output.drain(false);
    }
  }
  await page.end();
  yield* page.output.drain(true);
  if (page.output.isAnyLate) yield '<hr>';
  yield* page.output.drainLate();
  if (page.closing !== '') yield `${page.closing}\n`;
}

class Page {
  readonly output = new OrderedOutput();
  /** End tags that stand after everything, late pictures too. */
  closing = '';
  #pictures = 0;
  #inLink = false;
  readonly #parser = new SAXParser();
  #baseUrl: string;
  #dropping: string | undefined;
  #droppingDepth = 0;
  #styleText: string | undefined;
  #sinceToken = 0;
  #metaWritten = false;

  constructor(readonly options: HtmlOptions) {
    this.#baseUrl = options.baseUrl;
    const parser = this.#parser;
    // Only listened tokens are built; comments are left out by not listening.
    parser.on('doctype', () => {
      this.#sinceToken = 0;
      this.output.push('<!DOCTYPE html>');
    });
    parser.on('startTag', (tag) => this.#onStartTag(tag));
    parser.on('endTag', (tag) => this.#onEndTag(tag.tagName));
    parser.on('text', ({ text }) => this.#onText(text));
    parser.resume();
  }

  async write(chunk: string): Promise<void> {
    this.#sinceToken += chunk.length;
    if (!this.#parser.write(chunk)) await once(this.#parser, 'drain');
    if (this.#sinceToken > MAX_TOKEN) throw new HtmlError('the page has a tag or comment of more than 1 MiB');
  }

  async end(): Promise<void> {
    this.#parser.end();
    await finished(this.#parser);
  }

  #onText(text: string): void {
    this.#sinceToken = 0;
    if (this.#styleText !== undefined) this.#styleText = (this.#styleText + text).slice(0, MAX_TOKEN);
    else if (this.#dropping === undefined) this.output.push(escapeText(text));
  }

  #onStartTag(tag: StartTag): void {
    this.#sinceToken = 0;
    const name = tag.tagName;
    if (this.#dropping !== undefined) {
      if (name === this.#dropping && !tag.selfClosing)
        this.#droppingDepth = Math.min(this.#droppingDepth + 1, MAX_DEPTH_DROPPED);
      return;
    }
    if (name === 'style' && this.options.styles) {
      this.#styleText = '';
      return;
    }
    if (dropped.has(name)) {
      if (!tag.selfClosing && !empty.has(name)) {
        this.#dropping = name;
        this.#droppingDepth = 1;
      }
      return;
    }
    if (name === 'link') this.#onLink(tag);
    if (name === 'img') this.#onPicture(tag);
    if (name === 'base') this.#onBase(tag);
    const known = renamed.get(name) ?? (kept.has(name) ? name : undefined);
    if (known === undefined) return;
    if (known === 'a') this.#inLink = true;
    if (known === 'body') this.#writeMeta();
    this.output.push(`<${known}${this.#attributes(tag, known)}>`);
    if (known === 'head') this.#writeMeta();
  }

  #onEndTag(name: string): void {
    this.#sinceToken = 0;
    if (this.#dropping !== undefined) {
      if (name === this.#dropping && --this.#droppingDepth === 0) this.#dropping = undefined;
      return;
    }
    if (name === 'style' && this.#styleText !== undefined) {
      const style = safeStyle(this.#styleText);
      this.#styleText = undefined;
      if (style !== '') this.output.push(`<style>${style}</style>`);
      return;
    }
    const known = renamed.get(name) ?? (kept.has(name) ? name : undefined);
    if (known === 'a') this.#inLink = false;
    if (known === 'body' || known === 'html') this.#close(known);
    else if (known !== undefined && !empty.has(known)) this.output.push(`</${known}>`);
  }

  #attributes(tag: StartTag, known: string): string {
    const own = kept.get(known) ?? [];
    const styled = this.options.styles ? ['class'] : [];
    const allowed = tag.attrs.filter(({ name, value }) => {
      if (!own.includes(name) && !common.includes(name) && !styled.includes(name)) return false;
      return !addresses.has(name) || isSafeAddress(value);
    });
    const written = allowed.map(({ name, value }) => ` ${name}="${escapeAttribute(value)}"`).join('');
    const { charset, formCharset } = this.options;
    // A browser sends forms in the character set of the page, which is no longer what the origin expects.
    const isChanged = known === 'form' && charset.toLowerCase() !== formCharset.toLowerCase();
    const says = attribute(tag, 'accept-charset') !== undefined;
    return isChanged && !says ? `${written} accept-charset="${escapeAttribute(formCharset)}"` : written;
  }

  #writeMeta(): void {
    if (this.#metaWritten) return;
    this.#metaWritten = true;
    this.output.push(`<meta charset="${escapeAttribute(this.options.charset)}">`);
  }

  #onBase(tag: StartTag): void {
    const href = attribute(tag, 'href');
    const url = href === undefined ? undefined : resolveAddress(href, this.#baseUrl);
    if (url !== undefined && isSafeAddress(url)) this.#baseUrl = url;
  }

  #onLink(tag: StartTag): void {
    const relations = (attribute(tag, 'rel') ?? '').toLowerCase().split(/\s+/);
    const media = (attribute(tag, 'media') ?? 'all').toLowerCase();
    if (!this.options.styles || !relations.includes('stylesheet') || relations.includes('alternate')) return;
    if (!/\b(all|screen|handheld)\b/.test(media)) return;
    const url = resolveAddress(attribute(tag, 'href') ?? '', this.#baseUrl);
    if (url === undefined) return;
    const element = this.options.resources.style(url).then((text) => {
      const style = safeStyle(text);
      return style === '' ? '' : `<style>${style}</style>`;
    });
    this.output.pushLater(element, { here: '', after: (style) => style });
  }

  #onPicture(tag: StartTag): void {
    const source = attribute(tag, 'src') ?? firstCandidate(attribute(tag, 'srcset'));
    const alt = attribute(tag, 'alt') ?? '';
    const url = source === undefined ? undefined : resolveAddress(source, this.#baseUrl);
    if (url === undefined) {
      if (alt !== '') this.output.push(placeholder(alt, 'no address'));
      return;
    }
    const name = `deputy-picture-${++this.#pictures}`;
    const label = `[picture${alt === '' ? '' : `: ${escapeText(alt)}`}]`;
    this.output.pushLater(this.options.resources.picture(url, alt), {
      // A link can't stand in another one.
      here: this.#inLink ? label : `<a href="#${name}">${label}</a>`,
      after: (picture) => `<p><a name="${name}">${label}</a><br>${picture}</p>`,
    });
  }

  #close(name: 'body' | 'html'): void {
    if (!this.closing.includes(name)) this.closing += `</${name}>`;
  }
}

/** What a reader sees where a picture can't be had, and why. */
export function placeholder(alt: string, reason: string): string {
  return `<span class="deputy-missing">[picture${alt === '' ? '' : `: ${escapeText(alt)}`} — ${escapeText(reason)}]</span>`;
}

/**
 * A style sheet that stands alone: nothing it says fetches anything (`@import`, `url()`, `image-set()`), and it can't
 * end its own element.
 */
export function safeStyle(text: string): string {
  const bare = text.replace(/\/\*[\s\S]*?(\*\/|$)/g, '');
  // An escape could spell any of the words below without showing it; a small browser needs none.
  if (/\\/.test(bare) || /<\/?style|<!--|<script/i.test(bare)) return '';
  return bare
    .replace(/@(import|charset|namespace|font-face)\b[^;{]*(;|\{[^}]*\}|$)/gi, '')
    .replace(/[a-z-]+\s*:[^;{}]*\b(url|image|image-set|src|expression)\s*\([^;{}]*(;|(?=\}))/gi, '')
    .replace(/\s+/g, ' ')
    .trim();
}
