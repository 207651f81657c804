// Reads the tags of a page, as they come, into the flow that the small formats are written from.
import { once } from 'node:events';
import { finished } from 'node:stream/promises';
import type { StartTag } from 'parse5-sax-parser';
import { SAXParser } from 'parse5-sax-parser';
import { HtmlError, MAX_TOKEN, STEP } from '../limits.js';
import { attribute, dropped, empty, firstCandidate, isSafeAddress, resolveAddress } from '../markup.js';
import { BLOCKS, EMPHASIS, STRONG } from './elements.js';
import { type Block, type FlowSink, PLAIN, type Style } from './flow.js';
import { FormReader } from './forms.js';
import { OpenLists } from './lists.js';

export interface FlowOptions {
  /** Where the page lies. */
  baseUrl: string;
  /** The character set of the page, in which its forms are sent unless they say otherwise. */
  charset: string;
  /** Begins the names of the variables of this page's fields. */
  prefix: string;
}

const MAX_TITLE = 80;
const MAX_ID = 64;
/** Places that wait for content to stand at. */
const MAX_PENDING_ANCHORS = 16;
const MAX_ADDRESS = 2048;
/** Elements of one name that are open at once, and counted. */
const MAX_DEPTH = 10_000;

export class FlowReader {
  readonly #parser = new SAXParser();
  readonly #forms: FormReader;
  #baseUrl: string;
  #sinceToken = 0;
  #dropping: { name: string; depth: number } | undefined;
  #title: string | undefined;
  #titleOpen = true;
  #strong = 0;
  #emphasis = 0;
  #link: string | undefined;
  #heading = 0;
  #preformatted = 0;
  #inRow = false;
  readonly #lists = new OpenLists();
  #item: number | 'bullet' | undefined;
  #blockOpen = false;
  #space: Style | undefined;
  #breaks = 0;
  #separator = false;
  #anchors: string[] = [];

