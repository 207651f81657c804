// Cuts a page into decks of the size that a device holds. Blocks and styles are ended where a deck ends, and begun
// again in the next one. One deck is in memory at a time.

import { encodedSize } from '../charset/encode.js';
import {
  type Block,
  type Field,
  type FlowSink,
  type Form,
  type Style,
  type Submit,
  sameStyle,
} from '../flow/flow.js';
import type { PageOptions } from '../format.js';
import type { Refresh } from '../page/refresh.js';
import type { DeckCollector } from './collector.js';
import type { DeckMarkup, Limits, Piece } from './deck_markup.js';
import { hasPlace, placed, resolvePlaces } from './places.js';
import { runs } from './runs.js';

interface Around {
  before: string;
  after: string;
  /** Of the link, in a format that numbers them. */
  number: number;
  note: string | undefined;
}

const LEFT_OUT = '[The rest is left out.]';

const PARAGRAPH: Block = { kind: 'paragraph', level: 0, lists: [], number: undefined };

export class DeckWriter implements FlowSink {
  readonly #encodedSize: (text: string) => number;
  #title = '';
  #refresh: Refresh | undefined;
  #card = 1;
  #pieces: string[] = [];
  #used = 0;
  #cardUsed = 0;
  /** Bytes of the deck's start, and those that its end will take. */
  #baseSize = 0;
  #reserve = 0;
  #block: Block | undefined;
  #blockStarted = false;
  #blockContinued = false;
  #style: Style | undefined;
  #anchors: string[] = [];
  #notes = '';
  #links: string[] = [];
  readonly #places = new Map<string, number>();

  constructor(
    private readonly markup: DeckMarkup,
    options: PageOptions,
    private readonly limits: Limits,
    private readonly collector: DeckCollector,
  ) {
    this.#encodedSize = encodedSize(options.encode);
  }

  title(text: string): void {
    this.#title ||= text;
  }

  block(block: Block): void {
    this.#endBlock();
    this.#block = block;
    this.#blockContinued = false;
  }

  text(text: string, style: Style): void {
    const block = this.#block ?? PARAGRAPH;
    const held = this.#held(style);
    for (const run of runs(text)) this.#put({ text: this.markup.text(run, block) }, held);
  }

