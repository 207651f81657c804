// WML 1.1 (WAP Forum, Wireless Markup Language, 16 June 1999): decks of cards for WAP phones.

import { htmlEncoder } from '../charset/encode.js';
import { shortAddress } from '../decks/address.js';
import type { DeckMarkup, Piece } from '../decks/deck_markup.js';
import { deckBytes, rewriteDeck, writeDecks } from '../decks/write_decks.js';
import type { Block, Field, Form, Style, Submit } from '../flow/flow.js';
import type { Format, PageOptions } from '../format.js';
import { escapeAttribute, escapeText } from '../markup.js';
import type { Refresh } from '../page/refresh.js';
import { formAddress, needsCare, oneOfSeveral, sentName, submittedBy } from '../submission.js';

/** A card is what a person scrolls through before the next: some screens of this many characters. */
const SCREENS = 8;
const CHARACTER = { width: 6, height: 12 };

export const wml: Format = {
  name: 'text/vnd.wap.wml',
  contentType: 'text/vnd.wap.wml',
  write(page, options) {
    const { screenWidth, screenHeight, memory } = options.profile;
    const screen = (screenWidth / CHARACTER.width) * (screenHeight / CHARACTER.height);
    const limits = { deck: deckBytes(memory), card: Math.max(400, SCREENS * screen) };
    return writeDecks(page, new WmlMarkup(options), options, limits);
  },
  rewrite: rewriteDeck,
  encoder: htmlEncoder,
};

const STRONG_LEVELS = 3;

class WmlMarkup implements DeckMarkup {
  constructor(private readonly options: PageOptions) {}

  deckStart(title: string, refresh: Refresh | undefined): string {
    const { charset } = this.options.profile;
    const timer =
      refresh === undefined || refresh.url.length > 512
        ? ''
        : `<onevent type="ontimer"><go href="${attributeText(this.#address(refresh.url))}"/></onevent>` +
          // Tenths of a second; a timer of 0 is none.
          `<timer value="${Math.max(1, 10 * refresh.seconds)}"/>`;
    return (
      `<?xml version="1.0" encoding="${attributeText(charset)}"?>\n` +
      '<!DOCTYPE wml PUBLIC "-//WAPFORUM//DTD WML 1.1//EN" "http://www.wapforum.org/DTD/wml_1.1.xml">\n' +
      // Phones of the time have no way back unless the deck gives one.
      '<wml><template><do type="prev" label="Back"><prev/></do></template>' +
      `<card id="c1"${titleAttribute(title)}>${timer}`
    );
  }

  deckEnd(next: string | undefined, excuse: string): string {
    const more = next === undefined ? text(excuse) : `<a href="${attributeText(next)}">More</a>`;
    // A card of nothing is legal, but shows nothing to leave it by.
    return `${more === '' ? '' : `<p>${more}</p>`}</card></wml>\n`;
  }

  cardBreak(card: number, title: string): string {
    return `<p><a href="#c${card}">Next</a></p></card><card id="c${card}"${titleAttribute(title)}>`;
  }

  cardAddress(card: number): string {
    return `#c${card}`;
  }

  blockStart(block: Block, isContinued: boolean): string {
    if (block.kind === 'heading') return block.level <= STRONG_LEVELS ? '<p><big>' : '<p><b>';
    if (block.kind === 'preformatted') return '<p mode="nowrap">';
    if (block.kind !== 'item' || isContinued) return '<p>';
    const depth = '\u00a0'.repeat(Math.max(0, block.lists.length - 1));
    return `<p>${depth}${block.number === undefined ? '-' : `${block.number}.`} `;
  }

  blockEnd(block: Block): string {
    if (block.kind !== 'heading') return '</p>';
    return block.level <= STRONG_LEVELS ? '</big></p>' : '</b></p>';
  }

  styleStart(style: Style): string {
    // An anchor holds text, pictures and line breaks, and no emphasis.
    if (style.link !== undefined) return `<a href="${attributeText(this.#address(style.link))}">`;
    return `${style.strong ? '<b>' : ''}${style.emphasis ? '<i>' : ''}`;
  }

  styleEnd(style: Style): string {
    if (style.link !== undefined) return '</a>';
    return `${style.emphasis ? '</i>' : ''}${style.strong ? '</b>' : ''}`;
  }

  text(content: string, block: Block): string {
    return block.kind === 'preformatted' ? text(content.replace(/ {2}/g, ' \u00a0')) : text(content);
  }

  lineBreak(): string {
    return '<br/>';
  }

  rule(): string {
    return '--';
  }

  picture(url: string | undefined, alt: string): string {
    // The device fetches it on its own, after the text, and the proxy makes it fit then.
    if (url === undefined || this.options.profile.pictures.length === 0 || url.length > 512)
      return alt === '' ? '' : text(`[${alt}]`);
    return `<img src="${attributeText(shortAddress(url, this.options.url))}" alt="${attributeText(alt)}"/>`;
  }

