// Compact HTML (W3C Note 09-02-1998): the part of HTML 3.2 that early browser phones read. No tables, styles, frames or
// scripts; tags are well-formed by HTML 3.2's own rules, since such browsers mend nothing.
import { htmlEncoder } from '../charset.js';
import { relativeAddress } from '../decks/address.js';
import type { Block, Field, FlowSink, Form, Style } from '../flow/flow.js';
import { FlowReader } from '../flow/reader.js';
import type { Format, PageOptions } from '../format.js';
import { escapeAttribute, escapeText } from '../markup.js';
import { formAddress, sentName } from '../submission.js';
import { legalText } from './wml.js';

export const compactHtml: Format = {
  // Served as HTML, which it is: the name only tells the two apart in a profile.
  name: 'text/x-chtml',
  contentType: 'text/html',
  async *write(page, options) {
    const writer = new CompactWriter(options);
    const reader = new FlowReader(writer, { baseUrl: options.url, charset: options.charset, prefix: 'f' });
    for await (const text of page) {
      await reader.write(text, () => false);
      yield writer.take();
    }
    await reader.end();
    yield writer.take();
  },
  encoder: htmlEncoder,
};

/** An open list, or an item in one. */
type Open = { tag: 'ul' | 'ol' | 'li'; next: number };

class CompactWriter implements FlowSink {
  #out = '';
  #hasHead = false;
  #lists: Open[] = [];
  #block: Block | undefined;
  #style: Style | undefined;
  #link: string | undefined;
  #anchors: string[] = [];
  readonly #ids = new Set<string>();

  constructor(private readonly options: PageOptions) {}

  take(): string {
    const out = this.#out;
    this.#out = '';
    return out;
  }

  title(text: string): void {
    this.#head(text);
  }

  block(block: Block): void {
    this.#endBlock();
    this.#syncLists(block);
    this.#block = block;
    this.#out += blockStart(block);
  }

  text(text: string, style: Style): void {
    this.#switchTo(style);
    this.#writeAnchors();
    this.#out += escapeText(legalText(text));
  }

  lineBreak(): void {
    // A preformatted block has its own lines.
    this.#out += this.#block?.kind === 'preformatted' ? '\n' : '<br>';
  }

  rule(): void {
    this.#endBlock();
    this.#closeLists(0);
    this.#head('');
    this.#out += '<hr>';
  }

  picture(url: string | undefined, alt: string, style: Style): void {
    // HTML 3.2 keeps pictures out of preformatted text.
    if (
      url === undefined ||
      this.options.profile.pictures.length === 0 ||
      this.#block?.kind === 'preformatted'
    ) {
      if (alt !== '') this.text(`[${alt}]`, style);
      return;
    }
    this.#switchTo(style);
    this.#writeAnchors();
    this.#out += `<img src="${attributeText(this.#short(url))}" alt="${attributeText(alt)}">`;
  }

