// What the flow makes of the elements of HTML.

export const STRONG = new Set(['b', 'strong', 'th', 'dt']);
export const EMPHASIS = new Set(['i', 'em', 'cite', 'var', 'dfn']);
/** Elements that begin and end a block. Cells are not among them: a row is one block. */
export const BLOCKS = new Set(
  `address article aside blockquote body caption center dd details dialog dir div dl dt fieldset figcaption figure footer form frame frameset
  h1 h2 h3 h4 h5 h6 header hgroup legend li main menu nav ol option listing xmp plaintext p pre search section summary table tbody tfoot thead
  title tr ul`.split(/\s+/),
);

/** What an element says by its looks, in signs. */
export const MARKS: ReadonlyMap<string, { before: string; after: string }> = new Map([
  ['q', { before: '"', after: '"' }],
  ['del', { before: '[del: ', after: ']' }],
  ['s', { before: '[del: ', after: ']' }],
  ['strike', { before: '[del: ', after: ']' }],
]);
