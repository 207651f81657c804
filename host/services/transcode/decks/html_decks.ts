// The parts of a page in HTML: where each ends, what stands at its ends, and which of them goes out as it is written.
import { encodedSize } from '../charset/encode.js';
import type { PageOptions } from '../format.js';
import { escapeAttribute } from '../markup.js';
import { DeckCollector } from './collector.js';
import type { Part } from './part.js';

/** Of the device's memory, what text may take; the rest is for the pictures in it. */
const FOR_TEXT = 0.5;
/** Believed of what a device says, in bytes; and the least that a part needs. */
const LARGEST = 16 << 20;
const SMALLEST = 2048;
/** How long a link to a place that has not come yet holds back what follows it, in milliseconds. */
const PATIENCE = 1000;
const LEFT_OUT = '<p>[The rest is left out.]</p>';

/** A link whose place is not known yet. */
interface ToPlace {
  id: string;
  /** Of the address itself, between quotation marks. */
  address: string | undefined;
}

type Piece = Part[number] | ToPlace;

export class HtmlDecks {
  /** Bytes of text in a part, at most. */
  readonly limit: number;
  /** Bytes of the part under way. */
  used = 0;
  /** What stands after all else of the part that went out. */
  closing = '';
  readonly #collector: DeckCollector;
  readonly #encodedSize: (text: string) => number;
  #pieces: Piece[] = [];
  #here = new Set<string>();
  /** How many of `#pieces` have gone out. */
  #gone = 0;
  #heldSince: number | undefined;
  #isBased = false;

  /** `send` gets the pieces of the part that is wanted, as soon as they can go out. */
  constructor(
    private readonly options: PageOptions,
    private readonly send: (piece: Part[number]) => void,
  ) {
    this.#encodedSize = encodedSize(options.encode);
    const memory = Math.min(LARGEST, options.profile.memory * 1024);
    this.limit = Math.max(SMALLEST, FOR_TEXT * memory - 2 * this.#navigationSize());
    this.#collector = new DeckCollector(options, this.limit);
  }

  get isDone(): boolean {
    return this.#collector.isDone;
  }

  /** Of the part under way, from 1. */
  get number(): number {
    return this.#collector.deck;
  }

  push(piece: Part[number]): void {
    const last = this.#pieces.length - 1;
    const before = this.#pieces[last];
    if (typeof piece === 'string' && typeof before === 'string' && this.#gone <= last)
      this.#pieces[last] = before + piece;
    else this.#pieces.push(piece);
    this.used += typeof piece === 'string' ? this.size(piece) : 0;
  }

  /** The address of a place of this page, in its quotation marks. */
  pushPlace(id: string): void {
    const part = this.#collector.partOf(id);
    if (this.#here.has(id)) {
      this.push(`"#${escapeAttribute(id)}"`);
      return;
    }
    if (part !== undefined) {
      this.push(this.#elsewhere(id));
      return;
    }
    this.#pieces.push({ id, address: undefined });
    this.used += this.size(this.#elsewhere(id));
  }

  place(id: string): void {
    this.#here.add(id);
    this.#collector.place(id);
  }

  size(markup: string): number {
    return this.#encodedSize(markup);
  }

  /** What can go out of the part that is wanted does. */
  release(): void {
    if (!this.#collector.isWanted) return;
    for (; this.#gone < this.#pieces.length; this.#gone++) {
      const piece = this.#pieces[this.#gone];
      if (piece === undefined) return;
      if (typeof piece === 'string' || !('id' in piece)) this.send(piece);
      else {
        piece.address ??= this.#here.has(piece.id) ? `"#${escapeAttribute(piece.id)}"` : this.#late(piece.id);
        if (piece.address === undefined) return;
        this.send(piece.address);
      }
      this.#heldSince = undefined;
    }
  }

  /** The page has a base of its own: what is relative to the page itself is no more. */
  leaveBase(): void {
    this.#isBased = true;
  }

  /** Ends the part. `inner` and `frame` end its open elements and its body; `hasNext`: more of the page follows. */
  finish(inner: string, frame: string, hasNext: boolean): void {
    if (inner !== '') this.push(inner);
    const wasWanted = this.#collector.isWanted;
    for (const piece of this.#pieces)
      if (typeof piece !== 'string' && 'id' in piece)
        piece.address ??= this.#here.has(piece.id)
          ? `"#${escapeAttribute(piece.id)}"`
          : this.#elsewhere(piece.id);
    this.release();
    const end = `${this.#navigation(hasNext)}${frame}`;
    if (wasWanted) this.closing = end;
    const part = this.#pieces.map((piece) =>
      typeof piece !== 'string' && 'id' in piece ? (piece.address ?? '') : piece,
    );
    this.#collector.finish([...part, end], !hasNext);
    const { ready } = this.#collector;
    // What was asked for does not exist: another part stands for it, and none of it has gone out.
    if (this.isDone && ready !== undefined && this.closing === '' && this.#gone === 0)
      this.#sendInstead(ready);
    this.#pieces = [];
    this.#here = new Set();
    this.#gone = 0;
    this.used = 0;
  }

  #sendInstead(part: Part): void {
    for (const piece of part.slice(0, -1)) this.send(piece);
    const closing = part.at(-1);
    this.closing = typeof closing === 'string' ? closing : '';
  }

  /** A link is not held back for ever: its place is asked for where it is, be it in this part after all. */
  #late(id: string): string | undefined {
    this.#heldSince ??= Date.now();
    return Date.now() - this.#heldSince > PATIENCE ? this.#elsewhere(id) : undefined;
  }

  readonly #elsewhere = (id: string) =>
    `"${escapeAttribute(this.#absolute(this.#collector.addressOfPlace(id)))}"`;

  #absolute(address: string): string {
    return this.#isBased ? new URL(address, this.options.url).href : address;
  }

  #navigation(hasNext: boolean): string {
    const { deck } = this.#collector;
    const next = hasNext ? this.#collector.addressOf(deck + 1) : undefined;
    const links = [
      this.#link(deck > 1 ? this.#collector.addressOf(deck - 1) : undefined, 'Previous'),
      this.#link(next, 'Next'),
    ];
    const shown = links.filter((link) => link !== '').join(' ');
    const excuse = hasNext && next === undefined ? LEFT_OUT : '';
    return shown === '' ? excuse : `${excuse}<hr><p>${shown}</p>`;
  }

  #link(address: string | undefined, label: string): string {
    return address === undefined ? '' : `<a href="${escapeAttribute(this.#absolute(address))}">${label}</a>`;
  }

  #navigationSize(): number {
    return this.size(escapeAttribute(this.options.url)) + 200;
  }
}
