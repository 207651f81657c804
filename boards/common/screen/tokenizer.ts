// HTML into tags and text, as it comes in. It stands for a parser of the kind that a desk has because those look at each
// character by itself, which costs a board 11,000 instructions a character; here what lies between tags, and between
// quotes, is found by the engine's own search.

export type Attributes = Readonly<Record<string, string>>;

export interface TokenSink {
  /** Names are in lower case. */
  onStart(name: string, attributes: Attributes): void;
  onEnd(name: string): void;
  /** Character references are resolved. A run of text may come in several pieces. */
  onText(text: string): void;
}

/** Elements whose content is no markup (HTML Living Standard §13.2.5.2 and §13.2.5.4). */
const RAW: ReadonlySet<string> = new Set('script style title textarea xmp noscript iframe'.split(' '));
/** Characters that may be held back for the end of a tag or comment; beyond it they are dropped. */
const MAX_HELD = 1 << 18;
/** No character reference is longer. */
const MAX_REFERENCE = 34;

export class Tokenizer {
  readonly #tokens: TokenSink;
  #held = '';
  #raw: string | undefined;
  /** What ends the comment or tag that is left out for its length. */
  #dropsTo: string | undefined;

  constructor(tokens: TokenSink) {
    this.#tokens = tokens;
  }

  write(html: string): void {
    const data = this.#held + html;
    let at = 0;
    if (this.#dropsTo !== undefined) {
      const end = data.indexOf(this.#dropsTo);
      this.#held = data.slice(Math.max(0, data.length - this.#dropsTo.length + 1));
      if (end < 0) return;
      at = end + this.#dropsTo.length;
      this.#dropsTo = undefined;
    }
    for (;;) {
      const next = this.#raw === undefined ? this.#markup(data, at) : this.#rawText(data, at, this.#raw);
      if (next === at) break;
      at = next;
    }
    this.#held = data.slice(at);
    if (this.#held.length <= MAX_HELD) return;
    this.#dropsTo = this.#held.startsWith('<!--') ? '-->' : '>';
    this.#held = '';
  }

  end(): void {
    if (this.#held !== '' && !this.#held.startsWith('<')) this.#text(this.#held);
    this.#held = '';
  }

  #text(text: string): void {
    if (text !== '') this.#tokens.onText(text.includes('&') ? resolved(text) : text);
  }

  /** Takes one tag, comment or run of text that begins at `at`. Gives where it ends: at `at` where it is not whole. */
  #markup(data: string, at: number): number {
    if (at >= data.length) return at;
    const tag = data.indexOf('<', at);
    if (tag < 0) {
      const end = withoutBegun(data, at);
      this.#text(data.slice(at, end));
      return end;
    }
    if (tag > at) this.#text(data.slice(at, tag));
    // What stands before the tag is done with, whether or not that is whole.
    return this.#tag(data, tag);
  }

  #tag(data: string, at: number): number {
    const code = data.charCodeAt(at + 1);
    if (Number.isNaN(code)) return at;
    if (isLetter(code)) return this.#startTag(data, at);
    if (code !== SLASH && code !== EXCLAMATION && code !== QUESTION) {
      this.#text('<');
      return at + 1;
    }
    const end = data.startsWith('<!--', at) ? '-->' : '>';
    // A comment may begin to come in: four characters tell.
    if (code === EXCLAMATION && end === '>' && data.length < at + 4) return at;
    const found = data.indexOf(end, at + 2);
    if (found < 0) return at;
    if (code === SLASH)
      this.#tokens.onEnd(
        data
          .slice(at + 2, found)
          .trim()
          .toLowerCase(),
      );
    return found + end.length;
  }

  #startTag(data: string, at: number): number {
    let pen = endOfName(data, at + 1);
    const name = data.slice(at + 1, pen).toLowerCase();
    const attributes: Record<string, string> = Object.create(null);
    for (;;) {
      pen = afterSpace(data, pen);
      const code = data.charCodeAt(pen);
      if (Number.isNaN(code)) return at;
      if (code === GREATER) break;
      // A name may begin with an equals sign, so that each step goes on.
      const end = endOfName(data, pen + 1);
      const attribute = data.slice(pen, end).toLowerCase();
      pen = afterSpace(data, end);
      let value = '';
      if (data.charCodeAt(pen) === EQUALS) {
        pen = afterSpace(data, pen + 1);
        const first = data.charCodeAt(pen);
        const isQuoted = first === DOUBLE || first === SINGLE;
        const close = isQuoted ? data.indexOf(data[pen]!, pen + 1) : endOfValue(data, pen);
        if (close < 0 || close >= data.length) return at;
        value = data.slice(isQuoted ? pen + 1 : pen, close);
        pen = isQuoted ? close + 1 : close;
      }
      if (attribute !== '/' && attributes[attribute] === undefined)
        attributes[attribute] = value.includes('&') ? resolved(value) : value;
    }
    if (RAW.has(name)) this.#raw = name;
    this.#tokens.onStart(name, attributes);
    return pen + 1;
  }

  #rawText(data: string, at: number, name: string): number {
    let tag = data.indexOf('</', at);
    while (tag >= 0 && data.slice(tag + 2, tag + 2 + name.length).toLowerCase() !== name) {
      if (tag + 2 + name.length > data.length) break;
      tag = data.indexOf('</', tag + 2);
    }
    const end = tag >= 0 ? tag : data.endsWith('<') ? data.length - 1 : withoutBegun(data, at);
    if (end > at) this.#text(data.slice(at, end));
    const close = tag < 0 ? -1 : data.indexOf('>', tag);
    if (close < 0 || tag + 2 + name.length > data.length) return end;
    this.#raw = undefined;
    this.#tokens.onEnd(name);
    return close + 1;
  }
}