  constructor(
    private readonly sink: FlowSink,
    private readonly options: FlowOptions,
  ) {
    this.#baseUrl = options.baseUrl;
    this.#forms = new FormReader(
      {
        formStart: (form) => this.#inBetween(() => sink.formStart(form)),
        field: (field, form) => {
          this.#content(this.#style());
          sink.field(field, form);
          this.#space = PLAIN;
        },
        formEnd: (form) => this.#inBetween(() => sink.formEnd(form)),
      },
      options.prefix,
      options.charset,
    );
    this.#parser.on('startTag', (tag) => this.#onStartTag(tag));
    this.#parser.on('endTag', (tag) => this.#onEndTag(tag.tagName));
    this.#parser.on('text', ({ text }) => this.#onText(text));
    this.#parser.resume();
  }

  /** Reads `text`; `isDone` is asked now and then whether more of it is wanted. Throws HtmlError. */
  async write(text: string, isDone: () => boolean): Promise<void> {
    for (let at = 0; at < text.length && !isDone(); at += STEP) {
      const step = text.slice(at, at + STEP);
      this.#sinceToken += step.length;
      if (!this.#parser.write(step)) await once(this.#parser, 'drain');
      if (this.#sinceToken > MAX_TOKEN)
        throw new HtmlError('the page has a tag or comment of more than 1 MiB');
    }
  }

  async end(): Promise<void> {
    this.#parser.end();
    await finished(this.#parser);
    this.#endTitle();
    this.#forms.endForm();
    this.sink.end();
  }

  #onStartTag(tag: StartTag): void {
    this.#sinceToken = 0;
    const name = tag.tagName;
    if (this.#dropping !== undefined) {
      if (name === this.#dropping.name && !tag.selfClosing && this.#dropping.depth < MAX_DEPTH)
        this.#dropping.depth++;
      return;
    }
    const isEmpty = empty.has(name);
    if (dropped.has(name) || (attribute(tag, 'hidden') !== undefined && name !== 'html' && name !== 'body')) {
      if (!isEmpty && !tag.selfClosing) this.#dropping = { name, depth: 1 };
      return;
    }
    if (BLOCKS.has(name)) this.#boundary();
    const id = attribute(tag, 'id') ?? (name === 'a' ? attribute(tag, 'name') : undefined);
    if (id !== undefined && id !== '' && id.length <= MAX_ID && this.#anchors.length < MAX_PENDING_ANCHORS)
      this.#anchors.push(id);
    if (this.#forms.startTag(tag, this.#baseUrl)) return;
    if (STRONG.has(name)) this.#strong = Math.min(this.#strong + 1, MAX_DEPTH);
    if (EMPHASIS.has(name)) this.#emphasis = Math.min(this.#emphasis + 1, MAX_DEPTH);
    this.#onElement(name, tag);
  }

  #onElement(name: string, tag: StartTag): void {
    switch (name) {
      case 'title':
        this.#title ??= '';
        break;
      case 'base': {
        const url = resolveAddress(attribute(tag, 'href') ?? '', this.#baseUrl);
        if (url !== undefined && /^https?:/i.test(url)) this.#baseUrl = url;
        break;
      }
      case 'h1':
      case 'h2':
      case 'h3':
      case 'h4':
      case 'h5':
      case 'h6':
        this.#heading = Number(name[1]);
        break;
      case 'pre':
        this.#preformatted = Math.min(this.#preformatted + 1, MAX_DEPTH);
        break;
      case 'ul':
      case 'ol':
      case 'menu':
      case 'dir':
        this.#lists.start(name === 'ol' ? 'ol' : 'ul', Number(attribute(tag, 'start') ?? 1));
        break;
      case 'li':
        this.#item = this.#lists.item(Number(attribute(tag, 'value') ?? Number.NaN));
        break;
      case 'tr':
        this.#inRow = true;
        break;
      case 'td':
      case 'th':
        this.#forms.boundary();
        this.#separator = this.#inRow && this.#blockOpen;
        break;
      case 'br':
        this.#forms.boundary();
        if (this.#blockOpen) this.#breaks = Math.min(this.#breaks + 1, 2);
        this.#space = undefined;
        break;
      case 'hr':
        this.#inBetween(() => this.sink.rule());
        break;
      case 'a':
        this.#link = this.#linkOf(attribute(tag, 'href'));
        break;
      case 'img':
        this.#onPicture(tag);
        break;
    }
  }

  #onEndTag(name: string): void {
    this.#sinceToken = 0;
    if (this.#dropping !== undefined) {
      if (name === this.#dropping.name && --this.#dropping.depth === 0) this.#dropping = undefined;
      return;
    }
    if (name === 'title') this.#endTitle();
    if (this.#forms.endTag(name)) return;
    if (STRONG.has(name) && this.#strong > 0) this.#strong--;
    if (EMPHASIS.has(name) && this.#emphasis > 0) this.#emphasis--;
    if (name === 'a') this.#link = undefined;
    if (BLOCKS.has(name)) this.#boundary();
    if (/^h[1-6]$/.test(name)) this.#heading = 0;
    if (name === 'pre' && this.#preformatted > 0) this.#preformatted--;
    if (name === 'tr' || name === 'table') this.#inRow = false;
    if (['ul', 'ol', 'menu', 'dir'].includes(name)) {
      this.#lists.end();
      this.#item = undefined;
    }
  }

  #onText(text: string): void {
    this.#sinceToken = 0;
    if (this.#dropping !== undefined) return;
    if (this.#title !== undefined && this.#titleOpen) {
      if (this.#title.length < MAX_TITLE) this.#title += text.slice(0, MAX_TITLE);
      return;
    }
    if (this.#forms.text(text)) return;
    if (this.#preformatted > 0) this.#preformattedText(text);
    else this.#flowingText(text);
  }

  #flowingText(text: string): void {
    const collapsed = text.replace(/[ \t\r\n\f]+/g, ' ');
    const style = this.#style();
    const trimmed = collapsed.trim();
    if (collapsed.startsWith(' ') && this.#blockOpen) this.#space ??= style;
    if (trimmed === '') return;
    this.#content(style);
    this.sink.text(trimmed, style);
    if (collapsed.endsWith(' ')) this.#space = style;
  }

  #preformattedText(text: string): void {
    const lines = text.replace(/\r\n?/g, '\n').replace(/\t/g, '        ').split('\n');
    for (const [index, line] of lines.entries()) {
      if (index > 0 && this.#blockOpen) this.#breaks = Math.min(this.#breaks + 1, 2);
      if (line.trim() === '' && (index > 0 || !this.#blockOpen)) continue;
      this.#content(this.#style());
      this.sink.text(line, this.#style());
    }
  }

  #onPicture(tag: StartTag): void {
    const source = attribute(tag, 'src') ?? firstCandidate(attribute(tag, 'srcset'));
    const alt = (attribute(tag, 'alt') ?? '').replace(/\s+/g, ' ').trim().slice(0, 200);
    const url = source === undefined ? undefined : resolveAddress(source, this.#baseUrl);
    const wanted = url !== undefined && /^https?:/i.test(url) && url.length <= MAX_ADDRESS ? url : undefined;
    // Pixels that count visitors and hold layouts open show nothing.
    const invisible = ['width', 'height'].some((name) => /^[01]$/.test(attribute(tag, name) ?? ''));
    if (invisible || (wanted === undefined && alt === '')) return;
    this.#forms.flush();
    this.#content(this.#style());
    this.sink.picture(wanted, alt, this.#style());
  }

  #linkOf(href: string | undefined): string | undefined {
    if (href === undefined) return undefined;
    const address = href.trim();
    if (address === '#') return undefined;
    if (/^#./.test(address) && this.#baseUrl === this.options.baseUrl) {
      return address.length <= MAX_ID ? address : undefined;
    }
    const url = resolveAddress(address, this.#baseUrl);
    return url !== undefined && isSafeAddress(url) && url.length <= MAX_ADDRESS ? url : undefined;
  }

  readonly #style = (): Style =>
    this.#strong === 0 && this.#emphasis === 0 && this.#link === undefined
      ? PLAIN
      : { strong: this.#strong > 0, emphasis: this.#emphasis > 0, link: this.#link };

  /** What is next is content: everything that waited for it comes first. */
  #content(style: Style): void {
    if (!this.#blockOpen) {
      this.sink.block(this.#block());
      this.#blockOpen = true;
      this.#item = undefined;
    } else if (this.#breaks > 0) {
      for (; this.#breaks > 0; this.#breaks--) this.sink.lineBreak();
    } else if (this.#separator) {
      this.sink.text(' | ', PLAIN);
    } else if (this.#space !== undefined) {
      // A space between a link and plain text belongs to neither.
      this.sink.text(' ', this.#space === style ? style : PLAIN);
    }
    this.#breaks = 0;
    this.#separator = false;
    this.#space = undefined;
    for (const id of this.#anchors.splice(0)) this.sink.anchor(id);
  }

  #block(): Block {
    const kind =
      this.#preformatted > 0
        ? 'preformatted'
        : this.#heading > 0
          ? 'heading'
          : this.#item !== undefined
            ? 'item'
            : this.#inRow
              ? 'row'
              : 'paragraph';
    const number = typeof this.#item === 'number' && kind === 'item' ? this.#item : undefined;
    const lists = this.#lists.kinds;
    return { kind, level: kind === 'heading' ? this.#heading : 0, lists, number };
  }

  #boundary(): void {
    this.#forms.boundary();
    this.#endTitle();
    this.#blockOpen = false;
    this.#space = undefined;
    this.#breaks = 0;
    this.#separator = false;
  }

  /** Something that stands between blocks. */
  #inBetween(tell: () => void): void {
    this.#forms.flush();
    this.#boundary();
    tell();
  }

  #endTitle(): void {
    if (this.#title === undefined || !this.#titleOpen) return;
    this.#titleOpen = false;
    this.sink.title(this.#title.replace(/\s+/g, ' ').trim().slice(0, MAX_TITLE));
  }
}
