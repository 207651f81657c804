// An element of a page as the transcoder passes it on: each has one start and, unless it is empty, one end.

/** By name, in small letters. */
export type Attributes = ReadonlyMap<string, string>;

export interface Element {
  /** In small letters. */
  readonly name: string;
  readonly attributes: Attributes;
  /** Names of attributes whose values were too large to be kept. */
  readonly oversized?: ReadonlySet<string> | undefined;
}

/** What takes a page in, in document order. */
export interface ElementSink {
  start(element: Element): void;
  /** The same object as at its start. Elements of formatting may end before others that began in them. */
  end(element: Element): void;
  text(text: string): void;
  /** The page is over; all elements have ended. */
  finish(): void;
}

/** Passes everything on; a filter overrides what it changes. */
export class ElementFilter implements ElementSink {
  constructor(protected readonly next: ElementSink) {}

  start(element: Element): void {
    this.next.start(element);
  }

  end(element: Element): void {
    this.next.end(element);
  }

  text(text: string): void {
    this.next.text(text);
  }

  finish(): void {
    this.next.finish();
  }

  /** A link that the page does not have in this form. */
  protected writeLink(href: string, label: string): void {
    const link = element('a', { href });
    this.next.start(link);
    this.next.text(label);
    this.next.end(link);
  }
}

export const element = (name: string, attributes: Record<string, string> = {}): Element => ({
  name,
  attributes: new Map(Object.entries(attributes)),
});

const words = (text: string): ReadonlySet<string> => new Set(text.split(/\s+/));

/** Elements without content and end tag (HTML §13.1.2), and those of former times. */
export const EMPTY = words(
  'area base basefont bgsound br col command embed frame hr img input keygen link meta param source track wbr',
);

/** HTML §13.2.4.3: what goes on after the element around it has ended. */
export const FORMATTING = words('a b big code em font i nobr s small strike strong tt u');

/** HTML §13.2.4.2: what an end tag of another element does not reach through. */
export const SPECIAL = words(
  `address applet area article aside base basefont bgsound blockquote body br button caption center col colgroup dd
  details dir div dl dt embed fieldset figcaption figure footer form frame frameset h1 h2 h3 h4 h5 h6 head header hgroup
  hr html iframe img input keygen li link listing main marquee menu meta nav noembed noframes noscript object ol p param
  plaintext pre script search section select source style summary table tbody td template textarea tfoot th thead title
  tr track ul wbr xmp`,
);
