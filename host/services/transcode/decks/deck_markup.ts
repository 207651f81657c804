// What a format that is cut into decks consists of: its markup, and no word about where a deck ends.
import type { Block, Field, Form, Style, Submit } from '../flow/flow.js';
import type { Refresh } from '../page/refresh.js';

export interface Limits {
  /** Bytes of a deck, all told. */
  deck: number;
  /** Bytes of a card, about; Infinity for decks of one card. */
  card: number;
}

/** Markup that stays together, and what it needs at the end of its deck. */
export interface Piece {
  text: string;
  note?: string;
}

/** The markup of one format. What it gives is text that needs no more escaping. */
export interface DeckMarkup {
  /** Everything before the first card's content. `refresh`: where the page sends its reader by itself. */
  deckStart(title: string, refresh: Refresh | undefined): string;
  /** Everything after the last card's content; `next` leads to the next deck, `excuse` says what is left out. */
  deckEnd(next: string | undefined, excuse: string, notes: string): string;
  /** From one card to the next, which is the deck's `card`th. */
  cardBreak(card: number, title: string): string;
  /** What leads to the `card`th card of a deck from within it. */
  cardAddress(card: number): string;
  blockStart(block: Block, isContinued: boolean, isFirst: boolean): string;
  blockEnd(block: Block): string;
  styleStart(style: Style): string;
  /** `number` counts the links of this deck, from 1. */
  styleEnd(style: Style, number: number): string;
  /** The note that belongs to a link, where the format lists them. */
  linkNote?(link: string, number: number): string;
  text(text: string, block: Block): string;
  lineBreak(): string;
  rule(): string;
  picture(url: string | undefined, alt: string): string;
  /** In as many pieces as it takes; each stands alone in a deck with `room` bytes. */
  field(field: Field, room: number): Piece[];
  submits(form: Form, submits: readonly Submit[]): Piece[];
  /** In the place of something that no deck can hold. */
  tooLarge(): string;
}
