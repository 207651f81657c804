// What the browser makes of HTML's elements.
import type { Look } from './font.js';

/** Elements whose content is no text of the page. */
export const HIDDEN: ReadonlySet<string> = new Set(
  'script style template noscript svg math object iframe audio video canvas datalist map'.split(' '),
);

export interface Effect {
  look?: Partial<Look>;
  /** Begins and ends a line, with so many pixels free above and below. */
  margin?: number;
  indent?: number;
  align?: 'center';
  preformatted?: true;
}

const block = (margin: number, effect: Effect = {}): Effect => ({ margin, ...effect });
const heading = (size: Look['size'], margin: number) => block(margin, { look: { size, bold: true } });
const bold: Effect = { look: { bold: true } };
const italic: Effect = { look: { italic: true } };
const fixed: Effect = { look: { fixed: true } };
const small: Effect = { look: { size: 'small' } };

export const EFFECTS: ReadonlyMap<string, Effect> = new Map(
  Object.entries<Effect>({
    // These have no looks of their own, and may say in which direction their text goes.
    html: {},
    body: {},
    span: {},
    bdo: {},
    bdi: {},
    h1: heading('heading', 10),
    h2: heading('subheading', 9),
    h3: heading('text', 8),
    h4: heading('text', 7),
    h5: heading('text', 7),
    h6: heading('text', 7),
    p: block(7),
    div: block(0),
    section: block(0),
    article: block(0),
    header: block(0),
    footer: block(0),
    main: block(0),
    nav: block(0),
    aside: block(0),
    figure: block(7),
    figcaption: block(2),
    details: block(0),
    summary: block(0),
    form: block(4),
    fieldset: block(4),
    legend: block(2, bold),
    address: block(4, italic),
    blockquote: block(7, { indent: 18 }),
    center: block(0, { align: 'center' }),
    caption: block(2, { align: 'center', ...bold }),
    ul: block(4, { indent: 20 }),
    ol: block(4, { indent: 22 }),
    menu: block(4, { indent: 20 }),
    li: block(2),
    dl: block(4),
    dt: block(2, bold),
    dd: block(0, { indent: 20 }),
    pre: block(7, { preformatted: true, ...fixed }),
    th: bold,
    b: bold,
    strong: bold,
    i: italic,
    em: italic,
    cite: italic,
    var: italic,
    dfn: italic,
    code: fixed,
    tt: fixed,
    kbd: fixed,
    samp: fixed,
    small,
    select: {},
    sub: small,
    sup: small,
  }),
);

const closedBy = (closed: string, openers: string) =>
  openers.split(' ').map((name) => [name, closed.split(' ')] as const);

/** The elements that the start of another ends (HTML Living Standard §13.1.2.4). */
export const ENDED_BY: ReadonlyMap<string, readonly string[]> = new Map([
  ...closedBy(
    'p',
    'address article aside blockquote center details div dl fieldset figcaption figure footer form h1 h2 h3 h4 h5 h6 header hr main menu nav ol p pre section table ul',
  ),
  ...closedBy('li p', 'li'),
  ...closedBy('dt dd p', 'dt dd'),
  ...closedBy('td th', 'td th tr thead tbody tfoot'),
  ...closedBy('option', 'option optgroup'),
  ...closedBy('a', 'a'),
]);

/** No end of an element inside ends one of these, or what lies around it. */
export const BOUNDARIES: ReadonlySet<string> = new Set(['table', 'td', 'th']);
/** Nor does the start of an item end the one that its own list stands in. */
export const LISTS: ReadonlySet<string> = new Set(['ul', 'ol', 'menu', 'dl']);

/** What stands for a control of a form, which the browser shows and can't send. */
export function control(attributes: Readonly<Record<string, string>>): string {
  const { type = 'text', value = '', placeholder = '', checked } = attributes;
  switch (type.toLowerCase()) {
    case 'hidden':
      return '';
    case 'checkbox':
      return checked === undefined ? '[ ]' : '[x]';
    case 'radio':
      return checked === undefined ? '( )' : '(•)';
    case 'submit':
    case 'button':
    case 'reset':
      return `[${value || 'Send'}]`;
    case 'password':
      return '[______]';
    default:
      return `[${value || placeholder || '______'}]`;
  }
}
