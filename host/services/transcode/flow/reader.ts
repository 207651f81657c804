// Reads the elements of a page into the flow that the small formats are written from.
import type { Element, ElementSink } from '../html/element.js';
import { isSafeAddress, MAX_ADDRESS, resolveAddress } from '../page/address.js';
import type { BaseAddress } from '../page/base_address.js';
import { BLOCKS, EMPHASIS, MARKS, STRONG } from './elements.js';
import { type Block, type FlowSink, PLAIN, type Style, sameStyle } from './flow.js';
import { FormReader } from './forms.js';
import { OpenLists } from './lists.js';
import { isRaised } from './raised.js';
import { FlowTitle } from './title.js';

export interface FlowOptions {
  /** What the addresses of the page are relative to. */
  base: BaseAddress;
  /** The character set of the page, in which its forms are sent unless they say otherwise. */
  charset: string;
  /** Begins the names of the variables of this page's fields. */
  prefix: string;
}

const MAX_ID = 64;
/** Places that wait for content to stand at. */
const MAX_PENDING_ANCHORS = 16;
const LISTS: ReadonlySet<string> = new Set(['ul', 'ol', 'menu', 'dir']);
const PREFORMATTED: ReadonlySet<string> = new Set(['pre', 'listing', 'xmp', 'plaintext']);

export class FlowReader implements ElementSink {
  readonly #forms: FormReader;
  readonly #title = new FlowTitle((title) => this.sink.title(title));
  #strong = 0;
  #emphasis = 0;
  /** Open links, the innermost last. */
  #links: { element: Element; address: string | undefined }[] = [];
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
  /** A superscript begins: its first text says how it is shown. */
  #raised = false;

