// Writes the flow of a page in compact HTML, cut into decks that a phone holds.
import { encodedSize } from '../charset/encode.js';

import { relativeAddress } from '../decks/address.js';
import type { DeckCollector } from '../decks/collector.js';
import { hasPlace, placed, resolvePlaces } from '../decks/places.js';
import { runs } from '../decks/runs.js';
import type { Block, Field, FlowSink, Form, Style, Submit } from '../flow/flow.js';
import type { PageOptions } from '../format.js';
import { escapeText } from '../markup.js';
import type { Refresh } from '../page/refresh.js';
import { blockEnd, blockStart, CompactLists } from './chtml_blocks.js';
import { attributeText, fieldElement, formOfButton, formStart, submitElement } from './chtml_fields.js';
import { legalText } from './wml.js';

/** How full a deck is, of one, where it ends before a heading, another block, and a form. */
const HEADING_CUT = 0.6;
const BLOCK_CUT = 0.85;
const FORM_CUT = 0.5;
const NOWHERE: ReadonlySet<string> = new Set();

export class CompactWriter implements FlowSink {
  readonly #encodedSize: (text: string) => number;
  #out = '';
  /** Bytes of the deck so far, and those that its end takes. */
  #used = 0;
  readonly #reserve: number;
  #title: string | undefined;
  #hasHead = false;
  #refresh: Refresh | undefined;
  #form: Form | undefined;
  readonly #lists = new CompactLists((markup) => this.#put(markup));
  #block: Block | undefined;
  #style: Style | undefined;
  #link: string | undefined;
  #anchors: string[] = [];
  readonly #ids = new Set<string>();
  /** Ids of this deck. */
  #here = new Set<string>();

  constructor(
    private readonly options: PageOptions,
    private readonly collector: DeckCollector,
    private readonly limit: number,
  ) {
    this.#encodedSize = encodedSize(options.encode);
    // Each of two links takes as much as the longer one.
    this.#reserve = 2 * this.#size(this.#navigation(collector.addressOf(99_999))) + 100;
  }

  title(text: string): void {
    this.#title ??= text;
  }

  refresh(refresh: Refresh): void {
    this.#refresh ??= refresh;
  }

