// HTML to tags and text, by the tokenizer of htmlparser2. Tokens may be of any size: what nobody reads of one is not kept.
import { type QuoteType, Tokenizer, type TokenizerCallbacks } from 'htmlparser2';
import type { Attributes } from './element.js';
import { ScriptEnd } from './script_end.js';

export interface Tag {
  name: string;
  attributes: Attributes;
  oversized: ReadonlySet<string> | undefined;
  isSelfClosing: boolean;
}

export interface TokenSink {
  /** Whether tags are of SVG or MathML, in which no content is raw text. */
  readonly isForeign: boolean;
  /** Whether CDATA is text. */
  readonly hasCdata: boolean;
  startTag(tag: Tag): void;
  endTag(name: string): void;
  text(text: string): void;
}

/** Elements for browsers that do without something: to others their content is text. */
const WITHOUT: ReadonlySet<string> = new Set(['noframes', 'noembed']);
/** Characters of an attribute's value, of all of a tag's together, and of a name. */
const MAX_VALUE = 1 << 20;
const MAX_VALUES = 2 << 20;
const MAX_NAME = 128;
const MAX_ATTRIBUTES = 256;
const SCRIPT = /<script[\t\n\f\r />]/i;
const BEGUN_SCRIPT = /<(?:s|sc|scr|scri|scrip|script(?:[\t\n\f\r /][^>]*)?)?$/i;
const MAX_HELD = 4096;
/** With one of these the page itself begins. */
const OUTER: ReadonlySet<string> = new Set(['html', 'head', 'body']);
/** A document type that goes on in brackets (XML 1.0 §2.8). */
const SUBSET = /^!?doctype\b[^\]]*\[[^\]]*$/i;
/** Characters that are read at once. */
const STEP = 1 << 15;
/** Characters of a token that goes on in the next step which are kept: more than any name or end tag has. */
const KEPT = 2 * STEP;

export class TokenReader {
  readonly #tokenizer: Tokenizer;
  #chunk = '';
  /** Where `#chunk` begins in the page, and where the last token ended. */
  #offset = 0;
  #tokenEnd = 0;
  #pending = '';
  /** Declarations of XML, up to the page itself. */
  #isSubset = false;
  /** The script that is passed over, and where the tag of the last one ended. */
  #script: ScriptEnd | undefined;
  #lastScript = -1;
  /** The start of such a tag, as far as it has come. */
  #held = '';
  #isEnding = false;
  #name = '';
  #attributeName = '';
  #value = '';
  #isOversized = false;
  #values = 0;
  #attributes = new Map<string, string>();
  #oversized: Set<string> | undefined;
  /** Reads what stands in `<noframes>` or `<noembed>`, which is markup for devices without frames and plug-ins. */
  #without: { name: string; reader: TokenReader } | undefined;

  /** `isXml`: tags can close themselves, and CDATA is text. */
  constructor(
    private readonly sink: TokenSink,
    private readonly isXml = false,
  ) {
    this.#tokenizer = new Tokenizer({ recognizeSelfClosing: isXml }, this.#callbacks());
  }

  /** `isDone` is asked now and then whether more is wanted. */
  write(text: string, isDone: () => boolean = () => false): void {
    for (let at = 0; at < text.length && !isDone(); at += STEP) this.#read(text.slice(at, at + STEP));
  }

