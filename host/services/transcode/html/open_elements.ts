// Which elements are open where the page stands (HTML §13.2.6, tree construction, without the tree): tags that pages leave
// out are put in, so that each element that starts ends once.
import { type Attributes, type Element, type ElementSink, EMPTY, FORMATTING, SPECIAL } from './element.js';
import type { Tag, TokenSink } from './tokens.js';

/** Elements in elements that are told apart; browsers have a bound of this size, too. */
const MAX_DEPTH = 512;

/** Blocks in a formatting element beyond which its end tag reaches no more. */
const MAX_ADOPTIONS = 8;

const words = (text: string): ReadonlySet<string> => new Set(text.split(/\s+/));

const HEADINGS = words('h1 h2 h3 h4 h5 h6');
const ITEM = words('li');
const TERMS = words('dd dt');
/** Ends a paragraph by its start. */
const ENDS_PARAGRAPH = words(
  `address article aside blockquote center dd details dialog dir div dl dt fieldset figcaption figure footer form h1 h2 h3
  h4 h5 h6 header hgroup hr li listing main menu nav ol p plaintext pre search section summary table ul xmp`,
);
/** HTML §13.2.4.2: beyond these an end tag, or the start of a paragraph, ends nothing. */
const SCOPE = words(
  `applet caption html marquee object table td template th
  foreignobject desc title annotation-xml mi mo mn ms mtext`,
);
const PARAGRAPH_SCOPE: ReadonlySet<string> = new Set([...SCOPE, 'button']);
/** What each part of a table ends by its start, up to the table. */
const TABLE_PARTS: ReadonlyMap<string, ReadonlySet<string>> = new Map(
  Object.entries({
    td: 'td th',
    th: 'td th',
    tr: 'td th tr caption colgroup',
    tbody: 'td th tr tbody thead tfoot caption colgroup',
    thead: 'td th tr tbody thead tfoot caption colgroup',
    tfoot: 'td th tr tbody thead tfoot caption colgroup',
    caption: 'td th tr tbody thead tfoot caption colgroup',
    colgroup: 'td th tr tbody thead tfoot caption colgroup',
  }).map(([name, ended]) => [name, words(ended)]),
);
const IN_HEAD = words(
  'head base basefont bgsound link meta noscript script style template title html noframes',
);
/** HTML §13.2.6.5: tags that no drawing and no formula holds. */
const BREAKS_OUT = words(
  `b big blockquote body br center code dd div dl dt em embed h1 h2 h3 h4 h5 h6 head hr i img li listing menu meta nobr ol
  p pre ruby s small span strong strike sub sup table tt u ul var`,
);
const FOREIGN = words('svg math');
/** HTML §13.2.6: elements of SVG and MathML whose content is HTML again. */
const INTEGRATION: Readonly<Record<string, ReadonlySet<string>>> = {
  svg: words('foreignobject desc title'),
  math: words('mi mo mn ms mtext'),
};
const HTML_ENCODING = /^(?:text\/html|application\/xhtml\+xml)$/i;

export class OpenElements implements TokenSink {
  /** Outermost first. */
  #open: Element[] = [];
  /** How many of each name: most are looked for in vain. */
  readonly #counts = new Map<string, number>();
  #foreign = 0;
  #hasBody = false;
  #hasHtml = false;

  constructor(
    private readonly sink: ElementSink,
    private readonly isXml = false,
  ) {}

  get isForeign(): boolean {
    return this.#foreign > 0 && this.#integration < 0;
  }