  field(field: Field, room: number): Piece[] {
    return fieldElements(field, room).map((text) => ({ text }));
  }

  submits(form: Form, submits: readonly Submit[]): Piece[] {
    const charset = ` accept-charset="${attributeText(form.charset)}"`;
    const fields = form.fields.flatMap((field) => {
      if (field.kind === 'hidden') return [postfield(field.name, attributeText(field.value))];
      const variables = field.multiple ? parts(field).map((part) => part.variable) : [field.variable];
      return variables.map((variable) => postfield(sentName(field), `$(${variable})`));
    });
    return submits.map((submit) => {
      const sent = submittedBy(form, submit);
      const href = attributeText(formAddress(sent, this.options.url, needsCare(form)));
      const own = submit.sends.map(({ name, value }) => postfield(name, attributeText(value)));
      const go = `<go href="${href}" method="${sent.method}"${charset}>${[...fields, ...own].join('')}</go>`;
      return { text: `<anchor>${text(submit.label)}${go}</anchor> ` };
    });
  }

  tooLarge(): string {
    return '[Too large for this device]';
  }

  #address(link: string): string {
    return link.startsWith('#') ? link : shortAddress(link, this.options.url);
  }
}

function fieldElements(field: Field, room: number): string[] {
  const { variable } = field;
  if (field.kind === 'check') {
    const choices = [option('', '[ ]'), option(field.value, '[x]')];
    return [select(variable, field.checked ? field.value : '', choices)];
  }
  if (field.kind === 'choice') return choiceField(field, room);
  const type = field.kind === 'password' ? ' type="password"' : '';
  const value = field.value === '' ? '' : ` value="${attributeText(field.value)}"`;
  const size = field.size > 0 ? ` size="${field.size}"` : '';
  const length = field.maxLength > 0 ? ` maxlength="${field.maxLength}"` : '';
  return [`<input name="${variable}"${type}${value} emptyok="true"${size}${length}/>`];
}

/** As many elements as it takes to stay within `room`. A later one begins with what an earlier one may have chosen. */
function choiceField(field: Field, room: number): string[] {
  if (field.multiple) return severalField(field);
  const first = field.choices.find((choice) => choice.selected)?.value;
  const pieces: string[] = [];
  let options = field.optional ? [option('', '-')] : [];
  let length = 0;
  for (const choice of field.choices) {
    const next = option(choice.value, choice.label);
    // Four bytes a character at most: no measuring for what is only a rough bound.
    if (length + 4 * next.length > room / 2 && options.length > 0) {
      pieces.push(select(field.variable, first ?? '', options));
      options = [`<option value="$(${field.variable})">=</option>`];
      length = 0;
    }
    options.push(next);
    length += 4 * next.length;
  }
  return [...pieces, select(field.variable, first ?? '', options)];
}

/** Several of a list are chosen in several lists, each with a variable of its own. */
function severalField(field: Field): string[] {
  return parts(field).map(({ variable, choices }) => {
    const first = choices.filter((choice) => choice.selected).map((choice) => oneOfSeveral(choice.value));
    const options = choices.map((choice) => option(oneOfSeveral(choice.value), choice.label));
    return select(variable, first.join(';'), options, true);
  });
}

const PART = 8;

const parts = ({ variable, choices }: Field) =>
  Array.from({ length: Math.ceil(choices.length / PART) }, (_, i) => ({
    variable: `${variable}_${i}`,
    choices: choices.slice(i * PART, (i + 1) * PART),
  }));

function select(variable: string, initial: string, options: string[], multiple = false): string {
  const value = initial === '' ? '' : ` value="${attributeText(initial)}"`;
  return `<select name="${variable}"${value}${multiple ? ' multiple="true"' : ''}>${options.join('')}</select>`;
}

const option = (value: string, label: string) =>
  `<option value="${attributeText(value)}">${text(label)}</option>`;

const postfield = (name: string, value: string) =>
  `<postfield name="${attributeText(name)}" value="${value}"/>`;

const titleAttribute = (title: string) => {
  const short = title.slice(0, 40).trim();
  return short === '' ? '' : ` title="${attributeText(short)}"`;
};

/** XML 1.0 §2.2: characters that no document may hold. A dollar sign begins a variable (WML 1.1 §10.3.1). */
export const legalText = (content: string): string =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is taken out
  content.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\ufffe\uffff]|\p{Surrogate}/gu, '');

const text = (content: string) => escapeText(legalText(content)).replaceAll('$', '$$$$');
const attributeText = (content: string) => escapeAttribute(legalText(content)).replaceAll('$', '$$$$');