  block(block: Block): void {
    this.#endBlock();
    const full = block.kind === 'heading' ? HEADING_CUT : BLOCK_CUT;
    if (this.#form === undefined && this.#used > full * this.limit) this.#cut();
    this.#head();
    this.#lists.sync(block);
    this.#block = block;
    this.#put(blockStart(block));
  }

  text(text: string, style: Style): void {
    for (const run of runs(text)) {
      const written = escapeText(legalText(run));
      this.#makeRoom(this.#size(written), style);
      this.#switchTo(style);
      this.#writeAnchors();
      this.#put(written);
    }
  }

  lineBreak(): void {
    // A preformatted block has its own lines.
    this.#put(this.#block?.kind === 'preformatted' ? '\n' : '<br>');
  }

  rule(): void {
    this.#endBlock();
    this.#lists.close();
    this.#head();
    this.#put('<hr>');
  }

  picture(url: string | undefined, alt: string, style: Style): void {
    // HTML 3.2 keeps pictures out of preformatted text.
    if (
      url === undefined ||
      this.options.profile.pictures.length === 0 ||
      this.#block?.kind === 'preformatted'
    ) {
      if (alt !== '') this.text(`[${alt}]`, style);
      return;
    }
    const image = `<img src="${attributeText(this.#short(url))}" alt="${attributeText(alt)}">`;
    this.#makeRoom(this.#size(image), style);
    this.#switchTo(style);
    this.#writeAnchors();
    this.#put(image);
  }

  anchor(id: string): void {
    // Bounded, so that a page of nothing but ids is not remembered; an id is a name once only.
    if (this.#ids.size >= 4096 || this.#ids.has(id)) return;
    this.#ids.add(id);
    this.#anchors.push(id);
  }

  formStart(form: Form): void {
    this.#endBlock();
    this.#lists.close();
    if (this.#used > FORM_CUT * this.limit) this.#cut();
    this.#head();
    this.#form = form;
    this.#put(formStart(form, this.options.url));
    // Those that stand before their form have shown nowhere yet.
    const early = form.fields.filter((field) => field.kind !== 'hidden').map(fieldElement);
    if (early.length > 0) this.#put(`<p>${early.join(' ')}</p>`);
  }

  field(field: Field, form: Form): void {
    // Outside its form it would be sent with none: the button that sends it has it.
    if (form !== this.#form) return;
    const written = fieldElement(field);
    this.#makeRoom(this.#size(written), undefined);
    this.#switchTo(undefined);
    if (this.#used + this.#size(written) <= this.limit - this.#reserve) this.#put(written);
  }

  submit(form: Form, submit: Submit): void {
    this.#endBlock();
    this.#lists.close();
    if (this.#form !== undefined) return;
    const written = formOfButton(form, submit, this.options.url);
    this.#makeRoom(this.#size(written), undefined);
    this.#head();
    if (this.#used + this.#size(written) <= this.limit - this.#reserve) this.#put(written);
  }

  formEnd(form: Form): void {
    this.#endBlock();
    this.#lists.close();
    const isOwn = ({ action, method }: Submit) => action === undefined && method === undefined;
    const hidden = form.fields.filter((field) => field.kind === 'hidden').map(fieldElement);
    const buttons = form.submits.filter(isOwn).map(submitElement);
    const end =
      buttons.length + hidden.length === 0 ? '</form>' : `<p>${[...hidden, ...buttons].join('')}</p></form>`;
    this.#makeRoom(this.#size(end), undefined);
    this.#put(this.#used + this.#size(end) <= this.limit - this.#reserve ? end : '</form>');
    this.#form = undefined;
    for (const submit of form.submits) if (!isOwn(submit)) this.submit(form, submit);
  }

  end(): void {
    this.#finish(false);
  }

  #head(): void {
    if (this.#hasHead) return;
    this.#hasHead = true;
    const charset = attributeText(this.options.profile.charset);
    const refresh =
      this.#refresh === undefined || this.collector.deck > 1
        ? ''
        : `<meta http-equiv="Refresh" content="${this.#refresh.seconds}; url=${attributeText(this.#refresh.url)}">`;
    this.#put(
      '<!DOCTYPE HTML PUBLIC "-//W3C//DTD Compact HTML 1.0 Draft//EN"><html><head>' +
        `<meta http-equiv="Content-Type" content="text/html; charset=${charset}">${refresh}` +
        `<title>${escapeText(legalText(this.#title ?? ''))}</title></head><body>`,
    );
  }

  #put(markup: string): void {
    this.#out += markup;
    this.#used += this.#size(markup);
  }

  #size(markup: string): number {
    const written = hasPlace(markup) ? this.#resolved(markup, NOWHERE) : markup;
    return this.#encodedSize(written);
  }

  /** Ends the deck where `size` bytes more, with what closes and opens around them, have no room in it. */
  #makeRoom(size: number, style: Style | undefined): void {
    const link = style?.link === undefined || style.link === this.#link ? 0 : 6 * style.link.length + 20;
    if (this.#used + size + link <= this.limit - this.#reserve || this.#isFresh) return;
    const block = this.#block;
    this.#endBlock();
    this.#cut();
    if (block === undefined) {
      this.#head();
      return;
    }
    const rest: Block = {
      ...block,
      kind: block.kind === 'item' ? 'paragraph' : block.kind,
      number: undefined,
    };
    this.#head();
    this.#lists.sync(rest);
    this.#block = rest;
    this.#put(blockStart(rest));
  }

  /** Nothing of the page stands in this deck yet: it would not become emptier by another cut. */
  get #isFresh(): boolean {
    return this.#used < 0.3 * this.limit;
  }

  #cut(): void {
    const form = this.#form;
    this.#finish(true);
    this.#head();
    // What was filled in before is lost, what goes along is not.
    if (form === undefined) return;
    const hidden = form.fields
      .filter((field) => field.kind === 'hidden')
      .map(fieldElement)
      .join('');
    const again = `${formStart(form, this.options.url)}${hidden === '' ? '' : `<p>${hidden}</p>`}`;
    this.#put(this.#size(again) < 0.3 * this.limit ? again : formStart(form, this.options.url));
    this.#form = form;
  }

  #finish(hasNext: boolean): void {
    this.#endBlock();
    this.#lists.close();
    this.#head();
    if (this.#form !== undefined) this.#put('</form>');
    this.#form = undefined;
    const next = hasNext ? this.collector.addressOf(this.collector.deck + 1) : undefined;
    const excuse = hasNext && next === undefined ? '<p>[The rest is left out.]</p>' : '';
    const whole = `${this.#out}${excuse}${this.#navigation(next)}</body></html>\n`;
    this.collector.finish([this.#resolved(whole, this.#here)], !hasNext);
    this.#out = '';
    this.#used = 0;
    this.#hasHead = false;
    this.#here = new Set();
  }

  /** Between the parts of a page. */
  #navigation(next: string | undefined): string {
    const { deck } = this.collector;
    const previous = deck > 1 ? this.collector.addressOf(deck - 1) : undefined;
    const links = [
      previous === undefined ? '' : `<a href="${attributeText(previous)}">Previous</a>`,
      next === undefined ? '' : `<a href="${attributeText(next)}">Next</a>`,
    ].filter((link) => link !== '');
    return links.length === 0 ? '' : `<hr><p>${links.join(' ')}</p>`;
  }

  #resolved(markup: string, here: ReadonlySet<string>): string {
    return resolvePlaces(markup, (id) =>
      attributeText(here.has(id) ? `#${id}` : this.collector.addressOfPlace(id)),
    );
  }

  #endBlock(): void {
    this.#switchTo(undefined);
    if (this.#block !== undefined) this.#put(blockEnd(this.#block));
    this.#block = undefined;
  }

  /** Emphasis is not in the language: a style is its link. */
  #switchTo(style: Style | undefined): void {
    this.#style = style;
    if (this.#style?.link === this.#link) return;
    if (this.#link !== undefined) this.#put('</a>');
    this.#link = style?.link;
    if (this.#link !== undefined) this.#put(placed(`<a href="${attributeText(this.#short(this.#link))}">`));
  }

  #short(address: string): string {
    return address.startsWith('#') ? address : relativeAddress(address, this.options.url);
  }

  /** A name can't stand in a link, which is an anchor itself. */
  #writeAnchors(): void {
    if (this.#anchors.length === 0 || this.#link !== undefined) return;
    for (const id of this.#anchors.splice(0)) {
      this.#here.add(id);
      this.collector.place(id);
      this.#put(`<a name="${attributeText(id)}"></a>`);
    }
  }
}