  /** HTML §13.2.5.42: in elements of a drawing or a formula, also in those whose content is HTML. */
  get hasCdata(): boolean {
    if (this.#foreign === 0) return false;
    const integration = this.#integration;
    return integration < 0 || integration === this.#open.length - 1;
  }

  text(text: string): void {
    this.sink.text(text);
  }

  startTag(tag: Tag): void {
    if (this.#foreign > 0) this.#leaveForeign(tag.name, tag.attributes);
    const { isSelfClosing } = tag;
    // The frames of a page stand in the place of its body, and become links in one.
    const name = tag.name === 'frameset' ? 'body' : tag.name;
    if (this.#foreign === 0 && !this.#prepare(name)) return;
    const element: Element = { name, attributes: tag.attributes, oversized: tag.oversized };
    this.sink.start(element);
    if (EMPTY.has(name)) return;
    const closes = isSelfClosing && (this.isXml || this.isForeign || FOREIGN.has(name));
    if (closes || this.#open.length >= MAX_DEPTH) {
      this.sink.end(element);
      return;
    }
    this.#open.push(element);
    this.#count(name, 1);
    if (this.#foreign > 0 || FOREIGN.has(name)) this.#foreign++;
  }

  endTag(name: string): void {
    if (this.#foreign > 0 && (name === 'p' || name === 'br')) this.#leaveForeign(name);
    if (this.#foreign > 0) {
      const outermost = this.#open.findIndex((open) => FOREIGN.has(open.name));
      const at = this.#find((open) => open.name === name);
      if (at >= outermost && at >= 0) {
        this.#closeFrom(at);
        return;
      }
      // HTML §13.2.6.5: what is not of the drawing is for the page around it.
    }
    if (name === 'body' || name === 'html') return;
    if (name === 'br') {
      this.startTag({ name, attributes: new Map(), oversized: undefined, isSelfClosing: false });
      return;
    }
    if (EMPTY.has(name)) return;
    if (FORMATTING.has(name)) {
      this.#endFormatting(name);
      return;
    }
    const isHeading = HEADINGS.has(name);
    const isOpen = isHeading || this.#has(name);
    const at = !isOpen
      ? -1
      : this.#find(
          (open) => open.name === name || (isHeading && HEADINGS.has(open.name)),
          (open) => this.#stops(open, name),
        );
    if (at >= 0) this.#closeFrom(at);
    else if (name === 'p') {
      // It ends nothing, and still is a paragraph, of nothing.
      const empty: Element = { name, attributes: new Map() };
      this.sink.start(empty);
      this.sink.end(empty);
    }
  }

  finish(): void {
    this.#closeFrom(0);
    for (const element of this.#open.splice(0).reverse()) this.sink.end(element);
    this.sink.finish();
  }

  /** Ends what a start tag ends. False where the tag itself counts for nothing. */
  #prepare(name: string): boolean {
    if (name === 'html' || name === 'body') {
      const has = name === 'html' ? this.#hasHtml : this.#hasBody;
      if (name === 'html') this.#hasHtml = true;
      else this.#hasBody = true;
      this.#endHead();
      return !has;
    }
    if (!IN_HEAD.has(name)) this.#endHead();
    if (this.isXml) return true;
    if (ENDS_PARAGRAPH.has(name)) this.#endNearest('p', PARAGRAPH_SCOPE);
    switch (name) {
      case 'h1':
      case 'h2':
      case 'h3':
      case 'h4':
      case 'h5':
      case 'h6':
        if (HEADINGS.has(this.#open.at(-1)?.name ?? '')) this.#closeFrom(this.#open.length - 1);
        break;
      case 'li':
        this.#endItem(ITEM);
        break;
      case 'dd':
      case 'dt':
        this.#endItem(TERMS);
        break;
      case 'a':
      case 'button':
      case 'select':
        this.#endNearest(name, SCOPE);
        break;
      case 'rp':
      case 'rt':
        if (['rp', 'rt'].includes(this.#open.at(-1)?.name ?? '')) this.#closeFrom(this.#open.length - 1);
        break;
      case 'option':
      case 'optgroup':
        while (['option', 'optgroup'].includes(this.#open.at(-1)?.name ?? '')) {
          if (name === 'option' && this.#open.at(-1)?.name === 'optgroup') break;
          this.#closeFrom(this.#open.length - 1);
        }
        break;
      case 'form':
        // A form in a form is none.
        return !this.#open.some((open) => open.name === 'form');
      default: {
        const ended = TABLE_PARTS.get(name);
        if (ended !== undefined) this.#endTableParts(ended);
      }
    }
    return true;
  }

  #endHead(): void {
    if (this.#open.at(-1)?.name === 'head') this.#closeFrom(this.#open.length - 1);
  }

  #endNearest(name: string, scope: ReadonlySet<string>): void {
    if (!this.#has(name)) return;
    const at = this.#find(
      (open) => open.name === name,
      (open) => scope.has(open.name),
    );
    if (at >= 0) this.#closeFrom(at);
  }

  #endItem(names: ReadonlySet<string>): void {
    const at = this.#find(
      (open) => names.has(open.name),
      ({ name }) => SPECIAL.has(name) && name !== 'address' && name !== 'div' && name !== 'p',
    );
    if (at >= 0) this.#closeFrom(at);
  }

  #endTableParts(ended: ReadonlySet<string>): void {
    let outermost = -1;
    for (let at = this.#open.length - 1; at >= 0; at--) {
      const name = this.#open[at]?.name ?? '';
      if (name === 'table' || name === 'template') break;
      if (ended.has(name)) outermost = at;
    }
    if (outermost >= 0) this.#closeFrom(outermost);
  }

  /** HTML §13.2.6.4.7, the adoption agency, as far as it shows: blocks and other formatting that began in it go on. */
  #endFormatting(name: string): void {
    if (!this.#has(name)) return;
    const at = this.#find(
      (open) => open.name === name,
      (open) => SCOPE.has(open.name),
    );
    if (at < 0) return;
    const inIt = this.#open.slice(at + 1);
    if (inIt.filter((open) => SPECIAL.has(open.name)).length < MAX_ADOPTIONS) {
      this.#endFrom(at, (open) => SPECIAL.has(open.name) || FORMATTING.has(open.name));
    } else this.#endFrom(at, () => true);
  }

  /** Beyond which open elements an end tag of that name does not reach. */
  #stops(open: Element, name: string): boolean {
    if (TABLE_PARTS.has(name)) return open.name === 'table' || open.name === 'template';
    if (name === 'table' || name === 'template') return open.name === 'template';
    return SPECIAL.has(name) ? SCOPE.has(open.name) : SPECIAL.has(open.name);
  }

  /** The innermost element that `isIt`, unless one that `stops` comes before; -1 where there is none. */
  #find(isIt: (open: Element) => boolean, stops: (open: Element) => boolean = () => false): number {
    for (let at = this.#open.length - 1; at >= 0; at--) {
      const open = this.#open[at];
      if (open === undefined || isIt(open)) return at;
      if (stops(open)) return -1;
    }
    return -1;
  }

  /** Ends the element at `at` and those in it; formatting goes on, but not out of a cell. */
  #closeFrom(at: number): void {
    const outermost = this.#open[at];
    if (outermost === undefined) return;
    const isMarker = SCOPE.has(outermost.name) || TABLE_PARTS.has(outermost.name) || at >= this.#drawing;
    this.#endFrom(at, ({ name }) => !isMarker && FORMATTING.has(name));
  }

  /** Ends the element at `at`, and those in it that do not go on: nothing of a drawing does when what is around it ends. */
  #endFrom(at: number, goesOn: (open: Element) => boolean): void {
    const drawing = this.#drawing;
    const inIt = this.#open.splice(at);
    const onward: Element[] = [];
    for (const [i, element] of [...inIt.entries()].reverse()) {
      const isDrawn = at + i >= drawing;
      if (i > 0 && goesOn(element) && (at >= drawing || !isDrawn)) {
        onward.unshift(element);
        continue;
      }
      this.#count(element.name, -1);
      this.sink.end(element);
      if (isDrawn) this.#foreign--;
    }
    this.#open.push(...onward);
  }

  /** Where the elements of a drawing or a formula begin, which stand behind all others. */
  get #drawing(): number {
    return this.#open.length - this.#foreign;
  }