  lineBreak(): void {
    if (this.#blockStarted) this.#put({ text: this.markup.lineBreak() }, this.#style);
  }

  rule(): void {
    this.#endBlock();
    this.#put({ text: this.markup.rule() }, undefined);
    this.#endBlock();
  }

  picture(url: string | undefined, alt: string, style: Style): void {
    const held = this.#held(style);
    const text = this.markup.picture(url, alt);
    if (text !== '') this.#put({ text }, held);
  }

  anchor(id: string): void {
    if (this.#anchors.length < 64) this.#anchors.push(id);
  }

  refresh(refresh: Refresh): void {
    this.#refresh ??= refresh;
  }

  submit(form: Form, submit: Submit): void {
    for (const piece of this.markup.submits(form, [submit])) this.#put(piece, undefined);
  }

  formStart(): void {
    this.#endBlock();
  }

  field(field: Field): void {
    for (const piece of this.markup.field(field, this.#room())) this.#put(piece, undefined);
  }

  formEnd(form: Form): void {
    if (form.submits.length > 0) this.block(PARAGRAPH);
    for (const piece of this.markup.submits(form, form.submits)) this.#put(piece, undefined);
    this.#endBlock();
  }

  end(): void {
    if (this.collector.isDone) return;
    this.#endBlock();
    this.#start();
    this.#finish(false);
  }

  /** Bytes that one piece may have. */
  #room(): number {
    this.#start();
    return this.limits.deck - this.#reserve - this.#baseSize;
  }

  /** A link whose address alone would fill the deck is none. */
  #held(style: Style): Style {
    const isTooLong = style.link !== undefined && 6 * style.link.length > this.limits.deck;
    return isTooLong ? { ...style, link: undefined } : style;
  }

  #start(): void {
    if (this.#pieces.length > 0) return;
    const start = this.markup.deckStart(this.#title, this.collector.deck === 1 ? this.#refresh : undefined);
    this.#pieces.push(start);
    this.#baseSize = this.#size(start);
    this.#used = this.#baseSize;
    this.#cardUsed = 0;
    this.#card = 1;
    const longest = this.collector.addressOf(99_999);
    const ends = [this.markup.deckEnd(longest, '', ''), this.markup.deckEnd(undefined, LEFT_OUT, '')];
    this.#reserve = Math.max(...ends.map((end) => this.#size(end)));
  }

  /** Puts a piece with what has to stand around it; in the next deck where this one has no room. */
  #put(piece: Piece, style: Style | undefined): void {
    if (this.collector.isDone) return;
    this.#start();
    if (this.#cardIsFull()) this.#breakCard();
    let around = this.#around(style);
    if (!this.#fits(piece, around) && this.#used > this.#baseSize) {
      this.#breakDeck();
      if (this.collector.isDone) return;
      this.#start();
      around = this.#around(style);
    }
    if (!this.#fits(piece, around)) {
      const excuse = { text: this.markup.tooLarge() };
      if (piece.text !== excuse.text && style?.link === undefined) this.#put(excuse, undefined);
      return;
    }
    const { before, number, note } = around;
    this.#pieces.push(before, piece.text);
    const size = this.#size(before) + this.#size(piece.text);
    this.#used += size;
    this.#cardUsed += size;
    for (const each of [note, piece.note]) {
      if (each === undefined) continue;
      this.#notes += each;
      this.#used += this.#size(each);
    }
    if (number > this.#links.length) this.#links.push(style!.link!);
    this.#block ??= PARAGRAPH;
    this.#blockStarted = true;
    this.#style = style;
    for (const id of this.#anchors.splice(0)) if (!this.#places.has(id)) this.#places.set(id, this.#card);
  }

  #fits(piece: Piece, around: Around): boolean {
    const parts = [piece.text, piece.note ?? '', around.before, around.note ?? '', around.after];
    return this.#hasRoom(parts.reduce((sum, part) => sum + this.#size(part), 0));
  }

  #hasRoom(size: number): boolean {
    return this.#used + size <= this.limits.deck - this.#reserve;
  }

  /** Cards end between blocks where they can. */
  #cardIsFull(): boolean {
    const limit = this.limits.card * (this.#blockStarted ? 1.4 : 0.8);
    if (this.#cardUsed <= limit) return false;
    return this.#hasRoom(this.#size(this.markup.cardBreak(99, this.#title)) + 200);
  }

  /** What ends the style before and begins the one of a piece, and what will end that. */
  #around(style: Style | undefined): Around {
    const block = this.#block ?? PARAGRAPH;
    const last = this.#blockStarted ? this.#style : undefined;
    const changes = !isSame(style, last);
    let before = '';
    if (!this.#blockStarted)
      before += this.markup.blockStart(block, this.#blockContinued, this.#used === this.#baseSize);
    else if (changes && last !== undefined) before += this.markup.styleEnd(last, this.#numberOf(last));
    if (changes && style !== undefined) before += placed(this.markup.styleStart(style));
    const number = style === undefined ? 0 : this.#numberOf(style);
    const styleEnd = style === undefined ? '' : this.markup.styleEnd(style, number);
    const isNew = number > this.#links.length;
    const note = isNew ? this.markup.linkNote?.(style!.link!, number) : undefined;
    return { before, after: styleEnd + this.markup.blockEnd(block), number, note };
  }

  /** Its own number for each address that this deck leads to; 0 for no link. */
  #numberOf({ link }: Style): number {
    if (link === undefined || this.markup.linkNote === undefined || link.startsWith('#')) return 0;
    const at = this.#links.indexOf(link);
    return at < 0 ? this.#links.length + 1 : at + 1;
  }

  #endBlock(): void {
    if (this.#blockStarted) {
      const end =
        (this.#style === undefined ? '' : this.markup.styleEnd(this.#style, this.#numberOf(this.#style))) +
        this.markup.blockEnd(this.#block ?? PARAGRAPH);
      this.#pieces.push(end);
      this.#used += this.#size(end);
    }
    this.#blockStarted = false;
    this.#style = undefined;
    this.#block = undefined;
  }

  /** Ends the block for now: it goes on in the next card or deck. */
  #interrupt(): void {
    const block = this.#block;
    const wasStarted = this.#blockStarted;
    this.#endBlock();
    this.#block = block;
    this.#blockContinued ||= wasStarted;
  }

  #breakCard(): void {
    this.#interrupt();
    this.#card++;
    const between = this.markup.cardBreak(this.#card, this.#title);
    this.#pieces.push(between);
    this.#used += this.#size(between);
    this.#cardUsed = 0;
  }

  #breakDeck(): void {
    this.#interrupt();
    this.#finish(true);
  }

  #finish(hasNext: boolean): void {
    const next = hasNext ? this.collector.addressOf(this.collector.deck + 1) : undefined;
    const excuse = hasNext && next === undefined ? LEFT_OUT : '';
    const whole = this.#pieces.join('') + this.markup.deckEnd(next, excuse, this.#notes);
    for (const id of this.#places.keys()) this.collector.place(id);
    this.collector.finish([this.#resolved(whole, this.#places)], !hasNext);
    this.#pieces = [];
    this.#notes = '';
    this.#links = [];
    this.#places.clear();
  }

  #resolved(markup: string, places: ReadonlyMap<string, number>): string {
    return resolvePlaces(markup, (id) => {
      const card = places.get(id);
      return card === undefined
        ? this.markup.text(this.collector.addressOfPlace(id), PARAGRAPH)
        : this.markup.cardAddress(card);
    });
  }

  /** Bytes on their way to the device. A place counts as the longest that it can become. */
  #size(markup: string): number {
    const written = hasPlace(markup) ? this.#resolved(markup, NO_PLACES) : markup;
    return this.#encodedSize(written);
  }
}

const NO_PLACES: ReadonlyMap<string, number> = new Map();

const isSame = (one: Style | undefined, other: Style | undefined) =>
  one === other || (one !== undefined && other !== undefined && sameStyle(one, other));
