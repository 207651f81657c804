// Plain text for pagers: links are numbered, and listed where the part ends.
import { plainEncoder } from '../charset/encode.js';
import type { DeckMarkup, Piece } from '../decks/deck_markup.js';
import { deckBytes, rewriteDeck, writeDecks } from '../decks/write_decks.js';
import type { Block, Field, Form, Style, Submit } from '../flow/flow.js';
import type { Format, PageOptions } from '../format.js';

export const plainText: Format = {
  name: 'text/plain',
  contentType: 'text/plain',
  write(page, options) {
    const limits = { deck: deckBytes(options.profile.memory), card: Number.POSITIVE_INFINITY };
    return writeDecks(page, new TextMarkup(options), options, limits);
  },
  rewrite: rewriteDeck,
  encoder: plainEncoder,
};

class TextMarkup implements DeckMarkup {
  constructor(private readonly options: PageOptions) {}

  deckStart(title: string): string {
    return title === '' ? '' : `${clean(title)}\n\n`;
  }

  deckEnd(next: string | undefined, excuse: string, notes: string): string {
    const links = notes === '' ? '' : `\n${notes}`;
    if (next === undefined) return `${excuse === '' ? '' : `\n${excuse}`}${links}\n`;
    return `${links}\n\nMore: ${new URL(next, this.options.url).href}\n`;
  }

  cardBreak(): string {
    return '';
  }

  cardAddress(): string {
    return '';
  }

  blockStart(block: Block, isContinued: boolean, isFirst: boolean): string {
    // Items and rows stand close together; everything else has an empty line before it.
    const isClose = block.kind === 'item' || block.kind === 'row';
    const space = isFirst ? '' : isClose ? '\n' : '\n\n';
    if (block.kind !== 'item' || isContinued) return space;
    const depth = '  '.repeat(Math.max(0, block.lists.length - 1));
    return `${space}${depth}${block.number === undefined ? '-' : `${block.number}.`} `;
  }

  blockEnd(): string {
    return '';
  }

  styleStart(): string {
    return '';
  }

  styleEnd(_: Style, number: number): string {
    // A place in the page has no number: it is in the text anyway.
    return number === 0 ? '' : `[${number}]`;
  }

  linkNote(link: string, number: number): string {
    return `\n[${number}] ${link}`;
  }

  text(content: string): string {
    return clean(content);
  }

  lineBreak(): string {
    return '\n';
  }

  rule(): string {
    return '----';
  }

  picture(_: string | undefined, alt: string): string {
    return alt === '' ? '' : `[${clean(alt)}]`;
  }

  /** Such a device fills nothing in: the person reads what there is to fill in elsewhere. */
  field(field: Field): Piece[] {
    return [{ text: `[${clean(field.name)}: ${contentOf(field)}]` }];
  }

  submits(form: Form, submits: readonly Submit[]): Piece[] {
    // Buttons that send to the same address stand together.
    const lines = new Map<string, string[]>();
    for (const { label, action, method } of submits) {
      const where = `${(method ?? form.method).toUpperCase()} ${action ?? form.action}`;
      lines.set(where, [...(lines.get(where) ?? []), `[${clean(label)}]`]);
    }
    return [...lines].map(([where, labels]) => ({ text: `${labels.join(' ')} ${where} ` }));
  }

  tooLarge(): string {
    return '[...]';
  }
}

function contentOf(field: Field): string {
  if (field.kind === 'check') return field.checked ? 'x' : ' ';
  if (field.kind === 'password') return '____';
  if (field.kind !== 'choice') return `${clean(field.value.slice(0, 80))}____`;
  const labels = field.choices.slice(0, 16).map(({ selected, label }) => `${selected ? '*' : ''}${label}`);
  return clean(labels.join('/')) + (field.choices.length > 16 ? '/...' : '');
}

/** A control character could move a pager's cursor, or end the message. */
const clean = (content: string) =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is taken out
  content.replace(/[\u0000-\u001f\u007f-\u009f]|\p{Surrogate}/gu, '').replaceAll('\u00ad', '');
