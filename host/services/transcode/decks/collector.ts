// The parts of a page as they are finished: the one that is wanted, and the copy of them all.

import type { PageOptions } from '../format.js';
import { addressOf, anchorParameter, deckParameter, keptParameter } from './address.js';
import { MAX_COPY } from './copies.js';
import type { Part } from './part.js';

const MAX_PLACES = 8192;
/** Bytes that a text takes in memory, at most, for each of its characters. */
const CHARACTER = 2;

export class DeckCollector {
  /** No more of the page is needed. */
  isDone = false;
  /** The part that is wanted, once it is there. */
  ready: Part | undefined;
  /** The part under way, from 1. */
  deck = 1;
  #isWanted: boolean;
  readonly #parts: Part[] = [];
  readonly #places = new Map<string, number>();
  #bytes = 0;
  /** The copy takes the part under way. */
  #isKept = true;

  /** `maxPart`: characters of a part, at most. */
  constructor(
    private readonly options: PageOptions,
    private readonly maxPart: number,
  ) {
    const { wanted } = options;
    this.#isWanted = wanted === undefined || ('deck' in wanted && wanted.deck === 1);
  }

  /** Whether the part under way is the one that is wanted, as far as is known. */
  get isWanted(): boolean {
    return this.ready === undefined && this.#isWanted;
  }

  /** A place of the page is in the part under way. */
  place(id: string): void {
    if (this.#places.size < MAX_PLACES && !this.#places.has(id)) this.#places.set(id, this.deck);
    const { wanted } = this.options;
    if (wanted !== undefined && 'anchor' in wanted && wanted.anchor === id) this.#isWanted = true;
  }

  /** In which part a place is that has come already. */
  partOf(id: string): number | undefined {
    return this.#places.get(id);
  }

  /** The address of another part, relative to the page; undefined where it can't be had. */
  addressOf(deck: number): string | undefined {
    const { url, copy } = this.options;
    const isKept = deck <= this.deck ? this.#isKept : this.#keepsNext;
    if (copy.isRepeatable) return addressOf(url, deckParameter(deck, isKept ? copy.key : undefined));
    return isKept ? addressOf(url, keptParameter(copy.key, deck)) : undefined;
  }

  /** What leads to a place wherever it is. */
  addressOfPlace(id: string): string {
    const { url, copy } = this.options;
    return addressOf(url, anchorParameter(id, copy.key));
  }

  /** Beside the part under way there is room for another one: known before either is finished. */
  get #keepsNext(): boolean {
    return this.#isKept && this.#bytes + 2 * CHARACTER * this.maxPart <= MAX_COPY;
  }

  /** The part under way is finished. `isLast`: the page is, too. */
  finish(part: Part, isLast: boolean): void {
    if (this.isDone) return;
    if (this.isWanted) this.ready = part;
    const keepsNext = this.#keepsNext;
    if (this.#isKept) {
      this.#parts.push(part);
      this.#bytes += sizeOf(part);
    }
    this.#isKept = keepsNext;
    this.deck++;
    const { wanted } = this.options;
    this.#isWanted = wanted !== undefined && 'deck' in wanted && wanted.deck === this.deck;
    if (isLast) this.#end(part);
    else if (!this.#isKept && (this.ready !== undefined || !this.options.copy.isRepeatable)) this.#end(part);
  }

  #end(last: Part): void {
    this.isDone = true;
    // A page may have changed: beyond its end there is its last part, and a place that is gone is in the first one.
    const { wanted } = this.options;
    this.ready ??= wanted !== undefined && 'deck' in wanted ? last : (this.#parts[0] ?? last);
    if (this.#parts.length > 1)
      this.options.copy.keep({ parts: this.#parts, places: this.#places, bytes: this.#bytes });
  }
}

const sizeOf = (part: Part): number =>
  part.reduce((sum, piece) => {
    const length = typeof piece === 'string' ? piece.length : JSON.stringify(piece).length;
    return sum + CHARACTER * length;
  }, 0);
