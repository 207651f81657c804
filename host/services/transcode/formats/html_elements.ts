// What simplified HTML keeps: the elements and attributes that a small browser understands.

const listed = (table: Record<string, string>): ReadonlyMap<string, readonly string[]> =>
  new Map(
    Object.entries(table).map(([name, attributes]) => [name, attributes.split(' ').filter((a) => a !== '')]),
  );

/** Elements kept, each with its own attributes beside the common ones. */
export const KEPT = listed({
  ...Object.fromEntries(
    `html head title body h1 h2 h3 h4 h5 h6 p br hr div span blockquote pre code em strong b i u small big sub sup tt kbd samp
    var cite dfn abbr address del ins s strike q ul menu dir dl dt dd caption thead tbody tfoot tr center fieldset
    legend`
      .split(/\s+/)
      .map((name) => [name, '']),
  ),
  base: 'href',
  ol: 'start type',
  li: 'value',
  table: 'border',
  td: 'colspan rowspan align',
  th: 'colspan rowspan align',
  a: 'href name accesskey',
  form: 'action method enctype accept-charset',
  label: 'for',
  input:
    'type name value checked size maxlength disabled readonly placeholder accesskey form formaction formmethod formenctype',
  select: 'name multiple size disabled form',
  optgroup: 'label disabled',
  option: 'value selected label disabled',
  textarea: 'name rows cols disabled readonly form',
  button: 'type name value disabled form formaction formmethod formenctype',
});

/** Sectioning that older browsers don't know becomes a `div`; one with style sheets gets what those speak of. */
export const SECTIONING: ReadonlySet<string> = new Set(
  'article section nav header footer main aside figure figcaption details summary hgroup search'.split(' '),
);

export const COMMON: readonly string[] = ['id', 'lang', 'dir', 'title'];

/** Attributes that hold an address. */
export const ADDRESSES: ReadonlySet<string> = new Set(['href', 'action', 'formaction']);

/** Where a page can be cut: before these. */
export const CUT_BEFORE: ReadonlySet<string> = new Set(
  `address article aside blockquote center dir div dl dt fieldset figure footer form h1 h2 h3 h4 h5 h6 header hr li main
  menu nav ol p pre section table tr ul`.split(/\s+/),
);
