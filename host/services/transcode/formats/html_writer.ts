// Writes the elements of a page in the simplified HTML of a handheld: kept, renamed or dropped as they pass.
import type { HtmlDecks } from '../decks/html_decks.js';
import { runs } from '../decks/runs.js';
import type { PageOptions } from '../format.js';
import { type Element, type ElementSink, EMPTY } from '../html/element.js';
import { escapeAttribute, escapeText } from '../markup.js';
import { percentDecoded, resolveAddress } from '../page/address.js';
import type { BaseAddress } from '../page/base_address.js';
import { writeAttributes } from './html_attributes.js';
import { CUT_BEFORE, KEPT, SECTIONING } from './html_elements.js';
import { placeholder } from './placeholder.js';
import { safeStyle } from './style_sheet.js';

/** How full a part is, of one, where it ends before a heading, and before another block. */
const HEADING_CUT = 0.6;
const BLOCK_CUT = 0.85;
/** Of a part, what begins again of elements that go on from the one before. */
const AGAIN = 0.25;
const MAX_STYLE = 256 * 1024;
const MAX_TITLE = 200;
/** No part ends in these: half of one is of no use. */
const WHOLE: ReadonlySet<string> = new Set(['title', 'select', 'textarea', 'button', 'option', 'style']);

/** After these, or in them, a space is one whatever came before. */
const SPACE_COUNTS: ReadonlySet<string> = new Set([
  'pre',
  'textarea',
  'img',
  'input',
  'select',
  'button',
  'option',
]);

interface Written {
  element: Element;
  name: string;
  /** Its start tag, for a part in which it goes on. */
  tag: string;
  /** Fields of a form that don't show and go along, wherever it goes on. */
  hidden: string;
}

export class HtmlWriter implements ElementSink {
  readonly #open: Written[] = [];
  #style: { element: Element; text: string } | undefined;
  #metaWritten = false;
  #hasBase = false;
  #title: string | undefined;
  #pictures = 0;
  #endsInSpace = false;
  /** Of `html` and `body`, those that the page has begun. */
  readonly #frame: string[] = [];
  /** Something of the page stands in this part. */
  #hasContent = false;
  /** Style sheets that the page has: they are for all its parts. */
  #sheets: (string | { style: string })[] = [];

  constructor(
    private readonly decks: HtmlDecks,
    private readonly options: PageOptions,
    private readonly base: BaseAddress,
  ) {}

  start(element: Element): void {
    if (this.decks.isDone) return;
    const { name } = element;
    if (name === 'style') this.#style = { element, text: '' };
    else if (name === 'link') this.#link(element);
    else if (name === 'meta') this.#refresh(element);
    else if (name === 'img') this.#picture(element, undefined);
    else if (name === 'input' && isPicture(element)) this.#pictureButton(element);
    else this.#element(element);
  }

  end(element: Element): void {
    if (this.decks.isDone) return;
    if (element === this.#style?.element) {
      this.#endStyle();
      return;
    }
    this.#endsInSpace &&= !SPACE_COUNTS.has(element.name);
    const at = this.#open.findLastIndex((written) => written.element === element);
    const [written] = at < 0 ? [] : this.#open.splice(at, 1);
    // The ends of these stand after everything, late pictures too.
    if (written === undefined || written.name === 'body' || written.name === 'html') return;
    this.decks.push(`</${written.name}>`);
  }