  /** Scripts are passed over by themselves: they are much of many pages, of any size, and nothing of them shows. */
  #read(text: string): void {
    let rest: string | undefined = this.#held + text;
    this.#held = '';
    while (rest !== undefined && rest !== '') {
      if (this.#script !== undefined) {
        rest = this.#script.find(rest);
        if (rest !== undefined) this.#script = undefined;
        if (rest === undefined) return;
      }
      const script = this.isXml ? -1 : rest.search(SCRIPT);
      const end = script < 0 ? 0 : rest.indexOf('>', script) + 1;
      if (end === 0) {
        const begun = this.isXml ? '' : (BEGUN_SCRIPT.exec(rest)?.[0] ?? '');
        if (begun.length < MAX_HELD) this.#held = begun;
        this.#step(rest.slice(0, rest.length - this.#held.length));
        return;
      }
      this.#step(rest.slice(0, end));
      // It was one where its tag ended just there, and not in a comment or a value.
      const isScript = this.#lastScript === this.#offset + this.#chunk.length;
      if (isScript) this.#script = new ScriptEnd();
      rest = rest.slice(end);
    }
  }

  end(): void {
    this.#step(this.#held);
    this.#isEnding = true;
    this.#tokenizer.end();
    this.#flush();
    this.#without?.reader.end();
  }

  #step(text: string): void {
    const end = this.#offset + this.#chunk.length;
    // What began before and goes on here; of a comment without end, the last of it.
    const open = this.#slice(Math.max(this.#tokenEnd, end - KEPT), end);
    this.#chunk = open + text;
    this.#offset = end - open.length;
    this.#tokenizer.write(text);
    this.#flush();
  }

  #slice(start: number, end: number): string {
    return this.#chunk.slice(Math.max(0, start - this.#offset), Math.max(0, end - this.#offset));
  }

  #callbacks(): TokenizerCallbacks {
    return {
      isInForeignContext: () => this.sink.isForeign,
      ontext: (start, end) => {
        // A tag that the page's end cuts off is no text.
        const isTag = this.#isEnding && /^<[a-z]/i.test(this.#slice(start - 1, start + 1));
        if (!isTag) this.#text(this.#slice(start, end));
        this.#tokenEnd = end;
      },
      ontextentity: (code, end) => {
        this.#text(String.fromCodePoint(code));
        this.#tokenEnd = end;
      },
      oncdata: (start, end, rest) => {
        if (this.isXml || this.sink.hasCdata) this.#text(this.#slice(start, end - rest));
        this.#tokenEnd = end + 1;
      },
      oncomment: (_, end) => this.#skip(end),
      ondeclaration: (start, end) => {
        if (this.isXml && SUBSET.test(this.#slice(start, end))) this.#isSubset = true;
        this.#skip(end);
      },
      onprocessinginstruction: (_, end) => this.#skip(end),
      onopentagname: (start, end) => this.#open(this.#nameOf(start, end)),
      onattribname: (start, end) => {
        this.#attributeName = this.#nameOf(start, end);
      },
      onattribdata: (start, end) => this.#addValue(this.#slice(start, end)),
      onattribentity: (code) => this.#addValue(String.fromCodePoint(code)),
      onattribend: (_: QuoteType, end) => this.#endAttribute(end),
      onopentagend: (end) => this.#startTag(end, false),
      onselfclosingtag: (end) => this.#startTag(end, true),
      onclosetag: (start, end) => this.#endTag(this.#nameOf(start, end), end),
      onend: () => {},
    };
  }

  #nameOf(start: number, end: number): string {
    return this.#slice(start, Math.min(end, start + MAX_NAME)).toLowerCase();
  }

  #skip(end: number): void {
    this.#tokenEnd = end + 1;
  }

  #text(text: string): void {
    if (this.#isSubset) {
      const end = /\]\s*>/.exec(text);
      if (end === null) return;
      this.#isSubset = false;
      this.#pending += text.slice(end.index + end[0].length);
    } else this.#pending += text;
  }

  /** References cut a text into many: it goes on as one. */
  #flush(): void {
    const text = this.#pending;
    if (text === '') return;
    this.#pending = '';
    if (this.#without !== undefined) this.#without.reader.write(text);
    else this.sink.text(text);
  }

  #open(name: string): void {
    this.#name = name === 'image' ? 'img' : name;
    this.#attributes = new Map();
    this.#oversized = undefined;
    this.#values = 0;
    this.#value = '';
    this.#isOversized = false;
  }

  #addValue(text: string): void {
    if (this.#isOversized) return;
    this.#value += text;
    this.#values += text.length;
    this.#isOversized = this.#value.length > MAX_VALUE || this.#values > MAX_VALUES;
  }

  /** The first of a name counts (HTML §13.2.5.33). */
  #endAttribute(end: number): void {
    this.#tokenEnd = end;
    const name = this.#attributeName;
    if (!this.#attributes.has(name) && this.#attributes.size < MAX_ATTRIBUTES) {
      if (this.#isOversized) this.#oversized = (this.#oversized ?? new Set()).add(name);
      else this.#attributes.set(name, this.#value);
    }
    this.#value = '';
    this.#isOversized = false;
  }

  #startTag(end: number, isSelfClosing: boolean): void {
    this.#tokenEnd = end + 1;
    this.#isSubset &&= !OUTER.has(this.#name);
    if (this.#isSubset) return;
    this.#flush();
    const tag = { name: this.#name, attributes: this.#attributes, oversized: this.#oversized, isSelfClosing };
    const type = this.#attributes.get('type') ?? '';
    if (this.#name === 'script' && !this.sink.isForeign && !/json/i.test(type))
      this.#lastScript = this.#tokenEnd;
    if (WITHOUT.has(this.#name) && !this.isXml)
      this.#without ??= { name: this.#name, reader: new TokenReader(this.sink) };
    this.sink.startTag(tag);
  }

  #endTag(name: string, end: number): void {
    this.#tokenEnd = end;
    if (this.#isSubset) return;
    this.#flush();
    if (name === this.#without?.name) {
      this.#without.reader.end();
      this.#without = undefined;
    }
    this.sink.endTag(name);
  }
}