  anchor(id: string): void {
    // Bounded, so that a page of nothing but ids is not remembered; an id is a name once only.
    if (this.#ids.size >= 4096 || this.#ids.has(id)) return;
    this.#ids.add(id);
    this.#anchors.push(id);
  }

  formStart(form: Form): void {
    this.#endBlock();
    this.#closeLists(0);
    this.#head('');
    // Its fields are not known yet: the proxy looks at what comes back either way.
    const action = attributeText(formAddress(form, this.options.url, true));
    this.#out += `<form action="${action}" method="${form.method}">`;
  }

  field(field: Field): void {
    this.#switchTo(undefined);
    this.#out += fieldElement(field);
  }

  formEnd(form: Form): void {
    this.#endBlock();
    this.#closeLists(0);
    const hidden = form.fields.filter((field) => field.kind === 'hidden').map(fieldElement);
    const submits = form.submits.map(({ label, name, value }) => {
      // What a button says is what it sends; where both differ, sending the right one comes first.
      const sent = name === undefined ? '' : ` name="${attributeText(name)}"`;
      return `<input type="submit"${sent} value="${attributeText(name === undefined ? label : value || label)}">`;
    });
    this.#out += `<p>${[...hidden, ...submits].join('')}</p></form>`;
  }

  end(): void {
    this.#endBlock();
    this.#closeLists(0);
    this.#head('');
    this.#out += '</body></html>\n';
  }

  #head(title: string): void {
    if (this.#hasHead) return;
    this.#hasHead = true;
    const charset = attributeText(this.options.profile.charset);
    this.#out +=
      '<!DOCTYPE HTML PUBLIC "-//W3C//DTD Compact HTML 1.0 Draft//EN"><html><head>' +
      `<meta http-equiv="Content-Type" content="text/html; charset=${charset}">` +
      `<title>${escapeText(legalText(title))}</title></head><body>`;
  }

  #endBlock(): void {
    this.#switchTo(undefined);
    if (this.#block !== undefined) this.#out += blockEnd(this.#block);
    this.#block = undefined;
  }

  /** Emphasis is not in the language: a style is its link. */
  #switchTo(style: Style | undefined): void {
    this.#style = style;
    if (this.#style?.link === this.#link) return;
    if (this.#link !== undefined) this.#out += '</a>';
    this.#link = style?.link;
    if (this.#link !== undefined) this.#out += `<a href="${attributeText(this.#short(this.#link))}">`;
  }

  #short(address: string): string {
    return address.startsWith('#') ? address : relativeAddress(address, this.options.url);
  }

  /** A name can't stand in a link, which is an anchor itself. */
  #writeAnchors(): void {
    if (this.#anchors.length === 0 || this.#link !== undefined) return;
    this.#out += this.#anchors
      .splice(0)
      .map((id) => `<a name="${attributeText(id)}"></a>`)
      .join('');
  }

  #syncLists(block: Block): void {
    this.#head('');
    const open = this.#lists.filter((entry) => entry.tag !== 'li');
    let same = 0;
    while (same < open.length && same < block.lists.length && open[same]!.tag === block.lists[same]) same++;
    this.#closeLists(same);
    for (const tag of block.lists.slice(same)) {
      if (this.#lists.length > 0 && this.#lists.at(-1)!.tag !== 'li') this.#startItem(undefined);
      this.#lists.push({ tag, next: 1 });
      this.#out += `<${tag}>`;
    }
    if (block.lists.length === 0) return;
    if (block.kind === 'item') {
      // A heading or preformatted text that begins an item begins it just the same.
      if (this.#lists.at(-1)!.tag === 'li') this.#pop();
      this.#startItem(block.number);
    } else if (this.#lists.at(-1)!.tag !== 'li') this.#startItem(undefined);
    else if (block.kind !== 'preformatted') this.#out += '<br>';
  }

  #startItem(number: number | undefined): void {
    const list = this.#lists.at(-1)!;
    const value = number !== undefined && number !== list.next ? ` value="${number}"` : '';
    if (number !== undefined) list.next = number + 1;
    this.#lists.push({ tag: 'li', next: 0 });
    this.#out += `<li${value}>`;
  }

  /** Leaves `depth` lists open; of the innermost one, its item too. */
  #closeLists(depth: number): void {
    while (this.#lists.filter((entry) => entry.tag !== 'li').length > depth) this.#pop();
  }

  #pop(): void {
    this.#out += `</${this.#lists.pop()!.tag}>`;
  }
}

function blockStart({ kind, level, lists }: Block): string {
  // In a list HTML 3.2 has no headings.
  if (kind === 'heading' && lists.length === 0) return `<h${level}>`;
  if (kind === 'preformatted') return '<pre>';
  return lists.length > 0 ? '' : kind === 'row' ? '<div>' : '<p>';
}

function blockEnd({ kind, level, lists }: Block): string {
  if (kind === 'heading' && lists.length === 0) return `</h${level}>`;
  if (kind === 'preformatted') return '</pre>';
  return lists.length > 0 ? '' : kind === 'row' ? '</div>' : '</p>';
}

function fieldElement(field: Field): string {
  const name = `name="${attributeText(field.name)}"`;
  const value = ` value="${attributeText(field.value)}"`;
  const size = field.size > 0 ? ` size="${field.size}"` : '';
  const length = field.maxLength > 0 ? ` maxlength="${field.maxLength}"` : '';
  switch (field.kind) {
    case 'hidden':
      return `<input type="hidden" ${name}${value}>`;
    case 'check':
      return `<input type="checkbox" ${name}${value}${field.checked ? ' checked' : ''}>`;
    case 'area':
      return `<textarea ${name} rows="3" cols="16">${escapeText(legalText(field.value))}</textarea>`;
    case 'choice': {
      const blank = field.optional && !field.multiple ? '<option value="">-</option>' : '';
      const options = field.choices.map(
        (choice) =>
          `<option value="${attributeText(choice.value)}"${choice.selected ? ' selected' : ''}>` +
          `${escapeText(legalText(choice.label))}</option>`,
      );
      const sent = field.multiple ? field.name : sentName(field);
      return `<select name="${attributeText(sent)}"${field.multiple ? ' multiple' : ''}>${blank}${options.join('')}</select>`;
    }
    default:
      return `<input type="${field.kind}" ${name}${value}${size}${length}>`;
  }
}

/** HTML 3.2 gives quotation marks no name. */
const attributeText = (text: string) => escapeAttribute(legalText(text)).replaceAll('&quot;', '&#34;');
