// Runs a page through a deck writer: the deck that is asked for, as soon as it is there, and all of them for the copy.
import { FlowReader } from '../flow/reader.js';
import type { PageOptions } from '../format.js';
import type { ElementSink } from '../html/element.js';
import type { BaseAddress } from '../page/base_address.js';
import { PageReader } from '../page/read_page.js';
import { DeckCollector } from './collector.js';
import type { DeckMarkup, Limits } from './deck_markup.js';
import { DeckWriter } from './deck_writer.js';
import type { Part } from './part.js';

/**
 * Smaller decks would hold little beside their own markup, and larger ones would wait in the proxy's memory; in bytes.
 */
const SMALLEST = 1024;
const LARGEST = 256 * 1024;

export const deckBytes = (memory: number) => Math.min(LARGEST, Math.max(SMALLEST, memory * 1024));

export async function* writeDecks(
  page: AsyncIterable<string>,
  markup: DeckMarkup,
  options: PageOptions,
  limits: Limits,
): AsyncGenerator<string> {
  const collector = new DeckCollector(options, limits.deck);
  const writer = new DeckWriter(markup, options, limits, collector);
  const { charset, url } = options;
  const prefix = `f${pageHash(url)}`;
  yield* readDecks(page, options, collector, (base) => new FlowReader(writer, { base, charset, prefix }));
}

/** Reads `page` to where nothing more of it is needed; gives the part that is wanted. */
export async function* readDecks(
  page: AsyncIterable<string>,
  options: PageOptions,
  collector: DeckCollector,
  write: (base: BaseAddress) => ElementSink,
): AsyncGenerator<string> {
  const reader = new PageReader(options, write);
  let given = false;
  for await (const text of page) {
    reader.write(text, () => collector.isDone);
    if (collector.ready !== undefined && !given) {
      given = true;
      yield textOf(collector.ready);
    }
    if (collector.isDone) return;
  }
  reader.end();
  if (!given && collector.ready !== undefined) yield textOf(collector.ready);
}

/** Formats of decks fetch nothing for them: the device does. */
export async function* rewriteDeck(part: Part): AsyncGenerator<string> {
  yield textOf(part);
}

const textOf = (part: Part): string => part.filter((piece) => typeof piece === 'string').join('');

/** Four characters that tell one page's variables from another's (FNV-1a). */
function pageHash(url: string): string {
  let hash = 0x811c9dc5;
  for (const character of url.replace(/#.*$/s, ''))
    hash = Math.imul(hash ^ character.codePointAt(0)!, 0x01000193) >>> 0;
  return (hash % 36 ** 4).toString(36);
}