  text(text: string): void {
    if (this.decks.isDone) return;
    if (this.#style !== undefined) {
      if (this.#style.text.length < MAX_STYLE) this.#style.text += text;
      return;
    }
    if (this.#open.at(-1)?.name === 'title') {
      this.#title = ((this.#title ?? '') + text).slice(0, MAX_TITLE);
      this.decks.push(escapeText(text.slice(0, MAX_TITLE)));
      return;
    }
    const written = escapeText(this.#isPreformatted ? text : this.#collapsed(text));
    if (written === '') return;
    if (this.#hasRoom(this.decks.size(written))) {
      this.#put(written);
      return;
    }
    for (const run of runs(written)) {
      const piece = run;
      const size = this.decks.size(piece);
      if (!this.#hasRoom(size)) this.#cut();
      if (this.#hasRoom(size)) this.#put(piece);
    }
  }

  finish(): void {
    if (this.decks.isDone) return;
    this.#finish(false);
  }

  /** White space is one space, or one line where the page is read by people who look at its source. */
  #collapsed(text: string): string {
    const collapsed = text.replace(/[ \t\r\n\f]+/g, (white) => (white.includes('\n') ? '\n' : ' '));
    const shown = this.#endsInSpace ? collapsed.replace(/^[ \n]/, '') : collapsed;
    if (shown !== '') this.#endsInSpace = /[ \n]$/.test(shown);
    return shown;
  }

  get #isPreformatted(): boolean {
    return this.#open.some(({ name }) => name === 'pre' || name === 'textarea');
  }

  #hasRoom(size: number): boolean {
    return this.decks.used + size <= this.decks.limit;
  }

  #put(markup: string): void {
    this.decks.push(markup);
    this.#hasContent = true;
  }

  #element(element: Element): void {
    const name = this.#nameOf(element.name);
    if (name === undefined) return;
    if (SPACE_COUNTS.has(name)) this.#endsInSpace = false;
    if (CUT_BEFORE.has(name)) this.#cutBefore(name);
    if (name === 'html' || name === 'body') this.#frame.unshift(name);
    if (name === 'body') this.#writeMeta();
    if (name === 'base') {
      if (this.#hasBase || !this.base.isSet) return;
      this.#hasBase = true;
      this.decks.leaveBase();
    }
    const tag = `<${name}${writeAttributes(element, name, this.options)}`;
    if (!this.#hasRoom(this.decks.size(tag) + 1)) this.#cut();
    if (!this.#hasRoom(this.decks.size(tag) + 1)) return;
    const id = element.attributes.get('id') ?? (name === 'a' ? element.attributes.get('name') : undefined);
    if (id !== undefined) this.decks.place(id);
    this.#writeTag(element, name, tag);
    if (name === 'head') this.#writeMeta();
    if (name === 'input' && tag.includes(' type="hidden"')) {
      const form = this.#open.findLast((written) => written.name === 'form');
      if (form !== undefined && form.hidden.length < AGAIN * this.decks.limit) form.hidden += `${tag}>`;
    }
    if (!EMPTY.has(name))
      this.#open.push({ element, name, tag: `${tag.replace(/ id="[^"]*"/, '')}>`, hidden: '' });
  }

  /** A link into the page itself is written once it is known where it leads. */
  #writeTag(element: Element, name: string, tag: string): void {
    const href = name === 'a' ? element.attributes.get('href')?.trim() : undefined;
    const isPlace = href !== undefined && /^#./.test(href) && this.base.url === this.base.page;
    const at = isPlace ? tag.indexOf(' href="') : -1;
    if (href === undefined || at < 0) {
      this.#put(`${tag}>`);
      return;
    }
    const end = tag.indexOf('"', at + 7) + 1;
    this.#put(tag.slice(0, at + 6));
    this.decks.pushPlace(percentDecoded(href.slice(1)));
    this.#put(`${tag.slice(end)}>`);
  }

  #nameOf(name: string): string | undefined {
    if (SECTIONING.has(name)) return this.options.profile.styles ? name : 'div';
    return KEPT.has(name) ? name : undefined;
  }

  #writeMeta(): void {
    if (this.#metaWritten) return;
    this.#metaWritten = true;
    this.decks.push(`<meta charset="${escapeAttribute(this.options.profile.charset)}">`);
  }

