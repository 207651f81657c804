// Compact HTML (W3C Note 09-02-1998): the part of HTML 3.2 that early browser phones read. No tables, styles, frames or
// scripts; tags are well-formed by HTML 3.2's own rules, since such browsers mend nothing.
import { htmlEncoder } from '../charset/encode.js';
import { DeckCollector } from '../decks/collector.js';
import { deckBytes, readDecks, rewriteDeck } from '../decks/write_decks.js';
import { FlowReader } from '../flow/reader.js';
import type { Format } from '../format.js';
import { CompactWriter } from './chtml_writer.js';

export const compactHtml: Format = {
  // Served as HTML, which it is: the name only tells the two apart in a profile.
  name: 'text/x-chtml',
  contentType: 'text/html',
  write(page, options) {
    const limit = deckBytes(options.profile.memory);
    const collector = new DeckCollector(options, limit);
    const writer = new CompactWriter(options, collector, limit);
    const { charset } = options;
    return readDecks(
      page,
      options,
      collector,
      (base) => new FlowReader(writer, { base, charset, prefix: 'f' }),
    );
  },
  rewrite: rewriteDeck,
  encoder: htmlEncoder,
};