const [SLASH, EXCLAMATION, QUESTION, GREATER, EQUALS, DOUBLE, SINGLE] = [47, 33, 63, 62, 61, 34, 39];

const isLetter = (code: number) => (code | 32) >= 97 && (code | 32) <= 122;
const isSpace = (code: number) => code === 32 || (code >= 9 && code <= 13);

function afterSpace(data: string, at: number): number {
  let end = at;
  while (isSpace(data.charCodeAt(end))) end++;
  return end;
}

/** A name ends before white space, a slash, an equals sign or the end of the tag. */
function endOfName(data: string, at: number): number {
  for (let end = at; ; end++) {
    const code = data.charCodeAt(end);
    if (code === SLASH || code === EQUALS || code === GREATER || isSpace(code) || end >= data.length)
      return end;
  }
}

function endOfValue(data: string, at: number): number {
  for (let end = at; ; end++) {
    const code = data.charCodeAt(end);
    if (code === GREATER || isSpace(code) || end >= data.length) return end;
  }
}

/** The end of `data`, or where a character reference begins that may not be whole yet. */
function withoutBegun(data: string, from: number): number {
  const at = data.lastIndexOf('&');
  const isBegun = at >= from && data.length - at < MAX_REFERENCE && data.indexOf(';', at) < 0;
  return isBegun && /^&#?\w*$/.test(data.slice(at)) ? at : data.length;
}

const REFERENCE = /&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|([a-z]+\d?));?/gi;

/** Those that pages are written with; a proxy leaves no others. */
const NAMED: ReadonlyMap<string, string> = new Map(
  Object.entries({
    ...{
      amp: '&',
      lt: '<',
      gt: '>',
      quot: '"',
      apos: "'",
      nbsp: '\u00a0',
      shy: '\u00ad',
      copy: '©',
      reg: '®',
    },
    ...{ ndash: '–', mdash: '—', lsquo: '‘', rsquo: '’', ldquo: '“', rdquo: '”', laquo: '«', raquo: '»' },
    ...{ hellip: '…', bull: '•', middot: '·', euro: '€', pound: '£', times: '×', deg: '°', trade: '™' },
    ...{ larr: '←', rarr: '→', sect: '§', auml: 'ä', ouml: 'ö', uuml: 'ü', szlig: 'ß', eacute: 'é' },
  }),
);

function resolved(text: string): string {
  return text.replace(REFERENCE, (whole, decimal?: string, hexadecimal?: string, name?: string) => {
    if (name !== undefined) return NAMED.get(name) ?? whole;
    const code = decimal !== undefined ? Number(decimal) : Number.parseInt(hexadecimal!, 16);
    const isCharacter = code > 0 && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff);
    return isCharacter ? String.fromCodePoint(code) : '\ufffd';
  });
}