  #refresh({ attributes }: Element): void {
    if (attributes.get('http-equiv') !== 'refresh') return;
    this.decks.push(
      `<meta http-equiv="refresh" content="${escapeAttribute(attributes.get('content') ?? '')}">`,
    );
  }

  #link({ attributes }: Element): void {
    const relations = (attributes.get('rel') ?? '').toLowerCase().split(/\s+/);
    const media = (attributes.get('media') ?? 'all').toLowerCase();
    const isWanted =
      this.options.profile.styles && relations.includes('stylesheet') && !relations.includes('alternate');
    if (!isWanted || !/\b(all|screen|handheld)\b/.test(media)) return;
    const style = resolveAddress(attributes.get('href') ?? '', this.base.url);
    if (style !== undefined) this.#addSheet({ style });
  }

  #endStyle(): void {
    const style = safeStyle(this.#style?.text ?? '');
    this.#style = undefined;
    if (style !== '') this.#addSheet(`<style>${style}</style>`);
  }

  #addSheet(sheet: string | { style: string }): void {
    if (typeof sheet === 'string' && !this.#hasRoom(this.decks.size(sheet))) return;
    if (this.#sheets.length < 64) this.#sheets.push(sheet);
    this.decks.push(sheet);
  }

  #picture({ attributes, oversized }: Element, button: string | undefined): void {
    this.#endsInSpace = false;
    const alt = attributes.get('alt') ?? '';
    const picture = attributes.get('src');
    if (picture === undefined) {
      const reason = oversized?.has('src') === true ? 'too large' : 'no address';
      if (alt !== '') this.#put(placeholder(alt, reason));
      return;
    }
    const isLinked = this.#open.some(({ name }) => name === 'a');
    this.decks.push({ picture, alt, button, number: ++this.#pictures, isLinked });
    this.#hasContent = true;
  }

  #pictureButton(element: Element): void {
    const { attributes } = element;
    const kept = ['name', 'form', 'formaction', 'formmethod', 'disabled'].flatMap((key) => {
      const value = attributes.get(key);
      return value === undefined ? [] : [` ${key}="${escapeAttribute(value)}"`];
    });
    const src = resolveAddress(attributes.get('src') ?? '', this.base.url);
    const button = kept.join('');
    const alt = attributes.get('alt') ?? attributes.get('value') ?? 'OK';
    if (src === undefined || this.options.profile.pictures.length === 0) {
      this.#put(submitOf(button, alt));
      return;
    }
    this.decks.push({ picture: src, alt, button, number: ++this.#pictures, isLinked: false });
    this.#hasContent = true;
  }

  /** Parts end before a heading or another block, where that leaves no form in halves. */
  #cutBefore(name: string): void {
    const full = /^h[1-6]$/.test(name) ? HEADING_CUT : BLOCK_CUT;
    if (this.decks.used > full * this.decks.limit && !this.#open.some((written) => written.name === 'form'))
      this.#cut();
  }

  #cut(): void {
    if (!this.#hasContent || this.#open.some(({ name }) => WHOLE.has(name))) return;
    this.#finish(true);
    if (this.decks.isDone) return;
    this.#hasContent = false;
    this.decks.push(
      `<!DOCTYPE html><html><head><meta charset="${escapeAttribute(this.options.profile.charset)}">`,
    );
    if (this.#title !== undefined) this.decks.push(`<title>${escapeText(this.#title)}</title>`);
    if (this.base.url !== this.base.page) this.decks.push(`<base href="${escapeAttribute(this.base.url)}">`);
    for (const sheet of this.#sheets)
      if (typeof sheet !== 'string' || this.decks.used + this.decks.size(sheet) < AGAIN * this.decks.limit)
        this.decks.push(sheet);
    this.decks.push('</head><body>');
    for (const { name, tag, hidden } of this.#open) {
      if (name === 'html' || name === 'head' || name === 'body') continue;
      // What has no room begins again without what it said: its end is written all the same.
      const again = this.decks.used + this.decks.size(tag + hidden) < AGAIN * this.decks.limit;
      this.decks.push(again ? tag + hidden : `<${name}>`);
    }
  }

  #finish(hasNext: boolean): void {
    const inner = this.#open.filter(({ name }) => name !== 'html' && name !== 'body').reverse();
    const frame = this.decks.number > 1 ? ['body', 'html'] : this.#frame;
    const ends = (names: readonly string[]) => names.map((name) => `</${name}>`).join('');
    this.decks.finish(
      ends(inner.map(({ name }) => name)),
      frame.length > 0 ? `${ends(frame)}\n` : '',
      hasNext,
    );
  }
}

const isPicture = ({ attributes }: Element) => attributes.get('type')?.trim().toLowerCase() === 'image';

/** The button without its picture sends what that would: the place of a click. */
export const submitOf = (attributes: string, alt: string): string =>
  `<input type="submit"${attributes.replace(/ name="([^"]+)"/, ' name="$1.x"')} value="${escapeAttribute(alt)}">`;
