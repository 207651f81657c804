// HTML into a page, as it comes in.

import { isLatePicture } from '../../../host/http/late_pictures.js';
import { DisplayList } from './display_list.js';
import { control, EFFECTS, ENDED_BY, HIDDEN } from './element_styles.js';
import { fontOf } from './font.js';
import { type Cell, type LayoutSink, Recording, type Style, type Table } from './layout_sink.js';
import type { Metrics } from './line.js';
import { LineLayout, layOut } from './line_layout.js';
import { OpenElements, PLAIN } from './open_elements.js';
import type { Pictures } from './pictures.js';
import { GREY, LINK } from './screen.js';
import { type Attributes, Tokenizer } from './tokenizer.js';

/** Tables inside of tables; further ones are read as text. */
const MAX_TABLES = 3;
/** Steps that a table may hold back: then the rows so far are laid out, and it goes on as another one. */
const MAX_TABLE_STEPS = 1000;
const MAX_TITLE = 120;
/** Of the line that says so where a page is not shown to its end. */
const MAX_NOTE_ITEMS = 8;
/** Pixels kept free above a page. */
const TOP = 4;
const NOT_SPACE = /[^ \t\n\r\f]/;

interface OpenTable extends Table {
  /** Where its content stands among those that are being written. */
  depth: number;
  /** Held back in the cells that are read. */
  steps: number;
}

interface List {
  ordered: boolean;
  next: number;
}

/** Reads one page. What it has read stands in `page` at once, but for tables, which it reads to their end first. */
export class PageBuilder {
  readonly page = new DisplayList();
  readonly #tokenizer: Tokenizer;
  readonly #layout: LineLayout;
  readonly #elements = new OpenElements();
  readonly #contents: LayoutSink[];
  readonly #tables: OpenTable[] = [];
  readonly #lists: List[] = [];
  #hidden = 0;
  #title: string | undefined;
  #isRuleDue = false;
  /** Set while a picture is read that came after the text. */
  #late: { name: string; content: Recording; isLabel: boolean } | undefined;