  /** The element within the innermost drawing or formula whose content, where the page stands, is HTML; -1 where it is not. */
  get #integration(): number {
    const root = this.#find((open) => FOREIGN.has(open.name));
    const names = INTEGRATION[this.#open[root]?.name ?? ''];
    const at = this.#find(
      ({ name, attributes }) =>
        names?.has(name) ||
        (name === 'annotation-xml' && HTML_ENCODING.test(attributes.get('encoding') ?? '')),
    );
    return at > root ? at : -1;
  }

  #has(name: string): boolean {
    return (this.#counts.get(name) ?? 0) > 0;
  }

  /** Names are bounded by the elements that are open. */
  #count(name: string, by: number): void {
    const left = (this.#counts.get(name) ?? 0) + by;
    if (left > 0) this.#counts.set(name, left);
    else this.#counts.delete(name);
  }

  /** HTML tags that a drawing can't hold end it. */
  #leaveForeign(name: string, attributes?: Attributes): void {
    const isFont = name === 'font' && ['color', 'face', 'size'].some((each) => attributes?.has(each));
    if (!(isFont || BREAKS_OUT.has(name)) || this.isXml) return;
    if (this.#integration >= 0) return;
    const outermost = this.#open.findIndex((open) => FOREIGN.has(open.name));
    if (outermost >= 0) this.#closeFrom(outermost);
  }
}
