// Runs a page through a deck writer until the deck that is asked for is there.
import { FlowReader } from '../flow/reader.js';
import type { PageOptions } from '../format.js';
import type { DeckMarkup, Limits } from './deck_markup.js';
import { DeckWriter } from './deck_writer.js';

/**
 * Smaller decks would hold little beside their own markup, and larger ones would wait in the proxy's memory; in bytes.
 */
const SMALLEST = 1024;
const LARGEST = 256 * 1024;

export const deckBytes = (memory: number) => Math.min(LARGEST, Math.max(SMALLEST, memory * 1024));

/** The deck that is asked for. Decks from the second on are kept, where the page can't be asked for again. */
export async function* writeDecks(
  page: AsyncIterable<string>,
  markup: DeckMarkup,
  options: PageOptions,
  limits: Limits,
): AsyncGenerator<string> {
  const writer = new DeckWriter(markup, options, limits);
  const reader = new FlowReader(writer, {
    baseUrl: options.url,
    charset: options.charset,
    prefix: `f${pageHash(options.url)}`,
  });
  let isFirst = true;
  for await (const text of page) {
    await reader.write(text, () => writer.isDone);
    if (isFirst && writer.ready.length > 0) {
      yield writer.ready[0]!;
      isFirst = false;
    }
    if (writer.isDone) break;
  }
  if (!writer.isDone) await reader.end();
  if (isFirst) yield writer.ready[0]!;
  if (writer.ready.length > 1) options.keep?.keep(writer.ready.slice(1));
}

/** Four characters that tell one page's variables from another's (FNV-1a). */
function pageHash(url: string): string {
  let hash = 0x811c9dc5;
  for (const character of url.replace(/#.*$/s, ''))
    hash = Math.imul(hash ^ character.codePointAt(0)!, 0x01000193) >>> 0;
  return (hash % 36 ** 4).toString(36);
}