  constructor(
    readonly metrics: Metrics,
    readonly width: number,
    readonly pictures: Pictures,
  ) {
    const { page } = this;
    this.#layout = new LineLayout(metrics, width, {
      item: (item) => page.add(item),
      anchor: (name, y) => void page.anchors.set(name, y),
    });
    this.#layout.y = TOP;
    this.#contents = [this.#layout];
    this.#tokenizer = new Tokenizer({
      onStart: (name, attributes) => this.#onStart(name, attributes),
      onEnd: (name) => this.#onEnd(name),
      onText: (text) => this.#onText(text),
    });
  }

  write(html: string): void {
    this.#tokenizer.write(html);
  }

  /** Text that is no markup, as it stands. */
  writePlain(text: string): void {
    this.#content.text(text, {
      ...this.#elements.style,
      font: fontOf({ ...PLAIN, fixed: true }),
      preformatted: true,
    });
  }

  /** A picture that is the whole page. */
  writePicture(bytes: Uint8Array): void {
    this.#content.picture(this.pictures.add(bytes), { ...this.#elements.style, align: 'center' });
  }

  end(): void {
    this.#tokenizer.end();
    this.#elements.endFrom(0);
    this.#layout.end();
    if (!this.page.isFull) return;
    this.page.limit += MAX_NOTE_ITEMS;
    this.#layout.y = this.page.height;
    this.#layout.text('This page goes on, but the device has no room for more.', this.#elements.style);
    this.#layout.end();
  }

  get #content(): LayoutSink {
    return this.#late?.content ?? this.#contents.at(-1)!;
  }

  #onText(text: string): void {
    if (this.#title !== undefined) this.#title += text;
    else if (this.#hidden === 0 && this.#late?.isLabel !== true && !this.page.isFull) {
      if (this.#isRuleDue && NOT_SPACE.test(text)) this.#drawRule();
      this.#content.text(text, this.#elements.style);
    }
  }

  #onStart(name: string, attributes: Attributes): void {
    if (name === 'title') this.#title = '';
    if (HIDDEN.has(name)) this.#hidden++;
    const ended = ENDED_BY.get(name) ?? [];
    // Those that hide are ended where nothing else is looked at.
    if (this.#hidden > 0 && name !== 'option' && name !== 'optgroup') return;
    for (const other of ended) this.#elements.endFrom(this.#elements.lastOpen(other, ended));
    if (this.#hidden === 0) this.#begin(name, attributes);
  }

  #begin(name: string, attributes: Attributes): void {
    if (attributes.id !== undefined) this.#content.anchor(attributes.id);
    const begin = this.#beginnings.get(name);
    if (begin === undefined) this.#beginPlain(name, attributes);
    else begin(attributes);
  }

  /** Elements that are more than their effect. */
  readonly #beginnings: ReadonlyMap<string, (attributes: Attributes) => void> = new Map(
    Object.entries<(attributes: Attributes) => void>({
      br: () => {
        // The one behind the label of a late picture goes with that.
        if (this.#late === undefined) this.#content.newLine(this.#elements.style);
      },
      hr: () => {
        this.#isRuleDue = true;
      },
      img: (attributes) => this.#picture(attributes),
      input: (attributes) => this.#content.text(control(attributes), this.#elements.style),
      a: (attributes) => this.#link(attributes),
      table: (attributes) => this.#beginTable(attributes),
      tr: () => this.#beginRow(),
      td: (attributes) => this.#beginCell('td', attributes),
      th: (attributes) => this.#beginCell('th', attributes),
      q: () => {
        this.#content.text('“', this.#elements.style);
        this.#elements.open('q', {}, () => this.#content.text('”', this.#elements.style));
      },
      option: ({ selected }) => {
        const hides = selected === undefined ? 1 : 0;
        this.#hidden += hides;
        this.#elements.open('option', {}, () => {
          this.#hidden -= hides;
        });
      },
    }),
  );

  #beginPlain(name: string, attributes: Attributes): void {
    const effect = EFFECTS.get(name);
    if (effect === undefined) return;
    const { margin, indent = 0 } = effect;
    if (margin !== undefined) this.#content.block(this.#lists.length > 0 ? Math.min(margin, 3) : margin);
    if (name === 'ul' || name === 'ol' || name === 'menu')
      this.#lists.push({
        ordered: name === 'ol',
        next: Number.parseInt(attributes.start ?? '1', 10) || 1,
      });
    if (indent > 0) this.#content.indent(indent);
    const onEnd = () => {
      if (name === 'ul' || name === 'ol' || name === 'menu') this.#lists.pop();
      if (margin !== undefined) this.#content.block(this.#lists.length > 0 ? Math.min(margin, 3) : margin);
      if (indent > 0) this.#content.indent(-indent);
      if (name === 'p') this.#endLate();
    };
    this.#elements.open(name, effect, onEnd, directionOf(attributes));
    if (name === 'li') this.#mark();
  }

  #mark(): void {
    const list = this.#lists.at(-1);
    const depth = this.#lists.length;
    this.#content.marker(list?.ordered ? `${list.next++}.` : depth > 1 ? '–' : '•', this.#elements.style);
  }

  #onEnd(name: string): void {
    if (name === 'title' && this.#title !== undefined) {
      this.page.title ||= this.#title.replace(/\s+/g, ' ').trim().slice(0, MAX_TITLE);
      this.#title = undefined;
    }
    if (HIDDEN.has(name) && this.#hidden > 0) this.#hidden--;
    if (name === 'tr')
      this.#elements.endFrom(Math.max(this.#elements.lastOpen('td'), this.#elements.lastOpen('th')));
    else this.#elements.endFrom(this.#elements.lastOpen(name));
  }

  #drawRule(): void {
    if (this.#isRuleDue && this.#late === undefined) {
      this.#isRuleDue = false;
      this.#content.rule();
    }
  }

  #link({ href, name }: Attributes): void {
    if (name !== undefined && isLatePicture(name) && this.#tables.length === 0) {
      // The rule before such pictures parts them from the text: in their places they need none.
      this.#isRuleDue = false;
      this.#late = { name, content: new Recording(), isLabel: true };
      this.#elements.open('a', {}, () => {
        if (this.#late !== undefined) this.#late.isLabel = false;
      });
      return;
    }
    if (name !== undefined) this.#content.anchor(name);
    if (href === undefined) return;
    this.#drawRule();
    const link = this.page.links.push(href) - 1;
    this.#elements.open('a', {}, () => {}, { link, colour: LINK });
  }

  #endLate(): void {
    const late = this.#late;
    if (late === undefined) return;
    this.#late = undefined;
    const fragment = layOut(late.content, this.metrics, this.width);
    const moved = this.page.replaceLink(`#${late.name}`, fragment);
    if (moved === undefined) late.content.play(this.#content);
    else this.#layout.y += moved;
  }

  #picture({ src = '', alt = '' }: Attributes): void {
    this.#drawRule();
    const style = this.#elements.style;
    const label = alt === '' ? 'picture' : `picture: ${alt}`;
    if (/^data:/i.test(src)) {
      try {
        this.#content.picture(this.pictures.addInline(src), style);
      } catch (error) {
        this.#content.text(`[${label} — ${(error as Error).message}]`, { ...style, colour: GREY });
      }
      return;
    }
    // Not put into the page by a proxy: it can be looked at by itself.
    const link = style.link ?? (src === '' ? undefined : this.page.links.push(src) - 1);
    this.#content.text(`[${label}]`, { ...style, link, colour: link === undefined ? GREY : LINK });
  }

  #beginTable({ border = '0' }: Attributes): void {
    this.#drawRule();
    if (this.#tables.length >= MAX_TABLES) return;
    const { direction } = this.#elements.style;
    const lined = border !== '0';
    const table: OpenTable = { rows: [], lined, direction, depth: this.#contents.length, steps: 0 };
    this.#tables.push(table);
    this.#elements.open('table', {}, () => {
      this.#tables.pop();
      this.#contents.length = table.depth;
      this.#content.table(table);
    });
  }

  #beginRow(): void {
    const table = this.#tables.at(-1);
    if (table === undefined) return;
    if (table.steps > MAX_TABLE_STEPS) {
      this.#content.table({ ...table, rows: table.rows.splice(0) });
      table.steps = 0;
    }
    table.rows.push([]);
  }

  #beginCell(name: string, attributes: Attributes): void {
    const { colspan = '1', rowspan = '1', align } = attributes;
    const table = this.#tables.at(-1);
    const content = new Recording();
    if (table === undefined) {
      this.#content.block(0);
      this.#elements.open(name, EFFECTS.get(name) ?? {}, () => this.#content.block(0));
      return;
    }
    if (name === 'th') table.lined = true;
    if (table.rows.length === 0) table.rows.push([]);
    const span = (text: string) => Math.max(1, Math.min(Number.parseInt(text, 10) || 1, 100));
    const cell: Cell = { content, columns: span(colspan), rows: span(rowspan) };
    table.rows.at(-1)!.push(cell);
    const depth = this.#contents.push(content) - 1;
    const side: Style['align'] =
      align === 'right' || align === 'center' || align === 'left' ? align : 'start';
    this.#elements.open(
      name,
      EFFECTS.get(name) ?? {},
      () => {
        this.#contents.length = depth;
        table.steps += content.length;
      },
      { align: side, ...directionOf(attributes) },
    );
  }
}

/** What an element says of where its lines begin (HTML §3.2.6.4). */
function directionOf({ dir }: Attributes): Partial<Style> {
  const direction = dir?.toLowerCase();
  return direction === 'ltr' || direction === 'rtl' ? { direction } : {};
}
