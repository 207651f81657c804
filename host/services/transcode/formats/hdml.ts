// HDML 3.0 (Unwired Planet, HDML Language Reference): decks for phones with the UP browser. Tags are SGML's, some of
// them without an end; a field of a form is a card of its own, reached from where it stands in the page.
import { htmlEncoder } from '../charset/encode.js';
import { shortAddress } from '../decks/address.js';
import type { DeckMarkup, Piece } from '../decks/deck_markup.js';
import { deckBytes, rewriteDeck, writeDecks } from '../decks/write_decks.js';
import type { Block, Field, Form, Style, Submit } from '../flow/flow.js';
import type { Format, PageOptions } from '../format.js';
import { escapeAttribute, escapeText } from '../markup.js';
import { encodedName, formAddress, NOTHING, oneOfSeveral, submittedBy } from '../submission.js';
import { legalText } from './wml.js';

export const hdml: Format = {
  name: 'text/x-hdml',
  contentType: 'text/x-hdml',
  write(page, options) {
    const limits = { deck: deckBytes(options.profile.memory), card: Number.POSITIVE_INFINITY };
    return writeDecks(page, new HdmlMarkup(options), options, limits);
  },
  rewrite: rewriteDeck,
  encoder: htmlEncoder,
};

class HdmlMarkup implements DeckMarkup {
  constructor(private readonly options: PageOptions) {}

  deckStart(title: string): string {
    const short = title.slice(0, 40).trim();
    const named = short === '' ? '' : ` TITLE="${attributeText(short)}"`;
    return `<HDML VERSION="3.0" PUBLIC="TRUE" MARKABLE="TRUE"><DISPLAY NAME="c1"${named}>`;
  }

  deckEnd(next: string | undefined, excuse: string, notes: string): string {
    const more = next === undefined ? text(excuse) : link(next, 'More');
    return `${more === '' ? '' : `<BR>${more}`}</DISPLAY>${notes}</HDML>\n`;
  }

  cardBreak(): string {
    return '';
  }

  cardAddress(): string {
    return '#c1';
  }

  blockStart(block: Block, isContinued: boolean, isFirst: boolean): string {
    const start = isFirst ? '' : '<BR>';
    if (block.kind !== 'item' || isContinued) return start;
    return `${start}${block.number === undefined ? '-' : `${block.number}.`} `;
  }

  blockEnd(): string {
    return '';
  }

  styleStart(style: Style): string {
    // Emphasis is not in the language.
    if (style.link === undefined) return '';
    const { link: to } = style;
    return `<A TASK="GO" DEST="${attributeText(to.startsWith('#') ? to : shortAddress(to, this.options.url))}">`;
  }

  styleEnd(style: Style): string {
    return style.link === undefined ? '' : '</A>';
  }

  text(content: string): string {
    return text(content);
  }

  lineBreak(): string {
    return '<BR>';
  }

  rule(): string {
    return '--';
  }

  picture(url: string | undefined, alt: string): string {
    if (url === undefined || this.options.profile.pictures.length === 0 || url.length > 512)
      return alt === '' ? '' : text(`[${alt}]`);
    const src = attributeText(shortAddress(url, this.options.url));
    return `<IMG SRC="${src}" ALT="${attributeText(alt === '' ? ' ' : alt)}">`;
  }

  /** A link that shows the value, and the card behind it. */
  field(field: Field): Piece[] {
    const { variable } = field;
    const shown = field.kind === 'password' ? '*' : `$(${variable})`;
    const first = firstValue(field);
    const hint = first === '' ? '' : ` (${text(labelOf(field, first).slice(0, 40))})`;
    const here = `<A TASK="GO" DEST="#${variable}">[${text(field.name.slice(0, 40))}: ${shown}]</A>${hint}`;
    return [{ text: here, note: card(field) }];
  }

  submits(form: Form, submits: readonly Submit[]): Piece[] {
    const fields = form.fields.map((field) => {
      if (field.kind === 'hidden') return pair(encodeURIComponent(field.name), field.value);
      return `${attributeText(encodedName(field, firstValue(field)))}=$(${field.variable}:esc)`;
    });
    return submits.map((submit) => {
      const sent = submittedBy(form, submit);
      const own = submit.sends.map(({ name, value }) => pair(encodeURIComponent(name), value));
      const data = [...fields, ...own].join('&amp;');
      const action = formAddress(sent, this.options.url, true);
      const sends =
        sent.method === 'get'
          ? `DEST="${attributeText(action)}?${data}"`
          : `METHOD="POST" DEST="${attributeText(action)}" POSTDATA="${data}"`;
      return { text: `<A TASK="GO" ${sends}>${text(submit.label)}</A> ` };
    });
  }

  tooLarge(): string {
    return '[Too large for this device]';
  }
}

/** Accepting a card sets its variable and goes back to the page. */
function card(field: Field): string {
  const { variable } = field;
  const back = '<ACTION TYPE="ACCEPT" TASK="PREV">';
  const title = text(field.name.slice(0, 40));
  if (field.kind === 'choice' || field.kind === 'check') {
    const chosen = field.kind === 'check' ? [{ value: field.value, label: '[x]' }] : choicesOf(field);
    const choices = [...chosen, ...(field.optional ? [{ value: NOTHING, label: '[ ]' }] : [])];
    const entries = choices.map(
      ({ value, label }) => `<CE VALUE="${attributeText(value)}">${text(label)}</CE>`,
    );
    return `<CHOICE NAME="${variable}" KEY="${variable}">${back}${title}${entries.join('')}</CHOICE>`;
  }
  const first = field.value === '' ? '' : ` DEFAULT="${attributeText(field.value)}"`;
  const hidden = field.kind === 'password' ? ' NOECHO="TRUE"' : '';
  return `<ENTRY NAME="${variable}" KEY="${variable}" EMPTYOK="TRUE"${hidden}${first}>${back}${title}</ENTRY>`;
}

/** What is sent of a field whose card nobody opened. */
function firstValue(field: Field): string {
  if (field.kind === 'check') return field.checked ? field.value : '';
  if (field.kind !== 'choice') return field.value;
  const choices = choicesOf(field);
  const chosen = choices.find((choice) => choice.selected) ?? (field.optional ? undefined : choices[0]);
  return chosen?.value ?? '';
}

/** The language has no choice of several: of such a list one can be chosen. */
const choicesOf = ({ choices, multiple }: Field) =>
  multiple ? choices.map((choice) => ({ ...choice, value: oneOfSeveral(choice.value) })) : choices;

const labelOf = (field: Field, value: string) =>
  choicesOf(field).find((choice) => choice.value === value)?.label ?? (field.kind === 'check' ? 'x' : value);

const pair = (name: string, value: string) =>
  `${attributeText(name)}=${attributeText(encodeURIComponent(value))}`;

const link = (address: string, label: string) =>
  `<A TASK="GO" DEST="${attributeText(address)}">${text(label)}</A>`;

const text = (content: string) => escapeText(legalText(content)).replaceAll('$', '&dol;');
const attributeText = (content: string) => escapeAttribute(legalText(content)).replaceAll('$', '&dol;');
