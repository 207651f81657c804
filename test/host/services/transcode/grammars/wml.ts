// The grammar of WML 1.1 (WAP Forum, Wireless Markup Language, 16 June 1999), element by element, as a document type
// that xmllint validates by. No Debian package carries the WAP Forum's own file: this table says the same of every
// element in a form of its own, and is checked against the examples of the specification's constructs in formats.test.ts.

const EMPHASIS = 'em | strong | b | i | u | big | small';
const TEXT = `#PCDATA | ${EMPHASIS}`;
const FLOW = `${TEXT} | br | img | anchor | a | table`;
const FIELDS = `${FLOW} | input | select | fieldset`;
const TASK = 'go | prev | noop | refresh';

/** Attributes: a type, and `!` where it is required. Every element has `id` and `class` too. */
const text = 'CDATA';
const truth = '(true|false)';
const language = { 'xml:lang': 'NMTOKEN' };
const events = { onenterforward: text, onenterbackward: text, ontimer: text };

const ELEMENTS: Record<string, [content: string, attributes: Record<string, string>]> = {
  wml: ['(head?, template?, card+)', language],
  card: [
    '(onevent*, timer?, (do | p)*)',
    { title: text, newcontext: truth, ordered: truth, ...language, ...events },
  ],
  do: [`(${TASK})`, { type: '!CDATA', label: text, name: 'NMTOKEN', optional: truth, ...language }],
  onevent: [`(${TASK})`, { type: '!CDATA' }],
  head: ['(access | meta)+', {}],
  template: ['(do | onevent)*', events],
  access: ['EMPTY', { domain: text, path: text }],
  meta: ['EMPTY', { 'http-equiv': text, name: text, forua: truth, content: '!CDATA', scheme: text }],
  go: [
    '(postfield | setvar)*',
    { href: '!CDATA', sendreferer: truth, method: '(post|get)', 'accept-charset': text },
  ],
  prev: ['(setvar)*', {}],
  refresh: ['(setvar)*', {}],
  noop: ['EMPTY', {}],
  postfield: ['EMPTY', { name: '!CDATA', value: '!CDATA' }],
  setvar: ['EMPTY', { name: '!CDATA', value: '!CDATA' }],
  select: [
    '(optgroup | option)+',
    {
      title: text,
      name: 'NMTOKEN',
      value: text,
      iname: 'NMTOKEN',
      ivalue: text,
      multiple: truth,
      tabindex: 'NMTOKEN',
      ...language,
    },
  ],
  optgroup: ['(optgroup | option)+', { title: text, ...language }],
  option: ['(#PCDATA | onevent)*', { value: text, title: text, onpick: text, ...language }],
  input: [
    'EMPTY',
    {
      name: '!NMTOKEN',
      type: '(text|password)',
      value: text,
      format: text,
      emptyok: truth,
      size: 'NMTOKEN',
      maxlength: 'NMTOKEN',
      tabindex: 'NMTOKEN',
      title: text,
      ...language,
    },
  ],
  fieldset: [`(${FIELDS} | do)*`, { title: text, ...language }],
  timer: ['EMPTY', { name: 'NMTOKEN', value: '!CDATA' }],
  img: [
    'EMPTY',
    {
      alt: '!CDATA',
      src: '!CDATA',
      localsrc: text,
      vspace: text,
      hspace: text,
      align: '(top|middle|bottom)',
      height: text,
      width: text,
      ...language,
    },
  ],
  anchor: ['(#PCDATA | br | img | go | prev | refresh)*', { title: text, ...language }],
  a: ['(#PCDATA | br | img)*', { href: '!CDATA', title: text, ...language }],
  table: ['(tr)+', { title: text, align: text, columns: '!NMTOKEN', ...language }],
  tr: ['(td)+', {}],
  td: [`(${TEXT} | br | img | anchor | a)*`, language],
  ...Object.fromEntries(EMPHASIS.split(' | ').map((name) => [name, [`(${FLOW})*`, language]])),
  p: [`(${FIELDS} | do)*`, { align: '(left|right|center)', mode: '(wrap|nowrap)', ...language }],
  br: ['EMPTY', language],
};

const declared = (attributes: Record<string, string>) =>
  Object.entries({ id: 'ID', class: text, ...attributes })
    .map(
      ([name, type]) => `${name} ${type.replace('!', '')} ${type.startsWith('!') ? '#REQUIRED' : '#IMPLIED'}`,
    )
    .join('\n  ');

export const WML_1_1 = Object.entries(ELEMENTS)
  .map(
    ([name, [content, attributes]]) =>
      `<!ELEMENT ${name} ${content}>\n<!ATTLIST ${name} ${declared(attributes)}>`,
  )
  .join('\n');