  constructor(
    private readonly sink: FlowSink,
    private readonly options: FlowOptions,
  ) {
    const inLine = (tell: () => void) => {
      this.#content(this.#style());
      tell();
      this.#space = PLAIN;
    };
    this.#forms = new FormReader(
      {
        formStart: (form) => this.#inBetween(() => sink.formStart(form)),
        field: (field, form) => inLine(() => sink.field(field, form)),
        submit: (form, submit) => inLine(() => sink.submit(form, submit)),
        formEnd: (form) => this.#inBetween(() => sink.formEnd(form)),
      },
      options.prefix,
      options.charset,
    );
  }

  start(element: Element): void {
    const { name, attributes } = element;
    if (BLOCKS.has(name)) this.#boundary();
    const id = attributes.get('id') ?? (name === 'a' ? attributes.get('name') : undefined);
    if (id !== undefined && id !== '' && id.length <= MAX_ID && this.#anchors.length < MAX_PENDING_ANCHORS)
      this.#anchors.push(id);
    if (this.#forms.start(element, this.options.base.url)) return;
    if (STRONG.has(name)) this.#strong++;
    if (EMPHASIS.has(name)) this.#emphasis++;
    if (PREFORMATTED.has(name)) this.#preformatted++;
    if (LISTS.has(name)) this.#lists.start(name === 'ol' ? 'ol' : 'ul', Number(attributes.get('start') ?? 1));
    this.#onElement(element);
  }

  #onElement(element: Element): void {
    const { name, attributes } = element;
    switch (name) {
      case 'title':
        this.#title.start();
        break;
      case 'meta':
        this.#onMeta(attributes);
        break;
      case 'h1':
      case 'h2':
      case 'h3':
      case 'h4':
      case 'h5':
      case 'h6':
        this.#heading = Number(name[1]);
        break;
      case 'li':
        this.#item = this.#lists.item(Number(attributes.get('value') ?? Number.NaN));
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
        this.#links.push({ element, address: this.#linkOf(attributes.get('href')) });
        break;
      case 'img':
        this.#onPicture(element);
        break;
      case 'sup':
        // What stands alone, as the number before a footnote, is raised above nothing.
        this.#raised = this.#blockOpen && this.#space === undefined && this.#breaks === 0 && !this.#separator;
        break;
      default:
        this.#mark(MARKS.get(name)?.before);
    }
  }

  end(element: Element): void {
    const { name } = element;
    if (name === 'title') this.#title.end();
    if (this.#forms.end(element)) return;
    if (STRONG.has(name)) this.#strong--;
    if (EMPHASIS.has(name)) this.#emphasis--;
    if (name === 'a') this.#links = this.#links.filter((link) => link.element !== element);
    if (name === 'sup') this.#raised = false;
    this.#endMark(MARKS.get(name)?.after);
    if (BLOCKS.has(name)) this.#boundary();
    if (/^h[1-6]$/.test(name)) this.#heading = 0;
    if (PREFORMATTED.has(name)) this.#preformatted--;
    if (name === 'tr' || name === 'table') this.#inRow = false;
    if (!LISTS.has(name)) return;
    this.#lists.end();
    this.#item = undefined;
  }

  finish(): void {
    this.#title.end();
    this.#forms.finish();
    this.sink.end();
  }

  text(text: string): void {
    if (this.#title.text(text) || this.#forms.text(text)) return;
    const shown = this.#raised && text.trim() !== '' ? this.#raise(text) : text;
    if (this.#preformatted > 0) this.#preformattedText(shown);
    else this.#flowingText(shown);
  }

  #raise(text: string): string {
    this.#raised = false;
    return isRaised(text) ? `^${text}` : text;
  }

  /** Signs in the place of what an element says by its looks. */
  #mark(sign: string | undefined): void {
    if (sign === undefined || this.#forms.text(sign)) return;
    this.#content(this.#style());
    this.sink.text(sign, this.#style());
  }

  /** They stand close to what they end; the space that comes first there comes after them. */
  #endMark(sign: string | undefined): void {
    if (sign === undefined || !this.#blockOpen) return;
    const space = this.#space;
    this.#space = undefined;
    this.#mark(sign);
    this.#space = space;
  }

  #onMeta(attributes: Element['attributes']): void {
    const found = /^(\d+); url=(.*)$/s.exec(attributes.get('content') ?? '');
    if (attributes.get('http-equiv') === 'refresh' && found?.[2] !== undefined)
      this.sink.refresh({ seconds: Number(found[1]), url: found[2] });
  }

  #flowingText(text: string): void {
    const collapsed = text.replace(/[ \t\r\n\f]+/g, ' ');
    const style = this.#style();
    const isBlank = collapsed.trim() === '';
    // A space that no line ends at is a space all the same where nothing else stands beside it.
    if ((isBlank || collapsed.startsWith(' ')) && this.#blockOpen) this.#space ??= style;
    if (isBlank) return;
    const trimmed = collapsed.replace(/^ | $/g, '');
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

  #onPicture({ attributes }: Element): void {
    const alt = (attributes.get('alt') ?? '').replace(/\s+/g, ' ').trim().slice(0, 200);
    const url = attributes.get('src');
    const wanted = url !== undefined && /^https?:/i.test(url) && url.length <= MAX_ADDRESS ? url : undefined;
    if (wanted === undefined && alt === '') return;
    this.#forms.flush();
    this.#content(this.#style());
    this.sink.picture(wanted, alt, this.#style());
  }

  #linkOf(href: string | undefined): string | undefined {
    if (href === undefined) return undefined;
    const address = href.trim();
    if (address === '#') return undefined;
    const { base } = this.options;
    if (/^#./.test(address) && base.url === base.page) {
      return address.length <= MAX_ID ? address : undefined;
    }
    const url = resolveAddress(address, base.url);
    return url !== undefined && isSafeAddress(url) && url.length <= MAX_ADDRESS ? url : undefined;
  }

  readonly #style = (): Style => {
    const link = this.#links.at(-1)?.address;
    return this.#strong === 0 && this.#emphasis === 0 && link === undefined
      ? PLAIN
      : { strong: this.#strong > 0, emphasis: this.#emphasis > 0, link };
  };

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
      this.sink.text(' ', sameStyle(this.#space, style) ? style : PLAIN);
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
    this.#title.end();
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
}
